// TailraceClient: the API of one server, and of one log of it, as calls. Runs in browsers and Node.

import type { EntryPage, LogInfo, LogName, LogPage, PageQuery } from './api.js';
import { getJson, request } from './http.js';
import type { ClientOptions } from './http.js';
import { searchLog } from './search.js';
import type { SearchPart, SearchQuery } from './search.js';

export type { ClientOptions } from './http.js';

/** One log, by the URL of its API: "https://logs.example/api/v1/logs/deploy/42". */
export class LogHandle {
  constructor(
    readonly url: string,
    readonly options: ClientOptions = {},
  ) {}

  info(signal?: AbortSignal): Promise<LogInfo> {
    return getJson<LogInfo>(this.url, this.options, signal);
  }

  entries(query: PageQuery, signal?: AbortSignal): Promise<EntryPage> {
    return getJson<EntryPage>(`${this.url}/entries?${parameters(query)}`, this.options, signal);
  }

  /** The live stream behind `cursor`: "INCARNATION.POSITION" or "0". */
  eventsUrl(cursor: string): string {
    return `${this.url}/events?from=${cursor}&format=batch`;
  }

  /** The text as a download: all of it, or the entries of positions [from, to). */
  rawUrl(range?: { from: number; to: number }, timestamps = false): string {
    const query = parameters({ ...range, ...(timestamps ? { timestamps: 1 } : {}) });
    return `${this.url}/raw${query === '' ? '' : `?${query}`}`;
  }

  /** The text of the entries of positions [from, to), each with its line break. */
  async text(from: number, to: number, signal?: AbortSignal): Promise<string> {
    const url = this.rawUrl({ from, to });
    const response = await request(url, 'text/plain', this.options, signal);
    return response.text();
  }

  /** What a search finds, as it is found: see searchLog. */
  search(query: SearchQuery, signal?: AbortSignal): AsyncGenerator<SearchPart> {
    return searchLog(this.url, query, this.options, signal);
  }
}

export class TailraceClient {
  /** `base`: where the server is, without a slash at the end; "" for the page's own. */
  constructor(
    readonly base = '',
    readonly options: ClientOptions = {},
  ) {}

  log(name: LogName): LogHandle {
    return new LogHandle(`${this.base}/api/v1/logs/${name.type}/${name.id}`, this.options);
  }

  /** Newest first; `after` is a `next` of the page before. */
  list(query: Record<string, string | number> = {}): Promise<LogPage> {
    return getJson<LogPage>(`${this.base}/api/v1/logs?${parameters(query)}`, this.options);
  }

  get listEventsUrl(): string {
    return `${this.base}/api/v1/logs/events`;
  }
}

function parameters(values: Record<string, string | number>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) query.set(name, String(value));
  return query.toString();
}
