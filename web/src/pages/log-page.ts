// <tailrace-log-page>: one log with what stands around it: name, state, verdict and switches.

import { LitElement, html, nothing } from 'lit';
import type { LogName } from '../client/api.js';
import { TailraceClient } from '../client/client.js';
import { formatCount, formatDuration, formatElapsed, formatLines, parseTime } from '../format.js';
import '../lines/log-element.js';
import type { CopyResult } from '../lines/element-api.js';
import type { TailraceLog } from '../lines/log-element.js';
import { base, goToLogin } from './base.js';
import { Finding } from './finding.js';
import { logPageStyles } from './log-page-styles.js';
import { homeLink } from './mark.js';
import { lineHash, parseLineHash } from './route.js';
import type { LineRange } from './route.js';
import { CHOICES, applyTheme, readSettings, writeSetting } from './settings.js';
import type { Settings } from './settings.js';
import { keySheet, lineSheet, sheetStyles, viewSheet } from './sheets.js';
import { exitText, outcomeStatus, sessionStatus, statusBadge } from './status.js';
import { frameStyles } from './styles.js';

const client = new TailraceClient(base);

export class LogPage extends LitElement {
  static override styles = [frameStyles, sheetStyles, logPageStyles];
  static override properties = {
    name: { attribute: false },
    banner: { state: true },
    settings: { state: true },
    sheet: { state: true },
    marked: { state: true },
    now: { state: true },
  };

  declare name: LogName;
  /** What the reader did and should know of. */
  declare private banner: string;
  declare private settings: Settings;
  declare private sheet: 'none' | 'view' | 'keys' | 'line';
  declare private marked: LineRange | undefined;
  declare private now: number;

  #clock = 0;
  readonly #finding: Finding = new Finding(this, () => this.#log);

