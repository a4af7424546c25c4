// One log as it is watched: the newest page first, then the live stream behind it. No DOM here.
//
// Reconnecting is done here and not left to the browser: a page can then say when it will happen,
// and no status but 200 ends it for good.

import { ApiError } from './api.js';
import type { EntryPage, Gap, LogInfo, Outcome } from './api.js';

export type SessionState =
  | { kind: 'connecting' }
  | { kind: 'waiting' } // The log does not exist yet.
  | { kind: 'live' }
  | { kind: 'catching-up'; position: number; head: number }
  | { kind: 'reconnecting'; at: number; problem: string } // `at`: the time of the next attempt.
  | { kind: 'ended' }
  | { kind: 'deleted' }
  | { kind: 'login' } // The reader has to log in (again).
  | { kind: 'failed'; problem: string }; // Asking again is useless.

/**
 * Entries [from, to) as the server sent them: {"from":…,"entries":[…]}. Nobody has parsed them: a
 * reader who does not look at them need not pay for them.
 */
export interface Batch {
  from: number;
  to: number;
  data: string;
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

/** What a LogHandle and a browser bring along; tests replace it. */
export interface Surroundings {
  newest(): Promise<EntryPage>;
  info(): Promise<LogInfo>;
  openEventSource(cursor: string): EventSource;
  setTimer(action: () => void, ms: number): number;
  clearTimer(timer: number): void;
  now(): number;
  random(): number;
}

/** A server sends a ping every 15 s (± 10 %); after two that did not come the line is dead. */
export const SILENCE_MS = 35_000;
/** As the server's own retry: many readers must not come back at the same moment. */
const FIRST_RETRY_MS = 2_000;
const LAST_RETRY_MS = 30_000;
/** So far behind, a reader is told how far. */
const FAR_BEHIND = 10_000;

export class Session {
  #state: SessionState = { kind: 'connecting' };
  #incarnation: string | undefined;
  #position = 0;
  #head = 0;
  #source: EventSource | undefined;
  #heard = 0;
  #watch: number | undefined;
  #retry: number | undefined;
  #retryMs = FIRST_RETRY_MS;
  #retryAction: (() => void) | undefined;
  #stopped = false;

  constructor(
    private readonly listener: SessionListener,
    private readonly around: Surroundings,
  ) {}

  get state(): SessionState {
    return this.#state;
  }

