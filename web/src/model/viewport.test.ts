import { describe, expect, it } from 'vitest';
import { forSeeds } from '../testing/random.js';
import type { Random } from '../testing/random.js';
import { FoundLines } from './shown-lines.js';
import { MAX_CONTENT_PX, Viewport } from './viewport.js';

const ROW = 20;
const OVERSCAN = 200;

/** A browser's part: rows of fixed heights known only when drawn, and a clamped scroll position. */
class Reader {
  readonly view: Viewport;
  scrollTop = 0;
  constructor(
    readonly rows: number,
    readonly heightOf: (position: number) => number,
    height = 600,
    maxContent = MAX_CONTENT_PX,
  ) {
    this.view = new Viewport(ROW, maxContent);
    this.view.height = height;
    this.view.extend(0, rows);
    this.draw();
  }

  /** Measures what is drawn until all of the view is known, as the page does in one frame. */
  draw(): void {
    for (;;) {
      const { from, to } = this.view.visible(OVERSCAN);
      let changed = false;
      for (let n = from; n < to; n++) {
        const height = this.heightOf(n);
        if (this.view.heights.heightOf(n) === height) continue;
        this.view.heights.set(n, height);
        changed = true;
      }
      if (!changed) break;
    }
    this.scrollTop = this.view.correction(this.scrollTop) ?? this.scrollTop;
  }

  scroll(delta: number, stepping: boolean): void {
    const before = this.scrollTop;
    this.scrollTop = Math.min(this.view.contentRange, Math.max(0, before + delta));
    this.view.scrolled(before, this.scrollTop, stepping);
    this.draw();
  }

  rest(): void {
    this.scrollTop = this.view.contentTop;
  }

  /** Row and distance of what stands at the view's upper edge. */
  at(): string {
    const { position, offset } = this.view.anchor;
    return `${position} ${offset.toFixed(3)}`;
  }
}

function wrapped(random: Random): (position: number) => number {
  const salt = random.int(1, 1000);
  return (position) => ROW * (1 + ((Math.imul(position, 2654435761) ^ salt) >>> 29));
}

