// One log as it is watched: the newest page first, or none, then the live stream behind it. No DOM
// here.

import { ApiError } from './api.js';
import type { Entry, EntryPage, Gap, LogInfo, Outcome } from './api.js';
import type { Channel, ChannelListener } from './channel.js';
import { Connection } from './connection.js';
import type { Clock } from './connection.js';

export type SessionState =
  | { kind: 'connecting' }
  | { kind: 'waiting' } // The log does not exist yet.
  | { kind: 'live' }
  | { kind: 'catching-up'; position: number; head: number }
  | { kind: 'reconnecting'; at: number; problem: string } // `at`: the time of the next attempt.
  | { kind: 'ended' }
  | { kind: 'deleted' }
  | { kind: 'login' } // The reader has to log in (again).
  | { kind: 'failed'; problem: string; error: ApiError }; // Asking again is useless.

/**
 * Entries [from, to) as the server sent them: {"from":…,"entries":[…]}. Nobody has parsed them: a
 * reader who does not look at them need not pay for them.
 */
export interface Batch {
  from: number;
  to: number;
  data: string;
}

/** Reads a batch. Entries that are not what they should be are left out. */
export function entriesOf(batch: Batch): Entry[] {
  try {
    const { entries } = JSON.parse(batch.data) as { entries: Entry[] };
    return entries.filter((entry) => entry.n >= batch.from && entry.n < batch.to);
  } catch {
    return [];
  }
}

export interface SessionListener {
  stateChanged(state: SessionState): void;
  infoChanged(info: LogInfo): void;
  /** The newest entries, once at the beginning. */
  snapshot(page: EntryPage): void;
  /** New entries in order. The first of them may be known already. */
  batch(batch: Batch): void;
  gap(gap: Gap): void;
  /** All that was shown belongs to another log, or never was in this one. */
  reset(cause: string, incarnation: string): void;
  ended(outcome: Outcome): void;
}

/** What a LogHandle and a clock bring along; tests replace it. */
export interface Surroundings extends Clock {
  newest(): Promise<EntryPage>;
  info(): Promise<LogInfo>;
  open(cursor: string, listener: ChannelListener): Channel;
}

/** Where to begin: with a page of the newest entries, at a cursor, or so many before the end. */
export type SessionStart = 'newest' | { from: number | string } | { tail: number };

export interface SessionOptions {
  start?: SessionStart;
  /** A log that does not exist yet is waited for, unless this is false. */
  wait?: boolean;
}

/** So far behind, a reader is told how far. */
const FAR_BEHIND = 10_000;

export class Session {
  #state: SessionState = { kind: 'connecting' };
  #incarnation: string | undefined;
  #position = 0;
  #head = 0;
  readonly #connection: Connection;
  readonly #start: SessionStart;
  readonly #wait: boolean;

