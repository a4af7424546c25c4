// Colours and styles that a line sets and does not reset hold in the next one, as in a terminal:
// in the next of the same source and stream, for lines of others come in between.

import type { Entry } from '../client/api.js';
import { PLAIN, applySgr } from './style.js';
import type { Style } from './style.js';

/** So far back is looked for what holds, among the lines that are here. */
export const CARRY_LINES = 200;
const MAX_KNOWN = 2_048;
/** Of a longer text only the end is looked at. */
const MAX_CHARACTERS = 65_536;

const SGR = /\u001b\[([0-9;:]*)m/g;
const RESETS = ['\u001b[m', '\u001b[0m'];

/** What holds behind a text before which `style` held. */
export function styleAfter(whole: string, style: Style): Style {
  const text = whole.length > MAX_CHARACTERS ? whole.slice(-MAX_CHARACTERS) : whole;
  if (!text.includes('\u001b[')) return style;
  const reset = Math.max(...RESETS.map((sequence) => text.lastIndexOf(sequence)));
  let next = reset < 0 ? style : PLAIN;
  for (const [, parameters] of text.slice(Math.max(0, reset)).matchAll(SGR)) {
    next = applySgr(next, parameters ?? '');
  }
  return isPlain(next) ? PLAIN : next;
}

function isPlain(style: Style): boolean {
  return Object.keys(style).length === 0;
}

export function sameStyle(a: Style, b: Style): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

/** What holds, by source and stream; without those where nothing does. */
type Channels = ReadonlyMap<string, Style>;

const NOTHING: Channels = new Map();

interface Known {
  entry: Entry;
  before: Channels;
  /** The oldest line that was looked at for it. */
  from: number;
}

export class CarriedStyles {
  readonly #known = new Map<number, Known>();

  /** `peek`: the line if it is here. */
  constructor(private readonly peek: (line: number) => Entry | undefined) {}

  /** What held before the line. */
  before(line: number): Style {
    const entry = this.peek(line);
    if (entry === undefined) return PLAIN;
    return this.#channels(line, entry).get(channelOf(entry)) ?? PLAIN;
  }

  #channels(line: number, entry: Entry): Channels {
    const known = this.#valid(line, entry);
    if (known !== undefined) return known.before;
    let first = line;
    let start: Known | undefined;
    while (first > Math.max(0, line - CARRY_LINES)) {
      const above = this.peek(first - 1);
      if (above === undefined) break;
      first--;
      start = this.#valid(first, above);
      if (start !== undefined) break;
    }
    let channels = start?.before ?? NOTHING;
    const from = start?.from ?? first;
    if (this.#known.size > MAX_KNOWN) this.#known.clear();
    for (let n = first; n < line; n++) {
      const here = this.peek(n);
      if (here === undefined) break;
      this.#known.set(n, { entry: here, before: channels, from });
      channels = after(here, channels);
    }
    this.#known.set(line, { entry, before: channels, from });
    return channels;
  }

  /** What is known of the line, unless lines above came since that may say more. */
  #valid(line: number, entry: Entry): Known | undefined {
    const known = this.#known.get(line);
    if (known?.entry !== entry) return undefined;
    const enough = line - known.from >= CARRY_LINES || known.from === 0;
    return enough || this.peek(known.from - 1) === undefined ? known : undefined;
  }
}

function channelOf(entry: Entry): string {
  return `${entry.source ?? ''}\n${entry.stream ?? ''}`;
}

function after(entry: Entry, channels: Channels): Channels {
  if (!entry.text.includes('\u001b')) return channels;
  const channel = channelOf(entry);
  const held = channels.get(channel) ?? PLAIN;
  const holds = styleAfter(entry.text, held);
  if (holds === held) return channels;
  const next = new Map(channels);
  if (holds === PLAIN) next.delete(channel);
  else next.set(channel, holds);
  return next.size === 0 ? NOTHING : next;
}
