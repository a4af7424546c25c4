import { beforeEach, describe, expect, it } from 'vitest';
import { ApiError } from '../client/api.js';
import type { Entry, EntryPage } from '../client/api.js';
import { forSeeds } from '../testing/random.js';
import {
  FETCH_LINES,
  LineStore,
  MAX_BATCH_CHARACTERS,
  MAX_BLOCKS,
  MAX_FETCHES,
  MAX_CHARACTERS,
  MAX_UNREAD_CHARACTERS,
} from './line-store.js';

let first: number;
let head: number;
let textOf: (n: number) => string;
let pageLimit: number;
let asked: { from: number; limit: number; signal: AbortSignal; answer: () => void }[];
let failure: ApiError | undefined;
let damaged: { from: number; to: number };
let timers: (() => void)[];
let store: LineStore;

function entry(n: number): Entry {
  return { n, time: '', text: textOf(n) };
}

function entries(from: number, to: number): Entry[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => entry(from + i)).filter(
    ({ n }) => n < damaged.from || n >= damaged.to,
  );
}

function fetchPage(from: number, limit: number, signal: AbortSignal): Promise<EntryPage> {
  return new Promise((resolve, reject) => {
    const answer = () => {
      if (failure) reject(failure);
      const start = Math.max(from, first);
      const to = Math.min(head, from + limit, start + pageLimit);
      const page = { incarnation: 'k', first, position: head, state: 'open' as const };
      resolve({ ...page, entries: entries(start, to) });
    };
    asked.push({ from, limit, signal, answer });
  });
}

/** Answers what was asked and not given up, until nothing more is asked. */
async function settle(): Promise<void> {
  for (;;) {
    const next = asked.shift();
    if (next === undefined) return;
    if (!next.signal.aborted) next.answer();
    for (let i = 0; i < 5; i++) await Promise.resolve();
  }
}

function batch(from: number, to: number) {
  return { from, to, data: JSON.stringify({ from, entries: entries(from, to) }) };
}

beforeEach(() => {
  first = 0;
  head = 0;
  textOf = (n) => `line ${n}`;
  pageLimit = 10_000;
  asked = [];
  failure = undefined;
  damaged = { from: 0, to: 0 };
  timers = [];
  store = new LineStore(
    { fetch: fetchPage, setTimer: (action) => timers.push(action), clearTimer: () => undefined },
    () => undefined,
  );
});

function open(position: number): void {
  head = position;
  const page = { incarnation: 'k', first, position, state: 'open' as const };
  store.addPage({ ...page, entries: entries(Math.max(first, position - 200), position) });
}

/** One stretch is in view, and so many lines on both sides are wanted after it. */
function want(from: number, to: number, around: number): void {
  store.want(
    [{ from, to }],
    [
      { from: to, to: to + around },
      { from: from - around, to: from },
    ],
  );
}

