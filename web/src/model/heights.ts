// How high the rows of a log are: the estimate for those never drawn, the measured height for those
// that were. Memory does not grow with the log but by 8 bytes for each 1024 rows.

import { Fenwick } from './fenwick.js';

export const CHUNK_ROWS = 1024;
/** Chunks whose rows are known one by one; of others only the sum is kept. */
export const MAX_DETAILS = 128;

export class HeightIndex {
  /** Rows [first, end) exist. */
  #first = 0;
  #end = 0;
  /** Chunks are counted from the one that held the first row of all. */
  #origin = 0;
  #estimate: number;
  #extra = new Fenwick();
  /** What each row of a chunk has beyond the estimate; the chunk used last comes last. */
  readonly #details = new Map<number, Float32Array>();
  /** The same for chunks whose rows all have the same. */
  readonly #even = new Map<number, number>();

  constructor(estimate: number) {
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
    this.#even.clear();
  }

  /** Rows appear at the end and vanish at the beginning; what is known of others stays. */
  extend(first: number, end: number): void {
    this.#first = Math.max(this.#first, first);
    this.#end = Math.max(this.#end, end, this.#first);
  }

  heightOf(position: number): number {
    return this.#estimate + this.#extraOf(position);
  }

  /** How far the row's top lies below that of the first row. */
  offsetOf(position: number): number {
    return this.#absolute(position) - this.#absolute(this.#first);
  }

  set(position: number, height: number): void {
    const chunk = this.#chunkOf(position);
    const extra = Math.fround(height - this.#estimate);
    const delta = extra - this.#extraOf(position);
    if (delta === 0) return;
    const detail = this.#openDetail(chunk);
    const index = position % CHUNK_ROWS;
    const was = detail[index] ?? 0;
    detail[index] = extra;
    this.#extra.add(chunk, extra - was);
  }

  /** Gives all rows of [from, to) one height; `undefined`: they count as never measured. */
  setRange(from: number, to: number, height: number | undefined): void {
    const extra = height === undefined ? 0 : Math.fround(height - this.#estimate);
    let at = from;
    while (at < to) {
      const chunk = this.#chunkOf(at);
      const next = Math.min(to, (chunk + this.#origin + 1) * CHUNK_ROWS);
      if (next - at === CHUNK_ROWS) this.#setChunk(chunk, extra);
      else for (let n = at; n < next; n++) this.set(n, extra + this.#estimate);
      at = next;
    }
  }

  /** The row in which the offset lies, or the last one. Rows without height are passed over. */
  find(offset: number): number {
    if (this.#end === this.#first) return this.#first;
    const target = Math.max(0, offset) + this.#absolute(this.#first);
    const chunk = this.#extra.find(target, CHUNK_ROWS * this.#estimate);
    let position = Math.max(this.#first, (chunk + this.#origin) * CHUNK_ROWS);
    if (position >= this.#end) return this.#lastShown();
    let top = this.#absolute(position);
    while (position < this.#end) {
      const height = this.heightOf(position);
      if (top + height > target && height > 0) return position;
      top += height;
      position++;
    }
    return this.#lastShown();
  }

  /** The first row at or behind `position` that has a height, or `end`. */
  nextShown(position: number): number {
    let at = position;
    while (at < this.#end) {
      if (this.#isHidden(this.#chunkOf(at))) {
        at = (Math.floor(at / CHUNK_ROWS) + 1) * CHUNK_ROWS;
      } else if (this.heightOf(at) > 0) {
        return at;
      } else {
        at++;
      }
    }
    return this.#end;
  }

  #lastShown(): number {
    for (let at = this.#end - 1; at >= this.#first; at--) {
      if (this.#isHidden(this.#chunkOf(at))) {
        at = Math.floor(at / CHUNK_ROWS) * CHUNK_ROWS;
      } else if (this.heightOf(at) > 0) {
        return at;
      }
    }
    return this.#first;
  }

  #isHidden(chunk: number): boolean {
    return (this.#even.get(chunk) ?? 0) <= -this.#estimate;
  }

  #chunkOf(position: number): number {
    return Math.floor(position / CHUNK_ROWS) - this.#origin;
  }

  #extraOf(position: number): number {
    const chunk = this.#chunkOf(position);
    const detail = this.#details.get(chunk);
    if (detail !== undefined) return detail[position % CHUNK_ROWS] ?? 0;
    return this.#evenExtra(chunk);
  }

  #evenExtra(chunk: number): number {
    return this.#even.get(chunk) ?? this.#chunkExtra(chunk) / CHUNK_ROWS;
  }

  /** Below the top of the first chunk. */
  #absolute(position: number): number {
    const chunk = this.#chunkOf(position);
    const index = position % CHUNK_ROWS;
    const rows = position - this.#origin * CHUNK_ROWS;
    return rows * this.#estimate + this.#extra.before(chunk) + this.#extraBefore(chunk, index);
  }

  #extraBefore(chunk: number, index: number): number {
    const detail = this.#details.get(chunk);
    if (detail === undefined) return this.#evenExtra(chunk) * index;
    let sum = 0;
    for (let at = 0; at < index; at++) sum += detail[at] ?? 0;
    return sum;
  }

  #chunkExtra(chunk: number): number {
    return this.#extra.before(chunk + 1) - this.#extra.before(chunk);
  }

  #setChunk(chunk: number, extra: number): void {
    this.#extra.add(chunk, extra * CHUNK_ROWS - this.#chunkExtra(chunk));
    this.#details.delete(chunk);
    if (extra === 0) this.#even.delete(chunk);
    else this.#even.set(chunk, extra);
  }

  #openDetail(chunk: number): Float32Array {
    let detail = this.#details.get(chunk);
    if (detail === undefined) {
      detail = new Float32Array(CHUNK_ROWS).fill(this.#evenExtra(chunk));
      const sum = detail.reduce((all, value) => all + value, 0);
      this.#extra.add(chunk, sum - this.#chunkExtra(chunk));
      this.#even.delete(chunk);
    }
    this.#details.delete(chunk);
    this.#details.set(chunk, detail);
    if (this.#details.size > MAX_DETAILS) {
      const [oldest] = this.#details.keys();
      if (oldest !== undefined) this.#details.delete(oldest);
    }
    return detail;
  }
}
