// The portal's front-end code, unchanged, against the portal's endpoints.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { browserNames, Front, launch, numbered, openPage, Server } from './harness.mjs';

// What the portal's page does: the snapshot, then a stream from its end, unless the job is done.
const PORTAL = (
  stream,
) => `<!doctype html><meta charset="utf-8"><title>portal</title><pre id="log"></pre><script>
  var query = new URLSearchParams(location.search);
  var type = query.get('type'), id = query.get('id');
  var source = null, opened = 0, messages = [], nones = 0, finished = false, snapshot = null;
  function show(text) { document.getElementById('log').textContent += text + '\\n'; }
  function finish() { source.close(); finished = true; }
  ${stream}
  function start(num) {
    var url = '/api/v1/sse/logs/?type=' + type + '&id=' + id + '&num=' + num;
    source = new EventSource(url + extra);
    source.onopen = function () { opened++; };
    source.onmessage = onmessage;
    source.onerror = onerror;
  }
  if (query.get('num') !== null) start(query.get('num'));
  else fetch('/api/v1/sse/logs/initial?type=' + type + '&id=' + id)
    .then(function (answer) { return answer.json(); })
    .then(function (initial) {
      snapshot = initial;
      if (initial.log) show(initial.log);
      if (initial.done) finished = true; else start(initial.num);
    });
</script>`;

const SENTINEL = PORTAL(`
  var extra = '', onerror = null;
  function onmessage(event) {
    if (event.data === '[DONE]') { finish(); return; }
    if (event.data === '[NONE]') { nones++; return; }
    messages.push(event.data); show(event.data);
  }`);

const PLAIN = PORTAL(`
  var extra = '&sentinel=0';
  function onmessage(event) { messages.push(event.data); show(event.data); }
  function onerror() { finish(); }`);

for (const name of browserNames) {
  describe(`The portal's page in ${name}`, () => {
    let browser, server, front;
    before(async () => {
      // The portal's own rhythm of [NONE], so that it is seen without a long wait.
      [browser, server] = await Promise.all([
        launch(name),
        Server.start('--none-interval', '200ms'),
      ]);
      front = await Front.start(server.url, { '/sentinel': SENTINEL, '/plain': PLAIN });
    });
    after(async () => {
      await browser?.close();
      front?.stop();
      await server?.stop();
    });

    const open = async (page, query) => {
      const tab = await openPage(browser);
      await tab.page.goto(`${front.url}/${page}?${query}`);
      return tab;
    };
    const logOf = (tab) => tab.page.evaluate(() => document.getElementById('log').textContent);

    test('follows from num to [DONE], ignoring [NONE], and asks no more', async () => {
      await server.append('deploy/a', numbered('line', 10));
      const tab = await open('sentinel', 'type=deploy&id=a&num=4');
      await tab.page.waitForFunction(() => messages.length === 6 && nones > 0);
      await server.append('deploy/a', ['two\nlines', 'last']);
      await server.end('deploy/a', { outcome: 'succeeded', exit_code: 0 });
      await tab.page.waitForFunction(() => finished);
      assert.deepEqual(await tab.page.evaluate(() => messages), [
        ...numbered('line', 6, 4),
        'two\nlines',
        'last',
      ]);
      assert.equal(await tab.page.evaluate(() => opened), 1);
      assert.equal(front.streams().filter(({ url }) => url.includes('id=a&')).length, 1);
      await tab.close();
    });

    test('goes on behind what it saw after the server was killed', async () => {
      await server.append('deploy/b', numbered('line', 50));
      const tab = await open('sentinel', 'type=deploy&id=b&num=0');
      await tab.page.waitForFunction(() => messages.length === 50);
      await server.kill();
      await tab.page.waitForFunction(() => source.readyState === 0);
      await server.restart();
      await server.append('deploy/b', numbered('line', 50, 50));
      await server.end('deploy/b', { outcome: 'failed' });
      await tab.page.waitForFunction(() => finished);
      assert.deepEqual(await tab.page.evaluate(() => messages), numbered('line', 100));
      await tab.close();
    });

    test('without sentinels the response ends and onerror closes', async () => {
      await server.append('deploy/c', numbered('line', 5));
      const tab = await open('plain', 'type=deploy&id=c&num=0');
      await tab.page.waitForFunction(() => messages.length === 5);
      await server.append('deploy/c', ['last']);
      await server.end('deploy/c', { outcome: 'succeeded' });
      await tab.page.waitForFunction(() => finished);
      assert.deepEqual(await tab.page.evaluate(() => messages), [...numbered('line', 5), 'last']);
      assert.equal(front.streams().filter(({ url }) => url.includes('id=c&')).length, 1);
      await tab.close();
    });

    test('several viewers, early and late, with snapshot or without, see the same', async () => {
      const early = await open('sentinel', 'type=deploy&id=d&num=0'); // The log does not exist yet.
      await early.page.waitForFunction(() => opened === 1);
      await server.append('deploy/d', numbered('line', 20));
      const late = await open('sentinel', 'type=deploy&id=d');
      await late.page.waitForFunction(() => snapshot !== null && opened === 1);
      await server.append('deploy/d', numbered('line', 20, 20));
      const plain = await open('plain', 'type=deploy&id=d');
      await plain.page.waitForFunction(() => snapshot !== null && opened === 1);
      await server.append('deploy/d', numbered('line', 20, 40));
      await server.end('deploy/d', { outcome: 'succeeded', exit_code: 0 });
      const tabs = [early, late, plain];
      for (const tab of tabs) await tab.page.waitForFunction(() => finished);
      const after = await open('sentinel', 'type=deploy&id=d');
      await after.page.waitForFunction(() => finished);
      assert.equal(await after.page.evaluate(() => snapshot.done), true);
      assert.equal(await after.page.evaluate(() => snapshot.num), 60);
      assert.equal(await after.page.evaluate(() => opened), 0);
      const whole = `${numbered('line', 60).join('\n')}\n`;
      for (const tab of [...tabs, after]) {
        assert.equal(await logOf(tab), whole);
        await tab.close();
      }
    });

    test('missing names give [DONE]', async () => {
      const tab = await open('sentinel', 'type=&id=&num=0');
      await tab.page.waitForFunction(() => finished);
      assert.deepEqual(await tab.page.evaluate(() => messages), []);
      await tab.close();
    });
  });
}
