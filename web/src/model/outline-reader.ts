// Keeps the outline of a log: what it had when it was opened is searched by the server, what comes
// live is looked through here, for a few milliseconds of each frame; when too much waits for that,
// the server searches it, too. Without an answer there are no groups, and nothing else is missing.

import { ApiError } from '../client/api.js';
import type { Entry } from '../client/api.js';
import type { SearchPart, SearchQuery } from '../client/search.js';
import type { Batch } from '../client/session.js';
import { MARKER_PATTERN, readSigns, signsOf } from '../text/groups.js';
import type { Sign } from '../text/groups.js';
import { MAX_GROUPS } from './outline.js';
import type { Outline } from './outline.js';
import { FRAME_MS, TimeBudget } from './time-budget.js';

/** One search tells so many lines at most; the next goes on behind it. */
const SEARCH_LIMIT = 5_000;
/** Lines with signs that wait for the search to be through. */
const MAX_WAITING = 2 * MAX_GROUPS;
/** Of live batches that wait to be looked through. */
export const MAX_BACKLOG_CHARACTERS = 4_000_000;
const FIRST_RETRY_MS = 2_000;
const LAST_RETRY_MS = 60_000;

export interface OutlineSource {
  search(query: SearchQuery, signal: AbortSignal): AsyncGenerator<SearchPart[]>;
  setTimer(action: () => void, ms: number): number;
  clearTimer(timer: number): void;
  /** Milliseconds, of a clock that is never set. */
  now(): number;
}

/** Lines of a batch that are yet to be looked through. */
interface Backlog {
  entries: Iterator<Entry, void>;
  characters: number;
}

export class OutlineReader {
  #abort: AbortController | undefined;
  #timer: number | undefined;
  #retryMs = FIRST_RETRY_MS;
  /** The search has to come up to here. */
  #goal = 0;
  #searching = false;
  #waiting: { line: number; signs: Sign[] }[] = [];
  readonly #budget: TimeBudget;
  #backlog: Backlog[] = [];
  #backlogCharacters = 0;
  #turn: number | undefined;
  /** The log has ended with so many lines, and the outline is not finished yet. */
  #end: number | undefined;

  constructor(
    private readonly outline: Outline,
    private readonly source: OutlineSource,
    /** The outline has changed. */
    private readonly changed: () => void,
  ) {
    this.#budget = new TimeBudget(() => this.source.now());
  }

