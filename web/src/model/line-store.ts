// The lines of one log that are here: a window of what the server has. Whoever wants to show lines
// says which ones, and is told when something came. Nothing here grows with the log.

import type { Entry, EntryPage } from '../client/api.js';
import { ApiError } from '../client/api.js';
import { entriesOf } from '../client/session.js';
import type { Batch } from '../client/session.js';
import type { Range } from './line-set.js';

/** Lines are kept and given up by blocks of so many. */
export const BLOCK_LINES = 64;
/** A fetch asks for so many lines at most. */
export const FETCH_LINES = 512;
export const MAX_BLOCKS = 512;
/** At once, for lines in view that lie far from each other. */
export const MAX_FETCHES = 3;
export const MAX_CHARACTERS = 24_000_000;
/** Of live batches that nobody has looked at. */
export const MAX_UNREAD_CHARACTERS = 4_000_000;
/** To read a larger batch would take too long for one frame: its last lines are kept. */
export const MAX_BATCH_CHARACTERS = 200_000;
/** Of each kind, to offer as filters. */
const MAX_NAMES = 100;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 15_000;

/** Stretches of lines that the server can't read. */
export const MAX_GAPS = 1_000;

/** A line that the server has lost, and will not have again. */
export interface LostLine extends Entry {
  missing: true;
}

export interface StoreSource {
  fetch(from: number, limit: number, signal: AbortSignal): Promise<EntryPage>;
  setTimer(action: () => void, ms: number): number;
  clearTimer(timer: number): void;
}

interface Block {
  lines: (Entry | undefined)[];
  characters: number;
}

