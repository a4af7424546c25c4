// A search in one log as a reader sees it: how many lines match, which of them are known by name,
// what stands where in them, and the way to the next. It begins where the reader is, goes on to the
// end, then backwards to the beginning, and then with the log as it grows.
//
// Bounds: a bit for each line that was told, the places of MAX_PLACES lines, MAX_SLICES counts, and
// one request of each kind at a time.

import type { Place, SearchPart, SearchQuery } from '../client/search.js';
import { LineSet, RangeSet } from './line-set.js';
import type { Range } from './line-set.js';
import { MatchCounts } from './match-counts.js';
import { PatientSearch } from './patient-search.js';
import type { SearchProblem, SearchSource } from './patient-search.js';

/** What is looked for. Without text: all that passes the filters. */
export interface SearchSpec {
  text: string;
  regex: boolean;
  caseSensitive: boolean;
  stream: readonly string[];
  source: readonly string[];
  level: readonly string[];
}

/** Backwards it is searched in stretches of so many lines, each four times as long as the last. */
const FIRST_STRETCH = 65_536;
/** So many matches of a stretch are told; all are counted. */
const TOLD_MATCHES = 1_000;
/** If all are to be told: so many at a time, and so many together. */
const LISTED_MATCHES = 50_000;
export const MAX_LISTED = 1_000_000;
export const MAX_PLACES = 5_000;
/** A log that grows is searched on so often. */
const LIVE_MS = 300;
/** The places in view are asked for in stretches that begin and end at multiples of this. */
const VIEW_LINES = 512;
/** And so often at most. */
const VIEW_MS = 100;

export interface SearchListener {
  /** Counts, places or the problem changed. */
  changed(): void;
  /** Matches between these lines were told for the first time. */
  told(lines: readonly number[]): void;
}

export class LogSearch {
  readonly counts = new MatchCounts();
  #spec: SearchSpec | undefined;
  /** All matches are told, as far as MAX_LISTED allows. */
  #listing = false;
  #found = new LineSet();
  /** Lines whose matches are all told. */
  #told = new RangeSet();
  readonly #places = new Map<number, readonly Place[]>();
  #first = 0;
  #head = 0;
  /** [low, high) was searched. */
  #low = 0;
  #high = 0;
  #stretch = FIRST_STRETCH;
  #abort = new AbortController();
  #scanning = false;
  #complete = false;
  #timer: number | undefined;
  #inView: readonly Range[] = [];
  #viewTimer: number | undefined;
  #viewAsk: (Range & { abort: AbortController }) | undefined;
  readonly #asks: PatientSearch;

  constructor(
    private readonly source: SearchSource,
    private readonly listener: SearchListener,
  ) {
    this.#asks = new PatientSearch(source, () => this.listener.changed());
  }

  get spec(): SearchSpec | undefined {
    return this.#spec;
  }
  get problem(): SearchProblem | undefined {
    return this.#asks.problem;
  }
  get total(): number {
    return this.counts.total;
  }
  /** All that the log had when the search began was searched; what came later, soon. */
  get complete(): boolean {
    return this.#complete;
  }
  /** 0 to 1. */
  get progress(): number {
    const all = this.#head - this.#first;
    return all <= 0 ? 1 : Math.min(1, this.counts.lines / all);
  }
  /** All that match are told, or so many that no more will be. */
  get full(): boolean {
    return this.#listing && this.#found.size >= MAX_LISTED;
  }

  /** Begins to search at line `at`; `listing`: every match is wanted by name. */
  start(
    spec: SearchSpec,
    range: { first: number; head: number },
    at: number,
    listing: boolean,
  ): void {
    this.stop();
    this.#spec = spec;
    this.#listing = listing;
    this.#first = range.first;
    this.#head = range.head;
    this.#low = this.#high = Math.min(range.head, Math.max(range.first, at));
    this.#stretch = FIRST_STRETCH;
    this.#goOn();
    this.listener.changed();
  }

