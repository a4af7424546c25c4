// What a reader has selected, as positions in the log: rows may leave the document, a selection
// must not. The rows in which it begins and ends stay in the document (RowList.pin); those between
// come and go, and the browser's own selection spans them in order.

import { positionOf } from './row-list.js';

export interface SelectedLines {
  /** Positions of the first and the last line. */
  first: number;
  last: number;
  /** Characters of the first line before the selection, and of the last line within it. */
  firstOffset: number;
  lastOffset: number;
}

interface End {
  node: Node;
  offset: number;
}

/** The browser's selection within `root`, or undefined. Browsers differ on shadow trees. */
function endsIn(root: ShadowRoot): { start: End; end: End } | undefined {
  const selection = document.getSelection();
  if (selection === null || selection.rangeCount === 0) return undefined;
  if (typeof selection.getComposedRanges === 'function') {
    const [range] = selection.getComposedRanges({ shadowRoots: [root] });
    if (range === undefined || !root.contains(range.startContainer)) return undefined;
    if (range.startContainer === range.endContainer && range.startOffset === range.endOffset)
      return undefined;
    return {
      start: { node: range.startContainer, offset: range.startOffset },
      end: { node: range.endContainer, offset: range.endOffset },
    };
  }
  const range = selection.getRangeAt(0);
  if (range.collapsed || !root.contains(range.startContainer)) return undefined;
  return {
    start: { node: range.startContainer, offset: range.startOffset },
    end: { node: range.endContainer, offset: range.endOffset },
  };
}

/** Lines that the reader has selected in `root`, or undefined if there are none. */
export function selectedLines(root: ShadowRoot): SelectedLines | undefined {
  const ends = endsIn(root);
  if (ends === undefined) return undefined;
  const first = positionOf(ends.start.node);
  const last = positionOf(ends.end.node);
  if (first === undefined || last === undefined) return undefined;
  return {
    first,
    last,
    firstOffset: charactersBefore(ends.start, 0),
    lastOffset: charactersBefore(ends.end, Infinity),
  };
}

/**
 * How many characters of its row's text stand before this end; `inside`: the answer within a text
 * that is not shown as it is, and so is only taken as a whole.
 */
function charactersBefore(end: End, inside: number): number {
  const element = end.node instanceof Element ? end.node : end.node.parentElement;
  const text = element?.closest('.item')?.querySelector('.text');
  if (!text) return 0;
  const range = document.createRange();
  range.selectNodeContents(text);
  const side = range.comparePoint(end.node, end.offset);
  if (side < 0) return 0;
  if (text.classList.contains('whole')) return side > 0 ? Infinity : inside;
  if (side === 0) range.setEnd(end.node, end.offset);
  return range.toString().length;
}

/** The text of a selection whose lines are `texts`, as they are shown. */
export function cutSelection(texts: readonly string[], lines: SelectedLines): string {
  const cut = [...texts];
  const last = cut.length - 1;
  cut[last] = (cut[last] ?? '').slice(0, lines.lastOffset);
  cut[0] = (cut[0] ?? '').slice(lines.firstOffset);
  return cut.join('\n');
}
