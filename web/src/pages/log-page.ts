// <tailrace-log-page>: one log with what stands around it: name, state, verdict and switches.

import { LitElement, css, html, nothing } from 'lit';
import type { LogName } from '../client/api.js';
import { TailraceClient } from '../client/client.js';
import { formatDuration, formatElapsed, formatLines, parseTime } from '../format.js';
import '../lines/log-element.js';
import type { TailraceLog } from '../lines/log-element.js';
import { base, goToLogin } from './base.js';
import { homeLink } from './mark.js';
import { lineHash, parseLineHash } from './route.js';
import { readSetting, writeSetting } from './settings.js';
import { exitText, outcomeStatus, sessionStatus, statusBadge } from './status.js';
import { frameStyles } from './styles.js';

const client = new TailraceClient(base);

export class LogPage extends LitElement {
  static override styles = [
    frameStyles,
    css`
      :host {
        display: flex;
        flex-direction: column;
        height: 100vh;
        height: 100dvh;
      }
      main {
        display: flex;
        flex: 1;
        flex-direction: column;
        min-height: 0;
      }
      tailrace-log {
        flex: 1;
      }
      .name {
        display: flex;
        flex: 1;
        flex-wrap: wrap;
        align-items: baseline;
        gap: 0 10px;
        min-width: 0;
      }
      h1,
      .name .mono {
        max-width: 100%;
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .facts {
        display: flex;
        align-items: center;
        gap: 6px 12px;
        font-size: 12.5px;
        white-space: nowrap;
      }
      .tools {
        display: flex;
        gap: 6px;
      }
      .banner {
        margin: 0;
        padding: 6px 16px;
        border-bottom: 1px solid var(--line);
        background: var(--warn-ground);
        color: var(--warn);
        font-size: 13px;
      }
      .verdict {
        display: flex;
        flex-wrap: wrap;
        align-items: baseline;
        gap: 4px 12px;
        margin: 12px 0 0;
        padding: 9px 16px 9px var(--text-left);
        border-left: 3px solid currentColor;
        background: var(--off-ground);
        color: var(--soft);
        font: 13px/20px var(--sans);
      }
      .verdict.good {
        background: var(--good-ground);
        color: var(--good);
      }
      .verdict.bad {
        background: var(--bad-ground);
        color: var(--bad);
      }
      .verdict.warn {
        background: var(--warn-ground);
        color: var(--warn);
      }
      .verdict span {
        color: var(--text);
      }
      .verdict .reason {
        flex-basis: 100%;
        white-space: pre-wrap;
        overflow-wrap: anywhere;
      }
      @media (max-width: 640px) {
        .bar {
          flex-wrap: wrap;
          padding: 6px 12px;
        }
        .home {
          font-size: 0;
          gap: 0;
        }
        .name {
          flex-basis: calc(100% - 60px);
        }
        .facts {
          flex: 1;
        }
        .tools {
          gap: 2px;
        }
        .tools .button {
          padding: 4px 8px;
        }
      }
    `,
  ];
  static override properties = {
    name: { attribute: false },
    banner: { state: true },
    wrap: { state: true },
    times: { state: true },
    now: { state: true },
  };

  declare name: LogName;
  /** What the reader did and should know of. */
  declare private banner: string;
  declare private wrap: boolean;
  declare private times: boolean;
  declare private now: number;

  #clock = 0;

