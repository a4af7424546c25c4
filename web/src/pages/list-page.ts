// <tailrace-list>: all logs, newest first, live, and those among them that a query chooses. Rows
// have one height, so the few in view are all that is in the document.

import { LitElement, html, nothing } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { ApiError, LogInfo } from '../client/api.js';
import { TailraceClient } from '../client/client.js';
import {
  formatAge,
  formatCount,
  formatDuration,
  formatElapsed,
  formatLines,
  parseTime,
} from '../format.js';
import { base, goToLogin } from './base.js';
import { parseQuery, withState } from './list-query.js';
import { listStyles } from './list-styles.js';
import { LogFeed } from './log-feed.js';
import { nameOf } from './log-list.js';
import { homeLink } from './mark.js';
import { logPath } from './route.js';
import { exitText, infoStatus, statusBadge } from './status.js';
import { applyTheme, readSettings } from './settings.js';
import { frameStyles } from './styles.js';
import './who.js';

/** Rows are drawn so far beyond the view, and older logs asked for so far ahead of it. */
const OVERSCAN_ROWS = 12;
const AHEAD_ROWS = 60;
const MAX_LABELS = 3;

const STATES = [
  ['', 'All'],
  ['running', 'Running'],
  ['failed', 'Failed'],
  ['succeeded', 'Succeeded'],
] as const;

const SYNTAX = [
  ['deploy web', 'words, each in the title or in TYPE/ID; "in quotes" as one'],
  ['type:deploy', 'the type'],
  ['id:42  title:web', 'a part of the id, of the title'],
  ['state:failed', 'running, ended, succeeded, failed, cancelled or lost'],
  ['label:env=prod', 'a label'],
  ['since:2h  until:2026-11-23', 'when it began: so long ago (s, m, h, d, w), or a date'],
] as const;

export class ListPage extends LitElement {
  static override styles = [frameStyles, listStyles];
  static override properties = {
    query: { state: true },
    wrong: { state: true },
    now: { state: true },
  };

  declare private query: string;
  /** Why the query is none, or ''. */
  declare private wrong: string;
  declare private now: number;

