// How states and outcomes are named and coloured; the same words on both pages.

import { html } from 'lit';
import type { TemplateResult } from 'lit';
import type { LogInfo, Outcome, OutcomeKind } from '../client/api.js';
import type { SessionState } from '../client/session.js';

export interface Status {
  /** A class of styles.ts. */
  tone: 'run' | 'good' | 'bad' | 'warn' | 'off';
  label: string;
  /** What changes all the time, behind the label. Not read out, or nothing else would be. */
  detail?: string;
}

const OUTCOMES: Record<OutcomeKind, Status> = {
  succeeded: { tone: 'good', label: 'Succeeded' },
  failed: { tone: 'bad', label: 'Failed' },
  cancelled: { tone: 'off', label: 'Cancelled' },
  lost: { tone: 'warn', label: 'Lost' },
};

export function outcomeStatus(outcome: OutcomeKind): Status {
  return OUTCOMES[outcome] ?? { tone: 'off', label: outcome };
}

/** `now` in ms, for what is about to happen. */
export function sessionStatus(state: SessionState, now: number): Status {
  switch (state.kind) {
    case 'connecting':
      return { tone: 'off', label: 'Connecting' };
    case 'waiting':
      return { tone: 'off', label: 'Waiting for the log to begin' };
    case 'live':
      return { tone: 'run', label: 'Live' };
    case 'catching-up': {
      const percent = Math.floor((100 * state.position) / state.head);
      return { tone: 'warn', label: 'Catching up', detail: `: ${percent} %` };
    }
    case 'reconnecting': {
      const seconds = Math.ceil((state.at - now) / 1000);
      return { tone: 'warn', label: 'Reconnecting', detail: seconds > 0 ? ` in ${seconds} s` : '' };
    }
    case 'ended':
      return { tone: 'off', label: 'Ended' };
    case 'deleted':
      return { tone: 'warn', label: 'Deleted' };
    case 'login':
      return { tone: 'warn', label: 'Signed out' };
    case 'failed':
      return { tone: 'bad', label: 'Cannot be shown' };
  }
}

export function infoStatus(info: LogInfo): Status {
  if (info.state === 'open') return { tone: 'run', label: 'Running' };
  return info.outcome ? outcomeStatus(info.outcome) : { tone: 'off', label: 'Ended' };
}

/** "exit code 2", or "" if the job had none. */
export function exitText(outcome: Pick<Outcome, 'exit_code'>): string {
  return typeof outcome.exit_code === 'number' ? `exit code ${outcome.exit_code}` : '';
}

export function statusBadge(status: Status): TemplateResult {
  return html`<span class="status ${status.tone}"
    >${status.label}<span class="detail" aria-hidden="true">${status.detail}</span></span
  >`;
}
