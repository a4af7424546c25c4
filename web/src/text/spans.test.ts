import { describe, expect, it } from 'vitest';
import { forSeeds } from '../testing/random.js';
import { MAX_PLAYED, plainText, spansOf, unplayed, unplayedSpans } from './spans.js';
import type { Span } from './spans.js';
import { PLAIN, TRUE_COLOUR, cssColour } from './style.js';

const ESC = '\u001b';
const spans = (text: string): Span[] => [...spansOf(text)];
const styleOf = (codes: string) => spans(`${ESC}[${codes}mx`)[0]?.style;

describe('spansOf', () => {
  it('leaves plain text and markup alone', () => {
    const text = '<img src=x onerror=alert(1)> & "ж" 🚀\ttab\nline';
    expect(spans(text)).toEqual([{ text, style: {}, link: '' }]);
    expect(spans('')).toEqual([]);
  });

  it('shows control characters', () => {
    expect(plainText('a\0b\x07c\x7f\x9b')).toBe('a\u2400b\u2407c\u2421\ufffd');
    expect(plainText(`cut ${ESC}`)).toBe('cut \u241b');
    expect(plainText(`cut ${ESC}[12`)).toBe('cut \u241b[12');
    expect(plainText('a\rb\0')).toBe('b\u2400');
  });

  it('does not let text turn its direction', () => {
    expect(plainText('a\u202eb\u2066c')).toBe('a\ufffdb\ufffdc');
    expect(plainText('שלום abc')).toBe('שלום abc');
  });

  it('knows styles and colours', () => {
    expect(spans(`a${ESC}[1;31mb${ESC}[22;44mc${ESC}[md`)).toEqual([
      { text: 'a', style: {}, link: '' },
      { text: 'b', style: { bold: true, fg: 1 }, link: '' },
      { text: 'c', style: { fg: 1, bg: 4 }, link: '' },
      { text: 'd', style: {}, link: '' },
    ]);
    expect(styleOf('91;102')).toEqual({ fg: 9, bg: 10 });
    expect(styleOf('2;3;4;7;9')).toEqual({
      dim: true,
      italic: true,
      underline: true,
      inverse: true,
      strike: true,
    });
    expect(styleOf('4:3')).toEqual({ underline: true });
    expect(styleOf('4;4:0')).toEqual({});
    expect(styleOf('38;5;196;1')).toEqual({ fg: 196, bold: true });
    expect(styleOf('38;2;1;2;3;48;2;255;255;255')).toEqual({
      fg: TRUE_COLOUR + 0x010203,
      bg: TRUE_COLOUR + 0xffffff,
    });
    expect(styleOf('38:2::1:2:3')).toEqual({ fg: TRUE_COLOUR + 0x010203 });
    expect(styleOf('38:2:1:2:3')).toEqual({ fg: TRUE_COLOUR + 0x010203 });
    expect(styleOf('58;5;3;31')).toEqual({ fg: 1 });
    expect(styleOf('38;5;999')).toEqual({});
    expect(styleOf('38')).toEqual({});
    expect(styleOf('99999999999999999999')).toEqual({});
  });

  it('names colours as CSS does', () => {
    expect([16, 196, 231, 232, 255].map(cssColour)).toEqual([
      '#000000',
      '#ff0000',
      '#ffffff',
      '#080808',
      '#eeeeee',
    ]);
    expect(cssColour(TRUE_COLOUR + 0x00ff07)).toBe('#00ff07');
  });

  it('collapses progress bars to their last state', () => {
    expect(plainText('10%\r20%\r\nend\nx')).toBe('20%\nend\nx');
    expect(plainText('  9%\r 10%\r100% done')).toBe('100% done');
    expect(plainText('long text\rshort')).toBe('shorttext');
    expect(plainText(`long text\r${ESC}[Kshort`)).toBe('short');
    expect(plainText('abc\b\bX')).toBe('aXc');
    expect(plainText(`one\ntwo${ESC}[1A\r${ESC}[2KONE`)).toBe('ONE\ntwo');
    expect(plainText('windows\r\n')).toBe('windows\n');
    expect(plainText('from a pipe\r')).toBe('from a pipe');
    expect(plainText('世界\rab')).toBe('ab界');
    expect(plainText('世界\ra')).toBe('a 界');
    expect(plainText(`section_start:1560896352:glob\r${ESC}[0KHeader`)).toBe('Header');
  });

  it('keeps links of http and https, and no others', () => {
    const link = (url: string) => `${ESC}]8;id=1;${url}${ESC}\\text${ESC}]8;;\u0007 after`;
    expect(spans(link('https://example.com/a?b=c'))).toEqual([
      { text: 'text', style: {}, link: 'https://example.com/a?b=c' },
      { text: ' after', style: {}, link: '' },
    ]);
    for (const bad of [
      'javascript:alert(1)',
      'data:text/html,x',
      'file:///etc/passwd',
      '//x',
      'http:',
    ]) {
      expect(spans(link(bad)).map((span) => span.link)).toEqual(['', '']);
    }
    expect(spans(`a\r${link('http://x/')}`)[0]?.link).toBe('http://x/');
  });

  it('drops other sequences whole', () => {
    expect(
      plainText(`${ESC}[1;1Hx${ESC}]0;title\u0007y${ESC}P+q${ESC}\\z${ESC}(B!${ESC}[?25l`),
    ).toBe('xyz!');
  });

  it('gives the first characters of a long text without reading the rest', () => {
    let read = 0;
    const text = `${ESC}[31mred${ESC}[0m plain `.repeat(100_000);
    for (const span of spansOf(text)) {
      read += span.text.length;
      if (read > 1000) break;
    }
    expect(read).toBeLessThan(1100);
  });

  it('takes time in proportion to the text', () => {
    for (const piece of [
      `${ESC}]`,
      `${ESC}[`,
      `${ESC}P`,
      '\r',
      '\b',
      `${ESC}[K`,
      `${ESC}[4096C`,
      '世\b',
    ])
      expect(plainText(piece.repeat(30_000)).length).toBeLessThan(400_000);
  });

  it('plays the end of a very long text, and loses nothing of the rest', () => {
    const states = Array.from({ length: 60_000 }, (_, i) => `${i} %`);
    const text = states.join('\r');
    const skipped = unplayed(text);
    expect(text.length - skipped).toBeLessThanOrEqual(MAX_PLAYED);
    expect([...spansOf(text)].map((span) => span.text).join('')).toBe('59999 %');
    const before = [...unplayedSpans(text, '|')].map((span) => span.text).join('');
    expect(before).toBe(text.slice(0, skipped).replaceAll('\r', '|'));
    expect(plainText(text).split('\n').length).toBeGreaterThan(50_000);
    expect(unplayed('\r'.repeat(MAX_PLAYED))).toBe(0);
    expect(unplayed('x'.repeat(2 * MAX_PLAYED))).toBe(0);
    expect(unplayed(`${'x'.repeat(2 * MAX_PLAYED)}\b`)).toBeGreaterThan(MAX_PLAYED);
  });

  /** The text with what was found in brackets. */
  const found = (text: string, ...places: [number, number][]) => {
    const all = [...spansOf(text, PLAIN, places)].map((span) =>
      span.found ? `[${span.text}]` : span.text,
    );
    return all.join('').replaceAll('][', '');
  };

  it('says what was found', () => {
    expect(found('one two', [0, 3], [4, 7])).toBe('[one] [two]');
    expect(found('one two', [2, 5])).toBe('on[e t]wo');
    expect(found('abc', [0, 1], [1, 3])).toBe('[abc]');
    // Places count escape sequences, which are not seen; some may stand within.
    const red = `a ${ESC}[31mer${ESC}[1mror${ESC}[m b`;
    const at = red.indexOf('er');
    expect(found(red, [at, red.indexOf('ror') + 3])).toBe('a [error] b');
    expect(found(`${ESC}]8;;https://a.example/${ESC}\\link${ESC}]8;;${ESC}\\`, [26, 28])).toBe(
      'l[in]k',
    );
    expect(found('a\0b', [1, 2])).toBe('a[\u2400]b');
  });

  it('says of what was found only what is still to be seen', () => {
    expect(found('10% done\r20% done', [4, 8], [13, 17])).toBe('20% [done]');
    expect(found('an error\rfine', [3, 8])).toBe('fine[rror]');
    expect(found(`gone${ESC}[2K\rhere`, [0, 4])).toBe('here');
  });

  it('has the same text with places as without', () => {
    forSeeds(200, (random) => {
      const pieces = ['err', ' ', `${ESC}[31m`, `${ESC}[m`, '\r', '\b', '世', '\t', '\n', '\0'];
      let text = '';
      for (let i = random.int(0, 20); i > 0; i--) text += random.pick(pieces);
      const places: [number, number][] = [];
      for (let at = random.int(0, 9); at < text.length;) {
        const end = random.int(at, text.length) + 1;
        places.push([at, end]);
        at = end + random.int(0, 5);
      }
      const shown = [...spansOf(text, PLAIN, places)].map((span) => span.text).join('');
      expect(shown).toBe(plainText(text));
    });
  });
});
