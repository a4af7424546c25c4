// Which page an address names.

import { isLogName } from '../client/api.js';
import { base } from './base.js';

export type Route =
  { page: 'list' } | { page: 'log'; type: string; id: string } | { page: 'unknown'; path: string };

/** `pathname` is location.pathname: "/" or "/logs/TYPE/ID" behind `under`, escaped or not. */
export function parseRoute(pathname: string, under = base): Route {
  const path = pathname.startsWith(`${under}/`) ? pathname.slice(under.length) : pathname;
  const unknown: Route = { page: 'unknown', path };
  if (path === '/' || path === '/logs' || path === '/logs/') return { page: 'list' };
  const parts = path.split('/');
  if (parts.length !== 4 || parts[1] !== 'logs') return unknown;
  try {
    const type = decodeURIComponent(parts[2] ?? '');
    const id = decodeURIComponent(parts[3] ?? '');
    return isLogName(type, id) ? { page: 'log', type, id } : unknown;
  } catch {
    return unknown; // A stray '%'.
  }
}

/** The address of a log's page. Names have only characters that need no escape in a path. */
export function logPath(log: { type: string; id: string }): string {
  return `${base}/logs/${log.type}/${log.id}`;
}

/** Positions of the first and the last of some lines. */
export interface LineRange {
  first: number;
  last: number;
}

/** What `#L12` or `#L10-L20` points to (line 12 is entry 11), or undefined. */
export function parseLineHash(hash: string): LineRange | undefined {
  const match = /^#L([1-9][0-9]{0,14})(?:-L?([1-9][0-9]{0,14}))?$/.exec(hash);
  if (!match) return undefined;
  const [a, b] = [Number(match[1]) - 1, Number(match[2] ?? match[1]) - 1];
  return { first: Math.min(a, b), last: Math.max(a, b) };
}

/** What somebody typed who wants to see a line of `count`, or several: "1,234", "L10-L20". */
export function parseLines(text: string, count: number): LineRange | undefined {
  const lines = parseLineHash(`#L${text.replace(/[\s.,#L]/gi, '')}`);
  if (lines === undefined || count === 0) return undefined;
  const [first, last] = [lines.first, lines.last].map((n) => Math.min(n, count - 1));
  return { first: first ?? 0, last: last ?? 0 };
}

export function lineHash(lines: LineRange): string {
  const first = `#L${lines.first + 1}`;
  return lines.last === lines.first ? first : `${first}-L${lines.last + 1}`;
}