  /** Never throws; what goes wrong is told to the listener and tried again where that may help. */
  async start(): Promise<void> {
    if (this.#stopped) return;
    try {
      const page = await this.around.newest();
      if (this.#stopped) return;
      this.#incarnation = page.incarnation;
      this.#position = page.position;
      this.#head = page.position;
      this.listener.snapshot(page);
      // After the page, so that an outcome is known to all who see the last line.
      const info = await this.around.info();
      if (this.#stopped) return;
      this.listener.infoChanged(info);
      if (page.state === 'ended' && info.incarnation === page.incarnation && info.outcome) {
        this.#finish({ kind: 'ended' });
        this.listener.ended({ ...info, outcome: info.outcome });
        return;
      }
      this.#open();
    } catch (error) {
      this.#startFailed(error);
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#close();
    this.#cancelRetry();
  }

  /** Does now what waits for its time: the reader asked, or the network is back. */
  retryNow(): void {
    const action = this.#retryAction;
    if (action === undefined) return;
    this.#cancelRetry();
    action();
  }

  #startFailed(error: unknown): void {
    if (this.#stopped) return;
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 404 && this.#incarnation !== undefined) {
      this.#finish({ kind: 'deleted' });
    } else if (error.status === 404) {
      this.#enter({ kind: 'waiting' });
      this.#open();
    } else if (error.status === 401) {
      this.#finish({ kind: 'login' });
    } else if (error.temporary) {
      this.#later(error.message, () => void this.start());
    } else {
      this.#finish({ kind: 'failed', problem: error.message });
    }
  }

  #open(): void {
    const known = this.#incarnation;
    const source = this.around.openEventSource(
      known === undefined ? '0' : `${known}.${this.#position}`,
    );
    this.#source = source;
    this.#heard = this.around.now();
    const on = (type: string, action: (event: MessageEvent<string>) => void) => {
      source.addEventListener(type, (event) => {
        if (this.#source !== source) return; // A late event of one that was closed.
        this.#heard = this.around.now();
        action(event as MessageEvent<string>);
      });
    };
    on('open', () => this.#opened());
    on('error', () => this.#interrupted('The connection was interrupted.'));
    on('message', (event) => this.#batch(event));
    on('gap', (event) => this.#gap(JSON.parse(event.data) as Gap));
    on('reset', (event) => {
      const { incarnation, cause } = JSON.parse(event.data) as Record<string, string>;
      this.listener.reset(cause ?? '', incarnation ?? '');
      this.#began(incarnation ?? '', 0);
    });
    on('end', (event) => {
      this.#incarnation ??= incarnationOf(event); // A log that ended without a line.
      this.#finish({ kind: 'ended' });
      this.listener.ended(JSON.parse(event.data) as Outcome);
      this.#refresh();
    });
    on('deleted', () => this.#finish({ kind: 'deleted' }));
    on('expired', () => this.#finish({ kind: 'login' }));
    on('ping', () => undefined);
    this.#watchSilence();
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

  #batch(event: MessageEvent<string>): void {
    this.#retryMs = FIRST_RETRY_MS;
    if (this.#incarnation === undefined) this.#began(incarnationOf(event), 0);
    const { data } = event;
    const from = Number(/^\{"from":([0-9]+)/.exec(data)?.[1]);
    const to = positionOf(event);
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
        if (this.#source !== undefined && this.#state.kind === 'live') this.#followed();
      },
      () => undefined,
    );
  }

  #interrupted(problem: string): void {
    this.#close();
    this.#later(problem, () => void this.#reopen());
  }

  /** An EventSource does not say why it failed; a plain question does. */
  async #reopen(): Promise<void> {
    try {
      const info = await this.around.info();
      if (this.#stopped) return;
      if (info.incarnation === this.#incarnation) this.#head = Math.max(this.#head, info.position);
      this.#open();
    } catch (error) {
      if (this.#stopped || !(error instanceof ApiError)) return;
      if (error.status === 401) this.#finish({ kind: 'login' });
      else if (error.status === 403) this.#finish({ kind: 'failed', problem: error.message });
      // The stream itself tells what became of a log that is gone.
      else if (error.status === 404) this.#open();
      else this.#interrupted(error.message);
    }
  }

  #later(problem: string, action: () => void): void {
    const wait = this.#retryMs * (1 + this.around.random());
    this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS / 2);
    this.#retryAction = () => {
      this.#cancelRetry();
      if (!this.#stopped) action();
    };
    this.#retry = this.around.setTimer(this.#retryAction, wait);
    this.#enter({ kind: 'reconnecting', at: this.around.now() + wait, problem });
  }

  #cancelRetry(): void {
    if (this.#retry !== undefined) this.around.clearTimer(this.#retry);
    this.#retry = undefined;
    this.#retryAction = undefined;
  }

  /** A connection that died without a word is opened again: TCP alone would take many minutes. */
  #watchSilence(): void {
    this.#watch = this.around.setTimer(() => {
      if (this.around.now() - this.#heard >= SILENCE_MS) {
        this.#interrupted('The server has been silent for too long.');
      } else {
        this.#watchSilence();
      }
    }, SILENCE_MS / 7);
  }

  #finish(state: SessionState): void {
    this.#close();
    this.#enter(state);
  }

  #enter(state: SessionState): void {
    this.#state = state;
    this.listener.stateChanged(state);
  }

  #close(): void {
    this.#source?.close();
    this.#source = undefined;
    if (this.#watch !== undefined) this.around.clearTimer(this.#watch);
    this.#watch = undefined;
  }
}

/** Every event with entries has the id INCARNATION.POSITION, `end` has INCARNATION.POSITION.end. */
function incarnationOf(event: MessageEvent<string>): string {
  return event.lastEventId.split('.')[0] ?? '';
}

function positionOf(event: MessageEvent<string>): number {
  return Number(event.lastEventId.split('.')[1]);
}
