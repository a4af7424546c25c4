// <tailrace-find-bar>: what to look for in a log, how it goes, and the way from match to match.

import { LitElement, html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { formatCount, formatLines } from '../format.js';
import type { FindOptions, FindState } from '../lines/element-api.js';
import { NOTHING } from '../lines/finder.js';
import type { LineStore } from '../model/line-store.js';
import { findBarStyles } from './find-bar-styles.js';
import { frameStyles } from './styles.js';
import { CONTEXTS, KINDS, isEmpty, toggleFilter } from './view-state.js';
import type { Kind } from './view-state.js';

/** A reader who stops typing for so long has a question. */
const TYPING_MS = 250;
/** So many values of a kind are offered. */
const OFFERED = 12;
const USUAL: Record<Kind, readonly string[]> = {
  stream: ['stdout', 'stderr'],
  source: [],
  level: ['error', 'warn', 'info', 'debug'],
};
const NAMES: Record<Kind, string> = { stream: 'Stream', source: 'Source', level: 'Level' };

export class FindBar extends LitElement {
  static override styles = [frameStyles, findBarStyles];
  static override properties = {
    view: { attribute: false },
    state: { attribute: false },
    seen: { attribute: false },
    filtering: { state: true },
  };

  declare view: FindOptions;
  declare state: FindState | undefined;
  declare seen: LineStore['seen'] | undefined;
  /** The filters that can be chosen are shown. */
  declare private filtering: boolean;

  #timer = 0;
  #said = '';
  #about = '';

  constructor() {
    super();
    this.view = NOTHING;
    this.filtering = false;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.clearTimeout(this.#timer);
  }

  /** Puts the cursor into the field; false: it was there already. */
  take(): boolean {
    const field = this.#field;
    if (field === null || this.shadowRoot?.activeElement === field) return false;
    field.focus();
    field.select();
    return true;
  }

  get #field(): HTMLInputElement | null {
    return this.renderRoot.querySelector('input[type="search"]');
  }

  protected override updated(changed: Map<PropertyKey, unknown>): void {
    const field = this.#field;
    if (changed.has('view') && field !== null && field.value !== this.view.text)
      field.value = this.view.text;
  }

  protected override render() {
    const { view, state } = this;
    const refused = state?.problem?.kind === 'refused';
    return html`
      <search class="find" aria-label="Find in the log" @keydown=${this.#onKey}>
        <div class="line">
          <div class="field">
            <input
              type="search"
              aria-label="Find"
              aria-invalid=${refused ? 'true' : 'false'}
              aria-describedby="count"
              placeholder="Find in the whole log"
              autocomplete="off"
              autocapitalize="off"
              spellcheck="false"
              maxlength="1024"
              enterkeyhint="search"
              .defaultValue=${view.text}
              @input=${this.#typed}
            />
            ${this.#switch('Aa', 'Match case', view.caseSensitive, 'caseSensitive')}
            ${this.#switch('.*', 'Regular expression', view.regex, 'regex')}
          </div>
          <span id="count" class="count numeric ${refused ? 'bad' : ''}" title=${this.#why()}
            >${this.#count()}</span
          >
          <div class="buttons">
            ${this.#arrow('↑', 'Previous match', false)} ${this.#arrow('↓', 'Next match', true)}
            <button
              class="button"
              type="button"
              title="Only matching lines (x)"
              aria-pressed=${view.only ? 'true' : 'false'}
              @click=${() => this.#change({ only: !view.only })}
            >
              Only matches
            </button>
            ${view.only ? this.#contexts() : nothing}
            <button
              class="button"
              type="button"
              aria-expanded=${this.filtering ? 'true' : 'false'}
              @click=${() => (this.filtering = !this.filtering)}
            >
              Filter
            </button>
            <button
              class="button close"
              type="button"
              aria-label="Close"
              title="Close (Esc)"
              @click=${this.#close}
            >
              ✕
            </button>
          </div>
        </div>
        ${this.filtering ? this.#filters() : nothing} ${this.#chips()}
        <p class="unseen" role="status" aria-live="polite">${this.#announcement()}</p>
      </search>
      ${this.#progress()}
    `;
  }

  #switch(text: string, label: string, on: boolean, name: 'regex' | 'caseSensitive') {
    return html`<button
      class="switch mono"
      type="button"
      aria-label=${label}
      title=${label}
      aria-pressed=${on ? 'true' : 'false'}
      @click=${() => this.#change({ [name]: !on })}
    >
      ${text}
    </button>`;
  }

  #arrow(text: string, label: string, forward: boolean) {
    return html`<button
      class="button arrow"
      type="button"
      aria-label=${label}
      title="${label} (${forward ? 'n' : 'N'})"
      ?disabled=${(this.state?.total ?? 0) === 0}
      @click=${() => this.#step(forward)}
    >
      ${text}
    </button>`;
  }

  #contexts() {
    return html`<select
      class="button"
      aria-label="Lines around each match"
      @change=${(event: Event) =>
        this.#change({ context: Number((event.target as HTMLSelectElement).value) })}
    >
      ${CONTEXTS.map(
        (lines) =>
          html`<option value=${lines} ?selected=${lines === this.view.context}>
            ${lines === 0 ? 'alone' : `± ${lines} lines`}
          </option>`,
      )}
    </select>`;
  }

  /** What can be chosen: what is usual, what the lines here have, and whatever is typed. */
  #filters(): TemplateResult {
    const add = (event: Event) => {
      event.preventDefault();
      const form = event.target as HTMLFormElement;
      const { kind, value } = Object.fromEntries(new FormData(form)) as Record<string, string>;
      if (!value || this.view[kind as Kind].includes(value)) return;
      this.#toggle(kind as Kind, value);
      form.reset();
    };
    return html`<div class="filters">
      ${KINDS.map((kind) => {
        const values = this.#offered(kind);
        if (values.length === 0) return nothing;
        return html`<div class="kind" role="group" aria-label=${NAMES[kind]}>
          <span class="soft">${NAMES[kind]}</span>
          ${values.map(
            (value) =>
              html`<button
                class="button"
                type="button"
                aria-pressed=${this.view[kind].includes(value) ? 'true' : 'false'}
                @click=${() => this.#toggle(kind, value)}
              >
                ${value}
              </button>`,
          )}
        </div>`;
      })}
      <form class="kind" @submit=${add}>
        <span class="soft">Other</span>
        <select class="button" name="kind" aria-label="Kind">
          ${KINDS.map((kind) => html`<option value=${kind}>${NAMES[kind]}</option>`)}
        </select>
        <input name="value" aria-label="Value" autocomplete="off" spellcheck="false" />
        <button class="button">Add</button>
      </form>
    </div>`;
  }

  #offered(kind: Kind): string[] {
    // In the order in which they were seen: a button must not move away below a finger.
    const seen = [...(this.seen?.[kind] ?? [])];
    const values = kind === 'level' ? seen.map((level) => level.toLowerCase()) : seen;
    return [...new Set([...USUAL[kind], ...values])].slice(0, OFFERED);
  }

  #chips() {
    const chips = KINDS.flatMap((kind) => this.view[kind].map((value) => ({ kind, value })));
    if (chips.length === 0) return nothing;
    return html`<ul class="chips" aria-label="Filters">
      ${chips.map(({ kind, value }) => {
        const name = NAMES[kind].toLowerCase();
        const label = value === '' ? `no ${name}` : value;
        return html`<li class="chip">
          ${value === '' ? nothing : html`<span class="soft">${name}</span>`} ${label}
          <button
            type="button"
            aria-label="Remove the filter ${label}"
            @click=${() => this.#toggle(kind, value)}
          >
            ✕
          </button>
        </li>`;
      })}
    </ul>`;
  }

  #progress() {
    const { state } = this;
    if (state === undefined || state.complete || state.problem?.kind === 'refused') return nothing;
    return html`<progress max="1" .value=${state.progress} aria-label="Searched"></progress>`;
  }

  /** How many, and which of them this is. */
  #count(): string {
    const { state } = this;
    if (isEmpty(this.view) || state === undefined) return '';
    if (state.problem?.kind === 'refused') return state.problem.text;
    const { total, ordinal, complete, progress } = state;
    const lines =
      ordinal > 0 ? `${formatCount(ordinal)} of ${formatCount(total)}` : formatLines(total);
    if (state.problem !== undefined) return `${lines} · ${state.problem.text}`;
    if (state.full && this.view.only) return `${lines}, too many to show all`;
    if (complete) return total === 0 ? 'Nothing found' : lines;
    return `${lines} · ${Math.floor(100 * progress)} %`;
  }

  #why(): string {
    return this.state?.problem?.text ?? (this.state?.wrapped ? 'Went around the end' : '');
  }

  /** What a screen reader says: no running numbers. */
  #announcement(): string {
    const { state } = this;
    if (isEmpty(this.view) || state === undefined) return (this.#said = '');
    if (state.problem === undefined && !state.complete) return this.#said;
    // A log that grows is no reason to speak.
    const about = JSON.stringify([this.view, state.ordinal, state.problem]);
    if (about === this.#about) return this.#said;
    this.#about = about;
    return (this.#said = `${this.#count()}${state.wrapped ? ', around the end' : ''}`);
  }

  #change(change: Partial<FindOptions>): void {
    window.clearTimeout(this.#timer);
    const text = this.#field?.value ?? this.view.text;
    this.#tell('find-change', { ...this.view, text, ...change });
  }

  #toggle(kind: Kind, value: string): void {
    this.#change(toggleFilter(this.view, kind, value));
  }

  #step(forward: boolean): void {
    if (this.#field?.value !== this.view.text) this.#change({});
    this.#tell('find-step', { forward });
  }

  #tell(type: string, detail: unknown): void {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  readonly #close = (): void => this.#tell('find-close', undefined);

  readonly #typed = (): void => {
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#change({}), TYPING_MS);
  };

  readonly #onKey = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') this.#close();
    else if (event.key === 'Enter' && event.composedPath()[0] === this.#field && !event.isComposing)
      this.#step(!event.shiftKey);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
}

customElements.define('tailrace-find-bar', FindBar);
