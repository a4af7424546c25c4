// Finding in a log of 300,000 lines, in real browsers: matches wherever they lie, marks, filters,
// the address, and what goes wrong.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import { browserNames, launch, openPage, Server, waitFor } from './harness.mjs';
import { drawn, inView, lineIs, rowsOf } from './viewer.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const ESC = '\u001b';
const LINES = 300_000;

/** Line `line`: a third are steps; every 1000th an error, every 50,000th a needle. */
function entryOf(line) {
  if (line % 50_000 === 0) {
    return { text: `${ESC}[32ma ${ESC}[1mnee${ESC}[0mdle in ${line}`, stream: 'stderr' };
  }
  if (line % 1_000 === 0) {
    const source = `pod-${(line / 1_000) % 2}`;
    return { text: `Error of ${line}`, level: 'error', stream: 'stderr', source };
  }
  return { text: line % 3 === 0 ? `step ${line}` : `line ${line}` };
}

async function fill(server, log) {
  for (let from = 1; from < LINES; from += 50_000) {
    const lines = Array.from({ length: 50_000 }, (_, i) => entryOf(from + i));
    await server.append(log, lines);
  }
}

for (const name of browserNames) {
  describe(`Finding in ${name}`, () => {
    let browser, server;
    before(async () => {
      [browser, server] = await Promise.all([launch(name), Server.start()]);
      await fill(server, 'find/it');
    });
    after(async () => {
      await browser?.close();
      await server?.stop();
    });

    async function opened(address = '', ready = '.row:not(.waiting)') {
      const tab = await openPage(browser);
      await tab.page.goto(`${server.url}/logs/find/it${address}`);
      await tab.page.locator(ready).first().waitFor();
      return tab;
    }

    const field = (page) => page.getByRole('searchbox', { name: 'Find' });
    const count = (page, text) => page.locator('#count', { hasText: text }).waitFor();
    /** The current match is in view, with what was found in it. */
    async function isAt(page, line, text) {
      const mark = page.locator(`.row.current[data-n="${line - 1}"] mark`).first();
      await mark.waitFor();
      await waitFor(`line ${line} is in view`, async () =>
        (await inView(page)).rows.some((row) => row.line === line),
      );
      const marks = page.locator(`.row.current[data-n="${line - 1}"] mark`);
      assert.equal((await marks.allTextContents()).join(''), text);
    }

    async function violations(page) {
      await page.evaluate(AXE);
      const found = await page.evaluate(() => globalThis.axe.run());
      return found.violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`);
    }

    test('by keyboard: opened, searched, stepped through, closed', async () => {
      const { page, troubles, close } = await opened();
      await lineIs(page, LINES);
      await page.getByRole('log').focus();
      await page.keyboard.press('Control+f');
      await waitFor('the field has the focus', () =>
        field(page).evaluate((input) => input.getRootNode().activeElement === input),
      );
      await page.keyboard.type('needle');
      await page.keyboard.press('Enter');
      // What is behind the reader: of the last line, the view shows the last screenful.
      await isAt(page, 300_000, 'needle');
      await count(page, '6 of 6');
      await page.keyboard.press('Enter');
      await isAt(page, 50_000, 'needle');
      await count(page, '1 of 6');
      await page.keyboard.press('Shift+Enter');
      await isAt(page, 300_000, 'needle');
      await page.keyboard.press('F3');
      await page.keyboard.press('F3');
      await isAt(page, 100_000, 'needle');
      await page.getByRole('log').focus();
      await page.keyboard.press('n');
      await isAt(page, 150_000, 'needle');
      await page.keyboard.press('N');
      await isAt(page, 100_000, 'needle');
      assert.deepEqual(await violations(page), []);

      // A second Ctrl+F while the field has the focus is the browser's.
      await page.keyboard.press('/');
      const prevented = await field(page).evaluate((input) => {
        const init = { key: 'f', ctrlKey: true, bubbles: true, composed: true, cancelable: true };
        return !input.dispatchEvent(new KeyboardEvent('keydown', init));
      });
      assert.equal(prevented, false);
      await page.keyboard.press('Escape');
      await page.locator('tailrace-find-bar').waitFor({ state: 'detached' });
      await page.locator('mark').first().waitFor({ state: 'detached' });
      assert.ok(
        await page.getByRole('log').evaluate((log) => log.getRootNode().activeElement === log),
      );
      assert.doesNotMatch(page.url(), /\?/);
      assert.deepEqual(await troubles(), []);
      await close();
    });

    test('matches that were not told are counted, marked, and gone to', async () => {
      const { page, troubles, close } = await opened('?q=step#L150000', '.row.target');
      await count(page, '99,900 lines');
      await page.locator('.row[data-n="149999"]').waitFor();
      await page.locator('.row[data-n="150002"] mark').waitFor();
      // Far from where the search began, and from all that was told.
      await page.keyboard.press('g');
      await page.getByRole('textbox', { name: 'Go to line' }).fill('40001');
      await page.keyboard.press('Enter');
      await page.locator('.row[data-n="40001"] mark').waitFor();
      const top = (await inView(page)).rows[0].line;
      const next = (line) => {
        let at = line;
        while (at % 3 !== 0 || at % 1_000 === 0) at++;
        return at;
      };
      const first = next(top);
      await page.keyboard.press('n');
      await isAt(page, first, 'step');
      const ordinal = first / 3 - Math.floor(first / 3_000);
      await count(page, `${ordinal.toLocaleString('en-US')} of 99,900`);
      await page.keyboard.press('N');
      await page.keyboard.press('N');
      const before = first - 6 - (entryOf(first - 3).text.startsWith('step') ? 0 : 3);
      await isAt(page, before, 'step');
      assert.deepEqual(await troubles(), []);
      await close();
    });

    test('marks beside the scroll bar say where, and lead there', async () => {
      const { page, close } = await opened('?q=needle&case=1');
      await count(page, '6 lines');
      const marks = page.locator('canvas.marks');
      await marks.waitFor();
      const drawnAt = () =>
        marks.evaluate((canvas) => {
          const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
          const rows = [];
          for (let y = 0; y < canvas.height; y++) {
            if (data[(y * canvas.width + 1) * 4 + 3] > 0) rows.push(y / canvas.height);
          }
          return rows;
        });
      const isMarked = (rows, part) => rows.some((at) => Math.abs(at - part / 6) < 0.01);
      const rows = await waitFor('all six are marked', async () => {
        const found = await drawnAt();
        return [1, 2, 3, 4, 5, 6].every((part) => isMarked(found, part)) && found;
      });
      assert.ok(rows.length <= 6 * 4, `${rows.length} rows of pixels`);
      const box = await marks.boundingBox();
      await marks.click({ position: { x: 4, y: box.height / 2 } });
      await isAt(page, 150_000, 'needle');
      await close();
    });

    test('an expression: switches, and what is wrong with it', async () => {
      const { page, troubles, close } = await opened();
      await page.keyboard.press('/');
      await page.getByRole('button', { name: 'Regular expression' }).click();
      await field(page).fill('err[a-z]+ of (.*');
      await count(page, 'missing )');
      assert.equal(await field(page).getAttribute('aria-invalid'), 'true');
      assert.deepEqual(await violations(page), []);
      await field(page).fill('err[a-z]+ of .*5000$');
      await count(page, '30 lines');
      await page.getByRole('button', { name: 'Match case' }).click();
      await count(page, 'Nothing found');
      assert.match(page.url(), /regex=1&case=1/);
      assert.deepEqual(await troubles({ allow: /400 \(/ }), []);
      await close();
    });

    test('only what matches, with lines around it, as the log grows', async () => {
      const { page, troubles, close } = await opened('?q=needle&only=1');
      const lines = async () => (await rowsOf(page)).map(({ line }) => line);
      const around = (line, context) =>
        Array.from({ length: 2 * context + 1 }, (_, i) => line - context + i);
      const expected = (context, last) =>
        [50, 100, 150, 200, 250, 300]
          .flatMap((n) => around(n * 1_000, context))
          .filter((line) => line <= last);
      await count(page, '6 lines');
      await page.locator('.row.waiting').first().waitFor({ state: 'detached' });
      await waitFor('six groups', async () => (await lines()).length === 28);
      assert.deepEqual(await lines(), expected(2, LINES));
      assert.equal(await page.locator('.seam').count(), 6);
      await page.getByRole('combobox', { name: 'Lines around' }).selectOption('0');
      await waitFor('six lines', async () => (await lines()).length === 6);
      assert.match(page.url(), /context=0/);
      await page.getByRole('combobox', { name: 'Lines around' }).selectOption('5');
      await waitFor('six groups', async () => (await lines()).includes(LINES - 5));

      await server.append('find/it', [{ text: 'one more needle' }, { text: 'and hay' }]);
      await count(page, '7 lines');
      await lineIs(page, LINES + 1);
      await lineIs(page, LINES + 2);
      // Whoever leaves is where they were.
      await field(page).press('Enter');
      const current = page.locator('.row.current');
      const position = async () => (await current.count()) && current.getAttribute('data-n');
      await current.waitFor();
      await page.getByRole('log').focus();
      for (let step = 0; step < 2; step++) {
        const before = await position();
        await page.keyboard.press('n');
        await waitFor('the next one', async () => ![0, null, before].includes(await position()));
      }
      const line = Number(await position()) + 1;
      const place = async () => (await inView(page)).rows.find((row) => row.line === line)?.top;
      await drawn(page);
      await page.keyboard.press('x');
      await waitFor('all lines', async () => (await inView(page)).rows.length > 30);
      assert.ok((await place()) >= 0, `line ${line} is still in view`);
      const before = await place();
      await page.keyboard.press('x');
      await page.locator('.seam').first().waitFor({ state: 'attached' });
      await page.keyboard.press('x');
      await waitFor('the same place', async () => Math.abs((await place()) - before) < 1);
      assert.deepEqual(await troubles(), []);
      await close();
    });

    test('filters by stream, source and level, chosen and removed', async () => {
      const { page, troubles, close } = await opened('#L299000', '.row.target');
      await page.keyboard.press('/');
      await page.getByRole('button', { name: 'Filter', exact: true }).click();
      await page
        .getByRole('group', { name: 'Level' })
        .getByRole('button', { name: 'error' })
        .click();
      await count(page, '294 lines');
      await page
        .getByRole('group', { name: 'Source' })
        .getByRole('button', { name: 'pod-1' })
        .click();
      await count(page, '150 lines');
      await page.locator('.row.waiting').first().waitFor({ state: 'detached' });
      await page.getByRole('combobox', { name: 'Lines around' }).selectOption('0');
      await waitFor('only those', async () => {
        const rows = await rowsOf(page);
        return rows.length > 10 && rows.every(({ line }) => (line / 1_000) % 2 === 1);
      });
      assert.deepEqual(await violations(page), []);
      await page.getByRole('button', { name: 'Remove the filter error' }).click();
      await page.getByRole('button', { name: 'Remove the filter pod-1' }).click();
      await lineIs(page, 299_001);
      await page.getByRole('textbox', { name: 'Value' }).fill('stderr');
      await page.keyboard.press('Enter');
      await count(page, '300 lines');
      assert.match(page.url(), /stream=stderr&only=1/);
      assert.deepEqual(await troubles(), []);
      await close();
    });

    test('a link carries the view; going back leaves it', async () => {
      const { page, close } = await opened('?q=error&level=error&only=1&context=0#L100001');
      await count(page, '294 lines');
      assert.equal(await field(page).inputValue(), 'error');
      await page.locator('.row[data-n="100999"]').waitFor();
      await page.goto(`${server.url}/logs/find/it#L7`);
      await page.locator('.row.target[data-n="6"]').waitFor();
      await page.keyboard.press('/');
      await page.keyboard.type('needle');
      await count(page, /[67] lines/);
      await page.keyboard.press('Escape');
      await page.locator('tailrace-find-bar').waitFor({ state: 'detached' });
      await page.goBack();
      await count(page, /[67] lines/);
      assert.match(page.url(), /\?q=needle#L7$/);
      await page.goBack();
      await page.locator('tailrace-find-bar').waitFor({ state: 'detached' });
      await page.locator('.row.target[data-n="6"]').waitFor();
      await page.goForward();
      await count(page, /[67] lines/);
      await close();
    });

    test('on a phone all of the bar is within reach', async () => {
      const { page, close } = await openPage(browser, { viewport: { width: 390, height: 700 } });
      await page.goto(`${server.url}/logs/find/it?q=needle&level=error&only=1`);
      await page.getByRole('button', { name: 'Filter', exact: true }).click();
      for (const label of ['Close', 'Add', 'Regular expression', 'Remove the filter error']) {
        const box = await page.getByRole('button', { name: label, exact: true }).boundingBox();
        assert.ok(box.x >= 0 && box.x + box.width <= 390, `${label}: ${JSON.stringify(box)}`);
      }
      assert.deepEqual(await violations(page), []);
      await close();
    });

    test('what is found in closed groups opens them; their headings are marked', async () => {
      await server.append('find/groups', [
        '::group::Install the needle',
        ...['fetch', 'a needle', 'done', '::endgroup::', 'between'],
        ...['::group::Build', 'the last needle', '::endgroup::', 'end'],
      ]);
      const { page, troubles, close } = await openPage(browser);
      await page.goto(`${server.url}/logs/find/groups`);
      const lines = async () => (await rowsOf(page)).map(({ line }) => line).join();
      const linesAre = (wanted) =>
        waitFor(`lines ${wanted} are shown`, async () => (await lines()) === wanted);
      await linesAre('1,6,7,10');
      await page.keyboard.press('Home');
      await page.keyboard.press('Control+f');
      await page.keyboard.type('needle');
      await count(page, '3 lines');
      await page.locator('.row[data-n="0"] mark', { hasText: 'needle' }).waitFor();
      await linesAre('1,6,7,10');
      await page.keyboard.press('Enter');
      await isAt(page, 1, 'needle');
      await linesAre('1,6,7,10');
      await page.keyboard.press('Enter');
      await isAt(page, 3, 'needle');
      await linesAre('1,2,3,4,5,6,7,10');
      await page.keyboard.press('Enter');
      await isAt(page, 8, 'needle');
      await count(page, '3 of 3');
      await linesAre('1,2,3,4,5,6,7,8,9,10');
      const isOpen = page.locator('.row[data-n="6"] .fold');
      assert.equal(await isOpen.getAttribute('aria-expanded'), 'true');

      // By keyboard alone: from the field to the switches and buttons, and back to the log.
      for (let tab = 0; tab < 5; tab++) await page.keyboard.press('Tab');
      await page.keyboard.press('Space');
      await page.getByRole('button', { name: 'Only matches', pressed: true }).waitFor();
      await page.keyboard.press('Tab');
      await page.keyboard.type('a');
      await linesAre('1,3,8');
      assert.deepEqual(await violations(page), []);
      await page.keyboard.press('Escape');
      await linesAre('1,2,3,4,5,6,7,8,9,10');
      assert.deepEqual(await troubles(), []);
      await close();
    });

    test('the first error is a key away', async () => {
      const { page, close } = await opened();
      await page.keyboard.press('e');
      await page.locator('.row.target[data-n="999"]').waitFor();
      await page.getByText('Line 1,000 is the first error.').waitFor();
      assert.match(page.url(), /#L1000$/);
      await close();
    });

    test('the component tells what a search finds', async () => {
      const { page, close } = await opened();
      const found = await page
        .locator('tailrace-log')
        .evaluate((log) => log.search('needle', { to: 200_000, limit: 2 }));
      assert.deepEqual([found.total, found.positions], [4, [49_999, 99_999]]);
      await close();
    });

    test('a server that has enough to do is waited for', async (t) => {
      const busy = await Server.start('--limit-searches', '1');
      t.after(() => busy.stop());
      await busy.append('find/it', ['a needle', 'hay']);
      // One that does not read its answer, of 17 MB, holds its search.
      await busy.append('find/held', Array(20_000).fill('a'.repeat(200)));
      const url = `${busy.url}/api/v1/logs/find/held/search?q=a&limit=100000`;
      const held = http.get(url, { headers: { Accept: 'application/x-ndjson' }, agent: false });
      const [answer] = await once(held, 'response');
      assert.equal(answer.statusCode, 200);
      const { page, close } = await openPage(browser);
      await page.goto(`${busy.url}/logs/find/it`);
      await lineIs(page, 2);
      await page.keyboard.press('/');
      await page.keyboard.type('needle');
      await count(page, 'Trying again in');
      held.destroy();
      await count(page, '1 line');
      await close();
    });
  });
}
