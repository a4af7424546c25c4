import { describe, expect, it } from 'vitest';
import { forSeeds } from '../testing/random.js';
import { Fenwick } from './fenwick.js';
import { CHUNK_ROWS, HeightIndex, MAX_DETAILS } from './heights.js';
import { FoundLines, VisibleLines } from './shown-lines.js';

describe('Fenwick', () => {
  it('sums as an array does, wherever it grows', () => {
    forSeeds(40, (random) => {
      const tree = new Fenwick();
      const plain: number[] = Array.from({ length: 1500 }, () => 0);
      for (let i = 0; i < 200; i++) {
        const index = random.int(0, random.pick([10, 64, 65, 1500]));
        const delta = random.int(-5, 50);
        tree.add(index, delta);
        plain[index] = (plain[index] ?? 0) + delta;
        const at = random.int(0, 1500);
        expect(tree.before(at)).toBe(plain.slice(0, at).reduce((a, b) => a + b, 0));
      }
    });
  });

  it('finds what an array would', () => {
    forSeeds(40, (random) => {
      const tree = new Fenwick();
      const plain = Array.from({ length: 300 }, () => 10);
      for (let i = 0; i < 100; i++) {
        const index = random.int(0, 200);
        const value = random.int(0, 40);
        tree.add(index, value - (plain[index] ?? 0));
        plain[index] = value;
        const target = random.int(0, 2500);
        let [expected, sum] = [0, 0];
        while (sum + (plain[expected] ?? 10) <= target) sum += plain[expected++] ?? 10;
        expect(tree.find(target, 10)).toBe(expected);
      }
    });
  });
});

describe('HeightIndex', () => {
  it('agrees with a list of all heights, whatever is hidden', () => {
    forSeeds(30, (random) => {
      const first = random.pick([0, 3, 1023, 1024, 70_000]);
      const rows = random.int(1, 4 * CHUNK_ROWS);
      const visible = new VisibleLines();
      const index = new HeightIndex(20, visible);
      index.reset(20, first, first + rows);
      const measured = Array.from({ length: rows }, () => 20);
      const shown = Array.from({ length: rows }, () => true);
      for (let i = 0; i < 60; i++) {
        const at = random.int(0, rows);
        if (random.chance(0.3)) {
          const to = random.int(at, rows + 1);
          const hide = random.chance(0.5);
          if (hide) visible.folds.hide(first + at, first + to);
          else visible.folds.show(first + at, first + to);
          index.shownChanged(first + at, first + to);
          shown.fill(!hide, at, to);
        } else if (shown[at]) {
          measured[at] = random.int(1, 5) * 19.25;
          index.set(first + at, measured[at]);
        }
        const plain = measured.map((height, n) => (shown[n] ? height : 0));
        const probe = random.int(0, rows + 1);
        const top = plain.slice(0, probe).reduce((a, b) => a + b, 0);
        expect(index.offsetOf(first + probe)).toBeCloseTo(top, 6);
        expect(index.total).toBeCloseTo(
          plain.reduce((a, b) => a + b, 0),
          6,
        );
        if (probe < rows) expect(index.heightOf(first + probe)).toBe(plain[probe]);
        const next = shown.indexOf(true, probe);
        if (next >= 0) expect(index.find(top + 0.01)).toBe(first + next);
      }
    });
  });

  it('keeps what was measured of lines that are hidden for a while', () => {
    const visible = new VisibleLines();
    const index = new HeightIndex(20, visible);
    index.extend(0, 3000);
    index.set(1500, 60);
    visible.folds.hide(1000, 2000);
    index.shownChanged(1000, 2000);
    expect(index.total).toBe(2000 * 20);
    visible.folds.clear();
    index.shownChanged(1000, 2000);
    expect(index.total).toBe(3000 * 20 + 40);
  });

  it('keeps offsets when rows appear at the end and vanish at the beginning', () => {
    const index = new HeightIndex(20);
    index.extend(0, 5000);
    index.set(100, 60);
    index.set(3000, 100);
    const between = index.offsetOf(4000) - index.offsetOf(2000);
    index.extend(1500, 9000);
    expect(index.offsetOf(4000) - index.offsetOf(2000)).toBe(between);
    expect(index.offsetOf(1500)).toBe(0);
    expect(index.total).toBe(7500 * 20 + 80);
  });

  it('forgets rows one by one but never their sum', () => {
    const index = new HeightIndex(20);
    const chunks = 3 * MAX_DETAILS;
    index.extend(0, chunks * CHUNK_ROWS);
    for (let chunk = 0; chunk < chunks; chunk++) index.set(chunk * CHUNK_ROWS + 7, 84);
    expect(index.total).toBeCloseTo(chunks * (CHUNK_ROWS * 20 + 64), 3);
    expect(index.heightOf(7)).toBeCloseTo(20 + 64 / CHUNK_ROWS, 6);
    index.set(7, 84);
    index.set(8, 20);
    expect(index.total).toBeGreaterThan(chunks * CHUNK_ROWS * 20);
    expect(index.find(index.total)).toBe(chunks * CHUNK_ROWS - 1);
  });

  it('passes over millions of hidden lines at once', () => {
    const visible = new VisibleLines();
    const index = new HeightIndex(19.2, visible);
    index.extend(0, 10_000_000);
    visible.folds.hide(10, 9_999_990);
    index.shownChanged(0, index.end);
    expect(index.total).toBeCloseTo(20 * 19.2, 5);
    expect(index.find(9.5 * 19.2)).toBe(9);
    expect(index.find(10.5 * 19.2)).toBe(9_999_990);
    visible.folds.clear();
    index.shownChanged(0, index.end);
    expect(index.total).toBeCloseTo(192_000_000, 3);
  });

  it('is right of what a filter finds, as it finds it, while the log grows', () => {
    forSeeds(30, (random) => {
      const visible = new VisibleLines();
      const index = new HeightIndex(20, visible);
      let end = random.int(1, 9000);
      index.extend(0, end);
      const filter = new FoundLines(random.pick([0, 2, 5]));
      visible.filter = filter;
      index.shownChanged(0, end);
      expect(index.total).toBe(0);
      for (let i = 0; i < 60; i++) {
        if (random.chance(0.3)) index.extend(0, (end += random.int(1, 3000)));
        const line = random.int(0, end);
        filter.add(line);
        index.shownChanged(line - filter.context, line + filter.context + 1);
        expect(index.total).toBe(20 * filter.count(0, end));
        expect(index.find(index.offsetOf(line) + 1)).toBe(line);
      }
    });
  });
});
