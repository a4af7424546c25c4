// Long logs in real browsers: any line at once, rows without a seam, and nothing that jumps.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { browserNames, launch, numbered, openPage, Server, waitFor } from './harness.mjs';
import { drawn, inView, lineIs, rowsOf, scrollOf } from './viewer.mjs';

/** More than fits into the highest element, in rows of 19 px. */
const LINES = 300_000;

const wide = (line) => `line ${line} ${'and some more of it '.repeat((line * 7919) % 40)}`;

for (const name of browserNames) {
  describe(`Long logs in ${name}`, () => {
    let browser, server;
    before(async () => {
      [browser, server] = await Promise.all([launch(name), Server.start()]);
      for (let from = 0; from < LINES; from += 10_000)
        await server.append('long/plain', numbered('line', 10_000, from + 1));
      for (let from = 0; from < LINES; from += 10_000)
        await server.append(
          'long/wrapped',
          Array.from({ length: 10_000 }, (_, i) => wide(from + i + 1)),
        );
    });
    after(async () => {
      await browser?.close();
      await server?.stop();
    });

    async function opened(address) {
      const tab = await openPage(browser);
      await tab.page.goto(`${server.url}/logs/${address}`);
      return tab;
    }

    async function settled(page) {
      await drawn(page);
      await waitFor('all rows in view are loaded', async () => {
        const { rows } = await inView(page);
        return rows.length > 0 && rows.every((row) => !row.waiting);
      });
      await drawn(page);
      return inView(page);
    }

    for (const log of ['plain', 'wrapped']) {
      test(`${log}: the view is covered by rows in order, wherever it is`, async () => {
        const { page, troubles, close } = await opened(`long/${log}`);
        await lineIs(page, LINES);
        assert.ok((await scrollOf(page)).height <= 4_000_000);
        await page.getByText('300,000 lines').waitFor();
        await page.mouse.move(500, 400);
        const look = async (where) => {
          const { rows, covered, filled, seam, ordered } = await settled(page);
          assert.ok(covered && filled && ordered, `${where}: ${JSON.stringify(rows)}`);
          assert.ok(seam < 0.1, `${where}: a seam of ${seam} px`);
          assert.ok((await page.locator('.item').count()) < 200);
        };
        await page.getByRole('log').focus();
        for (const [where, act] of [
          ['at the end', async () => page.keyboard.press('End')],
          ['a page up', async () => page.keyboard.press('PageUp')],
          ['by the wheel', async () => page.mouse.wheel(0, -777)],
          ['at the start', async () => page.keyboard.press('Home')],
          ['down by the wheel', async () => page.mouse.wheel(0, 1234)],
          [
            'by the scroll bar',
            () =>
              page.locator('tailrace-log').evaluate((element) => {
                const scroller = element.shadowRoot.querySelector('.scroller');
                scroller.scrollTop = scroller.scrollHeight * 0.37;
              }),
          ],
          ['by the wheel again', async () => page.mouse.wheel(0, -4321)],
        ]) {
          await act();
          await page.waitForTimeout(500); // Smooth scrolling; a bar is not dragged meanwhile.
          await look(where);
        }
        const lines = (await inView(page)).rows.map((row) => row.line);
        assert.ok(Math.abs(lines[0] / LINES - 0.37) < 0.02, `the bar leads to line ${lines[0]}`);
        for (const { line, text } of await rowsOf(page)) {
          assert.equal(text, log === 'plain' ? `line ${line}` : wide(line));
        }
        assert.deepEqual(await troubles(), []);
        await close();
      });
    }

    test('a link leads to its lines at once, and marks them', async () => {
      const { page, troubles, close } = await opened('long/wrapped#L123456-L123459');
      await lineIs(page, 123_456);
      const { rows } = await settled(page);
      const target = rows.find((row) => row.line === 123_456);
      assert.ok(target.top >= 0 && target.bottom < 652, JSON.stringify(target));
      assert.deepEqual(
        await page.locator('.row.target').evaluateAll((rows) => rows.map((row) => row.dataset.n)),
        ['123455', '123456', '123457', '123458'],
      );
      await page.evaluate(() => (location.hash = '#L7'));
      await lineIs(page, 7);
      await page.locator('.row[data-n="6"].target').waitFor();
      assert.equal(await page.locator('.row.target').count(), 1);
      await page.locator('.jump').click();
      await lineIs(page, LINES);
      await waitFor('it is at the end', async () => (await scrollOf(page)).below <= 1);
      assert.deepEqual(await troubles(), []);
      await close();
    });

    test('a click on a number makes the link, with Shift that of a range', async () => {
      const { page, close } = await opened('long/plain#L1000');
      await lineIs(page, 1000);
      await page.locator('.row[data-n="1001"] .number').click();
      assert.match(page.url(), /#L1002$/);
      await page.locator('.row[data-n="1004"] .number').click({ modifiers: ['Shift'] });
      assert.match(page.url(), /#L1002-L1005$/);
      await waitFor(
        'the range is marked',
        async () => (await page.locator('.row.target').count()) === 4,
      );
      await close();
    });

    test('the wheel moves rows by its pixels, and back to where they were', async () => {
      const { page, close } = await opened('long/wrapped#L150000');
      await lineIs(page, 150_000);
      await page.mouse.move(500, 400);
      // The way down and up again: everything on it has been measured by then.
      await page.mouse.wheel(0, 900);
      await page.waitForTimeout(600);
      await page.mouse.wheel(0, -900);
      await page.waitForTimeout(600);
      const before = (await settled(page)).rows;
      for (const delta of [300, -300, 500, -500]) {
        await page.mouse.wheel(0, delta);
        await page.waitForTimeout(600);
      }
      const back = (await settled(page)).rows;
      assert.deepEqual(
        back.map(({ line, top }) => [line, Math.round(top)]),
        before.map(({ line, top }) => [line, Math.round(top)]),
      );
      await close();
    });

    test('lines that come do not move what is read', async () => {
      await server.append('long/live', numbered('line', 5000, 1));
      const { page, close } = await opened('long/live#L2500');
      await lineIs(page, 2500);
      const before = (await settled(page)).rows;
      for (let i = 0; i < 10; i++)
        await server.append('long/live', numbered('line', 2000, 5001 + i * 2000));
      await page.getByRole('button', { name: '20,000 new lines' }).waitFor();
      await page.getByText('25,000 lines', { exact: true }).waitFor();
      assert.deepEqual((await settled(page)).rows, before);
      await close();
    });

    test('turning wrapping on and off keeps the place', async () => {
      const { page, close } = await opened('long/wrapped#L200000');
      await lineIs(page, 200_000);
      const place = (view) => Math.round(view.rows.find((row) => row.line === 200_000).top);
      const before = place(await settled(page));
      await page.getByRole('button', { name: 'Wrap' }).click();
      const unwrapped = await settled(page);
      assert.equal(place(unwrapped), before);
      assert.ok(unwrapped.covered && unwrapped.filled && unwrapped.seam < 0.1);
      assert.equal(
        new Set(unwrapped.rows.map((row) => Math.round(10 * (row.bottom - row.top)))).size,
        1,
      );
      await page.getByRole('button', { name: 'Wrap' }).click();
      assert.equal(place(await settled(page)), before);
      await close();
    });
  });
}
