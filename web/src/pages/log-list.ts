// The list of logs as data: pages and live changes put together. No DOM here.

import type { LogInfo } from '../client/api.js';

/** Newest first, each name once. */
export class LogList {
  #logs: LogInfo[] = [];
  /** What events said since the newest page was asked for: they know better than its answer. */
  readonly #changed = new Set<string>();
  readonly #removed = new Set<string>();

  get logs(): readonly LogInfo[] {
    return this.#logs;
  }

  /** Call before the newest page is asked for. */
  expectPage(): void {
    this.#changed.clear();
    this.#removed.clear();
  }

  /** The newest page; `complete`: there is no older one. What it lacks is gone. */
  newestPage(page: readonly LogInfo[], complete: boolean): void {
    const here = page.filter((log) => !this.#removed.has(log.incarnation));
    const names = new Set(here.map(nameOf));
    const oldest = page.at(-1);
    this.#logs = this.#logs.filter(
      (log) =>
        names.has(nameOf(log)) ||
        this.#changed.has(log.incarnation) ||
        (!complete && oldest !== undefined && newestFirst(oldest, log) < 0),
    );
    this.#merge(here);
  }

  olderPage(page: readonly LogInfo[]): void {
    this.#merge(page.filter((log) => !this.#removed.has(log.incarnation)));
  }

  /** A log was created or ended. */
  change(info: LogInfo): void {
    this.#changed.add(info.incarnation);
    this.#merge([info]);
  }

  /** `info` is of the log that was deleted: a later one of the same name stays. */
  remove(info: LogInfo): void {
    this.#changed.delete(info.incarnation);
    this.#removed.add(info.incarnation);
    this.#logs = this.#logs.filter((log) => log.incarnation !== info.incarnation);
  }

  /** Of two infos with one name the newer one stays. */
  #merge(infos: readonly LogInfo[]): void {
    const byName = new Map(this.#logs.map((log) => [nameOf(log), log]));
    for (const info of infos) {
      const known = byName.get(nameOf(info));
      if (known === undefined || !outdated(info, known)) byName.set(nameOf(info), info);
    }
    this.#logs = [...byName.values()].sort(newestFirst);
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
