// What comes while somebody reads, in real browsers: bursts, following, selecting, and states.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  browserNames,
  launch,
  NETWORK_TROUBLE,
  numbered,
  openPage,
  Server,
  waitFor,
} from './harness.mjs';
import { drawn, inView, lineIs, rowsOf, scrollOf } from './viewer.mjs';

const ESC = '\u001b';

for (const name of browserNames) {
  describe(`Live lines in ${name}`, () => {
    let browser, server;
    before(async () => {
      [browser, server] = await Promise.all([launch(name), Server.start()]);
    });
    after(async () => {
      await browser?.close();
      await server?.stop();
    });

    async function opened(log, options) {
      const tab = await openPage(browser, options);
      await tab.page.goto(`${server.url}/logs/${log}`);
      await tab.page.locator('[role=status]', { hasText: 'Live' }).waitFor();
      return tab;
    }

    /** Drags the mouse from the text of one line to that of another. */
    async function select(page, first, last) {
      const box = (line) => page.locator(`.row[data-n="${line - 1}"] .text`).boundingBox();
      const [from, to] = [await box(first), await box(last)];
      await page.mouse.move(from.x + 2, from.y + 9);
      await page.mouse.down();
      await page.mouse.move(to.x + 200, to.y + 9, { steps: 4 });
      await page.mouse.up();
      await drawn(page);
    }

    /** What Ctrl+C puts on the clipboard. */
    async function copied(page) {
      await page.evaluate(() => {
        globalThis.copied = undefined;
        const keep = (event) => (globalThis.copied = event.clipboardData.getData('text/plain'));
        window.addEventListener('copy', keep, { once: true });
      });
      await page.keyboard.press('Control+C');
      await page.waitForFunction(() => globalThis.copied !== undefined);
      return page.evaluate(() => globalThis.copied);
    }

    test('a burst of 300,000 lines is followed to its end', async () => {
      await server.append('live/burst', ['first']);
      const { page, troubles, close } = await opened('live/burst');
      await lineIs(page, 1);
      for (let from = 0; from < 300_000; from += 10_000)
        await server.append('live/burst', numbered('a line of the burst', 10_000, from));
      await page.getByText('300,001 lines', { exact: true }).waitFor();
      await lineIs(page, 300_001);
      await waitFor('the end is in view', async () => (await scrollOf(page)).below <= 1);
      const { covered, seam, ordered } = await inView(page);
      assert.ok(covered && ordered && seam < 0.1);
      for (const { line, text } of await rowsOf(page))
        assert.equal(text, `a line of the burst ${line - 2}`);
      assert.deepEqual(await troubles(), []);
      await close();
    });

    test('rows change once a frame at most, however many batches come', async () => {
      await server.append('live/frames', numbered('line', 100));
      const { page, close } = await openPage(browser);
      await page.addInitScript(() => {
        const { EventSource } = globalThis;
        globalThis.streams = [];
        globalThis.EventSource = class extends EventSource {
          constructor(url, options) {
            super(url, options);
            globalThis.streams.push(this.url);
          }
        };
      });
      await page.goto(`${server.url}/logs/live/frames`);
      await page.locator('[role=status]', { hasText: 'Live' }).waitFor();
      await lineIs(page, 100);
      await page.locator('tailrace-log').evaluate((log) => {
        globalThis.changes = [];
        // The timeline stands still within a frame, and until the next one.
        new MutationObserver(() => globalThis.changes.push(document.timeline.currentTime)).observe(
          log.shadowRoot.querySelector('.block'),
          { childList: true },
        );
      });
      for (let i = 0; i < 60; i++) await server.append('live/frames', numbered(`batch ${i}`, 20));
      await lineIs(page, 1300);
      await drawn(page);
      const changes = await page.evaluate(() => globalThis.changes);
      assert.ok(changes.length > 0);
      assert.equal(new Set(changes).size, changes.length);
      const streams = await page.evaluate(() => globalThis.streams);
      assert.equal(streams.length, 1);
      assert.match(streams[0], /\/logs\/live\/frames\/events\?.*format=batch/);
      await close();
    });

    test('a selection stays while lines come and while it is out of view', async () => {
      await server.append('live/select', numbered('line', 300, 1));
      const { page, troubles, close } = await opened('live/select');
      await lineIs(page, 300);
      await select(page, 280, 290);
      await page.locator('.jump').waitFor(); // Selecting ended following.
      const expected = numbered('line', 11, 280).join('\n');
      assert.equal(await copied(page), expected);

      await server.append('live/select', numbered('line', 500, 301));
      await page.getByRole('button', { name: '500 new lines' }).waitFor();
      assert.equal(await copied(page), expected);

      await page.mouse.move(500, 400);
      await page.mouse.wheel(0, 6000);
      await page.locator('.row[data-n="284"]').waitFor({ state: 'detached' });
      assert.equal(await copied(page), expected);
      await page.mouse.wheel(0, -6000);
      await lineIs(page, 285);
      assert.equal(await copied(page), expected);
      assert.deepEqual(await troubles(), []);
      await close();
    });

    test('a selection grows beyond what was in view', async () => {
      await server.append('live/extend', numbered('line', 2000, 1));
      const { page, close } = await opened('live/extend');
      await lineIs(page, 2000);
      await page.getByRole('log').focus();
      await page.keyboard.press('Home');
      await lineIs(page, 1);
      await drawn(page);
      await select(page, 3, 5);
      await page.keyboard.press('PageDown');
      await page.keyboard.press('PageDown');
      await page.keyboard.press('PageDown');
      let last;
      await waitFor('it is further down', async () => {
        last = (await inView(page)).rows[10]?.line;
        return last > 70;
      });
      const box = await page.locator(`.row[data-n="${last - 1}"] .text`).boundingBox();
      await page.keyboard.down('Shift');
      await page.mouse.click(box.x + 300, box.y + 9);
      await page.keyboard.up('Shift');
      await drawn(page);
      const text = await copied(page);
      assert.equal(text, numbered('line', last - 2, 3).join('\n'));
      await close();
    });

    test('it says when it comes back, and comes back at once if told to', async () => {
      await server.append('live/away', numbered('line', 10));
      const { page, troubles, close } = await opened('live/away');
      await lineIs(page, 10);
      await server.kill();
      await page.locator('[role=status]', { hasText: /Reconnecting in \d+ s/ }).waitFor();
      await server.restart();
      await server.append('live/away', ['back']);
      const button = page.getByRole('button', { name: 'Try now' });
      // It may have come back by itself meanwhile.
      await Promise.race([button.click().catch(() => undefined), lineIs(page, 11)]);
      await lineIs(page, 11);
      await page.locator('[role=status]', { hasText: 'Live' }).waitFor();
      assert.deepEqual(await troubles({ allow: NETWORK_TROUBLE }), []);
      await close();
    });

    test('text is shown as a terminal would show it', async () => {
      const progress = Array.from({ length: 50 }, (_, i) => `\r${2 * i + 2} %`).join('');
      await server.append('live/terminal', [
        `pulling${progress}`,
        `${ESC}[38;5;208morange${ESC}[0m ${ESC}[48;2;10;20;30mground${ESC}[0m`,
        `${ESC}]8;;https://example.com/log${ESC}\\a link${ESC}]8;;${ESC}\\`,
        `${ESC}]8;;javascript:alert(1)${ESC}\\no link${ESC}]8;;${ESC}\\`,
        'שלום עולם abc',
        '世界\tafter a tab',
        `a mistyp\b\b\b\b\b\bword${ESC}[K`,
      ]);
      const { page, troubles, close } = await opened('live/terminal');
      await lineIs(page, 7);
      const texts = (await rowsOf(page)).map((row) => row.text);
      assert.deepEqual(texts, [
        '100 %ng',
        'orange ground',
        'a link',
        'no link',
        'שלום עולם abc',
        '世界\tafter a tab',
        'a word',
      ]);
      const tabSize = (text) => getComputedStyle(text).tabSize;
      assert.equal(await page.locator('.row .text').last().evaluate(tabSize), '8');
      const links = page.locator('.row .text a');
      assert.equal(await links.count(), 1);
      assert.equal(await links.getAttribute('href'), 'https://example.com/log');
      assert.equal(await links.getAttribute('rel'), 'noopener noreferrer');
      const colour = (text) =>
        page
          .locator('.row .text span', { hasText: text })
          .evaluate((span) => getComputedStyle(span).backgroundColor);
      assert.equal(await colour('ground'), 'rgb(10, 20, 30)');
      assert.deepEqual(await troubles(), []);
      await close();
    });
  });
}
