// Where a reader stands in a log, in pixels: which rows are in view and where the scroll bar has to
// be. Knows no DOM.
//
// The truth is the anchor: a row, and how far its top lies below the upper edge of the view. Rows
// that are measured, arrive or vanish elsewhere change the scroll bar and never what is in view.
// Browsers limit how high an element can be (Firefox: 17.9 million px), and positions lose their
// fractions long before that, so the scrolled content is at most MAX_CONTENT_PX high and its
// scroll positions stand for those of a much higher one.

import { HeightIndex } from './heights.js';
import { VisibleLines } from './shown-lines.js';

/** The highest content, in px. Scroll positions below this have fractions of a quarter px. */
export const MAX_CONTENT_PX = 4_000_000;
/** A scroll bar that moves the content by more than this in one step is being dragged. */
const JUMP_PX = 1_000;
/** No wheel or finger moves the content by more than this in one step. */
const STEP_PX = 20_000;
/** So near to either end of a scaled log a pixel is a pixel, so that the wheel reaches the end. */
const EDGE_PX = 10_000;

export interface Anchor {
  position: number;
  /** px from the upper edge of the view down to the row's top; above it: negative. */
  offset: number;
}

export class Viewport {
  /** Which lines have rows. After a change: `shownChanged`. */
  readonly lines = new VisibleLines();
  readonly heights: HeightIndex;
  /** Of the visible part. */
  height = 0;
  /** What stands above the first row and below the last one, and scrolls with them. */
  header = 0;
  footer = 0;
  #anchor: Anchor = { position: 0, offset: 0 };

  constructor(
    estimate: number,
    private readonly maxContent = MAX_CONTENT_PX,
  ) {
    this.heights = new HeightIndex(estimate, this.lines);
  }

  get anchor(): Anchor {
    return this.#anchor;
  }

  /** The height of everything, which may be more than any element can have. */
  get total(): number {
    return this.header + this.heights.total + this.footer;
  }
  /** How far the reader can scroll, in true px. */
  get range(): number {
    return Math.max(0, this.total - this.height);
  }
  /** How far the reader has scrolled, in true px. */
  get top(): number {
    const { position, offset } = this.#anchor;
    return this.header + this.heights.offsetOf(position) - offset;
  }
  get atEnd(): boolean {
    return this.top >= this.range - 1;
  }

  /** The height that the scrolled content is given. */
  get contentHeight(): number {
    return Math.max(this.height, Math.min(this.total, this.maxContent));
  }
  get contentRange(): number {
    return Math.max(0, this.contentHeight - this.height);
  }
  /** Pixels of the scroll bar do not stand for pixels of the log. */
  get scaled(): boolean {
    return this.total > this.maxContent;
  }

  /** Where the scroll bar should be for what is in view. */
  get contentTop(): number {
    const { top, range, contentRange } = this;
    if (!this.scaled) return Math.min(contentRange, Math.max(0, top));
    const edge = this.#edge;
    if (top <= edge) return Math.max(0, top);
    if (top >= range - edge) return contentRange - Math.max(0, range - top);
    return edge + ((top - edge) / (range - 2 * edge)) * (contentRange - 2 * edge);
  }

  /** Rows [first, end) exist. The anchor moves only if its row is gone. */
  extend(first: number, end: number): void {
    this.heights.extend(first, end);
    const last = Math.max(this.heights.first, this.heights.end - 1);
    const { position, offset } = this.#anchor;
    if (position < this.heights.first) this.#anchor = { position: this.heights.first, offset: 0 };
    else if (position > last) this.#anchor = { position: last, offset };
  }

  /**
   * Other lines of [from, to) than before have rows. If the anchor has none any more, the next one
   * stands in its place.
   */
  shownChanged(from = this.heights.first, to = this.heights.end): void {
    this.heights.shownChanged(from, to);
    this.#anchor = { ...this.#anchor, position: this.#nearest(this.#anchor.position) };
  }

  /** Another log, or another look: nothing measured counts any more. The anchor's row stays. */
  reset(estimate: number, first = this.heights.first, end = this.heights.end): void {
    this.heights.reset(estimate, first, end);
    this.extend(first, end);
  }

  /** Brings the row to `offset` px below the upper edge, as far as there is something to show. */
  moveTo(position: number, offset = 0): void {
    const last = Math.max(this.heights.first, this.heights.end - 1);
    const row = this.#nearest(Math.min(last, Math.max(this.heights.first, position)));
    // This row is the anchor, wherever in view it is: those above it may turn out to be higher.
    this.#anchor = { position: row, offset };
    this.clamp();
  }

  /** Shows nothing before the beginning or behind the end. */
  clamp(): void {
    const { top, range } = this;
    if (top < 0) this.setTop(0);
    else if (top > range) this.setTop(range);
  }

  toEnd(): void {
    this.setTop(this.range);
  }

  setTop(top: number): void {
    const y = Math.min(this.range, Math.max(0, top));
    const position = this.heights.find(y - this.header);
    this.#anchor = { position, offset: this.header + this.heights.offsetOf(position) - y };
  }

  moveBy(delta: number): void {
    this.setTop(this.top + delta);
  }

  /**
   * The content was scrolled from `before` to `now`. `stepping`: by wheel, touch or key, where a
   * pixel is a pixel; otherwise a long way is the scroll bar's, where only the proportion counts.
   */
  scrolled(before: number, now: number, stepping: boolean): void {
    const delta = now - before;
    if (Math.abs(delta) <= (stepping ? STEP_PX : JUMP_PX)) this.moveBy(delta);
    else this.setTop(this.#topFor(now));
  }

  /** The line if it has a row, or the next that has one, or the last. */
  #nearest(position: number): number {
    const next = this.lines.next(position);
    if (next < this.heights.end) return next;
    const last = this.lines.previous(position);
    return last < this.heights.first ? position : last;
  }

  get #edge(): number {
    return Math.min(EDGE_PX, this.contentRange / 4);
  }

  /** What contentTop stands for: its inverse. */
  #topFor(contentTop: number): number {
    const { range, contentRange } = this;
    if (!this.scaled) return contentTop;
    const edge = this.#edge;
    if (contentTop <= edge) return contentTop;
    if (contentTop >= contentRange - edge) return range - (contentRange - contentTop);
    return edge + ((contentTop - edge) / (contentRange - 2 * edge)) * (range - 2 * edge);
  }

  /**
   * The scroll position that must be set at once, or undefined while any will do: the content ends
   * where the log does not, or the log where the content does not.
   */
  correction(contentTop: number): number | undefined {
    const wanted = this.contentTop;
    const margin = Math.min(this.height, this.contentRange / 4);
    const off = Math.abs(contentTop - wanted) > 0.5;
    const nearEdge =
      contentTop < margin ||
      contentTop > this.contentRange - margin ||
      wanted < margin ||
      wanted > this.contentRange - margin;
    return off && nearEdge ? wanted : undefined;
  }

  /** Rows [from, to) to draw: those in view and `overscan` px around them. */
  visible(overscan: number): { from: number; to: number } {
    const { first, end } = this.heights;
    if (first === end) return { from: first, to: end };
    const top = this.top - this.header;
    const from = this.heights.find(top - overscan);
    const to = this.heights.find(top + this.height + overscan) + 1;
    return { from, to: Math.min(end, Math.max(from + 1, to)) };
  }
}
