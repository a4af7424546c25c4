import { describe, expect, it } from 'vitest';
import { lineHash, logPath, parseLineHash, parseLines, parseRoute } from './route.js';

describe('parseRoute', () => {
  it('knows the list', () => {
    expect(parseRoute('/')).toEqual({ page: 'list' });
    expect(parseRoute('/logs/')).toEqual({ page: 'list' });
  });
  it('knows a log, escaped or not', () => {
    const log = { page: 'log', type: 'deploy', id: 'a:1~b' };
    expect(parseRoute('/logs/deploy/a:1~b')).toEqual(log);
    expect(parseRoute('/logs/deploy/a%3A1~b')).toEqual(log);
    expect(parseRoute(logPath(log as { page: 'log'; type: string; id: string }))).toEqual(log);
  });
  it('knows both below a base path', () => {
    expect(parseRoute('/tailrace/', '/tailrace')).toEqual({ page: 'list' });
    const log = { page: 'log', type: 'a', id: 'b' };
    expect(parseRoute('/tailrace/logs/a/b', '/tailrace')).toEqual(log);
    expect(parseRoute('/tailracelogs/a/b', '/tailrace').page).toBe('unknown');
  });
  it.each([
    '/logs/deploy',
    '/logs/deploy/1/',
    '/logs/-x/1',
    '/logs/a/%',
    '/logs/a/%2F',
    '/x',
    '/logs/a:b/1',
  ])('refuses %s', (path) => expect(parseRoute(path)).toEqual({ page: 'unknown', path }));
});

describe('parseLineHash', () => {
  it('turns a line into a position', () => {
    expect(parseLineHash('#L1')).toEqual({ first: 0, last: 0 });
    expect(parseLineHash('#L1234')).toEqual({ first: 1233, last: 1233 });
  });
  it('knows ranges, in either order', () => {
    for (const hash of ['#L10-L20', '#L20-L10', '#L10-20'])
      expect(parseLineHash(hash)).toEqual({ first: 9, last: 19 });
    expect(lineHash({ first: 9, last: 19 })).toBe('#L10-L20');
    expect(lineHash({ first: 9, last: 9 })).toBe('#L10');
  });
  it.each(['', '#L0', '#L', '#L-1', '#L1x', '#l1', '#L99999999999999999', '#L1-', '#L1-L0'])(
    'refuses %s',
    (hash) => expect(parseLineHash(hash)).toBeUndefined(),
  );
});

describe('parseLines', () => {
  it.each([
    ['1,234', 1233, 1233],
    ['10-20', 9, 19],
    [' L20 - L10 ', 9, 19],
    ['#L7', 6, 6],
    ['90-99999', 89, 4999],
    ['99999', 4999, 4999],
  ])('knows %s', (text, first, last) => expect(parseLines(text, 5000)).toEqual({ first, last }));
  it.each(['', '0', 'x', '1-', '-1', '1-2-3'])('refuses "%s"', (text) =>
    expect(parseLines(text, 5000)).toBeUndefined(),
  );
  it('knows no line of a log without any', () => expect(parseLines('1', 0)).toBeUndefined());
});
