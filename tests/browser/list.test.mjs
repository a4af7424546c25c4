// The list of logs in real browsers: found, live, long, by keyboard.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import { browserNames, launch, NETWORK_TROUBLE, openPage, Server, waitFor } from './harness.mjs';
import { drawn } from './viewer.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** LOGS=20000 for a long list: to make one takes a minute. */
const LOGS = Number(process.env.LOGS ?? 3000);
const COUNT = `${LOGS}`.replace(/(?=...$)/, ',');

/** The links of the rows that are in the document. */
const rows = (page) =>
  page.locator('li a').evaluateAll((links) => links.map((link) => link.getAttribute('href')));

const isShown = (page, ...hrefs) =>
  waitFor(`the list is ${hrefs}`, async () => String(await rows(page)) === String(hrefs));

/** Logs bulk/0 to bulk/COUNT-1. Each hundred is newer than the one before, and in any order. */
async function fill(server, count) {
  for (let n = 0; n < count; n += 100) {
    await Promise.all(
      Array.from({ length: Math.min(100, count - n) }, (_, i) =>
        server.call('PUT', `/logs/bulk/${n + i}`, {
          title: `Job ${n + i}`,
          labels: { shard: String((n + i) % 7) },
        }),
      ),
    );
  }
}

/** Scrolls by 300 px in each frame; says how long frames were. Runs in the page. */
async function scrollFrames() {
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const times = [];
  window.scrollTo(0, 0);
  let before = await frame();
  for (let i = 0; i < 200; i++) {
    window.scrollBy(0, 300);
    const now = await frame();
    times.push(now - before);
    before = now;
  }
  times.sort((a, b) => a - b);
  const ms = (at) => `${Math.round(times[at])} ms`;
  return `half of the frames within ${ms(100)}, 95 % within ${ms(189)}, all within ${ms(199)}`;
}

let long;
before(async () => {
  long = await Server.start();
  await fill(long, LOGS);
});
after(() => long?.stop());

