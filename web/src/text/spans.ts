// One entry's text as pieces of one look each, as a terminal would show it in the end. They are
// only ever put into text nodes.

import { Screen } from './screen.js';
import type { Look } from './screen.js';
import { PLAIN, applySgr } from './style.js';
import type { Style } from './style.js';
import { pictureOf, straight, tokensOf } from './tokens.js';

export interface Span {
  text: string;
  style: Style;
  /** Where it leads, http or https, or ''. */
  link: string;
}

/** Something is overwritten: CR that ends no line, BS, or a sequence that moves or erases. */
const OVERWRITES = /\r(?!\n|$)|\u0008|\u001b\[[0-9;]*[A-GJKX`]/;
const SPECIAL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

/**
 * The spans in order, as far as somebody asks for them. Line breaks are "\n". `start`: the style
 * that lines before have left.
 */
export function* spansOf(text: string, start: Style = PLAIN): Generator<Span> {
  if (text === '') return;
  if (!SPECIAL.test(text)) {
    yield { text, style: start, link: '' };
  } else if (OVERWRITES.test(text)) {
    yield* overwritten(text.slice(unplayed(text)), start);
  } else {
    yield* running(text, start);
  }
}

/** A terminal's work on more text than this would hold the page up. */
export const MAX_PLAYED = 65_536;

/**
 * How many characters at the beginning of a very long text that overwrites itself are not played
 * as a terminal would: `spansOf` passes over them, and whoever shows the text has to say so.
 */
export function unplayed(text: string): number {
  if (text.length <= MAX_PLAYED || !OVERWRITES.test(text)) return 0;
  const least = text.length - MAX_PLAYED;
  const at = text.indexOf('\r', least);
  return at < 0 ? least : at;
}

/** That beginning as it was written, piece by piece, with `mark` for each carriage return. */
export function* unplayedSpans(text: string, mark: string): Generator<Span> {
  const end = unplayed(text);
  for (let at = 0; at < end;) {
    const next = Math.min(end, at + MAX_PLAYED / 4);
    // Not within an escape sequence, if it can be helped.
    const border = next === end ? next : text.lastIndexOf('\r', next);
    const to = border > at ? border : next;
    yield* running(text.slice(at, to).replaceAll('\r', mark), PLAIN);
    at = to;
  }
}

/** The text as it is shown, without its looks. */
export function plainText(text: string): string {
  let plain = '';
  for (const span of unplayedSpans(text, '\n')) plain += span.text;
  for (const span of spansOf(text)) plain += span.text;
  return plain;
}

/** Nothing is overwritten: what comes is what is seen. */
function* running(text: string, start: Style): Generator<Span> {
  let style = start;
  let link = '';
  let pending = '';
  const flush = function* (): Generator<Span> {
    if (pending !== '') yield { text: pending, style, link };
    pending = '';
  };
  for (const token of tokensOf(text)) {
    switch (token.kind) {
      case 'text':
        pending += straight(token.text);
        break;
      case 'control':
        if (token.code !== 0x0d) pending += pictureOf(token.code); // A CR before LF, or the last.
        break;
      case 'csi':
        if (token.final !== 'm') break;
        yield* flush();
        style = applySgr(style, token.parameters);
        break;
      case 'link':
        yield* flush();
        link = token.url;
        break;
    }
  }
  yield* flush();
}

function* overwritten(text: string, start: Style): Generator<Span> {
  const screen = new Screen();
  let look: Look = { style: start, link: '' };
  for (const token of tokensOf(text)) {
    switch (token.kind) {
      case 'text':
        screen.write(straight(token.text), look);
        break;
      case 'control':
        if (!screen.control(token.code)) screen.write(pictureOf(token.code), look);
        break;
      case 'csi':
        if (token.final === 'm') look = { ...look, style: applySgr(look.style, token.parameters) };
        else screen.sequence(token.parameters, token.final);
        break;
      case 'link':
        look = { ...look, link: token.url };
        break;
    }
  }
  for (const { text: piece, look: how } of screen.pieces()) {
    yield { text: piece, style: how?.style ?? PLAIN, link: how?.link ?? '' };
  }
}
