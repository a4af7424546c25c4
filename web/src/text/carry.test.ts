import { Terminal } from '@xterm/headless';
import { describe, expect, it } from 'vitest';
import type { Entry } from '../client/api.js';
import { forSeeds } from '../testing/random.js';
import { CARRY_LINES, CarriedStyles, styleAfter } from './carry.js';
import { PLAIN } from './style.js';

const ESC = '\u001b';
const entry = (n: number, text: string, source?: string): Entry => ({
  n,
  time: '',
  text,
  ...(source === undefined ? {} : { source }),
});

describe('styles that hold in the next line', () => {
  it('are those that were not reset', () => {
    expect(styleAfter('plain', PLAIN)).toBe(PLAIN);
    expect(styleAfter(`${ESC}[31mred`, PLAIN)).toEqual({ fg: 1 });
    expect(styleAfter(`${ESC}[31mred${ESC}[0m`, PLAIN)).toBe(PLAIN);
    expect(styleAfter(`${ESC}[39m`, { fg: 1 })).toBe(PLAIN);
    expect(styleAfter(`${ESC}[1mbold`, { fg: 1 })).toEqual({ fg: 1, bold: true });
  });

  it('are those of a terminal', async () => {
    const codes = ['0', '', '1', '31', '4', '39', '22', '38;5;208', '32;1'];
    const runs: Promise<void>[] = [];
    forSeeds(60, (random) => {
      const lines = Array.from({ length: 8 }, (_, i) => {
        const parts = Array.from({ length: random.int(0, 3) }, () =>
          random.chance(0.6) ? `${ESC}[${random.pick(codes)}m` : 'x',
        );
        return `${i}${parts.join('')}`;
      });
      const terminal = new Terminal({ cols: 40, rows: 10, allowProposedApi: true });
      const check = () => {
        const carried = new CarriedStyles((n) => all[n]);
        const all = lines.map((text, n) => entry(n, text));
        for (let n = 0; n < lines.length; n++) {
          const cell = terminal.buffer.active.getLine(n)?.getCell(0);
          const style = carried.before(n);
          expect(Boolean(style.bold), lines.join('|')).toBe(cell?.isBold() !== 0);
          expect(Boolean(style.underline)).toBe(cell?.isUnderline() !== 0);
          expect(style.fg ?? -1).toBe(cell?.isFgDefault() ? -1 : cell?.getFgColor());
        }
      };
      runs.push(
        new Promise<void>((resolve) => terminal.write(lines.join('\r\n'), resolve)).then(check),
      );
    });
    await Promise.all(runs);
  });

  it('hold in lines of the same source only', () => {
    const all = [entry(0, `${ESC}[31m`, 'a'), entry(1, 'x', 'b'), entry(2, 'x', 'a')];
    const carried = new CarriedStyles((n) => all[n]);
    expect(carried.before(1)).toBe(PLAIN);
    expect(carried.before(2)).toEqual({ fg: 1 });
  });

  it('come from the lines that are here, and change when more are', () => {
    const all: (Entry | undefined)[] = Array.from({ length: 1000 }, (_, n) =>
      entry(n, `line ${n}`),
    );
    all[500] = entry(500, `${ESC}[31mred`);
    const missing = all[501];
    all[501] = undefined;
    const carried = new CarriedStyles((n) => all[n]);
    expect(carried.before(510)).toBe(PLAIN);
    all[501] = missing;
    expect(carried.before(510)).toEqual({ fg: 1 });
    expect(new CarriedStyles((n) => all[n]).before(501 + CARRY_LINES)).toBe(PLAIN);
  });
});
