import { describe, expect, it } from 'vitest';
import { NOTHING } from '../lines/finder.js';
import { forSeeds } from '../testing/random.js';
import { CONTEXTS, formatView, isEmpty, parseView, toggleFilter } from './view-state.js';

describe('view state', () => {
  it('comes back from the address as it was', () => {
    forSeeds(200, (random) => {
      const texts = ['', 'a b', 'x&y=1', '100%', '#L5', 'ж🚀', '"<b>"', '+'];
      const values = () => [...new Set([random.pick(texts), random.pick(texts)])];
      const view = {
        text: random.pick(texts),
        regex: random.chance(0.5),
        caseSensitive: random.chance(0.5),
        only: true,
        context: random.pick(CONTEXTS),
        stream: values(),
        source: random.chance(0.5) ? values() : [],
        level: values(),
      };
      expect(parseView(formatView(view))).toEqual(view);
    });
  });

  it('says nothing of what is not looked for', () => {
    expect(formatView({ ...NOTHING, regex: true, only: true })).toBe('');
    expect(formatView({ ...NOTHING, text: 'a' })).toBe('?q=a');
    expect(isEmpty({ ...NOTHING, level: [''] })).toBe(false);
  });

  it('takes what others write as far as it has a meaning', () => {
    expect(parseView('?context=3&regex=yes&only=1&level=a&level=a&other=1')).toEqual({
      ...NOTHING,
      only: true,
      level: ['a'],
    });
    expect(parseView('')).toEqual(NOTHING);
  });

  it('shows what a filter leaves as soon as there is one', () => {
    const on = toggleFilter(NOTHING, 'stream', 'stderr');
    expect(on).toEqual({ ...NOTHING, stream: ['stderr'], only: true });
    expect(toggleFilter({ ...on, only: false }, 'stream', 'stderr')).toEqual(NOTHING);
  });
});
