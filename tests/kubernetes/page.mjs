// Watches one page in Chromium for a test in another language: node page.mjs URL [FOLDER]
// Prints a JSON object a line:
//   {"status": "Live"}                   whenever the page's state changes
//   {"line": 7, "text": "line 7"}        a row that came into the document, in the order they came
// A line of input is the name of a picture to take into the folder, if there is one; {"picture":
// name} says that it is done. When the input ends: {"rows": [[line, text], …], "troubles": […]}.

import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';

process.env.BINARY ??= '-'; // The harness wants one; here the server is someone else's.
const { launch, openPage } = await import('../browser/harness.mjs');

const [url, folder] = process.argv.slice(2);
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

const browser = await launch('chromium');
try {
  const { page, troubles } = await openPage(browser, { viewport: HIGH, deviceScaleFactor: 2 });
  await page.exposeFunction('tell', tell);
  await page.goto(url);
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
  // That the log was not there yet is an answer of 404, which browsers print.
  tell({ rows, troubles: await troubles({ allow: /404/ }) });
} finally {
  await browser.close();
}
