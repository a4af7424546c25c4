import { describe, expect, it } from 'vitest';
import {
  formatAge,
  formatClock,
  formatCount,
  formatDate,
  formatDuration,
  formatElapsed,
  formatLines,
  formatSince,
  parseTime,
} from './format.js';

describe('parseTime', () => {
  it('takes nine digits of fraction', () => {
    expect(parseTime('2026-11-23T06:33:00.123456789Z')).toBe(Date.UTC(2026, 10, 23, 6, 33, 0, 123));
    expect(parseTime('2026-11-23T06:33:00Z')).toBe(Date.UTC(2026, 10, 23, 6, 33));
    expect(parseTime('yesterday')).toBeNaN();
  });
});

describe('formatDuration', () => {
  it.each([
    [0, '0.0s'],
    [449, '0.4s'],
    [9_949, '9.9s'],
    [9_950, '10s'],
    [59_499, '59s'],
    [59_500, '1m 00s'],
    [125_000, '2m 05s'],
    [3 * 3_600_000 + 7 * 60_000, '3h 07m'],
    [52 * 3_600_000, '2d 4h'],
    [-5, '0s'],
    [NaN, '0s'],
  ])('%d ms is %s', (ms, text) => expect(formatDuration(ms)).toBe(text));
});

describe('formatElapsed', () => {
  it.each([
    [-1, '0s'],
    [1_999, '1s'],
    [59_999, '59s'],
    [61_000, '1m 01s'],
  ])('%d ms is %s', (ms, text) => expect(formatElapsed(ms)).toBe(text));
});

describe('formatAge', () => {
  const now = Date.UTC(2026, 10, 23, 12);
  it.each([
    [-10_000, 'just now'],
    [44_000, 'just now'],
    [46_000, '1 min ago'],
    [59 * 60_000, '59 min ago'],
    [3_600_000, '1 h ago'],
    [26 * 3_600_000, '1 d ago'],
    [NaN, ''],
  ])('%d ms ago is %s', (age, text) => expect(formatAge(now - age, now)).toBe(text));
  it('gives the date of what is old', () => {
    expect(formatAge(new Date(2026, 0, 2, 12).getTime(), now)).toBe('2026-01-02');
  });
});

describe('numbers', () => {
  it('are grouped', () => {
    expect([0, 999, 1000, 1234567].map(formatCount)).toEqual(['0', '999', '1,000', '1,234,567']);
    expect([0, 1, 2000].map(formatLines)).toEqual(['0 lines', '1 line', '2,000 lines']);
  });
});

describe('times of entries', () => {
  const time = '2026-11-23T06:33:07.250999999Z';
  it('are shown in UTC, and since a beginning', () => {
    expect(formatClock(time, true)).toBe('06:33:07.250Z');
    expect(formatDate(time, true)).toBe('2026-11-23 06:33:07.250Z');
    expect(formatDate(time)).toMatch(/^2026-11-2\d \d\d:\d\d:07\.250$/);
    const at = parseTime(time);
    expect(formatSince(time, at - 1)).toBe('+0:00.001');
    expect(formatSince(time, at - 125_250)).toBe('+2:05.250');
    expect(formatSince(time, at - 3 * 3_600_000 - 61_000)).toBe('+3:01:01.000');
    expect(formatSince(time, at + 1_000)).toBe('-0:01.000');
    for (const shown of [formatClock('x'), formatDate('x'), formatSince('x', 0)])
      expect(shown).toBe('');
  });
});
