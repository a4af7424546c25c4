// How lines look.

import { css, unsafeCSS } from 'lit';
import theme from './theme.css?inline';

export const themeStyles = unsafeCSS(theme);

export const lineStyles = css`
  * {
    box-sizing: border-box;
  }
  :host {
    position: relative;
    display: block;
    height: 24rem;
    min-height: 0;
    overflow: hidden;
    /* Where text begins: behind number and tag. What stands between lines begins there too. */
    --size: var(--tailrace-font-size, 12.5px);
    --number-width: calc(var(--digits, 4) * var(--size) * 0.608 + 25px);
    --text-left: calc(var(--number-width) + 34px);
  }
  .scroller {
    height: 100%;
    overflow: auto;
    overflow-anchor: none;
    background: var(--panel);
    color: var(--text);
    font: var(--size) / var(--tailrace-line-height, 19px) var(--mono);
    -moz-tab-size: 8;
    tab-size: 8;
  }
  :focus-visible {
    outline: 2px solid var(--accent);
  }
  .scroller:focus-visible {
    outline-offset: -2px;
  }
  .canvas {
    position: relative;
    min-width: 100%;
  }
  .block {
    position: absolute;
    top: 0;
    left: 0;
    width: 100%;
  }
  :host(:not([wrap])) .block {
    width: max-content;
    min-width: 100%;
  }
  /* Selected rows out of view: in the document, but nowhere to be seen. */
  .item.pinned {
    position: absolute;
    top: 0;
    left: 0;
    width: 0;
    height: 0;
    overflow: hidden;
  }
  .row.waiting .text {
    background: linear-gradient(var(--hover), var(--hover)) 0 50% / min(38ch, 60%) 9px no-repeat;
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
  :host(:not([times='off'])) .time {
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
    min-height: var(--tailrace-line-height, 19px);
    white-space: pre-wrap;
    overflow-wrap: anywhere;
    /* Text from right to left reads so, and still begins where the others do. */
    unicode-bidi: plaintext;
    text-align: left;
  }
  :host(:not([wrap])) .text {
    flex: none;
    white-space: pre;
    overflow-wrap: normal;
  }
  .text button:not(.more) {
    padding: 0;
    border: 0;
    background: none;
    font: inherit;
    cursor: pointer;
    user-select: none;
  }
  .text .source {
    margin-right: 1.5ch;
  }
  .source:hover,
  .json:hover {
    text-decoration: underline;
  }
  .text .json {
    margin-right: 1ch;
    color: var(--faint);
  }
  .text .json[aria-pressed='true'] {
    color: var(--accent);
  }
  .json-name {
    color: var(--accent);
  }
  .json-string {
    color: var(--ansi-2);
  }
  .json-number {
    color: var(--ansi-4);
  }
  .json-word {
    color: var(--ansi-5);
  }
  /* Laid out, a value has its own lines; without wrapping too. */
  .text.whole {
    white-space: pre-wrap;
  }
  :host(:not([wrap])) .text.whole {
    white-space: pre;
  }
  .row.heading {
    background: var(--heading);
  }
  .row.heading:hover {
    background: var(--hover);
  }
  .heading .text {
    padding-left: calc(var(--depth, 0) * 2ch);
    font-weight: 600;
    cursor: pointer;
  }
  .heading .fold {
    width: 2ch;
    color: var(--soft);
    text-align: left;
  }
  .facts,
  .group-end {
    color: var(--soft);
    font-weight: 400;
    user-select: none;
  }
  .missing {
    color: var(--warn);
    font: italic 500 12.5px/19px var(--sans);
  }
  .facts {
    margin-left: 2ch;
  }
  .group-end {
    color: var(--faint);
  }
  .text .fold.trace {
    margin-left: 1ch;
    color: var(--accent);
  }
  .fold:hover {
    color: var(--accent);
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
  .row[data-level='error'] .text {
    color: var(--bad);
  }
  .row[data-level='warn'] .text {
    color: var(--warn);
  }
  .row[data-level='debug'] .text {
    color: var(--soft);
  }
  .row.target {
    background: var(--target);
  }
  .item {
    position: relative;
  }
  /* Lines between these two are not shown. */
  .seam {
    position: absolute;
    top: 0;
    right: 0;
    left: 0;
    z-index: 1;
    border-top: 1px dashed var(--seam);
    transform: translateY(-0.5px);
    pointer-events: none;
  }
  mark {
    border-radius: 2px;
    background: var(--found);
    color: var(--found-text);
  }
  .text mark * {
    background: none;
    color: inherit;
    opacity: 1;
  }
  .row.current {
    background: var(--hover);
    border-left-color: var(--found-here);
  }
  .row.current .number {
    color: var(--text);
    font-weight: 700;
  }
  .row.current mark {
    background: var(--found-here);
    color: var(--found-here-text);
    outline: 2px solid var(--found-here);
  }
  .marks {
    position: absolute;
    top: 0;
    right: 0;
    width: 9px;
    height: 100%;
    color: var(--found-here);
    cursor: pointer;
  }
  /* Where the reader's own colours replace all others; what is transparent would be seen. */
  @media (forced-colors: active) {
    .row {
      border-left-color: Canvas;
    }
    .row[data-stream='stderr'],
    .row[data-stream='event'] {
      border-left-color: GrayText;
    }
    .row.target,
    .row.current {
      border-left-color: Highlight;
    }
    .row:is(.target, .current) .number {
      background: Highlight;
      color: HighlightText;
      forced-color-adjust: none;
    }
    mark {
      background: Mark;
      color: MarkText;
    }
    .row.current mark {
      outline-color: Highlight;
    }
  }
  .notice {
    margin: 4px 0;
    padding: 3px 16px 3px var(--text-left);
    border-left: 3px solid var(--warn);
    background: var(--warn-ground);
    color: var(--warn);
    font: 500 12.5px/19px var(--sans);
  }
  /* Their heights count, so nothing may stand out of them. */
  .header,
  .footer {
    display: flow-root;
  }
  .header {
    padding-top: 8px;
  }
  .header p {
    margin: 0;
    padding: 3px 16px 7px calc(var(--text-left) + 3px);
    color: var(--soft);
    font: 500 12.5px/19px var(--sans);
  }
  .footer {
    padding-bottom: 20px;
  }
  /* What stands in the reader's way for a moment. */
  .problem {
    position: absolute;
    top: 10px;
    right: 0;
    left: 0;
    z-index: 1;
    width: max-content;
    max-width: calc(100% - 32px);
    margin: 0 auto;
    padding: 6px 6px 6px 14px;
    border: 1px solid var(--line);
    border-radius: 8px;
    background: var(--raised);
    box-shadow: var(--shadow);
    color: var(--warn);
    font: 500 12.5px/20px var(--sans);
  }
  [hidden] {
    display: none;
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
  .strike {
    text-decoration: line-through;
  }
  .underline.strike {
    text-decoration: underline line-through;
  }
  /* Any colour, kept apart from the ground: as light or dark as the theme can bear. */
  .fgx {
    color: var(--fg);
    color: light-dark(
      oklch(from var(--fg) min(l, 0.58) c h),
      oklch(from var(--fg) max(l, 0.65) c h)
    );
  }
  .bgx {
    background: var(--bg);
    color: oklch(from var(--bg) clamp(0, (0.6 - l) * 1000, 1) 0 0);
  }
  .bgx.fgx {
    color: var(--fg);
  }
  .text a {
    color: inherit;
    text-decoration: underline dotted;
    text-underline-offset: 2px;
  }
  .text a:hover {
    color: var(--accent);
    text-decoration-style: solid;
  }
  .inverse {
    background: var(--text);
    color: var(--panel);
  }
  @media (max-width: 640px) {
    .row {
      padding-right: 8px;
    }
    :host {
      --number-width: calc(var(--digits, 4) * var(--size) * 0.608 + 12px);
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
