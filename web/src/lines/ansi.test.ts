import { describe, expect, it } from 'vitest';
import { parseText } from './ansi.js';

const ESC = '\u001b';
const textOf = (text: string) =>
  parseText(text)
    .map((span) => span.text)
    .join('');

describe('parseText', () => {
  it('leaves plain text and markup alone', () => {
    const text = '<img src=x onerror=alert(1)> & "ж" 🚀\ttab';
    expect(parseText(text)).toEqual([{ text, classes: [] }]);
    expect(parseText('')).toEqual([]);
  });

  it('shows control characters', () => {
    expect(textOf('a\0b\x07c\x7f')).toBe('a\u2400b\u2407c\u2421');
    expect(textOf(`cut ${ESC}`)).toBe('cut \u241b');
    expect(textOf(`cut ${ESC}[12`)).toBe('cut \u241b[12');
  });

  it('breaks lines at CR, LF and CRLF', () => {
    expect(textOf('10%\r20%\r\nend\nx')).toBe('10%\n20%\nend\nx');
  });

  it('does not let text turn its direction', () => {
    expect(textOf('a\u202eb\u2066c')).toBe('a\ufffdb\ufffdc');
  });

  it('turns colours into classes', () => {
    expect(parseText(`a${ESC}[1;31mb${ESC}[22;44mc${ESC}[md`)).toEqual([
      { text: 'a', classes: [] },
      { text: 'b', classes: ['fg1', 'bold'] },
      { text: 'c', classes: ['fg1', 'bg4'] },
      { text: 'd', classes: [] },
    ]);
    expect(parseText(`${ESC}[91;102mx`)).toEqual([{ text: 'x', classes: ['fg9', 'bg10'] }]);
    expect(parseText(`${ESC}[31;7mx`)).toEqual([{ text: 'x', classes: ['inverse', 'bg1'] }]);
  });

  it('maps 256 and true colours to the nearest of 16', () => {
    const classOf = (code: string) => parseText(`${ESC}[${code}mx`)[0]?.classes;
    expect(classOf('38;5;9')).toEqual(['fg9']);
    expect(classOf('38;5;196')).toEqual(['fg9']);
    expect(classOf('38;2;0;128;0')).toEqual(['fg2']);
    expect(classOf('48;2;0;0;255;1')).toEqual(['bg12', 'bold']);
    expect(classOf('38')).toEqual([]);
    expect(classOf('38;5')).toEqual(['fg0']);
  });

  it('drops other sequences whole', () => {
    expect(
      textOf(`${ESC}[2K${ESC}[1;1Hx${ESC}]0;title\u0007y${ESC}]8;;http://a/${ESC}\\z${ESC}(B!`),
    ).toBe('xyz!');
  });

  it('never makes a class out of text', () => {
    const parameters = Array.from({ length: 120 }, (_, code) => code).join(';');
    for (const span of parseText(
      `${ESC}[${parameters}mx${ESC}[99999999999999999999my${ESC}[38;5;999mz`,
    )) {
      for (const name of span.classes)
        expect(name).toMatch(/^((fg|bg)(\d|1[0-5])|bold|dim|italic|underline|inverse)$/);
    }
  });

  it('takes time in proportion to the text', () => {
    expect(textOf(`${ESC}]`.repeat(20_000)).length).toBeGreaterThan(0);
    expect(textOf(`${ESC}[`.repeat(20_000)).length).toBe(40_000);
  });
});
