import { beforeEach, describe, expect, it } from 'vitest';
import { ApiError } from '../client/api.js';
import type { SearchPart, SearchQuery } from '../client/search.js';
import { forSeeds } from '../testing/random.js';
import type { Random } from '../testing/random.js';
import { LogSearch, MAX_PLACES } from './log-search.js';
import type { SearchSpec } from './log-search.js';
import { MAX_SLICES, MatchCounts } from './match-counts.js';
import type { SearchSource } from './patient-search.js';

const SPEC: SearchSpec = {
  text: 'error',
  regex: false,
  caseSensitive: false,
  stream: [],
  source: [],
  level: [],
};

/** A server that has `head` lines, of which those match that `matches` says. */
class Server implements SearchSource {
  first = 0;
  head = 0;
  matches: (n: number) => boolean = () => false;
  slice = 1000;
  asked: SearchQuery[] = [];
  running = 0;
  /** Thrown instead of an answer, or in the midst of one, while it says so. */
  trouble: () => ApiError | undefined = () => undefined;
  timers: { action: () => void; ms: number }[] = [];

  setTimer(action: () => void, ms: number): number {
    return this.timers.push({ action, ms });
  }
  clearTimer(timer: number): void {
    const entry = this.timers[timer - 1];
    if (entry) entry.action = () => undefined;
  }

  async *search(query: SearchQuery, signal: AbortSignal): AsyncGenerator<SearchPart[]> {
    this.asked.push(query);
    const { from = 0, to = this.head, limit = 1000, total = true } = query;
    let count = 0;
    for (let at = Math.max(from, this.first); at < to;) {
      await Promise.resolve();
      if (signal.aborted) throw new Error('aborted');
      const trouble = this.trouble();
      if (trouble) throw trouble;
      const parts: SearchPart[] = [];
      const stop = Math.min(to, at + this.slice);
      for (; at < stop; at++) {
        if (!this.matches(at)) continue;
        count++;
        if (count <= limit) parts.push({ kind: 'match', match: { n: at, columns: [[0, at % 9]] } });
        if (count === limit && !total) {
          const end = { complete: false, cause: 'limit' as const, searched: at + 1, total: count };
          yield [...parts, { kind: 'end', end }];
          return;
        }
      }
      parts.push({ kind: 'progress', progress: { position: at, total: count } });
      yield parts;
    }
    yield [{ kind: 'end', end: { complete: true, searched: to, total: count } }];
  }
}

let server: Server;
let told: Set<number>;
let search: LogSearch;

beforeEach(begin);

function begin(): void {
  server = new Server();
  told = new Set();
  search = new LogSearch(server, {
    changed: () => undefined,
    told: (lines) => lines.forEach((line) => told.add(line)),
  });
}

/** Lets all happen that only waits for its turn, and timers as long as there are some. */
async function settle(timers = true): Promise<void> {
  for (;;) {
    for (let i = 0; i < 400; i++) await Promise.resolve();
    const next = timers ? server.timers.find(({ action }) => action !== done) : undefined;
    if (next === undefined) return;
    const { action } = next;
    next.action = done;
    action();
  }
}
function done(): void {}

function scattered(random: Random): (n: number) => boolean {
  const salt = random.int(1, 1000);
  const share = random.pick([1, 3, 40, 900, 20_000]);
  return (n) => (Math.imul(n + salt, 2654435761) >>> 0) % share === 0;
}

function matching(from = server.first, to = server.head): number[] {
  const lines: number[] = [];
  for (let n = from; n < to; n++) if (server.matches(n)) lines.push(n);
  return lines;
}

async function settled(random: Random, listing = false): Promise<void> {
  server.matches = scattered(random);
  server.head = random.int(1, 150_000);
  server.slice = random.pick([700, 5_000, 200_000]);
  const at = random.int(0, server.head + 1);
  search.start(SPEC, { first: 0, head: server.head }, at, listing);
  for (let i = 0; i < 20 && !search.complete; i++) await settle();
}

