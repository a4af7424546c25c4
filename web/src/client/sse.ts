// Server-Sent Events out of text that comes in pieces of any size (WHATWG HTML §9.2.6).

import { ApiError } from './api.js';

/** A longer line is an error: no server of ours writes one. */
export const MAX_LINE_CHARACTERS = 64_000_000;

export type OnEvent = (type: string, data: string, id: string) => void;

export class SseParser {
  /** The pieces of a line whose end has not come: joined only when it has. */
  #rest: string[] = [];
  #restCharacters = 0;
  /** The text ended with a CR: an LF at the begin of the next one belongs to it. */
  #afterCr = false;
  #type = '';
  #data: string[] = [];
  #id = '';

  constructor(private readonly onEvent: OnEvent) {}

  /** Calls back for each event that is complete. Fails with ApiError if a line is too long. */
  push(text: string): void {
    if (text === '') return;
    const [first = '', ...others] = text
      .slice(this.#afterCr && text.startsWith('\n') ? 1 : 0)
      .split(/\r\n|\r|\n/);
    this.#afterCr = text.endsWith('\r');
    this.#rest.push(first);
    this.#restCharacters += first.length;
    for (const next of others) {
      this.#line(this.#rest.join(''));
      this.#rest = [next];
      this.#restCharacters = next.length;
    }
    if (this.#restCharacters > MAX_LINE_CHARACTERS)
      throw new ApiError(0, 'A line of the stream is too long.');
  }

  #line(line: string): void {
    if (line === '') {
      this.#dispatch();
      return;
    }
    const colon = line.indexOf(':');
    if (colon === 0) return; // A comment.
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (name === 'data') this.#data.push(value);
    else if (name === 'event') this.#type = value;
    else if (name === 'id' && !value.includes('\0')) this.#id = value;
  }

  #dispatch(): void {
    const [type, data] = [this.#type, this.#data];
    this.#type = '';
    this.#data = [];
    if (data.length > 0) this.onEvent(type === '' ? 'message' : type, data.join('\n'), this.#id);
  }
}
