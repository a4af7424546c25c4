// A plain EventSource, as anybody may write it, watches a log over the death of the server.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { browserNames, Front, launch, openPage, Server } from './harness.mjs';

const WATCH_PAGE = `<!doctype html><meta charset="utf-8"><title>watch</title><script>
  var lines = [], ids = [], ends = [], errors = 0;
  var source = new EventSource('/api/v1/logs/' + location.search.slice(1) + '/events');
  source.onmessage = function (event) { lines.push(event.data); ids.push(event.lastEventId); };
  source.addEventListener('end', function (event) { ends.push(JSON.parse(event.data)); });
  source.onerror = function () { errors++; };
</script>`;

for (const name of browserNames) {
  describe(`EventSource in ${name}`, () => {
    let browser, server, front;
    before(async () => {
      [browser, server] = await Promise.all([launch(name), Server.start()]);
      front = await Front.start(server.url, { '/watch': WATCH_PAGE });
    });
    after(async () => {
      await browser?.close();
      front?.stop();
      await server?.stop();
    });

    test('sees each line once over kill -9, then the end, then asks no more', async () => {
      const tab = await openPage(browser);
      const { page } = tab;
      await page.goto(`${front.url}/watch?deploy/crash`);
      await page.waitForFunction(() => source.readyState === 1);

      const go = path.join(server.directory, 'go');
      const job = server.exec(
        'deploy/crash',
        `i=0; while [ $i -lt 300 ]; do echo "line $i"; i=$((i+1)); done
         while [ ! -e '${go}' ]; do sleep 0.05; done
         while [ $i -lt 600 ]; do echo "line $i"; i=$((i+1)); done; exit 3`,
      );
      await page.waitForFunction(() => lines.length === 300);
      await server.kill();
      await page.waitForFunction(() => errors > 0 && source.readyState === 0);
      writeFileSync(go, ''); // The second half is written while the server is away.
      await server.restart();
      assert.equal(await job.done, 3, job.output());

      await page.waitForFunction(() => ends.length > 0);
      // This page does not close its EventSource, so the browser comes back once.
      await page.waitForFunction(() => source.readyState === 2);
      const seen = await page.evaluate(() => ({ lines, ids, ends }));
      assert.deepEqual(
        seen.lines,
        Array.from({ length: 600 }, (_, i) => `line ${i}`),
      );
      assert.deepEqual(
        seen.ids.map((id) => id.split('.')[1]),
        seen.lines.map((_, i) => String(i + 1)),
      );
      assert.equal(new Set(seen.ids.map((id) => id.split('.')[0])).size, 1);
      assert.equal(seen.ends.length, 1);
      assert.equal(seen.ends[0].outcome, 'failed');
      assert.equal(seen.ends[0].exit_code, 3);
      assert.equal(seen.ends[0].position, 600);

      const last = front.streams().at(-1);
      assert.equal(last.status, 204);
      assert.match(last.lastEventId, /^[a-z0-9]+\.600\.end$/);
      const resumed = front.streams().filter((request) => request.lastEventId?.endsWith('.300'));
      assert.ok(resumed.length >= 1, 'the browser came back with its position');
      await tab.close();
    });

    test('gets the end at once of a log that ended long ago', async () => {
      await server.append('deploy/old', ['only line']);
      await server.end('deploy/old', { outcome: 'succeeded', exit_code: 0 });
      const tab = await openPage(browser);
      await tab.page.goto(`${front.url}/watch?deploy/old`);
      await tab.page.waitForFunction(() => source.readyState === 2);
      assert.deepEqual(await tab.page.evaluate(() => lines), ['only line']);
      assert.deepEqual(await tab.page.evaluate(() => ends.map((end) => end.outcome)), [
        'succeeded',
      ]);
      await tab.close();
    });

    test('shows hostile text as the contract says', async () => {
      await server.call('POST', '/logs/deploy/hostile/entries', {
        text: 'a\rb\nc\r\nd\u0000e: data: f\u2028g\u001b[31m<b>',
      });
      await server.call(
        'POST',
        '/logs/deploy/hostile/entries',
        Buffer.from([0xff, 0x41, 0xc3, 0x0a]),
        'text/plain',
      );
      await server.call(
        'POST',
        '/logs/deploy/hostile/entries',
        '\ufeffbom\n: comment\nid: 7\nevent: end\n\nlast\n',
        'text/plain',
      );
      await server.end('deploy/hostile', { outcome: 'cancelled' });
      const tab = await openPage(browser);
      await tab.page.goto(`${front.url}/watch?deploy/hostile`);
      await tab.page.waitForFunction(() => source.readyState === 2);
      assert.deepEqual(await tab.page.evaluate(() => lines), [
        'a\nb\nc\nd\u2400e: data: f\u2028g\u001b[31m<b>',
        '\ufffdA\ufffd',
        '\ufeffbom',
        ': comment',
        'id: 7',
        'event: end',
        '',
        'last',
      ]);
      assert.equal(await tab.page.evaluate(() => ends.length), 1);
      await tab.close();
    });
  });
}
