// Text of a log, and whatever else comes from outside, never becomes markup or code.

import { expect, it } from 'vitest';

const sources = import.meta.glob<string>(['./**/*.ts', '!./**/*.test.ts'], {
  query: '?raw',
  import: 'default',
  eager: true,
});

const FORBIDDEN = new RegExp(
  [
    ...['innerHTML', 'outerHTML', 'insertAdjacentHTML', 'setHTML', 'srcdoc', 'DOMParser'],
    ...['unsafeHTML', 'unsafeSVG', 'unsafeStatic', 'createContextualFragment'],
    ...['document\\.write', '\\beval\\(', 'new Function'],
  ].join('|'),
);

it('no source makes markup of text', () => {
  expect(Object.keys(sources).length).toBeGreaterThan(50);
  const guilty = Object.entries(sources).filter(([, text]) => FORBIDDEN.test(text));
  expect(guilty.map(([name]) => name)).toEqual([]);
});
