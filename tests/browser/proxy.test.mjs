// Real browsers behind the real nginx with the configurations of docs/proxies/.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  browserNames,
  freePort,
  launch,
  makeCertificate,
  numbered,
  openPage,
  Server,
  waitFor,
} from './harness.mjs';

const docs = fileURLToPath(new URL('../../docs/proxies/', import.meta.url));
const certificate = makeCertificate();
after(() => certificate.remove());

/** nginx with `name` of docs/proxies/, in which every key of `swap` stands as its value. */
async function startNginx(name, port, swap) {
  let text = readFileSync(path.join(docs, name), 'utf8');
  for (const [from, to] of Object.entries(swap)) {
    assert.ok(text.includes(from), `${name} has no ${from}`);
    text = text.replaceAll(from, to);
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'tailrace-browser-nginx-'));
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const temporary = paths.map((kind) => `${kind}_temp_path ${folder}/${kind};`).join('\n');
  const user = process.getuid() === 0 ? 'user root;' : '';
  const main = `daemon off; worker_processes 1; ${user} pid ${folder}/pid;`;
  const http = `http { access_log off; ${temporary}\n${text}}`;
  writeFileSync(`${folder}/nginx.conf`, `${main}\nevents {}\n${http}`);
  const options = ['-p', folder, '-c', `${folder}/nginx.conf`, '-e', `${folder}/error.log`];
  const child = spawn('/usr/sbin/nginx', options, { stdio: 'ignore' });
  await waitFor('nginx listens', async () => {
    if (child.exitCode !== null) throw new Error(readFileSync(`${folder}/error.log`, 'utf8'));
    return new Promise((resolve) => {
      const socket = net.connect(port, '127.0.0.1');
      socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
      socket.on('connect', () => socket.destroy());
    });
  });
  return async () => {
    child.kill();
    if (child.exitCode === null) await once(child, 'exit');
    rmSync(folder, { recursive: true, force: true });
  };
}

for (const name of browserNames) {
  describe(`nginx and ${name}`, () => {
    let browser;
    before(async () => (browser = await launch(name)));
    after(() => browser?.close());

    test('a restart of the server ends no page, and no line is lost or repeated', async () => {
      const [server, port] = [await Server.start(), await freePort()];
      const stop = await startNginx('nginx.conf', port, {
        'listen 443': `listen 127.0.0.1:${port}`,
        'http://127.0.0.1:8080': server.url,
        '/etc/ssl/logs/fullchain.pem': certificate.cert,
        '/etc/ssl/logs/privkey.pem': certificate.key,
      });
      const { page, close } = await openPage(browser, { ignoreHTTPSErrors: true });
      await server.append('proxy/restart', numbered('before', 100));
      await page.goto(`https://127.0.0.1:${port}/healthz`);
      await page.evaluate(() => {
        globalThis.lines = [];
        globalThis.errors = 0;
        globalThis.source = new EventSource('/api/v1/logs/proxy/restart/events');
        source.onmessage = (event) => lines.push(event.data);
        source.onerror = () => (errors += 1);
        source.addEventListener('end', () => (globalThis.over = true));
      });
      await page.waitForFunction(() => lines.length === 100);
      await server.kill();
      // Once for the cut, and at least once for nginx's own answer in the server's place.
      await page.waitForFunction(() => errors >= 2);
      assert.notEqual(await page.evaluate(() => source.readyState), 2);
      await server.restart();
      await server.append('proxy/restart', numbered('after', 100));
      await page.waitForFunction(() => lines.length >= 200);
      await server.end('proxy/restart', { outcome: 'succeeded' });
      await page.waitForFunction(() => globalThis.over);
      const all = [...numbered('before', 100), ...numbered('after', 100)];
      assert.deepEqual(await page.evaluate(() => lines), all);
      // The browser comes back behind the end and is told 204, which closes it.
      await page.waitForFunction(() => source.readyState === 2);
      await close();
      await stop();
      await server.stop();
    });

    test('the pages live below a path', async () => {
      const server = await Server.start('--base-path', '/tailrace');
      const port = await freePort();
      const stop = await startNginx('nginx-sub-path.conf', port, {
        'listen 80': `listen 127.0.0.1:${port}`,
        'http://127.0.0.1:8080': server.url,
      });
      await server.append('proxy/path', ['a line of the log']);
      const { page, close } = await openPage(browser);
      await page.goto(`http://127.0.0.1:${port}/tailrace/`);
      await page.click('text=proxy/path');
      await page.waitForSelector('text=a line of the log');
      assert.ok(page.url().includes(`:${port}/tailrace/logs/proxy/path`), page.url());
      await server.append('proxy/path', ['and a live one']);
      await page.waitForSelector('text=and a live one');
      await page.click('a.home');
      await page.waitForURL(`http://127.0.0.1:${port}/tailrace/`);
      await close();
      await stop();
      await server.stop();
    });
  });
}
