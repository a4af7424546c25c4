import { LitElement, html } from 'lit';

class TailraceApp extends LitElement {
  override render() {
    return html`<main><h1>Tailrace</h1></main>`;
  }
}

customElements.define('tailrace-app', TailraceApp);
