// Chromium for a test in another language: node tabs.mjs. Each line of input is a JSON object
// {"do": NAME, …}, each line of output its answer: {"value": …} or {"error": "…"}. All tabs share
// one session. The browser ends with the input.

import { createInterface } from 'node:readline';

process.env.BINARY ??= '-'; // The harness wants one; here the servers are someone else's.
const { launch, TIMEOUT_MS } = await import('../browser/harness.mjs');

const browser = await launch('chromium');
const context = await browser.newContext();
context.setDefaultTimeout(TIMEOUT_MS);
const tabs = new Map();

const calls = {
  async open({ tab, url }) {
    if (!tabs.has(tab)) tabs.set(tab, await context.newPage());
    await tabs.get(tab).goto(url);
  },
  fill: ({ tab, selector, text }) => tabs.get(tab).locator(selector).fill(text),
  /** Clicks what leads to another page. */
  async follow({ tab, selector, url }) {
    await tabs.get(tab).locator(selector).click();
    await tabs.get(tab).waitForURL(url);
  },
  text: ({ tab, selector }) => tabs.get(tab).locator(selector).textContent(),
  /** Until an element has just this text. */
  async until({ tab, selector, text }) {
    const equal = ([css, wanted]) => document.querySelector(css)?.textContent === wanted;
    await tabs.get(tab).waitForFunction(equal, [selector, text]);
  },
  async cookies() {
    const all = await context.cookies();
    return Object.fromEntries(all.map(({ name, value }) => [name, value]));
  },
  address: async ({ tab }) => tabs.get(tab).url(),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { do: name, ...options } = JSON.parse(line);
  const answer = await calls[name](options).then(
    (value) => ({ value }),
    (error) => ({ error: String(error) }),
  );
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await browser.close();
