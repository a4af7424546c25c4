// The npm package as its users get it: packed, installed into an empty folder, imported in Node,
// type-checked, built by Vite; and every example of examples/embedding, in Chromium.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { freePort, launch, numbered, openPage, Server, waitFor } from './harness.mjs';
import { lineIs } from './viewer.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, '../..');
const examples = path.join(root, 'examples/embedding');
const PYTHON = path.join(root, 'build/venv/bin/python3');

async function run(command, args, cwd, env = {}) {
  const options = { cwd, env: { ...process.env, ...env }, maxBuffer: 1 << 24 };
  try {
    return (await promisify(execFile)(command, args, options)).stdout;
  } catch ({ stdout, stderr, message }) {
    throw new Error(`${message}\n${stdout}\n${stderr}`);
  }
}

const tool = (name) => path.join(here, 'node_modules/.bin', name);

/** A project that has the packed package and what its framework needs. */
async function makeProject(folder, tarball) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'package.json'), '{"private":true,"type":"module"}');
  await run('npm', ['install', '--offline', '--no-audit', '--no-fund', tarball], folder);
  const modules = path.join(folder, 'node_modules');
  const link = (name) =>
    symlinkSync(path.join(here, 'node_modules', name), path.join(modules, name));
  return { folder, link };
}

const TYPES = `
import { ApiError, TailraceClient, type StreamEvent } from '@tailrace/viewer/client';
const log = new TailraceClient('http://h', { headers: async () => ({ A: 'b' }) }).log({
  type: 'a',
  id: 'b',
});
export async function main(signal: AbortSignal): Promise<number> {
  for await (const event of log.stream({ from: 3, signal })) {
    const known: StreamEvent = event;
    if (known.type === 'entries') console.log(known.entries[0]?.text.length);
    // @ts-expect-error Only some events have entries.
    console.log(known.entries);
  }
  const { total, matches } = await log.searchAll({ q: 'x', regex: true }, { signal });
  try {
    await log.info(signal);
  } catch (error) {
    if (error instanceof ApiError && error.problem.field === 'q') return error.status;
  }
  return total + matches.length;
}
`;
const ELEMENT_TYPES = `
import { TailraceLog } from '@tailrace/viewer';
const log = document.querySelector('tailrace-log')!;
log.addEventListener('tailrace-line-click', ({ detail }) => log.goTo(detail.n, detail.n + 1));
document.addEventListener('tailrace-end', ({ detail }) => console.log(detail.exit_code));
document.addEventListener('tailrace-copy', ({ detail }) => console.log(detail.lines));
log.finding.find({ text: 'x', only: true });
log.addEventListener('tailrace-find', ({ detail }) => console.log(detail?.total));
export const copied: Promise<number> = log.copyLines(0, 1).then(({ lines }) => lines);
log.follow = new TailraceLog().state === 'live';
export const found: Promise<number[]> = log.search('x', { limit: 3 }).then((r) => r.positions);
// @ts-expect-error It is a boolean.
log.wrap = 'yes';
`;

