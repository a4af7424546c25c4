// One entry's text as pieces of one look each, as a terminal would show it in the end. They are
// only ever put into text nodes.

import type { Place } from '../client/search.js';
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
  /** It is what was searched for, or a part of that. */
  found?: true;
}

/** Something is overwritten: CR that ends no line, BS, or a sequence that moves or erases. */
const OVERWRITES = /\r(?!\n|$)|\u0008|\u001b\[[0-9;]*[A-GJKX`]/;
const SPECIAL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

/**
 * The spans in order, as far as somebody asks for them. Line breaks are "\n". `start`: the style
 * that lines before have left. `places` of the text were found; they are in order, without overlap.
 */
export function* spansOf(
  text: string,
  start: Style = PLAIN,
  places: readonly Place[] = [],
): Generator<Span> {
  if (text === '') return;
  if (SPECIAL.test(text)) {
    const from = unplayed(text);
    const finder = new Finder(places, from);
    if (OVERWRITES.test(text)) yield* overwritten(text.slice(from), start, finder);
    else yield* running(text, start, finder);
  } else if (places.length === 0) {
    yield { text, style: start, link: '' };
  } else {
    for (const piece of new Finder(places).cut(text, 0)) {
      yield { text: piece.text, style: start, link: '', ...FOUND[piece.found] };
    }
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
    yield* running(text.slice(at, to).replaceAll('\r', mark), PLAIN, new Finder([]));
    at = to;
  }
}

/** 0: the rest, 1: what was found. */
const FOUND: readonly [object, { found: true }] = [{}, { found: true }];

/** Says of stretches of the text, which come in order, what of them was found. */
class Finder {
  #next = 0;

  constructor(
    private readonly places: readonly Place[],
    /** Where the stretches are counted from. */
    private readonly start = 0,
  ) {}

  /** `text` stands at `offset`; its pieces, each found or not as a whole. */
  *cut(text: string, offset: number): Generator<{ text: string; found: 0 | 1 }> {
    const at = this.start + offset;
    const end = at + text.length;
    for (let from = at; from < end;) {
      while ((this.places[this.#next]?.[1] ?? Infinity) <= from) this.#next++;
      const [begin, stop] = this.places[this.#next] ?? [Infinity, Infinity];
      const found = begin <= from ? 1 : 0;
      const to = Math.min(end, found ? stop : begin);
      yield { text: text.slice(from - at, to - at), found };
      from = to;
    }
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
function* running(text: string, start: Style, finder: Finder): Generator<Span> {
  let style = start;
  let link = '';
  let pending = '';
  let found: 0 | 1 = 0;
  const flush = function* (): Generator<Span> {
    if (pending !== '') yield { text: pending, style, link, ...FOUND[found] };
    pending = '';
  };
  const add = function* (shown: string, at: number): Generator<Span> {
    for (const piece of finder.cut(shown, at)) {
      if (piece.found !== found) yield* flush();
      found = piece.found;
      pending += piece.text;
    }
  };
  for (const token of tokensOf(text)) {
    switch (token.kind) {
      case 'text':
        yield* add(straight(token.text), token.at);
        break;
      case 'control':
        // A CR before LF, or the last.
        if (token.code !== 0x0d) yield* add(pictureOf(token.code), token.at);
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

function* overwritten(text: string, start: Style, finder: Finder): Generator<Span> {
  const screen = new Screen();
  let look: Look = { style: start, link: '' };
  const write = (shown: string, at: number) => {
    for (const piece of finder.cut(shown, at)) {
      screen.write(piece.text, piece.found ? { ...look, found: true } : look);
    }
  };
  for (const token of tokensOf(text)) {
    switch (token.kind) {
      case 'text':
        write(straight(token.text), token.at);
        break;
      case 'control':
        if (!screen.control(token.code)) write(pictureOf(token.code), token.at);
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
    const { style, link } = how ?? { style: PLAIN, link: '' };
    yield { text: piece, style, link, ...FOUND[how?.found ? 1 : 0] };
  }
}
