// The live list of logs. There is nothing to resume: who reconnects reads the list again.

import type { ApiError, LogInfo } from './api.js';
import type { Channel, ChannelListener } from './channel.js';
import { Connection } from './connection.js';
import type { Clock } from './connection.js';

export interface ListListener {
  /** Whatever comes from now on is told. What was before has to be asked for, now. */
  opened(): void;
  /** A log was created or has ended. */
  changed(log: LogInfo): void;
  deleted(log: LogInfo): void;
  /** Nothing is told until the next opened(), at this time at the earliest. */
  interrupted(at: number, problem: string): void;
  /** The reader has to log in (401) or may not read the list (403). Nothing more comes. */
  refused(error: ApiError): void;
}

export interface ListSurroundings extends Clock {
  /** Fails with ApiError if the list can't be read. */
  ask(): Promise<void>;
  open(listener: ChannelListener): Channel;
}

export class ListSession {
  readonly #connection: Connection;

  constructor(
    private readonly listener: ListListener,
    around: ListSurroundings,
  ) {
    this.#connection = new Connection(
      {
        open: (channel) => around.open(channel),
        ask: () => around.ask(),
        opened: () => {
          this.#connection.works();
          this.listener.opened();
        },
        event: (type, data) => this.#event(type, data),
        waiting: (at, problem) => this.listener.interrupted(at, problem),
        refused: (error) => this.listener.refused(error),
      },
      around,
    );
  }

  start(): void {
    this.#connection.open();
  }

  stop(): void {
    this.#connection.stop();
  }

  retryNow(): void {
    this.#connection.retryNow();
  }

  #event(type: string, data: string): void {
    switch (type) {
      case 'created':
      case 'ended':
        this.listener.changed(JSON.parse(data) as LogInfo);
        break;
      case 'deleted':
        this.listener.deleted(JSON.parse(data) as LogInfo);
        break;
      case 'expired':
        this.#connection.expired();
        break;
    }
  }
}
