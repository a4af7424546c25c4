// With the keyboard alone, from the list of logs to a link to the line with the error: the mouse is
// never used. What has the focus is seen, and Tab leads to all there is and out again.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { browserNames, launch, numbered, openPage, Server, waitFor } from './harness.mjs';
import { inView, lineIs } from './viewer.mjs';

for (const name of browserNames) {
  describe(`By keyboard alone in ${name}`, () => {
    let browser, server;
    before(async () => {
      [browser, server] = await Promise.all([launch(name), Server.start()]);
      await server.append('keys/long', [
        '::group::Build',
        ...numbered('compiling', 50),
        '::endgroup::',
        ...numbered('line', 3000),
        { text: 'no disk', level: 'error', source: 'pod-a' },
        ...numbered('more', 3000),
      ]);
      await server.append('keys/lone', ['x']);
    });
    after(async () => {
      await browser?.close();
      await server?.stop();
    });

    /** What has the focus, by what it is called; and whether that is seen. */
    const focus = (page) =>
      page.evaluate(() => {
        let at = document.activeElement;
        while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
        if (at === null || at === document.body) return { label: '' };
        const { outlineStyle, outlineWidth } = getComputedStyle(at);
        // A field's frame stands for it.
        const field = at.closest('.field');
        const frame = field === null ? undefined : getComputedStyle(field).outlineStyle;
        return {
          label: at.ariaLabel || at.textContent.trim().replace(/\s+/g, ' ') || at.localName,
          seen: (outlineStyle !== 'none' && outlineWidth !== '0px') || frame === 'solid',
        };
      });

    /** Presses Tab until this has the focus. */
    async function tabTo(page, label, key = 'Tab') {
      const met = [];
      for (let i = 0; i < 40; i++) {
        await page.keyboard.press(key);
        const at = await focus(page);
        if (at.label !== '') assert.ok(at.seen, `the focus on "${at.label}" is not seen`);
        if (label.test(at.label)) return;
        met.push(at.label);
      }
      assert.fail(`${label} is not among ${JSON.stringify(met)}`);
    }

    test('from the list to the error, and a link to it for others', async () => {
      const { page, troubles, close } = await openPage(browser);
      await page.addInitScript(() => {
        globalThis.written = [];
        if (navigator.clipboard === undefined) return; // Not yet on a page.
        navigator.clipboard.writeText = async (text) => void globalThis.written.push(text);
      });
      await page.goto(`${server.url}/`);
      await page.locator('li').nth(1).waitFor();
      await page.keyboard.press('/');
      await page.keyboard.type('long'); // Only all of it leaves one: nothing is searched for later.
      await page.locator('#found', { hasText: /^1 log$/ }).waitFor();
      await page.keyboard.press('ArrowDown');
      await waitFor('the row has the focus', async () =>
        /keys\/long/.test((await focus(page)).label),
      );
      await page.keyboard.press('Enter');
      await page.waitForURL(`${server.url}/logs/keys/long`);
      await lineIs(page, 6053);

      await page.keyboard.press('Control+f');
      await page.keyboard.type('DISK');
      await page.keyboard.press('Enter');
      await page.locator('#count', { hasText: '1 of 1' }).waitFor();
      await lineIs(page, 3053);
      await tabTo(page, /^Match case$/);
      await page.keyboard.press('Space');
      await page.locator('#count', { hasText: 'Nothing found' }).waitFor();
      await page.keyboard.press('Space');
      await page.locator('#count', { hasText: /1 (line|of 1)/ }).waitFor();
      await tabTo(page, /^Only matches$/);
      await page.keyboard.press('Enter');
      await waitFor('only what matches', async () => (await inView(page)).rows.length === 5);
      await page.keyboard.press('Escape');
      await page.locator('tailrace-find-bar').waitFor({ state: 'detached' });

      await page.keyboard.press('e');
      await page.locator('.row.target[data-n="3052"]').waitFor();
      await tabTo(page, /^Copy link$/);
      await page.keyboard.press('Enter');
      await page.getByText('The link is on the clipboard.').waitFor();
      await page.keyboard.press('g');
      await page.keyboard.type('3050-3054');
      await page.keyboard.press('Enter');
      await page.getByText('Lines 3,050 to 3,054').waitFor();
      await page.keyboard.press('c');
      await page.getByText('5 lines copied.').waitFor();
      assert.deepEqual(await page.evaluate(() => globalThis.written), [
        `${server.url}/logs/keys/long#L3053`,
        'line 2997\nline 2998\nline 2999\nno disk\nmore 0',
      ]);
      assert.deepEqual(await troubles(), []);
      await close();
    });

    test('Tab leads to everything, and out of the lines again', async () => {
      const { page, troubles, close } = await openPage(browser);
      await page.goto(`${server.url}/logs/keys/long#L1`);
      await lineIs(page, 1);
      await page.locator('.row[data-n="0"] .fold').waitFor();
      await page.getByText('Line 1', { exact: true }).waitFor();
      const wanted = [
        ...[/^Tailrace/, /^Find$/, /^Error$/, /^Wrap$/, /^Times$/, /fold$/i, /^View$/, /^Raw$/],
        ...[/^Keys$/, /^Lines of the log$/, /^Group of/, /To the end/, /^Copy link$/],
        ...[/^Copy text$/, /^Unmark$/],
      ];
      for (const label of wanted) await tabTo(page, label);
      await page.keyboard.press('Enter');
      await page.locator('.row.target').waitFor({ state: 'detached' });
      assert.doesNotMatch(page.url(), /#/);
      // Back into the lines, to the heading; it opens and keeps the focus.
      await page.keyboard.press('Home');
      await page.keyboard.press('Control+f');
      await page.keyboard.press('Escape');
      await tabTo(page, /^Lines of the log$/);
      await tabTo(page, /^Group of/);
      await page.keyboard.press('Enter');
      await lineIs(page, 2);
      assert.match((await focus(page)).label, /^Group of/);
      await page.keyboard.press('Space');
      await page.locator('.row[data-n="1"]').waitFor({ state: 'detached' });

      await page.keyboard.press('v');
      await page.getByRole('heading', { name: 'View' }).waitFor();
      await tabTo(page, /Time of day/);
      await page.keyboard.press('d'); // "Date and time", as in any list of choices.
      await page.locator('tailrace-log[times=date]').waitFor();
      await page.keyboard.press('Escape');
      await page.locator('dialog').waitFor({ state: 'detached' });
      assert.deepEqual(await troubles(), []);
      await close();
    });
  });
}
