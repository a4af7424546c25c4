// Requests as the client makes them, and what of their answers is an error.

import { ApiError } from './api.js';
import type { Problem } from './api.js';

export type Headers = Record<string, string>;

export interface ClientOptions {
  /**
   * As of fetch(). "include" sends cookies to another origin too; that one has to allow it. "omit"
   * sends none at all; streams are read by fetch() then.
   */
  credentials?: 'omit' | 'same-origin' | 'include';
  /**
   * Sent with every request, as {Authorization: 'Bearer …'}; a function is asked each time. With
   * headers, streams are read by fetch(), because an EventSource can't send any.
   */
  headers?: Headers | (() => Headers | Promise<Headers>);
  /** Instead of the global one. Streams are read by it too. */
  fetch?: typeof globalThis.fetch;
}

/** The answer, which is a good one. Fails with ApiError, or as the signal says. */
export async function request(
  url: string,
  accept: string,
  options: ClientOptions,
  signal?: AbortSignal,
): Promise<Response> {
  const { headers = {}, fetch = globalThis.fetch } = options;
  const own = typeof headers === 'function' ? await headers() : headers;
  let response: Response;
  try {
    response = await fetch(url, {
      headers: { Accept: accept, ...own },
      cache: 'no-store',
      credentials: options.credentials ?? 'same-origin',
      signal: signal ?? null,
    });
  } catch (error) {
    throw failure(error, 'The server does not answer.', signal);
  }
  if (response.ok) return response;
  const problem = await problemOf(response);
  const text = problem.detail ?? problem.title ?? `The server answered ${response.status}.`;
  throw new ApiError(response.status, text, retryAfter(response), problem);
}

export async function getJson<T>(
  url: string,
  options: ClientOptions,
  signal?: AbortSignal,
): Promise<T> {
  const response = await request(url, 'application/json', options, signal);
  try {
    return (await response.json()) as T;
  } catch (error) {
    throw failure(error, 'The answer was cut off.', signal);
  }
}

export async function getText(
  url: string,
  options: ClientOptions,
  signal?: AbortSignal,
): Promise<string> {
  const response = await request(url, 'text/plain', options, signal);
  try {
    return await response.text();
  } catch (error) {
    throw failure(error, 'The answer was cut off.', signal);
  }
}

/** What to throw for `error`, which fetch() or the reading of a body failed with. */
export function failure(error: unknown, message: string, signal?: AbortSignal): unknown {
  if (signal?.aborted) return error;
  const made = new ApiError(0, message);
  made.cause = error;
  return made;
}

export function parameters(values: Record<string, string | number | readonly string[]>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    for (const one of Array.isArray(value) ? (value as readonly string[]) : [value])
      query.append(name, String(one));
  }
  return query.toString();
}

async function problemOf(response: Response): Promise<Problem> {
  try {
    const problem: unknown = await response.json();
    if (typeof problem === 'object' && problem !== null) return problem as Problem;
  } catch {
    // Not a problem document.
  }
  return {};
}

/** Only as seconds, which is what the server and the proxies in front of it send. */
function retryAfter(response: Response): number {
  return Number(response.headers.get('Retry-After')) || 0;
}
