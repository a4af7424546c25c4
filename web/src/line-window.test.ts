import { describe, expect, it } from 'vitest';
import { BLOCK_ROWS, cutIntoBlocks, LineWindow, MAX_ROWS } from './line-window.js';

function windowOf(first: number, end: number): LineWindow {
  const lines = new LineWindow();
  lines.clear(end);
  for (let at = first; at < end; at += BLOCK_ROWS) {
    lines.blocks.push({ first: at, end: Math.min(at + BLOCK_ROWS, end) });
  }
  return lines;
}

describe('LineWindow', () => {
  it('is empty at its head', () => {
    const lines = windowOf(7, 7);
    expect([lines.first, lines.end, lines.size, lines.atHead, lines.hasOlder]).toEqual([
      7,
      7,
      0,
      true,
      true,
    ]);
  });

  it('keeps everything while there is room', () => {
    const lines = windowOf(100, 100 + MAX_ROWS);
    expect(lines.surplusAtFront()).toBe(0);
    expect(lines.surplusAtBack()).toBe(0);
  });

  it('gives up whole blocks, as few as needed', () => {
    const lines = windowOf(0, MAX_ROWS + BLOCK_ROWS + 1);
    expect(lines.surplusAtFront()).toBe(2);
    expect(lines.surplusAtBack()).toBe(2);
    lines.blocks.splice(0, 2);
    expect(lines.size).toBeLessThanOrEqual(MAX_ROWS);
    expect(lines.surplusAtFront()).toBe(0);
  });

  it('never gives up the last block', () => {
    const lines = new LineWindow();
    lines.blocks.push({ first: 0, end: 3 * MAX_ROWS });
    expect(lines.surplusAtFront()).toBe(0);
    expect(lines.surplusAtBack()).toBe(0);
  });
});

describe('cutIntoBlocks', () => {
  it('loses nothing', () => {
    const items = Array.from({ length: 2 * BLOCK_ROWS + 3 }, (_, i) => i);
    expect(cutIntoBlocks(items).flat()).toEqual(items);
    expect(cutIntoBlocks(items).map((block) => block.length)).toEqual([BLOCK_ROWS, BLOCK_ROWS, 3]);
    expect(cutIntoBlocks([])).toEqual([]);
  });
});
