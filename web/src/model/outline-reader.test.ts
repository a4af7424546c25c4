import { beforeEach, describe, expect, it } from 'vitest';
import { ApiError } from '../client/api.js';
import type { Entry } from '../client/api.js';
import type { SearchPart, SearchQuery } from '../client/search.js';
import { forSeeds } from '../testing/random.js';
import { MARKER_PATTERN, readSigns } from '../text/groups.js';
import { Outline } from './outline.js';
import { MAX_BACKLOG_CHARACTERS, OutlineReader } from './outline-reader.js';
import type { OutlineSource } from './outline-reader.js';
import { BUDGET_MS } from './time-budget.js';

const entry = (n: number, text: string): Entry => ({ n, time: '2026-11-23T10:00:00Z', text });
const batchOf = (entries: readonly Entry[]) => ({
  from: entries[0]?.n ?? 0,
  to: (entries.at(-1)?.n ?? 0) + 1,
  data: JSON.stringify({ from: entries[0]?.n, entries }),
});
const shape = (outline: Outline) => outline.groups.map(({ head, end }) => `${head}-${end}`);

/** A server that has these lines and tells at most `limit` of them in a search. */
class FakeServer implements OutlineSource {
  queries: SearchQuery[] = [];
  timers: { action: () => void; ms: number }[] = [];
  limit = Infinity;
  failures: ApiError[] = [];
  held: (() => void) | undefined;
  hold = false;
  /** How long each look at the clock takes, ms. */
  lookMs = 0;
  #time = 0;

  constructor(readonly lines: readonly string[]) {}

