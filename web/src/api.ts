// The parts of the HTTP API that the pages use, as types and calls.

import { base } from './base.js';

export type OutcomeKind = 'succeeded' | 'failed' | 'cancelled' | 'lost';

export interface LogInfo {
  type: string;
  id: string;
  title?: string | null;
  incarnation: string;
  state: 'open' | 'ended';
  outcome?: OutcomeKind | null;
  exit_code?: number | null;
  reason?: string | null;
  first: number;
  position: number;
  created: string;
  ended?: string | null;
}

export interface Entry {
  /** Its position: entry 0 is line 1. */
  n: number;
  time: string;
  text: string;
  stream?: string;
  source?: string;
  level?: string;
  partial?: boolean;
  /** Lines lost upstream just before this entry; null: nobody knows how many. */
  lost?: number | null;
}

export interface EntryPage {
  incarnation: string;
  first: number;
  position: number;
  entries: Entry[];
  state: 'open' | 'ended';
}

export interface LogPage {
  logs: LogInfo[];
  next?: string | null;
}

export interface LogName {
  type: string;
  id: string;
}

/** An answer that is not the one asked for; status 0: no answer at all. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
  /** Asking again later may help. */
  get temporary(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

async function getJson<T>(url: string): Promise<T> {
  let response: Response;
  try {
    response = await fetch(url, { headers: { Accept: 'application/json' }, cache: 'no-store' });
  } catch {
    throw new ApiError(0, 'The server does not answer.');
  }
  if (response.ok) {
    try {
      return (await response.json()) as T;
    } catch {
      throw new ApiError(0, 'The answer was cut off.');
    }
  }
  let message = `The server answered ${response.status}.`;
  try {
    const problem = (await response.json()) as { title?: unknown; detail?: unknown };
    const text = problem.detail ?? problem.title;
    if (typeof text === 'string' && text !== '') message = text;
  } catch {
    // Not a problem document; the status has to do.
  }
  if (response.status === 401) goToLogin();
  throw new ApiError(response.status, message);
}

/** Whoever is not logged in is sent to the login page, and comes back from there. */
export function goToLogin(): void {
  const path = location.pathname.slice(base.length + 1);
  const login = `${base}/login`;
  location.assign(path === '' ? login : `${login}?next=${encodeURIComponent(path)}`);
}

function logUrl(log: LogName): string {
  return `${base}/api/v1/logs/${log.type}/${log.id}`;
}

export function getInfo(log: LogName): Promise<LogInfo> {
  return getJson<LogInfo>(logUrl(log));
}

export type PageQuery =
  { tail: number } | { before: number; limit: number } | { from: number; limit: number };

export function getEntries(log: LogName, query: PageQuery): Promise<EntryPage> {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) parameters.set(name, String(value));
  return getJson<EntryPage>(`${logUrl(log)}/entries?${parameters.toString()}`);
}

/** `after` is a `next` of the page before. */
export function getLogs(limit: number, after?: string): Promise<LogPage> {
  const parameters = new URLSearchParams({ limit: String(limit) });
  if (after !== undefined) parameters.set('after', after);
  return getJson<LogPage>(`${base}/api/v1/logs?${parameters.toString()}`);
}

/** The live stream behind `cursor`: "INCARNATION.POSITION" or "0". */
export function eventsUrl(log: LogName, cursor: string): string {
  return `${logUrl(log)}/events?from=${cursor}&format=batch`;
}

export function rawUrl(log: LogName): string {
  return `${logUrl(log)}/raw`;
}

export const listEventsUrl = `${base}/api/v1/logs/events`;
