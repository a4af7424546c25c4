// The product's mark, which leads to the list of logs.

import { html } from 'lit';
import { base } from './base.js';
import type { TemplateResult } from 'lit';

export function homeLink(name: string): TemplateResult {
  return html`<a class="home" href=${`${base}/`} aria-label="Tailrace: all logs">
    <svg viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="7" />
      <path d="M7 10h13M7 16h18M7 22h8" />
      <circle cx="22" cy="22" r="2.6" />
    </svg>
    ${name}
  </a>`;
}
