// How the log's page looks around the log.

import { css } from 'lit';

export const logPageStyles = css`
  :host {
    display: flex;
    flex-direction: column;
    height: 100vh;
    height: 100dvh;
  }
  main {
    display: flex;
    flex: 1;
    flex-direction: column;
    min-height: 0;
  }
  tailrace-log {
    flex: 1;
  }
  /* What does not fit stands below: a title that nobody sees names nothing. */
  .bar,
  .tools {
    flex-wrap: wrap;
  }
  .name {
    display: flex;
    flex: 1 1 190px;
    flex-wrap: wrap;
    align-items: baseline;
    gap: 0 10px;
    min-width: 0;
  }
  h1,
  .name .mono {
    max-width: 100%;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .facts {
    display: flex;
    align-items: center;
    gap: 6px 12px;
    font-size: 12.5px;
    white-space: nowrap;
  }
  .tools {
    display: flex;
    gap: 6px;
  }
  tailrace-log[data-size='small'] {
    --tailrace-font-size: 11.5px;
    --tailrace-line-height: 17px;
  }
  tailrace-log[data-size='large'] {
    --tailrace-font-size: 15px;
    --tailrace-line-height: 23px;
  }
  main {
    position: relative;
  }
  .marked {
    position: absolute;
    right: 22px;
    bottom: 18px;
    z-index: 1;
    display: flex;
    align-items: center;
    gap: 6px;
    padding: 5px 5px 5px 13px;
    border: 1px solid var(--line);
    border-radius: 8px;
    background: var(--raised);
    box-shadow: var(--shadow);
    font-size: 12.5px;
  }
  .banner {
    margin: 0;
    padding: 6px 16px;
    border-bottom: 1px solid var(--line);
    background: var(--warn-ground);
    color: var(--warn);
    font-size: 13px;
  }
  .banner .button {
    margin-left: 8px;
  }
  .verdict {
    display: flex;
    flex-wrap: wrap;
    align-items: baseline;
    gap: 4px 12px;
    margin: 12px 0 0;
    padding: 9px 16px 9px var(--text-left);
    border-left: 3px solid currentColor;
    background: var(--off-ground);
    color: var(--soft);
    font: 13px/20px var(--sans);
  }
  .verdict.good {
    background: var(--good-ground);
    color: var(--good);
  }
  .verdict.bad {
    background: var(--bad-ground);
    color: var(--bad);
  }
  .verdict.warn {
    background: var(--warn-ground);
    color: var(--warn);
  }
  .verdict span {
    color: var(--text);
  }
  .verdict .reason {
    flex-basis: 100%;
    white-space: pre-wrap;
    overflow-wrap: anywhere;
  }
  /* There is no room for two side by side. */
  @media (max-width: 800px) {
    .marked {
      right: 12px;
      bottom: 12px;
    }
    main:has(.marked) tailrace-log::part(jump) {
      bottom: 66px;
    }
  }
  /* Of a window that is magnified a lot: it scrolls as a whole, and the lines keep some room. */
  @media (max-height: 300px) {
    :host {
      height: auto;
      min-height: 100dvh;
    }
    main {
      min-height: auto;
    }
    tailrace-log {
      flex: 1 0 180px;
    }
  }
  @media (max-width: 640px) {
    .bar {
      padding: 6px 12px;
    }
    .home {
      font-size: 0;
      gap: 0;
    }
    .name {
      flex-basis: calc(100% - 60px);
    }
    .facts {
      flex: 1;
    }
    .tools {
      gap: 2px;
    }
    .tools .button {
      padding: 4px 8px;
    }
    /* They are in the sheet of View too. */
    .tools [aria-pressed] {
      display: none;
    }
  }
`;