for (const name of browserNames) {
  describe(`The list in ${name}`, () => {
    let browser, server;
    before(async () => {
      [browser, server] = await Promise.all([launch(name), Server.start()]);
    });
    after(async () => {
      await browser?.close();
      await server?.stop();
    });

    test('finds logs by what they are, in a link, and stays live', async () => {
      const web = { title: 'Roll out web', labels: { env: 'prod' } };
      await server.call('PUT', '/logs/deploy/1', web);
      await server.call('PUT', '/logs/deploy/2', { title: 'Roll out db', labels: { env: 'dev' } });
      await server.call('PUT', '/logs/build/3', { title: 'Build web' });
      await server.end('deploy/1', { outcome: 'failed', exit_code: 2 });
      await server.end('build/3', { outcome: 'succeeded', exit_code: 0 });
      const tab = await openPage(browser);
      const { page } = tab;
      await page.goto(`${server.url}/`);
      await isShown(page, '/logs/build/3', '/logs/deploy/2', '/logs/deploy/1');
      const search = page.getByRole('searchbox', { name: 'Search logs' });
      for (const [query, ...ids] of [
        ['type:deploy', 'deploy/2', 'deploy/1'],
        ['web', 'build/3', 'deploy/1'],
        ['state:failed', 'deploy/1'],
        ['label:env=prod since:2h', 'deploy/1'],
        ['id:3', 'build/3'],
        ['until:2020-01-01'],
        ['title:"out db"', 'deploy/2'],
      ]) {
        await search.fill(query);
        await isShown(page, ...ids.map((id) => `/logs/${id}`));
        await waitFor('the URL has it', () => new URL(page.url()).searchParams.get('q') === query);
      }
      await search.fill('state:broken');
      await page.getByRole('alert').getByText('state: is one of').waitFor();
      await isShown(page, '/logs/deploy/2'); // What was there stays.

      await search.fill('state:running type:deploy');
      await waitFor('it is searched for', () => new URL(page.url()).search.includes('running'));
      await isShown(page, '/logs/deploy/2');
      await page.reload();
      await isShown(page, '/logs/deploy/2');
      assert.equal(await search.inputValue(), 'state:running type:deploy');
      await server.call('PUT', '/logs/deploy/4', {});
      await server.call('PUT', '/logs/build/5', {});
      await isShown(page, '/logs/deploy/4', '/logs/deploy/2');
      await server.end('deploy/4', { outcome: 'succeeded' });
      await server.call('DELETE', '/logs/deploy/2');
      await page.getByText('No log fits').waitFor();
      await page.getByRole('button', { name: 'Failed' }).click();
      await isShown(page, '/logs/deploy/1');
      await page.getByRole('button', { name: 'All', exact: true }).click();
      await isShown(page, '/logs/deploy/4', '/logs/deploy/1');
      await search.fill('nothing like it');
      await page.getByRole('button', { name: 'Show all logs' }).click();
      await page.locator('li').nth(3).waitFor();
      assert.equal(new URL(page.url()).search, '');
      assert.deepEqual(await tab.troubles(), []);
      await tab.close();
    });

    test('what ended while the page was cut off has ended', async () => {
      await server.call('PUT', '/logs/away/1', {});
      const tab = await openPage(browser);
      const { page } = tab;
      await page.goto(`${server.url}/?q=type%3Aaway`);
      await page.getByRole('link', { name: /Running.*away\/1/s }).waitFor();
      await server.kill();
      await page.getByRole('alert').waitFor();
      await server.restart();
      await server.end('away/1', { outcome: 'cancelled' });
      await page.getByRole('link', { name: /Cancelled.*away\/1/s }).waitFor();
      assert.deepEqual(await tab.troubles({ allow: NETWORK_TROUBLE }), []);
      await tab.close();
    });

    test(`${LOGS} logs are scrolled, and few are in the document`, async () => {
      const tab = await openPage(browser);
      const { page } = tab;
      await page.goto(`${long.url}/`);
      await page.locator('li').first().waitFor();
      const last = page.locator(`li[aria-posinset="${LOGS}"][aria-setsize="${LOGS}"]`);
      await waitFor('the oldest log is in view', async () => {
        await page.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight));
        await drawn(page);
        assert.ok((await page.locator('li').count()) < 80);
        return (await last.count()) === 1;
      });
      assert.equal((await page.locator('#found').textContent()).trim(), `${COUNT} logs`);
      assert.match(await last.locator('a').getAttribute('href'), /^\/logs\/bulk\/\d\d?$/);
      const bar = await page.locator('.bar').boundingBox();
      assert.equal(bar.y, 0); // It stays in view.

      const frames = await page.evaluate(scrollFrames);
      console.log(`# ${LOGS} logs scrolled in ${name}: ${frames}`);

      // What comes above does not move what is read.
      await page.evaluate(() => window.scrollTo(0, 60_000));
      await drawn(page);
      const place = () =>
        page.locator('li').evaluateAll((items) => {
          const seen = items.find((item) => item.getBoundingClientRect().top > 200);
          return [seen.querySelector('a').getAttribute('href'), seen.getBoundingClientRect().top];
        });
      const before = await place();
      await long.call('PUT', `/logs/new/${name}`, {});
      await page.locator('#found', { hasText: `${COUNT.slice(0, -1)}1 logs` }).waitFor();
      await drawn(page);
      const after = await place();
      assert.equal(after[0], before[0]);
      assert.ok(Math.abs(after[1] - before[1]) < 1.5, `${before} ${after}`);
      await long.call('DELETE', `/logs/new/${name}`);

      await page.getByRole('searchbox').fill('label:shard=3 title:19');
      const expected = Array.from({ length: LOGS }, (_, n) => n).filter(
        (n) => n % 7 === 3 && `job ${n}`.includes('19'),
      ).length;
      await waitFor('all are counted', async () => {
        await page.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight));
        const text = await page.locator('#found').textContent();
        return text.trim() === `${expected.toLocaleString('en')} logs`;
      });
      assert.deepEqual(await tab.troubles(), []);
      await tab.close();
    });

    test('by keyboard: to the search, to the rows and into a log', async () => {
      const tab = await openPage(browser);
      const { page } = tab;
      await page.goto(`${long.url}/`);
      await page.locator('li').nth(20).waitFor();
      const focused = () =>
        page.evaluate(() => {
          let at = document.activeElement;
          while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
          return at?.getAttribute('href') ?? at?.getAttribute('aria-label');
        });
      await page.keyboard.press('/');
      assert.equal(await focused(), 'Search logs');
      await page.keyboard.type(`title:"Job ${String(LOGS - 1).slice(0, -1)}"`);
      const found = () => page.locator('#found').textContent();
      await waitFor('they are found', async () => (await found()).trim() === '11 logs');
      const hrefs = await rows(page);
      assert.equal(hrefs.length, 11);
      await page.keyboard.press('ArrowDown');
      await waitFor('on the first row', async () => (await focused()) === hrefs[0]);
      for (let i = 1; i <= 3; i++) {
        await page.keyboard.press('j');
        await waitFor(`on row ${i}`, async () => (await focused()) === hrefs[i]);
      }
      await page.keyboard.press('ArrowUp');
      await waitFor('one up', async () => (await focused()) === hrefs[2]);
      await page.keyboard.press('Enter');
      await page.waitForURL(long.url + hrefs[2]);
      assert.deepEqual(await tab.troubles(), []);
      await tab.close();
    });

    for (const [where, options] of [
      ['in light', { colorScheme: 'light' }],
      ['in dark', { colorScheme: 'dark' }],
      ['on a phone', { viewport: { width: 360, height: 640 } }],
    ]) {
      test(`is accessible and fits ${where}`, async () => {
        await server.call('PUT', '/logs/look/1', {
          title: 'A title that is rather long for a phone, and for a row of a list as well',
          labels: { env: 'production', team: 'payments', region: 'north', more: 'x' },
        });
        const tab = await openPage(browser, options);
        const { page } = tab;
        for (const [address, ready] of [
          ['/', 'li'],
          ['/?q=nothing', 'strong'],
          ['/?q=state%3Abroken', '.wrong'],
        ]) {
          await page.goto(server.url + address);
          await page.locator(ready).first().waitFor();
          await page.getByText('Syntax').click();
          await page.locator('dl').waitFor();
          await page.evaluate(AXE);
          const { violations } = await page.evaluate(() => globalThis.axe.run());
          const said = violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`);
          assert.deepEqual(said, [], address);
          const wide = await page.evaluate(
            () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
          );
          assert.ok(wide <= 0, `${address} is ${wide} px too wide`);
        }
        assert.deepEqual(await tab.troubles(), []);
        await tab.close();
      });
    }
  });
}
