// Finding in <tailrace-log>: what is looked for outlives the log that is shown.

import type { LogHandle } from '../client/client.js';
import { searchChunks } from '../client/search.js';
import type { Place, SearchQuery } from '../client/search.js';
import type { LineStore } from '../model/line-store.js';
import type { ElementFinding, FindOptions, FindState, FirstError } from './element-api.js';
import { Finder, NOTHING } from './finder.js';
import { firstError } from './first-error.js';
import type { LinesView } from './lines-view.js';
import { Marks } from './marks.js';

interface Host extends EventTarget {
  readonly log: LogHandle;
  goTo(position: number): void;
}

export class LogFinding implements ElementFinding {
  #view: LinesView | undefined;
  #finder: Finder | undefined;
  #marks: Marks | undefined;
  /** What is to be found, also before there is a log. */
  #wanted: FindOptions | undefined;
  #told = true;

  constructor(
    private readonly host: Host,
    private readonly store: LineStore,
  ) {}

  /**
   * Looks for this from now on: what matches is marked, as the log grows, and counted. Without an
   * argument the search ends.
   */
  find(options?: Partial<FindOptions>): void {
    this.#wanted = options && { ...NOTHING, ...options };
    if (this.store.head > 0 || options === undefined) this.#finder?.set(this.#wanted);
  }

  get state(): FindState | undefined {
    return this.#wanted === undefined ? undefined : this.#finder?.state;
  }

  /** Goes to the next match, or to the one before. */
  next(forward = true): void {
    void this.#finder?.step(forward);
  }

  /** What the lines here have as streams, sources and levels. */
  get seen(): LineStore['seen'] {
    return this.store.seen;
  }

  /** Goes to the first error and marks it; says where it is. Fails with ApiError. */
  async toFirstError(): Promise<FirstError | undefined> {
    const found = await firstError(this.host.log);
    if (found !== undefined) this.host.goTo(found.n);
    return found;
  }

  /** The rest is the element's. The lines are shown by this view, beside the canvas of `root`. */
  begin(view: LinesView, root: ShadowRoot): void {
    const { log } = this.host;
    const source = {
      search: (query: SearchQuery, signal: AbortSignal) =>
        searchChunks(log.url, query, log.options, signal),
      setTimer: (action: () => void, ms: number) => window.setTimeout(action, ms),
      clearTimer: (timer: number) => window.clearTimeout(timer),
    };
    this.#view = view;
    this.#finder = new Finder(source, this.store, view, () => {
      this.#told = false;
      this.#view?.schedule();
    });
    const canvas = root.querySelector('canvas');
    const scroller = root.querySelector<HTMLElement>('.scroller');
    if (canvas && scroller) this.#marks = new Marks(canvas, scroller, this.#finder);
    this.known();
  }

  end(): void {
    this.#finder?.stop();
    this.#marks?.stop();
    this.#finder = this.#marks = this.#view = undefined;
  }

  /** The log may have lines by now. */
  known(): void {
    const waits = this.#wanted !== undefined && this.#finder?.options === undefined;
    if (waits && this.store.head > 0) this.#finder?.set(this.#wanted);
  }

  grow(): void {
    this.#finder?.grow();
  }

  /** Another log has taken the place of this one. */
  restart(): void {
    this.#finder?.restart();
  }

  drawn(): void {
    this.#finder?.drawn();
    this.#marks?.schedule();
    if (this.#told) return;
    this.#told = true;
    const init = { detail: this.state, bubbles: true, composed: true };
    this.host.dispatchEvent(new CustomEvent('tailrace-find', init));
  }

  placesOf(position: number): readonly Place[] | undefined {
    return this.#finder?.placesOf(position);
  }
}
