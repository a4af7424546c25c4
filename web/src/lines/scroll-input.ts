// Tells what the reader does with a scrolled element from what we do with it, and when it rests.

/** No scrolling for so long: the reader rests. */
const REST_MS = 150;
/** A scroll event so soon after wheel, touch or key is theirs, and their pixels are pixels. */
const STEP_MS = 600;

export interface ScrollListener {
  /** The content was scrolled; `stepping`: not by the scroll bar. */
  scrolled(before: number, now: number, stepping: boolean): void;
  /**
   * The reader wants to go up. A busy log pins the scroller to its end in every frame, before the
   * browser has told of the scrolling: what the reader does counts, not only where the content is.
   */
  up(): void;
  rested(): void;
}

export class ScrollInput {
  /** Where the content is, as far as we were told. */
  #top = 0;
  #stepped = -Infinity;
  #held = false;
  #timer = 0;
  #touchY = 0;
  readonly #abort = new AbortController();

  constructor(
    private readonly scroller: HTMLElement,
    private readonly listener: ScrollListener,
  ) {
    const { signal } = this.#abort;
    const passive = { passive: true, signal };
    scroller.addEventListener('scroll', () => this.#onScroll(), passive);
    scroller.addEventListener('wheel', (event) => this.#onWheel(event), passive);
    scroller.addEventListener('touchstart', (event) => this.#onTouch(event, true), passive);
    scroller.addEventListener('touchmove', (event) => this.#onTouch(event, false), passive);
    scroller.addEventListener('touchend', () => this.#release(), passive);
    scroller.addEventListener('touchcancel', () => this.#release(), passive);
    scroller.addEventListener('keydown', (event) => this.#onKey(event), { signal });
    scroller.addEventListener('pointerdown', () => (this.#held = true), passive);
    for (const type of ['pointerup', 'pointercancel', 'blur']) {
      window.addEventListener(type, () => this.#release(), passive);
    }
    // A press on the scroll bar may end without a word; the pointer's next way tells.
    window.addEventListener(
      'pointermove',
      (event) => {
        if (this.#held && event.buttons === 0) this.#release();
      },
      passive,
    );
  }

  stop(): void {
    this.#abort.abort();
    window.clearTimeout(this.#timer);
  }

  get top(): number {
    return this.#top;
  }

  /** Scrolls without telling the listener. */
  set(top: number): void {
    if (Math.abs(top - this.#top) < 0.01 && this.scroller.scrollTop === this.#top) return;
    this.scroller.scrollTop = top;
    this.#top = this.scroller.scrollTop; // Browsers round.
  }

  /** What was scrolled until now is no longer of interest. */
  quiet(): void {
    this.#top = this.scroller.scrollTop;
    this.#stepped = -Infinity;
  }

  #onScroll(): void {
    const now = this.scroller.scrollTop;
    if (now === this.#top) return;
    const before = this.#top;
    this.#top = now;
    this.listener.scrolled(before, now, performance.now() - this.#stepped < STEP_MS);
    this.#restLater();
  }

  #restLater(): void {
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => {
      if (!this.#held) this.listener.rested();
    }, REST_MS);
  }

  #release(): void {
    if (!this.#held) return;
    this.#held = false;
    this.#restLater();
  }

  #step(): void {
    this.#stepped = performance.now();
  }

  #onWheel(event: WheelEvent): void {
    this.#step();
    if (event.deltaY < 0) this.listener.up();
  }

  #onTouch(event: TouchEvent, begins: boolean): void {
    this.#step();
    this.#held = true;
    const y = event.touches[0]?.clientY ?? 0;
    if (begins) this.#touchY = y;
    else if (y > this.#touchY + 3) this.listener.up();
  }

  #onKey(event: KeyboardEvent): void {
    if (event.key === 'ArrowUp') this.listener.up();
    if (event.key.startsWith('Arrow')) this.#step();
  }
}
