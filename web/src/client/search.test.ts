import { afterEach, describe, expect, it, vi } from 'vitest';
import { ApiError } from './api.js';
import { searchAll, searchLog, searchParameters } from './search.js';
import type { SearchPart } from './search.js';

const LINES = [
  '{"incarnation":"k3v9x2","first":0,"position":9,"state":"open","from":0,"to":9}',
  '{"n":1,"columns":[[0,3],[5,8]]}',
  '{"gap":{"from":2,"to":4,"cause":"retention"}}',
  '{"progress":{"position":6,"total":1}}',
  '{"unheard":"of"}',
  '{"n":7,"columns":[[1,2]],"more":true}',
  '{"end":{"complete":true,"searched":9,"total":2}}',
];
const BODY = new TextEncoder().encode(`${LINES.join('\n')}\n`);

let cancelled: boolean;

/** Answers with `bytes` in pieces of `size`, and then ends or goes on without a word. */
function answer(bytes: Uint8Array, size: number, open = false, init: ResponseInit = {}) {
  cancelled = false;
  let at = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (at < bytes.length) controller.enqueue(bytes.slice(at, (at += size)));
      else if (!open) controller.close();
    },
    cancel: () => {
      cancelled = true;
    },
  });
  vi.stubGlobal('fetch', () => Promise.resolve(new Response(body, init)));
}

async function all(parts: AsyncGenerator<SearchPart>): Promise<SearchPart[]> {
  const got: SearchPart[] = [];
  for await (const part of parts) got.push(part);
  return got;
}

afterEach(() => vi.unstubAllGlobals());

describe('searchLog', () => {
  it('reads an answer however it is cut', async () => {
    for (const size of [1, 2, 7, 50, BODY.length]) {
      answer(BODY, size);
      const parts = await all(searchLog('/log', { q: 'a' }));
      expect(parts.map((part) => part.kind)).toEqual([
        'begin',
        'match',
        'gap',
        'progress',
        'match',
        'end',
      ]);
      expect(parts[1]).toEqual({
        kind: 'match',
        match: {
          n: 1,
          columns: [
            [0, 3],
            [5, 8],
          ],
        },
      });
      expect(parts.at(-1)).toEqual({
        kind: 'end',
        end: { complete: true, searched: 9, total: 2 },
      });
    }
  });

  it('says that an answer without its end was cut', async () => {
    const cut = BODY.length - (LINES.at(-1)?.length ?? 0) - 1;
    for (const length of [0, cut, BODY.length - 1]) {
      answer(BODY.slice(0, length), 64);
      const reading = all(searchLog('/log', { q: 'a' }));
      await expect(reading).rejects.toMatchObject({ status: 0, message: /cut off/ });
    }
  });

  it('ends the search on the server when nobody reads on', async () => {
    answer(BODY, 40, true);
    for await (const part of searchLog('/log', { q: 'a' })) if (part.kind === 'match') break;
    await vi.waitFor(() => expect(cancelled).toBe(true));
  });

  it('tells the reason of a refusal, and when to come back', async () => {
    const problem = { title: 'Too many', detail: '16 searches are under way.' };
    answer(new TextEncoder().encode(JSON.stringify(problem)), 99, false, {
      status: 429,
      headers: { 'Retry-After': '3' },
    });
    const error = await all(searchLog('/log', { q: 'a' })).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 429, message: problem.detail, retryAfterS: 3 });
  });

  it('refuses what is no search result', async () => {
    answer(new TextEncoder().encode('<html>\n'), 99);
    await expect(all(searchLog('/log', { q: 'a' }))).rejects.toBeInstanceOf(ApiError);
  });
});

describe('searchParameters', () => {
  it('has what differs from the default', () => {
    expect(searchParameters({ q: 'a&b c' })).toBe('q=a%26b+c');
    expect(
      searchParameters({
        q: '',
        regex: true,
        caseSensitive: true,
        from: 0,
        to: 7,
        limit: 5,
        total: false,
        stream: ['stderr', ''],
        level: ['error'],
      }),
    ).toBe('q=&regex=1&case=1&total=0&from=0&to=7&limit=5&stream=stderr&stream=&level=error');
  });
});

describe('searchAll', () => {
  it('takes everything together and tells how far it is', async () => {
    answer(BODY, 50);
    const told: unknown[] = [];
    const result = await searchAll(searchLog('/log', { q: 'a' }), {
      onProgress: (progress, to) => told.push([progress, to]),
    });
    expect(result).toMatchObject({ total: 2, complete: true, incarnation: 'k3v9x2' });
    expect(result.matches.map((match) => match.n)).toEqual([1, 7]);
    expect(told).toEqual([[{ position: 6, total: 1 }, 9]]);
  });
});
