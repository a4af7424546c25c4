// TailraceClient with a real server: the same program in Node, in Chromium and in Firefox.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { browserNames, Front, launch, numbered, Server, tailrace, waitFor } from './harness.mjs';

const seed = Number(process.env.TAILRACE_SEED ?? Math.floor(Math.random() * 2 ** 31));
console.log(`# seed ${seed} (repeat with TAILRACE_SEED=${seed})`);

/** mulberry32: the same numbers for the same seed. */
function generator(start) {
  let state = start | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const web = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../web');
const folder = mkdtempSync(path.join(tmpdir(), 'tailrace-client-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** The client as one file: `format` "esm" for Node, "iife" (a global) for pages. */
function bundle(format) {
  const file = path.join(folder, `client.${format === 'esm' ? 'mjs' : 'js'}`);
  execFileSync(path.join(web, 'node_modules/.bin/esbuild'), [
    path.join(web, 'src/client/index.ts'),
    '--bundle',
    '--target=es2022',
    '--global-name=tailrace',
    `--format=${format}`,
    `--outfile=${file}`,
    '--log-level=warning',
  ]);
  return file;
}

/** What a reader of a log gets, as plain data. Runs in Node and in pages: uses no closure. */
async function transcript({ base, log, options, stream }) {
  const [type, id] = log.split('/');
  const client = new globalThis.tailrace.TailraceClient(base, options);
  const got = { texts: [], positions: [], others: [], states: [], cursor: undefined, error: null };
  const onState = ({ kind }) => got.states.push(kind);
  const { signal } = globalThis.stopped ?? {}; // Of a test that failed.
  try {
    for await (const event of client.log({ type, id }).stream({ signal, ...stream, onState })) {
      if (event.type === 'entries') {
        got.texts.push(...event.entries.map((entry) => entry.text));
        got.positions.push(...event.entries.map((entry) => entry.n));
        got.cursor = event.cursor;
      } else {
        got.others.push(event);
      }
    }
  } catch ({ name, status, message }) {
    got.error = { name, status, message };
  }
  return got;
}

/** Every call but the stream. Runs in Node and in pages too. */
async function readEverything({ base, options }) {
  const { TailraceClient } = globalThis.tailrace;
  const client = new TailraceClient(`${base}/`, options);
  const log = client.log({ type: 'read', id: 'it' });
  const snapshot = await log.snapshot({ lines: 2 });
  const pages = [];
  for await (const { entries } of log.pages({ from: 10, to: 2400, limit: 1000 }))
    pages.push([entries[0].n, entries.at(-1).n]);
  const found = await log.searchAll({ q: 'line 24', limit: 3 });
  const parts = [];
  for await (const part of log.search({ q: '^line 7$', regex: true })) parts.push(part);
  const logs = [];
  for await (const { type, id } of client.logs({ labels: { env: 'prod' }, limit: 1 }))
    logs.push(`${type}/${id}`);
  const wrong = await log.searchAll({ q: '(', regex: true }).catch((error) => error);
  const none = await client
    .log({ type: 'read', id: 'nothing' })
    .info()
    .catch((e) => e);
  const away = await new TailraceClient('http://127.0.0.1:1').list().catch((error) => error);
  const abort = new AbortController();
  abort.abort(new Error('enough'));
  const aborted = await log.info(abort.signal).catch((error) => error.message);
  let named;
  try {
    client.log({ type: '..', id: 'x' });
  } catch (error) {
    named = error.name;
  }
  return {
    snapshot: [snapshot.entries.map(({ text }) => text), snapshot.position, snapshot.cursor],
    title: (await log.info()).title,
    text: await log.text(2, 4),
    pages,
    found: [found.total, found.complete, found.matches.map(({ n }) => n)],
    parts: parts.filter(({ kind }) => kind === 'match').map(({ match }) => match),
    logs,
    wrong: [wrong.name, wrong.status, wrong.problem.field, wrong.temporary],
    none: [none.status, none.problem.status, none.temporary],
    away: [away.name, away.status, away.temporary],
    aborted,
    named,
  };
}

const CONFIG = `
[access]
enabled = true
recheck = "100ms"
[[grant]]
anyone = true
logs = "*"
may = "write"
`;

/** Everything that reads: by fetch() in Node, by EventSource and by fetch() in browsers. */
class Readers {
  static async start(pageUrl) {
    const readers = new Readers();
    globalThis.stopped = new AbortController();
    globalThis.tailrace = await import(bundle('esm'));
    readers.browsers = await Promise.all(browserNames.map((name) => launch(name)));
    readers.pages = await Promise.all(
      readers.browsers.map(async (browser) => {
        const page = await (await browser.newContext()).newPage();
        await page.goto(pageUrl);
        await page.addScriptTag({ content: readFileSync(bundle('iife'), 'utf8') });
        return page;
      }),
    );
    return readers;
  }

  /** [who, what] of `run(args)` everywhere; `headers` are what makes browsers use fetch(). */
  async all(run, args, headers) {
    const withHeaders = { ...args, options: { ...args.options, headers } };
    const node = run(args);
    const pages = this.pages.flatMap((page, i) => [
      [`${browserNames[i]} by EventSource`, page.evaluate(run, args)],
      [`${browserNames[i]} by fetch`, page.evaluate(run, withHeaders)],
    ]);
    return Promise.all(
      [['Node', node], ...pages].map(async ([who, result]) => [who, await result]),
    );
  }

  async stop() {
    globalThis.stopped.abort();
    for (const browser of this.browsers) await browser.close();
  }
}

describe('The client, in Node and in pages', () => {
  let server, front, readers, cutting;
  const random = generator(seed);
  before(async () => {
    cutting = false;
    server = await Server.start();
    front = await Front.start(
      server.url,
      { '/blank': '<!doctype html><title>blank</title>' },
      // Answers to a plain question are shorter and go through.
      {
        acceptEncoding: 'identity',
        cutAfter: () => (cutting ? 3000 + Math.floor(random() * 20_000) : Infinity),
      },
    );
    readers = await Readers.start(`${front.url}/blank`);
  });
  after(async () => {
    await readers?.stop();
    front?.stop();
    await server?.stop();
  });

  const X = { 'X-Test': 'x' };
  /** How many readers there are, and those of which a connection to the log was closed. */
  const count = 1 + 2 * browserNames.length;
  const closed = (log) =>
    new Set(
      front
        .streams()
        .filter(({ url, closed }) => closed && url.includes(log))
        .map(({ headers }) => `${headers['user-agent']} ${headers['x-test']}`),
    );

  test('each entry comes once, over cut connections and kill -9, to the end', async () => {
    const lines = numbered(`line ${'.'.repeat(60)}`, 600);
    lines[17] = 'two\nlines\r\nand a third';
    lines[18] = '';
    lines[401] = '\r\n\n';
    for (let n = 0; n < 300; n += 50) await server.append('cut/it', lines.slice(n, n + 50));
    cutting = true;
    const all = readers.all(transcript, { base: front.url, log: 'cut/it' }, X);
    await waitFor('all were cut', () => closed('cut/it').size === count);
    cutting = false;
    await server.kill();
    await server.restart();
    await server.append('cut/it', lines.slice(300, 500));
    await server.append('cut/it', lines.slice(500));
    await server.end('cut/it', { outcome: 'failed', exit_code: 3, reason: 'why' });
    for (const [who, got] of await all) {
      assert.deepEqual(got.texts, lines, who);
      assert.deepEqual(got.positions, [...lines.keys()], who);
      const end = { type: 'end', outcome: 'failed', exit_code: 3, reason: 'why', position: 600 };
      assert.deepEqual(got.others, [end], who);
      assert.equal(got.error, null, who);
      assert.ok(got.states.includes('reconnecting'), `${who}: ${got.states}`);
      assert.equal(got.states.at(-1), 'ended', who);
    }
  });

  test('a cursor goes on behind what was read, and behind the end is nothing', async () => {
    await server.append('resume/it', numbered('line', 50));
    const { incarnation } = await server.call('GET', '/logs/resume/it');
    await server.end('resume/it', { outcome: 'succeeded', exit_code: 0 });
    for (const [stream, expected, ends] of [
      [{ from: `${incarnation}.20` }, numbered('line', 30, 20), 1],
      [{ from: 48 }, numbered('line', 2, 48), 1],
      [{ tail: 3 }, numbered('line', 3, 47), 1],
      [{ tail: 300 }, numbered('line', 50), 1],
      [{ from: `${incarnation}.50` }, [], 1],
      [{ from: `${incarnation}.50.end` }, [], 0],
    ]) {
      const args = { base: front.url, log: 'resume/it', stream };
      for (const [who, got] of await readers.all(transcript, args, X)) {
        assert.deepEqual(got.texts, expected, `${who} ${JSON.stringify(stream)}`);
        assert.equal(got.others.length, ends, who);
        if (expected.length > 0) assert.equal(got.cursor, `${incarnation}.50`);
      }
    }
  });

  test('a log is waited for, or not; one begun again and one deleted are told', async () => {
    const args = { base: front.url, log: 'wait/it' };
    const waiting = readers.all(transcript, args, X);
    const strict = { ...args, stream: { wait: false } };
    for (const [who, { error }] of await readers.all(transcript, strict, X))
      assert.deepEqual([error.name, error.status], ['ApiError', 404], who);
    const streams = () => front.streams().filter(({ url }) => url.includes('wait/it')).length;
    await waitFor('all wait', () => streams() === count);
    await server.append('wait/it', ['at last']);
    await server.call('DELETE', '/logs/wait/it');
    for (const [who, got] of await waiting) {
      assert.deepEqual(got.texts, ['at last'], who);
      assert.deepEqual(got.others, [{ type: 'deleted' }], who);
    }
    await server.append('wait/it', ['another']);
    await server.end('wait/it', { outcome: 'cancelled' });
    const { incarnation } = await server.call('GET', '/logs/wait/it');
    const stale = { ...args, stream: { from: 'OldOne1.1' } };
    for (const [who, got] of await readers.all(transcript, stale, X)) {
      assert.deepEqual(got.others[0], { type: 'reset', cause: 'recreated', incarnation }, who);
      assert.deepEqual([got.texts, got.others[1].type], [['another'], 'end'], who);
    }
  });

  test('what was lost upstream is a gap in the stream and said of the entry', async () => {
    await server.append('gap/it', ['one', { text: 'two', lost: 7 }]);
    await server.end('gap/it', { outcome: 'lost' });
    for (const [who, got] of await readers.all(transcript, { base: front.url, log: 'gap/it' }, X)) {
      assert.deepEqual(got.texts, ['one', 'two'], who);
      const gaps = got.others.filter(({ type }) => type === 'gap');
      assert.deepEqual(
        gaps.map(({ from, to, lost }) => [from, to, lost]),
        [[1, 1, 7]],
        who,
      );
    }
  });

  test('pages, snapshot, text, search and list say what the server has', async () => {
    await server.call('PUT', '/logs/read/it', { title: 'A title', labels: { env: 'prod' } });
    await server.append('read/it', numbered('line', 2500));
    const { incarnation } = await server.call('GET', '/logs/read/it');
    for (const [who, got] of await readers.all(readEverything, { base: front.url }, X)) {
      assert.deepEqual(
        got,
        {
          snapshot: [['line 2498', 'line 2499'], 2500, `${incarnation}.2500`],
          title: 'A title',
          text: 'line 2\nline 3\n',
          pages: [
            [10, 1009],
            [1010, 2009],
            [2010, 2399],
          ],
          // 24, 240 to 249 and 2400 to 2499.
          found: [111, true, [24, 240, 241]],
          parts: [{ n: 7, columns: [[0, 6]] }],
          logs: ['read/it'],
          wrong: ['ApiError', 400, 'q', false],
          none: [404, 404, false],
          away: ['ApiError', 0, true],
          aborted: 'enough',
          named: 'TypeError',
        },
        who,
      );
    }
  });

  test('leaving the loop or the signal closes the connection', async () => {
    await server.append('leave/it', ['one']);
    const leave = async ({ base, options }) => {
      const log = new globalThis.tailrace.TailraceClient(base, options).log({
        type: 'leave',
        id: 'it',
      });
      for await (const event of log.stream()) if (event.type === 'entries') break;
      const abort = new AbortController();
      try {
        for await (const event of log.stream({ signal: abort.signal }))
          if (event.type === 'entries') setTimeout(() => abort.abort(new Error('enough')), 1);
      } catch (error) {
        return error.message;
      }
      return 'it ended';
    };
    for (const [who, got] of await readers.all(leave, { base: front.url }, X))
      assert.equal(got, 'enough', who);
    await waitFor('the server has no viewer', async () => {
      const metrics = await (await fetch(`${server.url}/metrics`)).text();
      return /^tailrace_viewers(\{[^}]*\})? 0$/m.test(metrics);
    });
  });

  test('a reader that takes its time gets all, and not all at once', async () => {
    const text = 'x'.repeat(1000);
    const entries = 30_000;
    for (let n = 0; n < entries; n += 5000)
      await server.append(
        'slow/it',
        Array.from({ length: 5000 }, (_, i) => `${n + i} ${text}`),
      );
    await server.end('slow/it', { outcome: 'succeeded' });
    const read = async ({ base, options }) => {
      const client = new globalThis.tailrace.TailraceClient(base, options);
      const log = client.log({ type: 'slow', id: 'it' });
      const stop = { signal: globalThis.stopped?.signal };
      let [next, first] = [0, true];
      for await (const event of log.stream(stop)) {
        if (event.type !== 'entries') continue;
        for (const { n, text } of event.entries) {
          if (n !== next || !text.startsWith(`${n} x`)) return `entry ${n} after ${next}`;
          next += 1;
        }
        // What comes meanwhile is more than may wait.
        if (first)
          for await (const go of client.log({ type: 'slow', id: 'go' }).stream(stop)) void go;
        first = false;
      }
      return next;
    };
    const all = readers.all(read, { base: front.url }, X);
    await waitFor('each gave its connection up', () => closed('slow/it').size === count);
    await server.append('slow/go', ['go']);
    await server.end('slow/go', { outcome: 'succeeded' });
    for (const [who, got] of await all) assert.equal(got, entries, who);
  });
});

describe('The client of a server that keeps only the newest lines', () => {
  let server, front, readers;
  before(async () => {
    server = await Server.start(
      ...['--retention-max-log-bytes', '200KiB', '--retention-interval', '1s'],
      ...['--store-block-bytes', '16KiB'],
    );
    front = await Front.start(server.url, { '/blank': '<!doctype html><title>blank</title>' });
    readers = await Readers.start(`${front.url}/blank`);
  });
  after(async () => {
    await readers?.stop();
    front?.stop();
    await server?.stop();
  });

  test('what retention has cut is a gap, and everything behind it is there', async () => {
    const line = (n) => `line ${n} ${'.'.repeat(90)}`;
    const count = 6000;
    for (let from = 0; from < count; from += 500)
      await server.append(
        'cut/front',
        Array.from({ length: 500 }, (_, i) => line(from + i)),
      );
    await server.end('cut/front', { outcome: 'succeeded' });
    await waitFor('it was cut', async () => {
      const { first, bytes } = await server.call('GET', '/logs/cut/front');
      return first > 0 && bytes <= 200 << 10;
    });
    const args = { base: front.url, log: 'cut/front', stream: { from: 0 } };
    for (const [who, got] of await readers.all(transcript, args, { 'X-Test': 'x' })) {
      const [gap, end, ...more] = got.others;
      assert.deepEqual([gap.type, gap.from, gap.cause], ['gap', 0, 'retention'], who);
      assert.ok(gap.to > 0 && gap.to < count, who);
      assert.deepEqual([end.type, end.position, more.length], ['end', count, 0], who);
      assert.equal(got.positions.length, count - gap.to, who);
      got.positions.forEach((n, i) => assert.equal(n, gap.to + i, who));
      got.texts.forEach((text, i) => assert.equal(text, line(gap.to + i), who));
    }
    const first = async ({ base }) => {
      const log = new globalThis.tailrace.TailraceClient(base).log({ type: 'cut', id: 'front' });
      for await (const page of log.pages()) return [page.first, page.entries[0]?.n];
    };
    for (const [who, [oldest, n]] of await readers.all(first, { base: front.url })) {
      assert.ok(oldest > 0, who);
      assert.ok(n >= oldest, `${who}: ${n} and ${oldest}`);
    }
  });
});

describe('The client of a server under a path, for those with a token', () => {
  let server, readers, portal;
  before(async () => {
    portal = await Front.start('http://127.0.0.1:1', { '/': '<!doctype html><title>portal' });
    const config = path.join(folder, 'tailrace.toml');
    writeFileSync(config, CONFIG);
    const options = ['--config', config, '--base-path', '/ci/logs', '--cors-origins', portal.url];
    server = await Server.start(...options);
    readers = await Readers.start(`${portal.url}/`);
  });
  after(async () => {
    await readers?.stop();
    portal?.stop();
    await server?.stop();
  });

  test('an Authorization header opens streams too, from another origin', async () => {
    const base = `${server.url}/ci/logs`;
    const create = ['token', 'create', 'reader', '--may', 'read', '--logs', 'dev/*'];
    const token = tailrace([...create, '--data', server.data]);
    const headers = { Authorization: `Bearer ${token.trim().split(/\s+/).at(-1)}` };
    const options = { method: 'POST', body: 'one\ntwo\n' };
    const append = await fetch(`${base}/api/v1/logs/dev/it/entries?end=succeeded`, {
      ...options,
      headers: { 'Content-Type': 'text/plain' },
    });
    assert.equal(append.status, 200);
    await waitFor('the server knows the token', async () => {
      const answer = await fetch(`${base}/api/v1/logs/dev/it`, { headers });
      return answer.ok;
    });
    for (const [who, got] of await readers.all(transcript, { base, log: 'dev/it' }, headers)) {
      if (who.includes('fetch')) assert.deepEqual([got.texts, got.error], [['one', 'two'], null]);
      else assert.equal(got.error.status, 401, who);
    }
    const node = await transcript({ base, log: 'dev/it', options: { headers } });
    assert.deepEqual(node.texts, ['one', 'two']);
  });
});
