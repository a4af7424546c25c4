// What helps to read the lines of one log: groups and stack traces that fold, with what their
// headings say, and JSON that is laid out. One log's; LinesView asks it while it draws.

import type { Entry, EntryPage } from '../client/api.js';
import type { LogHandle } from '../client/client.js';
import { searchChunks } from '../client/search.js';
import type { Batch } from '../client/session.js';
import { formatDuration, formatLines, parseTime } from '../format.js';
import { Folding } from '../model/folding.js';
import type { LineStore } from '../model/line-store.js';
import { Outline } from '../model/outline.js';
import type { Group } from '../model/outline.js';
import { OutlineReader } from '../model/outline-reader.js';
import { readSigns } from '../text/groups.js';
import { looksLikeJson } from '../text/json.js';
import type { LinesView } from './lines-view.js';
import type { Heading } from './row.js';

/** Lines whose JSON is not as that of all others. */
const MAX_OTHERS = 1_000;
/** Ends of groups of which the time is known, or is about to be. */
const MAX_TIMES = 4_096;

export class Reading {
  readonly outline = new Outline();
  readonly folding: Folding;
  readonly #reader: OutlineReader;
  /** JSON of all lines is laid out, but of these it is not, or the other way round. */
  #pretty = false;
  readonly #others = new Set<number>();
  /** When the last lines of groups came, ms since 1970; NaN: nobody knows yet. */
  readonly #times = new Map<number, number>();
  #asking = false;
  #wanted: Group[] = [];

  constructor(
    private readonly log: LogHandle,
    private readonly store: LineStore,
    private readonly view: LinesView,
    /** The outline has changed. */
    private readonly outlineChanged: () => void,
  ) {
    this.folding = new Folding(this.outline, view.lines.folds, {
      isRead: (from, to) => view.isRead(from, to),
      peek: (line) => store.peek(line),
      shownChanged: (from, to) => view.shownChanged(from, to),
      headingsChanged: (lines) => view.renew(lines),
    });
    this.#reader = new OutlineReader(
      this.outline,
      {
        search: (query, signal) => searchChunks(log.url, query, log.options, signal),
        setTimer: (action, ms) => window.setTimeout(action, ms),
        clearTimer: (timer) => window.clearTimeout(timer),
        now: () => performance.now(),
      },
      () => {
        this.folding.outlineChanged();
        this.outlineChanged();
      },
    );
  }

  stop(): void {
    this.#reader.stop();
    this.#wanted = [];
  }

  /** What the log had when it was opened. */
  snapshot(page: EntryPage): void {
    this.#reader.start(page.first, page.position, page.entries);
  }

  batch(batch: Batch): void {
    this.#reader.batch(batch);
  }

  /** No line comes any more. */
  ended(): void {
    this.#reader.end(this.store.head);
  }

  /** Another log has its name. */
  reset(): void {
    this.stop();
    this.outline.clear();
    this.folding.clear();
    this.#others.clear();
    this.#times.clear();
    this.#reader.start(0, 0, []);
    this.outlineChanged();
  }

  prepare(from: number, to: number): boolean {
    for (let n = from; n < to; n = this.view.lines.next(n + 1)) this.store.get(n);
    return this.folding.look(from, to);
  }

  isPretty(position: number): boolean {
    return this.#pretty !== this.#others.has(position);
  }

  get pretty(): boolean {
    return this.#pretty;
  }

  /** JSON of all lines is laid out, or of none. */
  set pretty(on: boolean) {
    if (this.#pretty === on && this.#others.size === 0) return;
    this.#pretty = on;
    this.#others.clear();
    this.view.relayout();
  }

  /** Lays out the JSON of one line, or no longer. */
  togglePretty(position: number): void {
    if (!looksLikeJson(this.store.peek(position)?.text ?? '')) return;
    if (!this.#others.delete(position)) this.#others.add(position);
    const [oldest] = this.#others;
    if (this.#others.size > MAX_OTHERS && oldest !== undefined) this.#others.delete(oldest);
    this.view.renew([position]);
  }

  headingOf(entry: Entry): Heading | undefined {
    const open = !this.folding.isClosed(entry.n);
    const group = this.outline.headedBy(entry.n);
    if (group !== undefined) {
      const lines = group.end - group.head - 1;
      const { depth } = group;
      return { kind: 'group', open, depth, lines, facts: this.#factsOf(group, entry) };
    }
    const trace = this.folding.traceHeadedBy(entry.n);
    if (trace === undefined) return undefined;
    return { kind: 'trace', open, depth: 0, lines: trace.end - trace.head - 1, facts: '' };
  }

  #factsOf(group: Group, entry: Entry): string {
    if (group.end === Infinity) return 'running';
    const lines = formatLines(group.end - group.head - 1);
    const end = this.#endOf(group);
    if (end === undefined) return lines;
    const begin = readSigns(entry.text).findLast((sign) => sign.kind === 'begin')?.time ?? NaN;
    const own = !Number.isNaN(begin) && !Number.isNaN(end.own);
    const ms = own ? end.own - begin : end.time - parseTime(entry.time);
    // GitLab counts whole seconds.
    return Number.isNaN(ms) ? lines : `${lines} · ${formatDuration(ms)}`;
  }

  /** When the group ended: by its own word, and by the time of its last line. */
  #endOf(group: Group): { own: number; time: number } | undefined {
    const entry = this.store.peek(group.last);
    if (entry !== undefined) {
      const own = readSigns(entry.text).find((sign) => sign.kind === 'end')?.time ?? NaN;
      return { own, time: parseTime(entry.time) };
    }
    const time = this.#times.get(group.last);
    if (time !== undefined) return { own: time, time };
    this.#wanted = [...this.#wanted.slice(-100), group];
    void this.#ask();
    return undefined;
  }

  /** Fetches last lines that are not here, one after the other; those in view last are first. */
  async #ask(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    for (let group = this.#wanted.pop(); group !== undefined; group = this.#wanted.pop()) {
      const { head, last } = group;
      if (this.#times.has(last)) continue;
      if (this.#times.size >= MAX_TIMES) this.#times.clear();
      this.#times.set(last, NaN);
      try {
        const [entry] = (await this.log.entries({ from: last, limit: 1 })).entries;
        if (entry === undefined || entry.n !== last) continue;
        const own = readSigns(entry.text).find((sign) => sign.kind === 'end')?.time ?? NaN;
        this.#times.set(last, Number.isNaN(own) ? parseTime(entry.time) : own);
        this.view.renew([head]);
      } catch {
        this.#times.delete(last); // Asked again when it is drawn again.
        break;
      }
    }
    this.#asking = false;
  }
}
