import { describe, expect, it } from 'vitest';
import type { LogInfo } from '../client/api.js';
import { LogList } from './log-list.js';

function log(id: string, second: number, more: Partial<LogInfo> = {}): LogInfo {
  const created = `2026-11-23T00:00:${String(second).padStart(2, '0')}.000000000Z`;
  return {
    type: 'deploy',
    id,
    incarnation: `${id}${second}`,
    state: 'open',
    first: 0,
    position: 0,
    created,
    ...more,
  };
}

function listOf(...logs: LogInfo[]): LogList {
  const list = new LogList();
  list.expectPage();
  list.newestPage(logs, undefined);
  return list;
}

const ids = (list: LogList) => list.logs.map((item) => item.id);
const ENDED = { state: 'ended', outcome: 'failed' } as const;

describe('LogList', () => {
  it('sorts newest first and keeps each name once', () => {
    const list = listOf(log('b', 2), log('a', 1));
    list.change(log('c', 3));
    list.change(log('b', 2));
    expect(ids(list)).toEqual(['c', 'b', 'a']);
  });

  it('does not let a late page undo an event', () => {
    const list = listOf(log('b', 2), log('a', 1));
    list.expectPage();
    list.change(log('a', 1, ENDED));
    list.change(log('c', 3));
    list.remove(log('b', 2));
    list.newestPage([log('b', 2), log('a', 1)], undefined);
    expect(ids(list)).toEqual(['c', 'a']);
    expect(list.logs[1]?.state).toBe('ended');
  });

  it('takes a new log of an old name, and the deletion of the old one after it', () => {
    const list = listOf(log('a', 1, ENDED));
    list.change(log('a', 5));
    expect(list.logs.map((item) => item.state)).toEqual(['open']);
    list.remove(log('a', 1));
    expect(ids(list)).toEqual(['a']);
    list.remove(log('a', 5));
    expect(ids(list)).toEqual([]);
  });

  it('drops what the newest page no longer has, and leaves older pages alone', () => {
    const list = listOf(log('d', 4), log('c', 3));
    list.olderPage([log('b', 2), log('a', 1)]);
    list.expectPage();
    list.newestPage([log('d', 4), log('b', 2)], log('b', 2));
    expect(ids(list)).toEqual(['d', 'b', 'a']);
    list.newestPage([log('d', 4)], undefined);
    expect(ids(list)).toEqual(['d']);
    list.newestPage([], undefined);
    expect(ids(list)).toEqual([]);
  });

  it('has only what is wanted, as long as it is', () => {
    const list = new LogList((item) => item.state === 'open');
    list.newestPage([log('b', 2), log('a', 1, ENDED)], undefined);
    list.change(log('c', 3));
    expect(ids(list)).toEqual(['c', 'b']);
    list.change(log('b', 2, ENDED));
    list.change(log('d', 4, ENDED));
    expect(ids(list)).toEqual(['c']);
    list.olderPage([log('b', 2)]); // Asked for before it ended.
    expect(ids(list)).toEqual(['c']);
  });

  it('is the same, one by one and many at once', () => {
    const all = Array.from({ length: 100 }, (_, i) => log(`l${(i * 37) % 100}`, (i * 37) % 60));
    const whole = listOf(...all);
    const single = new LogList();
    for (const one of all) single.change(one);
    expect(ids(whole)).toEqual(ids(single));
    expect(ids(whole).length).toBe(100);
  });
});
