// One request of the API, and what went wrong with it in words.

import { ApiError } from './api.js';

export interface ClientOptions {
  /** Sends cookies to another origin too; that one has to allow it. */
  credentials?: RequestCredentials;
  /** Sent with every request that is not an EventSource. */
  headers?: Record<string, string>;
}

/** The answer if it is a good one. What is thrown: an ApiError, or the signal's own error. */
export async function request(
  url: string,
  accept: string,
  options: ClientOptions,
  signal?: AbortSignal,
): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, {
      headers: { Accept: accept, ...options.headers },
      cache: 'no-store',
      credentials: options.credentials ?? 'same-origin',
      signal: signal ?? null,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, 'The server does not answer.');
  }
  if (response.ok) return response;
  const { status, headers } = response;
  throw new ApiError(status, await problemOf(response), Number(headers.get('Retry-After')) || 0);
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
    if (signal?.aborted) throw error;
    throw new ApiError(0, 'The answer was cut off.');
  }
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
