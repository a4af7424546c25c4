// What folds, in real browsers: groups of CI systems and stack traces; and JSON, levels, sources.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import { browserNames, launch, numbered, openPage, Server, waitFor } from './harness.mjs';
import { drawn, inView, lineIs, rowsOf, scrollOf } from './viewer.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const ESC = '\u001b';

const timed = (text, seconds) => ({
  text,
  time: new Date(Date.UTC(2026, 10, 23, 10, 0, seconds)).toISOString(),
});
const section = (name, at, title, options = '') =>
  `${ESC}[0Ksection_start:${at}:${name}${options}\r${ESC}[0K${title}`;
const sectionEnd = (name, at) => `${ESC}[0Ksection_end:${at}:${name}\r${ESC}[0K`;

for (const name of browserNames) {
  describe(`Folding in ${name}`, () => {
    let browser, server;
    before(async () => {
      [browser, server] = await Promise.all([launch(name), Server.start()]);
    });
    after(async () => {
      await browser?.close();
      await server?.stop();
    });

    async function opened(log, hash = '', options = {}) {
      const tab = await openPage(browser, options);
      await tab.page.goto(`${server.url}/logs/${log}${hash}`);
      await tab.page.locator('.row:not(.waiting)').first().waitFor();
      await tab.page.locator('[role=status]', { hasText: 'Live' }).waitFor();
      return tab;
    }

    const lines = async (page) => (await rowsOf(page)).map((row) => row.line);
    const linesAre = (page, wanted) =>
      waitFor(`lines ${wanted} are shown`, async () => {
        await drawn(page);
        return String(await lines(page)) === String(wanted);
      });
    const fold = (page, line) => page.locator(`.row[data-n="${line - 1}"] .fold`);
    const facts = (page, line) =>
      page.locator(`.row[data-n="${line - 1}"] .facts`).getAttribute('data-show');

    async function violations(page) {
      await page.evaluate(AXE);
      const found = await page.evaluate(() => globalThis.axe.run());
      return found.violations.map(
        ({ id, nodes }) => `${id}: ${nodes[0].html} ${nodes[0].failureSummary}`,
      );
    }

    test('groups of all three formats fold, by click and by key', async () => {
      await server.append('fold/formats', [
        timed('::group::Install', 0),
        timed('fetching', 1),
        timed('::endgroup::', 7),
        section('build', 1700000000, `${ESC}[1mBuild`),
        section('deps', 1700000001, 'Dependencies', '[collapsed=true]'),
        'a dependency',
        sectionEnd('deps', 1700000004),
        'compiling',
        sectionEnd('build', 1700000125),
        timed('--- :rocket: Deploy', 200),
        timed('deploying', 201),
        timed('+++ Verify', 203),
        'verifying',
      ]);
      const { page, troubles, close } = await opened('fold/formats');
      await linesAre(page, [1, 4, 5, 8, 9, 10, 11, 12, 13]);
      const texts = (await rowsOf(page)).map((row) => row.text);
      assert.deepEqual(texts, [
        ...['Install', 'Build', 'Dependencies', 'compiling', '', ':rocket: Deploy', 'deploying'],
        ...['Verify', 'verifying'],
      ]);
      assert.equal(await facts(page, 1), '2 lines · 7.0s');
      assert.equal(await facts(page, 4), '5 lines · 2m 05s');
      assert.equal(await facts(page, 5), '2 lines · 3.0s');
      assert.equal(await facts(page, 10), '1 line · 3.0s');
      assert.equal(await facts(page, 12), 'running');
      assert.deepEqual(await violations(page), []);

      await fold(page, 1).click();
      await linesAre(page, [1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13]);
      assert.equal(await fold(page, 1).getAttribute('aria-expanded'), 'true');
      await fold(page, 4).click();
      await linesAre(page, [1, 2, 3, 4, 10, 11, 12, 13]);
      await page.keyboard.press('Enter'); // It still has the focus.
      await linesAre(page, [1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13]);
      await page.keyboard.press('Shift+Z');
      await linesAre(page, numbers(1, 13));
      await page.keyboard.press('Shift+Z');
      await linesAre(page, [1, 4, 10, 12]);
      await page.getByRole('button', { name: 'Unfold' }).click();
      await linesAre(page, numbers(1, 13));
      // What goes on is closed with what is still to come, and opens with it.
      await fold(page, 12).click();
      await server.append('fold/formats', ['more', '--- Next', 'next']);
      await linesAre(page, [...numbers(1, 12), 15, 16]);
      await page.locator('.row[data-n="11"] .text').click();
      await linesAre(page, numbers(1, 16));
      assert.deepEqual(await troubles(), []);
      await close();
    });

    test('a link, a jump and a key find what is folded in a long log', async () => {
      const all = [];
      for (let i = 0; i < 1000; i++) {
        all.push(
          timed(`::group::Step ${i}`, i),
          ...numbered(`step ${i}, line`, 48),
          '::endgroup::',
        );
      }
      for (let from = 0; from < all.length; from += 10_000)
        await server.append('fold/long', all.slice(from, from + 10_000));
      const { page, close } = await opened('fold/long', '#L25025');
      await lineIs(page, 25_025);
      await page.locator('.row[data-n="25024"].target').waitFor();
      // Those around the line may be open: they may have been read before the outline came.
      await waitFor('groups are folded', async () => (await scrollOf(page)).height < 1300 * 19);
      assert.ok((await lines(page)).includes(25_025));
      const { covered, filled, seam } = await inView(page);
      assert.ok(covered && filled && seam < 0.1);

      await page.keyboard.press('Escape');
      await page.keyboard.press('g');
      await page.getByRole('textbox', { name: 'Go to line' }).fill('40010');
      await page.keyboard.press('Enter');
      await lineIs(page, 40_010);
      assert.ok((await lines(page)).includes(40_010));

      await page.keyboard.press('Escape');
      await page.keyboard.press(']');
      await page.locator('.row[data-n="40050"] .fold:focus').waitFor();
      await waitFor('its duration', async () => (await facts(page, 40_051))?.includes('·'));
      await page.keyboard.press('Enter');
      await lineIs(page, 40_052);
      await page.keyboard.press('[');
      await page.locator('.row[data-n="40000"] .fold:focus').waitFor();
      await close();
    });

    test('groups fold while lines come, and not under the eyes of a reader', async () => {
      await server.append('fold/live', numbered('line', 500));
      const { page, close } = await opened('fold/live');
      await lineIs(page, 500);
      await server.append('fold/live', ['::group::Live', ...numbered('in it', 100)]);
      await lineIs(page, 601);
      await server.append('fold/live', ['::endgroup::', 'after']);
      await lineIs(page, 603);
      await waitFor('it is folded', async () => (await lines(page)).includes(501));
      await waitFor('the end is in view', async () => (await scrollOf(page)).below <= 1);
      assert.ok(!(await lines(page)).includes(550));

      await page.keyboard.press('Home');
      await lineIs(page, 1);
      await server.append('fold/live', ['::group::Read', ...numbered('read', 50)]);
      await page.keyboard.press('End');
      await lineIs(page, 654);
      await page.keyboard.press('f');
      const before = await inView(page);
      await server.append('fold/live', ['::endgroup::', 'after']);
      await page.getByRole('button', { name: /new lines/ }).waitFor();
      await drawn(page);
      const now = await inView(page);
      assert.deepEqual(
        now.rows.slice(0, 10).map((row) => [row.line, row.top]),
        before.rows.slice(0, 10).map((row) => [row.line, row.top]),
      );
      await close();
    });

    test('long stack traces are folded, and copied whole', async () => {
      const frames = numbered('\tat org.example.Main.run(Main.java:', 30).map((text) => `${text})`);
      await server.append('fold/trace', [
        'before',
        'java.lang.IllegalStateException: no',
        ...frames,
        'after',
        'Error: short',
        '    at a (/srv/a.js:1:2)',
        '    at b (/srv/a.js:2:2)',
        '    at c (/srv/a.js:3:2)',
        'end',
      ]);
      const { page, close } = await opened('fold/trace');
      await linesAre(page, [1, 2, 33, 34, 35, 36, 37, 38]);
      assert.equal(await fold(page, 2).getAttribute('data-show'), '▸ 30 more lines');
      await fold(page, 34).click();
      await linesAre(page, [1, 2, 33, 34, 38]);
      assert.deepEqual(await violations(page), []);
      await page.evaluate(() => {
        navigator.clipboard.writeText = async (text) => void (globalThis.written = text);
        location.hash = '#L1-L33';
      });
      await page.getByRole('button', { name: 'Copy text' }).click();
      await page.getByText('33 lines copied.').waitFor();
      assert.equal((await page.evaluate(() => globalThis.written)).split('\n').length, 33);
      await page.keyboard.press('Escape');
      await fold(page, 2).focus();
      await page.keyboard.press('Enter');
      await lineIs(page, 20);
      await close();
    });

    test('JSON is laid out on demand, and levels and sources are seen', async () => {
      await server.append('fold/json', [
        '{"level":"error","message":"no <b>disk</b>","n":12345678901234567890}',
        { text: 'one', source: 'web-1/app' },
        { text: 'two', source: 'web-2/app' },
        '2026-11-23 10:00:00 WARN slow',
        `${ESC}[32mgreen from here`,
        'green too',
        `${ESC}[0mno longer`,
      ]);
      const { page, troubles, close } = await opened('fold/json');
      await lineIs(page, 7);
      const level = (line) => page.locator(`.row[data-n="${line - 1}"]`).getAttribute('data-level');
      assert.equal(await level(1), 'error');
      assert.equal(await level(4), 'warn');
      assert.equal(await level(2), null);
      const colour = (line) =>
        page
          .locator(`.row[data-n="${line - 1}"] .text`)
          .evaluate((text) => getComputedStyle(text).color);
      const [error, none, warn] = await Promise.all([colour(1), colour(2), colour(4)]);
      assert.equal(new Set([error, none, warn]).size, 3);
      assert.equal(await page.locator('.row[data-n="5"] .fg2').textContent(), 'green too');
      assert.equal(await page.locator('.row[data-n="6"] .fg2').count(), 0);

      await page.getByRole('button', { name: 'Lay out as JSON' }).click();
      await page.locator('.row[data-n="0"] .json-name').first().waitFor();
      assert.equal(
        (await rowsOf(page))[0].text,
        '{\n  "level": "error",\n  "message": "no <b>disk</b>",\n  "n": 12345678901234567890\n}',
      );
      const { seam, ordered } = await inView(page);
      assert.ok(ordered && seam < 0.1);
      assert.deepEqual(await violations(page), []);
      await page.keyboard.press('p');
      await drawn(page);
      assert.equal(await page.locator('.json-name').count(), 3);
      await page.keyboard.press('p');
      await page.locator('.json-name').first().waitFor({ state: 'detached' });

      const colours = await page
        .locator('.source')
        .evaluateAll((all) => all.map((source) => getComputedStyle(source).color));
      assert.equal(new Set(colours).size, 2);
      await page.locator('tailrace-log').evaluate((log) =>
        log.addEventListener('tailrace-source-click', (event) => {
          globalThis.clicked = event.detail.source;
        }),
      );
      await page.locator('.source').first().click();
      assert.equal(await page.evaluate(() => globalThis.clicked), 'web-1/app');
      // On the page it chooses the lines of this source, and once more all.
      await waitFor('only its line', async () => (await lines(page)).join() === '2');
      assert.equal(new URL(page.url()).searchParams.get('source'), 'web-1/app');
      await page.locator('.source').first().click();
      await waitFor('all lines', async () => (await lines(page)).length === 7);
      assert.equal(new URL(page.url()).search, '');
      assert.deepEqual(await troubles(), []);
      await close();
    });
  });
}

function numbers(first, last) {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}