  constructor() {
    super();
    this.banner = '';
    this.wrap = readSetting('wrap', true);
    this.times = readSetting('times', false);
    this.now = Date.now();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#clock = window.setInterval(() => (this.now = Date.now()), 1000);
    window.addEventListener('hashchange', this.#goToHash);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.clearInterval(this.#clock);
    window.removeEventListener('hashchange', this.#goToHash);
  }

  protected override firstUpdated(): void {
    this.#goToHash();
    this.requestUpdate(); // The log's element exists from now on.
  }

  protected override updated(): void {
    const name = this.#log?.info?.title || `${this.name.type}/${this.name.id}`;
    document.title = `${this.#status.label} · ${name} · Tailrace`;
  }

  protected override render() {
    const { type, id } = this.name;
    const title = this.#log?.info?.title;
    const outcome = this.#log?.outcome;
    return html`
      <header class="bar">
        ${homeLink('Tailrace')}
        <div class="name">
          <h1 class=${title ? '' : 'mono'}>${title || `${type}/${id}`}</h1>
          ${title ? html`<span class="mono soft">${type}/${id}</span>` : nothing}
        </div>
        <div class="facts numeric">
          <span role="status">${statusBadge(this.#status)}</span>
          ${outcome?.exit_code ? html`<span class="soft">${exitText(outcome)}</span>` : nothing}
          <span class="soft">${this.#duration()}</span>
          ${this.#lines > 0 ? html`<span class="soft">${formatLines(this.#lines)}</span>` : nothing}
        </div>
        <div class="tools">
          ${this.#toggle('Wrap', this.wrap, this.#toggleWrap)}
          ${this.#toggle('Times', this.times, this.#toggleTimes)}
          <a class="button" href=${client.log(this.name).rawUrl()} title="The log as plain text"
            >Raw</a
          >
        </div>
      </header>
      <main>
        ${this.#renderBanner()}
        <tailrace-log
          src=${client.log(this.name).url}
          .wrap=${this.wrap}
          .times=${this.times}
          @tailrace-state=${this.#stateChanged}
          @tailrace-info=${this.#changed}
          @tailrace-end=${this.#changed}
          @tailrace-position=${this.#changed}
          @tailrace-line-click=${this.#lineClicked}
        >
          ${this.#renderBelow()}
        </tailrace-log>
      </main>
    `;
  }

  get #log(): TailraceLog | null {
    return this.renderRoot.querySelector('tailrace-log');
  }

  get #lines(): number {
    return this.#log?.position ?? 0;
  }

  get #status() {
    const log = this.#log;
    if (log?.outcome) return outcomeStatus(log.outcome.outcome);
    return sessionStatus(log?.session ?? { kind: 'connecting' }, this.now);
  }

  #renderBanner() {
    const session = this.#log?.session;
    const text = this.#bannerText();
    if (text === '') return nothing;
    return html`<p class="banner" role="alert">
      ${text}
      ${
        session?.kind === 'reconnecting'
          ? html`<button class="button" type="button" @click=${this.#retry}>Try now</button>`
          : nothing
      }
      ${
        session?.kind === 'login'
          ? html`<button class="button" type="button" @click=${goToLogin}>Log in</button>`
          : nothing
      }
    </p>`;
  }

  #bannerText(): string {
    const session = this.#log?.session;
    switch (session?.kind) {
      case 'deleted':
        return 'This log was deleted. What was loaded stays here until you leave.';
      case 'login':
        return 'Your permission to read this log has run out. Log in again to see more.';
      case 'reconnecting':
      case 'failed':
        return session.problem;
    }
    return this.banner || (this.#log?.notice ?? '');
  }

  /** What stands below the last line: the verdict, or why there is no line. */
  #renderBelow() {
    const outcome = this.#log?.outcome;
    if (outcome) {
      const { tone, label } = this.#status;
      const exit = exitText(outcome);
      const facts = [exit, this.#duration()].filter((fact) => fact !== '');
      const reason = outcome.reason === exit ? '' : outcome.reason;
      return html`<section class="verdict ${tone} numeric" aria-label="Outcome">
        <strong>${label}</strong>
        ${facts.map((fact) => html`<span>${fact}</span>`)}
        ${reason ? html`<span class="reason">${reason}</span>` : nothing}
      </section>`;
    }
    if (this.#lines > 0) return nothing;
    const kind = this.#log?.session.kind;
    if (kind === 'waiting') {
      return html`<div class="message">
        <strong>Waiting for this log to begin</strong>
        It will appear here with its first line.
      </div>`;
    }
    if (kind === 'live') {
      return html`<div class="message">
        <strong>No lines yet</strong>
        The log has begun and is still silent.
      </div>`;
    }
    return nothing;
  }

  #toggle(label: string, on: boolean, action: () => void) {
    const pressed = on ? 'true' : 'false';
    return html`<button class="button" type="button" aria-pressed=${pressed} @click=${action}>
      ${label}
    </button>`;
  }

  #duration(): string {
    const info = this.#log?.info;
    if (!info) return '';
    const begin = parseTime(info.created);
    if (info.ended) return formatDuration(parseTime(info.ended) - begin);
    return this.#log?.outcome ? '' : formatElapsed(this.now - begin);
  }

  readonly #changed = (): void => this.requestUpdate();

  readonly #stateChanged = (): void => {
    const log = this.#log;
    // Whoever comes without a login sees nothing here that would be lost by going away.
    if (log?.state === 'login' && log.position === 0) goToLogin();
    this.requestUpdate();
  };

  readonly #retry = (): void => this.#log?.retryNow();

  readonly #goToHash = (): void => {
    const lines = parseLineHash(location.hash);
    if (lines !== undefined) this.#log?.goTo(lines.first, lines.last);
  };

  readonly #lineClicked = (event: CustomEvent<{ n: number; extend: boolean }>): void => {
    const { n, extend } = event.detail;
    const other = extend ? (parseLineHash(location.hash)?.first ?? n) : n;
    const lines = { first: Math.min(n, other), last: Math.max(n, other) };
    history.replaceState(null, '', lineHash(lines));
    this.#log?.mark(lines);
  };

  readonly #toggleWrap = (): void => {
    this.wrap = !this.wrap;
    writeSetting('wrap', this.wrap);
  };

  readonly #toggleTimes = (): void => {
    this.times = !this.times;
    writeSetting('times', this.times);
  };
}

customElements.define('tailrace-log-page', LogPage);