  async *search(query: SearchQuery): AsyncGenerator<SearchPart[]> {
    this.queries.push(query);
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    if (this.hold) await new Promise<void>((resolve) => (this.held = resolve));
    const { from = 0, to = this.lines.length } = query;
    let told = 0;
    for (let n = from; n < to; n++) {
      const columns = [...(this.lines[n] ?? '').matchAll(new RegExp(MARKER_PATTERN, 'g'))].map(
        (match) => [match.index, match.index + match[0].length] as [number, number],
      );
      if (columns.length === 0) continue;
      yield [{ kind: 'match', match: { n, columns } }];
      if (++told < this.limit) continue;
      const end = { complete: false, cause: 'limit' as const, searched: n + 1, total: told };
      yield [{ kind: 'end', end }];
      return;
    }
    yield [{ kind: 'progress', progress: { position: to, total: told } }];
    yield [{ kind: 'end', end: { complete: true, searched: to, total: told } }];
  }
  setTimer(action: () => void, ms: number): number {
    return this.timers.push({ action, ms });
  }
  clearTimer(): void {
    this.timers = [];
  }
  now(): number {
    return (this.#time += this.lookMs);
  }
}

const settle = async () => {
  for (let i = 0; i < 2000; i++) await Promise.resolve();
};

let outline: Outline;
let changes: number;
function readerOf(server: FakeServer): OutlineReader {
  return new OutlineReader(outline, server, () => changes++);
}

beforeEach(() => {
  outline = new Outline();
  changes = 0;
});

describe('OutlineReader', () => {
  const LINES = ['::group::A', 'a', '::endgroup::', 'x', '::group::B', 'b', '::endgroup::'];

  it('reads a log that is here as a whole by itself', () => {
    const server = new FakeServer(LINES);
    readerOf(server).start(
      0,
      LINES.length,
      LINES.map((text, n) => entry(n, text)),
    );
    expect(shape(outline)).toEqual(['0-3', '4-7']);
    expect(server.queries).toEqual([]);
    expect(changes).toBe(1);
  });

  it('asks for the rest, piece by piece', async () => {
    const server = new FakeServer(LINES);
    server.limit = 2;
    readerOf(server).start(0, LINES.length, [entry(6, LINES[6] ?? '')]);
    await settle();
    expect(shape(outline)).toEqual(['0-3', '4-7']);
    expect(server.queries.map((query) => [query.from, query.to])).toEqual([
      [0, 7],
      [3, 7],
    ]);
  });

  it('lets live lines wait for the search', async () => {
    const server = new FakeServer(LINES);
    server.hold = true;
    const reader = readerOf(server);
    reader.start(0, 5, []);
    await settle();
    reader.batch(batchOf([entry(5, 'b'), entry(6, '::endgroup::')]));
    expect(shape(outline)).toEqual([]);
    server.held?.();
    await settle();
    expect(shape(outline)).toEqual(['0-3', '4-7']);
  });

  it('asks again later when the server has enough to do, and not when it refuses', async () => {
    const server = new FakeServer(LINES);
    server.failures = [new ApiError(429, 'busy', 7)];
    readerOf(server).start(0, LINES.length, []);
    await settle();
    expect(server.timers.map((timer) => timer.ms)).toEqual([7000]);
    server.timers[0]?.action();
    await settle();
    expect(shape(outline)).toEqual(['0-3', '4-7']);

    outline = new Outline();
    const other = new FakeServer(LINES);
    other.failures = [new ApiError(403, 'no')];
    readerOf(other).start(0, LINES.length, []);
    await settle();
    expect(other.timers).toEqual([]);
    expect(shape(outline)).toEqual([]);
  });

  it('stops', async () => {
    const server = new FakeServer(LINES);
    server.hold = true;
    const reader = readerOf(server);
    reader.start(0, 5, []);
    await settle();
    reader.stop();
    server.held?.();
    await settle();
    expect(shape(outline)).toEqual([]);
    expect(changes).toBe(0);
  });

  const burst = (from: number, count: number) =>
    batchOf(Array.from({ length: count }, (_, i) => entry(from + i, `::group::${from + i}`)));

  it('looks through a burst for a few milliseconds of each frame', () => {
    const server = new FakeServer([]);
    server.lookMs = 1;
    const reader = readerOf(server);
    reader.start(0, 0, []);
    changes = 0;
    reader.batch(burst(0, 10));
    reader.batch(burst(10, 10));
    expect(outline.groups.length).toBe(BUDGET_MS);
    reader.end(20);
    let turns = 1;
    for (; server.timers.length > 0; turns++) server.timers.shift()?.action();
    expect(turns).toBeGreaterThan(2);
    expect(changes).toBeLessThanOrEqual(turns + 1);
    expect(shape(outline)).toEqual(Array.from({ length: 20 }, (_, n) => `${n}-${n + 1}`));
  });

  it('leaves to the server what is too much', async () => {
    const count = Math.ceil(MAX_BACKLOG_CHARACTERS / 8_000);
    const lines = Array.from({ length: 3 * count }, (_, n) => `::group::${n}${' '.repeat(8_000)}`);
    const server = new FakeServer(lines);
    server.lookMs = 1;
    const reader = readerOf(server);
    reader.start(0, 0, []);
    for (let from = 0; from < lines.length; from += 100)
      reader.batch(batchOf(lines.slice(from, from + 100).map((text, i) => entry(from + i, text))));
    reader.end(lines.length);
    // Search and turns by the clock in any order.
    while (outline.groups.at(-1)?.end !== lines.length) {
      server.timers.shift()?.action();
      await settle();
    }
    expect(server.queries.length).toBeGreaterThan(0);
    expect(shape(outline)).toEqual(lines.map((_, n) => `${n}-${n + 1}`));
  });

  it('has no timer when it was stopped', () => {
    const server = new FakeServer([]);
    server.lookMs = 1;
    const reader = readerOf(server);
    reader.start(0, 0, []);
    reader.batch(burst(0, 30));
    expect(server.timers.length).toBe(1);
    reader.stop();
    expect(server.timers).toEqual([]);
  });

  it('ends what is open when a log that has ended was searched', async () => {
    const server = new FakeServer(['::group::A', 'a', 'b']);
    const reader = readerOf(server);
    reader.start(0, 3, []);
    reader.end(3);
    await settle();
    expect(shape(outline)).toEqual(['0-3']);
  });

  it('finds in batches what stands in their texts', () => {
    const texts = ['::group::x', '::endgroup::', '--- x', 'a "{\\"n\\":7" b', 'text', ',{"n":3,'];
    texts.push('section_start:17:a\r\u001b[0KA', 'section_end:18:a\r', '"--- ', '\u001b[1m--- B');
    forSeeds(300, (random) => {
      const entries = Array.from({ length: 20 }, (_, n) => entry(n, random.pick(texts)));
      const expected = new Outline();
      for (const { n, text } of entries) expected.add(n, readSigns(text));
      outline = new Outline();
      const reader = readerOf(new FakeServer([]));
      reader.start(0, 0, []);
      const cut = random.int(1, 20);
      reader.batch(batchOf(entries.slice(0, cut)));
      reader.batch(batchOf(entries.slice(cut)));
      expect(shape(outline)).toEqual(shape(expected));
    });
  });
});
