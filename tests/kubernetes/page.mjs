// Watches one page in a browser for a test in another language: node page.mjs URL [OPTIONS],
// which are JSON: `folder` for pictures, `browser` (chromium), and `link`: URL is then the list's,
// and the link is waited for and clicked. Prints a JSON object a line:
//   {"list": true}                       the list is followed
//   {"listed": "…"}                      the link's text once it was there, without a reload
//   {"status": "Live"}                   whenever the page's state changes
//   {"line": 7, "text": "line 7"}        a row that came into the document, in the order they came
// A line of input is the name of a picture to take into the folder, if there is one; {"picture":
// name} says that it is done. When the input ends: {"rows": [[line, text], …], "troubles": […],
// "verdict": "…"}.

import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';

process.env.BINARY ??= '-'; // The harness wants one; here the server is someone else's.
const { launch, openPage } = await import('../browser/harness.mjs');

const [url, options] = process.argv.slice(2);
const { folder, link, browser: browserName = 'chromium' } = JSON.parse(options ?? '{}');
const tell = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

/** High enough for all rows: the page has only those in view in its document. */
const HIGH = { width: 1100, height: 9000 };
const PICTURE = { width: 1100, height: 700 };

/** In the page: tells of states and rows as they come. */
function observe([log, state]) {
  const told = new Set();
  const block = log.shadowRoot.querySelector('.block');
  const all = () => [...block.querySelectorAll('.row:not(.waiting)')];
  const plain = (row) => [Number(row.dataset.n) + 1, row.querySelector('.text').textContent];
  let last;
  const look = () => {
    for (const row of all()) {
      const [line, text] = plain(row);
      if (told.has(line)) continue;
      told.add(line);
      globalThis.tell({ line, text });
    }
    const status = state.textContent.trim();
    if (status !== last) globalThis.tell({ status });
    last = status;
  };
  globalThis.allRows = () => all().map(plain);
  const observer = new MutationObserver(look);
  for (const root of [block, state])
    observer.observe(root, { childList: true, subtree: true, characterData: true });
  look();
}

/** The list is open until the log comes into it by itself. */
async function throughList(page) {
  await page.locator('[role=status]', { hasText: 'Live' }).waitFor();
  await page.evaluate(() => (globalThis.untouched = true));
  tell({ list: true });
  const found = page.locator(`a[href="${link}"]`);
  await found.waitFor();
  const text = (await found.innerText()).replaceAll(/\s+/g, ' ');
  if (!(await page.evaluate(() => globalThis.untouched))) throw new Error('the list was reloaded');
  tell({ listed: text });
  // At once, also while a loaded machine draws no frames, for which a click of the driver waits.
  await found.dispatchEvent('click');
  await page.waitForURL(`**${link}`, { waitUntil: 'commit' });
}

const browser = await launch(browserName);
try {
  const { page, troubles } = await openPage(browser, { viewport: HIGH, deviceScaleFactor: 2 });
  await page.exposeFunction('tell', tell);
  await page.goto(url);
  if (link) await throughList(page);
  const parts = ['tailrace-log', '[role=status]'].map((part) => page.locator(part));
  await page.evaluate(observe, await Promise.all(parts.map((part) => part.elementHandle())));
  for await (const name of createInterface({ input: process.stdin })) {
    if (folder) {
      mkdirSync(folder, { recursive: true });
      await page.setViewportSize(PICTURE);
      await page.screenshot({ path: path.join(folder, `${name}.png`) });
      await page.setViewportSize(HIGH);
    }
    tell({ picture: name });
  }
  const rows = await page.evaluate(() => globalThis.allRows());
  const verdict = await page.locator('.verdict').allInnerTexts();
  // That the log was not there yet is an answer of 404, which browsers print.
  tell({ rows, troubles: await troubles({ allow: /404/ }), verdict: verdict.join(' ') });
} finally {
  await browser.close();
}