  stop(): void {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#scanning = false;
    this.#complete = false;
    this.#viewAsk = undefined;
    this.#inView = [];
    if (this.#viewTimer !== undefined) this.source.clearTimer(this.#viewTimer);
    this.#viewTimer = undefined;
    if (this.#timer !== undefined) this.source.clearTimer(this.#timer);
    this.#timer = undefined;
    this.#asks.forget();
    this.#spec = undefined;
    this.#found = new LineSet();
    this.#told = new RangeSet();
    this.#places.clear();
    this.counts.clear();
  }

  /** The log has the lines of [first, head) by now. */
  grow(first: number, head: number): void {
    this.#first = Math.max(this.#first, first);
    if (head <= this.#head || this.#spec === undefined) return;
    this.#head = head;
    if (this.#scanning || this.#timer !== undefined) return;
    this.#timer = this.source.setTimer(() => {
      this.#timer = undefined;
      this.#goOn();
    }, LIVE_MS);
  }

  /** The lines that were told to match, in order. */
  *lines(): Generator<number> {
    for (let n = this.#found.next(0); n !== Infinity; n = this.#found.next(n + 1)) yield n;
  }

  /** The line matches; undefined: not known. */
  matches(line: number): boolean | undefined {
    if (this.#found.has(line)) return true;
    return this.#told.rangeAt(line) === undefined ? undefined : false;
  }

  /** What of the line's text was found, as far as it is here: see `wantPlaces`. */
  placesOf(line: number): readonly Place[] | undefined {
    return this.#places.get(line);
  }

  /** How many match between these lines, if they are all told. */
  countTold(from: number, to: number): number | undefined {
    if (from >= to) return 0;
    const range = this.#told.rangeAt(from);
    return range !== undefined && range.to >= to ? this.#found.count(from, to) : undefined;
  }

  /** The match's number among all, from 1, if that is known. */
  ordinalOf(line: number): number | undefined {
    const slice = this.counts.sliceAt(line);
    if (slice === undefined) return undefined;
    const before = this.counts.before(slice, this.#first);
    const within = this.countTold(Math.max(slice.from, this.#first), line);
    return before === undefined || within === undefined ? undefined : before + within + 1;
  }

  /** Lines in view: asks where in them the matches are, if that is not here. */
  wantPlaces(ranges: readonly Range[]): void {
    this.#inView = ranges;
    if (this.#viewTimer === undefined) this.#askView();
  }

  /** The next match behind the line, or before it; undefined: there is none. */
  async step(line: number, forward: boolean): Promise<number | undefined> {
    if (this.problem?.kind === 'refused') return undefined;
    const { signal } = this.#abort;
    const [first, head] = [this.#first, this.#head];
    return forward
      ? ((await this.#nextIn(line + 1, head, signal)) ?? this.#nextIn(first, line + 1, signal))
      : ((await this.#lastIn(first, line, signal)) ?? this.#lastIn(line, head, signal));
  }

  /** Finds out the match's number where `ordinalOf` does not know it. */
  async learnOrdinal(line: number): Promise<void> {
    const slice = this.counts.sliceAt(line);
    if (slice === undefined || this.counts.before(slice, this.#first) === undefined) return;
    await this.#tell(Math.max(slice.from, this.#first), line + 1, this.#abort.signal, Infinity);
  }

  #query(range: Partial<Range> & { limit: number; total: boolean }): SearchQuery {
    const { text, regex, caseSensitive, stream, source, level } = this.#spec ?? NOTHING;
    return { q: text, regex, caseSensitive, stream, source, level, ...range };
  }

  #goOn(): void {
    if (this.#scanning) return;
    this.#scanning = true;
    const abort = this.#abort;
    void this.#scan(abort.signal).then(() => {
      if (this.#abort !== abort) return;
      this.#scanning = false;
      this.#complete ||= this.#low <= this.#first && this.#high >= this.#head;
      this.listener.changed();
    });
  }

  async #scan(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (this.#high < this.#head) {
        const [from, to] = [this.#high, this.#head];
        if (!(await this.#scanRange(from, to, signal))) return;
        this.#high = to;
      } else if (this.#low > this.#first) {
        const from = Math.max(this.#first, this.#low - this.#stretch);
        this.#stretch *= 4;
        if (!(await this.#scanRange(from, this.#low, signal))) return;
        this.#low = from;
      } else {
        return;
      }
    }
  }

  /** Counts the matches of [from, to). Says whether that was done. */
  async #scanRange(from: number, to: number, signal: AbortSignal): Promise<boolean> {
    let at = from;
    while (at < to) {
      const listing = this.#listing && !this.full;
      // What is told after the last progress is told again when an answer was cut.
      let base = at;
      let counted = 0;
      const count = (position: number, total: number) => {
        this.counts.add(at, position, total - counted);
        at = Math.max(at, position);
        counted = total;
      };
      const tell = !this.full;
      const limit = listing ? LISTED_MATCHES : tell ? TOLD_MATCHES : 1;
      let lines = 0;
      const end = await this.#asks.ask(
        () => {
          [base, counted, lines] = [at, 0, 0];
          return this.#query({ from: at, to, limit, total: !listing });
        },
        signal,
        (parts) => {
          const last = tell ? this.#takeMatches(parts, false) : -1;
          lines += parts.filter((part) => part.kind === 'match').length;
          for (const part of parts) {
            if (part.kind === 'progress') count(part.progress.position, part.progress.total);
            else if (part.kind === 'end') count(part.end.searched, part.end.total);
          }
          if (tell) this.#told.add(base, lines < limit ? at : Math.max(base, last + 1));
          this.listener.changed();
        },
      );
      if (end === undefined) return false;
      if (end.searched <= base && !end.complete) return false;
      if (end.complete) at = to;
    }
    return true;
  }

  /** Takes over what was told; returns the last line of it, or -1. */
  #takeMatches(parts: readonly SearchPart[], evict: boolean): number {
    const lines: number[] = [];
    let last = -1;
    for (const part of parts) {
      if (part.kind !== 'match') continue;
      const { n, columns } = part.match;
      last = n;
      if (this.#found.add(n)) lines.push(n);
      if (evict || this.#places.size < MAX_PLACES) this.#setPlaces(n, columns);
    }
    if (lines.length > 0) this.listener.told(lines);
    return last;
  }

  #setPlaces(line: number, places: readonly Place[]): void {
    this.#places.delete(line);
    this.#places.set(line, places);
    if (this.#places.size <= MAX_PLACES) return;
    const [oldest] = this.#places.keys();
    if (oldest !== undefined) this.#places.delete(oldest);
  }

  #askView(): void {
    if (this.#spec === undefined || this.problem?.kind === 'refused') return;
    let from = Infinity;
    let to = 0;
    for (const range of this.#inView) {
      for (let n = range.from; n < range.to && n < this.#head; n++) {
        if (this.matches(n) === false || this.#places.has(n)) continue;
        from = Math.min(from, n);
        to = Math.max(to, n + 1);
      }
    }
    const asked = this.#viewAsk;
    if (asked !== undefined && (from >= to || (asked.from <= from && from < asked.to))) return;
    asked?.abort.abort();
    this.#viewAsk = undefined;
    if (from >= to) return;
    void this.#askPlaces(from, to);
    // Who scrolls, or follows a busy log, sees other lines with each frame.
    this.#viewTimer = this.source.setTimer(() => {
      this.#viewTimer = undefined;
      this.#askView();
    }, VIEW_MS);
  }

  async #askPlaces(first: number, last: number): Promise<void> {
    const from = Math.floor(first / VIEW_LINES) * VIEW_LINES;
    // Lines far apart are those of a filter, which has told them: between them nothing matches.
    const to = Math.min(this.#head, Math.ceil(last / VIEW_LINES) * VIEW_LINES);
    const abort = new AbortController();
    const ask = { from, to, abort };
    this.#viewAsk = ask;
    const { signal } = this.#abort;
    const stop = () => abort.abort();
    signal.addEventListener('abort', stop);
    await this.#tell(from, to, abort.signal, 4 * VIEW_LINES);
    signal.removeEventListener('abort', stop);
    if (this.#viewAsk !== ask) return;
    this.#viewAsk = undefined;
    this.listener.changed();
  }

  /** Has the first `count` matches of [from, to) told; returns how far that went. */
  async #tell(from: number, to: number, signal: AbortSignal, count: number): Promise<number> {
    let at = from;
    let left = count;
    while (at < to && left > 0) {
      const limit = Math.min(left, LISTED_MATCHES);
      const end = await this.#asks.ask(
        () => this.#query({ from: at, to, limit, total: false }),
        signal,
        (parts) => this.#takeMatches(parts, true),
      );
      if (end === undefined) return at;
      const searched = end.complete ? to : end.searched;
      if (searched <= at) return at;
      this.#told.add(at, searched);
      left -= end.total;
      at = searched;
    }
    return at;
  }

  async #nextIn(from: number, to: number, signal: AbortSignal): Promise<number | undefined> {
    let at = from;
    while (at < to && !signal.aborted) {
      const told = this.#told.rangeAt(at);
      const known = this.#found.next(at);
      if (told !== undefined && known < told.to) return known < to ? known : undefined;
      const start = this.counts.skipEmpty(told?.to ?? at);
      if (start !== at) {
        at = start;
        continue;
      }
      // One is enough to go to; of rare ones the next would be waited for in vain.
      if ((await this.#tell(at, to, signal, 1)) <= at) return undefined;
    }
    return undefined;
  }

  async #lastIn(from: number, to: number, signal: AbortSignal): Promise<number | undefined> {
    let at = to;
    let stretch = 4 * VIEW_LINES;
    while (at > from && !signal.aborted) {
      const told = this.#told.rangeAt(at - 1);
      const known = this.#found.previous(at - 1);
      if (told !== undefined && known >= told.from) return known >= from ? known : undefined;
      const end = this.counts.skipEmptyBefore(told?.from ?? at);
      if (end !== at) {
        at = end;
        continue;
      }
      const start = Math.max(from, at - stretch);
      stretch *= 4;
      if ((await this.#tell(start, at, signal, Infinity)) < at) return undefined;
    }
    return undefined;
  }
}

const NOTHING: SearchSpec = {
  text: '',
  regex: false,
  caseSensitive: false,
  stream: [],
  source: [],
  level: [],
};
