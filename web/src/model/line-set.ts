// Sets of lines, by position: a bit a line for what is scattered, stretches for what is not.

const CHUNK = 1024;
const WORDS = CHUNK / 32;

interface Chunk {
  bits: Uint32Array;
  count: number;
}

/** Any lines, added in any order. 128 bytes and a little for each 1024 lines that have some. */
export class LineSet {
  readonly #chunks = new Map<number, Chunk>();
  /** The numbers of the chunks, in order. */
  #numbers: number[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Says whether the line was not there. */
  add(line: number): boolean {
    const chunk = this.#open(Math.floor(line / CHUNK));
    const { bits } = chunk;
    const index = line % CHUNK;
    const bit = 1 << (index & 31);
    const word = bits[index >> 5] ?? 0;
    if ((word & bit) !== 0) return false;
    bits[index >> 5] = word | bit;
    chunk.count++;
    this.#size++;
    return true;
  }

  clear(): void {
    this.#chunks.clear();
    this.#numbers = [];
    this.#size = 0;
  }

  has(line: number): boolean {
    const chunk = this.#chunks.get(Math.floor(line / CHUNK));
    const index = line % CHUNK;
    return chunk !== undefined && ((chunk.bits[index >> 5] ?? 0) & (1 << (index & 31))) !== 0;
  }

  /** How many lines of [from, to) are there. */
  count(from: number, to: number): number {
    let sum = 0;
    for (let at = this.#indexOf(Math.floor(from / CHUNK)); at < this.#numbers.length; at++) {
      const number = this.#numbers[at] ?? 0;
      const start = number * CHUNK;
      if (start >= to) break;
      const chunk = this.#chunks.get(number);
      if (chunk === undefined) continue;
      if (from <= start && start + CHUNK <= to) sum += chunk.count;
      else sum += countBits(chunk.bits, Math.max(0, from - start), Math.min(CHUNK, to - start));
    }
    return sum;
  }

  /** The first line at or behind this one, or Infinity. */
  next(line: number): number {
    for (let at = this.#indexOf(Math.floor(line / CHUNK)); at < this.#numbers.length; at++) {
      const number = this.#numbers[at] ?? 0;
      const index = firstBit(this.#chunks.get(number)?.bits, line - number * CHUNK);
      if (index >= 0) return number * CHUNK + index;
    }
    return Infinity;
  }

  /** The last line at or before this one, or -1. */
  previous(line: number): number {
    const last = Math.floor(line / CHUNK);
    for (let at = this.#indexOf(last + 1) - 1; at >= 0; at--) {
      const number = this.#numbers[at] ?? 0;
      const index = lastBit(this.#chunks.get(number)?.bits, line - number * CHUNK);
      if (index >= 0) return number * CHUNK + index;
    }
    return -1;
  }

  #open(number: number): Chunk {
    let chunk = this.#chunks.get(number);
    if (chunk === undefined) {
      chunk = { bits: new Uint32Array(WORDS), count: 0 };
      this.#chunks.set(number, chunk);
      this.#numbers.splice(this.#indexOf(number), 0, number);
    }
    return chunk;
  }

  /** Where the first chunk stands whose number is not smaller. */
  #indexOf(number: number): number {
    return lowerBound(this.#numbers, number);
  }
}

function countBits(bits: Uint32Array, from: number, to: number): number {
  let sum = 0;
  for (let index = from; index < to;) {
    const word = bits[index >> 5] ?? 0;
    const end = Math.min(to, (index | 31) + 1);
    for (let rest = word & mask(index & 31, end - index); rest !== 0; rest &= rest - 1) sum++;
    index = end;
  }
  return sum;
}

/** `count` bits from bit `from` on. */
function mask(from: number, count: number): number {
  return count === 32 ? -1 : ((1 << count) - 1) << from;
}

function firstBit(bits: Uint32Array | undefined, from: number): number {
  if (bits === undefined || from >= CHUNK) return -1;
  for (let index = Math.max(0, from); index < CHUNK; index = (index | 31) + 1) {
    const word = (bits[index >> 5] ?? 0) & mask(index & 31, 32 - (index & 31));
    if (word !== 0) return (index & ~31) + 31 - Math.clz32(word & -word);
  }
  return -1;
}

function lastBit(bits: Uint32Array | undefined, upTo: number): number {
  if (bits === undefined || upTo < 0) return -1;
  for (let index = Math.min(CHUNK - 1, upTo); index >= 0; index = (index & ~31) - 1) {
    const word = (bits[index >> 5] ?? 0) & mask(0, (index & 31) + 1);
    if (word !== 0) return (index & ~31) + 31 - Math.clz32(word);
  }
  return -1;
}

/** The first index whose number is not smaller. */
function lowerBound(numbers: readonly number[], number: number): number {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((numbers[middle] ?? 0) < number) low = middle + 1;
    else high = middle;
  }
  return low;
}

export interface Range {
  from: number;
  to: number;
}

/** Stretches [from, to) of lines that neither overlap nor touch, in order; thousands of them. */
export class RangeSet {
  #starts: number[] = [];
  #ends: number[] = [];

  get size(): number {
    return this.#starts.length;
  }

  get ranges(): Range[] {
    return this.#starts.map((from, i) => ({ from, to: this.#ends[i] ?? from }));
  }

  clear(): void {
    this.#starts = [];
    this.#ends = [];
  }

  add(from: number, to: number): void {
    if (from >= to) return;
    // Those that touch become one with it.
    const first = lowerBound(this.#ends, from);
    const last = lowerBound(this.#starts, to + 1);
    const start = Math.min(from, this.#starts[first] ?? from);
    const end = last > first ? Math.max(to, this.#ends[last - 1] ?? to) : to;
    this.#starts.splice(first, last - first, first < last ? start : from);
    this.#ends.splice(first, last - first, end);
  }

  remove(from: number, to: number): void {
    if (from >= to) return;
    const first = lowerBound(this.#ends, from + 1);
    const last = lowerBound(this.#starts, to);
    if (first >= last) return;
    const start = this.#starts[first] ?? from;
    const end = this.#ends[last - 1] ?? to;
    const kept = [
      { from: start, to: from },
      { from: to, to: end },
    ].filter((range) => range.from < range.to);
    this.#starts.splice(first, last - first, ...kept.map((range) => range.from));
    this.#ends.splice(first, last - first, ...kept.map((range) => range.to));
  }

  /** The stretch that the line lies in. */
  rangeAt(line: number): Range | undefined {
    const at = lowerBound(this.#ends, line + 1);
    const from = this.#starts[at];
    const to = this.#ends[at];
    return from !== undefined && to !== undefined && from <= line ? { from, to } : undefined;
  }

  /** How many lines of [from, to) lie in one. */
  count(from: number, to: number): number {
    let sum = 0;
    for (let at = lowerBound(this.#ends, from + 1); at < this.#starts.length; at++) {
      const start = this.#starts[at] ?? to;
      if (start >= to) break;
      sum += Math.min(to, this.#ends[at] ?? to) - Math.max(from, start);
    }
    return sum;
  }
}
