// The lines of one log that are here: a window of what the server has. Whoever wants to show lines
// says which ones, and is told when something came. Nothing here grows with the log.

import type { Entry, EntryPage } from '../client/api.js';
import { ApiError } from '../client/api.js';
import type { Batch } from '../client/session.js';

/** Lines are kept and given up by blocks of so many. */
export const BLOCK_LINES = 512;
/** A fetch asks for so many lines at most. */
export const FETCH_LINES = 512;
export const MAX_BLOCKS = 64;
export const MAX_CHARACTERS = 24_000_000;
/** Of live batches that nobody has looked at. */
export const MAX_UNREAD_CHARACTERS = 4_000_000;
/** To read a larger batch would take too long for one frame: its last lines are kept. */
export const MAX_BATCH_CHARACTERS = 200_000;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 15_000;

export interface StoreSource {
  fetch(from: number, limit: number, signal: AbortSignal): Promise<EntryPage>;
  setTimer(action: () => void, ms: number): number;
  clearTimer(timer: number): void;
}

interface Block {
  lines: (Entry | undefined)[];
  characters: number;
}

interface Wish {
  /** In view. */
  from: number;
  to: number;
  /** So many lines on both sides are wanted too, after those. */
  around: number;
}

export class LineStore {
  /** The server has the lines of [first, head). */
  #first = 0;
  #head = 0;
  /** The one used last comes last. */
  readonly #blocks = new Map<number, Block>();
  #characters = 0;
  #unread: Batch[] = [];
  #unreadCharacters = 0;
  #wish: Wish = { from: 0, to: 0, around: 0 };
  #fetch: { from: number; to: number; abort: AbortController } | undefined;
  #retry: number | undefined;
  #retryMs = FIRST_RETRY_MS;
  /** Why wanted lines are not here, or ''. */
  problem = '';

  constructor(
    private readonly source: StoreSource,
    /** Lines came, `first` or `head` moved, or `problem` changed. */
    private readonly changed: () => void,
  ) {}

  get first(): number {
    return this.#first;
  }
  get head(): number {
    return this.#head;
  }
  /** Lines held at this moment; for tests of the bounds. */
  get size(): { blocks: number; characters: number; unread: number } {
    return {
      blocks: this.#blocks.size,
      characters: this.#characters,
      unread: this.#unreadCharacters,
    };
  }

  clear(): void {
    this.stop();
    this.#blocks.clear();
    this.#characters = 0;
    this.#unread = [];
    this.#unreadCharacters = 0;
    this.#first = 0;
    this.#head = 0;
    this.problem = '';
  }

