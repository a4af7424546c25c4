import { beforeEach, describe, expect, it } from 'vitest';
import { ApiError } from './api.js';
import type { Entry, EntryPage, LogInfo } from './api.js';
import { Session } from './session.js';
import type { SessionListener, Surroundings } from './session.js';

class FakeSource extends EventTarget {
  readyState = 0;
  constructor(readonly url: string) {
    super();
  }
  close() {
    this.readyState = 2;
  }
  open() {
    this.readyState = 1;
    this.dispatchEvent(new Event('open'));
  }
  fail(readyState: number) {
    this.readyState = readyState;
    this.dispatchEvent(new Event('error'));
  }
  send(type: string, data: unknown, lastEventId = '') {
    this.dispatchEvent(new MessageEvent(type, { data: JSON.stringify(data), lastEventId }));
  }
  batch(from: number, count: number, incarnation = 'k1') {
    this.send('message', { from, entries: entries(from, count) }, `${incarnation}.${from + count}`);
  }
}

function entries(from: number, count: number): Entry[] {
  return Array.from({ length: count }, (_, i) => ({
    n: from + i,
    time: '',
    text: `line ${from + i}`,
  }));
}

function pageOf(position: number, state: 'open' | 'ended' = 'open'): EntryPage {
  return { incarnation: 'k1', first: 0, position, entries: entries(0, position), state };
}

const LOG = { type: 'deploy', id: '1' };

let told: string[];
let shown: number[];
let sources: FakeSource[];
let timers: Map<number, { action: () => void; at: number }>;
let now: number;
let page: EntryPage | ApiError;
let info: LogInfo | ApiError;

const listener: SessionListener = {
  connectionChanged: (connection, problem) =>
    told.push(problem ? `${connection}: ${problem}` : connection),
  infoChanged: (value) => told.push(`info ${value.incarnation}`),
  snapshot: (value) => (shown = value.entries.map((entry) => entry.n)),
  appended: (values) => shown.push(...values.map((entry) => entry.n)),
  gap: (gap) => told.push(`gap ${gap.from}-${gap.to}`),
  reset: (cause) => {
    told.push(`reset ${cause}`);
    shown = [];
  },
  ended: (outcome) => told.push(`outcome ${outcome.outcome} ${outcome.exit_code}`),
};

async function answer<T>(value: T | ApiError): Promise<T> {
  if (value instanceof ApiError) throw value;
  return value;
}

const around: Surroundings = {
  getEntries: () => answer(page),
  getInfo: () => answer(info),
  openEventSource: (url) => {
    const source = new FakeSource(url);
    sources.push(source);
    return source as unknown as EventSource;
  },
  setTimer: (action, ms) => {
    const id = timers.size + 1000;
    timers.set(id, { action, at: now + ms });
    return id;
  },
  clearTimer: (id) => timers.get(id) && timers.set(id, { action: () => undefined, at: Infinity }),
  now: () => now,
  random: () => 0.5,
};

async function pass(ms: number): Promise<void> {
  const end = now + ms;
  for (;;) {
    const due = [...timers.entries()]
      .filter(([, timer]) => timer.at <= end)
      .sort((a, b) => a[1].at - b[1].at)[0];
    if (due === undefined) break;
    now = due[1].at;
    timers.set(due[0], { action: () => undefined, at: Infinity });
    due[1].action();
    await settle();
  }
  now = end;
}

