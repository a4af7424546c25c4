// Which lines of a log have rows. A row keeps its line's position, whatever is hidden: so nothing
// that is hidden or shown elsewhere moves anything.

import { LineSet, RangeSet } from './line-set.js';
import type { Range } from './line-set.js';

export interface ShownLines {
  /** The line has a row. */
  has(line: number): boolean;
  /** How many lines of [from, to) have rows. */
  count(from: number, to: number): number;
  /** The first shown line at or behind this one, or Infinity. */
  next(line: number): number;
  /** The last shown line at or before this one, or -1. */
  previous(line: number): number;
}

export const ALL_LINES: ShownLines = {
  has: () => true,
  count: (from, to) => Math.max(0, to - from),
  next: (line) => line,
  previous: (line) => line,
};

/** All but some stretches: folded groups. Stretches may overlap; it is their union that counts. */
export class HiddenLines implements ShownLines {
  readonly #hidden = new RangeSet();

  /** Nothing is hidden. */
  get empty(): boolean {
    return this.#hidden.size === 0;
  }

  hide(from: number, to: number): void {
    this.#hidden.add(from, to);
  }
  show(from: number, to: number): void {
    this.#hidden.remove(from, to);
  }
  clear(): void {
    this.#hidden.clear();
  }

  /** The hidden stretch that the line lies in. */
  rangeAt(line: number): Range | undefined {
    return this.#hidden.rangeAt(line);
  }

  has(line: number): boolean {
    return this.#hidden.rangeAt(line) === undefined;
  }
  count(from: number, to: number): number {
    return Math.max(0, to - from) - this.#hidden.count(from, to);
  }
  next(line: number): number {
    return this.#hidden.rangeAt(line)?.to ?? line;
  }
  previous(line: number): number {
    const range = this.#hidden.rangeAt(line);
    return range === undefined ? line : range.from - 1;
  }
}

/** Only lines that were found, and so many around each. */
export class FoundLines implements ShownLines {
  readonly #shown = new LineSet();

  constructor(readonly context: number) {}

  /** Lines are told in any order; those around one that are before `first` do not exist. */
  add(line: number, first = 0): void {
    if (this.#shown.has(line) && this.context === 0) return;
    const from = Math.max(first, line - this.context);
    for (let n = from; n <= line + this.context; n++) this.#shown.add(n);
  }

  has(line: number): boolean {
    return this.#shown.has(line);
  }
  count(from: number, to: number): number {
    return this.#shown.count(from, to);
  }
  next(line: number): number {
    return this.#shown.next(line);
  }
  previous(line: number): number {
    return this.#shown.previous(line);
  }
}

/** What the view shows: what a filter found if there is one, else all but what is folded. */
export class VisibleLines implements ShownLines {
  readonly folds = new HiddenLines();
  filter: FoundLines | undefined;

  get #rule(): ShownLines {
    return this.filter ?? (this.folds.empty ? ALL_LINES : this.folds);
  }

  /** No line is hidden. */
  get all(): boolean {
    return this.#rule === ALL_LINES;
  }
  has(line: number): boolean {
    return this.#rule.has(line);
  }
  count(from: number, to: number): number {
    return this.#rule.count(from, to);
  }
  next(line: number): number {
    return this.#rule.next(line);
  }
  previous(line: number): number {
    return this.#rule.previous(line);
  }

  /** The stretches of [from, to) that are shown. */
  ranges(from: number, to: number): Range[] {
    if (this.all) return from < to ? [{ from, to }] : [];
    const ranges: Range[] = [];
    for (let n = this.next(from); n < to; n = this.next(n + 1)) {
      const last = ranges.at(-1);
      if (last?.to === n) last.to = n + 1;
      else ranges.push({ from: n, to: n + 1 });
    }
    return ranges;
  }
}
