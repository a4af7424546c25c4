// Copying lines that a reader selected, also those that are not in the document or not even here.

import type { LogHandle } from '../client/client.js';
import type { LineStore } from '../model/line-store.js';
import { plainText } from '../text/spans.js';
import type { CopyResult } from './element-api.js';
import { cutSelection } from './selection.js';
import type { SelectedLines } from './selection.js';

/** So many lines are copied at most; more are offered as a download. */
export const MAX_COPY_LINES = 200_000;

/** The text of the selection if all of its lines are here. */
export function selectionText(store: LineStore, lines: SelectedLines): string | undefined {
  if (lines.last - lines.first >= MAX_COPY_LINES) return undefined;
  const texts: string[] = [];
  for (let n = lines.first; n <= lines.last; n++) {
    const entry = store.get(n);
    if (entry === undefined) return undefined;
    texts.push(plainText(entry.text));
  }
  return cutSelection(texts, lines);
}

/** The same with what the server has; the clipboard gets it when it is here. */
export async function copyFromServer(log: LogHandle, lines: SelectedLines): Promise<CopyResult> {
  const range = { from: lines.first, to: lines.last + 1 };
  const count = range.to - range.from;
  const url = log.rawUrl(range);
  if (count > MAX_COPY_LINES) return { kind: 'too-many', url, lines: count };
  try {
    const text = (await log.text(range.from, range.to)).replace(/\n$/, '');
    const texts = text.split('\n').map(plainText);
    await navigator.clipboard.writeText(cutSelection(texts, lines));
    return { kind: 'copied', lines: count };
  } catch {
    return { kind: 'failed', url, lines: count };
  }
}

/** Puts the text of these entries on the clipboard, from here if they all are. */
export async function copyLines(
  log: LogHandle,
  store: LineStore,
  first: number,
  last: number,
): Promise<CopyResult> {
  const lines = { first, last, firstOffset: 0, lastOffset: Infinity };
  const text = selectionText(store, lines);
  if (text === undefined) return copyFromServer(log, lines);
  const count = last - first + 1;
  try {
    await navigator.clipboard.writeText(text);
    return { kind: 'copied', lines: count };
  } catch {
    return { kind: 'failed', url: log.rawUrl({ from: first, to: last + 1 }), lines: count };
  }
}
