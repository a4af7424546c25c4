// What a reader types above the list: "type:deploy state:failed label:env=prod since:2h text".

import type { LogInfo, LogQuery, OutcomeKind } from '../client/api.js';
import { parseTime } from '../format.js';

export interface ListFilter {
  type?: string;
  /** Part of the id, or of the title. */
  id?: string;
  title?: string;
  state?: 'open' | 'ended' | OutcomeKind;
  labels: Record<string, string>;
  /** Begun at this time of 1970 or later, in ms; and before this one. */
  since?: number;
  until?: number;
  /** Each is part of the title or of TYPE/ID. */
  words: string[];
}

export type ParsedQuery = { filter: ListFilter } | { problem: string };

const STATES: Record<string, NonNullable<ListFilter['state']>> = {
  open: 'open',
  running: 'open',
  ended: 'ended',
  succeeded: 'succeeded',
  failed: 'failed',
  cancelled: 'cancelled',
  lost: 'lost',
};
/** No log is older or will be younger; the server's times have an end too. */
const LAST_MS = Date.UTC(2200, 0);
/** More are left to `matches`. */
const MAX_SERVER_WORDS = 16;
const UNITS_MS: Record<string, number> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};

/** `now` in ms: what "2h" is counted from. */
export function parseQuery(text: string, now: number): ParsedQuery {
  const filter: ListFilter = { labels: {}, words: [] };
  for (const token of tokens(text)) {
    const colon = token.indexOf(':');
    const problem =
      colon > 0 && token[0] !== '"'
        ? setField(filter, token.slice(0, colon), unquote(token.slice(colon + 1)), now)
        : undefined;
    if (problem !== undefined && problem !== 'unknown') return { problem };
    if (colon <= 0 || token[0] === '"' || problem === 'unknown') filter.words.push(unquote(token));
  }
  return { filter };
}

/** Undefined: it was set. A name that is none may be a part of a log's own name. */
function setField(
  filter: ListFilter,
  name: string,
  value: string,
  now: number,
): string | undefined {
  switch (name.toLowerCase()) {
    case 'type':
    case 'id':
    case 'title':
      if (value !== '') filter[name.toLowerCase() as 'type' | 'id' | 'title'] = value;
      return undefined;
    case 'state': {
      const state = STATES[value.toLowerCase()];
      if (state === undefined) return `state: is one of ${Object.keys(STATES).join(', ')}`;
      filter.state = state;
      return undefined;
    }
    case 'label': {
      const equals = value.indexOf('=');
      if (equals <= 0) return 'label: is NAME=VALUE, as label:env=prod';
      filter.labels[value.slice(0, equals)] = value.slice(equals + 1);
      return undefined;
    }
    case 'since':
    case 'until': {
      const time = parseWhen(value, now);
      if (time === undefined) return `${name}: is a time ago (30m, 2h, 7d) or a date (2026-11-23)`;
      filter[name.toLowerCase() as 'since' | 'until'] = time;
      return undefined;
    }
  }
  return 'unknown';
}

/**
 * What the server chooses by, so that only logs come that fit. It knows only ASCII's upper and
 * lower case: what has other letters is left to `matches`.
 */
export function serverQuery(filter: ListFilter): LogQuery {
  const { type, state, labels, words, id, title, since, until } = filter;
  const plain = words.filter(isAscii).slice(0, MAX_SERVER_WORDS);
  return {
    ...(type === undefined ? {} : { type }),
    ...(state === undefined
      ? {}
      : state === 'open' || state === 'ended'
        ? { state }
        : { outcome: state }),
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
    ...(plain.length === 0 ? {} : { q: plain }),
    ...(id === undefined || !isAscii(id) ? {} : { id }),
    ...(title === undefined || !isAscii(title) ? {} : { title }),
    ...(since === undefined ? {} : { since: new Date(since).toISOString() }),
    ...(until === undefined ? {} : { until: new Date(until).toISOString() }),
  };
}

function isAscii(text: string): boolean {
  return !/[^\0-\x7f]/.test(text);
}

export function matches(filter: ListFilter, log: LogInfo): boolean {
  const { type, state } = filter;
  if (type !== undefined && log.type !== type) return false;
  if (state === 'open' || state === 'ended') {
    if (log.state !== state) return false;
  } else if (state !== undefined && log.outcome !== state) {
    return false;
  }
  for (const [name, value] of Object.entries(filter.labels))
    if (log.labels?.[name] !== value) return false;
  const begun = parseTime(log.created);
  if (begun < (filter.since ?? -Infinity) || begun >= (filter.until ?? Infinity)) return false;
  const title = (log.title ?? '').toLowerCase();
  const has = (text: string, part: string | undefined) => text.includes((part ?? '').toLowerCase());
  if (!has(log.id.toLowerCase(), filter.id) || !has(title, filter.title)) return false;
  const name = `${log.type}/${log.id}`.toLowerCase();
  return filter.words.every((word) => has(title, word) || has(name, word));
}

/** The query with another state, or none. */
export function withState(text: string, state: string): string {
  const others = tokens(text).filter((token) => !/^state:/i.test(token));
  return [...others, ...(state === '' ? [] : [`state:${state}`])].join(' ');
}

/** Words, and what stands in quotation marks as one of them. */
function tokens(text: string): string[] {
  return text.match(/(?:"[^"]*"?|[^\s"])+/g) ?? [];
}

function unquote(token: string): string {
  return token.replaceAll('"', '');
}

function parseWhen(value: string, now: number): number | undefined {
  const ago = /^([0-9]{1,6})([smhdw])$/.exec(value);
  if (ago !== null) return Math.max(0, now - Number(ago[1]) * (UNITS_MS[ago[2] ?? ''] ?? 0));
  const date = /^([0-9]{4})-([0-9]{2})-([0-9]{2})(T[0-9:.]+(?:Z|[+-][0-9:]+)?)?$/.exec(value);
  if (date === null) return undefined;
  // A date alone is midnight where the reader is.
  const time = Date.parse(date[4] === undefined ? `${value}T00:00:00` : value);
  return Number.isNaN(time) ? undefined : Math.min(Math.max(0, time), LAST_MS);
}
