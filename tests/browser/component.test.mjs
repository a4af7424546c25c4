// <tailrace-log> in a page of another origin, which knows nothing of ours.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { after, before, describe, test } from 'node:test';
import { browserNames, launch, numbered, openPage, Server, waitFor } from './harness.mjs';
import { drawn, inView, lineIs, rowsOf } from './viewer.mjs';

const pageFor = (url) => `<!doctype html><html lang="en"><meta charset="utf-8"><title>portal</title>
<style>
  body { margin: 0; background: #fff }
  tailrace-log { height: 300px; --tailrace-panel: #102030; --tailrace-text: #eeeeee }
  tailrace-log::part(number) { color: rgb(1, 2, 3) }
</style>
<main><h1>A portal</h1>
<tailrace-log src="${url}/api/v1/logs/embed/it" times="clock" utc></tailrace-log></main>
<script>
  var told = [];
  for (const type of ['tailrace-state', 'tailrace-end', 'tailrace-line-click'])
    document.addEventListener(type, (event) => told.push([type, event.detail]));
</script>
<script src="${url}/assets/tailrace-log.js"></script></html>`;

for (const name of browserNames) {
  describe(`The component in ${name}`, () => {
    let browser, server, portal, origin;
    before(async () => {
      portal = http.createServer((request, response) => {
        response.writeHead(200, { 'Content-Type': 'text/html' }).end(pageFor(server.url));
      });
      portal.listen(0, '127.0.0.1');
      await once(portal, 'listening');
      // Another site than the server's, and not only another port.
      origin = `http://localhost:${portal.address().port}`;
      [browser, server] = await Promise.all([launch(name), Server.start('--cors-origins', origin)]);
    });
    after(async () => {
      await browser?.close();
      await server?.stop();
      portal?.close();
      portal?.closeAllConnections();
    });

    test('shows a log of another site, live, and is driven by its page', async () => {
      await server.append('embed/it', numbered('line', 5000, 1));
      const { page, troubles, close } = await openPage(browser);
      await page.goto(`${origin}/`);
      await lineIs(page, 5000);
      const log = page.locator('tailrace-log');
      assert.equal(await log.evaluate((element) => element.position), 5000);
      await waitFor('it is live', () => log.evaluate((element) => element.state === 'live'));
      await server.append('embed/it', ['one more']);
      await lineIs(page, 5001);
      assert.equal(await log.evaluate((element) => element.follow), true);

      await log.evaluate((element) => element.goTo(1233));
      await lineIs(page, 1234);
      assert.equal(await log.evaluate((element) => element.follow), false);
      const { covered, filled, seam, ordered } = await inView(page);
      assert.ok(covered && filled && ordered && seam < 0.1);
      await page.locator('.row[data-n="1233"] .number').click();
      assert.equal(page.url(), `${origin}/`); // What a click does is the page's affair.
      await log.evaluate((element) => (element.follow = true));
      await lineIs(page, 5001);

      await server.end('embed/it', { outcome: 'failed', exit_code: 3 });
      await waitFor('it has ended', () => log.evaluate((element) => element.state === 'ended'));
      const told = await page.evaluate(() => globalThis.told);
      const states = told.filter(([type]) => type === 'tailrace-state').map(([, d]) => d.state);
      assert.deepEqual(states, ['live', 'ended']);
      const [, end] = told.find(([type]) => type === 'tailrace-end');
      assert.deepEqual([end.outcome, end.exit_code, end.position], ['failed', 3, 5001]);
      assert.deepEqual(
        told.filter(([type]) => type === 'tailrace-line-click').map(([, d]) => d.n),
        [1233],
      );
      assert.deepEqual(await troubles(), []);
      await close();
    });

    test('looks as its page wants', async () => {
      await server.append('embed/other', ['x']);
      const { page, close } = await openPage(browser);
      await page.goto(`${origin}/`);
      await page.locator('tailrace-log').evaluate((element, url) => {
        element.src = `${url}/api/v1/logs/embed/other`;
      }, server.url);
      await waitFor('the other log', async () => (await rowsOf(page))[0]?.text === 'x');
      await drawn(page);
      const style = (selector, property) =>
        page
          .locator(selector)
          .first()
          .evaluate((element, name) => getComputedStyle(element)[name], property);
      assert.equal(await style('.scroller', 'backgroundColor'), 'rgb(16, 32, 48)');
      assert.equal(await style('.row .text', 'color'), 'rgb(238, 238, 238)');
      assert.equal(await style('.row .number', 'color'), 'rgb(1, 2, 3)');
      const height = await page.locator('tailrace-log').evaluate((e) => e.offsetHeight);
      assert.equal(height, 300);
      assert.match(
        await page.locator('.row .time').first().getAttribute('data-show'),
        /^\d\d:\d\d:\d\d\.\d{3}Z$/,
      );
      await close();
    });
  });
}
