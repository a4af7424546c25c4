// What a link says of a log's view, besides its lines: the query of the page's address.
//
//   q, regex=1, case=1             what is looked for, as in the API
//   stream, source, level          filters, each any number of times; empty: entries without one
//   only=1, context=0|2|5          only what matches is shown, with so many lines around it

import type { FindOptions } from '../lines/element-api.js';
import { NOTHING } from '../lines/finder.js';

export const CONTEXTS = [0, 2, 5] as const;
export const KINDS = ['stream', 'source', 'level'] as const;
export type Kind = (typeof KINDS)[number];

export function parseView(search: string): FindOptions {
  const query = new URLSearchParams(search);
  const on = (name: string) => query.get(name) === '1';
  const all = (name: Kind) => [...new Set(query.getAll(name))];
  const context = CONTEXTS.find((lines) => String(lines) === query.get('context'));
  return {
    text: query.get('q') ?? '',
    regex: on('regex'),
    caseSensitive: on('case'),
    only: on('only'),
    context: context ?? NOTHING.context,
    stream: all('stream'),
    source: all('source'),
    level: all('level'),
  };
}

/** "?q=…", or "" if nothing is looked for. */
export function formatView(view: FindOptions): string {
  if (isEmpty(view)) return '';
  const query = new URLSearchParams();
  if (view.text !== '') query.set('q', view.text);
  if (view.regex) query.set('regex', '1');
  if (view.caseSensitive) query.set('case', '1');
  for (const kind of KINDS) for (const value of view[kind]) query.append(kind, value);
  if (view.only) query.set('only', '1');
  if (view.only && view.context !== NOTHING.context) query.set('context', String(view.context));
  return `?${query.toString()}`;
}

/** Neither text nor filter. */
export function isEmpty(view: FindOptions): boolean {
  return view.text === '' && KINDS.every((kind) => view[kind].length === 0);
}

/** The view with this filter added, or without it if it has it. */
export function toggleFilter(view: FindOptions, kind: Kind, value: string): FindOptions {
  const had = view[kind].includes(value);
  const values = had ? view[kind].filter((other) => other !== value) : [...view[kind], value];
  // Who chooses a filter wants to see what it leaves.
  return { ...view, [kind]: values, only: view.only || !had };
}
