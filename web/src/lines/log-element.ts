// <tailrace-log>: the lines of one log, live. Everything around them is the page's.

import { LitElement, html, nothing } from 'lit';
import type { LogInfo, Outcome } from '../client/api.js';
import { LogHandle } from '../client/client.js';
import type { Session, SessionListener, SessionState } from '../client/session.js';
import { formatLines, formatTime } from '../format.js';
import type { TimeStyle } from '../format.js';
import { LineStore } from '../model/line-store.js';
import { ansiStyles } from './ansi-styles.js';
import { copyFromServer, copyLines, selectionText } from './copy.js';
import type {
  CopyResult,
  ElementSearchOptions,
  ElementSearchResult,
  TailraceLogElement,
} from './element-api.js';
import { LogFinding } from './log-finding.js';
import { lineStyles, themeStyles } from './line-styles.js';
import { LinesView } from './lines-view.js';
import { Reading } from './reading.js';
import { missingNotice } from './row.js';
import { positionOf } from './row-list.js';
import { selectedLines } from './selection.js';
import { sourceStyles } from './sources.js';
import type { SelectedLines } from './selection.js';

export class TailraceLog extends LitElement implements TailraceLogElement {
  static override styles = [themeStyles, lineStyles, ansiStyles, sourceStyles];
  static override properties = {
    src: { type: String },
    wrap: { type: Boolean, reflect: true },
    times: { type: String, reflect: true },
    utc: { type: Boolean, reflect: true },
    json: { type: Boolean, reflect: true },
    credentials: { type: String },
  };

  /** The log's URL in the API: "/api/v1/logs/deploy/42". */
  declare src: string;
  declare wrap: boolean;
  declare times: TimeStyle;
  /** Times are shown in UTC and not in the reader's zone. */
  declare utc: boolean;
  /** Lines that are JSON are laid out. */
  declare json: boolean;
  /** As of fetch(); "include" sends cookies to another origin. */
  declare credentials: TailraceLogElement['credentials'];

  info: LogInfo | undefined;
  outcome: Outcome | undefined;
  /** Lines that ended up lost, or a log that was begun again: for the reader to know. */
  notice = '';

