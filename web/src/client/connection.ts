// A channel that is kept open: opened again after it broke, later each time, and after it has been
// silent for too long. Reconnecting is done here and not left to the browser: a page can then say
// when it will happen, and no status but 200 ends it for good.

import { ApiError } from './api.js';
import type { Channel, ChannelListener } from './channel.js';

/** Time and chance; tests replace them. */
export interface Clock {
  setTimer(action: () => void, ms: number): unknown;
  clearTimer(timer: unknown): void;
  now(): number;
  random(): number;
}

export const systemClock: Clock = {
  setTimer: (action, ms) => setTimeout(action, ms),
  clearTimer: (timer) => clearTimeout(timer as number),
  now: () => Date.now(),
  random: () => Math.random(),
};

export interface ConnectionListener {
  /** Opens the channel where the reader stands. */
  open(listener: ChannelListener): Channel;
  /** A plain question to the server, because a channel does not say why it broke. */
  ask(): Promise<void>;
  opened(): void;
  event(type: string, data: string, id: string): void;
  /** It broke, and will be tried again at this time of the clock. */
  waiting(at: number, problem: string): void;
  /** The server will not have it (401, 403). Nothing more is tried. */
  refused(error: ApiError): void;
}

/** A server sends a ping every 15 s (± 10 %); after two that did not come the line is dead. */
export const SILENCE_MS = 35_000;
/** As the server's own retry: many readers must not come back at the same moment. */
const FIRST_RETRY_MS = 2_000;
const LAST_RETRY_MS = 30_000;

export class Connection {
  #channel: Channel | undefined;
  #heard = 0;
  #watch: unknown;
  #retry: unknown;
  #retryMs = FIRST_RETRY_MS;
  #retryAction: (() => void) | undefined;
  #stopped = false;

  constructor(
    private readonly listener: ConnectionListener,
    private readonly clock: Clock,
  ) {}

  get isOpen(): boolean {
    return this.#channel !== undefined;
  }
  get stopped(): boolean {
    return this.#stopped;
  }

  open(): void {
    this.#heard = this.clock.now();
    this.#watchSilence();
    const heard = () => (this.#heard = this.clock.now());
    this.#channel = this.listener.open({
      opened: () => {
        heard();
        this.listener.opened();
      },
      event: (type, data, id) => {
        heard();
        this.listener.event(type, data, id);
      },
      failed: (problem) => this.#interrupted(problem),
    });
  }

  /** Something came that shows that it works: the next retry is a first one. */
  works(): void {
    this.#retryMs = FIRST_RETRY_MS;
  }

  /** Until the next open(). */
  close(): void {
    this.#channel?.close();
    this.#channel = undefined;
    if (this.#watch !== undefined) this.clock.clearTimer(this.#watch);
    this.#watch = undefined;
  }

  /** The server says that the permission has run out: asks whether it has. */
  expired(): void {
    this.close();
    void this.#reopen();
  }

  /** For good. */
  stop(): void {
    this.#stopped = true;
    this.close();
    this.#cancelRetry();
  }

  /** Does now what waits for its time: the reader asked, or the network is back. */
  retryNow(): void {
    this.#retryAction?.();
  }

  /** Does `action` later; each time in a row later than before. */
  later(problem: string, action: () => void, atLeastMs = 0): void {
    const wait = Math.max(atLeastMs, this.#retryMs * (1 + this.clock.random()));
    this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS / 2);
    this.#retryAction = () => {
      this.#cancelRetry();
      if (!this.#stopped) action();
    };
    this.#retry = this.clock.setTimer(this.#retryAction, wait);
    this.listener.waiting(this.clock.now() + wait, problem);
  }

  #interrupted(problem: string, atLeastMs = 0): void {
    this.close();
    this.later(problem, () => void this.#reopen(), atLeastMs);
  }

  async #reopen(): Promise<void> {
    try {
      await this.listener.ask();
    } catch (error) {
      if (this.#stopped) return;
      if (!(error instanceof ApiError)) throw error;
      if (error.status === 401 || error.status === 403) this.listener.refused(error);
      else this.#interrupted(error.message, error.retryAfterS * 1000);
      return;
    }
    if (!this.#stopped) this.open();
  }

  #cancelRetry(): void {
    if (this.#retry !== undefined) this.clock.clearTimer(this.#retry);
    this.#retry = undefined;
    this.#retryAction = undefined;
  }

  /** A connection that died without a word is opened again: TCP alone would take many minutes. */
  #watchSilence(): void {
    this.#watch = this.clock.setTimer(() => {
      if (this.clock.now() - this.#heard >= SILENCE_MS)
        this.#interrupted('The server has been silent for too long.');
      else this.#watchSilence();
    }, SILENCE_MS / 7);
  }
}
