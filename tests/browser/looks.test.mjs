// The pages as people with other windows, eyes and logs have them: narrow, short, magnified, in the
// system's own colours, with long names and without lines.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import { browserNames, launch, numbered, openPage, Server, waitFor } from './harness.mjs';
import { drawn, lineIs } from './viewer.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const ID = `${'a:1~b._-'.repeat(15)}last-one`;

for (const name of browserNames) {
  describe(`Looks in ${name}`, () => {
    let browser, server;
    before(async () => {
      [browser, server] = await Promise.all([launch(name), Server.start()]);
      await server.call('PUT', '/logs/look/it', { title: 'Roll out payments-api to production' });
      await server.append('look/it', [
        '::group::Build',
        'cc -c a.c',
        '::endgroup::',
        { text: 'a problem', stream: 'stderr', level: 'error', source: 'web-7d9f/app' },
        { text: '{"a": 1}', source: 'web-x2k8/app', level: 'warn' },
        ...numbered('line', 500),
      ]);
    });
    after(async () => {
      await browser?.close();
      await server?.stop();
    });

    async function opened(address, options) {
      const tab = await openPage(browser, options);
      await tab.page.goto(server.url + address);
      return tab;
    }

    async function violations(page) {
      await page.evaluate(AXE);
      const found = await page.evaluate(() => globalThis.axe.run());
      return found.violations.map(
        ({ id, nodes }) => `${id}: ${nodes[0].html} ${nodes[0].failureSummary}`,
      );
    }

    /** All that can be pressed around the lines is within the window, and apart from each other. */
    async function fits(page, where) {
      await drawn(page);
      const { wide, outside, over } = await page.evaluate(() => {
        const root = document.documentElement;
        const all = [];
        const collect = (node) => {
          for (const element of node.querySelectorAll('*')) {
            const isRow = element.closest('.block, li');
            if (element.matches('button, input, select, a, h1') && !isRow) all.push(element);
            if (element.shadowRoot) collect(element.shadowRoot);
          }
        };
        collect(document);
        const boxes = all
          .map((element) => ({
            name: element.ariaLabel || element.textContent.trim() || element.localName,
            box: element.getBoundingClientRect(),
          }))
          .filter(({ box }) => box.width > 0);
        const apart = (a, b) =>
          a.right <= b.left + 0.5 ||
          b.right <= a.left + 0.5 ||
          a.bottom <= b.top + 0.5 ||
          b.bottom <= a.top + 0.5;
        return {
          wide: root.scrollWidth - root.clientWidth,
          outside: boxes
            .filter(({ box }) => box.left < 0 || box.right > root.clientWidth + 0.5)
            .map(({ name }) => name),
          over: boxes.flatMap((a, i) =>
            boxes
              .slice(i + 1)
              .filter((b) => !apart(a.box, b.box))
              .map((b) => `${a.name} / ${b.name}`),
          ),
        };
      });
      assert.ok(wide <= 0, `${where}: ${wide} px too wide`);
      assert.deepEqual(outside, [], where);
      // A switch lies within the field that it belongs to.
      const fields = /Find \/ (Match case|Regular expression)/;
      assert.deepEqual(
        over.filter((pair) => !fields.test(pair)),
        [],
        where,
      );
    }

    const WINDOWS = {
      'on a phone': { viewport: { width: 360, height: 740 } },
      'on a phone that lies': { viewport: { width: 740, height: 360 } },
      'at 200 %': { viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 },
      'at 400 %': { viewport: { width: 320, height: 256 }, deviceScaleFactor: 4 },
    };
    for (const [where, options] of Object.entries(WINDOWS)) {
      test(`nothing is out of reach or in the way ${where}`, async () => {
        const { page, troubles, close } = await opened('/logs/look/it#L10-L12', options);
        await lineIs(page, 10);
        await page.getByRole('button', { name: 'Copy link' }).waitFor();
        await page.locator('.jump').waitFor();
        await fits(page, 'marked');
        const { height } = await page.getByRole('log').boundingBox();
        const share = height / options.viewport.height;
        assert.ok(share > (options.viewport.height < 300 ? 0.3 : 0.6), `${share} is the log's`);
        await page.keyboard.press('Control+f');
        await page.keyboard.type('line 4');
        await page.keyboard.press('Enter');
        await page.locator('mark').first().waitFor();
        await fits(page, 'finding');
        await page.keyboard.press('Escape');
        for (const key of ['?', 'v', 'g']) {
          await page.keyboard.press(key);
          const sheet = page.locator('dialog');
          await sheet.waitFor();
          const box = await sheet.boundingBox();
          const { width, height } = options.viewport;
          assert.ok(box.x >= 0 && box.x + box.width <= width, `${key}: ${JSON.stringify(box)}`);
          assert.ok(box.y >= 0 && box.y + box.height <= height, `${key}: ${JSON.stringify(box)}`);
          await page.keyboard.press('Escape');
          await sheet.waitFor({ state: 'detached' });
        }
        await page.goto(`${server.url}/?q=state%3Arunning`);
        await page.locator('li').first().waitFor();
        await page.getByText('Syntax').click();
        await fits(page, 'list');
        assert.deepEqual(await troubles(), []);
        await close();
      });
    }

    // Colours are the same in all browsers, and looking at all of them takes its time.
    const themes = name === 'chromium' ? ['light', 'dark', 'contrast'] : ['dark'];
    for (const theme of themes) {
      test(`bars and sheets are accessible, theme ${theme}`, async () => {
        const tab = await openPage(browser);
        const { page } = tab;
        await page.addInitScript((value) => localStorage.setItem('tailrace.theme', value), theme);
        await page.goto(`${server.url}/logs/look/it?q=line&level=error&source=none&only=1#L4-L5`);
        await page.locator('#count').waitFor();
        await page.getByRole('button', { name: 'Filter', exact: true }).click();
        await page.locator('.filters').waitFor();
        assert.deepEqual(await violations(page), [], 'filters');
        await page.goto(`${server.url}/logs/look/it?q=%28&regex=1#L4`);
        await page.locator('[aria-invalid=true]').waitFor();
        assert.deepEqual(await violations(page), [], 'a wrong expression');
        await page.goto(`${server.url}/logs/look/it#L4-L5`);
        await lineIs(page, 4);
        await page.getByText('Lines 4 to 5').waitFor();
        await page.locator('.jump').waitFor();
        assert.deepEqual(await violations(page), [], 'marked lines');
        for (const key of ['?', 'v', 'g']) {
          await page.keyboard.press(key);
          await page.locator('dialog').waitFor();
          assert.deepEqual(await violations(page), [], key);
          await page.keyboard.press('Escape');
          await page.locator('dialog').waitFor({ state: 'detached' });
        }
        await page.goto(`${server.url}/?q=state%3Arunning`);
        await page.locator('li').first().waitFor();
        await page.getByText('Syntax').click();
        assert.deepEqual(await violations(page), [], 'the list');
        await tab.close();
      });
    }

    test('where the system has its own colours, lines are still told apart', async (t) => {
      const { page, close } = await opened('/logs/look/it?q=line+7#L4', { forcedColors: 'active' });
      if (!(await page.evaluate(() => matchMedia('(forced-colors: active)').matches))) {
        await close();
        t.skip('this browser is not made to by its driver');
        return;
      }
      await lineIs(page, 4);
      const look = (selector) =>
        page
          .locator(selector)
          .first()
          .evaluate((element) => {
            const { borderLeftColor, backgroundColor, color } = getComputedStyle(element);
            return { borderLeftColor, backgroundColor, color };
          });
      const canvas = (await look('.scroller')).backgroundColor;
      await lineIs(page, 13);
      assert.equal((await look('.row[data-n="7"]')).borderLeftColor, canvas);
      const marked = await look('.row.target');
      assert.notEqual(marked.borderLeftColor, canvas);
      assert.notEqual((await look('.row.target .number')).backgroundColor, canvas);
      const found = await look('.row[data-n="12"] mark');
      assert.notEqual(found.backgroundColor, canvas);
      const wrap = await look('.tools [aria-pressed=true]');
      const times = await look('.tools [aria-pressed=false]');
      assert.notEqual(wrap.backgroundColor, times.backgroundColor);
      await close();
    });

    test('a long title and a long name are cut where they stand', async () => {
      const title = `Deploy ${'averyveryverylongword'.repeat(20)} & <more> of it`;
      await server.call('PUT', `/logs/${'t'.repeat(64)}/${ID}`, { title });
      await server.append(`${'t'.repeat(64)}/${ID}`, ['one', 'two']);
      for (const viewport of [
        { width: 1100, height: 700 },
        { width: 360, height: 740 },
      ]) {
        const tab = await openPage(browser, { viewport });
        const { page } = tab;
        await page.goto(`${server.url}/?q=type%3A${'t'.repeat(64)}`);
        await page.locator('li').first().waitFor();
        await fits(page, 'list');
        await page.locator('li a').first().click();
        await page.waitForURL(`${server.url}/logs/${'t'.repeat(64)}/${ID}`);
        await lineIs(page, 2);
        assert.equal(await page.locator('h1').textContent(), title);
        assert.equal(await page.locator('h1').getAttribute('title'), title);
        await fits(page, 'log');
        const bar = await page.locator('header').boundingBox();
        assert.ok(bar.height < 170, `the bar is ${bar.height} px high`);
        assert.deepEqual(await violations(page), []);
        assert.deepEqual(await tab.troubles(), []);
        await tab.close();
      }
    });

    test('a log without lines says so, before its end and after it', async () => {
      await server.call('PUT', '/logs/look/none', {});
      const { page, troubles, close } = await opened('/logs/look/none');
      await page.getByText('No lines yet').waitFor();
      assert.equal(await page.locator('.jump').isVisible(), false);
      assert.deepEqual(await violations(page), []);
      await server.end('look/none', { outcome: 'cancelled', reason: 'before it began' });
      const verdict = page.getByRole('region', { name: 'Outcome' });
      await verdict.getByText('no lines').waitFor();
      await verdict.getByText('before it began').waitFor();
      assert.equal(await page.getByText('No lines yet').count(), 0);
      await page.reload();
      await verdict.getByText('no lines').waitFor();
      for (const key of ['End', 'Home', 'e', 'z', ']', 'c']) await page.keyboard.press(key);
      await page.getByText('No error was found').waitFor();
      assert.deepEqual(await violations(page), []);
      await waitFor('it has ended', () =>
        page.locator('tailrace-log').evaluate((log) => log.state === 'ended'),
      );
      assert.deepEqual(await troubles(), []);
      await close();
    });
  });
}
