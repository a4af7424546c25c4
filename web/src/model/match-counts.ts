// How many lines match where: what a search counts as it goes on, slice by slice. Enough to say how
// many there are, to draw marks, and to know where to look for the next one.

import type { Range } from './line-set.js';

/** More slices than this are merged, two by two. */
export const MAX_SLICES = 4096;

interface Slice extends Range {
  count: number;
}

export class MatchCounts {
  /** In order, without overlap. */
  #slices: Slice[] = [];
  #total = 0;
  #lines = 0;

  /** Matching lines of all that was counted. */
  get total(): number {
    return this.#total;
  }
  /** So many lines were counted. */
  get lines(): number {
    return this.#lines;
  }
  get size(): number {
    return this.#slices.length;
  }

  clear(): void {
    this.#slices = [];
    this.#total = 0;
    this.#lines = 0;
  }

  /** `count` lines of [from, to) match; none of them was counted before. */
  add(from: number, to: number, count: number): void {
    if (from >= to) return;
    this.#slices.splice(this.#indexAt(from), 0, { from, to, count });
    this.#total += count;
    this.#lines += to - from;
    if (this.#slices.length > MAX_SLICES) this.#merge();
  }

  /** The slice that the line was counted in. */
  sliceAt(line: number): Slice | undefined {
    const slice = this.#slices[this.#indexAt(line)];
    return slice !== undefined && slice.from <= line ? slice : undefined;
  }

  /** How many match before this slice, if all lines from `first` on are counted. */
  before(slice: Slice, first: number): number | undefined {
    let [at, sum] = [first, 0];
    for (const { from, to, count } of this.#slices) {
      if (from >= slice.from) break;
      if (from > at) return undefined;
      at = to;
      sum += count;
    }
    return at >= slice.from ? sum : undefined;
  }

  /** The first line at or behind this one that is not known to stand among lines without match. */
  skipEmpty(line: number): number {
    let at = line;
    for (let i = this.#indexAt(line); i < this.#slices.length; i++) {
      const slice = this.#slices[i];
      if (slice === undefined || slice.from > at || slice.count > 0) break;
      at = slice.to;
    }
    return at;
  }

  /** The same before this line: the end of what may have a match. */
  skipEmptyBefore(line: number): number {
    let at = line;
    for (let i = this.#indexAt(line - 1); i >= 0; i--) {
      const slice = this.#slices[i];
      if (slice === undefined || slice.to < at || slice.from >= at || slice.count > 0) break;
      at = slice.from;
    }
    return at;
  }

  /**
   * How many lines match between each two of `edges`, which are lines in order; spread evenly over
   * each slice, unless `exact` knows how many match between two lines.
   */
  density(
    edges: readonly number[],
    exact: (from: number, to: number) => number | undefined,
  ): Float64Array {
    const sums = new Float64Array(Math.max(0, edges.length - 1));
    let at = 0;
    for (const { from, to, count } of this.#slices) {
      if (count === 0) continue;
      while (at > 0 && (edges[at] ?? 0) > from) at--;
      while (at < sums.length && (edges[at + 1] ?? 0) <= from) at++;
      for (; at < sums.length && (edges[at] ?? 0) < to; at++) {
        const start = Math.max(from, edges[at] ?? 0);
        const stop = Math.min(to, edges[at + 1] ?? 0);
        if (start >= stop) continue;
        const share = exact(start, stop) ?? (count * (stop - start)) / (to - from);
        sums[at] = (sums[at] ?? 0) + share;
      }
    }
    return sums;
  }

  /** Where the first slice stands that ends behind this line. */
  #indexAt(line: number): number {
    let [low, high] = [0, this.#slices.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#slices[middle]?.to ?? 0) <= line) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #merge(): void {
    const merged: Slice[] = [];
    let fresh = true;
    for (const slice of this.#slices) {
      const last = merged.at(-1);
      if (fresh || last === undefined || last.to !== slice.from) {
        merged.push({ ...slice });
        fresh = false;
      } else {
        last.to = slice.to;
        last.count += slice.count;
        fresh = true;
      }
    }
    this.#slices = merged;
  }
}
