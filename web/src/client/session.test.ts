import { beforeEach, describe, expect, it } from 'vitest';
import { ApiError } from './api.js';
import type { Entry, EntryPage, LogInfo } from './api.js';
import type { ChannelListener } from './channel.js';
import { Session } from './session.js';
import type { SessionListener, Surroundings } from './session.js';

/** A channel that the test speaks into. */
class FakeChannel {
  closed = false;
  constructor(
    readonly cursor: string,
    private readonly listener: ChannelListener,
  ) {}
  close() {
    this.closed = true;
  }
  open() {
    if (!this.closed) this.listener.opened();
  }
  fail() {
    if (!this.closed) this.listener.failed('The connection was interrupted.');
  }
  send(type: string, data: unknown, id = '') {
    if (!this.closed) this.listener.event(type, JSON.stringify(data), id);
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

const newSession = () => new Session(listener, around);

let told: string[];
let shown: number[];
let sources: FakeChannel[];
let timers: Map<number, { action: () => void; at: number }>;
let now: number;
let page: EntryPage | ApiError;
let info: LogInfo | ApiError;

const listener: SessionListener = {
  stateChanged: (state) => {
    const detail = 'problem' in state ? `: ${state.problem}` : '';
    const when = state.kind === 'reconnecting' ? ` in ${state.at - now}` : '';
    const far = state.kind === 'catching-up' ? ` ${state.position}/${state.head}` : '';
    told.push(`${state.kind}${when}${far}${detail}`);
  },
  infoChanged: (value) => told.push(`info ${value.incarnation}`),
  snapshot: (value) => (shown = value.entries.map((entry) => entry.n)),
  batch: ({ from, to, data }) => {
    const { entries } = JSON.parse(data) as { entries: Entry[] };
    expect(entries.map((entry) => entry.n)).toEqual(range(from, to));
    for (let n = from; n < to; n++) if (!shown.includes(n)) shown.push(n);
  },
  gap: (gap) => told.push(`gap ${gap.from}-${gap.to}`),
  reset: (cause) => {
    told.push(`reset ${cause}`);
    shown = [];
  },
  ended: (outcome) => told.push(`outcome ${outcome.outcome} ${outcome.exit_code}`),
};

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

function answer<T>(value: T | ApiError): Promise<T> {
  return value instanceof ApiError ? Promise.reject(value) : Promise.resolve(value);
}

const around: Surroundings = {
  newest: () => answer(page),
  info: () => answer(info),
  open: (cursor, channel) => {
    const source = new FakeChannel(cursor, channel);
    sources.push(source);
    return source;
  },
  setTimer: (action, ms) => {
    const id = timers.size + 1000;
    timers.set(id, { action, at: now + ms });
    return id;
  },
  clearTimer: (id) => void timers.set(id as number, { action: () => undefined, at: Infinity }),
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

function latest(): FakeChannel {
  const source = sources.at(-1);
  if (source === undefined) throw new Error('no channel was opened');
  return source;
}

beforeEach(() => {
  told = [];
  shown = [];
  sources = [];
  timers = new Map();
  now = 0;
  page = pageOf(3);
  info = {
    type: 'deploy',
    id: '1',
    incarnation: 'k1',
    state: 'open',
    first: 0,
    position: 3,
    created: '',
  };
});

describe('Session', () => {
  it('streams from behind the snapshot, each entry once', async () => {
    await newSession().start();
    expect(latest().cursor).toBe('k1.3');
    latest().open();
    latest().batch(3, 2);
    latest().batch(4, 2); // Overlaps: the first of them is known.
    expect(shown).toEqual([0, 1, 2, 3, 4, 5]);
    expect(told).toEqual(['info k1', 'live']);
  });

  it('does not stream a log that has ended', async () => {
    page = pageOf(3, 'ended');
    info = { ...(info as LogInfo), state: 'ended', outcome: 'failed', exit_code: 2 };
    await newSession().start();
    expect(sources).toEqual([]);
    expect(told).toEqual(['info k1', 'ended', 'outcome failed 2']);
  });

  it('closes at the end and stays closed', async () => {
    await newSession().start();
    latest().open();
    latest().send('end', { outcome: 'succeeded', exit_code: 0, position: 3 }, 'k1.3.end');
    expect(latest().closed).toBe(true);
    await pass(600_000);
    expect(sources.length).toBe(1);
    expect(told).toEqual(['info k1', 'live', 'ended', 'outcome succeeded 0', 'info k1']);
  });

  it('waits for a log that does not exist', async () => {
    page = new ApiError(404, 'no such log');
    await newSession().start();
    expect(latest().cursor).toBe('0');
    latest().open();
    expect(told).toEqual(['waiting', 'waiting']);
    latest().batch(0, 2);
    await settle();
    expect(shown).toEqual([0, 1]);
    expect(told.slice(2)).toEqual(['live', 'info k1']);
  });

  it('gets the outcome of a log that ended without a line', async () => {
    page = new ApiError(404, 'no such log');
    await newSession().start();
    latest().send('end', { outcome: 'cancelled', exit_code: null, position: 0 }, 'k1.0.end');
    await settle();
    expect(told).toEqual(['waiting', 'ended', 'outcome cancelled null', 'info k1']);
  });

  it('opens again from its position, later each time, and says when', async () => {
    await newSession().start();
    latest().open();
    latest().batch(3, 4);
    latest().fail();
    expect(latest().closed).toBe(true);
    expect(told.at(-1)).toBe('reconnecting in 3000: The connection was interrupted.');
    await pass(2999);
    expect(sources.length).toBe(1);
    await pass(1);
    expect(latest().cursor).toBe('k1.7');
    latest().fail();
    expect(told.at(-1)).toContain('reconnecting in 6000');
    await pass(6000);
    expect(sources.length).toBe(3);
    latest().open();
    latest().batch(7, 1);
    latest().fail();
    expect(told.at(-1)).toContain('reconnecting in 3000'); // It had worked in between.
  });

  it('waits no longer when it is told to try', async () => {
    const session = newSession();
    await session.start();
    latest().open();
    latest().fail();
    session.retryNow();
    await settle();
    expect(sources.length).toBe(2);
    await pass(10_000);
    expect(sources.length).toBe(2);
    session.retryNow();
    expect(sources.length).toBe(2);
  });

  it('asks why it was interrupted', async () => {
    await newSession().start();
    latest().open();
    latest().fail();
    const good = info;
    info = new ApiError(502, 'bad gateway');
    await pass(3000);
    expect(told.at(-1)).toBe('reconnecting in 6000: bad gateway');
    info = new ApiError(401, 'who are you');
    await pass(6000);
    expect(told.at(-1)).toBe('login');
    info = good;
    await pass(600_000);
    expect(sources.length).toBe(1);
  });

  it('opens again when no ping comes', async () => {
    await newSession().start();
    latest().open();
    await pass(30_000);
    latest().send('ping', {});
    await pass(34_000);
    expect(sources[0]?.closed).toBe(false);
    await pass(10_000);
    expect(sources[0]?.closed).toBe(true);
    await pass(3_000);
    expect(sources.length).toBe(2);
  });

  it('says how far it is behind after a long cut', async () => {
    await newSession().start();
    latest().open();
    latest().fail();
    info = { ...(info as LogInfo), position: 50_000 };
    await pass(3000);
    latest().open();
    expect(told.at(-1)).toBe('catching-up 3/50000');
    latest().batch(3, 20_000);
    expect(told.at(-1)).toBe('catching-up 20003/50000');
    latest().batch(20_003, 29_997);
    expect(told.at(-1)).toBe('live');
  });

  it('starts over after a reset', async () => {
    await newSession().start();
    latest().open();
    info = { ...(info as LogInfo), incarnation: 'k2' };
    latest().send('reset', { incarnation: 'k2', cause: 'recreated' });
    latest().batch(0, 2, 'k2');
    await settle();
    expect(shown).toEqual([0, 1]);
    expect(told).toEqual(['info k1', 'live', 'reset recreated', 'live', 'info k2']);
  });

  it('tells gaps and goes on behind them', async () => {
    await newSession().start();
    latest().send('gap', { from: 3, to: 10, cause: 'retention' }, 'k1.10');
    latest().send('gap', { from: 10, to: 10, cause: 'upstream', lost: 7 });
    latest().batch(10, 1);
    latest().fail();
    await pass(3000);
    expect(shown).toEqual([0, 1, 2, 10]);
    expect(told.filter((text) => text.startsWith('gap'))).toEqual(['gap 3-10', 'gap 10-10']);
    expect(latest().cursor).toBe('k1.11');
  });

  it('asks again while the server is away, and not when asking is useless', async () => {
    page = new ApiError(503, 'starting');
    await newSession().start();
    expect(told).toEqual(['reconnecting in 3000: starting']);
    page = pageOf(1);
    await pass(3000);
    expect(shown).toEqual([0]);

    told = [];
    page = new ApiError(403, 'not for you');
    await newSession().start();
    expect(told).toEqual(['failed: not for you']);
  });

  it('closes when the log is deleted or the permission runs out', async () => {
    for (const [event, state] of [
      ['deleted', 'deleted'],
      ['expired', 'login'],
    ] as const) {
      await newSession().start();
      latest().send(event, {});
      expect(told.at(-1)).toBe(state);
      expect(latest().closed).toBe(true);
    }
  });

  it('does nothing after it was stopped', async () => {
    const session = newSession();
    await session.start();
    session.stop();
    latest().batch(3, 1);
    latest().fail();
    await pass(600_000);
    expect(sources.length).toBe(1);
    expect(shown).toEqual([0, 1, 2]);
  });
});
