// How the bar looks in which one says what to find.

import { css } from 'lit';

export const findBarStyles = css`
  :host {
    position: relative;
    display: block;
    border-bottom: 1px solid var(--line);
    background: var(--panel);
    font-size: 13px;
  }
  .find {
    display: block;
    padding: 6px 16px;
  }
  .line,
  .buttons,
  .kind,
  .chips {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 6px;
  }
  .line {
    flex-wrap: nowrap;
    gap: 6px 14px;
  }
  .field {
    display: flex;
    flex: 1 1 220px;
    gap: 2px;
    max-width: 460px;
    min-width: 0;
    padding: 2px;
    border: 1px solid var(--line);
    border-radius: 7px;
    background: var(--ground);
  }
  .field:focus-within {
    outline: 2px solid var(--accent);
    outline-offset: 0;
  }
  .field:has([aria-invalid='true']) {
    border-color: var(--bad);
  }
  input {
    min-width: 0;
    padding: 3px 8px;
    border: 1px solid var(--line);
    border-radius: 6px;
    background: var(--ground);
    color: var(--text);
    font: inherit;
  }
  .field input {
    flex: 1;
    border: 0;
    outline: none;
    background: none;
    font-family: var(--mono);
    font-size: 12.5px;
  }
  input::placeholder {
    color: var(--faint);
    font-family: var(--sans);
    opacity: 1;
  }
  .switch {
    min-width: 28px;
    padding: 2px 5px;
    border: 0;
    border-radius: 5px;
    background: none;
    color: var(--soft);
    cursor: pointer;
  }
  .switch:hover {
    background: var(--hover);
  }
  .switch[aria-pressed='true'] {
    background: var(--accent-ground);
    color: var(--accent);
    font-weight: 600;
  }
  .count {
    flex: 1 1 auto;
    min-width: 0;
    overflow: hidden;
    color: var(--soft);
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .count.bad {
    color: var(--bad);
  }
  .buttons {
    flex: none;
    flex-wrap: nowrap;
  }
  .arrow {
    min-width: 32px;
  }
  .arrow:disabled {
    color: var(--faint);
    cursor: default;
  }
  .filters {
    display: grid;
    gap: 6px;
    padding-top: 8px;
  }
  .kind .soft {
    width: 56px;
  }
  .kind input {
    flex: 0 1 200px;
  }
  .chips {
    margin: 6px 0 0;
    padding: 0;
    list-style: none;
  }
  .chip {
    display: inline-flex;
    align-items: center;
    gap: 5px;
    padding: 1px 2px 1px 10px;
    border: 1px solid var(--line);
    border-radius: 999px;
    background: var(--accent-ground);
  }
  .chip button {
    width: 24px;
    height: 24px;
    padding: 0;
    border: 0;
    border-radius: 50%;
    background: none;
    color: var(--text);
    font-size: 11px;
    cursor: pointer;
  }
  .chip button:hover {
    background: var(--hover);
  }
  .unseen {
    position: absolute;
    width: 1px;
    height: 1px;
    margin: 0;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  progress {
    position: absolute;
    right: 0;
    bottom: -1px;
    left: 0;
    display: block;
    width: 100%;
    height: 2px;
    border: 0;
    background: none;
    color: var(--accent);
    appearance: none;
  }
  progress::-webkit-progress-bar {
    background: none;
  }
  progress::-webkit-progress-value {
    background: var(--accent);
  }
  progress::-moz-progress-bar {
    background: var(--accent);
  }
  @media (max-width: 900px) {
    .line {
      flex-wrap: wrap;
    }
    .field {
      flex-basis: 60%;
      max-width: none;
    }
  }
  @media (max-width: 640px) {
    .find {
      padding: 6px 12px;
    }
    .field {
      flex-basis: 100%;
    }
    .count {
      flex-basis: 30%;
    }
    .buttons {
      flex: 1 1 100%;
      flex-wrap: wrap;
      gap: 4px;
    }
    .buttons .button {
      padding-inline: 8px;
    }
    .kind input {
      flex: 1 1 60px;
    }
  }
`;
