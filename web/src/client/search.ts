// Searching in a log: GET …/search as it is streamed, one line of JSON for each thing found.
// Runs in browsers and Node.

import { ApiError } from './api.js';
import { request } from './http.js';
import type { ClientOptions } from './http.js';

export interface SearchQuery {
  /** May be empty if there is a filter: then every entry that passes it is found. */
  q: string;
  /** `q` is a regular expression (RE2). */
  regex?: boolean;
  /** Upper and lower case differ. */
  caseSensitive?: boolean;
  /** Positions [from, to); else all that the log has. */
  from?: number;
  to?: number;
  /** So many entries are told; all are counted. The server's default is 1,000. */
  limit?: number;
  /** false: the search ends at `limit`. */
  total?: boolean;
  /** Only entries with one of these; "": entries without one. */
  stream?: readonly string[];
  source?: readonly string[];
  level?: readonly string[];
}

/** Where in the entry's text: UTF-16 code units from `begin` up to `end`. */
export type Place = readonly [begin: number, end: number];

/** What the log was when the search began. */
export interface SearchBegin {
  incarnation: string;
  first: number;
  position: number;
  state: 'open' | 'ended';
  from: number;
  to: number;
}

export interface SearchMatch {
  /** The entry's position. */
  n: number;
  columns: readonly Place[];
  /** There are other places in this entry. */
  more?: boolean;
}

/** Up to here, so many entries matched. */
export interface SearchProgress {
  position: number;
  total: number;
}

export interface SearchEnd {
  /** Everything up to `to` was searched. */
  complete: boolean;
  cause?: 'limit' | 'deleted' | 'unavailable' | 'failed' | 'slow';
  searched: number;
  total: number;
}

export type SearchPart =
  | { kind: 'begin'; begin: SearchBegin }
  | { kind: 'match'; match: SearchMatch }
  | { kind: 'gap'; gap: { from: number; to: number; cause?: string } }
  | { kind: 'progress'; progress: SearchProgress }
  | { kind: 'end'; end: SearchEnd };

/**
 * What the search finds, in order, with an `end` as the last part; leaving the loop or the signal
 * ends the search on the server. Throws ApiError: 400 with the reason if the query is wrong, 429
 * with `retryAfterS` if the server has enough to do, status 0 if the answer was cut.
 */
export async function* searchLog(
  logUrl: string,
  query: SearchQuery,
  options: ClientOptions = {},
  signal?: AbortSignal,
): AsyncGenerator<SearchPart> {
  for await (const parts of searchChunks(logUrl, query, options, signal)) yield* parts;
}

/** The same, with all that came together at once: who takes many matches pays less for each. */
export async function* searchChunks(
  logUrl: string,
  query: SearchQuery,
  options: ClientOptions = {},
  signal?: AbortSignal,
): AsyncGenerator<SearchPart[]> {
  const url = `${logUrl}/search?${searchParameters(query)}`;
  const response = await request(url, 'application/x-ndjson', options, signal);
  const reader = response.body?.getReader();
  if (reader === undefined) throw new ApiError(0, 'The answer was cut off.');
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      const lines = (rest + decoder.decode(value, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      const parts = lines.map(partOf).filter((part) => part !== undefined);
      if (parts.length > 0) yield parts;
      if (parts.at(-1)?.kind === 'end') return;
    }
  } catch (error) {
    if (signal?.aborted || error instanceof ApiError) throw error;
    throw new ApiError(0, 'The answer was cut off.');
  } finally {
    reader.cancel().catch(() => undefined);
  }
  throw new ApiError(0, 'The answer was cut off.');
}

export interface SearchOptions {
  signal?: AbortSignal | undefined;
  /** How far it is, and how many entries matched up to there. */
  onProgress?: (progress: SearchProgress, to: number) => void;
}

export interface SearchResult extends SearchEnd {
  /** The first matches, `limit` of them at most; `total` counts all. */
  matches: SearchMatch[];
  incarnation: string;
}

/** Takes all that a search finds together. */
export async function searchAll(
  parts: AsyncIterable<SearchPart>,
  { onProgress }: SearchOptions = {},
): Promise<SearchResult> {
  const matches: SearchMatch[] = [];
  let begin: SearchBegin | undefined;
  for await (const part of parts) {
    if (part.kind === 'begin') begin = part.begin;
    else if (part.kind === 'match') matches.push(part.match);
    else if (part.kind === 'progress') onProgress?.(part.progress, begin?.to ?? 0);
    else if (part.kind === 'end')
      return { ...part.end, matches, incarnation: begin?.incarnation ?? '' };
  }
  throw new ApiError(0, 'The answer was cut off.');
}

/** The query as parameters of a URL, without those that have their default. */
export function searchParameters(query: SearchQuery): string {
  const parameters = new URLSearchParams({ q: query.q });
  if (query.regex) parameters.set('regex', '1');
  if (query.caseSensitive) parameters.set('case', '1');
  if (query.total === false) parameters.set('total', '0');
  for (const name of ['from', 'to', 'limit'] as const) {
    if (query[name] !== undefined) parameters.set(name, String(query[name]));
  }
  for (const name of ['stream', 'source', 'level'] as const) {
    for (const value of query[name] ?? []) parameters.append(name, value);
  }
  return parameters.toString();
}

/** What a line says; nothing if it is of a kind that is not known here. */
function partOf(line: string): SearchPart | undefined {
  if (line === '') return undefined;
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(line) as Record<string, unknown>;
  } catch {
    throw new ApiError(0, 'The server answered something that is no search result.');
  }
  if (typeof value['n'] === 'number') {
    return { kind: 'match', match: value as unknown as SearchMatch };
  }
  if (value['progress'] !== undefined) {
    return { kind: 'progress', progress: value['progress'] as SearchProgress };
  }
  if (value['end'] !== undefined) return { kind: 'end', end: value['end'] as SearchEnd };
  if (value['gap'] !== undefined) {
    return { kind: 'gap', gap: value['gap'] as { from: number; to: number; cause?: string } };
  }
  if (typeof value['incarnation'] === 'string') {
    return { kind: 'begin', begin: value as unknown as SearchBegin };
  }
  return undefined;
}
