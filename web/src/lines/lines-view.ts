// The scrolled lines of one log: keeps the rows in view in the document, the scroll bar where it
// belongs, and the end in view while following. One drawing a frame, whatever happens in between.
//
// Viewport says where the reader stands, LineStore has the lines, RowList the rows. The content is
// as high as Viewport says; rows stand in one block, placed in it so that the anchor is where it
// has to be.

import type { Entry } from '../client/api.js';
import type { Place } from '../client/search.js';
import { MAX_CONTENT_PX, Viewport } from '../model/viewport.js';
import type { Anchor } from '../model/viewport.js';
import type { LineStore } from '../model/line-store.js';
import type { FoundLines, VisibleLines } from '../model/shown-lines.js';
import { CarriedStyles } from '../text/carry.js';
import type { Heading } from './row.js';
import { RowList } from './row-list.js';
import { ScrollInput } from './scroll-input.js';

/** Rows are drawn so far beyond the view. */
const OVERSCAN_PX = 300;
/** So many lines around those drawn are fetched before they are needed. */
const AHEAD_LINES = 300;
/** The same where lines are hidden: those shown may lie far from each other. */
const AHEAD_ROWS = 50;
/** Drawing finds out heights, and heights what to draw; after so many rounds the rest waits. */
const MAX_ROUNDS = 6;
/** In so many of them lines may be folded before they are drawn. */
const MAX_FOLDS = 3;
const DEFAULT_ROW_PX = 19;

export interface ViewParts {
  scroller: HTMLElement;
  /** As high as the content. */
  canvas: HTMLElement;
  /** Header, rows and footer. */
  block: HTMLElement;
  header: HTMLElement;
  footer: HTMLElement;
}

export interface ViewListener {
  /** Following began or ended. */
  followChanged(): void;
  /** After a drawing. */
  drawn(): void;
  timeOf(entry: Entry): string;
  headingOf(entry: Entry): Heading | undefined;
  isPretty(position: number): boolean;
  /** Lines [from, to) are about to be drawn. Says whether some of them are hidden now. */
  prepare(from: number, to: number): boolean;
  /** The line is wanted and hidden. */
  reveal(position: number): void;
  /** What of the line's text was found. */
  placesOf(position: number): readonly Place[] | undefined;
}

export class LinesView {
  readonly viewport = new Viewport(DEFAULT_ROW_PX);
  readonly rows: RowList;
  readonly #input: ScrollInput;
  readonly #styles: CarriedStyles;
  readonly #resized: ResizeObserver;
  #following = true;
  #frame = 0;
  #width = 0;
  #marked: { first: number; last: number } | undefined;
  #current: number | undefined;
  #showPlace = false;
  /** Where a reader was who has not moved since lines were hidden or shown. */
  #kept: Anchor | undefined;
  /** Where the reader was when following ended. */
  headWhenLeft = 0;

