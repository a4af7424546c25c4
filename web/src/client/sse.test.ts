import { describe, expect, it } from 'vitest';
import { forSeeds } from '../testing/random.js';
import { MAX_LINE_CHARACTERS, SseParser } from './sse.js';

function parse(pieces: readonly string[]): string[] {
  const events: string[] = [];
  const parser = new SseParser((type, data, id) => events.push(JSON.stringify([type, data, id])));
  for (const piece of pieces) parser.push(piece);
  return events;
}

const event = (type: string, data: string, id = '') => JSON.stringify([type, data, id]);

const STREAM = [
  'retry: 2000\n\n',
  ': a comment\n\n',
  'id: k1.3\ndata: one\ndata:two\ndata:  three\n\n',
  'event: gap\r\ndata: {"from":3}\r\nid\r\n\r\n',
  'data\rdata\r\r',
  'id: a\0b\nevent: no data\n\n',
  'unheard: of\nid: k1.9.end\nevent: end\ndata: {}\n\n',
  'data: never finished\n',
].join('');
const EVENTS = [
  event('message', 'one\ntwo\n three', 'k1.3'),
  event('gap', '{"from":3}', ''),
  event('message', '\n', ''),
  event('end', '{}', 'k1.9.end'),
];

describe('SseParser', () => {
  it('reads events as the standard says', () => {
    expect(parse([STREAM])).toEqual(EVENTS);
    expect(parse(Array.from(STREAM))).toEqual(EVENTS);
  });

  it('reads the same, however the text is cut', () => {
    forSeeds(200, (random) => {
      const pieces: string[] = [];
      for (let at = 0; at < STREAM.length;) {
        const size = random.int(1, 12);
        pieces.push(STREAM.slice(at, at + size));
        at += size;
      }
      expect(parse(pieces)).toEqual(EVENTS);
    });
  });

  it('takes a long line in many pieces, and not an endless one', () => {
    const piece = 'x'.repeat(1_000_000);
    const count = MAX_LINE_CHARACTERS / piece.length;
    const all = [...Array.from({ length: count - 1 }, () => piece), '\n\n'];
    const [got] = parse(['data: ', ...all]);
    expect(got?.length).toBe(event('message', '').length + (count - 1) * piece.length);
    expect(() => parse(Array.from({ length: count + 1 }, () => piece))).toThrow('too long');
  });
});
