// What helps to read a log, in real browsers: keys, sheets, themes, times, and lines to pass on.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import { browserNames, launch, numbered, openPage, Server, waitFor } from './harness.mjs';
import { drawn, inView, lineIs, scrollOf } from './viewer.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

for (const name of browserNames) {
  describe(`Reading in ${name}`, () => {
    let browser, server;
    before(async () => {
      [browser, server] = await Promise.all([launch(name), Server.start()]);
      await server.append('read/it', [
        { text: 'first', time: '2026-11-23T06:33:07.250Z' },
        { text: 'second', time: '2026-11-23T06:33:08Z', level: 'error', stream: 'stderr' },
        ...numbered('line', 5000, 3),
      ]);
    });
    after(async () => {
      await browser?.close();
      await server?.stop();
    });

    async function opened(options, hash = '') {
      const tab = await openPage(browser, options);
      await tab.page.goto(`${server.url}/logs/read/it${hash}`);
      await tab.page.locator('.row:not(.waiting)').first().waitFor();
      await tab.page.locator('[role=status]', { hasText: 'Live' }).waitFor();
      return tab;
    }

    async function violations(page) {
      await page.evaluate(AXE);
      const found = await page.evaluate(() => globalThis.axe.run());
      return found.violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`);
    }

    test('everything is done by keyboard, from anywhere in the page', async () => {
      const { page, troubles, close } = await opened();
      await lineIs(page, 5002);
      await page.keyboard.press('g');
      await page.getByRole('textbox', { name: 'Go to line' }).fill('2,500');
      await page.keyboard.press('Enter');
      await page.locator('.row[data-n="2499"].target').waitFor();
      assert.match(page.url(), /#L2500$/);
      await page.keyboard.press('Escape');
      await page.locator('.row.target').waitFor({ state: 'detached' });
      assert.doesNotMatch(page.url(), /#/);

      await page.keyboard.press('Home');
      await lineIs(page, 1);
      await page.keyboard.press('PageDown');
      await waitFor('a page down', async () => (await inView(page)).rows[0]?.line > 20);
      await page.keyboard.press('f');
      await waitFor('it follows', async () => (await scrollOf(page)).below <= 1);
      await lineIs(page, 5002);

      await page.keyboard.press('w');
      await page.locator('tailrace-log:not([wrap])').waitFor();
      await page.keyboard.press('t');
      await page.locator('.row .time').last().waitFor();

      await page.keyboard.press('?');
      await page.getByRole('heading', { name: 'Keys' }).waitFor();
      assert.deepEqual(await violations(page), []);
      await page.keyboard.press('Escape');
      await page.locator('dialog').waitFor({ state: 'detached' });
      assert.deepEqual(await troubles(), []);
      await close();
    });

    test('times are shown as the reader wants them, and stay so', async () => {
      const { page, close } = await opened({ timezoneId: 'Asia/Kolkata' });
      await page.keyboard.press('Home');
      await lineIs(page, 1);
      const shown = () => page.locator('.row[data-n="0"] .time').getAttribute('data-show');
      await page.keyboard.press('v');
      await page.getByRole('combobox', { name: 'Times' }).selectOption('date');
      await drawn(page);
      assert.equal(await shown(), '2026-11-23 12:03:07.250');
      await page.getByRole('checkbox', { name: 'Times in UTC' }).check();
      await drawn(page);
      assert.equal(await shown(), '2026-11-23 06:33:07.250Z');
      await page.reload();
      await lineIs(page, 5002);
      await page.keyboard.press('Home');
      await lineIs(page, 1);
      assert.equal(await shown(), '2026-11-23 06:33:07.250Z');
      await page.keyboard.press('t');
      await drawn(page);
      assert.match(await shown(), /ago$|^just now$|^2026/);
      await page.keyboard.press('t');
      await drawn(page);
      assert.match(await shown(), /^[+-]\d/);
      await close();
    });

    test('themes and sizes are accessible, and keep the place', async () => {
      const { page, close } = await opened({ colorScheme: 'light' }, '#L2500');
      await lineIs(page, 2500);
      await page.keyboard.press('v');
      const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      for (const [theme, colour] of [
        ['dark', 'rgb(15, 19, 21)'],
        ['contrast', 'rgb(0, 0, 0)'],
        ['light', 'rgb(247, 247, 245)'],
      ]) {
        await page.getByRole('combobox', { name: 'Theme' }).selectOption(theme);
        assert.equal(await ground(), colour);
        assert.deepEqual(await violations(page), []);
      }
      await page.getByRole('combobox', { name: 'Text' }).selectOption('large');
      await drawn(page);
      await drawn(page);
      const { rows, covered, filled, seam } = await inView(page);
      assert.ok(covered && filled && seam < 0.1);
      assert.ok(rows.some((row) => row.line === 2500));
      assert.ok(Math.abs(rows[1].bottom - rows[1].top - 23) < 0.1);
      await page.getByRole('button', { name: 'Close' }).click();
      assert.deepEqual(await violations(page), []);
      await close();
    });

    test('marked lines are copied with a click', async () => {
      const permissions = name === 'chromium' ? ['clipboard-read', 'clipboard-write'] : [];
      const { page, close } = await opened({ permissions }, '#L10-L12');
      await page.getByText('Lines 10 to 12').waitFor();
      await page.evaluate(() => {
        globalThis.written = [];
        navigator.clipboard.writeText = async (text) => void globalThis.written.push(text);
      });
      await lineIs(page, 12);
      await page.getByRole('button', { name: 'Copy text' }).click();
      await page.getByText('3 lines copied.').waitFor();
      await page.getByRole('button', { name: 'Copy link' }).click();
      await page.getByText('The link is on the clipboard.').waitFor();
      assert.deepEqual(await page.evaluate(() => globalThis.written), [
        'line 10\nline 11\nline 12',
        `${server.url}/logs/read/it#L10-L12`,
      ]);
      assert.deepEqual(await violations(page), []);
      await page.getByRole('button', { name: 'Unmark' }).click();
      await page.getByText('Lines 10 to 12').waitFor({ state: 'detached' });
      await close();
    });
  });
}
