// Every name of docs/embedding.md in real browsers, on a page of another origin; several logs on a
// page; and cookies that go along.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { browserNames, launch, numbered, openPage, Server, tailrace, waitFor } from './harness.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const guide = readFileSync(path.join(here, '../../docs/embedding.md'), 'utf8');
const PASSWORD = 'a password for tests';
const CONFIG = `
[access]
enabled = true
[[grant]]
anyone = true
logs = "*"
may = "write"
[[grant]]
user = "ann"
logs = "dev/*"
may = "read"
`;

const folder = mkdtempSync(path.join(tmpdir(), 'tailrace-embedding-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** The names in the first column of the guide's table that begins so. */
function namesOf(heading) {
  const rows = guide
    .slice(guide.indexOf(`| ${heading} |`))
    .split('\n')
    .slice(2);
  const table = rows.slice(
    0,
    rows.findIndex((row) => !row.startsWith('|')),
  );
  return table.flatMap((row) => {
    const code = row.split('|')[1].match(/`[^`]+`/g);
    return code.map((name) => name.slice(1, -1).replace(/\(.*/, ''));
  });
}

/** The guide's custom properties, ranges written out. */
function customProperties() {
  const list = guide.slice(guide.indexOf('Colours, type and sizes'), guide.indexOf(' Parts: '));
  return [...list.matchAll(/`--(tailrace-[a-z-]+?)(?:-(\d+)` to `-(\d+))?`/g)].flatMap(
    ([, name, from, to]) =>
      from === undefined
        ? [name]
        : Array.from({ length: to - from + 1 }, (_, i) => `${name}-${Number(from) + i}`),
  );
}

/** A page of its own origin with these elements. */
async function startPortal(body) {
  const portal = http.createServer((request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/html' }).end(`<!doctype html><html lang="en">
      <meta charset="utf-8"><title>portal</title><link rel="icon" href="data:,">
      <style>tailrace-log { height: 300px }</style><script>var told = {};</script>${body()}`);
  });
  portal.listen(0, '127.0.0.1');
  await once(portal, 'listening');
  return {
    origin: `http://127.0.0.1:${portal.address().port}`,
    stop() {
      portal.close();
      portal.closeAllConnections();
    },
  };
}

const element = (url, log, rest = '') =>
  `<tailrace-log id="${log.replace('/', '-')}" src="${url}/api/v1/logs/${log}" ${rest}>
   </tailrace-log>`;
const script = (url) => `<script src="${url}/assets/tailrace-log.js"></script>`;
const stateOf = (log) => log.evaluate((element) => element.state);
const rowAt = (log, n) => log.locator(`.row[data-n="${n}"]:not(.waiting)`);

async function readsAndFolds(at) {
  await at.evaluate((e) => e.toStart());
  await rowAt(at, 0).waitFor();
  assert.equal(await at.evaluate((e) => e.follow), false);
  assert.match(await rowAt(at, 0).locator('.time').getAttribute('data-show'), /Z$/);
  await waitFor('its group', () => at.evaluate((e) => e.groups.count === 1));
  await at.evaluate((e) => e.foldAll(false));
  await rowAt(at, 1).locator('.json-name').waitFor();
  await at.evaluate((e) => e.foldAll(true));
  await rowAt(at, 1).waitFor({ state: 'detached' });
  assert.equal(await at.evaluate((e) => e.groups.anyClosed), true);
  await at.evaluate((e) => e.foldAll(false));
  await rowAt(at, 1).locator('.source').click();
  await rowAt(at, 4)
    .locator('.number')
    .click({ modifiers: ['Shift'] });
  await at.evaluate((e) => e.page(1));
  await rowAt(at, 20).waitFor();
  const key = (e, key) => e.handleKey(new KeyboardEvent('keydown', { key, cancelable: true }));
  assert.equal(await at.evaluate(key, 'F7'), false);
  assert.equal(await at.evaluate(key, 'End'), true);
  await rowAt(at, 3002).waitFor();
  await at.evaluate((e) => e.goTo(1000, 1002));
  await at.locator('.row.target[data-n="1002"]').waitFor();
  await at.evaluate((e) => e.mark({ first: 1001, last: 1001 }));
  await at.locator('.row.target[data-n="1000"]').waitFor({ state: 'detached' });
}

async function copiesAndFinds(page, at) {
  const copied = await at.evaluate((e) => e.copyLines(1000, 1002));
  assert.deepEqual([copied.kind, copied.lines], ['copied', 3]);
  assert.equal(await page.evaluate(() => written.trimEnd()), 'line 997\nline 998\nline 999');
  await at.evaluate((e) => e.retryNow());
  await at.evaluate((e) => e.finding.find({ text: 'line 29' }));
  await waitFor('all are found', () =>
    at.evaluate(({ finding }) => finding.state.complete && finding.state.total === 111),
  );
  await at.evaluate((e) => e.finding.find());

  // From a line that is in the document to one far away.
  await at.evaluate((e) => e.goTo(5));
  await rowAt(at, 5).waitFor();
  const select = (e, [first, last]) => {
    const text = (n) => e.shadowRoot.querySelector(`.row[data-n="${n}"] .text`);
    const selection = document.getSelection();
    if (last === undefined) selection.setBaseAndExtent(text(first), 0, text(first + 2), 1);
    else selection.setBaseAndExtent(text(first), 0, text(last), 1);
  };
  await at.evaluate(select, [5]);
  await at.evaluate((e) => e.goTo(2500));
  await rowAt(at, 2500).waitFor();
  await at.evaluate(select, [5, 2500]);
  await waitFor('it is copied', () =>
    at.evaluate((e) => {
      const scroller = e.shadowRoot.querySelector('[part=scroller]');
      scroller.dispatchEvent(new ClipboardEvent('copy', { bubbles: true, cancelable: true }));
      return told['tailrace-copy']?.length > 0;
    }),
  );
}

for (const name of browserNames) {
  describe(`Embedding in ${name}`, () => {
    let browser, server, portal;
    before(async () => {
      portal = await startPortal(
        () => `${element(server.url, 'embed/one')}${element(server.url, 'embed/two', 'utc')}
          ${element(server.url, 'embed/three')}${script(server.url)}`,
      );
      [browser, server] = await Promise.all([
        launch(name),
        Server.start('--cors-origins', portal.origin),
      ]);
      await server.append('embed/one', numbered('one', 3000));
    });
    after(async () => {
      await browser?.close();
      await server?.stop();
      portal?.stop();
    });

    test('several logs on a page are each for themselves', async () => {
      await server.append('embed/two', numbered('two', 500));
      await server.end('embed/two', { outcome: 'failed', exit_code: 2, reason: 'why' });
      const tab = await openPage(browser);
      const { page } = tab;
      await page.goto(portal.origin);
      const [one, two, three] = ['one', 'two', 'three'].map((id) => page.locator(`#embed-${id}`));
      await waitFor('one lives', async () => (await stateOf(one)) === 'live');
      await waitFor('two has ended', async () => (await stateOf(two)) === 'ended');
      await waitFor('three is waited for', async () => (await stateOf(three)) === 'waiting');
      await rowAt(one, 2999).waitFor();
      await two.evaluate((log) => log.goTo(100));
      await rowAt(two, 100).waitFor();
      const facts = await page.evaluate(() =>
        [...document.querySelectorAll('tailrace-log')].map((log) => [
          log.position,
          log.follow,
          log.outcome?.outcome,
        ]),
      );
      assert.deepEqual(facts, [
        [3000, true, undefined],
        [500, false, 'failed'],
        [0, true, undefined],
      ]);
      await server.append('embed/three', ['here']);
      await rowAt(three, 0).getByText('here').waitFor();
      await server.append('embed/one', ['newest']);
      await rowAt(one, 3000).getByText('newest').waitFor();
      assert.deepEqual(
        await two.evaluate(async (log) => {
          const { total, positions, complete, searched } = await log.search('TWO 49', { limit: 3 });
          return { total, positions, complete, searched };
        }),
        { total: 11, positions: [49, 490, 491], complete: true, searched: 500 },
      );
      const other = { regex: true, caseSensitive: true, from: 100, to: 200 };
      assert.deepEqual(
        await one.evaluate(async (log, options) => {
          const { total, positions } = await log.search('^one 1.0$', options);
          return [total, positions.at(-1)];
        }, other),
        [10, 190],
      );
      // Of the log that is waited for, the browser says 404.
      assert.deepEqual(await tab.troubles({ allow: /404.*embed\/three/ }), []);
      await tab.close();
    });

    test('all properties, methods and events do what the guide says', async () => {
      const log = `embed/api-${name}`;
      const lines = [
        { text: '::group::Fetch', source: 'pod-a' },
        { text: '{"a": 1}', source: 'pod-a' },
        { text: '::endgroup::', source: 'pod-b' },
        ...numbered('line', 3000),
      ];
      await server.append(log, lines);
      const tab = await openPage(browser);
      const { page } = tab;
      await page.goto(portal.origin);
      const at = page.locator('#embed-one');
      await rowAt(at, 2999).waitFor();
      await at.evaluate(
        (element, { src, events }) => {
          navigator.clipboard.writeText = async (text) => void (globalThis.written = text);
          for (const type of events)
            document.addEventListener(type, ({ detail }) => (told[type] ??= []).push(detail));
          Object.assign(element, { src, times: 'clock', utc: true, json: true, wrap: false });
        },
        { src: `${server.url}/api/v1/logs/${log}`, events: namesOf('event') },
      );
      await waitFor('the other log', () => at.evaluate((e) => e.position === 3003));
      await waitFor('what it is', () => at.evaluate((e) => e.info?.id.startsWith('api-')));
      await waitFor('it is live', async () => (await stateOf(at)) === 'live');
      assert.equal(await at.evaluate((e) => e.session.kind), 'live');
      assert.equal(await at.evaluate((e) => e.hasAttribute('wrap')), false);

      await readsAndFolds(at);
      await copiesAndFinds(page, at);
      await at.evaluate((e) => (e.follow = true));
      await rowAt(at, 3002).waitFor();
      await server.end(log, { outcome: 'cancelled', exit_code: 5, reason: 'enough' });
      await waitFor('it has ended', () => at.evaluate((e) => e.outcome?.outcome === 'cancelled'));

      const told = await page.evaluate(() => globalThis.told);
      assert.deepEqual(Object.keys(told).sort(), namesOf('event').sort());
      assert.deepEqual(told['tailrace-source-click'], [{ source: 'pod-a' }]);
      assert.deepEqual(told['tailrace-line-click'], [{ n: 4, extend: true }]);
      assert.equal(told['tailrace-position'].at(-1).position, 3003);
      assert.equal(told['tailrace-state'].at(-1).state, 'ended');
      assert.equal(told['tailrace-info'].at(-1).type, 'embed');
      const [end] = told['tailrace-end'];
      assert.deepEqual([end.exit_code, end.reason, end.position], [5, 'enough', 3003]);

      const lacks = await at.evaluate(
        (e, names) => names.filter((name) => !(name in e)),
        [...namesOf('attribute'), ...namesOf('property, method')],
      );
      assert.deepEqual(lacks, []);
      assert.deepEqual(await tab.troubles(), []);
      await tab.close();
    });

    test('without credentials it lives as well, by fetch', async () => {
      const log = `embed/omit-${name}`;
      await server.append(log, numbered('line', 30));
      const tab = await openPage(browser);
      const { page } = tab;
      await page.goto(portal.origin);
      const at = page.locator('#embed-one');
      await rowAt(at, 2999).waitFor();
      await page.evaluate(() => (globalThis.EventSource = undefined));
      const src = `${server.url}/api/v1/logs/${log}`;
      await at.evaluate((e, src) => Object.assign(e, { src, credentials: 'omit' }), src);
      await rowAt(at, 29).getByText('line 29').waitFor();
      await waitFor('it is live', async () => (await stateOf(at)) === 'live');
      await server.append(log, ['one more']);
      await rowAt(at, 30).getByText('one more').waitFor();
      await server.end(log, { outcome: 'succeeded' });
      await waitFor('it has ended', async () => (await stateOf(at)) === 'ended');
      // The other two may not be there.
      assert.deepEqual(await tab.troubles({ allow: /404.*embed\/(two|three)/ }), []);
      await tab.close();
    });

    test('all custom properties and parts reach the lines', async () => {
      const tab = await openPage(browser);
      const { page } = tab;
      await page.goto(portal.origin);
      const at = page.locator('#embed-one');
      await rowAt(at, 2999).waitFor();
      const names = customProperties();
      assert.ok(names.length > 40);
      const deaf = await at.evaluate((e, names) => {
        const probe = e.shadowRoot.appendChild(document.createElement('div'));
        const sizes = { 'font-size': '17px', 'line-height': '31px' };
        return names.filter((name) => {
          const short = name.replace('tailrace-', '');
          const isFont = short === 'mono' || short === 'sans';
          const value = sizes[short] ?? (isFont ? 'Probe' : 'rgb(1, 2, 3)');
          e.style.setProperty(`--${name}`, value);
          if (isFont) probe.style.fontFamily = `var(--${short})`;
          else if (!sizes[short]) probe.style.color = `var(--${short})`;
          const shown = getComputedStyle(
            sizes[short] ? e.shadowRoot.querySelector('[part=scroller]') : probe,
          );
          const property = sizes[short] ? short : isFont ? 'font-family' : 'color';
          return shown.getPropertyValue(property) !== value;
        });
      }, names);
      assert.deepEqual(deaf, []);
      const parts = [
        ...guide
          .slice(guide.indexOf(' Parts: '))
          .split('.')[0]
          .matchAll(/`(\w+)`/g),
      ];
      assert.ok(parts.length >= 4);
      for (const [, part] of parts)
        await at.locator(`[part="${part}"]`).first().waitFor({ state: 'attached' });
      await tab.close();
    });
  });

  describe(`Cookies to another origin in ${name}`, () => {
    let browser, server, portal;
    before(async () => {
      const config = path.join(folder, `${name}.toml`);
      writeFileSync(config, CONFIG);
      portal = await startPortal(
        () => `${element(server.url, 'dev/1', 'credentials="include"')}
          ${element(server.url, 'dev/2')}${script(server.url)}`,
      );
      [browser, server] = await Promise.all([
        launch(name),
        Server.start('--config', config, '--cors-origins', portal.origin),
      ]);
      const options = { input: `${PASSWORD}\n`, stdio: ['pipe', 'ignore', 'pipe'] };
      tailrace(['user', 'add', 'ann', '--data', server.data], options);
      await server.append('dev/1', numbered('secret', 30));
      await server.append('dev/2', numbered('secret', 30));
      const body = JSON.stringify({ user: 'ann', password: PASSWORD });
      const headers = { 'Content-Type': 'application/json' };
      await waitFor('the server knows its user', async () => {
        const url = `${server.url}/api/v1/login`;
        return (await fetch(url, { method: 'POST', headers, body })).ok;
      });
    });
    after(async () => {
      await browser?.close();
      await server?.stop();
      portal?.stop();
    });

    test('who has logged in sees the log where cookies go along, and only there', async () => {
      const tab = await openPage(browser);
      const { page } = tab;
      await page.goto(portal.origin);
      const [one, two] = [page.locator('#dev-1'), page.locator('#dev-2')];
      await waitFor('a login is wanted', async () => (await stateOf(one)) === 'login');
      await page.goto(`${server.url}/login`);
      await page.getByLabel('User').fill('ann');
      await page.getByLabel('Password').fill(PASSWORD);
      await page.getByRole('button', { name: 'Log in' }).click();
      await page.waitForURL(`${server.url}/`);
      await page.goto(portal.origin);
      await rowAt(one, 29).getByText('secret 29').waitFor();
      await waitFor('it is live', async () => (await stateOf(one)) === 'live');
      await server.append('dev/1', ['another secret']);
      await rowAt(one, 30).getByText('another secret').waitFor();
      assert.equal(await one.evaluate(async (log) => (await log.search('secret')).total), 31);
      await waitFor('the other one has none', async () => (await stateOf(two)) === 'login');
      assert.equal(await two.locator('.row').count(), 0);

      // On the server's own origin cookies go along, unless they are not to.
      await page.goto(`${server.url}/`);
      await page.locator('li').first().waitFor();
      await page.addScriptTag({ url: '/assets/tailrace-log.js' });
      await page.evaluate(() => {
        for (const credentials of ['omit', 'same-origin']) {
          const log = document.createElement('tailrace-log');
          Object.assign(log, { id: credentials, credentials, src: '/api/v1/logs/dev/1' });
          document.body.append(log);
        }
      });
      const own = page.locator('#same-origin');
      await waitFor('one lives', async () => (await stateOf(own)) === 'live');
      await waitFor(
        'one has no right',
        async () => (await stateOf(page.locator('#omit'))) === 'login',
      );
      await tab.close();
    });
  });
}
