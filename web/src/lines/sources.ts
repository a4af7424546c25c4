// The colour of a source (a pod): always the same for the same name.

import { unsafeCSS } from 'lit';

export const SOURCE_COLOURS = 10;

/** FNV-1a of the name. */
export function sourceColour(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) {
    hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  }
  return (hash >>> 8) % SOURCE_COLOURS;
}

const rules = Array.from(
  { length: SOURCE_COLOURS },
  (_, colour) => `.source${colour} { color: var(--source-${colour}); }`,
);

export const sourceStyles = unsafeCSS(rules.join('\n'));