  constructor(
    private readonly listener: SessionListener,
    private readonly around: Surroundings,
    { start = 'newest', wait = true }: SessionOptions = {},
  ) {
    // Throws if it is none.
    if (typeof start === 'object' && 'from' in start) parseCursor(start.from);
    this.#start = start;
    this.#wait = wait;
    this.#connection = new Connection(
      {
        open: (channel) => this.around.open(this.cursor, channel),
        ask: () => this.#ask(),
        opened: () => this.#opened(),
        event: (type, data, id) => this.#event(type, data, id),
        waiting: (at, problem) => this.#enter({ kind: 'reconnecting', at, problem }),
        refused: (error) => this.#refused(error),
      },
      around,
    );
  }

  get state(): SessionState {
    return this.#state;
  }

  /** Behind what the listener has got: a later session may start from it. */
  get cursor(): string {
    const known = this.#incarnation;
    return known === undefined ? String(this.#position) : `${known}.${this.#position}`;
  }

  /** Never throws; what goes wrong is told to the listener and tried again where that may help. */
  async start(): Promise<void> {
    if (this.#connection.stopped) return;
    try {
      if (this.#start === 'newest') await this.#startWithNewest();
      else await this.#startAt(this.#start);
    } catch (error) {
      this.#startFailed(error);
    }
  }

  async #startWithNewest(): Promise<void> {
    const page = await this.around.newest();
    if (this.#connection.stopped) return;
    this.#incarnation = page.incarnation;
    this.#position = page.position;
    this.#head = page.position;
    this.listener.snapshot(page);
    // After the page, so that an outcome is known to all who see the last line.
    const info = await this.around.info();
    if (this.#connection.stopped) return;
    this.listener.infoChanged(info);
    if (page.state === 'ended' && info.incarnation === page.incarnation && info.outcome) {
      this.#finish({ kind: 'ended' });
      this.listener.ended({ ...info, outcome: info.outcome });
      return;
    }
    this.#connection.open();
  }

  async #startAt(start: { from: number | string } | { tail: number }): Promise<void> {
    const cursor = 'from' in start ? parseCursor(start.from) : { position: 0 };
    this.#incarnation = cursor.incarnation;
    this.#position = cursor.position;
    const info = await this.around.info();
    if (this.#connection.stopped) return;
    // A cursor into another log is the stream's affair, which tells of it.
    this.#incarnation ??= info.incarnation;
    if ('tail' in start) this.#position = Math.max(info.first, info.position - start.tail);
    if (this.#incarnation === info.incarnation) this.#head = info.position;
    this.listener.infoChanged(info);
    if (cursor.ended) this.#finish({ kind: 'ended' });
    else this.#connection.open();
  }

  stop(): void {
    this.#connection.stop();
  }

  /** Nothing more comes until resume(), and then exactly what follows. */
  pause(): void {
    this.#connection.close();
  }

  resume(): void {
    const { kind } = this.#state;
    const waits = kind === 'connecting' || kind === 'reconnecting';
    if (!waits && !isOver(this.#state) && !this.#connection.isOpen && !this.#connection.stopped)
      this.#connection.open();
  }

  /** Does now what waits for its time: the reader asked, or the network is back. */
  retryNow(): void {
    this.#connection.retryNow();
  }

  #startFailed(error: unknown): void {
    if (this.#connection.stopped) return;
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 404 && this.#incarnation !== undefined) {
      this.#finish({ kind: 'deleted' });
    } else if (error.status === 404 && this.#wait) {
      this.#enter({ kind: 'waiting' });
      this.#connection.open();
    } else if (error.temporary) {
      this.#connection.later(error.message, () => void this.start(), error.retryAfterS * 1000);
    } else {
      this.#refused(error);
    }
  }

  #refused(error: ApiError): void {
    if (error.status === 401) this.#finish({ kind: 'login' });
    else this.#finish({ kind: 'failed', problem: error.message, error });
  }

  #event(type: string, data: string, id: string): void {
    switch (type) {
      case 'message':
        this.#batch(data, id);
        break;
      case 'gap':
        this.#gap(JSON.parse(data) as Gap);
        break;
      case 'reset': {
        const { incarnation = '', cause = '' } = JSON.parse(data) as Record<string, string>;
        this.listener.reset(cause, incarnation);
        this.#began(incarnation, 0);
        break;
      }
      case 'end':
        this.#incarnation ??= incarnationOf(id); // A log that ended without a line.
        this.#finish({ kind: 'ended' });
        this.listener.ended(JSON.parse(data) as Outcome);
        this.#refresh();
        break;
      case 'deleted':
        this.#finish({ kind: 'deleted' });
        break;
      case 'expired':
        this.#finish({ kind: 'login' });
        break;
    }
  }

  #opened(): void {
    if (this.#incarnation === undefined) {
      this.#enter({ kind: 'waiting' });
      return;
    }
    const returned = this.#state.kind === 'reconnecting';
    this.#followed();
    if (returned) this.#refresh(); // Tells how far behind we are.
  }

  #batch(data: string, id: string): void {
    this.#connection.works();
    if (this.#incarnation === undefined) this.#began(incarnationOf(id), this.#position);
    const from = Number(/^\{"from":([0-9]+)/.exec(data)?.[1]);
    const to = positionOf(id);
    if (!(to > this.#position) || Number.isNaN(from)) return;
    this.#position = to;
    this.listener.batch({ from, to, data });
    this.#followed();
  }

  /** Live, unless the server is known to have much more than what has come. */
  #followed(): void {
    this.#head = Math.max(this.#head, this.#position);
    const { kind } = this.#state;
    const behind = this.#head - this.#position;
    if (behind > FAR_BEHIND || (kind === 'catching-up' && behind > 0))
      this.#enter({ kind: 'catching-up', position: this.#position, head: this.#head });
    else if (kind !== 'live') this.#enter({ kind: 'live' });
  }

  #gap(gap: Gap): void {
    this.listener.gap(gap);
    this.#position = Math.max(this.#position, gap.to);
  }

  #began(incarnation: string, position: number): void {
    this.#incarnation = incarnation;
    this.#position = position;
    this.#head = position;
    this.#enter({ kind: 'live' });
    this.#refresh();
  }

  /** Title, times and labels may come late: nothing hangs on them. */
  #refresh(): void {
    this.around.info().then(
      (info) => {
        if (info.incarnation !== this.#incarnation) return;
        this.#head = Math.max(this.#head, info.position);
        this.listener.infoChanged(info);
        if (this.#connection.isOpen && this.#state.kind === 'live') this.#followed();
      },
      () => undefined,
    );
  }

  /** Whether the log can be read, before the stream is opened again. */
  async #ask(): Promise<void> {
    try {
      const info = await this.around.info();
      if (info.incarnation === this.#incarnation) this.#head = Math.max(this.#head, info.position);
    } catch (error) {
      // The stream itself tells what became of a log that is gone.
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
    }
  }

  #finish(state: SessionState): void {
    this.#connection.close();
    this.#enter(state);
  }

  #enter(state: SessionState): void {
    this.#state = state;
    this.listener.stateChanged(state);
  }
}

/** Nothing more will come. */
export function isOver(state: SessionState): boolean {
  return ['ended', 'deleted', 'login', 'failed'].includes(state.kind);
}

/** Every event with entries has the id INCARNATION.POSITION, `end` has INCARNATION.POSITION.end. */
function incarnationOf(id: string): string {
  return id.split('.')[0] ?? '';
}

function positionOf(id: string): number {
  return Number(id.split('.')[1]);
}

function parseCursor(cursor: number | string): {
  incarnation?: string;
  position: number;
  ended?: boolean;
} {
  const match = /^(?:([A-Za-z0-9_-]+)\.)?([0-9]+)(\.end)?$/.exec(String(cursor));
  if (match === null)
    throw new TypeError(`A cursor is a position or INCARNATION.POSITION, not "${cursor}".`);
  const [, incarnation, position, end] = match;
  return {
    ...(incarnation === undefined ? {} : { incarnation }),
    position: Number(position),
    ended: end !== undefined,
  };
}
