// The groups of a log: where each begins and ends, and which lies in which. Built from the signs of
// its lines in order, told by a search and by live lines; the lines themselves need not be here.
// What nests is up to the format: GitLab's sections do, a new group of GitHub Actions or a new
// heading of Buildkite ends the one before. Any may lie in a section of another format.

import type { Dialect, Sign } from '../text/groups.js';

/** Groups that are kept; lines behind the last of them are in none. */
export const MAX_GROUPS = 20_000;

export interface Group {
  /** The line of its heading. */
  readonly head: number;
  /** The first line behind it, or Infinity while it goes on. */
  end: number;
  /** The line that ended it; with `end` it has the time of that line. */
  last: number;
  readonly dialect: Dialect;
  /** 0: in no other. */
  readonly depth: number;
  readonly parent: Group | undefined;
  /** The job wants it closed, or open, whatever the format's habit is. */
  collapsed: boolean;
}

interface Open {
  dialect: Dialect;
  name: string;
  /** Undefined: of a second one that began on the same line. */
  group: Group | undefined;
}

export class Outline {
  readonly #groups: Group[] = [];
  #open: Open[] = [];
  /** Signs up to here are known. */
  #known = 0;
  /** Line from which on groups are not kept, because there are too many. */
  #fullAt: number | undefined;

  constructor(private readonly limit = MAX_GROUPS) {}

  get groups(): readonly Group[] {
    return this.#groups;
  }
  get known(): number {
    return this.#known;
  }
  get fullAt(): number | undefined {
    return this.#fullAt;
  }

  clear(): void {
    this.#groups.length = 0;
    this.#open = [];
    this.#known = 0;
    this.#fullAt = undefined;
  }

  /** All lines before this one were looked at. */
  advance(line: number): void {
    this.#known = Math.max(this.#known, line);
  }

  /** What the line says; lines come in order, and one that was told before changes nothing. */
  add(line: number, signs: readonly Sign[]): void {
    if (line < this.#known || this.#fullAt !== undefined) return;
    this.#known = line + 1;
    for (const sign of signs) {
      if (sign.kind === 'begin') this.#begin(line, sign);
      else if (sign.kind === 'end') this.#end(line, sign);
      else this.#reopen(sign.dialect);
    }
  }

  /** No line comes any more: what is open ends with the log. */
  finish(head: number): void {
    for (const { group } of this.#open) if (group) [group.end, group.last] = [head, head - 1];
    this.#open = [];
  }

  /** The group whose heading the line is. */
  headedBy(line: number): Group | undefined {
    const group = this.#groups[this.#before(line + 1)];
    return group?.head === line ? group : undefined;
  }

  /** The groups that the line lies in, below their headings; the innermost first. */
  around(line: number): Group[] {
    const found: Group[] = [];
    let group: Group | undefined = this.#groups[this.#before(line)];
    for (; group !== undefined; group = group.parent) if (line < group.end) found.push(group);
    return found;
  }

  /** The next heading behind the line, or the last one before it. */
  neighbour(line: number, step: 1 | -1): Group | undefined {
    const before = this.#before(line);
    if (step < 0) return this.#groups[before];
    return this.#groups.slice(before + 1, before + 3).find((group) => group.head > line);
  }

  /** Index of the last group whose heading lies before the line, or -1. */
  #before(line: number): number {
    let [low, high] = [0, this.#groups.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#groups[middle]?.head ?? Infinity) < line) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  #begin(line: number, { dialect, name, collapsed }: Sign): void {
    if (dialect !== 'gitlab') this.#close(line, line, this.#innermost(dialect));
    for (const group of this.#groups.slice(-16)) if (group.last === line) group.end = line;
    const last = this.#groups.at(-1);
    if (last?.head === line) {
      this.#open.push({ dialect, name, group: undefined });
      last.collapsed ||= collapsed;
      return;
    }
    if (this.#groups.length === this.limit) {
      this.#fullAt = line;
      this.finish(line);
      return;
    }
    const parent = this.#open.findLast((open) => open.group !== undefined)?.group;
    const depth = parent === undefined ? 0 : parent.depth + 1;
    const group = { head: line, end: Infinity, last: Infinity, dialect, depth, parent, collapsed };
    this.#groups.push(group);
    this.#open.push({ dialect, name, group });
  }

  #end(line: number, { dialect, name }: Sign): void {
    let at = this.#innermost(dialect);
    // A name that nobody has read fits every name.
    while (at >= 0 && !this.#fits(at, dialect, name)) at--;
    this.#close(line, line + 1, at);
  }

  #fits(at: number, dialect: Dialect, name: string): boolean {
    const open = this.#open[at];
    return open?.dialect === dialect && (open.name === '' || name === '' || open.name === name);
  }

  #reopen(dialect: Dialect): void {
    const group = this.#open[this.#innermost(dialect)]?.group;
    if (group) group.collapsed = false;
  }

  #innermost(dialect: Dialect): number {
    return this.#open.findLastIndex((open) => open.dialect === dialect);
  }

  /** Ends what is open from this index on, with all that began in it. */
  #close(line: number, end: number, at: number): void {
    if (at < 0) return;
    for (const { group } of this.#open.splice(at)) {
      if (group) [group.end, group.last] = [Math.max(end, group.head + 1), line];
    }
  }
}
