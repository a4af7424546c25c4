// What we make of a text against what xterm.js does, on a screen wide enough for every line.

import { Terminal } from '@xterm/headless';
import { describe, expect, it } from 'vitest';
import { Random } from '../testing/random.js';
import { spansOf } from './spans.js';
import { TRUE_COLOUR } from './style.js';
import type { Style } from './style.js';
import { widthOf } from './width.js';

const COLUMNS = 360;
const ROWS = 40;

/** Line by line: each character with its style, blanks without. */
type Cells = string[][];

async function inTerminal(text: string): Promise<Cells> {
  const terminal = new Terminal({
    cols: COLUMNS,
    rows: ROWS,
    convertEol: true,
    allowProposedApi: true,
    scrollback: 0,
  });
  terminal.unicode.register({
    version: 'ours',
    wcwidth: (code) => widthOf(String.fromCodePoint(code)),
    charProperties: (code, preceding) => {
      const width = widthOf(String.fromCodePoint(code));
      const join = width === 0 && preceding !== 0;
      return ((join ? (preceding >> 1) & 3 : width) << 1) | (join ? 1 : 0);
    },
  });
  terminal.unicode.activeVersion = 'ours';
  await new Promise<void>((resolve) => terminal.write(text, resolve));
  const lines: Cells = [];
  for (let row = 0; row < ROWS; row++) {
    const line = terminal.buffer.active.getLine(row);
    const cells: string[] = [];
    const end = 2 * (line?.translateToString(true).length ?? 0);
    for (let column = 0; column < Math.min(end, COLUMNS); column++) {
      const cell = line?.getCell(column);
      if (!cell || cell.getWidth() === 0) continue;
      const characters = cell.getChars();
      if (characters === '' || characters === ' ') {
        cells.push(' ');
        continue;
      }
      const colour = (value: number, rgb: boolean, none: boolean) =>
        none ? undefined : rgb ? TRUE_COLOUR + value : value;
      cells.push(
        look(characters, {
          fg: colour(cell.getFgColor(), cell.isFgRGB(), cell.isFgDefault()),
          bg: colour(cell.getBgColor(), cell.isBgRGB(), cell.isBgDefault()),
          bold: cell.isBold() !== 0,
          dim: cell.isDim() !== 0,
          italic: cell.isItalic() !== 0,
          underline: cell.isUnderline() !== 0,
          strike: cell.isStrikethrough() !== 0,
          inverse: cell.isInverse() !== 0,
        }),
      );
    }
    lines.push(cells);
  }
  terminal.dispose();
  return trimmed(lines);
}

function ours(text: string): Cells {
  const lines: Cells = [[]];
  for (const span of spansOf(text)) {
    for (const { segment } of new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(
      span.text,
    ))
      for (const character of clusters(segment)) {
        const line = lines.at(-1) as string[];
        if (character === '\n') lines.push([]);
        else if (character === '\t')
          do line.push(' ');
          while (columnOf(line) % 8 !== 0);
        else line.push(character === ' ' ? ' ' : look(character, span.style));
      }
  }
  return trimmed(lines);
}

/** A character with what combines with it. */
function clusters(segment: string): string[] {
  const all: string[] = [];
  for (const character of segment) {
    const combines = widthOf(character) === 0 ? all.pop() : undefined;
    all.push((combines ?? '') + character);
  }
  return all;
}

function columnOf(line: readonly string[]): number {
  return line.reduce((sum, cell) => sum + widthOf(cell), 0);
}

function look(characters: string, style: Partial<Record<keyof Style, unknown>>): string {
  const set = Object.entries(style).filter(([, value]) => value !== undefined && value !== false);
  return set.length === 0 ? characters : `${characters} ${set.map(String).sort().join(' ')}`;
}

function trimmed(lines: Cells): Cells {
  const cut = lines.map((line) => {
    let end = line.length;
    while (end > 0 && line[end - 1] === ' ') end--;
    return line.slice(0, end);
  });
  while (cut.at(-1)?.length === 0) cut.pop();
  return cut;
}

const ESC = '\u001b';

function sgr(random: Random): string {
  const colour = () =>
    random.chance(0.5)
      ? `5;${random.int(0, 256)}`
      : `2;${random.int(0, 256)};${random.int(0, 256)};${random.int(0, 256)}`;
  const code = random.pick([
    () => String(random.pick([0, 1, 2, 3, 4, 7, 9, 22, 23, 24, 27, 29, 39, 49])),
    () => String(random.pick([30, 40, 90, 100]) + random.int(0, 8)),
    () => `38;${colour()}`,
    () => `48;${colour()}`,
    () => `${random.int(0, 8) + 30};${random.pick([1, 3, 4])}`,
    () => '',
  ]);
  return `${ESC}[${code()}m`;
}

/** `lines`: with line breaks and movement between lines too. */
function hostile(random: Random, lines: boolean): string {
  let text = '';
  for (let i = random.int(1, 30); i > 0; i--) {
    text += random.pick([
      () =>
        random.pick(['abc', 'x', ' ', 'hello world', 'Ж', 'é', '世界', '한', '🚀', 'e\u0301', 'ש']),
      () => random.pick(['\r', '\b', '\b\b', '\r']),
      () => `${ESC}[${random.pick(['', 0, 1, 2])}K`,
      () => `${ESC}[${random.pick(['', 1, 2, 7])}${random.pick(['C', 'D', 'G', 'X'])}`,
      () => (lines ? random.pick(['\n', '\r\n', `${ESC}[A`, `${ESC}[2A\r`, `${ESC}[F`]) : '\r'),
      () => (lines ? `${ESC}[${random.pick(['', 0, 1, 2])}J` : ''),
      () => sgr(random),
      () => random.pick(['\t', `${ESC}]0;title\u0007`, `${ESC}(B`, `${ESC}[?25h`]),
    ])();
  }
  return text;
}

async function compare(count: number, lines: boolean): Promise<void> {
  const base = Number(process.env['TAILRACE_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
  for (let i = 0; i < count; i++) {
    const random = new Random(base + i);
    const text = hostile(random, lines);
    expect(ours(text), `TAILRACE_SEED=${base + i} ${JSON.stringify(text)}`).toEqual(
      await inTerminal(text),
    );
  }
}

declare const process: { env: Record<string, string | undefined> };

describe('text as a terminal shows it', () => {
  it('on one line', () => compare(400, false), 60_000);
  it('on several lines', () => compare(400, true), 60_000);
});
