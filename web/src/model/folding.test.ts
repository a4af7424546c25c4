import { beforeEach, describe, expect, it } from 'vitest';
import type { Entry } from '../client/api.js';
import { forSeeds } from '../testing/random.js';
import { readSigns } from '../text/groups.js';
import { Folding, LONG_TRACE, MAX_TRACES } from './folding.js';
import { Outline } from './outline.js';
import { HiddenLines } from './shown-lines.js';

let lines: string[];
let outline: Outline;
let hidden: HiddenLines;
let drawn: { from: number; to: number };
let following: boolean;
let folding: Folding;

function entryAt(n: number): Entry | undefined {
  const text = lines[n];
  return text === undefined ? undefined : { n, time: '', text };
}

function grow(...more: string[]): void {
  for (const text of more) {
    lines.push(text);
    const signs = readSigns(text);
    if (signs.length > 0) outline.add(lines.length - 1, signs);
  }
  folding.outlineChanged();
}

const shown = () => lines.map((_, n) => n).filter((n) => hidden.has(n));
const trace = (frames: number) => [
  'java.lang.Error: no',
  ...Array.from({ length: frames }, (_, i) => `\tat a.B.c(D.java:${i})`),
];
const start = (name: string, options = '') => `section_start:17:${name}${options}\rx`;
const stop = (name: string) => `section_end:18:${name}\r`;

beforeEach(() => {
  lines = [];
  outline = new Outline();
  hidden = new HiddenLines();
  drawn = { from: 0, to: 0 };
  following = false;
  folding = new Folding(outline, hidden, {
    isRead: (from, to) => !following && from < drawn.to && drawn.from < to,
    peek: entryAt,
    shownChanged: () => undefined,
    headingsChanged: () => undefined,
  });
});

describe('Folding', () => {
  it('closes at first what the job wants closed, once it has ended', () => {
    grow('::group::A', 'a', 'b');
    expect(shown()).toEqual([0, 1, 2]);
    grow('::endgroup::', 'x', start('s'), 's', stop('s'));
    expect(shown()).toEqual([0, 4, 5, 6, 7]);
    grow(start('t', '[collapsed=true]'), 't', stop('t'));
    expect(shown()).toEqual([0, 4, 5, 6, 7, 8]);
  });

  it('closes nothing that somebody looks at', () => {
    drawn = { from: 1, to: 3 };
    grow('::group::A', 'a', '::endgroup::', '::group::B', 'b', '::endgroup::');
    expect(shown()).toEqual([0, 1, 2, 3]);
    following = true;
    drawn = { from: 3, to: 9 };
    grow('::group::C', 'c', '::endgroup::');
    expect(shown()).toEqual([0, 1, 2, 3, 6]);
  });

  it('opens an outer group and not the inner ones', () => {
    grow(start('a'), 'a', start('b'), 'b', stop('b'), 'a', stop('a'), 'x');
    folding.toggle(2);
    expect(shown()).toEqual([0, 1, 2, 5, 6, 7]);
    folding.toggle(5); // Within a.
    expect(shown()).toEqual([0, 7]);
    folding.toggle(0);
    expect(shown()).toEqual([0, 1, 2, 5, 6, 7]);
    folding.toggle(0);
    folding.reveal(3);
    expect(shown()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    folding.setAll(true);
    expect(shown()).toEqual([0, 7]);
    folding.setAll(false);
    expect(shown()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('lets a group be closed while it goes on', () => {
    grow(start('a'), 'a', 'b');
    folding.toggle(0);
    grow('c');
    expect(shown()).toEqual([0]);
    grow(stop('a'), 'x');
    expect(shown()).toEqual([0, 5]);
    folding.toggle(0);
    expect(shown()).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('keeps what the reader chose', () => {
    grow('::group::A', 'a', '::endgroup::');
    folding.toggle(0);
    grow('x', '::group::B', '::endgroup::');
    expect(shown()).toEqual([0, 1, 2, 3, 4]);
    folding.setAll(false);
    grow('::group::C', 'c', '::endgroup::');
    expect(shown()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('closes long traces and offers to close short ones', () => {
    grow(...trace(LONG_TRACE), 'between', ...trace(LONG_TRACE - 1), 'after');
    expect(folding.look(0, lines.length)).toBe(true);
    const second = LONG_TRACE + 2;
    expect(shown()[0]).toBe(0);
    expect(shown()[1]).toBe(LONG_TRACE + 1);
    expect(shown().length).toBe(1 + 1 + LONG_TRACE + 1);
    expect(folding.traceHeadedBy(second)?.end).toBe(second + LONG_TRACE);
    expect(folding.look(0, lines.length)).toBe(false);
    folding.toggle(second + 3);
    expect(shown()).toEqual([0, LONG_TRACE + 1, second, lines.length - 1]);
    folding.reveal(3);
    expect(folding.look(0, lines.length)).toBe(false);
    expect(shown()).toContain(3);
  });

  it('hides what is added to a closed trace, and does not close one that is read', () => {
    grow(...trace(LONG_TRACE));
    folding.look(0, lines.length);
    grow('\tat x.Y.z(W.java:1)');
    expect(folding.look(0, lines.length)).toBe(true);
    expect(shown()).toEqual([0]);

    lines.push('x', ...trace(5));
    const head = lines.length - 6;
    drawn = { from: head, to: lines.length };
    folding.look(head, lines.length);
    lines.push(...trace(20).slice(1));
    drawn = { from: head, to: lines.length };
    expect(folding.look(head, lines.length)).toBe(false);
  });

  it('knows so many traces', () => {
    const one = [...trace(LONG_TRACE), 'x'];
    for (let i = 0; i < MAX_TRACES + 5; i++) lines.push(...one);
    for (let from = 0; from < lines.length; from += 120) {
      folding.look(from, Math.min(lines.length, from + 120));
      drawn = { from, to: from + 120 };
    }
    expect(shown().slice(0, 5 * one.length).length).toBeGreaterThan(4 * one.length);
    expect(shown().length).toBe(2 * (MAX_TRACES + 5) + 5 * LONG_TRACE);
  });

  it('shows exactly what no closed group has', () => {
    const texts = [start('a'), start('b'), stop('a'), stop('b'), '::group::', '::endgroup::', 'x'];
    forSeeds(60, (random) => {
      lines = [];
      outline.clear();
      hidden.clear();
      folding.clear();
      for (let i = 0; i < 60; i++) {
        grow(...Array.from({ length: random.int(0, 4) }, () => random.pick(texts)));
        if (lines.length === 0) continue;
        const line = random.int(0, lines.length);
        if (random.chance(0.6)) folding.toggle(line);
        else if (random.chance(0.8)) folding.reveal(line);
        else folding.setAll(random.chance(0.5));
        const closed = outline.groups.filter(({ head }) => folding.isClosed(head));
        const expected = lines
          .map((_, n) => n)
          .filter((n) => !closed.some(({ head, end }) => head < n && n < end));
        expect(shown()).toEqual(expected);
      }
    });
  });
});
