// Log text made harmless and readable: colours become classes, every other control character
// becomes visible or goes. The result is only ever put into text nodes.

export interface Span {
  text: string;
  /** Of "fg0".."fg15", "bg0".."bg15", "bold", "dim", "italic", "underline"; sorted by kind. */
  classes: string[];
}

interface Style {
  fg?: number | undefined;
  bg?: number | undefined;
  bold: boolean;
  dim: boolean;
  italic: boolean;
  underline: boolean;
  inverse: boolean;
}

const PLAIN: Style = { bold: false, dim: false, italic: false, underline: false, inverse: false };

// ECMA-48 §5.4 control sequences (CSI), §5.6 control strings (OSC, DCS, SOS, PM, APC) up to their
// end, and other escape sequences (§5.3 and ISO 2022).
const SEQUENCE = new RegExp(
  [
    '\\u001b\\[([0-?]*)[ -/]*([@-~])',
    '\\u001b[\\]PX^_][^\\u0007\\u001b]*(?:\\u0007|\\u001b\\\\)',
    '\\u001b[ -/]*[0-Z\\\\^-~]',
  ].join('|'),
  'g',
);

/** Splits one entry's text into spans of one look each. CR and CRLF become line breaks. */
export function parseText(text: string): Span[] {
  if (!text.includes('\u001b')) return text === '' ? [] : [{ text: visible(text), classes: [] }];
  const spans: Span[] = [];
  let style = PLAIN;
  let start = 0;
  const add = (end: number) => {
    if (end > start)
      spans.push({ text: visible(text.slice(start, end)), classes: classesOf(style) });
  };
  for (const match of text.matchAll(SEQUENCE)) {
    add(match.index);
    start = match.index + match[0].length;
    if (match[2] === 'm') style = applySgr(style, match[1] ?? '');
  }
  add(text.length);
  return spans;
}

/** The text as it is shown, without colours. */
export function plainText(text: string): string {
  return parseText(text)
    .map((span) => span.text)
    .join('');
}

/** Control characters as their pictures (U+2400 and on), except tab and line breaks. */
function visible(text: string): string {
  return (
    text
      .replace(/\r\n?/g, '\n')
      .replace(/[\u0000-\u0008\u000b-\u001f]/g, (c) =>
        String.fromCharCode(0x2400 + c.charCodeAt(0)),
      )
      .replace(/\u007f/g, '\u2421')
      // Characters that turn the direction of what follows could make a line read as another.
      .replace(/[\u202a-\u202e\u2066-\u2069]/g, '\ufffd')
  );
}

function applySgr(style: Style, parameters: string): Style {
  const codes = parameters.split(/[;:]/).map((code) => (code === '' ? 0 : Number(code)));
  let next = { ...style };
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i] ?? 0;
    if (code === 38 || code === 48) {
      const [colour, used] = extendedColour(codes, i + 1);
      if (code === 38) next.fg = colour;
      else next.bg = colour;
      i += used;
    } else {
      next = code === 0 ? { ...PLAIN } : applyCode(next, code);
    }
  }
  return next;
}

function applyCode(style: Style, code: number): Style {
  switch (code) {
    case 1:
      return { ...style, bold: true };
    case 2:
      return { ...style, dim: true };
    case 3:
      return { ...style, italic: true };
    case 4:
      return { ...style, underline: true };
    case 7:
      return { ...style, inverse: true };
    case 22:
      return { ...style, bold: false, dim: false };
    case 23:
      return { ...style, italic: false };
    case 24:
      return { ...style, underline: false };
    case 27:
      return { ...style, inverse: false };
    case 39:
      return { ...style, fg: undefined };
    case 49:
      return { ...style, bg: undefined };
  }
  if (code >= 30 && code <= 37) return { ...style, fg: code - 30 };
  if (code >= 40 && code <= 47) return { ...style, bg: code - 40 };
  if (code >= 90 && code <= 97) return { ...style, fg: code - 90 + 8 };
  if (code >= 100 && code <= 107) return { ...style, bg: code - 100 + 8 };
  return style;
}

/** The nearest of the 16 named colours of `5;N` or `2;R;G;B`, and how many codes that took. */
function extendedColour(codes: number[], at: number): [number | undefined, number] {
  if (codes[at] === 5) {
    const n = codes[at + 1] ?? 0;
    if (n < 16) return [n, 2];
    if (n >= 232) return [n < 238 ? 8 : n < 250 ? 7 : 15, 2];
    const level = (step: number) => (step === 0 ? 0 : 55 + step * 40);
    const cube = n - 16;
    const red = level(Math.floor(cube / 36));
    return [nearest(red, level(Math.floor(cube / 6) % 6), level(cube % 6)), 2];
  }
  if (codes[at] === 2) {
    return [nearest(codes[at + 1] ?? 0, codes[at + 2] ?? 0, codes[at + 3] ?? 0), 4];
  }
  return [undefined, 0];
}

function nearest(red: number, green: number, blue: number): number {
  const most = Math.max(red, green, blue);
  if (most < 48) return 0;
  const half = most / 2;
  const hue = (red > half ? 1 : 0) | (green > half ? 2 : 0) | (blue > half ? 4 : 0);
  return most > 192 ? hue + 8 : hue;
}

function classesOf(style: Style): string[] {
  let { fg, bg } = style;
  const classes: string[] = [];
  if (style.inverse) {
    [fg, bg] = [bg, fg];
    if (fg === undefined || bg === undefined) classes.push('inverse');
  }
  if (fg !== undefined && fg < 16) classes.push(`fg${fg}`);
  if (bg !== undefined && bg < 16) classes.push(`bg${bg}`);
  if (style.bold) classes.push('bold');
  if (style.dim) classes.push('dim');
  if (style.italic) classes.push('italic');
  if (style.underline) classes.push('underline');
  return classes;
}
