// One log as a page watches it: the newest page first, then the live stream behind it. No DOM here.

import { ApiError, eventsUrl } from './api.js';
import type { Entry, EntryPage, LogInfo, LogName, OutcomeKind, PageQuery } from './api.js';

export type Connection =
  | 'connecting'
  | 'waiting' // The log does not exist yet.
  | 'live'
  | 'reconnecting'
  | 'ended'
  | 'deleted'
  | 'expired' // The reader's permission ran out.
  | 'failed'; // Asking again is useless.

export interface Outcome {
  outcome: OutcomeKind;
  exit_code?: number | null;
  reason?: string | null;
  position?: number;
}

export interface Gap {
  from: number;
  to: number;
  cause?: string;
  lost?: number | null;
}

export interface SessionListener {
  /** `problem` says why, for 'failed' and 'reconnecting'. */
  connectionChanged(connection: Connection, problem?: string): void;
  infoChanged(info: LogInfo): void;
  /** The newest entries, once at the beginning. */
  snapshot(page: EntryPage): void;
  /** New entries in order, each once. */
  appended(entries: Entry[]): void;
  gap(gap: Gap): void;
  /** All that was shown belongs to another log, or never was in this one. */
  reset(cause: string): void;
  ended(outcome: Outcome): void;
}

/** What a browser brings along; tests replace it. */
export interface Surroundings {
  getEntries(log: LogName, query: PageQuery): Promise<EntryPage>;
  getInfo(log: LogName): Promise<LogInfo>;
  openEventSource(url: string): EventSource;
  setTimer(action: () => void, ms: number): number;
  clearTimer(timer: number): void;
  now(): number;
  random(): number;
}

/** How many entries a page has at first, and each older one. */
export const PAGE_ENTRIES = 1000;

/** A server sends something every 15 s (± 10 %); after three that did not come the line is dead. */
const SILENCE_MS = 50_000;
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 30_000;
const CLOSED = 2; // EventSource.CLOSED

export class Session {
  #incarnation: string | undefined;
  #position = 0;
  #source: EventSource | undefined;
  #heard = 0;
  #watch: number | undefined;
  #retry: number | undefined;
  #retryMs = FIRST_RETRY_MS;
  #stopped = false;

  constructor(
    private readonly log: LogName,
    private readonly listener: SessionListener,
    private readonly around: Surroundings,
  ) {}

  /** Never throws; what goes wrong is told to the listener and tried again where that may help. */
  async start(): Promise<void> {
    if (this.#stopped) return;
    try {
      const page = await this.around.getEntries(this.log, { tail: PAGE_ENTRIES });
      if (this.#stopped) return;
      this.#incarnation = page.incarnation;
      this.#position = page.position;
      this.listener.snapshot(page);
      // After the page, so that an outcome is known to all who see the last line.
      const info = await this.around.getInfo(this.log);
      if (this.#stopped) return;
      this.listener.infoChanged(info);
      if (page.state === 'ended' && info.incarnation === page.incarnation && info.outcome) {
        this.#finish('ended');
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
    if (this.#retry !== undefined) this.around.clearTimer(this.#retry);
  }

  #startFailed(error: unknown): void {
    if (this.#stopped) return;
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 404 && this.#incarnation !== undefined) {
      this.#finish('deleted');
    } else if (error.status === 404) {
      this.listener.connectionChanged('waiting');
      this.#open();
    } else if (error.temporary) {
      this.listener.connectionChanged('reconnecting', error.message);
      this.#later(() => void this.start());
    } else {
      this.#finish('failed', error.message);
    }
  }

  #open(): void {
    const known = this.#incarnation;
    const cursor = known === undefined ? '0' : `${known}.${this.#position}`;
    const source = this.around.openEventSource(eventsUrl(this.log, cursor));
    this.#source = source;
    this.#heard = this.around.now();
    const on = (type: string, action: (event: MessageEvent<string>) => void) => {
      source.addEventListener(type, (event) => {
        if (this.#source !== source) return; // A late event of one that was closed.
        this.#heard = this.around.now();
        action(event as MessageEvent<string>);
      });
    };
    on('open', () => {
      this.listener.connectionChanged(this.#incarnation === undefined ? 'waiting' : 'live');
    });
    on('error', () => this.#interrupted(source));
    on('message', (event) => this.#batch(event));
    on('gap', (event) => this.#gap(JSON.parse(event.data) as Gap));
    on('reset', (event) => {
      this.#began((JSON.parse(event.data) as { incarnation: string }).incarnation, 0);
      this.listener.reset((JSON.parse(event.data) as { cause: string }).cause);
    });
    on('end', (event) => {
      this.#incarnation ??= incarnationOf(event); // A log that ended without a line.
      this.#finish('ended');
      this.listener.ended(JSON.parse(event.data) as Outcome);
      this.#refresh();
    });
    on('deleted', () => this.#finish('deleted'));
    on('expired', () => this.#finish('expired'));
    on('ping', () => undefined);
    this.#watchSilence();
  }

  #batch(event: MessageEvent<string>): void {
    this.#retryMs = FIRST_RETRY_MS;
    const batch = JSON.parse(event.data) as { from: number; entries: Entry[] };
    if (this.#incarnation === undefined) this.#began(incarnationOf(event), 0);
    const fresh = batch.entries.filter((entry) => entry.n >= this.#position);
    const last = fresh.at(-1);
    if (last === undefined) return;
    this.#position = last.n + 1;
    this.listener.appended(fresh);
  }

  #gap(gap: Gap): void {
    if (gap.to <= gap.from) return; // Lost upstream: the entry behind it says so itself.
    this.listener.gap(gap);
    this.#position = Math.max(this.#position, gap.to);
  }

  #began(incarnation: string, position: number): void {
    this.#incarnation = incarnation;
    this.#position = position;
    this.listener.connectionChanged('live');
    this.#refresh();
  }

  /** Title, times and labels may come late: nothing hangs on them. */
  #refresh(): void {
    this.around.getInfo(this.log).then(
      (info) => {
        if (info.incarnation === this.#incarnation) this.listener.infoChanged(info);
      },
      () => undefined,
    );
  }

  #interrupted(source: EventSource): void {
    this.listener.connectionChanged('reconnecting');
    if (source.readyState !== CLOSED) return; // The browser tries again by itself.
    // Browsers give up for good on any status but 200, for instance a proxy's 502 during a restart.
    this.#close();
    this.#later(() => this.#open());
  }

  #later(action: () => void): void {
    const wait = this.#retryMs * (0.5 + this.around.random());
    this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS);
    this.#retry = this.around.setTimer(() => {
      this.#retry = undefined;
      if (!this.#stopped) action();
    }, wait);
  }

  /** A connection that died without a word is opened again: TCP alone would take many minutes. */
  #watchSilence(): void {
    this.#watch = this.around.setTimer(() => {
      if (this.around.now() - this.#heard >= SILENCE_MS) {
        this.listener.connectionChanged('reconnecting');
        this.#close();
        this.#open();
      } else {
        this.#watchSilence();
      }
    }, SILENCE_MS / 5);
  }

  #finish(connection: Connection, problem?: string): void {
    this.#close();
    this.listener.connectionChanged(connection, problem);
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