  readonly #feed = new LogFeed(
    new TailraceClient(base),
    () => this.requestUpdate(),
    (error) => this.#refused(error),
  );
  #clock = 0;
  #typing = 0;
  /** The log that has or had the focus; its row stays in the document. */
  #current: LogInfo | undefined;
  /** The log at the view's upper edge, and how far it is scrolled out. */
  #anchor: { log: LogInfo; offset: number } | undefined;

  constructor() {
    super();
    this.query = new URLSearchParams(location.search).get('q') ?? '';
    this.wrong = '';
    this.now = Date.now();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    document.title = 'Logs · Tailrace';
    document.documentElement.style.overflowAnchor = 'none'; // #anchor does it.
    applyTheme(readSettings().theme);
    this.#search();
    this.#clock = window.setInterval(() => (this.now = Date.now()), 1000);
    window.addEventListener('scroll', this.#scrolled, { passive: true });
    window.addEventListener('resize', this.#scrolled);
    window.addEventListener('keydown', this.#onKey);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#feed.stop();
    window.clearInterval(this.#clock);
    window.clearTimeout(this.#typing);
    window.removeEventListener('scroll', this.#scrolled);
    window.removeEventListener('resize', this.#scrolled);
    window.removeEventListener('keydown', this.#onKey);
  }

  protected override updated(): void {
    this.#keepAnchor();
    const { to } = this.#range();
    if (to + AHEAD_ROWS > this.#feed.logs.length) void this.#feed.more();
  }

  protected override render() {
    const { problem, state } = this.#feed;
    return html`
      <header class="bar">
        ${homeLink('Tailrace')}
        <h1>Logs</h1>
        <span role="status">${this.#renderState()}</span>
        <tailrace-who></tailrace-who>
      </header>
      <main>
        ${this.#renderSearch()}
        ${
          problem === ''
            ? nothing
            : html`<p class="banner" role="alert">
              ${problem}
              <button class="button" type="button" @click=${() => this.#feed.retryNow()}>
                ${state === 'live' ? 'Try again' : 'Try now'}
              </button>
            </p>`
        }
        ${this.#renderLogs()}
      </main>
    `;
  }

  #renderState() {
    const { state } = this.#feed;
    if (state === 'live') return statusBadge({ tone: 'run', label: 'Live' });
    if (state === 'reconnecting') return statusBadge({ tone: 'warn', label: 'Reconnecting' });
    return statusBadge({ tone: 'off', label: 'Connecting' });
  }

  #renderSearch() {
    return html`<form class="find" role="search" @submit=${ignore}>
        <input
          type="search"
          aria-label="Search logs"
          aria-describedby="found"
          placeholder="Search: words, type:deploy, label:env=prod, since:2h"
          spellcheck="false"
          autocomplete="off"
          maxlength="1000"
          .value=${this.query}
          @input=${this.#typed}
        />
        <div class="states" role="group" aria-label="State">
          ${STATES.map(([state, label]) => {
            const on = state === '' ? !/(^|\s)state:/i.test(this.query) : this.#hasState(state);
            return html`<button
              class="button"
              type="button"
              aria-pressed=${on ? 'true' : 'false'}
              @click=${() => this.#setQuery(withState(this.query, state))}
            >
              ${label}
            </button>`;
          })}
        </div>
        <details>
          <summary>Syntax</summary>
          <dl>
            ${SYNTAX.map(([term, meaning]) => html`<dt>${term}</dt><dd>${meaning}</dd>`)}
          </dl>
        </details>
      </form>
      <p class="below-find">${this.#renderFound()}</p>`;
  }

  #hasState(state: string): boolean {
    return new RegExp(`(^|\\s)state:${state}(\\s|$)`, 'i').test(this.query);
  }

  #renderFound() {
    if (this.wrong !== '')
      return html`<span id="found" class="wrong" role="alert">${this.wrong}</span>`;
    const { logs, complete, loaded, loading } = this.#feed;
    const count = `${formatCount(logs.length)}${complete ? '' : '+'}`;
    const text = !loaded
      ? 'Loading …'
      : `${count} ${logs.length === 1 && complete ? 'log' : 'logs'}`;
    return html`<span id="found" class="soft numeric" role="status"
      >${loaded && loading && logs.length === 0 ? 'Searching …' : text}</span
    >`;
  }

  #renderLogs() {
    const { logs, loaded, complete } = this.#feed;
    if (logs.length === 0) {
      if (!loaded || !complete) return nothing;
      return this.query.trim() === '' ? renderNone() : this.#renderNothingFound();
    }
    const { from, to } = this.#range();
    const rows: number[] = [];
    for (let i = from; i < to; i++) rows.push(i);
    const current = this.#indexOf(this.#current);
    if (current >= 0 && (current < from || current >= to)) rows.push(current);
    return html`
      <ul .style=${`height: ${logs.length * this.#rowHeight + 2}px`}>
        ${repeat(
          rows,
          (i) => logs[i]?.incarnation,
          (i) => this.#renderLog(logs[i] as LogInfo, i),
        )}
      </ul>
      ${complete ? nothing : html`<p class="end">Loading older logs …</p>`}
    `;
  }

  #renderNothingFound() {
    return html`<div class="message">
      <strong>No log fits</strong>
      Nothing here matches <span class="mono">${this.query}</span>.
      A log that does appears by itself.
      <p>
        <button class="button" type="button" @click=${() => this.#setQuery('')}>
          Show all logs
        </button>
      </p>
    </div>`;
  }

  #renderLog(log: LogInfo, index: number) {
    const begin = parseTime(log.created);
    const duration = log.ended
      ? formatDuration(parseTime(log.ended) - begin)
      : formatElapsed(this.now - begin);
    const name = nameOf(log);
    const labels = Object.entries(log.labels ?? {}).slice(0, MAX_LABELS);
    return html`<li
      .style=${`top: ${index * this.#rowHeight}px`}
      aria-setsize=${this.#feed.complete ? this.#feed.logs.length : -1}
      aria-posinset=${index + 1}
    >
      <a href=${logPath(log)} data-index=${index} @focus=${() => (this.#current = log)}>
        <span>${statusBadge(infoStatus(log))}</span>
        <span class="name">
          ${
            log.title
              ? html`<span class="title">${log.title}</span><span class="mono soft">${name}</span>`
              : html`<span class="title mono">${name}</span>`
          }
          ${labels.map(([key, value]) => html`<span class="label">${key}=${value}</span>`)}
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

  #indexOf(log: LogInfo | undefined): number {
    if (log === undefined) return -1;
    return this.#feed.logs.findIndex((there) => there.incarnation === log.incarnation);
  }

  get #rowHeight(): number {
    return window.matchMedia('(max-width: 640px)').matches ? 66 : 42;
  }

  /** Where the list begins in the document. */
  get #top(): number {
    const list = this.renderRoot.querySelector('ul');
    return list === null ? 0 : list.getBoundingClientRect().top + window.scrollY + 1;
  }

  /** Rows [from, to) are to be in the document. */
  #range(): { from: number; to: number } {
    const first = Math.floor((window.scrollY - this.#top) / this.#rowHeight);
    const count = Math.ceil(window.innerHeight / this.#rowHeight);
    return {
      from: Math.max(0, first - OVERSCAN_ROWS),
      to: Math.min(this.#feed.logs.length, Math.max(0, first) + count + OVERSCAN_ROWS),
    };
  }

  readonly #scrolled = (): void => {
    const above = window.scrollY - this.#top;
    const index = Math.floor(above / this.#rowHeight);
    const log = this.#feed.logs[index];
    // At the top, new logs come into view.
    this.#anchor =
      index < 1 || log === undefined ? undefined : { log, offset: above - index * this.#rowHeight };
    this.requestUpdate();
  };

  /** What comes above the view does not move it. */
  #keepAnchor(): void {
    if (this.#anchor === undefined) return;
    const { log, offset } = this.#anchor;
    const index = this.#indexOf(log);
    if (index < 0) return;
    const target = this.#top + index * this.#rowHeight + offset;
    if (Math.abs(target - window.scrollY) > 1)
      window.scrollTo({ top: target, behavior: 'instant' });
  }

  readonly #typed = (event: Event): void => {
    this.query = (event.target as HTMLInputElement).value;
    window.clearTimeout(this.#typing);
    this.#typing = window.setTimeout(() => this.#search(), 150);
  };

  #setQuery(query: string): void {
    this.query = query;
    window.clearTimeout(this.#typing);
    this.#search();
  }

  #search(): void {
    const url = new URL(location.href);
    if (this.query.trim() === '') url.searchParams.delete('q');
    else url.searchParams.set('q', this.query);
    if (url.href !== location.href) history.replaceState(null, '', url);
    const parsed = parseQuery(this.query, Date.now());
    this.wrong = 'problem' in parsed ? parsed.problem : '';
    if ('problem' in parsed) {
      // Shows what was there; but it has to begin with something.
      if (!this.#feed.loaded) this.#feed.show({ labels: {}, words: [] });
      return;
    }
    this.#current = undefined;
    this.#anchor = undefined;
    this.#feed.show(parsed.filter);
  }

  readonly #onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const [target] = event.composedPath();
    const typing = target instanceof HTMLInputElement;
    if (typing && event.key === 'Escape' && this.query !== '') this.#setQuery('');
    else if (typing && event.key === 'ArrowDown') this.#goTo(0);
    else if (typing) return;
    else if (event.key === '/') this.renderRoot.querySelector('input')?.focus();
    else if (event.key === 'j' || event.key === 'ArrowDown')
      this.#goTo(this.#indexOf(this.#current) + 1);
    else if (event.key === 'k' || event.key === 'ArrowUp')
      this.#goTo(this.#indexOf(this.#current) - 1);
    else return;
    event.preventDefault();
  };

  /** Puts the focus on a row, wherever it is; above the first one is the search. */
  #goTo(index: number): void {
    const last = this.#feed.logs.length - 1;
    if (index < 0) this.renderRoot.querySelector('input')?.focus();
    if (index < 0 || last < 0) return;
    this.#current = this.#feed.logs[Math.min(index, last)];
    this.requestUpdate();
    void this.updateComplete.then(() => {
      const at = this.#indexOf(this.#current);
      const row = this.renderRoot.querySelector<HTMLElement>(`a[data-index="${at}"]`);
      row?.focus({ preventScroll: true });
      row?.parentElement?.scrollIntoView({ block: 'nearest' });
    });
  }

  #refused(error: ApiError): void {
    if (error.status === 401) goToLogin();
    this.#feed.problem = error.message;
    this.requestUpdate();
  }
}

const ignore = (event: Event) => event.preventDefault();

function renderNone() {
  return html`<div class="message">
    <strong>No logs yet</strong>
    A log appears here as soon as something is written to it, for example by
    <div><code>tailrace exec deploy/1 -- make deploy</code></div>
  </div>`;
}

customElements.define('tailrace-list', ListPage);
