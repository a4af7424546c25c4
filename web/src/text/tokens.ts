// Log text as a terminal reads it: printable text, control characters, and escape sequences.

export type Token =
  /** `at`: where it stands in the text. */
  | { kind: 'text'; text: string; at: number }
  | { kind: 'control'; code: number; at: number }
  /** A control sequence (ECMA-48 §5.4): its parameters, and the byte that says what it does. */
  | { kind: 'csi'; parameters: string; final: string }
  /** A hyperlink begins, or with an empty address ends (OSC 8). */
  | { kind: 'link'; url: string };

// Control sequences (ECMA-48 §5.4), control strings up to their end (§5.6: OSC, DCS, SOS, PM, APC),
// other escape sequences (§5.3, ISO 2022), then control characters but HT and LF.
const SPECIAL = new RegExp(
  [
    '\\u001b\\[([0-?]*)[ -/]*([@-~])',
    '\\u001b([\\]PX^_])([^\\u0007\\u001b\\n]*)(?:\\u0007|\\u001b\\\\)',
    '\\u001b[ -/]*[0-Z\\\\^-~]',
    '([\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f])',
  ].join('|'),
  'g',
);

const LINK = /^8;[^;]*;(.*)$/;

/** One after the other, as far as somebody asks. */
export function* tokensOf(text: string): Generator<Token> {
  let start = 0;
  for (const match of text.matchAll(SPECIAL)) {
    if (match.index > start) yield textToken(text, start, match.index);
    start = match.index + match[0].length;
    const [, parameters, final, string, content, control] = match;
    if (final !== undefined) yield { kind: 'csi', parameters: parameters ?? '', final };
    else if (control !== undefined)
      yield { kind: 'control', code: control.charCodeAt(0), at: match.index };
    else if (string === ']') {
      const link = LINK.exec(content ?? '');
      if (link) yield { kind: 'link', url: safeUrl(link[1] ?? '') };
    }
  }
  if (start < text.length) yield textToken(text, start, text.length);
}

function textToken(text: string, from: number, to: number): Token {
  return { kind: 'text', text: text.slice(from, to), at: from };
}

/** The address if a log may lead there, else ''. */
function safeUrl(url: string): string {
  if (!/^https?:\/\//i.test(url)) return '';
  try {
    return new URL(url).href;
  } catch {
    return '';
  }
}

/** A control character as its picture (U+2400 and on), one of the second set as U+FFFD. */
export function pictureOf(code: number): string {
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return code === 0x7f ? '\u2421' : '\ufffd';
}

/** Characters that turn the direction of what follows could make a line read as another. */
export function straight(text: string): string {
  return text.replace(/[\u202a-\u202e\u2066-\u2069]/g, '\ufffd');
}