  readonly #store = new LineStore(
    {
      fetch: (from, limit, signal) => this.#log.entries({ from, limit }, signal),
      setTimer: (action, ms) => window.setTimeout(action, ms),
      clearTimer: (timer) => window.clearTimeout(timer),
    },
    () => this.#storeChanged(),
  );
  /** Finds things in this log, as the page does. */
  readonly finding = new LogFinding(this, this.#store);
  #log = new LogHandle('');
  #view: LinesView | undefined;
  #reading: Reading | undefined;
  #session: Session | undefined;
  #state: SessionState = { kind: 'connecting' };
  #drawnHead = -1;
  #selected: SelectedLines | undefined;
  #marked: { first: number; last: number } | undefined;
  /** The heading that gets the focus when it is drawn. */
  #focused: number | undefined;
  /** Where to go as soon as the log is known. */
  #target: { first: number; last: number } | undefined;

  constructor() {
    super();
    this.src = '';
    this.wrap = true;
    this.times = 'off';
    this.utc = false;
    this.json = false;
    this.credentials = 'same-origin';
  }

  /** What is going on, with what belongs to it. */
  get session(): SessionState {
    return this.#state;
  }
  get state(): SessionState['kind'] {
    return this.#state.kind;
  }
  /** How many entries the log has had, as far as is known here. */
  get position(): number {
    return this.#store.head;
  }
  get log(): LogHandle {
    return this.#log;
  }
  /** The end stays in view. */
  get follow(): boolean {
    return this.#view?.following ?? true;
  }
  set follow(on: boolean) {
    if (on) this.#view?.follow();
    else this.#view?.leave();
  }

  /** Brings the entry of this position into view, and marks it, or all up to `last`. */
  goTo(first: number, last = first): void {
    this.#target = { first, last };
    if (this.#store.head > 0) this.#goToTarget();
  }

  /** Marks the entries of these positions, where they are. */
  mark(lines: { first: number; last: number } | undefined): void {
    this.#marked = lines;
    this.#view?.mark(lines);
  }

  /** Finds entries in the whole log, on the server. Fails with ApiError. */
  async search(query: string, options: ElementSearchOptions = {}): Promise<ElementSearchResult> {
    const { matches, total, complete, searched } = await this.#log.searchAll(
      { ...options, q: query },
      options,
    );
    return { total, positions: matches.map(({ n }) => n), complete, searched };
  }

  /** How many groups of lines are known, whether one of them is closed, and up to which line. */
  get groups(): { count: number; anyClosed: boolean; fullAt: number | undefined } {
    const { outline, folding } = this.#reading ?? {};
    const anyClosed = folding?.anyClosed ?? false;
    return { count: outline?.groups.length ?? 0, anyClosed, fullAt: outline?.fullAt };
  }

  /** Closes all groups, or opens all. */
  foldAll(closed: boolean): void {
    this.#reading?.folding.setAll(closed);
    this.#tell('tailrace-groups', {});
  }

  toStart(): void {
    this.#view?.toStart();
  }

  /** Scrolls by so many screenfuls. */
  page(count: number): void {
    this.#view?.scrollBy(count * this.#view.page);
  }

  /** After type or size of the text were changed. */
  relayout(): void {
    this.#view?.relayout();
  }

  /** Puts the text of the entries of these positions on the clipboard. */
  copyLines(first: number, last: number): Promise<CopyResult> {
    return copyLines(this.#log, this.#store, first, last);
  }

  /** Does what the key is for; says whether it is for anything here. */
  handleKey(event: KeyboardEvent): boolean {
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    const action = this.#keyAction(event.key, event.shiftKey);
    if (action === undefined) return false;
    event.preventDefault();
    action();
    return true;
  }

  /** Tries again at once what waits for its time. */
  retryNow(): void {
    this.#session?.retryNow();
    this.#store.retryNow();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener('selectionchange', this.#onSelection);
    window.addEventListener('online', this.#onOnline);
    if (this.hasUpdated) this.#begin();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener('selectionchange', this.#onSelection);
    window.removeEventListener('online', this.#onOnline);
    this.#end();
  }

  protected override firstUpdated(): void {
    this.#begin();
  }

  protected override updated(changed: Map<PropertyKey, unknown>): void {
    const other = this.src !== this.#log.url || this.credentials !== this.#log.options.credentials;
    if (other && this.#session !== undefined) {
      this.#end();
      this.#begin();
    }
    if (changed.has('json') && this.#reading) this.#reading.pretty = this.json;
    if (['wrap', 'times', 'utc'].some((name) => changed.has(name))) this.relayout();
  }

  protected override render() {
    // Of a log that has ended nothing more will come: then there is nothing to go back to.
    const seen = this.outcome !== undefined && this.#view?.viewport.atEnd === true;
    const unseen = this.#store.head - (this.#view?.headWhenLeft ?? 0);
    const label =
      unseen > 0 ? `${formatLines(unseen).replace('line', 'new line')} ↓` : 'To the end ↓';
    return html`
      <div
        class="scroller"
        part="scroller"
        role="log"
        aria-live="off"
        aria-label="Lines of the log"
        tabindex="0"
        @keydown=${this.#onKey}
        @copy=${this.#onCopy}
        @click=${this.#onClick}
      >
        <div class="canvas">
          <div class="block">
            <div class="header">
              ${this.#store.first > 0 ? html`<p>${missingNotice(this.#store.first)}</p>` : nothing}
            </div>
            <div class="footer"><slot></slot></div>
          </div>
        </div>
      </div>
      <canvas class="marks" part="marks" aria-hidden="true" hidden></canvas>
      ${
        this.#store.problem === ''
          ? nothing
          : html`<div class="problem" role="status">
            Lines could not be loaded: ${this.#store.problem}
            <button class="more" type="button" @click=${this.retryNow}>Try again</button>
          </div>`
      }
      <button
        class="jump"
        part="jump"
        type="button"
        ?hidden=${this.follow || seen}
        @click=${this.#toEnd}
      >
        ${label}
      </button>
    `;
  }

  #begin(): void {
    this.#log = new LogHandle(this.src, { credentials: this.credentials });
    const part = (name: string) => this.renderRoot.querySelector<HTMLElement>(`.${name}`);
    const [scroller, canvas, block] = [part('scroller'), part('canvas'), part('block')];
    const [header, footer] = [part('header'), part('footer')];
    if (!scroller || !canvas || !block || !header || !footer) return;
    this.#view = new LinesView({ scroller, canvas, block, header, footer }, this.#store, {
      followChanged: () => this.requestUpdate(),
      drawn: () => this.#drawn(),
      placesOf: (position) => this.finding.placesOf(position),
      timeOf: ({ time }) => formatTime(time, this.times, this.utc, this.info?.created),
      headingOf: (entry) => this.#reading?.headingOf(entry),
      isPretty: (position) => this.#reading?.isPretty(position) ?? false,
      prepare: (from, to) => this.#reading?.prepare(from, to) ?? false,
      reveal: (position) => this.#reading?.folding.reveal(position),
    });
    this.#reading = new Reading(this.#log, this.#store, this.#view, () =>
      this.#tell('tailrace-groups', {}),
    );
    this.#reading.pretty = this.json;
    this.finding.begin(this.#view, this.renderRoot as ShadowRoot);
    this.#session = this.#log.follow(this.#listener());
  }

  #end(): void {
    this.finding.end();
    this.#session?.stop();
    this.#session = undefined;
    this.#reading?.stop();
    this.#reading = undefined;
    this.#view?.rows.clear();
    this.#view?.stop();
    this.#view = undefined;
    this.#store.clear();
    this.info = undefined;
    this.outcome = undefined;
    this.notice = '';
  }

  #listener(): SessionListener {
    return {
      stateChanged: (state) => {
        const further = state.kind === 'catching-up' && this.#state.kind === state.kind;
        this.#state = state;
        if (further) return; // It is told with the position, once a frame.
        this.#tell('tailrace-state', { state: state.kind });
      },
      infoChanged: (info) => {
        if (this.times === 'elapsed' && info.created !== this.info?.created) this.#view?.refresh();
        this.info = info;
        this.#store.cut(info.first);
        this.#tell('tailrace-info', info);
      },
      snapshot: (page) => {
        this.#store.addPage(page);
        this.#reading?.snapshot(page);
        this.#goToTarget();
      },
      batch: (batch) => {
        const first = this.#store.head === 0;
        this.#store.addBatch(batch);
        this.#reading?.batch(batch);
        if (first) this.#goToTarget();
      },
      gap: ({ from, to, cause }) => {
        // What was lost upstream is said in the row of the next entry.
        if (cause === 'retention') this.#store.cut(to);
        else if (cause !== 'upstream') this.#store.addGap(from, to);
      },
      reset: (cause) => {
        this.#store.clear();
        this.#view?.clear();
        this.#reading?.reset();
        this.finding.restart();
        this.outcome = undefined;
        this.notice =
          cause === 'recreated'
            ? 'The log was deleted and begun again under the same name. This is the new one.'
            : 'The server has fewer lines than were shown here. This is what it has.';
        this.#tell('tailrace-state', { state: this.state });
      },
      ended: (outcome) => {
        this.outcome = outcome;
        this.#reading?.ended();
        const [all, here] = [outcome.position ?? this.position, this.position];
        if (all !== here)
          this.notice = `It ended with ${formatLines(all)}; ${formatLines(here)} arrived here.`;
        this.#tell('tailrace-end', outcome);
      },
    };
  }

  #tell(type: string, detail: unknown): boolean {
    return this.dispatchEvent(
      new CustomEvent(type, { detail, bubbles: true, composed: true, cancelable: true }),
    );
  }

  #storeChanged(): void {
    this.finding.grow();
    this.#view?.schedule();
  }

  /** Once a frame at most. */
  #drawn(): void {
    const digits = Math.max(3, String(this.#store.head).length);
    this.style.setProperty('--digits', String(digits));
    this.requestUpdate();
    this.#focusHeading();
    this.finding.drawn();
    if (this.#drawnHead === this.#store.head) return;
    this.#drawnHead = this.#store.head;
    this.#tell('tailrace-position', { position: this.#store.head });
  }

  #goToTarget(): void {
    this.finding.known();
    const target = this.#target;
    if (target === undefined || this.#view === undefined) return;
    this.#target = undefined;
    this.mark(target);
    this.#view.goTo(target.first);
  }

  readonly #toEnd = (): void => {
    this.#view?.follow();
    this.renderRoot.querySelector<HTMLElement>('.scroller')?.focus();
  };

  readonly #onOnline = (): void => this.retryNow();

  readonly #onSelection = (): void => {
    const lines = selectedLines(this.renderRoot as ShadowRoot);
    this.#selected = lines;
    this.#view?.rows.pin(lines === undefined ? [] : [lines.first, lines.last]);
    if (lines !== undefined) this.#view?.leave();
  };

  readonly #onCopy = (event: ClipboardEvent): void => {
    const lines = this.#selected;
    if (lines === undefined || lines.first === lines.last) return; // The browser can do that.
    event.preventDefault();
    const text = selectionText(this.#store, lines);
    if (text !== undefined) {
      event.clipboardData?.setData('text/plain', text);
      return;
    }
    void copyFromServer(this.#log, lines).then((result: CopyResult) =>
      this.#tell('tailrace-copy', result),
    );
  };

  readonly #onClick = (event: MouseEvent): void => {
    const target = event.target as Element;
    const n = positionOf(target);
    if (n === undefined || event.ctrlKey || event.metaKey) return;
    if (target.closest('.number')) {
      event.preventDefault();
      this.#tell('tailrace-line-click', { n, extend: event.shiftKey });
    } else if (target.closest('.source')) {
      this.#tell('tailrace-source-click', { source: this.#store.peek(n)?.source ?? '' });
    } else if (target.closest('.json')) {
      this.#reading?.togglePretty(n);
    } else if (target.closest('.fold, .heading .text') && !target.closest('a, .more')) {
      if (!target.closest('.fold') && this.#selected !== undefined) return;
      this.#toggleFold(n);
    }
  };

  #toggleFold(line: number): void {
    if (this.#reading === undefined) return;
    const head = this.#reading.folding.toggle(line);
    // What was closed around the reader is not gone: its heading is there.
    if (head >= 0 && head !== line) this.#showHeading(head);
    this.#tell('tailrace-groups', {});
  }

  #showHeading(head: number): void {
    this.#view?.goTo(head);
    this.#focused = head;
  }

  #focusHeading(): void {
    if (this.#focused === undefined) return;
    const row = this.#view?.rows.elementOf(this.#focused);
    const fold = row?.querySelector<HTMLElement>('.fold');
    if (!fold) return;
    this.#focused = undefined;
    fold.focus({ preventScroll: true });
  }

  /** The line that keys are about: the marked one, else the one that the view is held by. */
  get #current(): number {
    return this.#marked?.first ?? this.#view?.viewport.anchor.position ?? 0;
  }

  #toNeighbour(step: 1 | -1): void {
    if (this.#view === undefined || this.#reading === undefined) return;
    let group = this.#reading.outline.neighbour(this.#view.viewport.anchor.position, step);
    while (group !== undefined && !this.#view.lines.has(group.head))
      group = this.#reading.outline.neighbour(group.head, step);
    if (group !== undefined) this.#showHeading(group.head);
  }

  readonly #onKey = (event: KeyboardEvent): void => {
    if (event.key === ' ' && (event.target as Element).closest('button')) return;
    this.handleKey(event);
  };

  #keyAction(key: string, shift: boolean): (() => void) | undefined {
    switch (key) {
      case 'Home':
        return () => this.toStart();
      case 'End':
      case 'G':
        return () => this.#view?.follow();
      case 'PageUp':
        return () => this.page(-1);
      case 'PageDown':
        return () => this.page(1);
      case ' ':
        return () => this.page(shift ? -1 : 1);
      case 'z':
        return () => this.#toggleFold(this.#current);
      case 'Z':
        return () => this.foldAll(!this.groups.anyClosed);
      case '[':
        return () => this.#toNeighbour(-1);
      case ']':
        return () => this.#toNeighbour(1);
      case 'P':
        return () => this.#reading?.togglePretty(this.#current);
      case 'k':
        return () => this.#view?.scrollBy(-this.#view.viewport.heights.estimate);
      case 'j':
        return () => this.#view?.scrollBy(this.#view.viewport.heights.estimate);
    }
    return undefined;
  }
}

if (customElements.get('tailrace-log') === undefined) {
  customElements.define('tailrace-log', TailraceLog);
}
