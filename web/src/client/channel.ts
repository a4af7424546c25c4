// One connection that events come from: by the browser's EventSource, or by fetch() where there is
// none (Node) or where it would not do: it can send no headers, and always sends cookies to the
// page's own origin. Neither comes back by itself.

import { ApiError } from './api.js';
import { failure, request } from './http.js';
import type { ClientOptions } from './http.js';
import { SseParser } from './sse.js';

/** Nothing is called after close(), and nothing after failed(). */
export interface ChannelListener {
  opened(): void;
  /** `type` is "message" for events without a name; `id`: the last one that was given. */
  event(type: string, data: string, id: string): void;
  /** It has ended, for whatever reason. */
  failed(problem: string): void;
}

export interface Channel {
  close(): void;
}

/** An EventSource has to be told the names of the events that it shall tell. */
const NAMES = ['message', 'gap', 'reset', 'end', 'ping', 'created', 'ended', 'deleted', 'expired'];

export const INTERRUPTED = 'The connection was interrupted.';

export function openChannel(
  url: string,
  options: ClientOptions,
  listener: ChannelListener,
): Channel {
  const { headers, fetch, credentials } = options;
  const plain = headers === undefined && fetch === undefined && credentials !== 'omit';
  return plain && typeof EventSource === 'function'
    ? openEventSource(url, options, listener)
    : openByFetch(url, options, listener);
}

function openEventSource(url: string, options: ClientOptions, listener: ChannelListener): Channel {
  const source = new EventSource(url, { withCredentials: options.credentials === 'include' });
  let closed = false;
  const close = () => {
    closed = true;
    source.close();
  };
  source.addEventListener('open', () => {
    if (!closed) listener.opened();
  });
  source.addEventListener('error', () => {
    if (closed) return;
    close();
    listener.failed(INTERRUPTED);
  });
  for (const name of NAMES) {
    source.addEventListener(name, (event) => {
      const { data, lastEventId } = event as MessageEvent<string>;
      if (!closed) listener.event(name, data, lastEventId);
    });
  }
  return { close };
}

function openByFetch(url: string, options: ClientOptions, listener: ChannelListener): Channel {
  const abort = new AbortController();
  const { signal } = abort;
  const told: ChannelListener = {
    opened: () => signal.aborted || listener.opened(),
    event: (type, data, id) => signal.aborted || listener.event(type, data, id),
    failed: listener.failed.bind(listener),
  };
  read(url, options, told, signal).then(
    () => signal.aborted || listener.failed(INTERRUPTED),
    (error: unknown) => {
      if (signal.aborted) return;
      abort.abort();
      if (!(error instanceof ApiError)) throw error;
      listener.failed(error.status === 0 ? INTERRUPTED : error.message);
    },
  );
  return { close: () => abort.abort() };
}

async function read(
  url: string,
  options: ClientOptions,
  listener: ChannelListener,
  signal: AbortSignal,
): Promise<void> {
  const response = await request(url, 'text/event-stream', options, signal);
  if (response.status !== 200 || response.body === null) return;
  listener.opened();
  const parser = new SseParser((type, data, id) => listener.event(type, data, id));
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  for (;;) {
    const piece = await reader.read().catch((error: unknown) => {
      throw failure(error, INTERRUPTED, signal);
    });
    if (piece.done) return;
    parser.push(decoder.decode(piece.value, { stream: true }));
  }
}
