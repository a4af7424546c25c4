// TailraceClient: the API of one server, and of one log of it, as calls. Runs in browsers and Node.

import { ApiError } from './api.js';
import type { EntryPage, LogInfo, LogName, LogPage, PageQuery } from './api.js';

export interface ClientOptions {
  /** Sends cookies to another origin too; that one has to allow it. */
  credentials?: RequestCredentials;
  /** Sent with every request that is not an EventSource. */
  headers?: Record<string, string>;
}

async function getJson<T>(url: string, options: ClientOptions, signal?: AbortSignal): Promise<T> {
  let response: Response;
  try {
    response = await fetch(url, {
      headers: { Accept: 'application/json', ...options.headers },
      cache: 'no-store',
      credentials: options.credentials ?? 'same-origin',
      signal: signal ?? null,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, 'The server does not answer.');
  }
  if (response.ok) {
    try {
      return (await response.json()) as T;
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new ApiError(0, 'The answer was cut off.');
    }
  }
  throw new ApiError(response.status, await problemOf(response));
}

/** What a problem document (RFC 9457) says, or the status if there is none. */
async function problemOf(response: Response): Promise<string> {
  try {
    const problem = (await response.json()) as { title?: unknown; detail?: unknown };
    const text = problem.detail ?? problem.title;
    if (typeof text === 'string' && text !== '') return text;
  } catch {
    // Not a problem document.
  }
  return `The server answered ${response.status}.`;
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
    const response = await fetch(this.rawUrl({ from, to }), {
      headers: { ...this.options.headers },
      credentials: this.options.credentials ?? 'same-origin',
      signal: signal ?? null,
    });
    if (!response.ok) throw new ApiError(response.status, await problemOf(response));
    return response.text();
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