describe('The npm package', () => {
  let folder, tarball, server, browser, project;
  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'tailrace-package-'));
    const made = path.join(folder, 'made');
    await run(path.join(root, 'web/scripts/package.sh'), [made], root);
    const [{ filename }] = JSON.parse(await run('npm', ['pack', '--json'], made));
    tarball = path.join(made, filename);
    [server, browser] = await Promise.all([
      Server.start('--cors-origins', 'http://localhost:1'),
      launch('chromium'),
    ]);
    project = await makeProject(path.join(folder, 'consumer'), tarball);
    project.link('@types');
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test('has what it says, and nothing else', async () => {
    const installed = path.join(project.folder, 'node_modules/@tailrace/viewer');
    const files = readdirSync(installed, { recursive: true })
      .map(String)
      .filter((name) => /\.\w+$/.test(name) && !name.includes('shared-'));
    const outside = files.filter((name) => !name.startsWith('dist/types/')).sort();
    assert.deepEqual(outside, [
      'README.md',
      ...['client.js', 'element.d.ts', 'element.js', 'index.d.ts', 'index.js'].map(
        (name) => `dist/${name}`,
      ),
      ...['dist/react.d.ts', 'dist/server.js', 'package.json'],
    ]);
    assert.ok(files.includes('dist/types/client/index.d.ts'));
    assert.deepEqual(readdirSync(path.join(project.folder, 'node_modules')).sort(), [
      '.package-lock.json',
      '@tailrace',
      '@types',
    ]);
    const manifest = JSON.parse(readFileSync(path.join(installed, 'package.json'), 'utf8'));
    assert.equal(manifest.dependencies, undefined);
    assert.equal(manifest.private, undefined);
  });

  test('is imported in Node, also where pages are rendered', async () => {
    await server.append('deploy/node', numbered('line', 3));
    await server.end('deploy/node', { outcome: 'succeeded' });
    writeFileSync(
      path.join(project.folder, 'read.js'),
      `import { TailraceClient } from '@tailrace/viewer/client';
       import * as whole from '@tailrace/viewer';
       import { TailraceLog } from '@tailrace/viewer/element';
       if (TailraceLog !== undefined) throw new Error('an element in Node');
       if (whole.TailraceClient !== TailraceClient) throw new Error('two clients');
       const log = new TailraceClient(process.argv[2]).log({ type: 'deploy', id: 'node' });
       for await (const event of log.stream())
         console.log(event.entries?.map(({ text }) => text).join() ?? event.outcome);`,
    );
    const output = await run(process.execPath, ['read.js', server.url], project.folder);
    assert.equal(output, 'line 0,line 1,line 2\nsucceeded\n');
  });

  test('reads snapshots, pages, streams and searches in Node', async () => {
    await server.append('deploy/calls', numbered('line', 2500));
    writeFileSync(
      path.join(project.folder, 'calls.js'),
      `import { ApiError, TailraceClient } from '@tailrace/viewer/client';
       const client = new TailraceClient(process.argv[2]);
       const log = client.log({ type: 'deploy', id: 'calls' });
       const snapshot = await log.snapshot({ lines: 2 });
       const pages = [];
       for await (const page of log.pages({ from: 10, to: 2010, limit: 800 })) {
         const { entries } = page;
         pages.push([entries[0].n, entries.at(-1).n]);
       }
       const parts = [];
       for await (const part of log.search({ q: 'line 24', limit: 2 })) parts.push(part.kind);
       const found = await log.searchAll({ q: '^line 1.$', regex: true });
       const events = [];
       for await (const event of log.stream({ from: snapshot.cursor, wait: false })) {
         events.push(event.type);
         if (event.type === 'entries') events.push(event.entries[0].text);
         if (event.type === 'end') break;
       }
       const logs = [];
       for await (const { id } of client.logs({ type: 'deploy', q: 'calls' })) logs.push(id);
       const none = await client.log({ type: 'deploy', id: 'none' }).info().catch((e) => e);
       console.log(JSON.stringify({
         snapshot: snapshot.entries.map(({ text }) => text),
         pages, found: [found.total, found.complete], told: parts.includes('match'),
         text: await log.text(1, 3), events, logs, none: [none instanceof ApiError, none.status],
       }));`,
    );
    const reading = run(process.execPath, ['calls.js', server.url], project.folder);
    await server.append('deploy/calls', ['one more']);
    await server.end('deploy/calls', { outcome: 'succeeded' });
    const { events, snapshot, pages, ...rest } = JSON.parse(await reading);
    // Whether the line or the end came before the snapshot is not said.
    assert.equal(events.at(-1), 'end');
    assert.equal(snapshot.length, 2);
    assert.deepEqual([pages[0][0], pages.at(-1)[1]], [10, 2009]);
    assert.deepEqual(rest, {
      found: [10, true],
      told: true,
      text: 'line 1\nline 2\n',
      logs: ['calls'],
      none: [true, 404],
    });
  });

  test('has types, for Node alone and for pages', async () => {
    for (const [name, source, options] of [
      ['node.ts', TYPES, ['--module', 'nodenext', '--lib', 'es2022', '--types', 'node']],
      ['page.ts', ELEMENT_TYPES, ['--module', 'esnext', '--moduleResolution', 'bundler']],
    ]) {
      writeFileSync(path.join(project.folder, name), source);
      const strict = ['--strict', '--noEmit', '--target', 'es2022', ...options];
      if (name === 'page.ts') strict.push('--lib', 'es2022,dom', '--types', '');
      await run(tool('tsc'), [...strict, name], project.folder);
    }
  });

  test('is built into a page by Vite; the client alone is small', async () => {
    const size = async (source) => {
      const page = path.join(project.folder, 'page');
      rmSync(page, { recursive: true, force: true });
      mkdirSync(page);
      const script = `<script type="module" src="/main.js"></script>`;
      writeFileSync(path.join(page, 'index.html'), `<!doctype html>${script}`);
      writeFileSync(path.join(page, 'main.js'), source);
      await run(tool('vite'), ['build', '--logLevel', 'warn', page], project.folder);
      const assets = path.join(page, 'dist/assets');
      return readdirSync(assets)
        .map((name) => gzipSync(readFileSync(path.join(assets, name))).length)
        .reduce((sum, bytes) => sum + bytes, 0);
    };
    const whole = await size(`import '@tailrace/viewer/element';`);
    const client = await size(
      `import { TailraceClient } from '@tailrace/viewer/client'; globalThis.it = TailraceClient;`,
    );
    console.log(`# gzipped: element ${whole} bytes, client ${client} bytes`);
    assert.ok(whole > 10_000 && whole < 60_000, `element: ${whole}`);
    assert.ok(client > 1_000 && client < 8_000, `client: ${client}`);
  });

  describe('the examples', () => {
    let site, django, origin;
    const built = {};

    before(async () => {
      for (const name of ['vue', 'react']) {
        const { folder: place, link } = await makeProject(path.join(folder, name), tarball);
        const names = { vue: ['vue', '@vitejs', 'vite'], react: ['react', 'react-dom', '@types'] };
        for (const needed of names[name]) link(needed);
        cpSync(path.join(examples, name), place, { recursive: true });
        if (name === 'react') await run(tool('tsc'), ['--project', '.'], place);
        if (name === 'react') link('vite');
        await run(tool('vite'), ['build', '--base', './', '--logLevel', 'warn'], place);
        built[name] = path.join(place, 'dist');
      }
      built.html = path.join(examples, 'html');
      site = http.createServer((request, response) => {
        const [, name, ...rest] = new URL(request.url, 'http://site').pathname.split('/');
        const file = rest.join('/') === '' ? 'index.html' : rest.join('/');
        const type = file.endsWith('.js') ? 'text/javascript' : 'text/html';
        try {
          const body = readFileSync(path.join(built[name] ?? '/none', file));
          const css = file.endsWith('.css') ? 'text/css' : type;
          response.writeHead(200, { 'Content-Type': css }).end(body);
        } catch {
          response.writeHead(404).end();
        }
      });
      const port = await freePort();
      django = await freePort();
      site.listen(port, '127.0.0.1');
      await once(site, 'listening');
      origin = `http://127.0.0.1:${port}`;
      const allowed = [origin, `http://127.0.0.1:${django}`];
      await server.kill();
      server.options = allowed.flatMap((one) => ['--cors-origins', one]);
      await server.restart();
    });
    after(() => {
      site?.close();
      site?.closeAllConnections();
    });

    /** The page shows the log live, finds a line, goes there, and tells the end. */
    async function works(address, log) {
      const tab = await openPage(browser);
      const { page } = tab;
      await page.goto(address);
      await lineIs(page, 3000);
      await page.locator('#state', { hasText: 'live' }).waitFor();
      await page.locator('#search').fill('line 1234');
      await page.locator('#search').press('Enter');
      await page.locator('#found', { hasText: '1 lines' }).waitFor();
      await lineIs(page, 1235);
      await server.append(log, ['the last one']);
      await page.locator('tailrace-log').evaluate((element) => (element.follow = true));
      await lineIs(page, 3001);
      await server.end(log, { outcome: 'failed', exit_code: 1 });
      await page.locator('#state', { hasText: 'failed' }).waitFor();
      assert.deepEqual(await tab.troubles({ allow: /favicon/ }), []);
      await tab.close();
    }

    for (const name of ['html', 'vue', 'react']) {
      test(name, async () => {
        await server.append(`deploy/${name}`, numbered('line', 3000));
        const src = `${server.url}/api/v1/logs/deploy/${name}`;
        await works(`${origin}/${name}/?src=${encodeURIComponent(src)}`, `deploy/${name}`);
      });
    }

    test('django', async () => {
      await server.append('deploy/42', numbered('line', 3000));
      const address = `127.0.0.1:${django}`;
      const options = ['runserver', '--noreload', '--skip-checks', address];
      const portal = spawn(PYTHON, [path.join(examples, 'django/portal.py'), ...options], {
        env: { ...process.env, TAILRACE_URL: server.url, PYTHONDONTWRITEBYTECODE: '1' },
        stdio: 'ignore',
      });
      const gone = once(portal, 'exit');
      try {
        const url = `http://${address}/deployments/42/`;
        const up = () =>
          fetch(url).then(
            ({ ok }) => ok,
            () => false,
          );
        await waitFor('the portal is up', up);
        await works(url, 'deploy/42');
      } finally {
        portal.kill('SIGKILL');
        await gone;
      }
    });
  });
});
