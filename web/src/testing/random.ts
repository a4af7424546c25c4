// Random numbers of which a test tells the seed: TAILRACE_SEED=N repeats a run.

/** mulberry32: the same numbers for the same seed, in [0, 1). */
export function generator(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export class Random {
  readonly #next: () => number;
  constructor(readonly seed: number) {
    this.#next = generator(seed);
  }
  /** An integer in [from, to). */
  int(from: number, to: number): number {
    return from + Math.floor(this.#next() * (to - from));
  }
  pick<T>(items: readonly T[]): T {
    const item = items[this.int(0, items.length)];
    if (item === undefined) throw new RangeError('nothing to pick from');
    return item;
  }
  chance(probability: number): boolean {
    return this.#next() < probability;
  }
}

declare const process: { env: Record<string, string | undefined> };

/** Runs `test` with `count` seeds; the error names the one that failed. */
export function forSeeds(count: number, test: (random: Random) => void): void {
  const given = process.env['TAILRACE_SEED'];
  const base = given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given);
  for (let i = 0; i < (given === undefined ? count : 1); i++) {
    const seed = (base + i) % 2 ** 31;
    try {
      test(new Random(seed));
    } catch (error) {
      throw new Error(`TAILRACE_SEED=${seed}: ${String(error)}`, { cause: error });
    }
  }
}
