// What the HTTP API says, as types. They hold in a browser and in Node alike.

export type OutcomeKind = 'succeeded' | 'failed' | 'cancelled' | 'lost';

export interface LogInfo {
  type: string;
  id: string;
  title?: string | null;
  labels?: Record<string, string>;
  incarnation: string;
  state: 'open' | 'ended';
  outcome?: OutcomeKind | null;
  exit_code?: number | null;
  reason?: string | null;
  /** The oldest position that is still there. */
  first: number;
  /** How many entries the log has had. */
  position: number;
  bytes?: number;
  created: string;
  updated?: string;
  ended?: string | null;
}

export interface Entry {
  /** Its position: entry 0 is line 1. */
  n: number;
  /** RFC 3339 with up to nine digits of fraction. */
  time: string;
  text: string;
  stream?: string;
  source?: string;
  level?: string;
  /** The text goes on in the next entry of this stream and source. */
  partial?: boolean;
  /** Lines lost upstream just before this entry; null: nobody knows how many. */
  lost?: number | null;
}

export interface EntryPage {
  incarnation: string;
  first: number;
  position: number;
  entries: Entry[];
  /** Positions of the page that can't be had. */
  gaps?: Gap[];
  state: 'open' | 'ended';
}

export interface LogPage {
  logs: LogInfo[];
  next?: string | null;
}

/** Which logs; all conditions have to hold. */
export interface LogQuery {
  type?: string;
  state?: 'open' | 'ended';
  outcome?: OutcomeKind;
  labels?: Record<string, string>;
  /** Part of title or TYPE/ID, whatever its ASCII letters' case; of several, each. */
  q?: string | readonly string[];
  /** Part of the id, and of the title. */
  id?: string;
  title?: string;
  /** Created at this time or later, and before this one (RFC 3339). */
  since?: string;
  until?: string;
  limit?: number;
  /** The `next` of the page before. */
  after?: string;
}

export interface Outcome {
  outcome: OutcomeKind;
  exit_code?: number | null;
  reason?: string | null;
  position?: number;
}

export interface Gap {
  from: number;
  to: number;
  cause?: string;
  lost?: number | null;
}

export interface LogName {
  type: string;
  id: string;
}

export type PageQuery =
  { tail: number } | { before: number; limit: number } | { from: number; limit: number };

/** A problem document (RFC 9457), as the server writes it. */
export interface Problem {
  type?: string;
  title?: string;
  status?: number;
  detail?: string;
  /** The parameter or field that is wrong. */
  field?: string;
  [member: string]: unknown;
}

/** An answer that is not the one asked for; status 0: no answer at all. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    readonly status: number,
    message: string,
    /** When to ask again, if the server said so; else 0. */
    readonly retryAfterS = 0,
    /** What the server said, if it said more. */
    readonly problem: Problem = {},
  ) {
    super(message);
  }
  /** Asking again later may help. */
  get temporary(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

const TYPE = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const ID = /^[A-Za-z0-9][A-Za-z0-9._:~-]{0,127}$/;

/** Names have only characters that need no escape in a path. */
export function isLogName(type: string, id: string): boolean {
  return TYPE.test(type) && ID.test(id);
}
