import { describe, expect, it } from 'vitest';
import type { LogInfo } from '../client/api.js';
import { matches, parseQuery, serverQuery, withState } from './list-query.js';
import type { ListFilter } from './list-query.js';

const NOW = Date.parse('2026-11-23T12:00:00Z');
const HOUR = 3_600_000;

function filterOf(text: string): ListFilter {
  const parsed = parseQuery(text, NOW);
  if ('problem' in parsed) throw new Error(parsed.problem);
  return parsed.filter;
}

function log(more: Partial<LogInfo> = {}): LogInfo {
  return {
    type: 'deploy',
    id: '42',
    title: 'Roll out WEB',
    labels: { env: 'prod', team: 'a b' },
    incarnation: 'k1',
    state: 'ended',
    outcome: 'failed',
    first: 0,
    position: 1,
    created: '2026-11-23T11:00:00.000000001Z',
    ...more,
  };
}

describe('the query above the list', () => {
  it.each([
    ['', true],
    ['web', true],
    ['WEB roll', true],
    ['web db', false],
    ['deploy/4', true],
    ['"roll out"', true],
    ['"out roll"', false],
    ['type:deploy', true],
    ['type:depl', false],
    ['id:4', true],
    ['id:43', false],
    ['title:"out web"', true],
    ['title:deploy', false],
    ['state:failed', true],
    ['state:Ended', true],
    ['state:running', false],
    ['state:succeeded', false],
    ['label:env=prod', true],
    ['label:env=pro', false],
    ['label:"team=a b"', true],
    ['label:env=prod label:team=x', false],
    ['since:2h', true],
    ['since:30m', false],
    ['until:30m', true],
    ['until:2h', false],
    ['since:2026-11-20 until:2026-12-01', true],
    ['since:2026-11-23T11:30:00Z', false],
    ['type:deploy state:failed label:env=prod since:2h web', true],
    ['a:b', false],
  ])('%s', (text, expected) => {
    expect(matches(filterOf(text), log())).toBe(expected);
  });

  it('takes a colon of a name for what it is', () => {
    expect(matches(filterOf('job:42'), log({ id: 'job:42' }))).toBe(true);
  });

  it.each([
    ['state:broken', 'state: is one of'],
    ['label:env', 'label: is NAME=VALUE'],
    ['since:yesterday', 'since: is a time ago'],
    ['until:2026-13-77', 'until: is a time ago'],
  ])('%s is told', (text, problem) => {
    const parsed = parseQuery(text, NOW);
    expect('problem' in parsed && parsed.problem).toContain(problem);
  });

  it('asks the server for what it can choose by', () => {
    expect(
      serverQuery(filterOf('type:a state:failed label:b=c xy wordy id:4 title:"x y"')),
    ).toEqual({
      type: 'a',
      outcome: 'failed',
      labels: { b: 'c' },
      q: ['xy', 'wordy'],
      id: '4',
      title: 'x y',
    });
    expect(serverQuery(filterOf('state:open since:2h until:2026-11-23T11:30:00Z'))).toEqual({
      state: 'open',
      since: new Date(NOW - 2 * HOUR).toISOString(),
      until: '2026-11-23T11:30:00.000Z',
    });
    expect(serverQuery(filterOf('state:ended'))).toEqual({ state: 'ended' });
    expect(serverQuery(filterOf('größe title:größe small'))).toEqual({ q: ['small'] });
    expect(serverQuery(filterOf('since:999999w until:9999-12-31'))).toEqual({
      since: '1970-01-01T00:00:00.000Z',
      until: '2200-01-01T00:00:00.000Z',
    });
    expect(serverQuery(filterOf('w '.repeat(300))).q?.length).toBe(16);
    expect(filterOf('since:2h').since).toBe(NOW - 2 * HOUR);
  });

  it('changes the state alone', () => {
    expect(withState('type:a state:open "x y"', 'failed')).toBe('type:a "x y" state:failed');
    expect(withState('state:open', '')).toBe('');
  });
});
