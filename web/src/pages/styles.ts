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
  /* Else its blank at the beginning would go. */
  .status .detail {
    margin-left: -6px;
    white-space: pre;
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
    text-wrap: balance;
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
  @media (forced-colors: active) {
    .status {
      border: 1px solid;
    }
    .status::before {
      background: CanvasText;
    }
    .button[aria-pressed='false'] {
      border-color: Canvas;
    }
    .button[aria-pressed='true'] {
      background: Highlight;
      color: HighlightText;
      forced-color-adjust: none;
    }
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
