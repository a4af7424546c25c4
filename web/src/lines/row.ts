// One entry as an element. Whatever the log says goes in as text nodes and attribute values only.

import type { Entry } from '../client/api.js';
import { formatCount, formatLines } from '../format.js';
import { fillText } from './text-view.js';

const STREAM_TAGS: Record<string, string> = { stderr: 'err', event: 'evt' };

export interface RowContext {
  /** What to say about the row's place: it is pointed to by the address. */
  marked: boolean;
  /** Its time, as the reader wants it. */
  timeOf(entry: Entry): string;
}

/** Fills `item` with what stands at `position`; without an entry: with a row that waits for it. */
export function fillItem(
  item: HTMLElement,
  position: number,
  entry: Entry | undefined,
  context: RowContext,
): void {
  const parts: HTMLElement[] = [];
  if (entry?.lost !== undefined) parts.push(makeNotice(lostNotice(entry.lost)));
  parts.push(entry === undefined ? makeWaiting(position) : makeRow(entry, context.timeOf(entry)));
  parts.at(-1)?.classList.toggle('target', context.marked);
  item.replaceChildren(...parts);
}

function makeRow(entry: Entry, shownTime: string): HTMLElement {
  const row = makeFrame(entry.n);
  if (entry.stream) row.dataset['stream'] = entry.stream;
  if (entry.level) row.dataset['level'] = entry.level.toLowerCase();
  const time = make('span', 'time');
  time.dataset['show'] = shownTime;
  time.title = entry.time;
  const tag = make('span', 'tag');
  const tagText = entry.stream === undefined ? undefined : STREAM_TAGS[entry.stream];
  if (tagText !== undefined) {
    tag.dataset['show'] = tagText;
    tag.title = entry.stream ?? '';
  }
  const text = make('div', 'text');
  if (entry.source) {
    const source = make('span', 'source');
    source.dataset['show'] = entry.source;
    text.append(source);
  }
  fillText(text, entry.text);
  if (entry.partial) {
    const mark = make('span', 'partial');
    mark.dataset['show'] = '⋯';
    mark.title = 'Goes on in the next line';
    text.append(mark);
  }
  row.append(time, tag, text);
  return row;
}

function makeWaiting(position: number): HTMLElement {
  const row = makeFrame(position);
  row.classList.add('waiting');
  row.append(make('span', 'time'), make('span', 'tag'), make('div', 'text'));
  return row;
}

/** Numbers, times and tags are generated content: copied text is the log's text alone. */
function makeFrame(position: number): HTMLElement {
  const row = make('div', 'row');
  row.dataset['n'] = String(position);
  row.setAttribute('part', 'row');
  const number = make('a', 'number');
  number.href = `#L${position + 1}`;
  number.tabIndex = -1;
  number.ariaLabel = `Line ${position + 1}`;
  number.dataset['show'] = String(position + 1);
  number.setAttribute('part', 'number');
  row.append(number);
  return row;
}

/** A line of ours between the log's lines. */
export function makeNotice(message: string): HTMLElement {
  const notice = make('div', 'notice');
  notice.setAttribute('role', 'note');
  notice.textContent = message;
  return notice;
}

/** What to say about the lines before `first`, which the server no longer has. */
export function missingNotice(first: number): string {
  if (first === 0) return '';
  return first === 1
    ? 'Line 1 is no longer kept.'
    : `Lines 1 to ${formatCount(first)} are no longer kept.`;
}

export function lostNotice(lost: number | null): string {
  if (lost === null) return 'Some lines were lost before they reached Tailrace.';
  return `${formatLines(lost)} ${lost === 1 ? 'was' : 'were'} lost before reaching Tailrace.`;
}

function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string,
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  element.className = className;
  return element;
}