interface Fetch extends Range {
  abort: AbortController;
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
  /** What is in view, and what is wanted after that. */
  #view: readonly Range[] = [];
  #around: readonly Range[] = [];
  #fetches: Fetch[] = [];
  #gaps: Range[] = [];
  #retry: number | undefined;
  #retryMs = FIRST_RETRY_MS;
  /** Names that were seen in lines, for filters to offer. */
  readonly seen = {
    stream: new Set<string>(),
    source: new Set<string>(),
    level: new Set<string>(),
  };
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
    this.#gaps = [];
    this.#first = 0;
    this.#head = 0;
    this.problem = '';
    for (const names of Object.values(this.seen)) names.clear();
  }

  stop(): void {
    for (const { abort } of this.#fetches) abort.abort();
    this.#fetches = [];
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

  /** Lines [from, to) can't be had any more, and those before and behind them can. */
  addGap(from: number, to: number): void {
    if (from >= to || this.#gaps.some((gap) => gap.from <= from && to <= gap.to)) return;
    this.#head = Math.max(this.#head, to);
    this.#gaps = [...this.#gaps.slice(1 - MAX_GAPS), { from, to }];
    this.changed();
  }

  /** The line if it is here; nothing is parsed or fetched for it. */
  peek(position: number): Entry | LostLine | undefined {
    const block = this.#blocks.get(Math.floor(position / BLOCK_LINES));
    const entry = block?.lines[position % BLOCK_LINES];
    if (entry !== undefined || this.#gaps.length === 0) return entry;
    if (!this.#gaps.some(({ from, to }) => from <= position && position < to)) return undefined;
    const lost: LostLine = { n: position, time: '', text: '', missing: true };
    this.#put(lost);
    return lost;
  }

  /** The line if it is here, be it in a batch that nobody has read. */
  get(position: number): Entry | undefined {
    const known = this.peek(position);
    if (known !== undefined) return known;
    const at = this.#unread.findIndex((batch) => batch.from <= position && position < batch.to);
    if (at < 0) return undefined;
    const [batch] = this.#unread.splice(at, 1);
    if (batch === undefined) return undefined;
    this.#unreadCharacters -= batch.data.length;
    for (const entry of entriesOf(batch)) this.#put(entry);
    this.#evict();
    return this.peek(position);
  }

  /** `view` is in view: fetches what is missing there, then of `around`, one after the other. */
  want(view: readonly Range[], around: readonly Range[]): void {
    this.#view = view;
    this.#around = around;
    for (const { from, to } of this.#view) this.#touch(from, to);
    const urgent = this.#view.some((range) => this.#missing(range) !== undefined);
    const meets = (fetch: Fetch, ranges: readonly Range[]) =>
      ranges.some((range) => range.from < fetch.to && fetch.from < range.to);
    this.#fetches = this.#fetches.filter((fetch) => {
      if (meets(fetch, this.#view) || (!urgent && meets(fetch, this.#around))) return true;
      fetch.abort.abort();
      return false;
    });
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
    while (this.#fetches.length < MAX_FETCHES) {
      const next = this.#nextRange();
      if (next === undefined) return;
      const fetch: Fetch = { ...next, abort: new AbortController() };
      this.#fetches.push(fetch);
      /** Says whether anybody still waits for it. */
      const done = () => {
        const at = this.#fetches.indexOf(fetch);
        if (at >= 0) this.#fetches.splice(at, 1);
        return at >= 0;
      };
      this.source.fetch(next.from, next.to - next.from, fetch.abort.signal).then(
        (page) => {
          if (done()) this.#arrived(page, next.from);
        },
        (error: unknown) => {
          if (done()) this.#failed(error instanceof ApiError ? error.message : String(error));
        },
      );
    }
  }

  #arrived(page: EntryPage, from: number): void {
    const came = page.entries.length > 0 || page.first > from;
    if (!came) {
      this.#failed('The server does not have these lines.');
      return;
    }
    this.problem = '';
    this.#retryMs = FIRST_RETRY_MS;
    let expected = Math.max(from, page.first);
    for (const { n } of page.entries) {
      this.addGap(expected, n); // The server passes over what it can't read.
      expected = n + 1;
    }
    this.addPage(page);
    if (this.#retry === undefined) this.#fetchNext();
  }

  #failed(problem: string): void {
    this.problem = problem;
    if (this.#retry !== undefined) this.source.clearTimer(this.#retry);
    this.#retry = this.source.setTimer(() => {
      this.#retry = undefined;
      this.#fetchNext();
    }, this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS);
    this.changed();
  }

  #nextRange(): Range | undefined {
    for (const range of this.#view) {
      const from = this.#missing(range);
      if (from !== undefined) return { from, to: this.#fetchEnd(from) };
    }
    // Very long lines are not fetched ahead: what is in view would have to go for them.
    const full = this.#characters > (MAX_CHARACTERS * 3) / 4;
    if (full || this.#fetches.length > 0) return undefined;
    const top = this.#view[0]?.from ?? 0;
    for (const range of this.#around) {
      const above = range.to <= top;
      const at = this.#missing(range, above ? -1 : 1);
      if (at === undefined) continue;
      if (!above) return { from: at, to: this.#fetchEnd(at) };
      return { from: Math.max(this.#first, range.from, at + 1 - FETCH_LINES), to: at + 1 };
    }
    return undefined;
  }

  /** Of lines that lie apart only what is wanted is fetched; else as much as one may. */
  #fetchEnd(from: number): number {
    const end = Math.min(this.#head, from + FETCH_LINES);
    if (this.#view.length === 1) return end;
    const wanted = [...this.#view, ...this.#around].map((range) =>
      range.from < end && range.to > from ? Math.min(end, range.to) : 0,
    );
    return Math.max(from + 1, ...wanted);
  }

  /** The first line of the range that the server has, or the last, which is not here or coming. */
  #missing(range: Range, step: 1 | -1 = 1): number | undefined {
    const [from, to] = [Math.max(range.from, this.#first), Math.min(range.to, this.#head)];
    for (let i = from; i < to; i++) {
      const n = step > 0 ? i : from + to - 1 - i;
      const coming = this.#fetches.some((fetch) => fetch.from <= n && n < fetch.to);
      if (!coming && this.get(n) === undefined) return n;
    }
    return undefined;
  }

  #touch(from: number, to: number): void {
    for (let block = Math.floor(from / BLOCK_LINES); block * BLOCK_LINES < to; block++) {
      const known = this.#blocks.get(block);
      if (known === undefined) continue;
      this.#blocks.delete(block);
      this.#blocks.set(block, known);
    }
  }

  #put(entry: Entry): void {
    for (const name of ['stream', 'source', 'level'] as const) {
      const value = entry[name];
      if (value && this.seen[name].size < MAX_NAMES) this.seen[name].add(value);
    }
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
    for (const [number, block] of this.#blocks) {
      if (this.#blocks.size <= MAX_BLOCKS && this.#characters <= MAX_CHARACTERS / 2) return;
      const start = number * BLOCK_LINES;
      const end = start + BLOCK_LINES;
      if (!this.#view.some(({ from, to }) => from < end && to > start)) {
        this.#blocks.delete(number);
        this.#characters -= block.characters;
      } else if (this.#characters > MAX_CHARACTERS) {
        this.#thin(block, start);
      }
    }
  }

  #thin(block: Block, start: number): void {
    block.lines.forEach((entry, index) => {
      const n = start + index;
      if (entry === undefined || this.#view.some(({ from, to }) => from <= n && n < to)) return;
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