describe('Viewport', () => {
  it('covers the view with rows, wherever the reader goes', () => {
    forSeeds(60, (random) => {
      const rows = random.pick([1, 30, 5000, 1_000_000, 10_000_000, 2_000_000_000]);
      const reader = new Reader(rows, random.chance(0.5) ? () => ROW : wrapped(random));
      const { view } = reader;
      for (let i = 0; i < 60; i++) {
        if (random.chance(0.2)) view.moveTo(random.int(0, rows), random.int(0, 600));
        else if (random.chance(0.1)) view.toEnd();
        else reader.scroll(random.int(-900, 900), true);
        if (random.chance(0.1)) reader.scroll(random.int(-4_000_000, 4_000_000), false);
        reader.draw();
        if (random.chance(0.3)) reader.rest();
        const { from, to } = view.visible(0);
        const top = view.heights.offsetOf(from) - view.top;
        const bottom = view.heights.offsetOf(to) - view.top;
        expect(top).toBeLessThanOrEqual(0.001);
        expect(bottom).toBeGreaterThanOrEqual(Math.min(view.height, view.total) - 0.001);
        expect(reader.scrollTop).toBeGreaterThanOrEqual(0);
        expect(reader.scrollTop).toBeLessThanOrEqual(view.contentRange);
        expect(view.contentHeight).toBeLessThanOrEqual(MAX_CONTENT_PX);
      }
    });
  });

  it('moves by exactly the pixels of the wheel', () => {
    forSeeds(60, (random) => {
      const rows = random.pick([100_000, 10_000_000]);
      const reader = new Reader(rows, wrapped(random));
      reader.view.moveTo(random.int(1000, rows - 1000), 0);
      reader.draw();
      reader.rest();
      for (let i = 0; i < 50; i++) {
        const { position, offset } = reader.view.anchor;
        const delta = random.int(-700, 700);
        reader.scroll(delta, true);
        const { view } = reader;
        const now = view.heights.offsetOf(position) - view.top;
        // Rows that were measured between the two may have pushed; the anchor's own has not moved
        // against what was next to it.
        const measuredAbove = delta < 0;
        if (!measuredAbove) expect(now).toBeCloseTo(offset - delta, 3);
        if (random.chance(0.3)) {
          const at = reader.at();
          reader.rest();
          expect(reader.at()).toBe(at);
        }
      }
    });
  });

  it('brings a row to its place, whatever those above it turn out to be', () => {
    forSeeds(40, (random) => {
      const reader = new Reader(10_000_000, wrapped(random));
      const { view } = reader;
      const position = random.int(1000, 9_000_000);
      const offset = random.int(0, 500);
      view.moveTo(position, offset);
      reader.draw();
      expect(view.heights.offsetOf(position) - view.top).toBeCloseTo(offset, 3);
      const { from, to } = view.visible(0);
      expect(from <= position && position < to).toBe(true);
    });
  });

  it('comes back to the same row by the way it went', () => {
    const reader = new Reader(10_000_000, () => ROW);
    reader.view.moveTo(7_654_320, 0);
    reader.rest();
    const at = reader.at();
    for (let i = 0; i < 500; i++) reader.scroll(-333, true);
    for (let i = 0; i < 500; i++) reader.scroll(333, true);
    expect(reader.at()).toBe(at);
  });

  it('reaches both ends by any small steps, from anywhere', () => {
    forSeeds(20, (random) => {
      const rows = random.pick([500, 5_000, 10_000_000]);
      const reader = new Reader(rows, wrapped(random));
      const { view } = reader;
      const near = Math.min(rows - 1, 300);
      view.moveTo(near, 0);
      reader.draw();
      for (let i = 0; i < 500; i++) reader.scroll(-100, true);
      expect(reader.at()).toBe('0 0.000');
      expect(reader.scrollTop).toBe(0);
      view.moveTo(rows - near, 0);
      reader.draw();
      for (let i = 0; i < 1500; i++) reader.scroll(100, true);
      expect(view.top).toBeCloseTo(view.range, 3);
      expect(reader.scrollTop).toBeCloseTo(view.contentRange, 3);
    });
  });

  it('takes a dragged scroll bar by its proportion', () => {
    const reader = new Reader(10_000_000, () => ROW);
    reader.scroll(reader.view.contentRange / 2, false);
    expect(reader.view.anchor.position).toBeCloseTo(5_000_000, -3);
    reader.scroll(reader.view.contentRange, false);
    expect(reader.view.atEnd).toBe(true);
    reader.scroll(-2 * reader.view.contentRange, false);
    expect(reader.at()).toBe('0 0.000');
  });

  it('stays where it is while rows arrive, vanish and are measured elsewhere', () => {
    forSeeds(40, (random) => {
      const reader = new Reader(10_000_000, () => ROW);
      const { view } = reader;
      view.moveTo(5_000_000, 7);
      reader.draw();
      const at = reader.at();
      let [first, end] = [0, 10_000_000];
      for (let i = 0; i < 100; i++) {
        if (random.chance(0.3)) end += random.int(0, 100_000);
        if (random.chance(0.3)) first += random.int(0, 10_000);
        view.extend(first, end);
        const elsewhere = random.chance(0.5)
          ? random.int(first, 4_999_000)
          : random.int(5_001_000, end);
        view.heights.set(elsewhere, random.int(0, 400));
        expect(reader.at()).toBe(at);
      }
      view.extend(6_000_000, end);
      expect(reader.at()).toBe('6000000 0.000');
    });
  });

  it('keeps to the end while following', () => {
    const reader = new Reader(100, (n) => ROW * (1 + (n % 3)));
    reader.view.footer = 44;
    for (let end = 100; end < 5000; end += 57) {
      reader.view.extend(0, end);
      for (let i = 0; i < 3; i++) {
        reader.view.toEnd();
        reader.draw();
      }
      reader.view.toEnd();
      expect(reader.view.atEnd).toBe(true);
      expect(reader.view.visible(0).to).toBe(end);
    }
  });

  it('leaves the row at the upper edge where it is when others are hidden', () => {
    forSeeds(40, (random) => {
      const reader = new Reader(random.pick([5_000, 1_000_000]), () => ROW);
      const { view } = reader;
      view.moveTo(random.int(1000, 4000), -7);
      reader.draw();
      for (let i = 0; i < 40; i++) {
        const { position, offset } = view.anchor;
        const from = random.int(0, 4500);
        const to = random.int(from, 4900);
        if (random.chance(0.6)) view.lines.folds.hide(from, to);
        else view.lines.folds.show(from, to);
        view.shownChanged(from, to);
        expect(view.anchor.offset).toBe(offset);
        expect(view.anchor.position).toBe(view.lines.next(position));
      }
    });
  });

  it('goes to the nearest row of a hidden line', () => {
    const { view } = new Reader(10_000_000, () => ROW);
    view.lines.filter = new FoundLines(0);
    view.shownChanged();
    expect([view.total, view.visible(100).from]).toEqual([0, 0]);
    for (const line of [40, 7_000_000, 9_000_000]) view.lines.filter.add(line);
    view.shownChanged();
    expect(view.total).toBe(3 * ROW);
    view.height = ROW;
    view.moveTo(5_000_000);
    expect(view.anchor.position).toBe(7_000_000);
    expect(view.visible(0)).toEqual({ from: 7_000_000, to: 9_000_001 });
    view.moveTo(9_500_000);
    expect(view.anchor.position).toBe(9_000_000);
    view.setTop(0);
    expect(view.visible(0).from).toBe(40);
    view.lines.filter = undefined;
    view.shownChanged();
    expect(view.anchor).toEqual({ position: 40, offset: 0 });
  });

  it('is empty without rows', () => {
    const view = new Viewport(ROW);
    view.height = 600;
    expect(view.visible(100)).toEqual({ from: 0, to: 0 });
    expect([view.top, view.range, view.contentTop, view.atEnd]).toEqual([0, 0, 0, true]);
    view.moveTo(5);
    view.toEnd();
    expect(view.anchor).toEqual({ position: 0, offset: 0 });
  });

  it('shows a short log from its top', () => {
    const reader = new Reader(3, () => ROW);
    reader.view.toEnd();
    expect(reader.at()).toBe('0 0.000');
  });
});
