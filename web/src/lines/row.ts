// One entry as an element. Whatever the log says goes in as text nodes and attribute values only.

import type { Entry } from '../client/api.js';
import type { Place } from '../client/search.js';
import { formatCount, formatLines } from '../format.js';
import { commandsIn, readSigns, withoutStretches } from '../text/groups.js';
import type { Sign } from '../text/groups.js';
import { looksLikeJson, prettyJson } from '../text/json.js';
import { levelOf } from '../text/level.js';
import { plainText } from '../text/spans.js';
import type { Style } from '../text/style.js';
import { sourceColour } from './sources.js';
import { fillText } from './text-view.js';

const STREAM_TAGS: Record<string, string> = { stderr: 'err', event: 'evt' };

/** What the line heads: a group of lines, or the frames of a stack trace. */
export interface Heading {
  kind: 'group' | 'trace';
  open: boolean;
  /** In so many other groups. */
  depth: number;
  /** How many lines it heads. */
  lines: number;
  /** What else there is to say: how long it took. */
  facts: string;
}

/** What is not in the entry and yet to be seen in its row. */
export interface RowLook {
  /** It is pointed to by the address. */
  marked: boolean;
  /** What lines before have left. */
  style: Style;
  /** JSON is laid out. */
  pretty: boolean;
  heading: Heading | undefined;
  /** What of its text was found. */
  places: readonly Place[] | undefined;
  /** It is the match that the reader went to. */
  current: boolean;
  /** So many lines before it are not shown. */
  hiddenBefore: number;
  /** Its time, as the reader wants it. */
  timeOf(entry: Entry): string;
}

/** Fills `item` with what stands at `position`; without an entry: with a row that waits for it. */
export function fillItem(
  item: HTMLElement,
  position: number,
  entry: Entry | undefined,
  look: RowLook,
): void {
  const parts: HTMLElement[] = [];
  if (look.hiddenBefore > 0) parts.push(makeSeam(look.hiddenBefore));
  if (entry?.lost !== undefined) parts.push(makeNotice(lostNotice(entry.lost)));
  const row = entry === undefined ? makeWaiting(position) : makeRow(entry, look);
  row.classList.toggle('target', look.marked);
  row.classList.toggle('current', look.current);
  parts.push(row);
  item.replaceChildren(...parts);
}

function makeRow(entry: Entry, look: RowLook): HTMLElement {
  const row = makeFrame(entry.n);
  if (entry.stream) row.dataset['stream'] = entry.stream;
  const level = levelOf(entry);
  if (level !== undefined) row.dataset['level'] = level;
  const time = make('span', 'time');
  time.dataset['show'] = look.timeOf(entry);
  time.title = entry.time;
  const tag = make('span', 'tag');
  const tagText = entry.stream === undefined ? undefined : STREAM_TAGS[entry.stream];
  if (tagText !== undefined) {
    tag.dataset['show'] = tagText;
    tag.title = entry.stream ?? '';
  }
  row.append(time, tag, makeText(row, entry, look));
  return row;
}

function makeText(row: HTMLElement, entry: Entry, look: RowLook): HTMLElement {
  const text = make('div', 'text');
  if (entry.source) text.append(makeSource(entry.source));
  const signs = readSigns(entry.text);
  if ('missing' in entry) text.append(makeMissing());
  else if (signs.length > 0) fillHeading(row, text, entry.text, signs, look);
  else fillLine(text, entry.text, look);
  if (look.heading?.kind === 'trace') text.append(makeTraceFold(look.heading));
  if (entry.partial) {
    const mark = make('span', 'partial');
    mark.dataset['show'] = '⋯';
    mark.title = 'Goes on in the next line';
    text.append(mark);
  }
  return text;
}

function fillLine(text: HTMLElement, content: string, look: RowLook): void {
  if (!looksLikeJson(content)) {
    fillText(text, content, look.style, look.places);
    return;
  }
  const pieces = look.pretty ? prettyJson(content) : undefined;
  const button = makeButton('json', '{ }', 'Lay out as JSON');
  button.ariaPressed = String(look.pretty);
  text.append(button);
  if (pieces === undefined) {
    fillText(text, content, look.style, look.places);
    return;
  }
  text.classList.add('whole');
  for (const { kind, text: piece } of pieces) {
    const element = make('span', `json-${kind}`);
    element.textContent = piece;
    text.append(element);
  }
}

/** The title without its commands; text is copied with them. */
function fillHeading(
  row: HTMLElement,
  text: HTMLElement,
  content: string,
  signs: readonly Sign[],
  look: RowLook,
): void {
  text.classList.add('whole');
  const begin = signs.findLast((sign) => sign.kind === 'begin');
  const { text: title, places } = withoutStretches(content, commandsIn(content), look.places);
  const blank = plainText(title).trim() === '';
  if (begin !== undefined) {
    row.classList.add('heading');
    const { heading } = look;
    if (heading !== undefined) {
      text.style.setProperty('--depth', String(heading.depth));
      text.append(makeGroupFold(heading));
    }
    if (blank) fillText(text, begin.name || 'Group', look.style);
    else fillText(text, title, look.style, places);
    if (heading !== undefined && heading.facts !== '') {
      const facts = make('span', 'facts');
      facts.dataset['show'] = heading.facts;
      text.append(facts);
    }
  } else if (blank) {
    const end = make('span', 'group-end');
    end.dataset['show'] = signs.some((sign) => sign.kind === 'end') ? 'end of group' : '';
    text.append(end);
  } else {
    fillText(text, title, look.style, places);
  }
}

function makeGroupFold({ open, lines }: Heading): HTMLElement {
  const label = Number.isFinite(lines) ? `Group of ${formatLines(lines)}` : 'Group';
  const button = makeButton('fold', open ? '▾' : '▸', label);
  button.ariaExpanded = String(open);
  button.tabIndex = 0;
  return button;
}

function makeTraceFold({ open, lines }: Heading): HTMLElement {
  const more = `${formatCount(lines)} more lines`;
  const button = makeButton('fold trace', open ? '▾' : `▸ ${more}`, `Stack trace: ${more}`);
  button.ariaExpanded = String(open);
  button.tabIndex = 0;
  return button;
}

function makeMissing(): HTMLElement {
  const missing = make('span', 'missing');
  missing.textContent = 'This line is lost: its bytes on the server’s disk are damaged.';
  return missing;
}

/** A click on it tells which lines are wanted. */
function makeSource(name: string): HTMLElement {
  const button = makeButton(`source source${sourceColour(name)}`, name, `Source ${name}`);
  button.title = name;
  return button;
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

/** Stands for lines that are not shown, without taking any room. */
function makeSeam(count: number): HTMLElement {
  const seam = make('div', 'seam');
  seam.setAttribute('role', 'note');
  seam.ariaLabel = `${formatLines(count)} not shown`;
  return seam;
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
  const lines = first === 1 ? 'Line 1 is' : `Lines 1 to ${formatCount(first)} are`;
  return `${lines} no longer kept: the server has removed them by its rules for age or size.`;
}

export function lostNotice(lost: number | null): string {
  if (lost === null) return 'Some lines were lost before they reached Tailrace.';
  return `${formatLines(lost)} ${lost === 1 ? 'was' : 'were'} lost before reaching Tailrace.`;
}

function makeButton(className: string, show: string, label: string): HTMLButtonElement {
  const button = make('button', className);
  button.type = 'button';
  button.tabIndex = -1;
  button.dataset['show'] = show;
  button.ariaLabel = label;
  return button;
}

function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string,
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  element.className = className;
  return element;
}
