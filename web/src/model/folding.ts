// Which groups and stack traces are closed, and so which lines have no row. Knows no DOM.
//
// What a job wants closed, and long traces, are closed by themselves, but never a line that
// somebody looks at; what the reader opened or closed stays so.

import type { Entry } from '../client/api.js';
import { traceAt } from '../text/traces.js';
import type { Trace } from '../text/traces.js';
import type { Group, Outline } from './outline.js';
import type { HiddenLines } from './shown-lines.js';

/** Traces with so many frames are closed at first. */
export const LONG_TRACE = 10;
/** Traces that are known; of older ones the lines are shown. */
export const MAX_TRACES = 2_000;

export interface FoldingView {
  /** Somebody reads one of the lines [from, to), or was sent to it. */
  isRead(from: number, to: number): boolean;
  /** The line if it is here. */
  peek(line: number): Entry | undefined;
  /** Other lines of [from, to) than before have rows. */
  shownChanged(from: number, to: number): void;
  /** These headings say something else. */
  headingsChanged(lines: readonly number[]): void;
}

interface Fold {
  /** Hidden: [from, to). */
  from: number;
  to: number;
}

export class Folding {
  /** What is closed, by the line that heads it. */
  readonly #closed = new Map<number, Fold>();
  /** By their heads; the one found last comes last. */
  readonly #traces = new Map<number, Trace>();
  /** Heads of what the reader opened or closed. */
  readonly #chosen = new Set<number>();
  /** Groups of which nobody has yet decided whether they are closed at first. */
  #undecided: Group[] = [];
  #decided = 0;
  /** What the reader wants for all. */
  #all: 'as-told' | 'open' | 'closed' = 'as-told';

  constructor(
    readonly outline: Outline,
    private readonly hidden: HiddenLines,
    private readonly view: FoldingView,
  ) {}

  clear(): void {
    this.#closed.clear();
    this.#traces.clear();
    this.#chosen.clear();
    this.#undecided = [];
    this.#decided = 0;
    this.#all = 'as-told';
  }

  isClosed(head: number): boolean {
    return this.#closed.has(head);
  }
  /** Something is closed. */
  get anyClosed(): boolean {
    return this.#closed.size > 0;
  }

  traceHeadedBy(line: number): Trace | undefined {
    return this.#traces.get(line);
  }

  /** Opens or closes what the line heads, or else what it lies in; the heading's line, or -1. */
  toggle(line: number): number {
    const head = this.#headFor(line);
    if (head < 0) return head;
    this.#chosen.add(head);
    if (this.isClosed(head)) this.#open(head);
    else this.#close(head, this.#foldOf(head));
    this.view.headingsChanged([head]);
    return head;
  }

