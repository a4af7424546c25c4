// The page and its live lines over https.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { browserNames, launch, makeCertificate, numbered, openPage, Server } from './harness.mjs';

const certificate = makeCertificate();
after(() => certificate.remove());

for (const name of browserNames) {
  describe(`TLS in ${name}`, () => {
    let browser, server;
    before(async () => {
      // The harness talks to the server in clear text; the browser gets a port of its own.
      [browser, server] = await Promise.all([launch(name), Server.start(...certificate.options)]);
    });
    after(async () => {
      await browser?.close();
      await server?.stop();
    });

    test('the page of a log shows its lines as they come, and the verdict', async () => {
      const first = numbered('before', 200);
      const log = 'tls/live';
      await server.append(log, first);
      const { page, close } = await openPage(browser, { ignoreHTTPSErrors: true });
      const url = `https://127.0.0.1:${await server.tlsPort()}`;
      await page.goto(`${url}/healthz`);
      await page.evaluate((log) => {
        globalThis.lines = [];
        globalThis.outcome = undefined;
        const source = new EventSource(`/api/v1/logs/${log}/events`);
        source.onmessage = (event) => lines.push(event.data);
        source.addEventListener('end', (event) => {
          outcome = JSON.parse(event.data).outcome;
          source.close();
        });
      }, log);
      await page.waitForFunction(() => lines.length === 200);
      for (let i = 0; i < 20; i++) {
        await server.append(log, [`live ${i}`]);
        await page.waitForFunction((count) => lines.length === count, 201 + i);
      }
      const many = numbered('a line that makes records of sixteen kilobytes', 20_000);
      await server.append(log, many);
      await server.end(log, { outcome: 'succeeded' });
      await page.waitForFunction(() => outcome === 'succeeded');
      const live = Array.from({ length: 20 }, (_, i) => `live ${i}`);
      assert.deepEqual(await page.evaluate(() => lines), [...first, ...live, ...many]);
      await page.goto(`${url}/logs/${log}`);
      await page.waitForSelector('text=succeeded');
      await close();
    });
  });
}
