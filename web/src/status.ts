// How states and outcomes are named and coloured; the same words on both pages.

import { html } from 'lit';
import type { TemplateResult } from 'lit';
import type { LogInfo, OutcomeKind } from './api.js';
import type { Connection, Outcome } from './session.js';

export interface Status {
  /** A class of styles.ts. */
  tone: 'run' | 'good' | 'bad' | 'warn' | 'off';
  label: string;
}

const OUTCOMES: Record<OutcomeKind, Status> = {
  succeeded: { tone: 'good', label: 'Succeeded' },
  failed: { tone: 'bad', label: 'Failed' },
  cancelled: { tone: 'off', label: 'Cancelled' },
  lost: { tone: 'warn', label: 'Lost' },
};

const CONNECTIONS: Record<Connection, Status> = {
  connecting: { tone: 'off', label: 'Connecting' },
  waiting: { tone: 'off', label: 'Waiting for the log to begin' },
  live: { tone: 'run', label: 'Live' },
  reconnecting: { tone: 'warn', label: 'Reconnecting' },
  ended: { tone: 'off', label: 'Ended' },
  deleted: { tone: 'warn', label: 'Deleted' },
  expired: { tone: 'warn', label: 'Signed out' },
  failed: { tone: 'bad', label: 'Cannot be shown' },
};

export function outcomeStatus(outcome: OutcomeKind): Status {
  return OUTCOMES[outcome] ?? { tone: 'off', label: outcome };
}

export function connectionStatus(connection: Connection): Status {
  return CONNECTIONS[connection];
}

export function infoStatus(info: LogInfo): Status {
  if (info.state === 'open') return { tone: 'run', label: 'Running' };
  return info.outcome ? outcomeStatus(info.outcome) : CONNECTIONS.ended;
}

/** "exit code 2", or "" if the job had none. */
export function exitText(outcome: Pick<Outcome, 'exit_code'>): string {
  return typeof outcome.exit_code === 'number' ? `exit code ${outcome.exit_code}` : '';
}

export function statusBadge(status: Status): TemplateResult {
  return html`<span class="status ${status.tone}">${status.label}</span>`;
}