  stop(): void {
    this.#abort?.abort();
    this.#abort = undefined;
    if (this.#timer !== undefined) this.source.clearTimer(this.#timer);
    this.#timer = undefined;
    this.#searching = false;
    this.#waiting = [];
    this.#dropBacklog();
    this.#end = undefined;
  }

  /** The log had lines [first, head) when it was opened, of which these are here. */
  start(first: number, head: number, entries: readonly Entry[]): void {
    this.#goal = head;
    this.outline.advance(first);
    if (entries.length >= head - first) {
      for (const entry of entries) this.#add(entry.n, readSigns(entry.text));
      this.outline.advance(head);
      this.changed();
    } else {
      this.#searching = true;
      void this.#search();
    }
  }

  /** Lines that came live. Parses those that may have signs, as far as there is time. */
  batch({ to, data }: Batch): void {
    if (this.outline.fullAt !== undefined || !QUICK.some((word) => data.includes(word))) return;
    this.#backlog.push({ entries: entriesWithSigns(data), characters: data.length });
    this.#backlogCharacters += data.length;
    if (this.#backlogCharacters > MAX_BACKLOG_CHARACTERS) this.#leaveToServer(to);
    else if (this.#turn === undefined) this.#takeIn();
  }

  /** No line comes behind `head`: what is open then ends there. */
  end(head: number): void {
    this.#end = head;
    this.#finish();
  }

  #finish(): void {
    if (this.#end === undefined || this.#searching || this.#backlog.length > 0) return;
    this.outline.finish(this.#end);
    this.#end = undefined;
    this.changed();
  }

  #takeIn(): void {
    this.#turn = undefined;
    const { length } = this.outline.groups;
    let found = false;
    const done = this.#budget.run(() => {
      const [batch] = this.#backlog;
      if (batch === undefined) return false;
      const { value: entry } = batch.entries.next();
      if (!entry) {
        this.#backlog.shift();
        this.#backlogCharacters -= batch.characters;
        return true;
      }
      const signs = readSigns(entry.text);
      found ||= signs.length > 0;
      this.#add(entry.n, signs);
      return true;
    });
    if (found && (!this.#searching || this.outline.groups.length > length)) this.changed();
    if (done) this.#finish();
    else this.#turn = this.source.setTimer(() => this.#takeIn(), FRAME_MS);
  }

  #dropBacklog(): void {
    if (this.#turn !== undefined) this.source.clearTimer(this.#turn);
    this.#turn = undefined;
    this.#backlog = [];
    this.#backlogCharacters = 0;
  }

  /** More has come than can be looked through: the server searches up to there. */
  #leaveToServer(goal: number): void {
    this.#dropBacklog();
    this.#goal = goal;
    if (this.#searching) return;
    this.#searching = true;
    void this.#search();
  }

  #add(line: number, signs: Sign[]): void {
    if (signs.length === 0) return;
    if (!this.#searching) this.outline.add(line, signs);
    else if (this.#waiting.length < MAX_WAITING) this.#waiting.push({ line, signs });
  }

  async #search(): Promise<void> {
    const abort = new AbortController();
    this.#abort = abort;
    try {
      while (this.outline.known < this.#goal && this.outline.fullAt === undefined) {
        const goal = this.#goal;
        const more = await this.#searchOn(abort.signal);
        if (abort.signal.aborted || (!more && goal === this.#goal)) break;
      }
      if (abort.signal.aborted) return;
      this.outline.advance(this.#goal);
      this.#searching = false;
      for (const { line, signs } of this.#waiting) this.outline.add(line, signs);
      this.#waiting = [];
      this.changed();
      this.#finish();
    } catch (error) {
      if (abort.signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      if (!error.temporary) return;
      const wait = Math.max(this.#retryMs, error.retryAfterS * 1000);
      this.#retryMs = Math.min(2 * this.#retryMs, LAST_RETRY_MS);
      this.#timer = this.source.setTimer(() => void this.#search(), wait);
    }
  }

  /** One search, as far as it tells; says whether there is more to search. */
  async #searchOn(signal: AbortSignal): Promise<boolean> {
    const query = {
      q: MARKER_PATTERN,
      regex: true,
      caseSensitive: true,
      total: false,
      limit: SEARCH_LIMIT,
      from: this.outline.known,
      to: this.#goal,
    };
    let more = false;
    for await (const parts of this.source.search(query, signal)) {
      if (signal.aborted) return false;
      const { length } = this.outline.groups;
      for (const part of parts) {
        if (part.kind === 'match') this.outline.add(part.match.n, signsOf(part.match.columns));
        else if (part.kind === 'progress') this.outline.advance(part.progress.position);
        else if (part.kind === 'end') {
          this.outline.advance(part.end.searched);
          more = part.end.cause === 'limit';
          if (!part.end.complete && !more) throw new ApiError(0, part.end.cause ?? '');
        }
      }
      this.#retryMs = FIRST_RETRY_MS;
      if (this.outline.groups.length > length) this.changed();
    }
    return more;
  }
}

/** In the JSON of a batch, where quotation marks and control characters of a text are escaped. */
const CANDIDATE = new RegExp(
  [
    '::(?:end)?group::|##\\[(?:end)?group\\]|section_(?:start|end):\\d',
    '(?:"|m)(?:---|\\+\\+\\+|~~~|\\^\\^\\^) ',
  ].join('|'),
  'g',
);
const QUICK = ['group::', 'group]', 'section_', '--- ', '+++ ', '~~~ ', '^^^ '];

/** The entries that may have signs, parsed one by one: mostly none of a large batch. */
function* entriesWithSigns(data: string): Generator<Entry, void> {
  let parsed = 0;
  for (const { index } of data.matchAll(CANDIDATE)) {
    if (index < parsed) continue;
    const begin = data.lastIndexOf('{"n":', index);
    if (begin < parsed) continue;
    const next = data.indexOf(',{"n":', index);
    const end = next < 0 ? data.lastIndexOf(']') : next;
    parsed = end;
    try {
      yield JSON.parse(data.slice(begin, end)) as Entry;
    } catch {
      // Something else that begins like an entry: the line has no group.
    }
  }
}