  stop(): void {
    this.#fetch?.abort.abort();
    this.#fetch = undefined;
    if (this.#retry !== undefined) this.source.clearTimer(this.#retry);
    this.#retry = undefined;
  }

  addPage(page: EntryPage): void {
    this.#first = Math.max(this.#first, page.first);
    this.#head = Math.max(this.#head, page.position);
    for (const entry of page.entries) this.#put(entry);
    this.#evict();
    this.changed();
  }

  /** Lines were added to the log. Only those that somebody looks at are ever parsed. */
  addBatch(batch: Batch): void {
    this.#head = Math.max(this.#head, batch.to);
    const kept = lastLines(batch);
    if (kept !== undefined) {
      this.#unread.push(kept);
      this.#unreadCharacters += kept.data.length;
    }
    while (this.#unreadCharacters > MAX_UNREAD_CHARACTERS) {
      this.#unreadCharacters -= this.#unread.shift()?.data.length ?? 0;
    }
    this.changed();
  }

  /** Lines before `first` are gone. */
  cut(first: number): void {
    if (first <= this.#first) return;
    this.#first = first;
    this.#head = Math.max(this.#head, first);
    this.changed();
  }

  get(position: number): Entry | undefined {
    const known = this.#peek(position);
    if (known !== undefined) return known;
    const at = this.#unread.findIndex((batch) => batch.from <= position && position < batch.to);
    if (at < 0) return undefined;
    const [batch] = this.#unread.splice(at, 1);
    if (batch === undefined) return undefined;
    this.#unreadCharacters -= batch.data.length;
    for (const entry of entriesOf(batch)) this.#put(entry);
    this.#evict();
    return this.#peek(position);
  }

  /** [from, to) is in view: fetches what is missing there, then what is missing near it. */
  want(from: number, to: number, around: number): void {
    this.#wish = { from, to, around };
    for (let block = Math.floor(from / BLOCK_LINES); block * BLOCK_LINES < to; block++) {
      const known = this.#blocks.get(block);
      if (known === undefined) continue;
      this.#blocks.delete(block);
      this.#blocks.set(block, known);
    }
    if (this.#fetch !== undefined) {
      const useful = this.#fetch.to > from - around && this.#fetch.from < to + around;
      const urgent = this.#missing(from, to, 1);
      const late = urgent !== undefined && (urgent < this.#fetch.from || urgent >= this.#fetch.to);
      if (useful && !late) return;
      this.#fetch.abort.abort();
      this.#fetch = undefined;
    }
    if (this.#retry === undefined) this.#fetchNext();
  }

  /** Tries again at once what failed. */
  retryNow(): void {
    if (this.#retry === undefined) return;
    this.source.clearTimer(this.#retry);
    this.#retry = undefined;
    this.#fetchNext();
  }

  #fetchNext(): void {
    const next = this.#nextRange();
    if (next === undefined || this.#fetch !== undefined) return;
    const abort = new AbortController();
    const fetch = { ...next, abort };
    this.#fetch = fetch;
    this.source.fetch(next.from, next.to - next.from, abort.signal).then(
      (page) => {
        if (this.#fetch !== fetch) return;
        this.#fetch = undefined;
        this.#arrived(page, next.from);
      },
      (error: unknown) => {
        if (this.#fetch !== fetch) return;
        this.#fetch = undefined;
        this.#failed(error instanceof ApiError ? error.message : String(error));
      },
    );
  }

  #arrived(page: EntryPage, from: number): void {
    const came = page.entries.length > 0 || page.first > from;
    if (!came) {
      this.#failed('The server does not have these lines.');
      return;
    }
    this.problem = '';
    this.#retryMs = FIRST_RETRY_MS;
    this.addPage(page);
    this.#fetchNext();
  }

  #failed(problem: string): void {
    this.problem = problem;
    this.#retry = this.source.setTimer(() => {
      this.#retry = undefined;
      this.#fetchNext();
    }, this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS);
    this.changed();
  }

  #nextRange(): { from: number; to: number } | undefined {
    const { from, to, around } = this.#wish;
    const inView = this.#missing(from, to, 1);
    // Very long lines are not fetched ahead: what is in view would have to go for them.
    if (inView === undefined && this.#characters > (MAX_CHARACTERS * 3) / 4) return undefined;
    const below = inView ?? this.#missing(to, to + around, 1);
    if (below !== undefined) {
      return { from: below, to: Math.min(this.#head, below + FETCH_LINES) };
    }
    const above = this.#missing(from - 1, from - around - 1, -1);
    if (above === undefined) return undefined;
    return { from: Math.max(this.#first, above + 1 - FETCH_LINES), to: above + 1 };
  }

  /** The first position of [from, to), walked by `step`, that the server has and we have not. */
  #missing(from: number, to: number, step: 1 | -1): number | undefined {
    const clamp = (n: number) =>
      Math.min(this.#head, Math.max(this.#first - (step < 0 ? 1 : 0), n));
    const end = clamp(to);
    for (let n = clamp(from); n !== end; n += step) {
      if (n < this.#first || n >= this.#head) continue;
      if (this.get(n) === undefined) return n;
    }
    return undefined;
  }

  #peek(position: number): Entry | undefined {
    const block = this.#blocks.get(Math.floor(position / BLOCK_LINES));
    return block?.lines[position % BLOCK_LINES];
  }

  #put(entry: Entry): void {
    const number = Math.floor(entry.n / BLOCK_LINES);
    let block = this.#blocks.get(number);
    if (block === undefined) {
      block = { lines: new Array<Entry | undefined>(BLOCK_LINES), characters: 0 };
      this.#blocks.set(number, block);
    }
    const index = entry.n % BLOCK_LINES;
    const added = entry.text.length - (block.lines[index]?.text.length ?? 0);
    block.lines[index] = entry;
    block.characters += added;
    this.#characters += added;
  }

  /** What was used longest ago goes; of blocks in view, the lines that are not in view. */
  #evict(): void {
    if (this.#blocks.size <= MAX_BLOCKS && this.#characters <= MAX_CHARACTERS) return;
    const { from, to } = this.#wish;
    for (const [number, block] of this.#blocks) {
      if (this.#blocks.size <= MAX_BLOCKS && this.#characters <= MAX_CHARACTERS / 2) return;
      const start = number * BLOCK_LINES;
      if (start + BLOCK_LINES <= from || start >= to) {
        this.#blocks.delete(number);
        this.#characters -= block.characters;
      } else if (this.#characters > MAX_CHARACTERS) {
        this.#thin(block, from - start, to - start);
      }
    }
  }

  #thin(block: Block, from: number, to: number): void {
    block.lines.forEach((entry, index) => {
      if (entry === undefined || (index >= from && index < to)) return;
      block.lines[index] = undefined;
      block.characters -= entry.text.length;
      this.#characters -= entry.text.length;
    });
  }
}

/** The batch if it is small enough, or one of its last lines, or nothing. Parses none of them. */
function lastLines(batch: Batch): Batch | undefined {
  const { from, to, data } = batch;
  if (data.length <= MAX_BATCH_CHARACTERS) return batch;
  for (let count = 512; count >= 8; count /= 2) {
    const first = Math.max(from + 1, to - count);
    // A quotation mark within a text is escaped, so this can only be the entry's own beginning, or
    // a field of the same name and number, which the parser's check of positions would show.
    const at = data.lastIndexOf(`,{"n":${first},`);
    if (at < 0) return undefined;
    if (data.length - at > MAX_BATCH_CHARACTERS) continue;
    return { from: first, to, data: `{"entries":[${data.slice(at + 1)}` };
  }
  return undefined;
}

/** Lines that are not what they should be are left out, and so are fetched. */
function entriesOf(batch: Batch): Entry[] {
  try {
    const { entries } = JSON.parse(batch.data) as { entries: Entry[] };
    return entries.filter((entry) => entry.n >= batch.from && entry.n < batch.to);
  } catch {
    return [];
  }
}
