import { describe, expect, it } from 'vitest';
import { forSeeds } from '../testing/random.js';
import { readSigns } from '../text/groups.js';
import type { Sign } from '../text/groups.js';
import { Outline } from './outline.js';

function outlineOf(lines: readonly string[], limit?: number): Outline {
  const outline = new Outline(limit);
  lines.forEach((text, n) => {
    const signs = readSigns(text);
    if (signs.length > 0) outline.add(n, signs);
  });
  outline.advance(lines.length);
  return outline;
}

const shape = (outline: Outline) =>
  outline.groups.map(({ head, end, depth }) => `${'  '.repeat(depth)}${head}-${end}`);
const start = (name: string) => `section_start:1700000000:${name}\r\u001b[0K${name}`;
const stop = (name: string) => `section_end:1700000007:${name}\r\u001b[0K`;

describe('Outline', () => {
  it('has groups of GitHub Actions one behind the other', () => {
    const lines = ['::group::A', 'a', '::endgroup::', 'x', '::group::B', 'b', '::group::C', 'c'];
    const outline = outlineOf(lines);
    expect(shape(outline)).toEqual(['0-3', '4-6', '6-Infinity']);
    outline.finish(8);
    expect(shape(outline)).toEqual(['0-3', '4-6', '6-8']);
  });

  it('nests sections of GitLab', () => {
    const lines = [start('a'), start('b'), 'b', stop('b'), start('c'), stop('a'), 'x'];
    expect(shape(outlineOf(lines))).toEqual(['0-6', '  1-4', '  4-6']);
    expect(shape(outlineOf([stop('z'), start('a'), stop('z'), stop('a')]))).toEqual(['1-4']);
  });

  it('takes lines that end one section and begin the next', () => {
    const lines = [start('a'), 'a', stop('a') + start('b'), 'b', stop('b')];
    expect(shape(outlineOf(lines))).toEqual(['0-2', '2-5']);
    expect(shape(outlineOf([start('a') + start('b'), 'x', stop('b'), 'y', stop('a')]))).toEqual([
      '0-5',
    ]);
  });

  it('ends headings of Buildkite by the next, in a section too', () => {
    expect(shape(outlineOf(['--- A', 'a', '+++ B', 'b']))).toEqual(['0-2', '2-Infinity']);
    const lines = [start('s'), '--- A', 'a', '--- B', 'b', stop('s'), 'x'];
    expect(shape(outlineOf(lines))).toEqual(['0-6', '  1-3', '  3-6']);
  });

  it('knows what is closed at first', () => {
    const collapsed = (text: string) => outlineOf([text]).groups[0]?.collapsed;
    expect(collapsed('::group::A')).toBe(true);
    expect(collapsed(start('a'))).toBe(false);
    expect(collapsed('section_start:17:a[collapsed=true]\rA')).toBe(true);
    expect(collapsed('--- A')).toBe(false);
  });

  it('finds groups by lines', () => {
    const outline = outlineOf([start('a'), start('b'), 'x', stop('b'), 'y', stop('a'), 'z']);
    expect(outline.headedBy(1)?.end).toBe(4);
    expect(outline.headedBy(2)).toBe(undefined);
    expect(outline.around(2).map((group) => group.head)).toEqual([1, 0]);
    expect(outline.around(1).map((group) => group.head)).toEqual([0]);
    expect(outline.around(4).map((group) => group.head)).toEqual([0]);
    expect(outline.around(6)).toEqual([]);
    expect(outline.neighbour(0, 1)?.head).toBe(1);
    expect(outline.neighbour(3, -1)?.head).toBe(1);
    expect(outline.neighbour(1, -1)?.head).toBe(0);
    expect(outline.neighbour(1, 1)).toBe(undefined);
  });

  it('keeps so many and says where it stopped', () => {
    const lines = ['::group::A', '::group::B', '::group::C', 'x'];
    const outline = outlineOf(lines, 2);
    expect(shape(outline)).toEqual(['0-1', '1-2']);
    expect(outline.fullAt).toBe(2);
  });

  it('is a forest, whatever the lines say, and takes a line once', () => {
    const texts = ['::group::x', '::endgroup::', '--- x', start('a'), start('b'), stop('a')];
    texts.push(stop('b'), stop('a') + start('b'), 'text', '^^^ +++');
    forSeeds(60, (random) => {
      const lines = Array.from({ length: 40 }, () => random.pick(texts));
      const outline = outlineOf(lines);
      const again: [number, Sign[]][] = lines.map((text, n) => [n, readSigns(text)]);
      const before = shape(outline);
      for (const [n, signs] of again) outline.add(n, signs);
      expect(shape(outline)).toEqual(before);
      outline.finish(lines.length);
      for (const { head, end, parent } of outline.groups) {
        expect(end).toBeGreaterThan(head);
        expect(end).toBeLessThanOrEqual(lines.length);
        if (parent === undefined) continue;
        expect(parent.head).toBeLessThan(head);
        expect(parent.end).toBeGreaterThanOrEqual(end);
      }
      for (let n = 0; n < lines.length; n++) {
        const inside = outline.groups.filter(({ head, end }) => head < n && n < end);
        expect(outline.around(n).map((group) => group.head)).toEqual(
          inside.map((group) => group.head).reverse(),
        );
      }
    });
  });
});
