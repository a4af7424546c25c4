// The live stream of a log as an async iterator.

import { ApiError } from './api.js';
import type { Entry, Gap, Outcome } from './api.js';
import { entriesOf } from './session.js';
import type { Batch, Session, SessionListener, SessionOptions, SessionState } from './session.js';

export type StreamEvent =
  /** Entries in order, none of them told before. `cursor`: where to go on behind them. */
  | { type: 'entries'; from: number; entries: Entry[]; cursor: string }
  /** Entries [from, to) can't be had, or (from = to) some were lost upstream before this point. */
  | ({ type: 'gap' } & Gap)
  /** What was told belongs to another log or never was in this one; it goes on from 0. */
  | { type: 'reset'; cause: string; incarnation: string }
  /** The log has ended; nothing comes behind it. */
  | ({ type: 'end' } & Outcome)
  /** The log was deleted; nothing comes behind it. */
  | { type: 'deleted' };

export interface StreamOptions {
  /** A position, or a `cursor` from before; else the first entry. */
  from?: number | string;
  /** So many entries before the end. */
  tail?: number;
  /** A log that does not exist yet is waited for, unless this is false: then ApiError 404. */
  wait?: boolean;
  signal?: AbortSignal;
  /** What becomes of the connection, for those who show it. */
  onState?: (state: SessionState) => void;
}

/** So much may wait for its reader; beyond, the connection is given up until it was read. */
export const MAX_WAITING_CHARACTERS = 8_000_000;

type Waiting = StreamEvent | { type: 'batch'; batch: Batch; incarnation: string };

/** Events between a session, which pushes, and a reader, who pulls. */
class Queue {
  #events: Waiting[] = [];
  #characters = 0;
  #error: unknown;
  #closed = false;
  #wake: (() => void) | undefined;

  get full(): boolean {
    return this.#characters > MAX_WAITING_CHARACTERS;
  }

  push(event: Waiting): void {
    this.#events.push(event);
    if (event.type === 'batch') this.#characters += event.batch.data.length;
    this.#wake?.();
  }

  /** Nothing comes behind what is there; `error` is then thrown. */
  close(error?: unknown): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#error = error;
    this.#wake?.();
  }

  /** What was there and is not wanted any more. */
  fail(error: unknown): void {
    this.#events = [];
    this.#closed = true;
    this.#error = error;
    this.#wake?.();
  }

  async next(): Promise<Waiting | undefined> {
    while (this.#events.length === 0 && !this.#closed)
      await new Promise<void>((resolve) => (this.#wake = resolve));
    const event = this.#events.shift();
    if (event === undefined && this.#error !== undefined) throw this.#error as Error;
    if (event?.type === 'batch') this.#characters -= event.batch.data.length;
    return event;
  }
}

export async function* streamOf(
  open: (listener: SessionListener, options: SessionOptions) => Session,
  options: StreamOptions,
): AsyncGenerator<StreamEvent, void> {
  const { signal, tail, from = 0, wait = true } = options;
  signal?.throwIfAborted();
  const queue = new Queue();
  const listener = listenerOf(queue, () => session, options.onState);
  const session = open(listener, { start: tail === undefined ? { from } : { tail }, wait });
  const aborted = () => queue.fail(signal?.reason);
  signal?.addEventListener('abort', aborted);
  let position = 0;
  try {
    void session.start();
    for (;;) {
      const event = await queue.next();
      if (event === undefined) return;
      if (event.type === 'batch') {
        const entries = entriesOf(event.batch).filter((entry) => entry.n >= position);
        position = event.batch.to;
        const cursor = `${event.incarnation}.${position}`;
        const [first] = entries;
        if (first !== undefined) yield { type: 'entries', from: first.n, entries, cursor };
      } else {
        if (event.type === 'reset') position = 0;
        yield event;
      }
      if (!queue.full) session.resume();
    }
  } finally {
    signal?.removeEventListener('abort', aborted);
    session.stop();
  }
}

function listenerOf(
  queue: Queue,
  session: () => Session,
  onState: StreamOptions['onState'],
): SessionListener {
  return {
    stateChanged: (state) => {
      onState?.(state);
      if (state.kind === 'ended') {
        queue.close(); // Its `end`, if it was not told before, comes right behind this.
      } else if (state.kind === 'deleted') {
        queue.push({ type: 'deleted' });
        queue.close();
      } else if (state.kind === 'login') {
        queue.close(new ApiError(401, 'The permission to read this log has run out.'));
      } else if (state.kind === 'failed') {
        queue.close(state.error);
      }
    },
    infoChanged: () => undefined,
    snapshot: () => undefined,
    batch: (batch) => {
      const [incarnation = ''] = session().cursor.split('.');
      queue.push({ type: 'batch', batch, incarnation });
      if (queue.full) session().pause();
    },
    gap: (gap) => queue.push({ type: 'gap', ...gap }),
    reset: (cause, incarnation) => queue.push({ type: 'reset', cause, incarnation }),
    ended: (outcome) => queue.push({ type: 'end', ...outcome }),
  };
}
