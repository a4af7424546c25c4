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
      const { created } = await server.call('GET', '/logs/read/it');
      const since = (Date.parse('2026-11-23T06:33:07.250Z') - Date.parse(created)) / 1000;
      const [, sign, rest] = /^([+-])([\d:.]+)$/.exec(await shown());
      const seconds = rest.split(':').reduce((sum, part) => 60 * sum + Number(part), 0);
      assert.ok(Math.abs(Number(`${sign}${seconds}`) - since) < 0.01, `${sign}${rest}: ${since}`);
      await page.keyboard.press('t');
      await page.locator('.row .time').first().waitFor({ state: 'hidden' });
      await page.keyboard.press('t');
      await drawn(page);
      assert.equal(await shown(), '06:33:07.250Z');
      await page.keyboard.press('v');
      await page.getByRole('checkbox', { name: 'Times in UTC' }).uncheck();
      await drawn(page);
      assert.equal(await shown(), '12:03:07.250');
      await close();
    });

    test('what a reader chose stays in the browser, for all logs', async () => {
      await server.append('read/other', ['{"a": 1}']);
      const { page, close } = await opened({ colorScheme: 'dark' });
      const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      // As the system has it; not every driver can say that to its browser.
      const isDark = await page.evaluate(() => matchMedia('(prefers-color-scheme: dark)').matches);
      assert.equal(await ground(), isDark ? 'rgb(15, 19, 21)' : 'rgb(247, 247, 245)');
      await page.keyboard.press('v');
      await page.getByRole('combobox', { name: 'Theme' }).selectOption('contrast');
      await page.getByRole('combobox', { name: 'Text' }).selectOption('small');
      await page.getByRole('checkbox', { name: 'Lay out JSON' }).check();
      await page.getByRole('checkbox', { name: 'Wrap long lines' }).uncheck();
      await page.goto(`${server.url}/logs/read/other`);
      await page.locator('.json-name').waitFor();
      assert.equal(await ground(), 'rgb(0, 0, 0)');
      await page.locator('tailrace-log:not([wrap])[data-size=small]').waitFor();
      const { rows } = await inView(page);
      assert.ok(rows[0].bottom - rows[0].top < 3.5 * 17, JSON.stringify(rows));
      await page.goto(`${server.url}/`);
      await page.locator('li').first().waitFor();
      assert.equal(await ground(), 'rgb(0, 0, 0)');
      await close();
    });

    test('the text is a download, with times or without', async () => {
      const { page, close } = await opened();
      const loaded = async () => {
        const address = await page.getByRole('link', { name: 'Raw' }).getAttribute('href');
        const answer = await fetch(server.url + address);
        assert.match(answer.headers.get('Content-Disposition'), /^attachment;.*read/);
        return answer.text();
      };
      const text = await loaded();
      assert.ok(text.startsWith('first\nsecond\nline 3\n'));
      assert.equal(text.split('\n').length, 5003);
      // With times if the reader sees them.
      await page.keyboard.press('t');
      await page.getByTitle('with times').waitFor();
      assert.match(await loaded(), /^2026-11-23T06:33:07\.25\d*Z first\n/);
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
