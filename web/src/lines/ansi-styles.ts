// The classes of text-view.ts as colours of the page's theme (base.css).

import { unsafeCSS } from 'lit';

const rules: string[] = [];
for (let colour = 0; colour < 16; colour++) {
  // A coloured ground takes the page's ground as its text unless the text has its own colour.
  rules.push(`.bg${colour} { background: var(--ansi-${colour}); color: var(--panel); }`);
}
for (let colour = 0; colour < 16; colour++) {
  rules.push(`.fg${colour} { color: var(--ansi-${colour}); }`);
}

export const ansiStyles = unsafeCSS(rules.join('\n'));
