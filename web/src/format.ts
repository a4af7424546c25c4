// Times and numbers for people.

/** Milliseconds since 1970 of an RFC 3339 time, or NaN. Parsers differ on nine digits. */
export function parseTime(time: string): number {
  return Date.parse(time.replace(/(\.\d{3})\d+/, '$1'));
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** "0.4s", "12s", "2m 05s", "3h 07m", "2d 4h". */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms) || ms < 0) return '0s';
  if (ms < 9_950) return `${(ms / SECOND).toFixed(1)}s`;
  const seconds = Math.round(ms / SECOND);
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${pad(seconds % 60)}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)}h ${pad(minutes % 60)}m`;
  const hours = Math.floor(minutes / 60);
  return `${Math.floor(hours / 24)}d ${hours % 24}h`;
}

/** Of something that goes on: as formatDuration, in whole seconds. */
export function formatElapsed(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / SECOND));
  return seconds < 10 ? `${seconds}s` : formatDuration(seconds * SECOND);
}

/** "just now", "5 min ago", "3 h ago", "2 d ago", then the date. */
export function formatAge(then: number, now: number): string {
  const age = now - then;
  if (!Number.isFinite(age)) return '';
  if (age < 45 * SECOND) return 'just now';
  if (age < HOUR) return `${Math.max(1, Math.round(age / MINUTE))} min ago`;
  if (age < DAY) return `${Math.floor(age / HOUR)} h ago`;
  if (age < 14 * DAY) return `${Math.floor(age / DAY)} d ago`;
  const date = new Date(then);
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
}

/** How an entry's time is shown. */
export type TimeStyle = 'off' | 'clock' | 'date' | 'age' | 'elapsed';

/** "14:03:07.250", in UTC with a "Z". */
export function formatClock(time: string, utc = false): string {
  const date = new Date(parseTime(time));
  if (Number.isNaN(date.getTime())) return '';
  if (utc) return date.toISOString().slice(11);
  const millis = String(date.getMilliseconds()).padStart(3, '0');
  return `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}.${millis}`;
}

/** "2026-11-23 14:03:07.250", in UTC with a "Z". */
export function formatDate(time: string, utc = false): string {
  const date = new Date(parseTime(time));
  if (Number.isNaN(date.getTime())) return '';
  if (utc) return date.toISOString().replace('T', ' ');
  const day = `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
  return `${day} ${formatClock(time)}`;
}

/** "+2:05.250" since `begin`, with hours if there are any. */
export function formatSince(time: string, begin: number): string {
  const ms = parseTime(time) - begin;
  if (!Number.isFinite(ms)) return '';
  const all = Math.abs(ms);
  const hours = Math.floor(all / HOUR);
  const minutes = Math.floor((all % HOUR) / MINUTE);
  const seconds = ((all % MINUTE) / SECOND).toFixed(3).padStart(6, '0');
  const head = hours > 0 ? `${hours}:${pad(minutes)}` : String(minutes);
  return `${ms < 0 ? '-' : '+'}${head}:${seconds}`;
}

/** An entry's time as the reader wants it; `created`: of the log. */
export function formatTime(time: string, style: TimeStyle, utc: boolean, created = ''): string {
  switch (style) {
    case 'clock':
      return formatClock(time, utc);
    case 'date':
      return formatDate(time, utc);
    case 'age':
      return formatAge(parseTime(time), Date.now());
    case 'elapsed':
      return formatSince(time, parseTime(created));
    default:
      return '';
  }
}

/** "12,345". */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** "1 line", "12,345 lines". */
export function formatLines(count: number): string {
  return count === 1 ? '1 line' : `${formatCount(count)} lines`;
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}
