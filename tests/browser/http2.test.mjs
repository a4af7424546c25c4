// Many live logs in one page: over HTTP/2 all of them at once, over HTTP/1.1 six.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  browserNames,
  launch,
  makeCertificate,
  numbered,
  openPage,
  Server,
  waitFor,
} from './harness.mjs';

/** What browsers allow themselves for one host. */
const HTTP1_CONNECTIONS = 6;

const certificate = makeCertificate();
after(() => certificate.remove());

/** Of the page: a source for each log, and all that it was told, in order. */
function watch(logs) {
  globalThis.watched = logs.map((log) => {
    const source = new EventSource(`/api/v1/logs/${log}/events`);
    const record = { source, opens: 0, errors: 0, lines: [], outcome: undefined };
    source.onopen = () => record.opens++;
    source.onerror = () => record.errors++;
    source.onmessage = (event) => record.lines.push(event.data);
    source.addEventListener('end', (event) => {
      record.outcome = JSON.parse(event.data).outcome;
      source.close();
    });
    return record;
  });
}

/** Of the page: another request to the same host. */
function fetchAside() {
  globalThis.answered = false;
  fetch('/readyz').then(() => (answered = true));
}

/** Which of them are open at this moment. */
const openNow = (page) =>
  page.evaluate(() =>
    watched.flatMap(({ source }, i) => (source.readyState === EventSource.OPEN ? [i] : [])),
  );

for (const name of browserNames) {
  describe(`Many streams in ${name}`, () => {
    let browser, server;
    before(async () => {
      // The harness talks to the server in clear text, over HTTP/1.1: all HTTP/2 is the browser's.
      [browser, server] = await Promise.all([launch(name), Server.start(...certificate.options)]);
    });
    after(async () => {
      await browser?.close();
      await server?.stop();
    });

    async function metric(sample) {
      const text = await (await fetch(`${server.url}/metrics`)).text();
      const line = text.split('\n').find((line) => line.startsWith(`${sample} `));
      assert.ok(line, `no ${sample} in:\n${text}`);
      return Number(line.slice(sample.length + 1));
    }
    const connections = (protocol) =>
      metric(`tailrace_protocol_connections{protocol="${protocol}"}`);
    const eventStreams = (protocol) =>
      metric(`tailrace_protocol_event_streams{protocol="${protocol}"}`);

    async function watching(url, logs) {
      await Promise.all(logs.map((log) => server.call('PUT', `/logs/${log}`, {})));
      const { page, close } = await openPage(browser, { ignoreHTTPSErrors: true });
      await page.goto(`${url}/healthz`);
      await page.evaluate(watch, logs);
      return { page, close };
    }

    test('over HTTP/2 all 150 streams of a page are live on one connection', async () => {
      const started = await metric('tailrace_streams_started_total');
      const logs = numbered('http2/log', 150).map((log) => log.replace(' ', '-'));
      const url = `https://127.0.0.1:${await server.tlsPort()}`;
      const { page, close } = await watching(url, logs);
      await page.waitForFunction(() => watched.every(({ opens }) => opens === 1));
      assert.equal(await eventStreams('h2'), 150);
      assert.equal(await connections('h2'), 1);
      assert.equal(await eventStreams('http/1.1'), 0);

      const expected = logs.map(() => []);
      for (let round = 0; round < 4; round++) {
        await Promise.all(
          logs.map((log, i) => {
            const lines = numbered(`${log}, round ${round}, line`, 1 + ((i + round) % 5));
            expected[i].push(...lines);
            return server.append(log, lines);
          }),
        );
        // All of them at the same time, not one after the other.
        const counts = expected.map((lines) => lines.length);
        await page.waitForFunction(
          (counts) => watched.every(({ lines }, i) => lines.length >= counts[i]),
          counts,
        );
        assert.equal((await openNow(page)).length, 150);
      }
      assert.equal(await eventStreams('h2'), 150);
      assert.equal(await connections('h2'), 1);
      await Promise.all(logs.map((log) => server.end(log, { outcome: 'succeeded' })));
      await page.waitForFunction(() => watched.every(({ outcome }) => outcome === 'succeeded'));
      const got = await page.evaluate(() =>
        watched.map(({ opens, errors, lines }) => ({ opens, errors, lines })),
      );
      assert.deepEqual(
        got,
        expected.map((lines) => ({ opens: 1, errors: 0, lines })),
      );
      assert.equal(await metric('tailrace_streams_started_total'), started + 150);
      assert.equal(await connections('h2'), 1);
      await close();
    });

    test('over HTTP/1.1 six of ten streams are open, the others wait for them', async () => {
      const started = await metric('tailrace_streams_started_total');
      const logs = numbered('http1/log', 10).map((log) => log.replace(' ', '-'));
      const { page, close } = await watching(server.url, logs);
      const waiting = new Set(logs.keys());
      let open = [];
      // Each that is closed lets one more in; by the turns of this loop a seventh had its time.
      for (let closed = 0; closed <= logs.length - HTTP1_CONNECTIONS; closed++) {
        await waitFor('six are open', async () => {
          open = await openNow(page);
          return open.length >= HTTP1_CONNECTIONS;
        });
        if (closed === 0) await page.evaluate(fetchAside);
        await Promise.all(open.map((i) => server.append(logs[i], [`seen by ${closed}`])));
        await page.waitForFunction(
          ([open, last]) => open.every((i) => watched[i].lines.at(-1) === last),
          [open, `seen by ${closed}`],
        );
        if (closed === 0) assert.equal(await page.evaluate(() => answered), false);
        assert.deepEqual(await openNow(page), open);
        assert.equal(open.length, HTTP1_CONNECTIONS);
        await waitFor('the server has seen it closed', async () => {
          return (await eventStreams('http/1.1')) === HTTP1_CONNECTIONS;
        });
        assert.equal(
          await metric('tailrace_streams_started_total'),
          started + HTTP1_CONNECTIONS + closed,
        );
        open.forEach((i) => waiting.delete(i));
        assert.equal(waiting.size, logs.length - HTTP1_CONNECTIONS - closed);
        await page.evaluate((i) => watched[i].source.close(), open[0]);
      }
      await page.waitForFunction(() => answered);
      await close();
    });
  });
}
