// An EventSource of Chromium on each address, of which the first word is its name: node silent.mjs
// 'NAME ADDRESS'… . Each line of output is {name, at_s, what}: open, error (the stream was cut),
// closed (the browser has given up), or the text of a message. Ends with its input.

import { createInterface } from 'node:readline';

process.env.BINARY ??= '-'; // The harness wants one; here the servers are someone else's.
const { launch } = await import('../tests/browser/harness.mjs');

const browser = await launch('chromium');
const context = await browser.newContext();
const begin = Date.now();

for (const argument of process.argv.slice(2)) {
  const [name, address, cookie] = argument.split(' ');
  const page = await context.newPage();
  if (cookie) {
    const [key, value] = cookie.split('=');
    await context.addCookies([{ name: key, value, url: address }]);
  }
  await page.exposeFunction('tell', (what) => {
    process.stdout.write(`${JSON.stringify({ name, at_s: (Date.now() - begin) / 1000, what })}\n`);
  });
  await page.goto(new URL('/robots.txt', address).href); // whatever it is: a page of that origin
  await page.evaluate((url) => {
    const source = new EventSource(url);
    source.onopen = () => window.tell('open');
    source.onerror = () => window.tell(source.readyState === 2 ? 'closed' : 'error');
    source.onmessage = (event) => window.tell(event.data);
  }, address);
}
for await (const _ of createInterface({ input: process.stdin })); // until it ends
await browser.close();
