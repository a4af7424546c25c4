// The rows in the document: those of one stretch of the log in order, and besides them the few that
// a selection begins and ends in, wherever those are. Rows are never moved in the document, because
// that would end a selection.

import type { Entry } from '../client/api.js';
import { sameStyle } from '../text/carry.js';
import { PLAIN } from '../text/style.js';
import type { Style } from '../text/style.js';
import type { Place } from '../client/search.js';
import { fillItem } from './row.js';
import type { Heading } from './row.js';

interface Item {
  element: HTMLElement;
  /** What it was filled with. */
  entry: Entry | undefined;
  style: Style;
  places: readonly Place[] | undefined;
  hiddenBefore: number;
  stale: boolean;
}

export interface RowSource {
  get(position: number): Entry | undefined;
  /** The next position at or behind this one that has a row. */
  next(position: number): number;
  /** So many lines before this one have no row, if that is to be said. */
  hiddenBefore(position: number): number;
  isMarked(position: number): boolean;
  /** What of its text was found. */
  placesOf(position: number): readonly Place[] | undefined;
  /** It is the match that the reader went to. */
  isCurrent(position: number): boolean;
  timeOf(entry: Entry): string;
  /** The style that lines before have left. */
  styleOf(position: number): Style;
  /** JSON is laid out. */
  isPretty(position: number): boolean;
  headingOf(entry: Entry): Heading | undefined;
}

export class RowList {
  readonly #items = new Map<number, Item>();
  #from = 0;
  #to = 0;
  /** Positions whose rows stay in the document. */
  #pinned: readonly number[] = [];

  constructor(
    /** Rows stand between its first and its last child, which are not ours. */
    private readonly block: HTMLElement,
    private readonly source: RowSource,
  ) {}

  get from(): number {
    return this.#from;
  }
  get to(): number {
    return this.#to;
  }

  pin(positions: readonly number[]): void {
    this.#pinned = [...new Set(positions)].sort((a, b) => a - b);
  }

  /** Every row is filled anew at the next `show`. */
  refresh(): void {
    for (const item of this.#items.values()) item.stale = true;
  }

  /** These rows are filled anew at the next `show`. */
  renew(positions: readonly number[]): void {
    for (const position of positions) {
      const item = this.#items.get(position);
      if (item !== undefined) item.stale = true;
    }
  }

  /** One of the lines [from, to) is to be seen, and not only a row that waits for it. */
  isFilled(from: number, to: number): boolean {
    for (const [position, { entry }] of this.#items) {
      if (position >= from && position < to && entry !== undefined) return true;
    }
    return false;
  }

  clear(): void {
    for (const { element } of this.#items.values()) element.remove();
    this.#items.clear();
    this.#pinned = [];
  }

  /** Puts rows [from, to) into the document and takes others out. */
  show(from: number, to: number): void {
    this.#from = from;
    this.#to = to;
    const wanted = this.#wanted(from, to);
    const keep = new Set(wanted);
    for (const [position, { element }] of this.#items) {
      if (keep.has(position)) continue;
      element.remove();
      this.#items.delete(position);
    }
    let next = this.block.firstElementChild?.nextElementSibling ?? null;
    for (const position of wanted) {
      const item = this.#item(position);
      if (item.element === next) next = next.nextElementSibling;
      else this.block.insertBefore(item.element, next);
      item.element.classList.toggle('pinned', position < from || position >= to);
    }
  }

  /** Tells the height of each row of the stretch. Forces the browser to lay them out. */
  measure(tell: (position: number, height: number) => void): void {
    for (const [position, { element }] of this.#items) {
      if (position < this.#from || position >= this.#to) continue;
      tell(position, element.getBoundingClientRect().height);
    }
  }

  elementOf(position: number): HTMLElement | undefined {
    return this.#items.get(position)?.element;
  }

  #wanted(from: number, to: number): number[] {
    const wanted = this.#pinned.filter((position) => position < from);
    for (let n = this.source.next(from); n < to; n = this.source.next(n + 1)) {
      wanted.push(n);
    }
    const above = this.#pinned.filter((position) => position >= to);
    return [...wanted, ...above];
  }

  #item(position: number): Item {
    let item = this.#items.get(position);
    const { source } = this;
    const entry = source.get(position) ?? item?.entry;
    const style = entry === undefined ? PLAIN : source.styleOf(position);
    const places = source.placesOf(position);
    const hiddenBefore = source.hiddenBefore(position);
    if (item === undefined) {
      const element = document.createElement('div');
      element.className = 'item';
      item = { element, entry, style, places, hiddenBefore, stale: true };
      this.#items.set(position, item);
    }
    const same =
      item.entry === entry && item.places === places && item.hiddenBefore === hiddenBefore;
    if (item.stale || !same || !sameStyle(item.style, style)) {
      Object.assign(item, { entry, style, places, hiddenBefore, stale: false });
      this.#fill(position, item);
    }
    return item;
  }

  #fill(position: number, { element, entry, style, places, hiddenBefore }: Item): void {
    const focused = element.querySelector('button:focus')?.classList[0];
    fillItem(element, position, entry, {
      marked: this.source.isMarked(position),
      timeOf: (of) => this.source.timeOf(of),
      style,
      places,
      current: this.source.isCurrent(position),
      hiddenBefore,
      pretty: this.source.isPretty(position),
      heading: entry === undefined ? undefined : this.source.headingOf(entry),
    });
    // Whoever presses a button by keyboard wants to press it again.
    if (focused !== undefined) {
      element.querySelector<HTMLElement>(`button.${focused}`)?.focus({ preventScroll: true });
    }
  }
}

/** The position of the row that `node` is in. */
export function positionOf(node: Node | null): number | undefined {
  const element = node instanceof Element ? node : node?.parentElement;
  const n = element?.closest('.item')?.querySelector<HTMLElement>('.row')?.dataset['n'];
  return n === undefined ? undefined : Number(n);
}
