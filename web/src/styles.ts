// Styles that several components share.

import { css } from 'lit';

export const frameStyles = css`
  * {
    box-sizing: border-box;
  }
  :focus-visible {
    outline: 2px solid var(--accent);
    outline-offset: 2px;
    border-radius: 4px;
  }
  a {
    color: inherit;
  }
  .bar {
    display: flex;
    align-items: center;
    gap: 6px 14px;
    min-height: 48px;
    padding: 6px 16px;
    background: var(--panel);
    border-bottom: 1px solid var(--line);
  }
  .home {
    display: inline-flex;
    align-items: center;
    gap: 9px;
    flex: none;
    color: var(--text);
    font-weight: 600;
    letter-spacing: -0.01em;
    text-decoration: none;
  }
  .home svg {
    display: block;
    width: 22px;
    height: 22px;
  }
  .home rect {
    fill: var(--accent);
  }
  .home path {
    fill: none;
    stroke: var(--panel);
    stroke-width: 3;
    stroke-linecap: round;
  }
  .home circle {
    fill: var(--panel);
  }
  h1 {
    margin: 0;
    font-size: 14px;
    font-weight: 600;
  }
  .mono {
    font-family: var(--mono);
    font-size: 12.5px;
  }
  .soft {
    color: var(--soft);
  }
  .numeric {
    font-variant-numeric: tabular-nums;
  }
  .status {
    display: inline-flex;
    align-items: center;
    gap: 6px;
    flex: none;
    padding: 2px 9px 2px 8px;
    border-radius: 999px;
    background: var(--off-ground);
    color: var(--soft);
    font-size: 12.5px;
    font-weight: 550;
    line-height: 18px;
    white-space: nowrap;
  }
  .status::before {
    content: '';
    width: 7px;
    height: 7px;
    border-radius: 50%;
    background: currentColor;
  }
  .status.run {
    background: var(--accent-ground);
    color: var(--accent);
  }
  .status.run::before {
    animation: breathe 2s ease-in-out infinite;
  }
  .status.good {
    background: var(--good-ground);
    color: var(--good);
  }
  .status.bad {
    background: var(--bad-ground);
    color: var(--bad);
  }
  .status.warn {
    background: var(--warn-ground);
    color: var(--warn);
  }
  .status.bad::before {
    border-radius: 1px;
    transform: rotate(45deg);
  }
  .status.warn::before {
    border-radius: 1px;
  }
  .message {
    max-width: 34rem;
    margin: 18vh auto 0;
    padding: 0 24px;
    color: var(--soft);
    font: 14px/1.45 var(--sans);
    text-align: center;
  }
  .message h1,
  .message strong {
    display: block;
    margin-bottom: 6px;
    color: var(--text);
    font-size: 16px;
    font-weight: 600;
  }
  .message code {
    display: inline-block;
    margin-top: 12px;
    padding: 8px 14px;
    border: 1px solid var(--line);
    border-radius: 6px;
    background: var(--panel);
    color: var(--text);
    font: 12.5px var(--mono);
  }
  .button {
    padding: 4px 11px;
    border: 1px solid var(--line);
    border-radius: 6px;
    background: var(--panel);
    color: var(--text);
    font: 500 12.5px/18px var(--sans);
    text-decoration: none;
    white-space: nowrap;
    cursor: pointer;
  }
  .button:hover {
    background: var(--hover);
  }
  .button[aria-pressed='false'] {
    border-color: transparent;
    color: var(--soft);
  }
  .button[aria-pressed='true'] {
    border-color: transparent;
    background: var(--off-ground);
  }
  @keyframes breathe {
    50% {
      opacity: 0.3;
    }
  }
  @media (prefers-reduced-motion: reduce) {
    .status.run::before {
      animation: none;
    }
  }
`;

