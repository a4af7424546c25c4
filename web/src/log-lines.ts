// <tailrace-lines>: the scrolled lines of one log. Holds a window of the log in the document, loads
// older and newer pages as the reader scrolls, and follows the end until the reader scrolls up.

import { LitElement, html, nothing } from 'lit';
import { ansiStyles } from './ansi-styles.js';
import type { Entry, EntryPage, PageQuery } from './api.js';
import { formatLines } from './format.js';
import { cutIntoBlocks, LineWindow, MAX_ROWS } from './line-window.js';
import { lostNotice, makeNotice, makeRow, missingNotice } from './row.js';
import { PAGE_ENTRIES } from './session.js';
import { lineStyles } from './styles.js';

/** This near to the edge of what is loaded, more is loaded. */
const LOAD_MARGIN_PX = 1500;
/** Scrolled down so far counts as at the end. */
const AT_END_PX = 4;

export class LogLines extends LitElement {
  static override styles = [lineStyles, ansiStyles];
  static override properties = {
    wrap: { type: Boolean, reflect: true },
    times: { type: Boolean, reflect: true },
    following: { state: true },
    head: { state: true },
    edge: { state: true },
  };

  declare wrap: boolean;
  declare times: boolean;
  /** Fetches a page of the log; set by whoever owns this element. */
  load: (query: PageQuery) => Promise<EntryPage> = () => Promise.reject(new Error('no source'));

  declare private following: boolean;
  /** As in #window, here to draw by. */
  declare private head: number;
  /** What stands above the first line. */
  declare private edge: '' | 'older' | 'loading' | 'cut' | 'error';

  readonly #window = new LineWindow();
  /** One element per block of #window, in order. */
  readonly #elements: HTMLElement[] = [];
  #pending: Entry[] = [];
  /** Entries before #pending were thrown away unseen. */
  #skipped = false;
  #frame = 0;
  /** The fetch under way, or 0. An answer to any other is thrown away. */
  #loading = 0;
  #fetches = 0;
  #headWhenLeft = 0;
  #lastTop = 0;
  #touchY = 0;
  readonly #causes = new Map<number, string>();
  #resized: ResizeObserver | undefined;

  constructor() {
    super();
    this.wrap = true;
    this.times = false;
    this.following = true;
    this.head = 0;
    this.edge = '';
  }

  /** Shows `page` instead of whatever was there. */
  show(page: EntryPage, follow: boolean): void {
    this.#replace(page.entries[0]?.n ?? page.position);
    this.#learn(page);
    this.#addBelow(page.entries);
    this.#window.head = Math.max(page.position, this.#window.end);
    this.#drawn();
    if (follow) this.#follow();
    else this.#leave();
  }

  /** Entries behind all that were appended or shown; the same ones again do no harm. */
  add(entries: readonly Entry[]): void {
    this.#pending.push(...entries);
    if (this.#pending.length > 2 * MAX_ROWS) {
      // A hidden tab draws nothing; what would not stay in the document anyway is not kept for it.
      this.#pending = this.#pending.slice(-MAX_ROWS);
      this.#skipped = true;
    }
    if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#flush());
  }

  /** Names the cause of a gap that begins at `from`, before the entry behind it is appended. */
  explainGap(from: number, cause: string): void {
    this.#causes.set(from, cause);
  }

  /** Forgets everything: position 0 of another log comes next. */
  clear(): void {
    this.#pending = [];
    this.#replace(0);
    this.#window.oldest = 0;
    this.#drawn();
    this.#follow();
  }

  /** Brings the line into view and marks it. */
  async goTo(position: number): Promise<void> {
    if (position < this.#window.first || position >= this.#window.end) {
      const from = Math.max(0, position - PAGE_ENTRIES / 2);
      await this.#fetch({ from, limit: PAGE_ENTRIES }, (page) => this.show(page, false));
    }
    this.#leave();
    this.renderRoot.querySelector('.target')?.classList.remove('target');
    const row = this.renderRoot.querySelector(`[data-line="${position + 1}"]`);
    row?.classList.add('target');
    row?.scrollIntoView({ block: 'center' });
  }

