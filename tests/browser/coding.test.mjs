// Compressed streams in real browsers: each line at once, and nothing lost wherever it is cut.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { browserNames, Front, launch, numbered, openPage, Server } from './harness.mjs';

const WATCH_PAGE = `<!doctype html><meta charset="utf-8"><title>watch</title><script>
  var lines = [], ids = [], ended = 0;
  var query = new URLSearchParams(location.search);
  var source = new EventSource(
    '/api/v1/logs/' + query.get('log') + '/events?from=' + query.get('from'));
  source.onmessage = function (event) { lines.push(event.data); ids.push(event.lastEventId); };
  source.addEventListener('end', function () { ended++; });
</script>`;

const seed = Number(process.env.TAILRACE_SEED ?? Math.floor(Math.random() * 2 ** 31));
console.log(`# seed ${seed} (repeat with TAILRACE_SEED=${seed})`);

/** mulberry32: the same numbers for the same seed. */
function generator(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

for (const name of browserNames) {
  describe(`Compressed streams in ${name}`, () => {
    let browser, server;
    before(async () => {
      [browser, server] = await Promise.all([
        launch(name),
        Server.start('--retry-min', '100ms', '--retry-max', '200ms'),
      ]);
    });
    after(async () => {
      await browser?.close();
      await server?.stop();
    });

    async function watching(log, from, options) {
      const front = await Front.start(server.url, { '/watch': WATCH_PAGE }, options);
      const tab = await openPage(browser);
      await tab.page.goto(`${front.url}/watch?log=${log}&from=${from}`);
      const close = async () => {
        await tab.close();
        front.stop();
      };
      return { page: tab.page, front, close };
    }

    for (const coding of ['gzip', 'zstd']) {
      test(`${coding}: joins in the middle and sees each line when it comes`, async () => {
        const log = `coding/live-${coding}`;
        const expected = numbered('the quick brown fox jumps over the lazy dog', 1000);
        await server.append(log, expected);
        const { page, front, close } = await watching(log, 700, { acceptEncoding: coding });
        await page.waitForFunction(() => lines.length === 300);
        for (let count = 301; count <= 306; count++) {
          expected.push(`alone ${count}`);
          await server.append(log, expected.slice(-1));
          await page.waitForFunction((n) => lines.length === n, count); // before the next one
        }
        await server.end(log, { outcome: 'succeeded' });
        await page.waitForFunction(() => ended === 1 && source.readyState === 2);
        assert.deepEqual(await page.evaluate(() => lines), expected.slice(700));
        assert.equal(front.streams()[0].coding, coding);
        await close();
      });

      test(`${coding}: loses nothing wherever the way is cut`, async () => {
        const log = `coding/cut-${coding}`;
        const random = generator(seed);
        const expected = numbered('the quick brown fox jumps over the lazy dog', 3000);
        await server.append(log, expected);
        const { page, front, close } = await watching(log, 0, {
          acceptEncoding: coding,
          cutAfter: () => 200 + Math.floor(random() * 30_000),
        });
        for (let burst = 0; burst < 20; burst++) {
          const lines = Array.from(
            { length: 1 + Math.floor(random() * 200) },
            () => `${expected.length} ${random()} ${random()} ${random()}`,
          );
          expected.push(...lines);
          await server.append(log, lines);
        }
        await server.end(log, { outcome: 'succeeded' });
        await page.waitForFunction(() => ended === 1 && source.readyState === 2);
        const seen = await page.evaluate(() => ({ lines, ids }));
        assert.deepEqual(seen.lines, expected);
        assert.deepEqual(
          seen.ids.map((id) => Number(id.split('.')[1])),
          expected.map((_, i) => i + 1),
        );
        assert.ok(front.streams().length > 2, 'it was cut');
        const plain = front.streams().filter((one) => one.status === 200 && one.coding !== coding);
        assert.deepEqual(plain, []);
        await close();
      });
    }

    test('gets zstd by what it offers itself on 127.0.0.1', async () => {
      await server.append('coding/offer', numbered('line', 500));
      await server.end('coding/offer', { outcome: 'succeeded' });
      const { page, front, close } = await watching('coding/offer', 0);
      await page.waitForFunction(() => source.readyState === 2);
      assert.equal(await page.evaluate(() => lines.length), 500);
      assert.match(front.streams()[0].accepted, /gzip.*zstd/);
      assert.equal(front.streams()[0].coding, 'zstd');
      await close();
    });
  });
}
