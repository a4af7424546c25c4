// <tailrace-app>: the page that the address names. Links load anew; every page stands for itself.

import { LitElement, html } from 'lit';
import './list-page.js';
import './log-page.js';
import { homeLink } from './mark.js';
import { parseRoute } from './route.js';
import { frameStyles } from './styles.js';

class TailraceApp extends LitElement {
  static override styles = frameStyles;

  protected override render() {
    const route = parseRoute(location.pathname);
    switch (route.page) {
      case 'list':
        return html`<tailrace-list></tailrace-list>`;
      case 'log':
        return html`<tailrace-log-page .name=${route}></tailrace-log-page>`;
      case 'unknown':
        return html`<header class="bar">${homeLink('Tailrace')}</header>
          <main class="message">
            <h1>There is no such page</h1>
            <span class="mono">${route.path}</span>
          </main>`;
    }
  }
}

customElements.define('tailrace-app', TailraceApp);
