// The list of logs that fit a query, live: pages are asked for as they are wanted, and what begins,
// ends and goes is told by the server's list stream. No DOM here.

import { ApiError } from '../client/api.js';
import type { LogInfo } from '../client/api.js';
import type { TailraceClient } from '../client/client.js';
import type { ListSession } from '../client/list-session.js';
import { matches, serverQuery } from './list-query.js';
import type { ListFilter } from './list-query.js';
import { LogList } from './log-list.js';

const FIRST_LOGS = 100;
/** What the server gives at most. */
const PAGE_LOGS = 1000;
const RETRY_MS = 3_000;

export type FeedState = 'connecting' | 'live' | 'reconnecting';

export class LogFeed {
  state: FeedState = 'connecting';
  /** Why logs that were wanted are not here, or ''. */
  problem = '';
  /** The newest logs have come. */
  loaded = false;
  loading = false;
  #filter: ListFilter = { labels: {}, words: [] };
  #list = new LogList();
  #session: ListSession | undefined;
  /** Where the next older page begins; null: there is none. */
  #next: string | null = '';
  /** The oldest log that the server told of, wanted or not. */
  #oldest: LogInfo | undefined;
  #abort = new AbortController();
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly client: TailraceClient,
    private readonly changed: () => void,
    /** Nothing can be read without a login. */
    private readonly refused: (error: ApiError) => void,
  ) {}

  get logs(): readonly LogInfo[] {
    return this.#list.logs;
  }
  get complete(): boolean {
    return this.#next === null;
  }

  /** Begins, and begins anew with every other query. */
  show(filter: ListFilter): void {
    this.#filter = filter;
    this.#list = new LogList((log) => matches(filter, log));
    this.loaded = false;
    this.#next = '';
    this.#oldest = undefined;
    if (this.#session === undefined) this.#follow();
    else void this.#refresh();
    this.changed();
  }

  stop(): void {
    this.#session?.stop();
    this.#session = undefined;
    this.#abort.abort();
    clearTimeout(this.#retry);
  }

  retryNow(): void {
    this.#session?.retryNow();
    if (this.problem !== '' && this.state === 'live') void this.#refresh();
  }

  /** Older logs, until some of them fit. */
  async more(): Promise<void> {
    if (!this.loaded || this.loading || this.complete || this.problem !== '') return;
    const before = this.logs.length;
    await this.#read(async (signal) => {
      while (this.#next !== null && this.logs.length === before) {
        const page = await this.#page(PAGE_LOGS, signal);
        this.#list.olderPage(page);
        this.changed();
      }
    });
  }

  #follow(): void {
    this.#session = this.client.followList({
      // The stream first and the page behind it, so that no log falls between the two.
      opened: () => {
        this.state = 'live';
        void this.#refresh();
      },
      changed: (log) => {
        this.#list.change(log);
        this.changed();
      },
      deleted: (log) => {
        this.#list.remove(log);
        this.changed();
      },
      interrupted: (_at, problem) => {
        this.state = 'reconnecting';
        this.problem = problem;
        this.changed();
      },
      refused: this.refused,
    });
  }

  /** The newest logs, and again all that were here: they may have ended or gone meanwhile. */
  async #refresh(): Promise<void> {
    const before = this.loaded ? this.#oldest : undefined;
    this.#list.expectPage();
    await this.#read(async (signal) => {
      this.#next = '';
      const all: LogInfo[] = [];
      let limit = this.loaded ? PAGE_LOGS : FIRST_LOGS;
      do {
        all.push(...(await this.#page(limit, signal)));
        limit = PAGE_LOGS;
        const enough = this.loaded || all.length > 0 || this.#next === null;
        if (enough && (before === undefined || this.#isBehind(before))) break;
      } while (this.#next !== null);
      this.#list.newestPage(all, this.#next === null ? undefined : this.#oldest);
      this.loaded = true;
    });
  }

  #isBehind(log: LogInfo): boolean {
    return this.#oldest === undefined || this.#oldest.created <= log.created;
  }

  /** The next page; only what fits. */
  async #page(limit: number, signal: AbortSignal): Promise<LogInfo[]> {
    const after = this.#next === null || this.#next === '' ? {} : { after: this.#next };
    const page = await this.client.list({ ...serverQuery(this.#filter), limit, ...after }, signal);
    this.#oldest = page.logs.at(-1) ?? this.#oldest;
    this.#next = page.next ?? null;
    return page.logs.filter((log) => matches(this.#filter, log));
  }

  /** One reading at a time: the last one that was asked for. */
  async #read(action: (signal: AbortSignal) => Promise<void>): Promise<void> {
    this.#abort.abort();
    clearTimeout(this.#retry);
    const abort = new AbortController();
    this.#abort = abort;
    this.loading = true;
    try {
      await action(abort.signal);
      if (abort.signal.aborted) return;
      this.problem = '';
    } catch (error) {
      if (abort.signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      if (error.status === 401) this.refused(error);
      this.problem = error.message;
      if (error.temporary) this.#retry = setTimeout(() => void this.#refresh(), RETRY_MS);
    }
    this.loading = false;
    this.changed();
  }
}
