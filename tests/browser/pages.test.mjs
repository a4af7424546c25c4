// Tailrace's own pages in real browsers.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  browserNames,
  Front,
  launch,
  NETWORK_TROUBLE,
  numbered,
  openPage,
  Server,
  waitFor,
} from './harness.mjs';
import { lineIs, rowsOf, scrollOf, transcriptOf } from './viewer.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const statusIs = (page, label) => page.locator('[role=status]', { hasText: label }).waitFor();

for (const name of browserNames) {
  describe(`The pages in ${name}`, () => {
    let browser, server, front;
    before(async () => {
      [browser, server] = await Promise.all([launch(name), Server.start()]);
      front = await Front.start(server.url);
    });
    after(async () => {
      await browser?.close();
      front?.stop();
      await server?.stop();
    });

    test('the list shows logs as they begin, end and go', async () => {
      const tab = await openPage(browser);
      const { page } = tab;
      await page.goto(`${front.url}/`);
      await page.getByText('No logs yet').waitFor();
      await server.call('PUT', '/logs/deploy/1', { title: 'Roll out <b>web</b>' });
      await page.getByRole('link', { name: /Running.*Roll out <b>web<\/b>.*deploy\/1/s }).waitFor();
      await server.append('deploy/1', numbered('line', 3));
      await server.end('deploy/1', { outcome: 'failed', exit_code: 2 });
      await page.getByRole('link', { name: /Failed.*deploy\/1.*exit code 2.*3 lines/s }).waitFor();
      assert.match(await page.locator('li .duration').textContent(), /^\d+(\.\d)?s$/);
      await server.append('build/x', ['one']);
      await page.getByRole('link', { name: /Running.*build\/x/s }).waitFor();
      assert.deepEqual(
        await page
          .locator('li a')
          .evaluateAll((links) => links.map((link) => link.getAttribute('href'))),
        ['/logs/build/x', '/logs/deploy/1'],
      );
      await server.call('DELETE', '/logs/build/x');
      await waitFor(
        'the deleted log is gone',
        async () => (await page.locator('li').count()) === 1,
      );
      await page.getByRole('link', { name: /deploy\/1/ }).click();
      await statusIs(page, 'Failed');
      assert.equal(await page.locator('h1').textContent(), 'Roll out <b>web</b>');
      assert.deepEqual(await tab.troubles(), []);
      await tab.close();
    });

    test('the list has all logs and comes back after kill -9', async () => {
      for (let i = 0; i < 60; i++) await server.append(`many/${i}`, ['x']);
      const tab = await openPage(browser);
      const { page } = tab;
      await page.goto(`${front.url}/`);
      await page.locator('a[href="/logs/many/59"]').waitFor();
      await page.locator('#found', { hasText: /6\d logs/ }).waitFor();

      await server.kill();
      await statusIs(page, 'Reconnecting');
      await server.restart();
      await server.append('many/60', ['x']); // Perhaps before the page is back.
      await page.locator('a[href="/logs/many/60"]').waitFor();
      await statusIs(page, 'Live');
      await page.locator('#found', { hasText: /6[1-9] logs/ }).waitFor();
      assert.deepEqual(await tab.troubles({ allow: NETWORK_TROUBLE }), []);
      await tab.close();
    });

    test('a log is watched from before its first line to its verdict', async () => {
      const tab = await openPage(browser);
      const { page } = tab;
      await page.goto(`${front.url}/logs/deploy/live`);
      await statusIs(page, 'Waiting for the log to begin');
      const go = path.join(server.directory, `go-${name}`);
      const job = server.exec(
        'deploy/live',
        `for i in 1 2 3; do echo "out $i"; done
         while [ ! -e '${go}' ]; do sleep 0.05; done
         echo "bad news" >&2
         exit 3`,
        '--title',
        'A job that fails',
      );
      await lineIs(page, 3);
      await statusIs(page, 'Live');
      writeFileSync(go, '');
      await statusIs(page, 'Failed');
      assert.equal(await job.done, 3, job.output());
      assert.deepEqual(await rowsOf(page), [
        { line: 1, text: 'out 1', stream: 'stdout' },
        { line: 2, text: 'out 2', stream: 'stdout' },
        { line: 3, text: 'out 3', stream: 'stdout' },
        { line: 4, text: 'bad news', stream: 'stderr' },
      ]);
      const verdict = page.getByRole('region', { name: 'Outcome' });
      assert.match(await verdict.innerText(), /^Failed\s+exit code 3\s+\d+(\.\d+)?s$/);
      await page.getByRole('heading', { name: 'A job that fails' }).waitFor();
      assert.equal(await page.title(), 'Failed · A job that fails · Tailrace');
      const streams = front.streams().filter(({ url }) => url.includes('deploy/live'));
      assert.equal(streams.length, 1);
      // That the log was not there yet is an answer of 404, which browsers print.
      assert.deepEqual(await tab.troubles({ allow: /404/ }), []);
      await tab.close();
    });

    test('each line stands there once after kill -9 in the middle', async () => {
      await server.append('deploy/kill', numbered('line', 1500));
      const tab = await openPage(browser);
      const { page } = tab;
      await page.goto(`${front.url}/logs/deploy/kill`);
      await statusIs(page, 'Live');
      await server.append('deploy/kill', numbered('line', 100, 1500));
      await lineIs(page, 1600);
      await server.kill();
      await statusIs(page, 'Reconnecting');
      await server.restart();
      await server.append('deploy/kill', numbered('line', 100, 1600));
      await server.end('deploy/kill', { outcome: 'succeeded', exit_code: 0 });
      await statusIs(page, 'Succeeded');
      await lineIs(page, 1700);
      await waitFor('the verdict is in view', async () => (await scrollOf(page)).below <= 1);
      assert.deepEqual(await transcriptOf(page), numbered('line', 1700));
      assert.deepEqual(await tab.troubles({ allow: NETWORK_TROUBLE }), []);
      await tab.close();
    });

    test('scrolling up stops following, and a button returns', async () => {
      await server.append('deploy/scroll', numbered('line', 500));
      const tab = await openPage(browser);
      const { page } = tab;
      await page.goto(`${front.url}/logs/deploy/scroll`);
      await statusIs(page, 'Live');
      await lineIs(page, 500);
      await waitFor('the newest line is in view', async () => (await scrollOf(page)).below <= 1);
      await server.append('deploy/scroll', numbered('line', 50, 500));
      await lineIs(page, 550);
      await waitFor('it follows', async () => (await scrollOf(page)).below <= 1);
      const jump = page.locator('.jump');
      assert.equal(await jump.isVisible(), false);

      await page.mouse.move(500, 400);
      await page.mouse.wheel(0, -900);
      await waitFor('it has scrolled up', async () => (await scrollOf(page)).below > 500);
      const { top } = await scrollOf(page);
      await server.append('deploy/scroll', numbered('line', 50, 550));
      await page.getByRole('button', { name: '50 new lines' }).waitFor();
      assert.equal((await scrollOf(page)).top, top);

      await jump.click();
      await waitFor('it is back at the end', async () => (await scrollOf(page)).below <= 1);
      await server.append('deploy/scroll', numbered('line', 50, 600));
      await lineIs(page, 650);
      await waitFor('it follows again', async () => (await scrollOf(page)).below <= 1);
      assert.equal(await jump.isVisible(), false);
      assert.deepEqual(await tab.troubles(), []);
      await tab.close();
    });

    test('hostile text is text', async () => {
      const hostile = [
        '<img src=x onerror="document.title=\'owned\'"><script>document.title="owned"</script>',
        '\u001b[1;31mred\u001b[0m plain \u001b]8;;javascript:alert(1)\u0007link\u001b]8;;\u0007',
        'nul \u0000 bell \u0007 esc \u001b',
        '10%\r50%\r100%',
        'two\nlines',
        '${alert(1)} {{7*7}} &lt;b&gt; \u202egnp.exe',
        '',
      ];
      await server.call('PUT', '/logs/deploy/hostile', {
        title: '</title><script>document.title="owned"</script>',
      });
      await server.append('deploy/hostile', hostile);
      await server.append('deploy/hostile', [
        { text: 'named', stream: '"><b>x', source: '"><img src=x>', level: '<script>' },
      ]);
      await server.call(
        'POST',
        '/logs/deploy/hostile/entries',
        Buffer.from([0xff, 0xc3, 0x28, 0x0a]),
        'text/plain',
      );
      await server.append('deploy/hostile', [`long ${'x'.repeat(300_000)} end`]);
      const tab = await openPage(browser);
      const { page } = tab;
      await page.goto(`${front.url}/logs/deploy/hostile`);
      await lineIs(page, 10);
      await server.append('deploy/hostile', ['<b>live</b>']);
      await lineIs(page, 11);
      assert.equal((await rowsOf(page)).at(-1).text, '<b>live</b>');
      await server.end('deploy/hostile', { outcome: 'failed', reason: '<b onclick=x>reason</b>' });
      await page.getByText('<b onclick=x>reason</b>').waitFor();
      await lineIs(page, 11);
      await page.getByRole('log').focus();
      await page.keyboard.press('Home');
      await lineIs(page, 1);
      const texts = (await rowsOf(page)).map((row) => row.text);
      assert.deepEqual(texts.slice(0, 9), [
        hostile[0],
        'red plain link',
        'nul \u2400 bell \u2407 esc \u241b',
        '100%',
        'two\nlines',
        '${alert(1)} {{7*7}} &lt;b&gt; \ufffdgnp.exe',
        '',
        'named',
        '\ufffd\ufffd(',
      ]);
      assert.match(texts[9], /^long x{16379}Show 131,072 of 283,625 more characters$/);
      assert.equal(await page.locator('.row .fg1.bold').textContent(), 'red');
      assert.equal(await page.locator('tailrace-log :is(img, script, b, iframe)').count(), 0);
      for (const label of [
        /Show 131,072 of 283,625/,
        /Show 131,072 of 152,553/,
        /Show 21,481 more/,
      ])
        await page.getByRole('button', { name: label }).click();
      assert.equal(
        (await rowsOf(page)).find((row) => row.line === 10).text,
        `long ${'x'.repeat(300_000)} end`,
      );
      assert.equal(
        await page.title(),
        'Failed · </title><script>document.title="owned"</script> · Tailrace',
      );
      assert.deepEqual(await tab.troubles(), []);
      await tab.close();
    });

    test('a log deleted and begun again is told, and the new one shown', async () => {
      await server.append('deploy/again', numbered('old', 5));
      const tab = await openPage(browser);
      const { page } = tab;
      await page.goto(`${front.url}/logs/deploy/again`);
      await lineIs(page, 5);
      await statusIs(page, 'Live');
      await server.call('DELETE', '/logs/deploy/again');
      await statusIs(page, 'Deleted');
      assert.equal((await rowsOf(page)).length, 5);

      await server.append('deploy/again', numbered('new', 3));
      await page.reload();
      await lineIs(page, 3);
      await statusIs(page, 'Live');
      await server.kill();
      await statusIs(page, 'Reconnecting');
      await server.restart();
      await server.call('DELETE', '/logs/deploy/again');
      await server.append('deploy/again', numbered('third', 2));
      // Whether the browser was back before the deletion decides which of the two it was told.
      await page
        .locator('[role=alert]', { hasText: /deleted and begun again|was deleted/ })
        .waitFor();
      assert.deepEqual(await tab.troubles({ allow: NETWORK_TROUBLE }), []);
      await tab.close();
    });

    for (const [where, options] of [
      ['in light', { colorScheme: 'light' }],
      ['in dark', { colorScheme: 'dark' }],
      ['on a phone', { viewport: { width: 360, height: 640 } }],
    ]) {
      test(`both pages are accessible and fit the window ${where}`, async () => {
        const log = `look/${where.replaceAll(' ', '-')}`;
        await server.call('PUT', `/logs/${log}`, {
          title: 'A title that is rather long for a phone, as titles are',
        });
        const colours = Array.from(
          { length: 16 },
          (_, i) => `\u001b[${i < 8 ? 30 + i : 82 + i}mcolour ${i}`,
        ).join(' ');
        await server.append(log, [
          { text: colours, stream: 'stdout' },
          { text: 'a problem', stream: 'stderr', level: 'error', source: 'web-7d9f/app' },
          { text: 'something happened', stream: 'event' },
          { text: 'w'.repeat(500), level: 'warn', partial: true },
          ...numbered('line', 100),
        ]);
        await server.end(log, { outcome: 'failed', exit_code: 1, reason: 'because' });
        await server.append(`${log}-open`, ['x']);
        const tab = await openPage(browser, options);
        for (const [address, ready] of [
          ['/', 'li'],
          [`/logs/${log}`, '.verdict'],
          [`/logs/${log}-open`, '.status.run'],
          [`/logs/${log}-none`, '.message'],
        ]) {
          await tab.page.goto(front.url + address);
          await tab.page.locator(ready).first().waitFor();
          await tab.page.evaluate(AXE);
          const { violations } = await tab.page.evaluate(() => globalThis.axe.run());
          assert.deepEqual(
            violations.map(
              ({ id, nodes }) => `${address} ${id}: ${nodes[0].html} ${nodes[0].failureSummary}`,
            ),
            [],
          );
          const { scrollWidth, clientWidth, scrollHeight, clientHeight } = await tab.page.evaluate(
            () => {
              const { scrollWidth, clientWidth, scrollHeight, clientHeight } =
                document.documentElement;
              return { scrollWidth, clientWidth, scrollHeight, clientHeight };
            },
          );
          assert.ok(
            scrollWidth <= clientWidth,
            `${address} is ${scrollWidth} px wide in ${clientWidth}`,
          );
          if (address.startsWith('/logs/'))
            assert.ok(scrollHeight <= clientHeight, `${address} scrolls as a whole`);
        }
        assert.deepEqual(await tab.troubles({ allow: /404/ }), []);
        await tab.close();
      });
    }

    test('lines are read by keyboard, with times and without wrapping', async () => {
      await server.append('deploy/keys', [...numbered('line', 200), 'w'.repeat(2000)]);
      const tab = await openPage(browser);
      const { page } = tab;
      await page.goto(`${front.url}/logs/deploy/keys`);
      await statusIs(page, 'Live');
      await lineIs(page, 201);
      await page.getByRole('log').focus();
      await page.keyboard.press('Home');
      await waitFor('it is at the top', async () => (await scrollOf(page)).top === 0);
      await page.keyboard.press('End');
      await waitFor('it is at the end', async () => (await scrollOf(page)).below <= 1);
      const wide = () =>
        page.locator('tailrace-log').evaluate((log) => {
          const scroller = log.shadowRoot.querySelector('.scroller');
          return scroller.scrollWidth > scroller.clientWidth;
        });
      assert.equal(await wide(), false);
      await page.getByRole('button', { name: 'Wrap' }).click();
      await waitFor('the long line is not wrapped', wide);
      assert.equal(await page.locator('.row .time').first().isVisible(), false);
      await page.getByRole('button', { name: 'Times' }).click();
      await page.locator('.row .time').last().waitFor();
      await page.reload();
      await lineIs(page, 201);
      await waitFor('the choice was kept', wide);
      await waitFor('it is at the end again', async () => (await scrollOf(page)).below <= 1);
      assert.match(
        await page.locator('.row .time').last().getAttribute('data-show'),
        /^\d\d:\d\d:\d\d\.\d{3}$/,
      );
      assert.deepEqual(await tab.troubles(), []);
      await tab.close();
    });
  });
}
