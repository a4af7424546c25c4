// For Vite: css`…` and html`…` of components without comments and indentation, which no minifier
// looks into.

import type { Plugin } from 'vite';

/** What of a syntax tree is looked at. */
interface Node {
  type: string;
  start: number;
  end: number;
  tag?: Node & { name?: string };
  quasi?: { quasis: Node[] };
}

const SMALLER: Record<string, (text: string) => string> = {
  css: (text) =>
    text
      .replace(/\/\*[^]*?\*\//g, '')
      .replace(/\s+/g, ' ')
      .replace(/ ?([{};,]) ?/g, '$1')
      .replace(/: /g, ':')
      .replaceAll(';}', '}')
      .replace(/\b0\.(?=\d)/g, '.'),
  // A line break and what follows it is one blank to a browser; beside another tag's end, none.
  html: (text) => text.replace(/\s*\n\s*/g, ' ').replaceAll(' >', '>'),
};

export function smallTemplates(): Plugin {
  return {
    name: 'small-templates',
    enforce: 'post',
    apply: 'build',
    transform(code, id) {
      if (!id.endsWith('.ts')) return null;
      const pieces: Node[] = [];
      const change = new Map<Node, string>();
      walk(this.parse(code) as unknown as Node, (node) => {
        const make = SMALLER[node.tag?.name ?? ''];
        if (make === undefined) return;
        for (const piece of node.quasi?.quasis ?? []) {
          pieces.push(piece);
          change.set(piece, make(code.slice(piece.start, piece.end)));
        }
      });
      let small = '';
      let at = 0;
      for (const piece of pieces.sort((a, b) => a.start - b.start)) {
        small += code.slice(at, piece.start) + (change.get(piece) ?? '');
        at = piece.end;
      }
      return { code: small + code.slice(at), map: null };
    },
  };
}

function walk(node: Node, visit: (node: Node) => void): void {
  if (node.type === 'TaggedTemplateExpression') visit(node);
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (typeof (child as Node | null)?.type === 'string') walk(child as Node, visit);
    }
  }
}
