// What tests of the log page ask of it.

import { waitFor } from './harness.mjs';

/** The rows that are in the document, in order. */
export const rowsOf = (page) =>
  page.locator('tailrace-log').evaluate((log) =>
    [...log.shadowRoot.querySelectorAll('.item:not(.pinned) > .row')].map((row) => ({
      line: Number(row.dataset.n) + 1,
      text: row.querySelector('.text').textContent,
      stream: row.dataset.stream,
    })),
  );

export const scrollOf = (page) =>
  page.locator('tailrace-log').evaluate((log) => {
    const scroller = log.shadowRoot.querySelector('.scroller');
    return {
      top: scroller.scrollTop,
      below: scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight,
      height: scroller.scrollHeight,
    };
  });

/** The line is in the document and loaded. */
export const lineIs = (page, line) =>
  page
    .locator(`.row[data-n="${line - 1}"]:not(.waiting)`)
    .first()
    .waitFor({ state: 'attached' });

/** Two frames: what was set off before has been drawn. */
export const drawn = (page) =>
  page.evaluate(
    () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
  );

/**
 * What the reader sees: rows in view with their places, from the view's upper edge, and whether
 * they cover it without overlap.
 */
export const inView = (page) =>
  page.locator('tailrace-log').evaluate((log) => {
    const scroller = log.shadowRoot.querySelector('.scroller');
    const view = scroller.getBoundingClientRect();
    const rows = [...log.shadowRoot.querySelectorAll('.item:not(.pinned)')].map((item) => {
      const box = item.getBoundingClientRect();
      const row = item.querySelector('.row');
      return {
        line: Number(row.dataset.n) + 1,
        top: box.top - view.top,
        bottom: box.bottom - view.top,
        waiting: row.classList.contains('waiting'),
      };
    });
    const seen = rows.filter(
      (row) => row.bottom > 0 && row.top < scroller.clientHeight && row.bottom > row.top,
    );
    const isLast = (row) => row?.line === log.position;
    const seams = rows.slice(1).map((row, i) => Math.abs(row.top - rows[i].bottom));
    return {
      rows: seen,
      covered: (seen[0]?.top ?? 1) <= 0.5 || seen[0]?.line === 1,
      filled: (seen.at(-1)?.bottom ?? 0) >= scroller.clientHeight - 0.5 || isLast(seen.at(-1)),
      seam: Math.max(0, ...seams),
      ordered: rows.every((row, i) => i === 0 || row.line === rows[i - 1].line + 1),
    };
  });

/** All of it, read page by page from the first line to the last, by keyboard. */
export async function transcriptOf(page) {
  const lines = new Map();
  await page.getByRole('log').focus();
  await page.keyboard.press('Home');
  await lineIs(page, 1);
  await waitFor('it is at the top', async () => (await scrollOf(page)).top === 0);
  const all = await page.locator('tailrace-log').evaluate((log) => log.position);
  while (!lines.has(all)) {
    await page.locator('.row.waiting').first().waitFor({ state: 'detached' });
    for (const row of await rowsOf(page)) lines.set(row.line, row.text);
    await page.keyboard.press('PageDown');
    await drawn(page);
  }
  return Array.from({ length: all }, (_, i) => lines.get(i + 1));
}
