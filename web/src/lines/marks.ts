// Marks of what was found, beside the scroll bar: one canvas, as high as the view. Who presses on
// it goes to the match that is nearest.

import type { Finder } from './finder.js';

const BIN_PX = 2;
/** A press this far from a mark is meant for it. */
const NEAR_PX = 8;
/** They are drawn anew so often at most. */
const REDRAW_MS = 200;

export class Marks {
  #timer = 0;
  #sums: Float64Array = new Float64Array();
  #edges: readonly number[] = [];
  #drawn = '';

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly scroller: HTMLElement,
    private readonly finder: Finder,
  ) {
    canvas.addEventListener('click', this.#onClick);
  }

  stop(): void {
    window.clearTimeout(this.#timer);
    this.canvas.removeEventListener('click', this.#onClick);
    this.canvas.hidden = true;
  }

  schedule(): void {
    if (this.canvas.hidden && !this.finder.hasMarks) return;
    if (this.#timer !== 0) return;
    this.#timer = window.setTimeout(() => {
      this.#timer = 0;
      this.#draw();
    }, REDRAW_MS);
  }

  #draw(): void {
    const { canvas, scroller, finder } = this;
    canvas.hidden = !finder.hasMarks;
    if (canvas.hidden) return;
    const height = scroller.clientHeight;
    const bins = Math.max(1, Math.floor(height / BIN_PX));
    this.#edges = finder.edges(bins);
    this.#sums = finder.marks(this.#edges);
    const { color } = getComputedStyle(canvas);
    const key = `${height} ${color} ${this.#sums.join()}`;
    if (key === this.#drawn) return;
    this.#drawn = key;
    canvas.style.right = `${scroller.offsetWidth - scroller.clientWidth}px`;
    const scale = window.devicePixelRatio;
    canvas.width = canvas.clientWidth * scale;
    canvas.height = height * scale;
    const context = canvas.getContext('2d');
    if (context === null) return;
    context.scale(scale, scale);
    context.fillStyle = color;
    const most = Math.max(...this.#sums);
    this.#sums.forEach((sum, bin) => {
      if (sum === 0) return;
      // Few are to be seen as well as many.
      context.globalAlpha = 0.55 + 0.45 * (sum / most);
      context.fillRect(0, bin * BIN_PX, canvas.clientWidth, BIN_PX);
    });
  }

  readonly #onClick = (event: MouseEvent): void => {
    const at = Math.floor(event.offsetY / BIN_PX);
    for (let off = 0; off <= NEAR_PX / BIN_PX; off++) {
      for (const bin of [at - off, at + off]) {
        if ((this.#sums[bin] ?? 0) === 0) continue;
        void this.finder.goNear(this.#edges[bin] ?? 0);
        return;
      }
    }
  };
}
