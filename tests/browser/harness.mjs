// What every browser test needs: a server that can be killed and started again, a front that counts
// requests, the two browsers, and waiting for a condition.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium, firefox } from 'playwright-core';

export const BINARY = process.env.BINARY;
if (!BINARY) throw new Error('BINARY names the program under test; run.sh sets it');

/** Without settings of a Tailrace that the developer may have in the environment. */
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !name.startsWith('TAILRACE_')),
);

/** Runs the program; what it printed. `options`: execFileSync's. */
export function tailrace(args, options = {}) {
  return execFileSync(BINARY, args, { env: environment, encoding: 'utf8', ...options });
}

/** Generous: a loaded machine is slow, a broken program never gets there. */
export const TIMEOUT_MS = 60_000;

const BROWSERS = {
  chromium: () =>
    chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-dev-shm-usage',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--no-first-run',
      ],
    }),
  firefox: () => firefox.launch({ channel: 'moz-firefox', executablePath: '/usr/bin/firefox-esr' }),
};

/** BROWSERS=chromium runs one of them only. */
export const browserNames = (process.env.BROWSERS ?? 'chromium,firefox').split(',');

export function launch(name) {
  return BROWSERS[name]();
}

/** Resolves with the first value of `probe` that is truthy; `what` is for the error. */
export async function waitFor(what, probe, timeoutMs = TIMEOUT_MS) {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await probe();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

export async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** A certificate and its key as files, and the options of a server that has a TLS port besides. */
export function makeCertificate() {
  const folder = mkdtempSync(path.join(tmpdir(), 'tailrace-browser-tls-'));
  const cert = path.join(folder, 'cert.pem');
  const key = path.join(folder, 'key.pem');
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-keyout', key];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const request = ['req', '-x509', '-nodes', '-days', '2', ...newKey, ...names, '-out', cert];
  execFileSync('openssl', request, { stdio: 'ignore' });
  return {
    cert,
    key,
    options: ['--listen', 'https://127.0.0.1:0', '--tls-cert', cert, '--tls-key', key],
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** A `tailrace serve` on its own port and directory, which both outlive kill(). */
export class Server {
  #child;
  #output = '';

  static async start(...options) {
    const server = new Server();
    server.options = options;
    server.port = await freePort();
    server.directory = mkdtempSync(path.join(tmpdir(), 'tailrace-browser-'));
    server.data = path.join(server.directory, 'data');
    server.url = `http://127.0.0.1:${server.port}`;
    await server.restart();
    return server;
  }

  async restart() {
    const listen = `http://127.0.0.1:${this.port}`;
    this.#child = spawn(
      BINARY,
      ['serve', '--listen', listen, '--data', this.data, ...this.options],
      {
        env: environment,
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    const child = this.#child;
    for (const stream of [child.stdout, child.stderr]) {
      stream
        .setEncoding('utf8')
        .on('data', (text) => (this.#output = (this.#output + text).slice(-8192)));
    }
    await waitFor('the server is ready', async () => {
      if (child.exitCode !== null)
        throw new Error(`the server exited with ${child.exitCode}:\n${this.#output}`);
      return fetch(`${this.url}/readyz`).then(
        (answer) => answer.ok,
        () => false,
      );
    });
  }

  /** Where it listens under TLS besides, if `options` say so. */
  tlsPort() {
    return waitFor(
      'its log tells the port',
      () => /msg=listening address=127\.0\.0\.1:(\d+) tls=on/.exec(this.#output)?.[1],
    );
  }

  /** As if the power went: nothing is finished, nothing is said. */
  async kill(signal = 'SIGKILL') {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill(signal);
    await once(this.#child, 'exit');
  }

  async stop() {
    await this.kill();
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** An API call that has to succeed; the answer as JSON. */
  async call(method, pathname, body, type = 'application/json') {
    const text =
      typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
    const answer = await fetch(`${this.url}/api/v1${pathname}`, {
      method,
      body: body === undefined ? undefined : text,
      headers: body === undefined ? {} : { 'Content-Type': type },
    });
    const content = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${pathname}: ${answer.status} ${content}`);
    return content === '' ? undefined : JSON.parse(content);
  }

  /** Appends lines, each an entry. */
  append(log, lines) {
    const body = lines
      .map((line) => JSON.stringify(typeof line === 'string' ? { text: line } : line))
      .join('\n');
    return this.call('POST', `/logs/${log}/entries`, body, 'application/x-ndjson');
  }

  end(log, outcome) {
    return this.call('POST', `/logs/${log}/end`, outcome);
  }

  /** Runs a shell script under `tailrace exec`. `done` resolves with its exit code. */
  exec(log, script, ...options) {
    const child = spawn(BINARY, ['exec', log, ...options, '--', 'sh', '-c', script], {
      env: {
        ...environment,
        TAILRACE_URL: this.url,
        TAILRACE_SPOOL_DIR: path.join(this.directory, 'spool'),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => (output += text));
    }
    const done = once(child, 'close').then(([code]) => code);
    return { child, done, output: () => output };
  }
}

/**
 * A web server that shows `pages` (path to HTML) and passes everything else on to `target` byte by
 * byte as it comes. If the target goes away, so does the browser's connection. `acceptEncoding`
 * replaces the browser's own; `cutAfter` draws how many bytes an answer may have before it is cut.
 */
export class Front {
  /**
   * {method, url, lastEventId, accepted, status, coding, closed, headers} of all that was passed
   * on; no status: no answer yet.
   */
  requests = [];
  /** The way to the server is cut. */
  refuse = false;
  /** What the server sends is swallowed, and no connection ends: as when a cable is pulled. */
  mute = false;
  #server;
  #acceptEncoding;
  #cutAfter;

  static async start(target, pages = {}, { acceptEncoding, cutAfter } = {}) {
    const front = new Front();
    front.#acceptEncoding = acceptEncoding;
    front.#cutAfter = cutAfter ?? (() => Infinity);
    front.#server = http.createServer((request, response) => {
      if (front.refuse) {
        request.socket.destroy();
        return;
      }
      const page = pages[new URL(request.url, 'http://front').pathname];
      if (page !== undefined)
        response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end(page);
      else front.#pass(target, request, response);
    });
    front.#server.listen(0, '127.0.0.1');
    await once(front.#server, 'listening');
    front.url = `http://127.0.0.1:${front.#server.address().port}`;
    return front;
  }

  #pass(target, request, response) {
    const { method, url } = request;
    const headers = { ...request.headers };
    if (this.#acceptEncoding) headers['accept-encoding'] = this.#acceptEncoding;
    const record = {
      method,
      url,
      lastEventId: headers['last-event-id'],
      accepted: request.headers['accept-encoding'],
      status: undefined,
      coding: undefined,
      closed: false,
      headers: request.headers,
    };
    this.requests.push(record);
    const upstream = http.request(target + url, { method, headers, agent: false });
    let left = this.#cutAfter();
    upstream.on('response', (answer) => {
      record.status = answer.statusCode;
      record.coding = answer.headers['content-encoding'];
      response.writeHead(answer.statusCode, answer.headers);
      response.flushHeaders();
      answer.on('data', (bytes) => {
        if (this.mute) return;
        response.write(bytes.subarray(0, left), left < bytes.length ? cut : undefined);
        left -= Math.min(left, bytes.length);
      });
      answer.on('end', () => response.end());
      answer.on('error', () => response.destroy());
    });
    const cut = () => response.destroy();
    upstream.on('error', cut);
    response.on('close', () => {
      record.closed = true;
      upstream.destroy();
    });
    request.pipe(upstream);
  }

  /** Ends all connections that there are. */
  cut() {
    this.#server.closeAllConnections();
  }

  /** The requests for event streams only. */
  streams() {
    return this.requests.filter(
      ({ url }) => url.includes('/events') || url.includes('/sse/logs/?'),
    );
  }

  stop() {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

/** A page that tells of script errors, console errors and breaches of the security policy. */
export async function openPage(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1100, height: 700 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(TIMEOUT_MS);
  const troubles = [];
  page.on('pageerror', (error) => troubles.push(`error: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error')
      troubles.push(`console: ${message.text()} ${message.location()?.url ?? ''}`);
  });
  await page.addInitScript(() => {
    globalThis.breaches = [];
    document.addEventListener('securitypolicyviolation', (event) => {
      globalThis.breaches.push(`${event.violatedDirective} ${event.blockedURI}`);
    });
  });
  return {
    page,
    /** All of it, without what a browser says about answers that a test provokes. */
    async troubles({ allow = /^$/ } = {}) {
      const breaches = await page.evaluate(() => globalThis.breaches);
      return [...breaches, ...troubles].filter((trouble) => !allow.test(trouble));
    },
    close: () => context.close(),
  };
}

/** What browsers print when a server is away; not ours to prevent. */
export const NETWORK_TROUBLE =
  /ERR_|Failed to load resource|can.t establish a connection|was interrupted/;

export function numbered(prefix, count, from = 0) {
  return Array.from({ length: count }, (_, i) => `${prefix} ${from + i}`);
}
