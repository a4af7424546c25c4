// Asking the server for a search until it has answered: what passes is waited out, and said.

import { ApiError } from '../client/api.js';
import type { SearchEnd, SearchPart, SearchQuery } from '../client/search.js';

export interface SearchSource {
  search(query: SearchQuery, signal: AbortSignal): AsyncIterable<readonly SearchPart[]>;
  setTimer(action: () => void, ms: number): number;
  clearTimer(timer: number): void;
}

/** Why a search does not go on; only what is refused will not go on by itself. */
export interface SearchProblem {
  kind: 'refused' | 'busy' | 'trouble';
  text: string;
}

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 15_000;

const CAUSES: Record<string, string> = {
  deleted: 'The log is gone, or another one has its name.',
  slow: 'This expression takes too long for one of the lines.',
};

export class PatientSearch {
  #problem: SearchProblem | undefined;

  constructor(
    private readonly source: SearchSource,
    /** `problem` changed. */
    private readonly changed: () => void,
  ) {}

  get problem(): SearchProblem | undefined {
    return this.#problem;
  }

  forget(): void {
    this.#problem = undefined;
  }

  /**
   * Asks what `query` says, again and again until there is an end, and hands on what comes. Nothing
   * is returned if it was refused or given up. `query` is called for each attempt, so that it can
   * go on where the last one was cut.
   */
  async ask(
    query: () => SearchQuery,
    signal: AbortSignal,
    take: (parts: readonly SearchPart[]) => void,
  ): Promise<SearchEnd | undefined> {
    let retryMs = FIRST_RETRY_MS;
    while (!signal.aborted) {
      try {
        const end = await this.#once(query(), signal, take);
        if (signal.aborted) return undefined;
        const refused = CAUSES[end.cause ?? ''];
        if (refused !== undefined) return this.#say('refused', refused);
        if (end.complete || end.cause === 'limit') {
          if (this.#problem !== undefined) this.#set(undefined);
          return end;
        }
        this.#say('trouble', 'Stored lines cannot be read at the moment.');
      } catch (error) {
        if (signal.aborted) return undefined;
        if (!(error instanceof ApiError)) throw error;
        if (!error.temporary) return this.#say('refused', error.message);
        if (error.status === 429) {
          retryMs = Math.max(retryMs, error.retryAfterS * 1000);
          const wait = `Trying again in ${Math.ceil(retryMs / 1000)} s.`;
          this.#say('busy', `The server has many searches to do. ${wait}`);
        } else {
          this.#say('trouble', error.message);
        }
      }
      await this.#sleep(retryMs, signal);
      retryMs = Math.min(2 * retryMs, LAST_RETRY_MS);
    }
    return undefined;
  }

  async #once(
    query: SearchQuery,
    signal: AbortSignal,
    take: (parts: readonly SearchPart[]) => void,
  ): Promise<SearchEnd> {
    for await (const parts of this.source.search(query, signal)) {
      if (signal.aborted) break;
      take(parts);
      const last = parts.at(-1);
      if (last?.kind === 'end') return last.end;
    }
    throw new ApiError(0, 'The answer was cut off.');
  }

  #say(kind: SearchProblem['kind'], text: string): undefined {
    this.#set({ kind, text });
  }

  #set(problem: SearchProblem | undefined): void {
    this.#problem = problem;
    this.changed();
  }

  #sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.source.setTimer(wake, ms);
      const { source } = this;
      function wake(): void {
        source.clearTimer(timer);
        signal.removeEventListener('abort', wake);
        resolve();
      }
      signal.addEventListener('abort', wake);
    });
  }
}
