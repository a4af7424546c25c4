// Where a log's first error is, as far as its lines tell.

import type { LogHandle } from '../client/client.js';
import type { SearchQuery } from '../client/search.js';
import type { FirstError } from './element-api.js';

/** In lines without a level: a word that stands for itself. */
const WORDS = String.raw`\b(error|fatal|panic|exception|traceback)\b`;

/** The first line whose level is that of an error; else the first that says so. */
export async function firstError(
  log: LogHandle,
  signal?: AbortSignal,
): Promise<FirstError | undefined> {
  const first = async (query: SearchQuery): Promise<number | undefined> => {
    for await (const part of log.search({ ...query, limit: 1, total: false }, signal)) {
      if (part.kind === 'match') return part.match.n;
    }
    return undefined;
  };
  const level = await first({ q: '', level: ['error', 'fatal'] });
  if (level !== undefined) return { n: level, by: 'level' };
  const text = await first({ q: WORDS, regex: true });
  return text === undefined ? undefined : { n: text, by: 'text' };
}
