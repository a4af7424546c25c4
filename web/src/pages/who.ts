// <tailrace-who>: who is logged in, and the way out. Shows nothing where nobody has to log in.

import { LitElement, css, html, nothing } from 'lit';
import { base } from './base.js';

interface SessionInfo {
  user: string | null;
  proof: string;
}

export class WhoElement extends LitElement {
  static override styles = css`
    form {
      display: flex;
      align-items: center;
      gap: 10px;
      color: var(--soft);
    }
    button {
      padding: 3px 10px;
      border: 1px solid var(--line);
      border-radius: 6px;
      background: var(--raised);
      color: var(--text);
      font: inherit;
      cursor: pointer;
    }
    button:focus-visible {
      outline: 2px solid var(--accent);
      outline-offset: 1px;
    }
  `;

  #session: SessionInfo | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#ask();
  }

  async #ask(): Promise<void> {
    try {
      const response = await fetch(`${base}/api/v1/session`, { cache: 'no-store' });
      if (response.ok) this.#session = (await response.json()) as SessionInfo;
    } catch {
      return; // The page itself says that the server is away.
    }
    this.requestUpdate();
  }

  protected override render() {
    if (this.#session?.proof !== 'session') return nothing;
    return html`<form method="post" action=${`${base}/api/v1/logout`}>
      <span>${this.#session.user}</span><button type="submit">Log out</button>
    </form>`;
  }
}

customElements.define('tailrace-who', WhoElement);
