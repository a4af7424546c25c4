// The list of logs as data: pages and live changes put together. No DOM here.

import type { LogInfo } from '../client/api.js';

/** So many changes at once are cheaper by sorting than one by one. */
const MANY = 32;

/** Newest first, each name once. */
export class LogList {
  #logs: LogInfo[] = [];
  readonly #byName = new Map<string, LogInfo>();
  /** What events said since a page was asked for: they know better than its answer. */
  readonly #changed = new Set<string>();
  readonly #removed = new Set<string>();

  constructor(private readonly wanted: (log: LogInfo) => boolean = () => true) {}

  get logs(): readonly LogInfo[] {
    return this.#logs;
  }

  /** Call before the newest page is asked for. */
  expectPage(): void {
    this.#changed.clear();
    this.#removed.clear();
  }

  /** All logs down to `oldest`, or all that there are. What they lack is gone. */
  newestPage(page: readonly LogInfo[], oldest: LogInfo | undefined): void {
    const names = new Set(page.map(nameOf));
    const gone = this.#logs.filter(
      (log) =>
        !names.has(nameOf(log)) &&
        !this.#changed.has(log.incarnation) &&
        (oldest === undefined || newestFirst(oldest, log) >= 0),
    );
    for (const log of gone) this.#byName.delete(nameOf(log));
    this.#sort();
    this.olderPage(page);
  }

  olderPage(page: readonly LogInfo[]): void {
    const news = page.filter((log) => this.wanted(log) && !this.#removed.has(log.incarnation));
    if (news.length <= MANY) {
      for (const log of news) this.#put(log);
      return;
    }
    for (const log of news) if (this.#isNews(log)) this.#byName.set(nameOf(log), log);
    this.#sort();
  }

  /** A log was created or ended. */
  change(info: LogInfo): void {
    if (this.wanted(info)) {
      this.#changed.add(info.incarnation);
      this.#put(info);
    } else {
      this.remove(info);
    }
  }

  /** Of a log that was deleted or is not wanted any more: a later one of its name stays. */
  remove(info: LogInfo): void {
    this.#changed.delete(info.incarnation);
    this.#removed.add(info.incarnation);
    if (this.#byName.get(nameOf(info))?.incarnation === info.incarnation) this.#take(info);
  }

  #put(log: LogInfo): void {
    if (!this.#isNews(log)) return;
    if (this.#byName.has(nameOf(log))) this.#take(log);
    this.#byName.set(nameOf(log), log);
    let [low, high] = [0, this.#logs.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const there = this.#logs[middle];
      if (there !== undefined && newestFirst(there, log) < 0) low = middle + 1;
      else high = middle;
    }
    this.#logs.splice(low, 0, log);
  }

  /** Takes the log of this name out. */
  #take(log: LogInfo): void {
    const name = nameOf(log);
    this.#byName.delete(name);
    this.#logs.splice(
      this.#logs.findIndex((there) => nameOf(there) === name),
      1,
    );
  }

  #sort(): void {
    this.#logs = [...this.#byName.values()].sort(newestFirst);
  }

  /** Of two infos with one name the newer one stays. */
  #isNews(log: LogInfo): boolean {
    const known = this.#byName.get(nameOf(log));
    return known === undefined || !outdated(log, known);
  }
}

export function nameOf(log: LogInfo): string {
  return `${log.type}/${log.id}`;
}

/** RFC 3339 in UTC with nine digits sorts as text. */
function newestFirst(a: LogInfo, b: LogInfo): number {
  if (a.created !== b.created) return a.created < b.created ? 1 : -1;
  return nameOf(a) < nameOf(b) ? -1 : 1;
}

/** `info` tells less than `known` does: an answer that was overtaken by an event. */
function outdated(info: LogInfo, known: LogInfo): boolean {
  if (info.incarnation !== known.incarnation) return info.created < known.created;
  return known.state === 'ended' && info.state === 'open';
}
