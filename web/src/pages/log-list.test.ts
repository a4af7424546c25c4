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
  list.newestPage(logs, true);
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
    list.newestPage([log('b', 2), log('a', 1)], true);
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
    list.newestPage([log('d', 4), log('b', 2)], false);
    expect(ids(list)).toEqual(['d', 'b', 'a']);
    list.newestPage([log('d', 4)], true);
    expect(ids(list)).toEqual(['d']);
    list.newestPage([], true);
    expect(ids(list)).toEqual([]);
  });
});