/** Lets everything that waits for an answer go on. */
async function settle(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

function latest(): FakeSource {
  const source = sources.at(-1);
  if (source === undefined) throw new Error('no EventSource was opened');
  return source;
}

beforeEach(() => {
  told = [];
  shown = [];
  sources = [];
  timers = new Map();
  now = 0;
  page = pageOf(3);
  info = { ...LOG, incarnation: 'k1', state: 'open', first: 0, position: 3, created: '' };
});

describe('Session', () => {
  it('streams from behind the snapshot, each entry once', async () => {
    await new Session(LOG, listener, around).start();
    expect(latest().url).toBe('/api/v1/logs/deploy/1/events?from=k1.3&format=batch');
    latest().open();
    latest().batch(3, 2);
    latest().batch(4, 2); // Overlaps: the first of them is known.
    expect(shown).toEqual([0, 1, 2, 3, 4, 5]);
    expect(told).toEqual(['info k1', 'live']);
  });

  it('does not stream a log that has ended', async () => {
    page = pageOf(3, 'ended');
    info = { ...(info as LogInfo), state: 'ended', outcome: 'failed', exit_code: 2 };
    await new Session(LOG, listener, around).start();
    expect(sources).toEqual([]);
    expect(told).toEqual(['info k1', 'ended', 'outcome failed 2']);
  });

  it('closes at the end and stays closed', async () => {
    await new Session(LOG, listener, around).start();
    latest().open();
    latest().send('end', { outcome: 'succeeded', exit_code: 0, position: 3 }, 'k1.3.end');
    expect(latest().readyState).toBe(2);
    await pass(600_000);
    expect(sources.length).toBe(1);
    expect(told).toEqual(['info k1', 'live', 'ended', 'outcome succeeded 0', 'info k1']);
  });

  it('waits for a log that does not exist', async () => {
    page = new ApiError(404, 'no such log');
    await new Session(LOG, listener, around).start();
    expect(latest().url).toContain('?from=0&');
    latest().open();
    expect(told).toEqual(['waiting', 'waiting']);
    latest().batch(0, 2);
    await settle();
    expect(shown).toEqual([0, 1]);
    expect(told.slice(2)).toEqual(['live', 'info k1']);
  });

  it('gets the outcome of a log that ended without a line', async () => {
    page = new ApiError(404, 'no such log');
    await new Session(LOG, listener, around).start();
    latest().send('end', { outcome: 'cancelled', exit_code: null, position: 0 }, 'k1.0.end');
    await settle();
    expect(told).toEqual(['waiting', 'ended', 'outcome cancelled null', 'info k1']);
  });

  it('leaves reconnecting to the browser while it tries', async () => {
    await new Session(LOG, listener, around).start();
    latest().open();
    latest().fail(0);
    latest().open();
    latest().batch(3, 1);
    expect(sources.length).toBe(1);
    expect(told).toEqual(['info k1', 'live', 'reconnecting', 'live']);
  });

  it('opens again from its position when the browser has given up', async () => {
    await new Session(LOG, listener, around).start();
    latest().open();
    latest().batch(3, 4);
    latest().fail(2);
    await pass(999);
    expect(sources.length).toBe(1);
    await pass(1);
    expect(latest().url).toContain('from=k1.7&');
    latest().fail(2);
    await pass(1999);
    expect(sources.length).toBe(2);
    await pass(1);
    expect(sources.length).toBe(3);
  });

  it('opens again when the line is dead', async () => {
    await new Session(LOG, listener, around).start();
    latest().open();
    await pass(40_000);
    latest().send('ping', {});
    await pass(40_000);
    expect(sources.length).toBe(1);
    await pass(20_000);
    expect(sources.length).toBe(2);
    expect(sources[0]?.readyState).toBe(2);
  });

  it('starts over after a reset', async () => {
    await new Session(LOG, listener, around).start();
    latest().open();
    info = { ...(info as LogInfo), incarnation: 'k2' };
    latest().send('reset', { incarnation: 'k2', cause: 'recreated' });
    latest().batch(0, 2, 'k2');
    await settle();
    expect(shown).toEqual([0, 1]);
    expect(told).toEqual(['info k1', 'live', 'live', 'reset recreated', 'info k2']);
  });

  it('tells gaps and goes on behind them', async () => {
    await new Session(LOG, listener, around).start();
    latest().send('gap', { from: 3, to: 10, cause: 'retention' }, 'k1.10');
    latest().send('gap', { from: 10, to: 10, cause: 'upstream', lost: 7 });
    latest().batch(10, 1);
    latest().fail(2);
    await pass(2000);
    expect(shown).toEqual([0, 1, 2, 10]);
    expect(told.filter((text) => text.startsWith('gap'))).toEqual(['gap 3-10']);
    expect(latest().url).toContain('from=k1.11&');
  });

  it('asks again while the server is away, and not when asking is useless', async () => {
    page = new ApiError(503, 'starting');
    await new Session(LOG, listener, around).start();
    expect(told).toEqual(['reconnecting: starting']);
    page = pageOf(1);
    await pass(1000);
    expect(shown).toEqual([0]);

    told = [];
    page = new ApiError(403, 'not for you');
    await new Session(LOG, listener, around).start();
    expect(told).toEqual(['failed: not for you']);
  });

  it('closes when the log is deleted or the permission runs out', async () => {
    for (const event of ['deleted', 'expired']) {
      await new Session(LOG, listener, around).start();
      latest().send(event, {});
      expect(told.at(-1)).toBe(event);
      expect(latest().readyState).toBe(2);
    }
  });

  it('does nothing after it was stopped', async () => {
    const session = new Session(LOG, listener, around);
    await session.start();
    session.stop();
    latest().batch(3, 1);
    latest().fail(2);
    await pass(600_000);
    expect(sources.length).toBe(1);
    expect(shown).toEqual([0, 1, 2]);
  });
});
