// A log's text as nodes. It goes in as text nodes; colours of the palette's first 16 are classes of
// the theme, others custom properties, which the security policy allows scripts to set.

import type { Place } from '../client/search.js';
import { formatCount } from '../format.js';
import { spansOf, unplayed, unplayedSpans } from '../text/spans.js';
import type { Span } from '../text/spans.js';
import { PLAIN, cssColour } from '../text/style.js';
import type { Style } from '../text/style.js';

/** A longer text is shown piece by piece, with a button that says how much there is. */
const SHOWN_CHARACTERS = 16_384;
const MORE_CHARACTERS = 131_072;

/** `start`: the style that lines before have left. `places` of the text were found. */
export function fillText(
  parent: HTMLElement,
  text: string,
  start: Style = PLAIN,
  places?: readonly Place[],
): void {
  const before = unplayed(text);
  if (before > 0) {
    const label = (left: number) =>
      `Show ${part(left)} characters before this, as they were written`;
    fillSpans(parent, unplayedSpans(text, '\u240d'), { length: before, limit: 0, label });
  }
  const label = (left: number) => `Show ${part(left)} more characters`;
  const length = text.length - before;
  fillSpans(parent, spansOf(text, start, places), { length, limit: SHOWN_CHARACTERS, label });
}

/** "131,072 of 283,625". */
function part(left: number): string {
  const some = left > MORE_CHARACTERS ? `${formatCount(MORE_CHARACTERS)} of ` : '';
  return some + formatCount(left);
}

interface Amount {
  /** So many characters there are, about. */
  length: number;
  /** So many are shown at first. */
  limit: number;
  /** What the button for more says. */
  label(left: number): string;
}

function nextOf(spans: Generator<Span>): Span | undefined {
  const next: IteratorResult<Span, unknown> = spans.next();
  return next.done ? undefined : next.value;
}

function fillSpans(parent: HTMLElement, spans: Generator<Span>, amount: Amount): void {
  let rest: Span | undefined;
  let shown = 0;
  /** Nodes of about `limit` more characters; `rest` is what was cut off. */
  const take = (limit: number): Node[] => {
    const nodes: Node[] = [];
    let left = limit;
    while (left > 0) {
      const next: Span | undefined = rest ?? nextOf(spans);
      rest = undefined;
      if (next === undefined) break;
      const end = cutAt(next.text, left);
      if (end < next.text.length) rest = { ...next, text: next.text.slice(end) };
      nodes.push(
        nodeOf(end < next.text.length ? { ...next, text: next.text.slice(0, end) } : next),
      );
      left -= end;
    }
    shown += limit - Math.max(0, left);
    rest ??= spans.next().value ?? undefined;
    return nodes;
  };
  if (amount.limit > 0) {
    parent.append(...take(amount.limit));
    if (rest === undefined) return;
  }
  const more = document.createElement('button');
  more.className = 'more';
  more.type = 'button';
  const label = () => {
    // Of what a terminal would overwrite nobody knows how much it is before it is read.
    const left = Math.max(rest?.text.length ?? 0, amount.length - shown);
    more.textContent = amount.label(left);
  };
  label();
  more.addEventListener('click', () => {
    more.before(...take(MORE_CHARACTERS));
    if (rest === undefined) more.remove();
    else label();
  });
  parent.append(more);
}

/** Not between the two halves of a character beyond U+FFFF. */
function cutAt(text: string, limit: number): number {
  if (text.length <= limit) return text.length;
  const code = text.charCodeAt(limit - 1);
  return code >= 0xd800 && code < 0xdc00 ? limit + 1 : limit;
}

function nodeOf(span: Span): Node {
  const node = unmarkedNodeOf(span);
  if (span.found === undefined) return node;
  const mark = document.createElement('mark');
  mark.append(node);
  return mark;
}

function unmarkedNodeOf(span: Span): Node {
  const classes = classesOf(span.style);
  if (classes.length === 0 && span.link === '') return document.createTextNode(span.text);
  const element = span.link === '' ? document.createElement('span') : makeLink(span.link);
  element.classList.add(...classes);
  colour(element, span.style);
  element.textContent = span.text;
  return element;
}

function makeLink(url: string): HTMLAnchorElement {
  const link = document.createElement('a');
  link.href = url;
  link.target = '_blank';
  link.rel = 'noopener noreferrer';
  link.title = url;
  return link;
}

function swapped(style: Style): { fg: number | undefined; bg: number | undefined } {
  return style.inverse ? { fg: style.bg, bg: style.fg } : { fg: style.fg, bg: style.bg };
}

function classesOf(style: Style): string[] {
  const { fg, bg } = swapped(style);
  const classes: string[] = [];
  if (style.inverse && (fg === undefined || bg === undefined)) classes.push('inverse');
  if (fg !== undefined) classes.push(fg < 16 ? `fg${fg}` : 'fgx');
  if (bg !== undefined) classes.push(bg < 16 ? `bg${bg}` : 'bgx');
  for (const name of ['bold', 'dim', 'italic', 'underline', 'strike'] as const) {
    if (style[name]) classes.push(name);
  }
  return classes;
}

function colour(element: HTMLElement, style: Style): void {
  const { fg, bg } = swapped(style);
  if (fg !== undefined && fg >= 16) element.style.setProperty('--fg', cssColour(fg));
  if (bg !== undefined && bg >= 16) element.style.setProperty('--bg', cssColour(bg));
}
