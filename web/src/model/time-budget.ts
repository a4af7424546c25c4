// Keeps the page's thread free for input and drawing: what comes faster than the page can take it
// in is taken in for a few milliseconds of each frame. Knows no DOM and no clock of its own.

/** So long a frame's worth of time may be spent at most, ms. */
export const BUDGET_MS = 8;
/** The time between two frames, ms: who has to wait for the next budget waits so long. */
export const FRAME_MS = 16;

export class TimeBudget {
  #begin = -Infinity;
  #spentMs = 0;

  constructor(
    /** Milliseconds, of a clock that is never set. */
    private readonly now: () => number,
    private readonly budgetMs = BUDGET_MS,
    private readonly frameMs = FRAME_MS,
  ) {}

  /**
   * Takes steps until there is none, or the frame's budget is spent. Says whether all were taken.
   * Whatever the clock does, each call takes one step, if there is one: work always goes on.
   */
  run(step: () => boolean): boolean {
    let at = this.now();
    if (at - this.#begin >= this.frameMs) {
      this.#begin = at;
      this.#spentMs = 0;
    }
    for (;;) {
      if (!step()) return true;
      const now = this.now();
      this.#spentMs += Math.max(0, now - at);
      at = now;
      if (this.#spentMs >= this.budgetMs) return false;
    }
  }
}
