// <tailrace-list>: all logs, newest first, live.

import { LitElement, css, html, nothing } from 'lit';
import { ApiError } from '../client/api.js';
import type { LogInfo } from '../client/api.js';
import { TailraceClient } from '../client/client.js';
import type { ListSession } from '../client/list-session.js';
import { formatAge, formatDuration, formatElapsed, formatLines, parseTime } from '../format.js';
import { base, goToLogin } from './base.js';
import { LogList, nameOf } from './log-list.js';
import { homeLink } from './mark.js';
import { logPath } from './route.js';
import { exitText, infoStatus, statusBadge } from './status.js';
import { applyTheme, readSettings } from './settings.js';
import { frameStyles } from './styles.js';
import './who.js';

const client = new TailraceClient(base);
const PAGE_LOGS = 50;
const RETRY_MS = 5_000;

export class ListPage extends LitElement {
  static override styles = [
    frameStyles,
    css`
      .bar {
        position: sticky;
        top: 0;
        z-index: 1;
      }
      .bar h1 {
        flex: 1;
        color: var(--soft);
        font-weight: 500;
      }
      main {
        max-width: 1080px;
        margin: 0 auto;
        padding: 20px 16px 48px;
      }
      ul {
        margin: 0;
        padding: 0;
        overflow: hidden;
        border: 1px solid var(--line);
        border-radius: 8px;
        background: var(--panel);
        list-style: none;
      }
      li + li {
        border-top: 1px solid var(--line);
      }
      li a {
        display: grid;
        grid-template-columns: 104px minmax(0, 1fr) auto 92px;
        align-items: center;
        gap: 2px 16px;
        padding: 9px 16px;
        color: var(--text);
        text-decoration: none;
      }
      li a:hover {
        background: var(--hover);
      }
      li a:focus-visible {
        outline-offset: -2px;
      }
      .name {
        display: flex;
        flex-wrap: wrap;
        align-items: baseline;
        gap: 0 10px;
        min-width: 0;
      }
      .name > * {
        max-width: 100%;
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .title {
        font-weight: 550;
      }
      .facts {
        display: flex;
        gap: 0 14px;
        font-size: 12.5px;
        white-space: nowrap;
      }
      .duration {
        min-width: 58px;
        text-align: right;
      }
      .age {
        font-size: 12.5px;
        text-align: right;
        white-space: nowrap;
      }
      .below {
        margin: 16px 0 0;
        text-align: center;
      }
      .banner {
        margin: 0 0 14px;
        color: var(--warn);
      }
      @media (max-width: 640px) {
        main {
          padding: 0 0 32px;
        }
        ul {
          border-width: 0 0 1px;
          border-radius: 0;
        }
        li a {
          grid-template-columns: auto minmax(0, 1fr) auto;
          gap: 7px 12px;
          padding: 10px 12px;
        }
        .name {
          grid-row: 1;
          grid-column: 1 / -1;
        }
        .facts {
          overflow: hidden;
        }
        .duration {
          min-width: 0;
        }
      }
    `,
  ];
  static override properties = {
    state: { state: true },
    problem: { state: true },
    next: { state: true },
    loadingMore: { state: true },
    now: { state: true },
  };

  declare private state: 'loading' | 'live' | 'reconnecting';
  declare private problem: string;
  /** Where the next older page begins; undefined: there is none, or nothing is loaded yet. */
  declare private next: string | undefined;
  declare private loadingMore: boolean;
  declare private now: number;

  readonly #list = new LogList();
  #loaded = false;
  #session: ListSession | undefined;
  #clock = 0;
  #retry = 0;

