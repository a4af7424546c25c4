import { describe, expect, it } from 'vitest';
import { forSeeds } from '../testing/random.js';
import type { Random } from '../testing/random.js';
import { LineSet, RangeSet } from './line-set.js';
import { ALL_LINES, FoundLines, HiddenLines, VisibleLines } from './shown-lines.js';
import type { ShownLines } from './shown-lines.js';

const LINES = 3000;

/** Compares every question with a list of what is shown. */
function check(lines: ShownLines, shown: readonly boolean[], random: Random): void {
  for (let i = 0; i < 12; i++) {
    const at = random.int(0, shown.length);
    const to = random.int(at, shown.length);
    expect(lines.has(at)).toBe(shown[at]);
    expect(lines.count(at, to)).toBe(shown.slice(at, to).filter(Boolean).length);
    const next = shown.indexOf(true, at);
    // What lies behind the list is not its matter.
    if (next >= 0) expect(lines.next(at)).toBe(next);
    else expect(lines.next(at)).toBeGreaterThanOrEqual(shown.length);
    expect(lines.previous(at)).toBe(shown.lastIndexOf(true, at));
  }
}

describe('LineSet', () => {
  it('answers as a list does, in whatever order lines come', () => {
    forSeeds(20, (random) => {
      const set = new LineSet();
      const shown = Array.from({ length: LINES }, () => false);
      for (let i = 0; i < 12; i++) {
        const around = random.int(0, LINES);
        for (let k = random.int(0, 60); k > 0; k--) {
          const line = Math.min(LINES - 1, around + random.int(0, random.pick([40, 3000])));
          expect(set.add(line)).toBe(!shown[line]);
          shown[line] = true;
        }
        check(set, shown, random);
        expect(set.size).toBe(shown.filter(Boolean).length);
      }
    });
  });

  it('has what it has at both edges of a word', () => {
    const set = new LineSet();
    for (const line of [0, 31, 32, 1023, 1024, 4095]) set.add(line);
    expect(set.next(1)).toBe(31);
    expect(set.next(32)).toBe(32);
    expect(set.previous(1023)).toBe(1023);
    expect(set.previous(1022)).toBe(32);
    expect(set.next(4096)).toBe(Infinity);
    expect(new LineSet().previous(9)).toBe(-1);
    expect(set.count(31, 33)).toBe(2);
    expect(set.count(0, 4096)).toBe(6);
  });
});

describe('RangeSet', () => {
  it('is what a list of lines is', () => {
    forSeeds(30, (random) => {
      const set = new RangeSet();
      const lines = Array.from({ length: 300 }, () => false);
      for (let i = 0; i < 60; i++) {
        const from = random.int(0, 300);
        const to = random.int(from, Math.min(300, from + random.pick([3, 20, 200])) + 1);
        const add = random.chance(0.6);
        if (add) set.add(from, to);
        else set.remove(from, to);
        lines.fill(add, from, to);
        const shown: boolean[] = Array.from({ length: 300 }, () => false);
        let before = -1;
        for (const range of set.ranges) {
          expect(range.from).toBeGreaterThan(before);
          expect(range.to).toBeGreaterThan(range.from);
          shown.fill(true, range.from, range.to);
          before = range.to;
        }
        expect(shown).toEqual(lines);
        const at = random.int(0, 300);
        expect(set.rangeAt(at) !== undefined).toBe(lines[at]);
        expect(set.count(from, to)).toBe(lines.slice(from, to).filter(Boolean).length);
      }
    });
  });
});

describe('HiddenLines', () => {
  it('hides the union of what was folded', () => {
    forSeeds(20, (random) => {
      const hidden = new HiddenLines();
      const shown = Array.from({ length: LINES }, () => true);
      for (let i = 0; i < 30; i++) {
        const from = random.int(0, LINES);
        const to = random.int(from, LINES);
        const hide = random.chance(0.5);
        if (hide) hidden.hide(from, to);
        else hidden.show(from, to);
        shown.fill(!hide, from, to);
        check(hidden, shown, random);
      }
    });
  });
});

describe('FoundLines', () => {
  it('shows what was found and so many lines around it', () => {
    forSeeds(20, (random) => {
      const context = random.pick([0, 2, 5]);
      const found = new FoundLines(context);
      const shown = Array.from({ length: LINES }, () => false);
      const first = random.int(0, 50);
      for (let i = 0; i < 200; i++) {
        const line = random.int(first, LINES - context);
        found.add(line, first);
        shown.fill(true, Math.max(first, line - context), line + context + 1);
      }
      check(found, shown, random);
    });
  });
});

describe('VisibleLines', () => {
  it('shows the filter if there is one, else what is not folded', () => {
    const visible = new VisibleLines();
    expect(visible.all).toBe(true);
    visible.folds.hide(10, 20);
    expect(visible.ranges(5, 25)).toEqual([
      { from: 5, to: 10 },
      { from: 20, to: 25 },
    ]);
    visible.filter = new FoundLines(1);
    visible.filter.add(15);
    visible.filter.add(18);
    expect(visible.ranges(0, 100)).toEqual([{ from: 14, to: 20 }]);
    expect(visible.has(5)).toBe(false);
    visible.filter = undefined;
    visible.folds.clear();
    expect(visible.ranges(3, 4)).toEqual([{ from: 3, to: 4 }]);
    expect(ALL_LINES.next(7)).toBe(7);
  });
});
