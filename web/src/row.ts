// One entry as an element. Whatever the log says goes in as text nodes and attribute values only.

import type { Entry } from './api.js';
import { parseText } from './ansi.js';
import { formatClock, formatLines } from './format.js';

/** A longer text is cut for display, with a button that shows all of it. */
const SHOWN_CHARACTERS = 16_384;

const STREAM_TAGS: Record<string, string> = { stderr: 'err', event: 'evt' };

export function makeRow(entry: Entry): HTMLElement {
  const row = make('div', 'row');
  row.dataset['line'] = String(entry.n + 1);
  if (entry.stream) row.dataset['stream'] = entry.stream;
  if (entry.level) row.dataset['level'] = entry.level.toLowerCase();

  // Numbers, times and tags are generated content: copied text is the log's text alone.
  const number = make('a', 'number');
  number.href = `#L${entry.n + 1}`;
  number.tabIndex = -1;
  number.ariaLabel = `Line ${entry.n + 1}`;
  number.dataset['show'] = String(entry.n + 1);
  const time = make('span', 'time');
  time.dataset['show'] = formatClock(entry.time);
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
  row.append(number, time, tag, text);
  return row;
}

/** A line of ours between the log's lines. */
export function makeNotice(message: string): HTMLElement {
  const notice = make('div', 'notice');
  notice.setAttribute('role', 'note');
  notice.textContent = message;
  return notice;
}

/** What to say about positions [from, to) that the server no longer has. */
export function missingNotice(from: number, to: number, cause?: string): string {
  const which = to - from === 1 ? `Line ${to} is` : `Lines ${from + 1} to ${to} are`;
  return `${which} no longer available${cause ? ` (${cause})` : ''}.`;
}

export function lostNotice(lost: number | null): string {
  if (lost === null) return 'Some lines were lost before they reached Tailrace.';
  return `${formatLines(lost)} ${lost === 1 ? 'was' : 'were'} lost before reaching Tailrace.`;
}

function fillText(parent: HTMLElement, text: string): void {
  parent.append(...textNodes(text.slice(0, SHOWN_CHARACTERS)));
  if (text.length <= SHOWN_CHARACTERS) return;
  const more = make('button', 'more');
  more.type = 'button';
  more.textContent = `Show all ${formatLines(text.length).replace(/ lines?$/, '')} characters`;
  more.addEventListener('click', () =>
    more.replaceWith(...textNodes(text.slice(SHOWN_CHARACTERS))),
  );
  parent.append(more);
}

function textNodes(text: string): Node[] {
  return parseText(text).map((span) => {
    if (span.classes.length === 0) return document.createTextNode(span.text);
    const element = make('span', span.classes.join(' '));
    element.textContent = span.text;
    return element;
  });
}

function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string,
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  element.className = className;
  return element;
}
