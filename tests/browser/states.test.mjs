// What the page says of the log, in real browsers, and what it says to whom does not see it.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
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
import { drawn, inView, lineIs, rowsOf } from './viewer.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

for (const name of browserNames) {
  describe(`States in ${name}`, () => {
    let browser, server;
    before(async () => {
      [browser, server] = await Promise.all([
        launch(name),
        Server.start('--limit-entry-bytes', '16MiB'),
      ]);
    });
    after(async () => {
      await browser?.close();
      await server?.stop();
    });

    const statusIs = (page, text) => page.locator('[role=status]', { hasText: text }).waitFor();

    async function violations(page) {
      await page.evaluate(AXE);
      const found = await page.evaluate(() => globalThis.axe.run());
      return found.violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`);
    }

    /** The states that the element tells from now on. */
    const recordStates = (page) =>
      page.locator('tailrace-log').evaluate((log) => {
        globalThis.states = [];
        log.addEventListener('tailrace-state', () => globalThis.states.push(log.session));
      });

    test('a log is waited for, lives and ends, with its verdict', async () => {
      const { page, close } = await openPage(browser);
      await page.goto(`${server.url}/logs/states/life`);
      await page.getByText('Waiting for this log to begin').waitFor();
      assert.deepEqual(await violations(page), []);
      await server.append('states/life', ['first']);
      await statusIs(page, 'Live');
      await server.end('states/life', { outcome: 'failed', exit_code: 3, reason: 'no disk' });
      await statusIs(page, 'Failed');
      // How long it took is known when the page has asked for the log's metadata again.
      const whole = /Failed\s+exit code 3\s*\d[\d.ms ]*s\s+no disk/;
      await page.locator('.verdict', { hasText: whole }).waitFor();
      assert.deepEqual(await violations(page), []);
      await close();
    });

    test('after a long cut it says how far it is', async () => {
      await server.append('states/behind', numbered('line', 100));
      const front = await Front.start(server.url);
      const { page, close } = await openPage(browser);
      await page.goto(`${front.url}/logs/states/behind`);
      await statusIs(page, 'Live');
      await recordStates(page);
      front.refuse = true;
      front.cut();
      await statusIs(page, /Reconnecting in \d+ s/);
      assert.deepEqual(await violations(page), []);
      for (let from = 100; from < 60_000; from += 20_000)
        await server.append('states/behind', numbered('line', 20_000, from));
      front.refuse = false;
      // It may have tried by itself meanwhile.
      await page
        .getByRole('button', { name: 'Try now' })
        .click({ timeout: 5000 })
        .catch(() => 0);
      await lineIs(page, 60_100);
      await statusIs(page, 'Live');
      const states = await page.evaluate(() => globalThis.states);
      const behind = states.filter(({ kind }) => kind === 'catching-up');
      assert.ok(behind.length > 0, JSON.stringify(states));
      assert.equal(behind[0].head, 60_100);
      await close();
      front.stop();
    });

    test('a dead connection is noticed by pings that do not come', async () => {
      await server.append('states/dead', numbered('line', 10));
      const front = await Front.start(server.url);
      const { page, close, troubles } = await openPage(browser);
      await page.clock.install();
      await page.goto(`${front.url}/logs/states/dead`);
      await statusIs(page, 'Live');
      front.mute = true;
      await server.append('states/dead', ['nobody hears of it']);
      await recordStates(page);
      await page.clock.runFor(45_000);
      front.mute = false;
      await waitFor('it was noticed', async () =>
        (await page.evaluate(() => globalThis.states)).some(({ kind, problem }) => {
          return kind === 'reconnecting' && /silent/.test(problem);
        }),
      );
      await page.clock.runFor(10_000);
      await lineIs(page, 11);
      await statusIs(page, 'Live');
      assert.deepEqual(await troubles({ allow: NETWORK_TROUBLE }), []);
      await close();
      front.stop();
    });

    test('what was lost upstream is said in its place, and nothing else is hidden', async () => {
      await server.append('states/lost', numbered('line', 5, 1));
      const { page, close } = await openPage(browser);
      await page.goto(`${server.url}/logs/states/lost`);
      await statusIs(page, 'Live');
      await server.append('states/lost', [{ text: 'line 6', lost: 7 }, { text: 'line 7' }]);
      await lineIs(page, 7);
      await page.getByText('7 lines were lost before reaching Tailrace.').waitFor();
      assert.deepEqual(
        (await rowsOf(page)).map((row) => row.text),
        numbered('line', 7, 1),
      );
      assert.equal(await page.getByText('no longer kept').count(), 0);
      assert.deepEqual(await violations(page), []);
      await close();
    });

    test('while nothing has answered it is connecting', async () => {
      await server.append('states/connecting', ['x']);
      const { page, close } = await openPage(browser);
      let answer;
      const held = new Promise((resolve) => (answer = resolve));
      await page.route('**/api/v1/logs/states/**', async (route) => {
        await held;
        await route.continue();
      });
      await page.goto(`${server.url}/logs/states/connecting`);
      await statusIs(page, 'Connecting');
      assert.equal(await page.locator('tailrace-log').evaluate((log) => log.state), 'connecting');
      assert.deepEqual(await violations(page), []);
      answer();
      await statusIs(page, 'Live');
      await close();
    });

    test('lines that are damaged on the disk are said to be, each in its place', async () => {
      await server.append('states/damaged', numbered('line', 30));
      const { page, close } = await openPage(browser);
      // As the server tells it: the positions are among the gaps and not among the entries.
      await page.addInitScript(() => {
        const { fetch } = globalThis;
        globalThis.fetch = async (url, options) => {
          const answer = await fetch(url, options);
          if (!String(url).includes('/entries?')) return answer;
          const page = await answer.json();
          page.entries = page.entries.filter(({ n }) => n < 10 || n >= 13);
          page.gaps = [{ from: 10, to: 13, cause: 'damaged' }];
          return Response.json(page);
        };
      });
      await page.goto(`${server.url}/logs/states/damaged`);
      await lineIs(page, 30);
      const text = async (line) =>
        (await rowsOf(page)).find((row) => row.line === line)?.text ?? '';
      await waitFor('it is said', async () => /disk are damaged/.test(await text(12)));
      assert.equal(await text(10), 'line 9');
      assert.match(await text(11), /^This line is lost/);
      assert.match(await text(13), /^This line is lost/);
      assert.equal(await text(14), 'line 13');
      assert.deepEqual(await violations(page), []);
      await close();
    });

    test('what retention has cut is said above the first line', async () => {
      const short = await Server.start(
        ...['--retention-max-log-bytes', '100KiB', '--retention-interval', '1s'],
        ...['--store-block-bytes', '16KiB'],
      );
      for (let from = 0; from < 4000; from += 500)
        await short.append('states/cut', numbered('x'.repeat(90), 500, from));
      await short.end('states/cut', { outcome: 'succeeded' });
      await waitFor('it was cut', async () => {
        const { first, bytes } = await short.call('GET', '/logs/states/cut');
        return first > 0 && bytes <= 100 << 10;
      });
      const { page, close } = await openPage(browser);
      await page.goto(`${short.url}/logs/states/cut`);
      await statusIs(page, 'Succeeded');
      await page.keyboard.press('Home');
      const notice = page.getByText(/Lines 1 to [\d,]+ are no longer kept/);
      await notice.waitFor();
      const edge = (await page.getByRole('log').boundingBox()).y;
      await waitFor('it is in view', async () => (await notice.boundingBox()).y >= edge);
      const first = (await rowsOf(page))[0];
      assert.ok(first.line > 1 && first.text.endsWith(` ${first.line - 1}`), JSON.stringify(first));
      assert.deepEqual(await violations(page), []);
      await close();
      await short.stop();
    });

    test('10 MB in a line, be they text or a progress bar, are shown and told', async () => {
      const progress = Array.from({ length: 1_500_000 }, (_, i) => `\r${i % 100} %`).join('');
      await server.append('states/big', ['before', `start ${'x'.repeat(10_000_000)}`]);
      await server.append('states/big', [
        `${progress}\r100 % done`,
        '\r'.repeat(10_000_000),
        'after',
      ]);
      const { page, close, troubles } = await openPage(browser);
      await page.goto(`${server.url}/logs/states/big`);
      await statusIs(page, 'Live');
      await lineIs(page, 5);
      await lineIs(page, 3);
      const rows = await rowsOf(page);
      const text = (line) => rows.find((row) => row.line === line).text;
      assert.match(text(3), /^Show 131,072 of [\d,]{9} characters before this.*100 % done$/);
      assert.match(text(4), /^Show 131,072 of 9,934,464 characters before this/);
      const bar = page.locator('.row[data-n="2"] .text');
      await bar.getByRole('button').click();
      await waitFor('what was overwritten', async () => (await bar.textContent()).length > 131_000);
      await page.keyboard.press('Home');
      await lineIs(page, 2);
      await page
        .getByRole('button', { name: 'Show 131,072 of 9,983,622 more characters' })
        .waitFor();
      const { seam, ordered } = await inView(page);
      assert.ok(ordered && seam < 0.1);
      assert.deepEqual(await troubles(), []);
      await close();
    });

    test('a burst is not read out, and nothing moves for whom that disturbs', async () => {
      await server.append('states/quiet', ['first']);
      const { page, close } = await openPage(browser, { reducedMotion: 'reduce' });
      await page.goto(`${server.url}/logs/states/quiet`);
      await statusIs(page, 'Live');
      // Everything that a screen reader is told of without being asked.
      await page.evaluate(() => {
        globalThis.said = [];
        const roots = (root) => [
          root,
          ...[...root.querySelectorAll('*')].flatMap((element) =>
            element.shadowRoot ? roots(element.shadowRoot) : [],
          ),
        ];
        for (const root of roots(document)) {
          for (const region of root.querySelectorAll('[role=status], [role=alert], [aria-live]')) {
            if (region.ariaLive === 'off') continue;
            new MutationObserver(() => {
              const copy = region.cloneNode(true);
              for (const hidden of copy.querySelectorAll('[aria-hidden]')) hidden.remove();
              const text = copy.textContent.trim();
              if (globalThis.said.at(-1) !== text) globalThis.said.push(text);
            }).observe(region, { subtree: true, childList: true, characterData: true });
          }
        }
      });
      for (let i = 0; i < 20; i++)
        await server.append('states/quiet', numbered(`burst ${i}`, 1000));
      await lineIs(page, 20_001);
      await server.kill();
      await statusIs(page, /Reconnecting in \d+ s/);
      await server.restart();
      await lineIs(page, 20_001);
      await statusIs(page, 'Live');
      await drawn(page);
      const said = await page.evaluate(() => globalThis.said);
      assert.ok(said.length <= 4, JSON.stringify(said));
      assert.equal(await page.getByRole('log').getAttribute('aria-live'), 'off');
      const moving = await page.evaluate(() => document.getAnimations().length);
      assert.equal(moving, 0);
      await close();
    });
  });
}