export const lineStyles = css`
  * {
    box-sizing: border-box;
  }
  :host {
    position: relative;
    display: block;
    min-height: 0;
    /* Where text begins: behind number and tag. What stands between lines begins there too. */
    --number-width: calc(var(--digits, 4) * 7.6px + 25px);
    --text-left: calc(var(--number-width) + 34px);
  }
  .scroller {
    height: 100%;
    overflow: auto;
    overflow-anchor: none;
    padding: 8px 0 20px;
    background: var(--panel);
    font: 12.5px/19px var(--mono);
    -moz-tab-size: 8;
    tab-size: 8;
  }
  .scroller:focus-visible {
    outline-offset: -2px;
  }
  :host(:not([wrap])) .rows {
    width: max-content;
    min-width: 100%;
  }
  .row {
    display: flex;
    padding-right: 16px;
    border-left: 3px solid transparent;
  }
  .row:hover {
    background: var(--hover);
  }
  [data-show]::before {
    content: attr(data-show);
  }
  .number {
    flex: none;
    width: var(--number-width);
    padding-right: 13px;
    color: var(--faint);
    text-align: right;
    text-decoration: none;
    user-select: none;
  }
  .row:hover .number {
    color: var(--text);
  }
  .time {
    display: none;
    flex: none;
    padding-right: 13px;
    color: var(--faint);
    user-select: none;
  }
  :host([times]) .time {
    display: block;
  }
  .tag {
    flex: none;
    width: 34px;
    font-size: 11px;
    user-select: none;
  }
  .text {
    flex: 1;
    min-width: 0;
    min-height: 19px;
    white-space: pre-wrap;
    overflow-wrap: anywhere;
    unicode-bidi: isolate;
  }
  :host(:not([wrap])) .text {
    flex: none;
    white-space: pre;
    overflow-wrap: normal;
  }
  .source::before {
    margin-right: 1.5ch;
    color: var(--accent);
    user-select: none;
  }
  .partial::before {
    color: var(--faint);
  }
  .row[data-stream='stderr'] {
    border-left-color: color-mix(in srgb, var(--bad) 55%, transparent);
  }
  .row[data-stream='stderr'] .tag {
    color: var(--bad);
  }
  .row[data-stream='event'] {
    border-left-color: color-mix(in srgb, var(--accent) 55%, transparent);
    color: var(--accent);
  }
  .row[data-stream='event'] .text {
    font-style: italic;
  }
  .row[data-level='error'] .text,
  .row[data-level='fatal'] .text {
    color: var(--bad);
  }
  .row[data-level='warn'] .text,
  .row[data-level='warning'] .text {
    color: var(--warn);
  }
  .row.target {
    background: var(--target);
  }
  .notice {
    margin: 4px 0;
    padding: 3px 16px 3px var(--text-left);
    border-left: 3px solid var(--warn);
    background: var(--warn-ground);
    color: var(--warn);
    font: 500 12.5px/19px var(--sans);
  }
  .edge {
    margin: 4px 16px;
    color: var(--soft);
    font: 500 12.5px/19px var(--sans);
    text-align: center;
  }
  .edge:empty {
    margin: 0;
  }
  .more {
    margin-left: 1ch;
    padding: 0 8px;
    border: 1px solid var(--line);
    border-radius: 4px;
    background: var(--raised);
    color: var(--accent);
    font: 500 12px/17px var(--sans);
    cursor: pointer;
  }
  .jump {
    position: absolute;
    right: 0;
    bottom: 18px;
    left: 0;
    width: max-content;
    margin: 0 auto;
    padding: 7px 15px;
    border: 1px solid var(--line);
    border-radius: 999px;
    background: var(--raised);
    box-shadow: var(--shadow);
    color: var(--text);
    font: 550 12.5px/18px var(--sans);
    cursor: pointer;
  }
  .jump:hover {
    color: var(--accent);
  }
  .jump[hidden] {
    display: none;
  }
  .bold {
    font-weight: 700;
  }
  .dim {
    opacity: 0.75;
  }
  .italic {
    font-style: italic;
  }
  .underline {
    text-decoration: underline;
  }
  .inverse {
    background: var(--text);
    color: var(--panel);
  }
  @media (max-width: 640px) {
    .scroller {
      font-size: 12px;
      line-height: 18px;
    }
    .row {
      padding-right: 8px;
    }
    :host {
      --number-width: calc(var(--digits, 4) * 7.3px + 12px);
      --text-left: var(--number-width);
    }
    .number {
      padding-right: 8px;
    }
    .tag {
      width: 0;
      overflow: hidden;
    }
  }
`;