describe('LogSearch', () => {
  it('counts all, wherever it begins', async () => {
    for (let run = 0; run < 20; run++) {
      begin();
      await withSeed(async (random) => {
        await settled(random);
        expect(search.complete).toBe(true);
        expect(search.total).toBe(matching().length);
        expect(search.progress).toBe(1);
        for (const line of told) expect(server.matches(line)).toBe(true);
      });
    }
  });

  it('goes to the next and the one before as a list would, told or not', async () => {
    for (let run = 0; run < 8; run++) {
      begin();
      await withSeed(async (random) => {
        await settled(random);
        const all = matching();
        for (let i = 0; i < 12; i++) {
          const line = random.int(0, server.head);
          const next = all.find((n) => n > line) ?? all[0];
          const before = all.findLast((n) => n < line) ?? all.at(-1);
          expect(await search.step(line, true)).toBe(next);
          expect(await search.step(line, false)).toBe(before);
          if (next === undefined) continue;
          await search.learnOrdinal(next);
          expect(search.ordinalOf(next)).toBe(all.indexOf(next) + 1);
        }
      });
    }
  });

  it('does not wait for the count to find the next', async () => {
    server.head = 10_000_000;
    server.matches = (n) => n % 1_000_000 === 7;
    search.start(SPEC, { first: 0, head: server.head }, 9_500_000, false);
    expect(await search.step(3_000_000, true)).toBe(3_000_007);
    expect(search.complete).toBe(false);
    search.stop();
  });

  it('tells all when a filter wants them', async () => {
    for (let run = 0; run < 10; run++) {
      begin();
      await withSeed(async (random) => {
        await settled(random, true);
        expect([...told].sort((a, b) => a - b)).toEqual(matching());
        expect(search.total).toBe(told.size);
        expect(search.full).toBe(false);
      });
    }
  });

  it('goes on with a log that grows', async () => {
    server.matches = (n) => n % 10 === 3;
    server.head = 1000;
    search.start(SPEC, { first: 0, head: 1000 }, 1000, true);
    await settle();
    expect(search.total).toBe(100);
    for (let i = 0; i < 5; i++) {
      server.head += 500;
      search.grow(0, server.head);
      search.grow(0, server.head);
      expect(search.complete).toBe(true);
      await settle();
      expect(search.total).toBe(server.head / 10);
      expect(told.size).toBe(server.head / 10);
    }
    expect(server.asked.slice(-2).map(({ from, to }) => [from, to])).toEqual([
      [2500, 3000],
      [3000, 3500],
    ]);
  });

  it('waits out what passes, and counts nothing twice', async () => {
    for (let run = 0; run < 20; run++) {
      begin();
      await withSeed(async (random) => {
        const errors = [
          new ApiError(429, 'many', 7),
          new ApiError(503, 'away'),
          new ApiError(0, 'cut'),
        ];
        server.trouble = () => (random.chance(0.1) ? random.pick(errors) : undefined);
        await settled(random, random.chance(0.5));
        expect(search.total).toBe(matching().length);
        expect(search.problem).toBeUndefined();
      });
    }
  });

  it('says that it waits, as long as the server wants', async () => {
    server.head = 10;
    server.trouble = () => new ApiError(429, 'many', 7);
    search.start(SPEC, { first: 0, head: 10 }, 0, false);
    await settle(false);
    expect(search.problem?.kind).toBe('busy');
    expect(search.problem?.text).toContain('7 s');
    expect(server.timers.map(({ ms }) => ms)).toEqual([7000]);
  });

  it('does not ask again what was refused', async () => {
    server.head = 10;
    server.trouble = () => new ApiError(400, 'q: missing )');
    search.start(SPEC, { first: 0, head: 10 }, 0, false);
    search.wantPlaces([{ from: 0, to: 10 }]);
    await settle();
    expect(search.problem).toEqual({ kind: 'refused', text: 'q: missing )' });
    const asked = server.asked.length;
    search.wantPlaces([{ from: 0, to: 10 }]);
    expect(await search.step(0, true)).toBeUndefined();
    expect(server.asked.length).toBe(asked);
  });

  it('has the places of what is in view, and few others', async () => {
    server.head = 2_000_000;
    server.matches = (n) => n % 3 === 0;
    search.start(SPEC, { first: 0, head: server.head }, 1_990_000, false);
    await settle();
    for (let at = 100; at < 1_900_000; at += 190_000) {
      search.wantPlaces([{ from: at, to: at + 60 }]);
      await settle();
      for (let n = at; n < at + 60; n++) {
        expect(search.matches(n)).toBe(n % 3 === 0);
        expect(search.placesOf(n)).toEqual(n % 3 === 0 ? [[0, n % 9]] : undefined);
      }
    }
    const asked = server.asked.length;
    search.wantPlaces([{ from: 190_100, to: 190_130 }]);
    expect(server.asked.length).toBe(asked); // It is here.
    let held = 0;
    for (let n = 0; n < server.head; n++) if (search.placesOf(n)) held++;
    expect(held).toBeLessThanOrEqual(MAX_PLACES);
  });

  it('begins anew with another query, and hears no more of the old one', async () => {
    server.head = 500_000;
    server.matches = () => true;
    search.start(SPEC, { first: 0, head: server.head }, 0, true);
    for (let i = 0; i < 30; i++) await Promise.resolve();
    told.clear();
    server.matches = (n) => n === 77;
    search.start({ ...SPEC, text: 'other' }, { first: 0, head: server.head }, 0, true);
    await settle();
    expect([...told]).toEqual([77]);
    expect(search.total).toBe(1);
    search.stop();
    expect([search.total, search.spec, search.matches(77)]).toEqual([0, undefined, undefined]);
  });
});

describe('MatchCounts', () => {
  it('merges what is too fine, and loses no count', () => {
    const counts = new MatchCounts();
    for (let i = 0; i < 3 * MAX_SLICES; i++) counts.add(i * 10, i * 10 + 10, i % 3);
    expect(counts.size).toBeLessThanOrEqual(MAX_SLICES);
    expect(counts.total).toBe(3 * MAX_SLICES);
    expect(counts.lines).toBe(30 * MAX_SLICES);
    const sums = counts.density([0, 7, 1000, 1000, 50_000, 30 * MAX_SLICES], () => undefined);
    expect(sums.reduce((a, b) => a + b, 0)).toBeCloseTo(3 * MAX_SLICES, 3);
  });

  it('passes over what has no match', () => {
    const counts = new MatchCounts();
    counts.add(100, 200, 0);
    counts.add(200, 300, 1);
    counts.add(50, 100, 0);
    expect(counts.skipEmpty(60)).toBe(200);
    expect(counts.skipEmpty(250)).toBe(250);
    expect(counts.skipEmpty(10)).toBe(10);
    expect(counts.skipEmptyBefore(170)).toBe(50);
    expect(counts.skipEmptyBefore(250)).toBe(250);
  });
});

async function withSeed(test: (random: Random) => Promise<void>): Promise<void> {
  let run: Promise<void> = Promise.resolve();
  let seed = 0;
  forSeeds(1, (random) => {
    seed = random.seed;
    run = test(random);
  });
  await run.catch((error: unknown) => {
    throw new Error(`TAILRACE_SEED=${seed}: ${String(error)}`, { cause: error });
  });
}