  protected override firstUpdated(): void {
    this.#resized = new ResizeObserver(() => {
      if (this.following) this.#pin();
    });
    this.#resized.observe(this.#scroller);
    // The verdict comes in here, after the last line.
    this.#resized.observe(this.renderRoot.querySelector('.below') as HTMLElement);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resized?.disconnect();
    cancelAnimationFrame(this.#frame);
  }

  protected override updated(changed: Map<PropertyKey, unknown>): void {
    if ((changed.has('wrap') || changed.has('times')) && this.following) this.#pin();
  }

  protected override render() {
    const unseen = this.head - this.#headWhenLeft;
    return html`
      <div
        class="scroller"
        part="scroller"
        role="log"
        aria-live="off"
        aria-label="Lines of the log"
        tabindex="0"
        @scroll=${this.#onScroll}
        @wheel=${{ handleEvent: this.#onWheel, passive: true }}
        @touchstart=${{ handleEvent: this.#onTouchStart, passive: true }}
        @touchmove=${{ handleEvent: this.#onTouchMove, passive: true }}
        @keydown=${this.#onKey}
      >
        <div class="edge">${this.#renderEdge()}</div>
        <div class="rows"></div>
        <div class="below"><slot></slot></div>
      </div>
      <button class="jump" type="button" ?hidden=${this.following} @click=${this.#jumpToEnd}>
        ${unseen > 0 ? `${formatLines(unseen).replace('line', 'new line')} ↓` : 'To the end ↓'}
      </button>
    `;
  }

  #renderEdge() {
    switch (this.edge) {
      case 'older':
        return html`<button class="more" type="button" @click=${this.#loadOlder}>
          Older lines
        </button>`;
      case 'error':
        return html`Older lines could not be loaded.
          <button class="more" type="button" @click=${this.#loadOlder}>Try again</button>`;
      case 'loading':
        return 'Loading …';
      case 'cut':
        return missingNotice(0, this.#window.oldest);
      default:
        return nothing;
    }
  }

  get #scroller(): HTMLElement {
    return this.renderRoot.querySelector('.scroller') as HTMLElement;
  }
  get #rows(): HTMLElement {
    return this.renderRoot.querySelector('.rows') as HTMLElement;
  }
  get #distance(): number {
    const scroller = this.#scroller;
    return scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;
  }

  #flush(): void {
    this.#frame = 0;
    const lines = this.#window;
    let entries = this.#pending.filter((entry) => entry.n >= lines.end);
    this.#pending = [];
    const last = entries.at(-1);
    if (last !== undefined) {
      const wasAtHead = lines.atHead && !this.#skipped;
      if (this.following) {
        if (entries.length > MAX_ROWS) entries = entries.slice(-MAX_ROWS);
        if (this.#skipped || (entries[0]?.n ?? 0) > lines.end + MAX_ROWS)
          this.#replace(entries[0]?.n ?? 0);
        this.#addBelow(entries);
        this.#takeFromFront(lines.surplusAtFront());
      } else if (wasAtHead && lines.size < MAX_ROWS) {
        this.#addBelow(entries.slice(0, MAX_ROWS - lines.size));
      }
      lines.head = Math.max(lines.head, last.n + 1);
    }
    this.#skipped = false;
    this.#drawn();
    if (this.following) this.#pin();
  }

  #replace(position: number): void {
    this.#loading = 0;
    this.#takeFromFront(this.#elements.length);
    this.#window.clear(position);
  }

  #learn(page: EntryPage): void {
    this.#window.oldest = page.first;
    this.#window.head = Math.max(this.#window.head, page.position);
  }

  /** Below what is there. A jump in the positions is told by a notice. */
  #addBelow(entries: readonly Entry[]): void {
    const lines = this.#window;
    const fresh = entries.filter((entry) => entry.n >= lines.end);
    let expected = lines.end;
    for (const block of cutIntoBlocks(fresh)) {
      const first = expected;
      const element = this.#makeBlock(block, expected);
      expected = (block.at(-1)?.n ?? expected) + 1;
      lines.blocks.push({ first, end: expected });
      this.#elements.push(element);
      this.#rows.append(element);
    }
  }

  /** Above what is there, without moving what the reader sees. */
  #addAbove(entries: readonly Entry[], from: number): void {
    const lines = this.#window;
    const scroller = this.#scroller;
    const fromEnd = scroller.scrollHeight - scroller.scrollTop;
    let expected = from;
    const blocks = cutIntoBlocks(entries.filter((entry) => entry.n < lines.first)).map((block) => {
      const first = expected;
      const element = this.#makeBlock(block, expected);
      expected = (block.at(-1)?.n ?? expected) + 1;
      return { numbers: { first, end: expected }, element };
    });
    const last = blocks.at(-1);
    if (last !== undefined && expected < lines.first) {
      last.element.append(makeNotice(missingNotice(expected, lines.first)));
      last.numbers.end = lines.first;
    }
    lines.blocks.unshift(...blocks.map((block) => block.numbers));
    this.#elements.unshift(...blocks.map((block) => block.element));
    this.#rows.prepend(...blocks.map((block) => block.element));
    scroller.scrollTop = scroller.scrollHeight - fromEnd;
  }

  #makeBlock(entries: readonly Entry[], from: number): HTMLElement {
    const element = document.createElement('div');
    let expected = from;
    for (const entry of entries) {
      if (entry.n > expected) {
        element.append(makeNotice(missingNotice(expected, entry.n, this.#causes.get(expected))));
      }
      if (entry.lost !== undefined) element.append(makeNotice(lostNotice(entry.lost)));
      element.append(makeRow(entry));
      expected = entry.n + 1;
    }
    return element;
  }

  #takeFromFront(count: number): void {
    this.#window.blocks.splice(0, count);
    for (const element of this.#elements.splice(0, count)) element.remove();
  }

  #takeFromBack(count: number): void {
    if (count === 0) return;
    this.#window.blocks.splice(-count, count);
    for (const element of this.#elements.splice(-count, count)) element.remove();
  }

  /** After every change of the window. */
  #drawn(): void {
    const lines = this.#window;
    this.head = lines.head;
    this.style.setProperty('--digits', String(Math.max(3, String(lines.end).length)));
    if (this.#loading !== 0) return;
    this.edge = lines.hasOlder ? 'older' : lines.oldest > 0 ? 'cut' : '';
  }

  /** Runs `use` with the page, unless a later fetch was begun or the content replaced meanwhile. */
  async #fetch(query: PageQuery, use: (page: EntryPage) => void): Promise<boolean> {
    const fetch = ++this.#fetches;
    this.#loading = fetch;
    if ('before' in query) this.edge = 'loading';
    try {
      const page = await this.load(query);
      if (this.#loading !== fetch) return false;
      this.#loading = 0;
      use(page);
      return true;
    } catch {
      if (this.#loading === fetch) this.edge = 'error';
      return false;
    } finally {
      if (this.#loading === fetch) this.#loading = 0;
    }
  }

  readonly #loadOlder = async (): Promise<void> => {
    const before = this.#window.first;
    if (this.#loading !== 0 || !this.#window.hasOlder) return;
    await this.#fetch({ before, limit: PAGE_ENTRIES }, (page) => {
      this.#learn(page);
      const first = page.entries[0]?.n;
      if (first === undefined) this.#window.oldest = before;
      else this.#addAbove(page.entries, first);
      if (!this.following) this.#takeFromBack(this.#window.surplusAtBack());
      this.#drawn();
    });
  };

  async #loadNewer(): Promise<void> {
    if (this.#loading !== 0) return;
    await this.#fetch({ from: this.#window.end, limit: PAGE_ENTRIES }, (page) => {
      this.#learn(page);
      this.#addBelow(page.entries);
      const scroller = this.#scroller;
      const fromEnd = scroller.scrollHeight - scroller.scrollTop;
      this.#takeFromFront(this.#window.surplusAtFront());
      scroller.scrollTop = scroller.scrollHeight - fromEnd;
      this.#lastTop = scroller.scrollTop;
      this.#drawn();
    });
  }

  readonly #jumpToEnd = async (): Promise<void> => {
    while (!this.#window.atHead) {
      const ahead = this.#window.head - this.#window.end;
      const done =
        ahead <= PAGE_ENTRIES
          ? await this.#fetch({ from: this.#window.end, limit: PAGE_ENTRIES }, (page) => {
              this.#learn(page);
              this.#addBelow(page.entries);
            })
          : await this.#fetch({ tail: PAGE_ENTRIES }, (page) => this.show(page, true));
      if (!done) return;
    }
    this.#takeFromFront(this.#window.surplusAtFront());
    this.#follow();
    this.#drawn();
    this.#scroller.focus();
  };

  #follow(): void {
    this.following = true;
    this.#pin();
  }

  #leave(): void {
    if (this.following) this.#headWhenLeft = this.#window.head;
    this.following = false;
    this.#lastTop = this.#scroller.scrollTop;
  }

  #pin(): void {
    const scroller = this.#scroller;
    scroller.scrollTop = scroller.scrollHeight;
    this.#lastTop = scroller.scrollTop;
  }

  #onScroll(): void {
    const top = this.#scroller.scrollTop;
    const distance = this.#distance;
    if (this.following) {
      if (top < this.#lastTop && distance > AT_END_PX) this.#leave();
    } else if (distance <= AT_END_PX && top > this.#lastTop && this.#window.atHead) {
      this.following = true;
    }
    this.#lastTop = top;
    if (this.following) return;
    if (top < LOAD_MARGIN_PX && this.edge === 'older') void this.#loadOlder();
    if (distance < LOAD_MARGIN_PX && !this.#window.atHead) void this.#loadNewer();
  }

  // A busy log pins the scroller to its end in every frame, before the browser has told of the
  // reader's scrolling: what the reader does counts, not only where the scroller is.
  #leaveUpwards(): void {
    const scroller = this.#scroller;
    if (this.following && scroller.scrollHeight > scroller.clientHeight) this.#leave();
  }

  readonly #onWheel = (event: WheelEvent): void => {
    if (event.deltaY < 0) this.#leaveUpwards();
  };

  readonly #onTouchStart = (event: TouchEvent): void => {
    this.#touchY = event.touches[0]?.clientY ?? 0;
  };

  readonly #onTouchMove = (event: TouchEvent): void => {
    if ((event.touches[0]?.clientY ?? 0) > this.#touchY + 3) this.#leaveUpwards();
  };

  #onKey(event: KeyboardEvent): void {
    if (['ArrowUp', 'PageUp', 'Home'].includes(event.key)) this.#leaveUpwards();
    if (event.key === 'End' && !event.shiftKey) {
      event.preventDefault();
      void this.#jumpToEnd();
    }
  }
}

customElements.define('tailrace-lines', LogLines);
