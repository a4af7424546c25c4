// How high the rows of a log are: the estimate for those never drawn, the measured height for those
// that were, and nothing for lines that have no row. Memory does not grow with the log but by 12
// bytes for each 1024 lines.

import { Fenwick } from './fenwick.js';
import { ALL_LINES } from './shown-lines.js';
import type { ShownLines } from './shown-lines.js';

export const CHUNK_ROWS = 1024;
/** Chunks whose rows are known one by one; of others only the average is kept. */
export const MAX_DETAILS = 128;

export class HeightIndex {
  /** Lines [first, end) exist. */
  #first = 0;
  #end = 0;
  /** Chunks are counted from the one that held the first line of all. */
  #origin = 0;
  #estimate: number;
  /** How much higher than all its lines at the estimate each chunk is; hidden lines count, too. */
  #extra = new Fenwick();
  /** What each row of a chunk has beyond the estimate; the chunk used last comes last. */
  readonly #details = new Map<number, Float32Array>();
  /** The average of that over the rows of other chunks. */
  #averages = new Float32Array(64);

  constructor(
    estimate: number,
    private readonly shown: ShownLines = ALL_LINES,
  ) {
    this.#estimate = estimate;
  }

  get first(): number {
    return this.#first;
  }
  get end(): number {
    return this.#end;
  }
  get estimate(): number {
    return this.#estimate;
  }
  /** The height of all rows together. */
  get total(): number {
    return this.offsetOf(this.#end);
  }

  /** Forgets all that was measured. */
  reset(estimate: number, first = this.#first, end = this.#end): void {
    this.#estimate = estimate;
    this.#first = first;
    this.#end = Math.max(first, end);
    this.#origin = Math.floor(first / CHUNK_ROWS);
    this.#extra = new Fenwick();
    this.#details.clear();
    this.#averages = new Float32Array(64);
    this.shownChanged(this.#first, this.#end);
  }

  /** Lines appear at the end and vanish at the beginning; what is known of others stays. */
  extend(first: number, end: number): void {
    const before = this.#end;
    this.#first = Math.max(this.#first, first);
    this.#end = Math.max(this.#end, end, this.#first);
    if (this.#end > before) this.shownChanged(Math.max(before, this.#first), this.#end);
  }

  /** Other lines of [from, to) than before have rows. */
  shownChanged(from: number, to: number): void {
    const last = this.#chunkOf(Math.min(to, this.#end) - 1);
    for (let chunk = this.#chunkOf(Math.max(from, this.#first)); chunk <= last; chunk++) {
      this.#settle(chunk);
    }
  }

  heightOf(position: number): number {
    return this.shown.has(position) ? this.#estimate + this.#extraOf(position) : 0;
  }

  /** How far the row's top lies below that of the first row. */
  offsetOf(position: number): number {
    return this.#absolute(position) - this.#absolute(this.#first);
  }

  set(position: number, height: number): void {
    if (!this.shown.has(position)) return;
    const extra = Math.fround(height - this.#estimate);
    if (extra === this.#extraOf(position)) return;
    const chunk = this.#chunkOf(position);
    const detail = this.#openDetail(chunk);
    const index = position % CHUNK_ROWS;
    const was = detail[index] ?? 0;
    detail[index] = extra;
    this.#extra.add(chunk, extra - was);
  }

  /** The row in which the offset lies, or the last one. */
  find(offset: number): number {
    if (this.#end === this.#first) return this.#first;
    const target = Math.max(0, offset) + this.#absolute(this.#first);
    const chunk = this.#extra.find(target, CHUNK_ROWS * this.#estimate);
    const start = Math.max(this.#first, (chunk + this.#origin) * CHUNK_ROWS);
    if (start >= this.#end) return this.#lastShown();
    let top = this.#absolute(start);
    for (let at = this.shown.next(start); at < this.#end; at = this.shown.next(at + 1)) {
      const height = this.heightOf(at);
      if (top + height > target && height > 0) return at;
      top += height;
    }
    return this.#lastShown();
  }

  #lastShown(): number {
    return Math.max(this.#first, this.shown.previous(this.#end - 1));
  }

  #chunkOf(position: number): number {
    return Math.floor(position / CHUNK_ROWS) - this.#origin;
  }

  #extraOf(position: number): number {
    const chunk = this.#chunkOf(position);
    const detail = this.#details.get(chunk);
    if (detail !== undefined) return detail[position % CHUNK_ROWS] ?? 0;
    return this.#averages[chunk] ?? 0;
  }

  /** Below the top of the first chunk. */
  #absolute(position: number): number {
    const chunk = this.#chunkOf(position);
    const start = (chunk + this.#origin) * CHUNK_ROWS;
    const rows = this.shown.count(start, position);
    const whole = chunk * CHUNK_ROWS * this.#estimate + this.#extra.before(chunk);
    return whole + rows * this.#estimate + this.#extraBetween(chunk, start, position, rows);
  }

  /** What `rows` rows of one chunk, those of [from, to), have beyond the estimate. */
  #extraBetween(chunk: number, from: number, to: number, rows: number): number {
    const detail = this.#details.get(chunk);
    if (detail === undefined) return (this.#averages[chunk] ?? 0) * rows;
    const all = rows === to - from;
    let sum = 0;
    for (let at = from; at < to; at++) {
      if (all || this.shown.has(at)) sum += detail[at % CHUNK_ROWS] ?? 0;
    }
    return sum;
  }

  /** Makes the chunk's sum that of its rows. */
  #settle(chunk: number): void {
    const start = (chunk + this.#origin) * CHUNK_ROWS;
    const rows = this.shown.count(start, start + CHUNK_ROWS);
    const extra = this.#extraBetween(chunk, start, start + CHUNK_ROWS, rows);
    const is = extra - (CHUNK_ROWS - rows) * this.#estimate;
    const was = this.#extra.before(chunk + 1) - this.#extra.before(chunk);
    if (Math.abs(is - was) > 1e-6) this.#extra.add(chunk, is - was);
  }

  #openDetail(chunk: number): Float32Array {
    let detail = this.#details.get(chunk);
    if (detail === undefined) {
      detail = new Float32Array(CHUNK_ROWS).fill(this.#averages[chunk] ?? 0);
      this.#setAverage(chunk, 0);
    }
    this.#details.delete(chunk);
    this.#details.set(chunk, detail);
    if (this.#details.size > MAX_DETAILS) {
      const [oldest] = this.#details.keys();
      if (oldest !== undefined) this.#closeDetail(oldest);
    }
    return detail;
  }

  #closeDetail(chunk: number): void {
    const start = (chunk + this.#origin) * CHUNK_ROWS;
    const rows = this.shown.count(start, start + CHUNK_ROWS);
    const extra = this.#extraBetween(chunk, start, start + CHUNK_ROWS, rows);
    this.#details.delete(chunk);
    this.#setAverage(chunk, rows === 0 ? 0 : extra / rows);
    this.#settle(chunk);
  }

  #setAverage(chunk: number, average: number): void {
    if (chunk >= this.#averages.length) {
      if (average === 0) return;
      const averages = new Float32Array(2 * chunk);
      averages.set(this.#averages);
      this.#averages = averages;
    }
    this.#averages[chunk] = average;
  }
}
