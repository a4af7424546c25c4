// Finding as the log's page does it: the bar, the address that carries what is looked for, and the
// keys.

import { html, nothing } from 'lit';
import type { LitElement } from 'lit';
import type { FindOptions } from '../lines/element-api.js';
import type { TailraceLog } from '../lines/log-element.js';
import './find-bar.js';
import type { FindBar } from './find-bar.js';
import { formatView, isEmpty, parseView, toggleFilter } from './view-state.js';

export class Finding {
  #view = parseView(location.search);
  #open = !isEmpty(this.#view);
  /** What had the focus before the bar took it. */
  #before: HTMLElement | undefined;

  constructor(
    private readonly page: LitElement,
    private readonly log: () => TailraceLog | null,
  ) {}

  connected(): void {
    window.addEventListener('popstate', this.#restore);
  }
  disconnected(): void {
    window.removeEventListener('popstate', this.#restore);
  }

  /** The log's element exists. */
  begin(): void {
    this.log()?.finding.find(isEmpty(this.#view) ? undefined : this.#view);
  }

  render() {
    if (!this.#open) return nothing;
    return html`<tailrace-find-bar
      .view=${this.#view}
      .state=${this.log()?.finding.state}
      .seen=${this.log()?.finding.seen}
      @find-change=${(event: CustomEvent<FindOptions>) => this.#change(event.detail)}
      @find-step=${(event: CustomEvent<{ forward: boolean }>) => this.step(event.detail.forward)}
      @find-close=${this.close}
    ></tailrace-find-bar>`;
  }

  /** Does what the key is for, if it is for finding. `typing`: in a field, letters are text. */
  key(event: KeyboardEvent, typing: boolean): boolean {
    const command = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
    if (command && event.key.toLowerCase() === 'f') return this.#openFor(event);
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    const action = this.#keyAction(event, typing);
    if (action === undefined) return false;
    event.preventDefault();
    action();
    return true;
  }

  step(forward: boolean): void {
    if (isEmpty(this.#view)) this.open();
    else this.log()?.finding.next(forward);
  }

  open(): void {
    void this.#focus();
  }

  /** Only the lines of this source, or all again. */
  toggleSource(source: string): void {
    const view = { ...toggleFilter(this.#view, 'source', source), context: 0 };
    if (isEmpty(view)) return this.close();
    this.#open = true;
    this.#change(view);
  }

  readonly close = (): void => {
    this.#open = false;
    this.#change({ ...this.#view, text: '', stream: [], source: [], level: [], only: false });
    (this.#before?.isConnected ? this.#before : this.log())?.focus();
    this.#before = undefined;
  };

  #keyAction(event: KeyboardEvent, typing: boolean): (() => void) | undefined {
    if (event.key === 'F3') return () => this.step(!event.shiftKey);
    if (typing) return undefined;
    switch (event.key) {
      case '/':
        return () => this.open();
      case 'n':
        return () => this.step(true);
      case 'N':
        return () => this.step(false);
      case 'x':
        if (isEmpty(this.#view)) return undefined;
        return () => this.#change({ ...this.#view, only: !this.#view.only });
      case 'Escape':
        return this.#open ? this.close : undefined;
    }
    return undefined;
  }

  /** Ctrl+F; a second one is the browser's. */
  #openFor(event: KeyboardEvent): boolean {
    const { bar } = this;
    if (bar !== null && !bar.take()) return true;
    event.preventDefault();
    if (bar === null) this.open();
    return true;
  }

  get bar(): FindBar | null {
    return this.page.renderRoot.querySelector('tailrace-find-bar');
  }

  async #focus(): Promise<void> {
    if (!this.#open) {
      this.#before = deepFocus();
      this.#open = true;
      this.page.requestUpdate();
      await this.page.updateComplete;
      await this.bar?.updateComplete;
    }
    this.bar?.take();
  }

  #change(view: FindOptions): void {
    const before = this.#view;
    this.#view = view;
    const search = formatView(view);
    if (search !== formatView(before)) {
      // Going back leaves a search, or a filter; it does not repeat what was typed.
      const step = isEmpty(view) !== isEmpty(before) || view.only !== before.only;
      const address = location.pathname + search + location.hash;
      if (step) history.pushState(null, '', address);
      else history.replaceState(null, '', address);
      this.begin();
    }
    this.page.requestUpdate();
  }

  readonly #restore = (): void => {
    const view = parseView(location.search);
    if (formatView(view) === formatView(this.#view)) return;
    this.#view = view;
    this.#open = !isEmpty(view);
    this.begin();
    this.page.requestUpdate();
  };
}

function deepFocus(): HTMLElement | undefined {
  let focused = document.activeElement;
  while (focused?.shadowRoot?.activeElement) focused = focused.shadowRoot.activeElement;
  return focused instanceof HTMLElement && focused !== document.body ? focused : undefined;
}
