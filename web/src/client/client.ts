// TailraceClient: the API of one server, and of one log of it, as calls. Runs in browsers and Node.

import { isLogName } from './api.js';
import type { EntryPage, LogInfo, LogName, LogPage, LogQuery, PageQuery } from './api.js';
import { openChannel } from './channel.js';
import { systemClock } from './connection.js';
import { getJson, getText, parameters } from './http.js';
import type { ClientOptions } from './http.js';
import { ListSession } from './list-session.js';
import type { ListListener } from './list-session.js';
import { searchAll, searchLog } from './search.js';
import type { SearchOptions, SearchPart, SearchQuery, SearchResult } from './search.js';
import { Session } from './session.js';
import type { SessionListener, SessionOptions } from './session.js';
import { streamOf } from './stream.js';
import type { StreamEvent, StreamOptions } from './stream.js';

/** Enough to fill a large screen; the rest comes as it is wanted. */
export const NEWEST_LINES = 200;
const PAGE_LINES = 1000;

/** What a log was at one moment, and the cursor that a stream goes on from. */
export interface Snapshot extends EntryPage {
  cursor: string;
}

/** One log, by the URL of its API: "https://logs.example/api/v1/logs/deploy/42". */
export class LogHandle {
  constructor(
    readonly url: string,
    readonly options: ClientOptions = {},
  ) {}

  info(signal?: AbortSignal): Promise<LogInfo> {
    return getJson<LogInfo>(this.url, this.options, signal);
  }

  /** One page. It may have fewer entries than asked for: the server bounds it. */
  entries(query: PageQuery, signal?: AbortSignal): Promise<EntryPage> {
    return getJson<EntryPage>(`${this.url}/entries?${parameters(query)}`, this.options, signal);
  }

  /** The newest entries. */
  async snapshot({
    lines = NEWEST_LINES,
    signal,
  }: { signal?: AbortSignal | undefined; lines?: number } = {}): Promise<Snapshot> {
    const page = await this.entries({ tail: lines }, signal);
    return { ...page, cursor: `${page.incarnation}.${page.position}` };
  }

  /** Page by page, the entries of positions [from, to); `to`: the end as it is when asked for. */
  async *pages({
    from = 0,
    to = Infinity,
    limit = PAGE_LINES,
    signal,
  }: {
    signal?: AbortSignal | undefined;
    from?: number;
    to?: number;
    limit?: number;
  } = {}): AsyncGenerator<EntryPage, void> {
    let end = to;
    for (let next = from; next < end;) {
      const page = await this.entries({ from: next, limit: Math.min(limit, end - next) }, signal);
      end = Math.min(end, page.position);
      const last = Math.max(
        page.entries.at(-1)?.n ?? -1,
        page.first - 1,
        ...(page.gaps ?? []).map((gap) => gap.to - 1),
      );
      if (page.entries.length > 0 || (page.gaps?.length ?? 0) > 0) yield page;
      if (last < next) return; // Nothing there, or another log by now.
      next = last + 1;
    }
  }

  /**
   * What comes, in order, each entry once, over any number of connections: until the log ends or is
   * deleted. Fails with ApiError when the server refuses (401, 403) or the signal's reason. If what
   * came is not taken for long, the connection is given up and opened again where it was.
   */
  stream(options: StreamOptions = {}): AsyncGenerator<StreamEvent, void> {
    return streamOf((listener, start) => this.#session(listener, start), options);
  }

  /** The same as calls; begins at once. Batches are not parsed: entriesOf() does it. */
  follow(listener: SessionListener, options: SessionOptions = {}): Session {
    const session = this.#session(listener, options);
    void session.start();
    return session;
  }

  /** The text as a download: all of it, or the entries of positions [from, to). */
  rawUrl(range?: { from: number; to: number }, timestamps = false): string {
    const query = parameters({ ...range, ...(timestamps ? { timestamps: 1 } : {}) });
    return `${this.url}/raw${query === '' ? '' : `?${query}`}`;
  }

  /** The text of the entries of positions [from, to), each with its line break. */
  text(from: number, to: number, signal?: AbortSignal): Promise<string> {
    return getText(this.rawUrl({ from, to }), this.options, signal);
  }

  /** What a search finds, as it is found: see searchLog. */
  search(query: SearchQuery, signal?: AbortSignal): AsyncGenerator<SearchPart> {
    return searchLog(this.url, query, this.options, signal);
  }

  /** The same as one answer, when it is there. */
  searchAll(query: SearchQuery, options: SearchOptions = {}): Promise<SearchResult> {
    return searchAll(this.search(query, options.signal), options);
  }

  #session(listener: SessionListener, options: SessionOptions): Session {
    return new Session(
      listener,
      {
        ...systemClock,
        newest: () => this.entries({ tail: NEWEST_LINES }),
        info: () => this.info(),
        open: (cursor, channel) =>
          openChannel(`${this.url}/events?from=${cursor}&format=batch`, this.options, channel),
      },
      options,
    );
  }
}

export class TailraceClient {
  readonly base: string;

  /**
   * `base`: where the server is, with the path that it is under: "https://ci.example/logs". "" is
   * the page's own origin; in Node there is none.
   */
  constructor(
    base = '',
    readonly options: ClientOptions = {},
  ) {
    this.base = base.replace(/\/+$/, '');
  }

  /** Throws TypeError for a name that no log can have. */
  log({ type, id }: LogName): LogHandle {
    if (!isLogName(type, id)) throw new TypeError(`No log can have the name "${type}/${id}".`);
    return new LogHandle(`${this.base}/api/v1/logs/${type}/${id}`, this.options);
  }

  /** One page, newest first; `after` is the `next` of the page before. A page may be empty. */
  list(query: LogQuery = {}, signal?: AbortSignal): Promise<LogPage> {
    const { labels = {}, ...rest } = query;
    const label = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
    const search = parameters({ ...rest, label });
    return getJson<LogPage>(`${this.base}/api/v1/logs?${search}`, this.options, signal);
  }

  /** All that fit, newest first, asked for page by page. */
  async *logs(query: LogQuery = {}, signal?: AbortSignal): AsyncGenerator<LogInfo, void> {
    for (let after = query.after; ;) {
      const page = await this.list(after === undefined ? query : { ...query, after }, signal);
      yield* page.logs;
      if (!page.next) return;
      after = page.next;
    }
  }

  /** Logs as they are created, end and are deleted; begins at once. */
  followList(listener: ListListener): ListSession {
    const session = new ListSession(listener, {
      ...systemClock,
      ask: async () => void (await this.list({ limit: 1 })),
      open: (channel) => openChannel(`${this.base}/api/v1/logs/events`, this.options, channel),
    });
    session.start();
    return session;
  }
}