  constructor() {
    super();
    this.banner = '';
    this.settings = readSettings();
    this.sheet = 'none';
    this.now = Date.now();
    applyTheme(this.settings.theme);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#clock = window.setInterval(() => (this.now = Date.now()), 1000);
    window.addEventListener('hashchange', this.#goToHash);
    window.addEventListener('keydown', this.#onKey);
    this.#finding.connected();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.clearInterval(this.#clock);
    window.removeEventListener('hashchange', this.#goToHash);
    window.removeEventListener('keydown', this.#onKey);
    this.#finding.disconnected();
  }

  protected override firstUpdated(): void {
    this.#goToHash();
    this.#finding.begin();
    this.requestUpdate(); // The log's element exists from now on.
  }

  protected override updated(changed: Map<PropertyKey, unknown>): void {
    if (changed.has('sheet') && this.sheet !== 'none')
      this.renderRoot.querySelector('dialog')?.showModal();
    const before = changed.get('settings') as Settings | undefined;
    if (before !== undefined && before.size !== this.settings.size) this.#log?.relayout();
    const name = this.#log?.info?.title || `${this.name.type}/${this.name.id}`;
    document.title = `${this.#status.label} · ${name} · Tailrace`;
  }

  protected override render() {
    const name = `${this.name.type}/${this.name.id}`;
    const title = this.#log?.info?.title;
    const outcome = this.#log?.outcome;
    return html`
      <header class="bar">
        ${homeLink('Tailrace')}
        <div class="name">
          <h1 class=${title ? '' : 'mono'} title=${title || name}>${title || name}</h1>
          ${title ? html`<span class="mono soft" title=${name}>${name}</span>` : nothing}
        </div>
        <div class="facts numeric">
          <span role="status">${statusBadge(this.#status)}</span>
          ${outcome?.exit_code ? html`<span class="soft">${exitText(outcome)}</span>` : nothing}
          <span class="soft">${this.#duration()}</span>
          ${this.#lines > 0 ? html`<span class="soft">${formatLines(this.#lines)}</span>` : nothing}
        </div>
        ${this.#renderTools()}
      </header>
      <main>
        ${this.#finding.render()} ${this.#renderBanner()}
        <tailrace-log
          src=${client.log(this.name).url}
          data-size=${this.settings.size}
          .wrap=${this.settings.wrap}
          .times=${this.settings.times}
          .utc=${this.settings.utc}
          .json=${this.settings.json}
          @tailrace-groups=${this.#changed}
          @tailrace-copy=${this.#copied}
          @tailrace-state=${this.#stateChanged}
          @tailrace-info=${this.#changed}
          @tailrace-end=${this.#changed}
          @tailrace-position=${this.#changed}
          @tailrace-find=${this.#changed}
          @tailrace-line-click=${this.#lineClicked}
          @tailrace-source-click=${this.#sourceClicked}
        >
          ${this.#renderBelow()}
        </tailrace-log>
        ${this.#renderMarked()}
      </main>
      ${this.#renderSheet()}
    `;
  }

  /** For logs that have groups. */
  #renderFold() {
    const { count, anyClosed } = this.#log?.groups ?? { count: 0, anyClosed: false };
    if (count === 0) return nothing;
    return html`<button
      class="button"
      type="button"
      title="All groups (Z)"
      @click=${() => this.#log?.foldAll(!anyClosed)}
    >
      ${anyClosed ? 'Unfold' : 'Fold'}
    </button>`;
  }

  #renderTools() {
    const timed = this.settings.times !== 'off';
    return html`<div class="tools">
      <button
        class="button"
        type="button"
        title="Find (Ctrl+F)"
        @click=${() => this.#finding.open()}
      >
        Find
      </button>
      <button
        class="button"
        type="button"
        title="First error (e)"
        @click=${this.#goToFirstError}
      >
        Error
      </button>
      ${this.#toggle('Wrap', this.settings.wrap, this.#toggleWrap)}
      ${this.#toggle('Times', timed, this.#toggleTimes)}
      ${this.#renderFold()}
      <button class="button" type="button" @click=${() => (this.sheet = 'view')}>View</button>
      <a
        class="button"
        href=${client.log(this.name).rawUrl(undefined, timed)}
        title="Download as plain text${timed ? ', with times' : ''}"
        >Raw</a
      >
      <button
        class="button keys"
        type="button"
        aria-label="Keys"
        title="Keys (?)"
        @click=${() => (this.sheet = 'keys')}
      >
        ?
      </button>
    </div>`;
  }

  #renderSheet() {
    if (this.sheet === 'none') return nothing;
    const content = {
      view: () => viewSheet(this.settings, this.#change),
      keys: keySheet,
      line: () => lineSheet(this.#lines, this.#goToLines),
    }[this.sheet];
    return html`<dialog aria-label="Settings and help" @close=${() => (this.sheet = 'none')}>
      ${content()}
    </dialog>`;
  }

  /** What can be done with the lines that the address points to. */
  #renderMarked() {
    if (this.marked === undefined) return nothing;
    const { first, last } = this.marked;
    const [from, to] = [formatCount(first + 1), formatCount(last + 1)];
    return html`<div class="marked" role="group" aria-label="Marked lines">
      <span class="numeric">${first === last ? `Line ${from}` : `Lines ${from} to ${to}`}</span>
      <button class="button" type="button" @click=${this.#copyLink}>Copy link</button>
      <button class="button" type="button" @click=${this.#copyLines}>Copy text</button>
      <button class="button" type="button" aria-label="Unmark" @click=${this.#unmark}>✕</button>
    </div>`;
  }

  get #log(): TailraceLog | null {
    return this.renderRoot.querySelector<TailraceLog>('tailrace-log');
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
    return this.banner || this.#log?.notice || this.#groupsText();
  }

  #groupsText(): string {
    const { count, fullAt } = this.#log?.groups ?? { count: 0, fullAt: undefined };
    if (fullAt === undefined) return '';
    const [groups, line] = [formatCount(count), formatCount(fullAt + 1)];
    return `Of its many groups the first ${groups} fold; from line ${line} on none does.`;
  }

  /** What stands below the last line: the verdict, or why there is no line. */
  #renderBelow() {
    const outcome = this.#log?.outcome;
    if (outcome) {
      const { tone, label } = this.#status;
      const exit = exitText(outcome);
      const none = this.#lines === 0 ? 'no lines' : '';
      const facts = [exit, this.#duration(), none].filter((fact) => fact !== '');
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
    return this.#log.outcome ? '' : formatElapsed(this.now - begin);
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
    this.marked = parseLineHash(location.hash);
    if (this.marked !== undefined) this.#log?.goTo(this.marked.first, this.marked.last);
  };

  readonly #goToLines = (lines: LineRange): void => {
    this.#mark(lines);
    this.#log?.goTo(lines.first, lines.last);
  };

  readonly #goToFirstError = async (): Promise<void> => {
    try {
      const found = await this.#log?.finding.toFirstError();
      if (found === undefined) {
        this.#say('No error was found: no line has such a level, or says so.');
        return;
      }
      this.#mark({ first: found.n, last: found.n });
      const line = formatCount(found.n + 1);
      this.#say(
        found.by === 'level'
          ? `Line ${line} is the first error.`
          : `No line has the level of an error. Line ${line} is the first that speaks of one.`,
      );
    } catch (error) {
      this.#say(`The first error could not be looked for: ${(error as Error).message}`);
    }
  };

  #mark(lines: LineRange | undefined): void {
    const hash = lines === undefined ? location.pathname + location.search : lineHash(lines);
    history.replaceState(null, '', hash);
    this.marked = lines;
    this.#log?.mark(lines);
  }

  readonly #unmark = (): void => this.#mark(undefined);

  readonly #lineClicked = (event: CustomEvent<{ n: number; extend: boolean }>): void => {
    const { n, extend } = event.detail;
    const other = extend ? (this.marked?.first ?? n) : n;
    this.#mark({ first: Math.min(n, other), last: Math.max(n, other) });
  };

  /** Once for these lines only, and again for all. */
  readonly #sourceClicked = (event: CustomEvent<{ source: string }>): void =>
    this.#finding.toggleSource(event.detail.source);

  readonly #copyLink = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(location.href);
      this.#say('The link is on the clipboard.');
    } catch {
      this.#say('This browser gives no access to the clipboard. The link is in its address bar.');
    }
  };

  readonly #copyLines = async (): Promise<void> => {
    if (this.marked === undefined) return;
    const result = await this.#log?.copyLines(this.marked.first, this.marked.last);
    if (result !== undefined) this.#tellCopied(result);
  };

  readonly #copied = (event: CustomEvent<CopyResult>): void => this.#tellCopied(event.detail);

  #tellCopied(result: CopyResult): void {
    const lines = formatLines(result.lines);
    if (result.kind === 'copied') {
      this.#say(`${lines} copied.`);
      return;
    }
    const why = result.kind === 'too-many' ? 'too much for the clipboard' : 'not copied';
    this.#say(`${lines}: ${why}. Their text is at ${new URL(result.url, location.href).href}`);
  }

  /** Until something else is said. */
  #say(text: string): void {
    this.banner = text;
  }

  readonly #change = <K extends keyof Settings>(name: K, value: Settings[K]): void => {
    this.settings = { ...this.settings, [name]: value };
    writeSetting(name, value);
    if (name === 'theme') applyTheme(this.settings.theme);
  };

  readonly #toggleWrap = (): void => this.#change('wrap', !this.settings.wrap);

  readonly #toggleTimes = (): void =>
    this.#change('times', this.settings.times === 'off' ? 'clock' : 'off');

  #nextTimes(): void {
    const all = CHOICES.times;
    this.#change('times', all[(all.indexOf(this.settings.times) + 1) % all.length] ?? 'off');
  }

  readonly #onKey = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || this.sheet !== 'none') return;
    const [target] = event.composedPath();
    const typing = target instanceof Element && target.closest('input, select, textarea') !== null;
    if (this.#finding.key(event, typing)) return;
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const action = this.#keyAction(event.key);
    if (action !== undefined) {
      event.preventDefault();
      action();
    } else if (!(target instanceof Element && target.closest('a, button'))) {
      this.#log?.handleKey(event);
    }
  };

  #keyAction(key: string): (() => void) | undefined {
    const log = this.#log;
    switch (key) {
      case '?':
        return () => (this.sheet = 'keys');
      case 'v':
        return () => (this.sheet = 'view');
      case 'g':
        return () => (this.sheet = 'line');
      case 'w':
        return this.#toggleWrap;
      case 't':
        return () => this.#nextTimes();
      case 'p':
        return () => this.#change('json', !this.settings.json);
      case 'e':
        return () => void this.#goToFirstError();
      case 'c':
        return () => void this.#copyLines();
      case 'f':
        return () => {
          if (log) log.follow = !log.follow;
        };
      case 'Escape':
        return this.marked === undefined ? undefined : this.#unmark;
    }
    return undefined;
  }
}

customElements.define('tailrace-log-page', LogPage);
