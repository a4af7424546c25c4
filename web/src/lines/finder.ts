// Finding in the log that is shown: the search, what the view makes of it, and the way from match
// to match.

import type { Place } from '../client/search.js';
import { LogSearch } from '../model/log-search.js';
import type { SearchSource } from '../model/patient-search.js';
import type { LineStore } from '../model/line-store.js';
import { FoundLines } from '../model/shown-lines.js';
import type { FindOptions, FindState } from './element-api.js';
import type { LinesView } from './lines-view.js';

export const NOTHING: FindOptions = {
  text: '',
  regex: false,
  caseSensitive: false,
  only: false,
  context: 2,
  stream: [],
  source: [],
  level: [],
};

export class Finder {
  readonly #search: LogSearch;
  #options: FindOptions | undefined;
  #current: number | undefined;
  #steps = 0;
  #seeking = false;
  #wrapped = false;

  constructor(
    source: SearchSource,
    private readonly store: LineStore,
    private readonly view: LinesView,
    private readonly changed: () => void,
  ) {
    this.#search = new LogSearch(source, {
      changed: () => this.#tell(),
      told: (lines) => this.#told(lines),
    });
  }

  stop(): void {
    this.#search.stop();
  }

  get options(): FindOptions | undefined {
    return this.#options;
  }

  get state(): FindState {
    const search = this.#search;
    const ordinal = this.#current === undefined ? 0 : (search.ordinalOf(this.#current) ?? 0);
    const { total, progress, complete, full, problem } = search;
    const [seeking, wrapped] = [this.#seeking, this.#wrapped];
    return { total, progress, complete, full, problem, ordinal, seeking, wrapped };
  }

  /** Looks for this from now on, or for nothing. */
  set(options: FindOptions | undefined): void {
    const before = this.#options;
    this.#options = options;
    const same = isSame(before, options);
    if (!same) {
      this.#current = undefined;
      this.#wrapped = false;
      this.view.forgetMatch();
    }
    if (options === undefined) {
      this.#search.stop();
      if (before?.only) this.view.setFilter(undefined);
      return;
    }
    // Who saw the log without some lines before has had them all told.
    if (!same || (options.only && !before?.only)) this.#start(options);
    if (options.only) this.#filter(options.context);
    else if (before?.only) this.view.setFilter(undefined);
    this.view.schedule();
  }

  /** The log has other lines than before. */
  grow(): void {
    this.#search.grow(this.store.first, this.store.head);
  }

  /** Another log has taken the place of this one. */
  restart(): void {
    const options = this.#options;
    this.#options = undefined;
    this.#search.stop();
    if (options !== undefined) this.set(options);
  }

  /** After a drawing. */
  drawn(): void {
    if (this.#options === undefined) return;
    const { rows, lines } = this.view;
    this.#search.wantPlaces(lines.ranges(rows.from, rows.to));
  }

  placesOf(position: number): readonly Place[] | undefined {
    return this.#search.placesOf(position);
  }

  /** Goes to the next match, or to the one before. Steps that come too fast are made in turn. */
  async step(forward: boolean): Promise<void> {
    this.#steps += forward ? 1 : -1;
    if (this.#seeking || this.#options === undefined) return;
    this.#seeking = true;
    this.changed();
    const spec = this.#options;
    while (this.#steps !== 0 && isSame(spec, this.#options)) {
      const ahead = this.#steps > 0;
      this.#steps -= ahead ? 1 : -1;
      const from = this.#from(ahead);
      const line = await this.#search.step(from, ahead);
      if (line === undefined || !isSame(spec, this.#options)) break;
      this.#wrapped = ahead ? line <= from : line >= from;
      this.#goTo(line);
    }
    this.#steps = 0;
    this.#seeking = false;
    this.changed();
  }

  /** Goes to the match that is next to this line. */
  async goNear(line: number): Promise<void> {
    const found = await this.#search.step(line - 1, true);
    if (found !== undefined) this.#goTo(found);
  }

  /** The lines at which each of so many equal parts of what can be scrolled begins, and the end. */
  edges(parts: number): number[] {
    const { heights } = this.view.viewport;
    const { first, end, total } = heights;
    return Array.from({ length: parts + 1 }, (_, i) =>
      i === 0 ? first : i === parts ? end : heights.find((i / parts) * total),
    );
  }

  /** How many lines match between each two of `edges`. */
  marks(edges: readonly number[]): Float64Array {
    return this.#search.counts.density(edges, (from, to) => this.#search.countTold(from, to));
  }

  get hasMarks(): boolean {
    return this.#options !== undefined && !this.#options.only && this.#search.total > 0;
  }

  #goTo(line: number): void {
    this.#current = line;
    this.view.goToMatch(line);
    if (this.#search.ordinalOf(line) === undefined) void this.#search.learnOrdinal(line);
  }

  /** Where a step begins: at the current match while it is in view, else at the view's edge. */
  #from(forward: boolean): number {
    const { from, to } = this.view.inView;
    const at = this.#current;
    if (at !== undefined && at >= from && at < to) return at;
    return forward ? from - 1 : to;
  }

  #start(options: FindOptions): void {
    const { first, head } = this.store;
    const at = this.view.following ? head : this.view.inView.from;
    this.#search.start(options, { first, head }, at, options.only);
  }

  #filter(context: number): void {
    const filter = new FoundLines(context);
    for (const line of this.#search.lines()) filter.add(line, this.store.first);
    this.view.setFilter(filter);
  }

  #told(lines: readonly number[]): void {
    const { filter } = this.view.lines;
    if (filter === undefined) return;
    let [from, to] = [Infinity, 0];
    for (const line of lines) {
      filter.add(line, this.store.first);
      from = Math.min(from, line - filter.context);
      to = Math.max(to, line + filter.context + 1);
    }
    this.view.shownChanged(from, to);
  }

  #tell(): void {
    this.view.schedule();
    this.changed();
  }
}

/** The same is looked for, shown in whatever way. */
function isSame(a: FindOptions | undefined, b: FindOptions | undefined): boolean {
  const key = (options: FindOptions | undefined) =>
    options && JSON.stringify({ ...options, only: false, context: 0 });
  return key(a) === key(b);
}
