// How the list of logs looks.

import { css } from 'lit';

export const listStyles = css`
  :host {
    --row: 42px;
    /* Else the bar would stick to nothing. */
    display: block;
  }
  .bar {
    position: sticky;
    top: 0;
    z-index: 2;
  }
  .bar h1 {
    flex: 1;
    color: var(--soft);
    font-weight: 500;
  }
  main {
    max-width: 1080px;
    margin: 0 auto;
    padding: 16px 16px 48px;
  }
  .find {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 8px 10px;
    margin: 0 0 12px;
  }
  input {
    flex: 1 1 320px;
    min-width: 0;
    padding: 7px 12px;
    border: 1px solid var(--line);
    border-radius: 6px;
    background: var(--panel);
    color: var(--text);
    font: 13.5px/20px var(--sans);
  }
  input::placeholder {
    color: var(--faint);
    opacity: 1;
  }
  .states {
    display: flex;
    gap: 2px;
  }
  .states [aria-pressed='false']:not(:hover) {
    background: none;
  }
  /* Often there is nothing in it, and no gap for it. */
  tailrace-who {
    display: contents;
  }
  .below-find {
    display: flex;
    align-items: baseline;
    justify-content: space-between;
    gap: 16px;
    margin: 0 0 8px;
    padding: 0 2px;
    font-size: 12.5px;
  }
  .below-find .wrong {
    color: var(--bad);
  }
  details {
    flex: none;
    color: var(--soft);
    font-size: 12.5px;
  }
  details[open] {
    flex: 1 0 100%;
    order: 9;
  }
  summary {
    padding: 5px 4px;
    cursor: pointer;
  }
  dl {
    display: grid;
    grid-template-columns: max-content 1fr;
    gap: 5px 18px;
    margin: 6px 0 4px;
    padding: 12px 16px;
    border: 1px solid var(--line);
    border-radius: 8px;
    background: var(--panel);
  }
  dt {
    color: var(--text);
    font: 12.5px/19px var(--mono);
  }
  dd {
    margin: 0;
    line-height: 19px;
  }
  ul {
    position: relative;
    margin: 0;
    padding: 0;
    overflow: hidden;
    border: 1px solid var(--line);
    border-radius: 8px;
    background: var(--panel);
    list-style: none;
  }
  li {
    position: absolute;
    right: 0;
    left: 0;
    height: var(--row);
    scroll-margin: 60px 0 12px;
  }
  li:not([aria-posinset='1']) {
    border-top: 1px solid var(--line);
  }
  li a {
    display: grid;
    grid-template-columns: 104px minmax(0, 1fr) auto 92px;
    align-items: center;
    gap: 0 16px;
    height: 100%;
    padding: 0 16px;
    color: var(--text);
    text-decoration: none;
  }
  li a:hover {
    background: var(--hover);
  }
  li a:focus-visible {
    outline-offset: -2px;
  }
  /* One line: what does not fit as a whole goes, labels first, and the title last. */
  .name {
    display: flex;
    flex-wrap: wrap;
    align-items: baseline;
    gap: 8px 10px;
    height: 21px;
    overflow: hidden;
    white-space: nowrap;
  }
  .name > * {
    max-width: 100%;
    overflow: hidden;
    text-overflow: ellipsis;
  }
  .title {
    font-weight: 550;
  }
  .label {
    padding: 0 7px;
    border: 1px solid var(--line);
    border-radius: 4px;
    color: var(--soft);
    font: 11.5px/17px var(--mono);
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
  .end {
    margin: 16px 0 0;
    color: var(--soft);
    font-size: 12.5px;
    text-align: center;
  }
  .banner {
    display: flex;
    align-items: center;
    gap: 12px;
    margin: 0 0 12px;
    color: var(--warn);
  }
  @media (max-width: 640px) {
    :host {
      --row: 66px;
    }
    main {
      padding: 12px 0 32px;
    }
    .find,
    .below-find,
    .banner {
      padding: 0 12px;
    }
    .states {
      overflow-x: auto;
    }
    ul {
      border-width: 1px 0;
      border-radius: 0;
    }
    dl {
      grid-template-columns: 1fr;
      gap: 1px;
    }
    dd {
      margin-bottom: 7px;
    }
    li a {
      grid-template-columns: auto minmax(0, 1fr) auto;
      grid-template-rows: 20px 22px;
      align-content: center;
      gap: 5px 12px;
      padding: 0 12px;
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
`;
