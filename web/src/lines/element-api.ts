// What <tailrace-log> promises to the pages that embed it. The package's declarations are these.

import type { LogInfo, Outcome } from '../client/api.js';
import type { SearchOptions, SearchQuery } from '../client/search.js';
import type { SessionState } from '../client/session.js';

export interface ElementSearchOptions extends Omit<SearchQuery, 'q'>, SearchOptions {}

export interface ElementSearchResult {
  /** So many entries match. */
  total: number;
  /** Where the first of them are, `limit` (1,000) at most, in order. */
  positions: number[];
  /** All of the log was searched; else only up to `searched`. */
  complete: boolean;
  searched: number;
}

export interface TailraceLogElement extends HTMLElement {
  /** The log's URL in the API: "https://logs.example/api/v1/logs/deploy/42". */
  src: string;
  /** Long lines are wrapped, which is the default. */
  wrap: boolean;
  times: 'off' | 'clock' | 'date' | 'age' | 'elapsed';
  /** Times are shown in UTC and not in the reader's zone. */
  utc: boolean;
  /** Lines that are JSON are laid out. */
  json: boolean;
  /** As of fetch(): "include" sends cookies to another origin. */
  credentials: 'omit' | 'same-origin' | 'include';
  /** The end stays in view. */
  follow: boolean;
  readonly state: SessionState['kind'];
  /** The state with what belongs to it. */
  readonly session: SessionState;
  /** What the API says of the log, once it is known. */
  readonly info: LogInfo | undefined;
  readonly outcome: Outcome | undefined;
  /** How many entries the log has had, as far as is known. */
  readonly position: number;

  /** Brings the entry of this position into view and marks it, or all up to `last`. */
  goTo(first: number, last?: number): void;
  /** Marks the entries of these positions where they are, or none. */
  mark(lines: { first: number; last: number } | undefined): void;
  /** Finds entries in the whole log, on the server. Fails with ApiError. */
  search(query: string, options?: ElementSearchOptions): Promise<ElementSearchResult>;
  /** How many groups of lines are known, whether one is closed, and from which line on none is. */
  readonly groups: { count: number; anyClosed: boolean; fullAt: number | undefined };
  /** Closes all groups, or opens all. */
  foldAll(closed: boolean): void;
  toStart(): void;
  /** Scrolls by so many screenfuls. */
  page(count: number): void;
  /** Does what the key is for; says whether it is for anything here. */
  handleKey(event: KeyboardEvent): boolean;
  /** Tries again at once what waits for its time. */
  retryNow(): void;
}

/** They bubble, also out of shadow roots. */
export interface TailraceLogEventMap {
  'tailrace-state': CustomEvent<{ state: SessionState['kind'] }>;
  'tailrace-info': CustomEvent<LogInfo>;
  /** Once a frame at most. */
  'tailrace-position': CustomEvent<{ position: number }>;
  'tailrace-end': CustomEvent<Outcome>;
  /** A number was clicked; `extend`: with Shift. */
  'tailrace-line-click': CustomEvent<{ n: number; extend: boolean }>;
  /** The name of a source was pressed. */
  'tailrace-source-click': CustomEvent<{ source: string }>;
  /** More groups are known, or some were closed or opened. */
  'tailrace-groups': CustomEvent<object>;
}

declare global {
  interface HTMLElementTagNameMap {
    'tailrace-log': TailraceLogElement;
  }
  interface GlobalEventHandlersEventMap extends TailraceLogEventMap {}
}
