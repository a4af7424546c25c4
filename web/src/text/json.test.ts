import { describe, expect, it } from 'vitest';
import { forSeeds } from '../testing/random.js';
import type { Random } from '../testing/random.js';
import { MAX_JSON_CHARACTERS, looksLikeJson, prettyJson } from './json.js';

const pretty = (text: string) =>
  prettyJson(text)
    ?.map((piece) => piece.text)
    .join('');

function value(random: Random, depth: number): unknown {
  const kind = random.int(0, depth > 4 ? 4 : 6);
  if (kind === 0) return random.pick(['', 'a "b" \\ {c}: [d], e', '\u001b[31m\u2028', '7', 'ü']);
  if (kind === 1) return random.pick([0, -1.5, 1e30, 12345]);
  if (kind === 2) return random.pick([true, false, null]);
  if (kind === 3) return random.pick([[], {}]);
  const items = Array.from({ length: random.int(0, 4) }, () => value(random, depth + 1));
  return kind === 4 ? items : Object.fromEntries(items.map((item, i) => [`k"${i}:`, item]));
}

describe('JSON lines', () => {
  it('are laid out as JSON.stringify does', () => {
    forSeeds(500, (random) => {
      const whole = { first: value(random, 0), second: value(random, 0) };
      const text = JSON.stringify(whole);
      expect(looksLikeJson(text)).toBe(true);
      expect(pretty(text)).toBe(JSON.stringify(whole, null, 2));
    });
  });

  it('keep numbers and escapes as they were written', () => {
    expect(pretty('{"id": 12345678901234567890, "é":"\\u00e9", "x":1.50}')).toBe(
      '{\n  "id": 12345678901234567890,\n  "é": "\\u00e9",\n  "x": 1.50\n}',
    );
  });

  it('tell what is what', () => {
    expect(prettyJson('{"a":["b",1,true]}')?.map((piece) => piece.kind)).toEqual([
      ...['plain', 'name', 'plain', 'string', 'plain', 'number', 'plain', 'word', 'plain'],
    ]);
  });

  it.each(['', '{}', '[]', 'text', '{a}', '{"a":1', '{"a":1}}', '[INFO] done]', '[1] x ]'])(
    'are not %j',
    (text) => expect(prettyJson(text)).toBe(undefined),
  );

  it('are not longer than a page can bear', () => {
    expect(pretty(`["${'x'.repeat(MAX_JSON_CHARACTERS)}"]`)).toBe(undefined);
    const deep = `${'['.repeat(5000)}1${']'.repeat(5000)}`;
    expect(pretty(deep)?.replace(/\s/g, '') ?? deep).toBe(deep);
  });
});
