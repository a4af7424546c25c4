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

export interface FindOptions {
  text: string;
  /** `text` is a regular expression (RE2). */
  regex: boolean;
  caseSensitive: boolean;
  /** One of these each, or any if there are none; "": entries without one. */
  stream: readonly string[];
  source: readonly string[];
  level: readonly string[];
  /** Only what matches is shown, with so many lines around it. */
  only: boolean;
  context: number;
}

/** What there is to say of a search. */
export interface FindState {
  total: number;
  /** 0 to 1. */
  progress: number;
  complete: boolean;
  /** The number of the match that the reader is at, from 1; 0: at none, or it is not known. */
  ordinal: number;
  /** The way to the next match is being looked for. */
  seeking: boolean;
  /** The last step went around the end of the log. */
  wrapped: boolean;
  /** More match than a filter can show. */
  full: boolean;
  problem: { kind: 'refused' | 'busy' | 'trouble'; text: string } | undefined;
}

export interface FirstError {
  /** The entry's position. */
  n: number;
  /** It is said by the level of the line, or by a word in its text. */
  by: 'level' | 'text';
}

/** `url`: where the text can be had that was too much for the clipboard, or did not get there. */
export type CopyResult =
  | { kind: 'copied'; lines: number }
  | { kind: 'too-many'; url: string; lines: number }
  | { kind: 'failed'; url: string; lines: number };

/** Looks for something in the whole log as the log's page does; what matches is marked. */
export interface ElementFinding {
  /** From now on, as the log grows; without an argument no more. */
  find(options?: Partial<FindOptions>): void;
  /** Goes to the next match, or to the one before. */
  next(forward?: boolean): void;
  /** Goes to the first error and marks it; says where it is. Fails with ApiError. */
  toFirstError(): Promise<FirstError | undefined>;
  /** How far it is; `undefined`: nothing is looked for. */
  readonly state: FindState | undefined;
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
  /** As of fetch(): "include" sends cookies to another origin, "omit" to none. */
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
  /** Puts the text of these entries on the clipboard; says what became of it. */
  copyLines(first: number, last: number): Promise<CopyResult>;
  readonly finding: ElementFinding;
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
  /** `finding.state` has changed; once a frame at most. */
  'tailrace-find': CustomEvent<FindState | undefined>;
  /** What became of a copy of lines that were not all in the browser. */
  'tailrace-copy': CustomEvent<CopyResult>;
}

declare global {
  interface HTMLElementTagNameMap {
    'tailrace-log': TailraceLogElement;
  }
  interface GlobalEventHandlersEventMap extends TailraceLogEventMap {}
}