  constructor(
    private readonly parts: ViewParts,
    private readonly store: LineStore,
    private readonly listener: ViewListener,
  ) {
    this.#styles = new CarriedStyles((position) => this.store.peek(position));
    this.rows = new RowList(parts.block, {
      get: (position) => this.store.get(position),
      next: (position) => this.lines.next(position),
      hiddenBefore: (position) => this.#hiddenBefore(position),
      placesOf: (position) => this.listener.placesOf(position),
      isCurrent: (position) => position === this.#current,
      isMarked: (position) =>
        this.#marked !== undefined &&
        position >= this.#marked.first &&
        position <= this.#marked.last,
      timeOf: (entry) => this.listener.timeOf(entry),
      styleOf: (position) => this.#styles.before(position),
      isPretty: (position) => this.listener.isPretty(position),
      headingOf: (entry) => this.listener.headingOf(entry),
    });
    this.#input = new ScrollInput(parts.scroller, {
      scrolled: (before, now, stepping) => this.#scrolled(before, now, stepping),
      up: () => this.leave(),
      rested: () => this.#rest(),
    });
    this.#resized = new ResizeObserver(() => this.#onResize());
    this.#resized.observe(parts.scroller);
    this.#resized.observe(parts.footer);
    this.#resized.observe(parts.header);
  }

  stop(): void {
    this.#resized.disconnect();
    this.#input.stop();
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
  }

  /** Which lines have rows. After a change: `shownChanged`. */
  get lines(): VisibleLines {
    return this.viewport.lines;
  }

  /** Other lines of [from, to) than before have rows. */
  shownChanged(from?: number, to?: number): void {
    this.viewport.shownChanged(from, to);
    this.schedule();
  }

  get following(): boolean {
    return this.#following;
  }

  /** Draws in the next frame. */
  schedule(): void {
    if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#draw());
  }

  /** All rows look different from now on, and may be of other heights. */
  relayout(): void {
    this.rows.refresh();
    this.viewport.reset(this.#readRowHeight());
    this.parts.block.style.minWidth = '';
    this.schedule();
  }

  /** These rows say something else. */
  renew(positions: readonly number[]): void {
    this.rows.renew(positions);
    this.schedule();
  }

  /** All rows say something else, in the same places. */
  refresh(): void {
    this.rows.refresh();
    this.schedule();
  }

  /** Another log. */
  clear(): void {
    this.rows.clear();
    this.#marked = undefined;
    this.#current = undefined;
    this.#kept = undefined;
    this.lines.folds.clear();
    this.lines.filter = undefined;
    this.viewport.reset(this.#readRowHeight(), this.store.first, this.store.head);
    this.follow();
  }

  follow(): void {
    this.#kept = undefined;
    if (!this.#following) {
      this.#following = true;
      this.listener.followChanged();
    }
    this.schedule();
  }

  leave(): void {
    if (!this.#following || this.viewport.range === 0) return;
    this.#following = false;
    this.headWhenLeft = this.store.head;
    this.listener.followChanged();
  }

  /** Brings the line into view, a third from the top. */
  goTo(position: number): void {
    this.#extend();
    if (!this.lines.folds.has(position)) this.listener.reveal(position);
    this.#leaveFor();
    const { height, heights } = this.viewport;
    const offset = Math.round(height / 3 / heights.estimate) * heights.estimate;
    this.viewport.moveTo(position, offset);
    // A filter may show it, or what is near it, in a moment.
    this.#kept = this.lines.filter === undefined ? undefined : { position, offset };
    this.#input.quiet();
    this.#rest();
    this.schedule();
  }

  /** Brings the match into view, if it is not there, with the place in it that was found. */
  goToMatch(position: number): void {
    this.#current = position;
    this.rows.refresh();
    if (!this.#isInView(position)) {
      this.goTo(position);
    } else {
      this.#kept = undefined;
      this.#leaveFor();
      this.schedule();
    }
    this.#showPlace = true;
  }

  /** No line is the current match any more. */
  forgetMatch(): void {
    this.#current = undefined;
    this.refresh();
  }

  /** The first line in view, and the one behind the last. */
  get inView(): { from: number; to: number } {
    return this.viewport.visible(0);
  }

  /** Shows only these lines, or all again. The reader stays where they are. */
  setFilter(filter: FoundLines | undefined): void {
    const at = this.#current;
    const { viewport } = this;
    const kept =
      this.#kept ??
      (at !== undefined && this.#isInView(at)
        ? { position: at, offset: viewport.heights.offsetOf(at) + viewport.header - viewport.top }
        : viewport.anchor);
    this.lines.filter = filter;
    viewport.shownChanged();
    this.rows.refresh();
    this.#kept = kept;
    this.#input.quiet();
    this.schedule();
  }

  /** Marks lines [first, last], or none. */
  mark(lines: { first: number; last: number } | undefined): void {
    this.#marked = lines;
    this.rows.refresh();
    this.schedule();
  }

  /** Somebody reads one of the lines [from, to), or was sent to it; not whom lines just pass by. */
  isRead(from: number, to: number): boolean {
    const target = this.#marked?.first;
    if (target !== undefined && target >= from && target < to) return true;
    return !this.#following && this.rows.isFilled(from, to);
  }

  /** Scrolls by true pixels; towards the beginning: negative. */
  scrollBy(delta: number): void {
    if (delta < 0) this.leave();
    this.viewport.moveBy(delta);
    this.#moved(delta);
  }

  toStart(): void {
    this.leave();
    this.viewport.setTop(0);
    this.#moved(-1);
  }

  /** One screenful with two lines of overlap. */
  get page(): number {
    const { height, heights } = this.viewport;
    return Math.max(heights.estimate, height - 2 * heights.estimate);
  }

  #isInView(position: number): boolean {
    const { viewport } = this;
    if (!this.lines.has(position)) return false;
    const top = viewport.heights.offsetOf(position) + viewport.header - viewport.top;
    return top >= 0 && top + viewport.heights.heightOf(position) <= viewport.height;
  }

  /** Of a filter, whose seams are to be seen. */
  #hiddenBefore(position: number): number {
    if (this.lines.filter === undefined) return 0;
    return position - 1 - Math.max(this.store.first - 1, this.lines.previous(position - 1));
  }

  #leaveFor(): void {
    if (!this.#following) return;
    this.#following = false;
    this.headWhenLeft = this.store.head;
    this.listener.followChanged();
  }

  #moved(delta: number): void {
    this.#kept = undefined;
    this.#input.quiet();
    this.#rest();
    if (delta > 0 && this.viewport.atEnd) this.follow();
    this.schedule();
  }

  #scrolled(before: number, now: number, stepping: boolean): void {
    // A view that grows is scrolled too, by the browser, which then is at the end.
    const end = this.parts.canvas.offsetHeight - this.parts.scroller.clientHeight;
    if (now < before && now >= end - 1) {
      this.schedule();
      return;
    }
    if (this.#following) {
      if (now >= before) return;
      this.leave();
    }
    this.#kept = undefined;
    this.viewport.scrolled(before, now, stepping);
    if (now > before && this.viewport.atEnd) this.follow();
    this.schedule();
  }

  /** The reader holds still: the scroll bar may be put where it belongs. */
  #rest(): void {
    this.#input.set(this.viewport.contentTop);
    this.#place();
  }

  #extend(): void {
    this.viewport.extend(this.store.first, this.store.head);
  }

  #draw(): void {
    this.#frame = 0;
    const { viewport, parts } = this;
    this.#extend();
    for (let round = 0; round < MAX_ROUNDS; round++) {
      if (this.#following) viewport.toEnd();
      else if (this.#kept !== undefined) viewport.moveTo(this.#kept.position, this.#kept.offset);
      else viewport.clamp();
      const { from, to } = viewport.visible(OVERSCAN_PX);
      const folds = this.lines.filter === undefined && round < MAX_FOLDS;
      if (folds && this.listener.prepare(from, to)) continue;
      this.rows.show(from, to);
      parts.header.hidden = this.#isBehindFirst(from);
      parts.footer.hidden = this.lines.next(to) < this.store.head;
      if (!this.#measure()) break;
    }
    if (this.#following) viewport.toEnd();
    this.#want();
    this.#place();
    if (this.#showPlace) this.#bringPlace();
    this.listener.drawn();
  }

  /** Scrolls to what was found, if its line is longer than the view; once, when it is known. */
  #bringPlace(): void {
    const row = this.#current === undefined ? undefined : this.rows.elementOf(this.#current);
    const mark = row?.querySelector('mark');
    if (!mark) return;
    this.#showPlace = false;
    const place = mark.getBoundingClientRect();
    const view = this.parts.scroller.getBoundingClientRect();
    const { clientWidth, clientHeight } = this.parts.scroller;
    const right = place.right - view.left;
    const wide = right > clientWidth || place.left < view.left;
    if (wide) this.parts.scroller.scrollLeft += right - clientWidth / 2;
    const below = place.bottom - view.top - clientHeight;
    if (below > 0 || place.top < view.top) this.scrollBy(below + clientHeight / 2);
  }

  /** The row is not the first one. */
  #isBehindFirst(position: number): boolean {
    return this.lines.previous(position - 1) >= this.store.first;
  }

  #want(): void {
    const { lines, rows } = this;
    const { from, to } = rows;
    if (lines.all) {
      const around = [
        { from: to, to: to + AHEAD_LINES },
        { from: from - AHEAD_LINES, to: from },
      ];
      this.store.want([{ from, to }], around);
      return;
    }
    let [above, below] = [from, to];
    for (let i = 0; i < AHEAD_ROWS; i++) {
      above = Math.max(0, lines.previous(above - 1));
      below = Math.min(this.store.head, lines.next(below) + 1);
    }
    const around = [...lines.ranges(to, below), ...lines.ranges(above, from).reverse()];
    this.store.want(lines.ranges(from, to), around);
  }

  /** Takes over the heights of what is drawn; says whether one was not as expected. */
  #measure(): boolean {
    const { viewport, parts } = this;
    let changed = false;
    if (!parts.header.hidden && viewport.header !== parts.header.offsetHeight) {
      // Who is at the very top sees what stands there, also if nobody knew its height before.
      const atTop = !this.#following && viewport.top < 1;
      viewport.header = parts.header.offsetHeight;
      if (atTop) viewport.setTop(0);
      changed = true;
    }
    if (!parts.footer.hidden) viewport.footer = parts.footer.offsetHeight;
    this.rows.measure((position, height) => {
      if (Math.abs(viewport.heights.heightOf(position) - height) < 0.01) return;
      viewport.heights.set(position, height);
      changed = true;
    });
    return changed;
  }

  /** Content, scroll bar and block, from what Viewport says. */
  #place(): void {
    const { viewport, parts } = this;
    const height = `${viewport.contentHeight}px`;
    if (parts.canvas.style.height !== height) parts.canvas.style.height = height;
    const contentTop = this.#following
      ? viewport.contentRange
      : viewport.correction(this.#input.top);
    if (contentTop !== undefined) this.#input.set(contentTop);
    const from = this.rows.from;
    const offset = this.#isBehindFirst(from)
      ? viewport.header + viewport.heights.offsetOf(from)
      : 0;
    // Rows that a jump leaves behind are anywhere. Firefox gives rows no height that lie further
    // than 17.9 million px away, and what is drawn next would be measured there.
    const top = this.#input.top + offset - viewport.top;
    parts.block.style.top = `${Math.min(viewport.contentHeight, Math.max(-MAX_CONTENT_PX, top))}px`;
    // What was wide stays wide: the horizontal scroll bar must not jump with each row.
    const { scrollWidth, clientWidth } = parts.scroller;
    if (scrollWidth > clientWidth) parts.block.style.minWidth = `${scrollWidth}px`;
  }

  #onResize(): void {
    const { scroller } = this.parts;
    this.viewport.height = scroller.clientHeight;
    if (scroller.clientWidth !== this.#width) {
      this.#width = scroller.clientWidth;
      this.viewport.reset(this.#readRowHeight());
      this.parts.block.style.minWidth = '';
    }
    this.schedule();
  }

  #readRowHeight(): number {
    const height = Number.parseFloat(getComputedStyle(this.parts.scroller).lineHeight);
    return height > 0 ? height : DEFAULT_ROW_PX;
  }
}
