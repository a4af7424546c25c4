// A line that is one JSON value, laid out over several lines. Names, numbers and escapes stay as
// they are written: only blanks between them change.

export type JsonKind = 'name' | 'string' | 'number' | 'word' | 'plain';

export interface JsonPiece {
  kind: JsonKind;
  text: string;
}

/** A longer line stays as it is. */
export const MAX_JSON_CHARACTERS = 262_144;

const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null|[{}[\],:]/g;

/** Whether the line may be laid out; cheap, and mostly right. */
export function looksLikeJson(text: string): boolean {
  if (text.length > MAX_JSON_CHARACTERS || text.length < 5) return false;
  return /^\s*(?:\{\s*"|\[\s*[{["\d])/.test(text) && /[}\]]\s*$/.test(text.slice(-16));
}

/** The pieces in order, line breaks and indentation among them; undefined: it is not JSON. */
export function prettyJson(text: string): JsonPiece[] | undefined {
  if (!looksLikeJson(text)) return undefined;
  try {
    JSON.parse(text);
  } catch {
    return undefined;
  }
  const pieces: JsonPiece[] = [];
  let plain = '';
  const add = (kind: JsonKind, token: string) => {
    if (plain !== '') pieces.push({ kind: 'plain', text: plain });
    plain = '';
    pieces.push({ kind, text: token });
  };
  const tokens = text.match(TOKEN) ?? [];
  let depth = 0;
  tokens.forEach((token, i) => {
    const [before, next] = [tokens[i - 1] ?? '', tokens[i + 1] ?? ''];
    if (token === '{' || token === '[') {
      const empty = next === '}' || next === ']';
      if (!empty) depth++;
      plain += token + (empty ? '' : lineBreak(depth));
    } else if (token === '}' || token === ']') {
      const empty = before === '{' || before === '[';
      if (!empty) depth--;
      plain += (empty ? '' : lineBreak(depth)) + token;
    } else if (token === ',') {
      plain += `,${lineBreak(depth)}`;
    } else if (token === ':') {
      plain += ': ';
    } else {
      add(kindOf(token, next), token);
    }
  });
  if (plain !== '') pieces.push({ kind: 'plain', text: plain });
  return pieces;
}

/** Deeper than this, nobody counts. */
const MAX_INDENT = 40;

function lineBreak(depth: number): string {
  return `\n${'  '.repeat(Math.min(depth, MAX_INDENT))}`;
}

function kindOf(token: string, next: string): JsonKind {
  if (token.startsWith('"')) return next === ':' ? 'name' : 'string';
  return /^[tfn]/.test(token) ? 'word' : 'number';
}