describe('LineStore', () => {
  it('fetches what is in view first, then what is near', async () => {
    open(10_000_000);
    want(5_000_000, 5_000_060, 300);
    expect(asked[0]).toMatchObject({ from: 5_000_000, limit: FETCH_LINES });
    await settle();
    for (let n = 4_999_700; n < 5_000_360; n++) expect(store.get(n)?.text).toBe(`line ${n}`);
    expect(store.get(4_998_000)).toBeUndefined();
    expect(asked).toEqual([]);
  });

  it('knows lines that the server has lost, and does not ask for them again', async () => {
    open(10_000);
    damaged = { from: 5_010, to: 5_030 };
    want(5_000, 5_060, 300);
    await settle();
    expect(store.peek(5_009)).not.toHaveProperty('missing');
    expect(store.peek(5_010)).toHaveProperty('missing');
    expect(store.peek(5_029)).toHaveProperty('missing');
    expect(store.peek(5_030)?.text).toBe('line 5030');
    want(5_005, 5_035, 0);
    expect(asked).toEqual([]);
    store.addGap(10_000, 10_007); // Told by the live stream.
    expect(store.head).toBe(10_007);
    expect(store.peek(10_003)).toHaveProperty('missing');
    store.clear();
    expect(store.peek(5_010)).toBeUndefined();
  });

  it('gives up a fetch that nobody needs any more', async () => {
    open(10_000_000);
    want(1_000, 1_060, 300);
    want(9_000_000, 9_000_060, 300);
    expect(asked.map(({ from, signal }) => [from, signal.aborted])).toEqual([
      [1_000, true],
      [9_000_000, false],
    ]);
    await settle();
    expect(store.get(9_000_000)).toBeDefined();
  });

  it('stays within its bounds wherever the reader goes', async () => {
    open(10_000_000);
    for (let i = 0; i < 200; i++) {
      const at = Math.imul(i, 48_271) % 9_000_000;
      want(at, at + 60, 300);
      await settle();
      expect(store.get(at + 30)).toBeDefined();
    }
    expect(store.size.blocks).toBeLessThanOrEqual(MAX_BLOCKS);
  });

  it('keeps few of very long lines', async () => {
    open(1000);
    textOf = (n) => `${n}`.padEnd(1_000_000, 'x');
    pageLimit = 8;
    for (let at = 0; at < 700; at += 7) {
      want(at, at + 3, 300);
      await settle();
      expect(store.get(at + 2)).toBeDefined();
      expect(store.size.characters).toBeLessThanOrEqual(MAX_CHARACTERS + pageLimit * 1_000_000);
    }
  });

  it('fetches lines that lie apart, and no more than those', async () => {
    open(10_000_000);
    const view = Array.from({ length: 90 }, (_, i) => ({
      from: 7 + i * 70_001,
      to: 9 + i * 70_001,
    }));
    view.push({ from: 8_000_000, to: 8_000_001 }, { from: 8_000_300, to: 8_000_301 });
    store.want(view, []);
    expect(asked.length).toBe(MAX_FETCHES);
    let lines = 0;
    const limits: number[] = [];
    while (asked.length > 0) {
      lines += asked[0]?.limit ?? 0;
      limits.push(asked[0]?.limit ?? 0);
      const next = asked.shift();
      next?.answer();
      for (let i = 0; i < 5; i++) await Promise.resolve();
      expect(asked.length).toBeLessThanOrEqual(MAX_FETCHES);
    }
    for (const { from } of view) expect(store.get(from)?.text).toBe(`line ${from}`);
    expect(limits.length).toBe(91);
    expect(lines).toBe(90 * 2 + 301);
    expect(store.size.blocks).toBeLessThanOrEqual(MAX_BLOCKS);
  });

  it('goes on where an answer ended early', async () => {
    open(5000);
    pageLimit = 7;
    want(100, 160, 0);
    await settle();
    for (let n = 100; n < 160; n++) expect(store.get(n)).toBeDefined();
  });

  it('reads only the batches that somebody looks at', () => {
    open(0);
    store.addBatch(batch(0, 100));
    store.addBatch({ from: 100, to: 200, data: 'not even JSON' });
    store.addBatch(batch(200, 300));
    expect(store.head).toBe(300);
    expect(store.get(250)?.text).toBe('line 250');
    expect(store.get(0)?.text).toBe('line 0');
    expect(store.get(150)).toBeUndefined();
  });

  it('keeps a bounded amount of unread batches, the newest', () => {
    open(0);
    textOf = (n) => `line ${n} ${'x'.repeat(100)}`;
    for (let from = 0; from < 200_000; from += 1000) store.addBatch(batch(from, from + 1000));
    expect(store.size.unread).toBeLessThanOrEqual(MAX_UNREAD_CHARACTERS);
    expect(store.get(199_999)).toBeDefined();
    expect(store.get(10)).toBeUndefined();
  });

  it('takes the last lines of a large batch without reading all of it', () => {
    textOf = (n) => `{"n":${n},"text" ${'"},{"n":'.repeat(3)}${'y'.repeat(60)}`;
    open(0);
    const large = batch(0, 20_000);
    expect(large.data.length).toBeGreaterThan(5 * MAX_BATCH_CHARACTERS);
    store.addBatch(large);
    expect(store.size.unread).toBeLessThanOrEqual(MAX_BATCH_CHARACTERS);
    for (let n = 19_600; n < 20_000; n++) expect(store.get(n)).toEqual(entry(n));
    expect(store.get(10)).toBeUndefined();
  });

  it('tries again what failed, and says why meanwhile', async () => {
    open(5000);
    failure = new ApiError(503, 'draining');
    want(10, 60, 0);
    await settle();
    expect(store.problem).toBe('draining');
    want(10, 60, 0);
    expect(asked).toEqual([]); // Not in every frame.
    failure = undefined;
    timers.shift()?.();
    await settle();
    expect(store.problem).toBe('');
    expect(store.get(10)).toBeDefined();
  });

  it('learns what retention has cut', async () => {
    open(5000);
    first = 1000;
    want(0, 60, 0);
    await settle();
    expect(store.first).toBe(1000);
    expect(asked).toEqual([]);
  });

  it('shows the log as it is, whatever comes in which order', async () => {
    for (let run = 0; run < 20; run++) {
      open(1000 * run);
      const store1 = store;
      forSeeds(1, (random) => {
        for (let i = 0; i < 30; i++) {
          const from = head;
          head += random.int(1, 900);
          if (random.chance(0.9)) store1.addBatch(batch(from, head));
          const at = random.int(0, head);
          want(at, at + 60, random.int(0, 300));
        }
      });
      await settle();
      for (let n = store.first; n < store.head; n += 13) {
        const known = store.get(n);
        if (known !== undefined) expect(known).toEqual(entry(n));
      }
    }
  });
});