  /** Opens all that hides the line. */
  reveal(line: number): void {
    for (const [head, { from, to }] of [...this.#closed]) {
      if (line < from || line >= to) continue;
      this.#chosen.add(head);
      this.#open(head);
      this.view.headingsChanged([head]);
    }
  }

  /** Closes all groups, or opens them and all traces. */
  setAll(closed: boolean): void {
    this.#all = closed ? 'closed' : 'open';
    this.#chosen.clear();
    const heads = [...this.#closed.keys()];
    if (closed) {
      for (const { head } of this.outline.groups) {
        if (this.isClosed(head)) continue;
        this.#hide(head, this.#foldOf(head));
        heads.push(head);
      }
    } else {
      this.#closed.clear();
      this.hidden.clear();
    }
    this.view.shownChanged(0, Infinity);
    this.view.headingsChanged(heads);
  }

  /** The outline has grown: closes what is to be closed at first. */
  outlineChanged(): void {
    const { groups } = this.outline;
    const fresh = groups.slice(this.#decided);
    this.#decided = groups.length;
    const ended: number[] = [];
    let first = Infinity;
    this.#undecided = [...this.#undecided, ...fresh].filter((group) => {
      if (group.end === Infinity) return true;
      ended.push(group.head);
      const closed = this.#closed.get(group.head);
      if (closed?.to === Infinity) {
        this.#open(group.head); // It was closed while it went on: to its end, and no further.
        this.#close(group.head, this.#foldOf(group.head));
      } else if (this.#isClosedAtFirst(group)) {
        this.#hide(group.head, this.#foldOf(group.head));
        first = Math.min(first, group.head);
      }
      return false;
    });
    if (first < Infinity) this.view.shownChanged(first, Infinity);
    this.view.headingsChanged([...ended, ...fresh.map((group) => group.head)]);
  }

  /** Looks for traces among lines [from, to) that are about to be drawn; whether it closed one. */
  look(from: number, to: number): boolean {
    let closed = false;
    for (let line = from; line < to; line++) {
      const here = this.view.peek(line);
      if (here === undefined) continue;
      const trace = traceAt(line, (n) => this.#textBeside(here, n));
      if (trace === undefined) continue;
      if (this.#meet(trace)) closed = true;
      line = Math.max(line, trace.end - 2);
    }
    return closed;
  }

  #textBeside(entry: Entry, line: number): string | undefined {
    const other = line === entry.n ? entry : this.view.peek(line);
    return other?.source === entry.source ? other?.text : undefined;
  }

  /** A trace was found, or found to be longer; whether more of it is closed now. */
  #meet(trace: Trace): boolean {
    const { head, end } = trace;
    const known = this.#traces.get(head);
    if (known?.end === end) return false;
    const read = this.view.isRead(known?.end ?? head + 1, end);
    this.#traces.set(head, trace);
    if (this.#traces.size > MAX_TRACES) this.#forgetTrace();
    const long = end - head - 1 >= LONG_TRACE;
    const wanted = this.isClosed(head) || (long && this.#all !== 'open' && !read);
    this.view.headingsChanged([head]);
    if (!wanted || (this.#chosen.has(head) && !this.isClosed(head))) return false;
    this.#close(head, { from: head + 1, to: end });
    return true;
  }

  #forgetTrace(): void {
    for (const head of this.#traces.keys()) {
      if (this.view.isRead(head, head + 1)) continue;
      this.#traces.delete(head);
      if (this.outline.headedBy(head) === undefined) this.#open(head);
      return;
    }
  }

  #isClosedAtFirst(group: Group): boolean {
    if (this.#chosen.has(group.head) || this.isClosed(group.head)) return false;
    if (this.#all === 'closed') return true;
    return (
      this.#all === 'as-told' && group.collapsed && !this.view.isRead(group.head + 1, group.end)
    );
  }

  #headFor(line: number): number {
    if (this.outline.headedBy(line) !== undefined || this.#traces.has(line)) return line;
    for (const { head, end } of this.#traces.values()) {
      if (line > head && line < end) return head;
    }
    return this.outline.around(line)[0]?.head ?? -1;
  }

  #foldOf(head: number): Fold {
    const end = this.outline.headedBy(head)?.end ?? this.#traces.get(head)?.end ?? head + 1;
    return { from: head + 1, to: end };
  }

  #hide(head: number, fold: Fold): void {
    this.#closed.set(head, fold);
    this.hidden.hide(fold.from, fold.to);
  }

  #close(head: number, fold: Fold): void {
    this.#hide(head, fold);
    this.view.shownChanged(fold.from, fold.to);
  }

  #open(head: number): void {
    const fold = this.#closed.get(head);
    if (fold === undefined) return;
    this.#closed.delete(head);
    this.hidden.show(fold.from, fold.to);
    for (const other of this.#closed.values()) {
      const from = Math.max(other.from, fold.from);
      const to = Math.min(other.to, fold.to);
      if (from < to) this.hidden.hide(from, to);
    }
    this.view.shownChanged(fold.from, fold.to);
  }
}
