// The sheets that open above a log: how it is shown, what keys do, and which line to go to.

import { css, html } from 'lit';
import type { TemplateResult } from 'lit';
import { parseLines } from './route.js';
import type { LineRange } from './route.js';
import { CHOICES } from './settings.js';
import type { Settings } from './settings.js';

const LABELS: Record<string, string> = {
  off: 'Off',
  clock: 'Time of day',
  date: 'Date and time',
  age: 'How long ago',
  elapsed: 'Since the start',
  system: 'As the system',
  light: 'Light',
  dark: 'Dark',
  contrast: 'High contrast',
  small: 'Small',
  normal: 'Normal',
  large: 'Large',
};

const KEYS: readonly (readonly [string, string])[] = [
  ['Home', 'First line'],
  ['End, G', 'Last line; follows the log'],
  ['Page Up, Page Down, Space', 'A screenful up or down'],
  ['j, k, ↓, ↑', 'A line down or up'],
  ['g', 'Go to a line, or mark several (10-20)'],
  ['Ctrl+F, /', 'Find in the whole log'],
  ['Enter, n, F3', 'Next match; with Shift the one before'],
  ['x', 'Only matching lines, or all'],
  ['e', 'Go to the first error'],
  ['f', 'Follow the end, or stop following'],
  ['w', 'Wrap long lines, or not'],
  ['t', 'Times: off, or another kind'],
  ['z', 'Fold the group or stack trace, or unfold it'],
  ['Z', 'Fold all groups, or unfold all'],
  ['[ , ]', 'The group before, the next one'],
  ['p, P', 'Lay out JSON of all lines, of the marked one'],
  ['v', 'View: theme, size and more'],
  ['c', 'Copy the marked lines'],
  ['Esc', 'Close, end the search, or unmark lines'],
  ['?', 'This sheet'],
];

export const sheetStyles = css`
  dialog {
    min-width: min(320px, calc(100vw - 32px));
    max-width: calc(100vw - 32px);
    padding: 18px 20px;
    border: 1px solid var(--line);
    border-radius: 10px;
    background: var(--raised);
    box-shadow: var(--shadow);
    color: var(--text);
    font: 13px/20px var(--sans);
  }
  dialog::backdrop {
    background: rgb(0 0 0 / 35%);
  }
  dialog h2 {
    margin: 0 0 12px;
    font-size: 15px;
    font-weight: 600;
  }
  dialog label {
    display: flex;
    align-items: center;
    justify-content: space-between;
    gap: 24px;
    min-height: 34px;
  }
  dialog select,
  dialog input:not([type='checkbox']) {
    padding: 4px 8px;
    border: 1px solid var(--line);
    border-radius: 6px;
    background: var(--panel);
    color: var(--text);
    font: inherit;
  }
  dialog input[type='checkbox'] {
    width: 17px;
    height: 17px;
    accent-color: var(--accent);
  }
  dialog form {
    display: flex;
    justify-content: flex-end;
    gap: 8px;
    margin-top: 14px;
  }
  dialog form input {
    flex: 1;
    min-width: 0;
  }
  dialog dl {
    display: grid;
    grid-template-columns: auto 1fr;
    gap: 7px 22px;
    margin: 0;
  }
  dialog dt {
    font: 12.5px/20px var(--mono);
  }
  dialog dd {
    margin: 0;
    color: var(--soft);
  }
`;

export type Change = <K extends keyof Settings>(name: K, value: Settings[K]) => void;

export function viewSheet(settings: Settings, change: Change): TemplateResult {
  const choice = (name: 'times' | 'theme' | 'size', label: string) =>
    html`<label>
      <span>${label}</span>
      <select
        name=${name}
        @change=${(event: Event) =>
          change(name, (event.target as HTMLSelectElement).value as Settings[typeof name])}
      >
        ${CHOICES[name].map(
          (value) =>
            html`<option value=${value} ?selected=${settings[name] === value}>
              ${LABELS[value]}
            </option>`,
        )}
      </select>
    </label>`;
  const box = (name: 'wrap' | 'utc' | 'json', label: string) =>
    html`<label>
      <span>${label}</span>
      <input
        type="checkbox"
        name=${name}
        .checked=${settings[name]}
        @change=${(event: Event) => change(name, (event.target as HTMLInputElement).checked)}
      />
    </label>`;
  return html`<h2>View</h2>
    ${box('wrap', 'Wrap long lines')} ${choice('times', 'Times')} ${box('utc', 'Times in UTC')}
    ${box('json', 'Lay out JSON')}
    ${choice('theme', 'Theme')} ${choice('size', 'Text')}
    <form method="dialog"><button class="button">Close</button></form>`;
}

export function keySheet(): TemplateResult {
  return html`<h2>Keys</h2>
    <dl>
      ${KEYS.map(
        ([keys, meaning]) => html`<dt>${keys}</dt>
          <dd>${meaning}</dd>`,
      )}
    </dl>
    <form method="dialog"><button class="button">Close</button></form>`;
}

export function lineSheet(last: number, go: (lines: LineRange) => void): TemplateResult {
  const submit = (event: Event) => {
    const field = (event.target as HTMLFormElement).elements.namedItem('line') as HTMLInputElement;
    const lines = parseLines(field.value, last);
    if (lines !== undefined) go(lines);
  };
  return html`<h2 id="line-label">Go to line</h2>
    <form method="dialog" @submit=${submit}>
      <input
        name="line"
        autocomplete="off"
        aria-labelledby="line-label"
        placeholder=${`1 to ${last}`}
        autofocus
      />
      <button class="button">Go</button>
    </form>`;
}
