// A small terminal: the lines of one entry, on which text is written, overwritten and erased. What
// a progress bar leaves is its last state. It is as wide and as high as what is written.

import type { Style } from './style.js';
import { widthOf } from './width.js';

/** A cursor that is moved goes no further than this; text may. */
const MAX_COLUMNS = 4096;
const TAB = 8;

interface Line {
  /** The characters; '' stands behind a wide one, undefined where nothing was written. */
  cells: (string | undefined)[];
  looks: (Look | undefined)[];
}

export interface Look {
  readonly style: Style;
  readonly link: string;
  readonly found?: true;
}

export interface Piece {
  text: string;
  look: Look | undefined;
}

export class Screen {
  readonly #lines: Line[] = [{ cells: [], looks: [] }];
  #row = 0;
  #column = 0;

  write(text: string, look: Look): void {
    for (const character of text) {
      if (character === '\n') this.newLine();
      else if (character === '\t') this.#column = (Math.floor(this.#column / TAB) + 1) * TAB;
      else this.#put(character, look);
    }
  }

  newLine(): void {
    this.#row++;
    this.#column = 0;
    if (this.#row === this.#lines.length) this.#lines.push({ cells: [], looks: [] });
  }

  /** CR, BS; says whether it was one of those. */
  control(code: number): boolean {
    if (code === 0x0d) this.#column = 0;
    else if (code === 0x08) this.#column = Math.max(0, this.#column - 1);
    else return false;
    return true;
  }

  /** Cursor movement and erasing; what is not known does nothing. */
  sequence(parameters: string, final: string): void {
    if (/[^0-9;]/.test(parameters)) return;
    const value = Number(parameters.split(';')[0] || 0);
    const count = Math.min(MAX_COLUMNS, Math.max(1, value));
    switch (final) {
      case 'A':
        this.#row = Math.max(0, this.#row - count);
        break;
      case 'B':
        this.#row = Math.min(this.#lines.length - 1, this.#row + count);
        break;
      case 'C':
        this.#column = Math.max(this.#column, Math.min(MAX_COLUMNS, this.#column + count));
        break;
      case 'D':
        this.#column = Math.max(0, this.#column - count);
        break;
      case 'E':
        this.sequence(parameters, 'B');
        this.#column = 0;
        break;
      case 'F':
        this.sequence(parameters, 'A');
        this.#column = 0;
        break;
      case 'G':
      case '`':
        this.#column = count - 1;
        break;
      case 'J':
        this.#eraseLines(value);
        break;
      case 'K':
        this.#eraseInLine(value);
        break;
      case 'X':
        this.#erase(this.#column, this.#column + count);
        break;
    }
  }

  /** What is to be seen, with line breaks as "\n". */
  pieces(): Piece[] {
    const pieces: Piece[] = [];
    const add = (text: string, look: Look | undefined) => {
      const last = pieces.at(-1);
      if (last !== undefined && last.look === look) last.text += text;
      else pieces.push({ text, look });
    };
    this.#lines.forEach(({ cells, looks }, row) => {
      if (row > 0) add('\n', undefined);
      let end = cells.length;
      while (end > 0 && cells[end - 1] === undefined) end--;
      for (let i = 0; i < end; i++)
        add(cells[i] ?? ' ', cells[i] === undefined ? undefined : looks[i]);
    });
    return pieces;
  }

  get #line(): Line {
    const line = this.#lines[this.#row];
    if (line === undefined) throw new RangeError('the cursor is on no line');
    return line;
  }

  #put(character: string, look: Look): void {
    const { cells, looks } = this.#line;
    const width = widthOf(character);
    const at = this.#column;
    if (width === 0) {
      const before = cells[at - 1] === '' ? at - 2 : at - 1;
      if (cells[before] !== undefined) cells[before] += character;
      return;
    }
    this.#split(at);
    this.#split(at + width);
    cells[at] = character;
    looks[at] = look;
    if (width === 2) {
      cells[at + 1] = '';
      looks[at + 1] = look;
    }
    this.#column = at + width;
  }

  /** If a wide character lies across this column, both of its halves become blank. */
  #split(column: number): void {
    const { cells, looks } = this.#line;
    if (cells[column] !== '') return;
    cells[column] = cells[column - 1] = ' ';
    looks[column] = looks[column - 1] = undefined;
  }

  #eraseInLine(mode: number): void {
    if (mode === 0) this.#erase(this.#column, this.#line.cells.length);
    else if (mode === 1) this.#erase(0, this.#column + 1);
    else if (mode === 2) this.#erase(0, this.#line.cells.length);
  }

  #erase(from: number, to: number): void {
    const { cells, looks } = this.#line;
    const end = Math.min(to, cells.length);
    if (from >= end) return;
    this.#split(from);
    this.#split(end);
    if (end === cells.length) {
      cells.length = from;
      looks.length = from;
    } else {
      cells.fill(undefined, from, end);
    }
  }

  #eraseLines(mode: number): void {
    const [from, to] =
      mode === 0
        ? [this.#row + 1, this.#lines.length]
        : mode === 1
          ? [0, this.#row]
          : [0, this.#lines.length];
    for (let row = from; row < to; row++) this.#lines[row] = { cells: [], looks: [] };
    if (mode < 2) this.#eraseInLine(mode);
  }
}