  constructor() {
    super();
    this.state = 'loading';
    this.problem = '';
    this.loadingMore = false;
    this.now = Date.now();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    document.title = 'Logs · Tailrace';
    applyTheme(readSettings().theme);
    this.#connect();
    this.#clock = window.setInterval(() => (this.now = Date.now()), 1000);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#session?.stop();
    window.clearInterval(this.#clock);
    window.clearTimeout(this.#retry);
  }

  protected override render() {
    return html`
      <header class="bar">
        ${homeLink('Tailrace')}
        <h1>Logs</h1>
        <span role="status">${this.#renderState()}</span>
        <tailrace-who></tailrace-who>
      </header>
      <main>
        ${this.problem ? html`<p class="banner" role="alert">${this.problem}</p>` : nothing}
        ${this.#renderLogs()}
      </main>
    `;
  }

  #renderState() {
    if (this.state === 'live') return statusBadge({ tone: 'run', label: 'Live' });
    if (this.state === 'reconnecting') return statusBadge({ tone: 'warn', label: 'Reconnecting' });
    return statusBadge({ tone: 'off', label: 'Connecting' });
  }

  #renderLogs() {
    const logs = this.#list.logs;
    if (logs.length === 0) {
      if (!this.#loaded) return nothing;
      return html`<div class="message">
        <strong>No logs yet</strong>
        A log appears here as soon as something is written to it, for example by
        <div><code>tailrace exec deploy/1 -- make deploy</code></div>
      </div>`;
    }
    return html`
      <ul>
        ${logs.map((log) => this.#renderLog(log))}
      </ul>
      ${
        this.next === undefined
          ? nothing
          : html`<p class="below">
            <button
              class="button"
              type="button"
              ?disabled=${this.loadingMore}
              @click=${this.#loadMore}
            >
              ${this.loadingMore ? 'Loading …' : 'Older logs'}
            </button>
          </p>`
      }
    `;
  }

  #renderLog(log: LogInfo) {
    const begin = parseTime(log.created);
    const duration = log.ended
      ? formatDuration(parseTime(log.ended) - begin)
      : formatElapsed(this.now - begin);
    const name = nameOf(log);
    return html`<li>
      <a href=${logPath(log)}>
        <span>${statusBadge(infoStatus(log))}</span>
        <span class="name">
          ${
            log.title
              ? html`<span class="title">${log.title}</span><span class="mono soft">${name}</span>`
              : html`<span class="title mono">${name}</span>`
          }
        </span>
        <span class="facts soft numeric">
          ${log.exit_code ? html`<span>${exitText(log)}</span>` : nothing}
          ${log.state === 'ended' ? html`<span>${formatLines(log.position)}</span>` : nothing}
          <span class="duration">${duration}</span>
        </span>
        <time class="age soft" datetime=${log.created} title=${new Date(begin).toLocaleString()}
          >${formatAge(begin, this.now)}</time
        >
      </a>
    </li>`;
  }

  #connect(): void {
    this.#session = client.followList({
      // The stream first and the page behind it, so that no log falls between the two.
      opened: () => void this.#refresh(),
      changed: (log) => {
        this.#list.change(log);
        this.requestUpdate();
      },
      deleted: (log) => {
        this.#list.remove(log);
        this.requestUpdate();
      },
      interrupted: () => (this.state = 'reconnecting'),
      refused: (error) => this.#failed(error),
    });
  }

  async #refresh(): Promise<void> {
    this.#list.expectPage();
    try {
      const page = await client.list({ limit: PAGE_LOGS });
      this.#list.newestPage(page.logs, !page.next);
      if (!this.#loaded || !page.next) this.next = page.next ?? undefined;
      this.#loaded = true;
      this.problem = '';
      this.state = 'live';
      this.requestUpdate();
    } catch (error) {
      this.#failed(error);
      window.clearTimeout(this.#retry);
      this.#retry = window.setTimeout(() => void this.#refresh(), RETRY_MS);
    }
  }

  async #loadMore(): Promise<void> {
    if (this.next === undefined) return;
    this.loadingMore = true;
    try {
      const page = await client.list({ limit: PAGE_LOGS, after: this.next });
      this.#list.olderPage(page.logs);
      this.next = page.next ?? undefined;
      this.problem = '';
    } catch (error) {
      this.#failed(error);
    }
    this.loadingMore = false;
  }

  #failed(error: unknown): void {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 401) goToLogin();
    this.problem = error.message;
  }
}

customElements.define('tailrace-list', ListPage);
