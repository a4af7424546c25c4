// <tailrace-log>: one log, live. The session brings entries and states, the lines show them.

import { LitElement, css, html, nothing } from 'lit';
import { getEntries, getInfo, rawUrl } from './api.js';
import type { LogInfo, LogName } from './api.js';
import { formatDuration, formatElapsed, formatLines, parseTime } from './format.js';
import { LogLines } from './log-lines.js';
import { homeLink } from './mark.js';
import { parseLineHash } from './route.js';
import { Session } from './session.js';
import type { Connection, Outcome, SessionListener, Surroundings } from './session.js';
import { readSetting, writeSetting } from './settings.js';
import { connectionStatus, exitText, outcomeStatus, statusBadge } from './status.js';
import { frameStyles } from './styles.js';

const browser: Surroundings = {
  getEntries,
  getInfo,
  openEventSource: (url) => new EventSource(url),
  setTimer: (action, ms) => window.setTimeout(action, ms),
  clearTimer: (timer) => window.clearTimeout(timer),
  now: () => Date.now(),
  random: () => Math.random(),
};

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
      tailrace-lines {
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
    log: { attribute: false },
    connection: { state: true },
    problem: { state: true },
    info: { state: true },
    outcome: { state: true },
    lines: { state: true },
    banner: { state: true },
    wrap: { state: true },
    times: { state: true },
    now: { state: true },
  };

  declare log: LogName;
  declare private connection: Connection;
  declare private problem: string;
  declare private info: LogInfo | undefined;
  declare private outcome: Outcome | undefined;
  /** How many there are, also those not loaded. */
  declare private lines: number;
  declare private banner: string;
  declare private wrap: boolean;
  declare private times: boolean;
  declare private now: number;

  #session: Session | undefined;
  #clock = 0;

  constructor() {
    super();
    this.connection = 'connecting';
    this.problem = '';
    this.lines = 0;
    this.banner = '';
    this.wrap = readSetting('wrap', true);
    this.times = readSetting('times', false);
    this.now = Date.now();
  }

  protected override firstUpdated(): void {
    const lines = this.#view;
    lines.load = (query) => getEntries(this.log, query);
    this.#session = new Session(this.log, this.#listener(lines), browser);
    void this.#session.start();
    this.#clock = window.setInterval(() => (this.now = Date.now()), 1000);
    window.addEventListener('hashchange', this.#goToHash);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#session?.stop();
    window.clearInterval(this.#clock);
    window.removeEventListener('hashchange', this.#goToHash);
  }

  protected override updated(): void {
    const name = this.info?.title || `${this.log.type}/${this.log.id}`;
    document.title = `${this.#status.label} · ${name} · Tailrace`;
  }

  protected override render() {
    const { type, id } = this.log;
    const title = this.info?.title;
    return html`
      <header class="bar">
        ${homeLink('Tailrace')}
        <div class="name">
          <h1 class=${title ? '' : 'mono'}>${title || `${type}/${id}`}</h1>
          ${title ? html`<span class="mono soft">${type}/${id}</span>` : nothing}
        </div>
        <div class="facts numeric">
          <span role="status">${statusBadge(this.#status)}</span>
          ${
            this.outcome?.exit_code
              ? html`<span class="soft">${exitText(this.outcome)}</span>`
              : nothing
          }
          <span class="soft">${this.#duration()}</span>
          ${this.lines > 0 ? html`<span class="soft">${formatLines(this.lines)}</span>` : nothing}
        </div>
        <div class="tools">
          ${this.#toggle('Wrap', this.wrap, this.#toggleWrap)}
          ${this.#toggle('Times', this.times, this.#toggleTimes)}
          <a class="button" href=${rawUrl(this.log)} title="The log as plain text">Raw</a>
        </div>
      </header>
      <main>
        ${this.banner ? html`<p class="banner" role="alert">${this.banner}</p>` : nothing}
        ${this.problem ? html`<p class="banner" role="alert">${this.problem}</p>` : nothing}
        <tailrace-lines .wrap=${this.wrap} .times=${this.times}>
          ${this.#renderBelow()}
        </tailrace-lines>
      </main>
    `;
  }

  get #view(): LogLines {
    return this.renderRoot.querySelector('tailrace-lines') as LogLines;
  }

  get #status() {
    return this.outcome ? outcomeStatus(this.outcome.outcome) : connectionStatus(this.connection);
  }

  /** What stands below the last line: the verdict, or why there is no line. */
  #renderBelow() {
    if (this.outcome) {
      const { tone, label } = this.#status;
      const exit = exitText(this.outcome);
      const facts = [exit, this.#duration()].filter((fact) => fact !== '');
      const reason = this.outcome.reason === exit ? '' : this.outcome.reason;
      return html`<section class="verdict ${tone} numeric" aria-label="Outcome">
        <strong>${label}</strong>
        ${facts.map((fact) => html`<span>${fact}</span>`)}
        ${reason ? html`<span class="reason">${reason}</span>` : nothing}
      </section>`;
    }
    if (this.lines > 0) return nothing;
    if (this.connection === 'waiting') {
      return html`<div class="message">
        <strong>Waiting for this log to begin</strong>
        It will appear here with its first line.
      </div>`;
    }
    if (this.connection === 'live') {
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
    if (!this.info) return '';
    const begin = parseTime(this.info.created);
    if (this.info.ended) return formatDuration(parseTime(this.info.ended) - begin);
    return this.outcome ? '' : formatElapsed(this.now - begin);
  }

  #listener(lines: LogLines): SessionListener {
    return {
      connectionChanged: (connection, problem) => {
        this.connection = connection;
        this.problem = problem ?? '';
        if (connection === 'deleted')
          this.banner = 'This log was deleted. What was loaded stays here until you leave.';
        if (connection === 'expired')
          this.banner = 'Your permission to read this log has run out. Reload to sign in.';
      },
      infoChanged: (info) => (this.info = info),
      snapshot: (page) => {
        const target = parseLineHash(location.hash);
        lines.show(page, true);
        this.lines = page.position;
        if (target !== undefined) void lines.goTo(target);
      },
      appended: (entries) => {
        lines.add(entries);
        this.lines = (entries.at(-1)?.n ?? -1) + 1;
      },
      gap: (gap) => lines.explainGap(gap.from, gap.cause ?? ''),
      reset: (cause) => {
        lines.clear();
        this.lines = 0;
        this.outcome = undefined;
        this.banner =
          cause === 'recreated'
            ? 'The log was deleted and begun again under the same name. This is the new one.'
            : 'The server has fewer lines than were shown here. This is what it has.';
      },
      ended: (outcome) => {
        this.outcome = outcome;
        if (outcome.position !== undefined && outcome.position !== this.lines) {
          const [all, here] = [outcome.position, this.lines].map(formatLines);
          this.banner = `The log ended with ${all}, but ${here} arrived here.`;
        }
      },
    };
  }

  readonly #goToHash = (): void => {
    const target = parseLineHash(location.hash);
    if (target !== undefined) void this.#view.goTo(target);
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

customElements.define('tailrace-log', LogPage);
