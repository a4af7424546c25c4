import { describe, expect, it } from 'vitest';
import { BUDGET_MS, FRAME_MS, TimeBudget } from './time-budget.js';
import { forSeeds } from '../testing/random.js';

describe('TimeBudget', () => {
  let now = 0;
  /** `count` steps that take `ms` each. */
  const steps = (count: number, ms: number) => {
    const work = {
      left: count,
      step: () => {
        if (work.left === 0) return false;
        work.left--;
        now += ms;
        return true;
      },
    };
    return work;
  };

  it('takes all steps that fit', () => {
    const work = steps(5, 1);
    expect(new TimeBudget(() => now, 8, 16).run(work.step)).toBe(true);
    expect(work.left).toBe(0);
  });

  it('stops when the budget is spent, and goes on in the next frame', () => {
    const budget = new TimeBudget(() => now, 8, 16);
    const work = steps(20, 1);
    expect(budget.run(work.step)).toBe(false);
    expect(work.left).toBe(12);
    now += 8;
    expect(budget.run(work.step)).toBe(false);
    expect(work.left).toBe(4);
    now += 8;
    expect(budget.run(work.step)).toBe(true);
  });

  it('is one budget for all that comes within a frame', () => {
    const budget = new TimeBudget(() => now, 8, 16);
    expect(budget.run(steps(7, 1).step)).toBe(true);
    const late = steps(100, 1);
    expect(budget.run(late.step)).toBe(false);
    expect(late.left).toBe(99);
  });

  it('does not count what others do meanwhile', () => {
    const budget = new TimeBudget(() => now, 8, 16);
    budget.run(steps(1, 1).step);
    now += 10;
    expect(budget.run(steps(6, 1).step)).toBe(true);
  });

  it('goes on with a clock that stands still or goes back', () => {
    const stopped = new TimeBudget(() => 0, 8, 16);
    const work = steps(1000, 0);
    expect(stopped.run(work.step)).toBe(true);
    let time = 1e6;
    const back = new TimeBudget(() => (time -= 5), 8, 16);
    expect(back.run(steps(1000, 0).step)).toBe(true);
  });

  it('never holds a frame for longer than the budget and one step, and always ends', () => {
    forSeeds(200, (random) => {
      const budget = new TimeBudget(() => now);
      const longest = random.int(1, 12);
      let left = random.int(0, 300);
      const step = () => {
        if (left === 0) return false;
        left--;
        now += random.int(0, longest + 1);
        return true;
      };
      for (let turn = 0, done = false; !done; turn++) {
        const begin = now;
        done = budget.run(step);
        expect(now - begin).toBeLessThan(BUDGET_MS + longest + 1);
        expect(turn).toBeLessThan(301);
        now += FRAME_MS;
      }
      expect(left).toBe(0);
    });
  });
});
