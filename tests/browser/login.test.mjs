// Logging in at the page, with and without scripts, in clear text and over https; and what becomes
// of an open page after a log-out.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { browserNames, launch, makeCertificate, Server, tailrace, waitFor } from './harness.mjs';

const PASSWORD = 'a password for tests';
const CONFIG = `
[access]
enabled = true
recheck = "100ms"
[[grant]]
anyone = true
logs = "*"
may = "write"
[[grant]]
user = "ann"
logs = "dev/*"
may = "read"
`;

const folder = mkdtempSync(path.join(tmpdir(), 'tailrace-login-'));
const config = path.join(folder, 'tailrace.toml');
writeFileSync(config, CONFIG);
const certificate = makeCertificate();
after(() => {
  certificate.remove();
  rmSync(folder, { recursive: true, force: true });
});

async function startServer() {
  const server = await Server.start('--config', config, ...certificate.options);
  const options = { input: `${PASSWORD}\n`, stdio: ['pipe', 'ignore', 'pipe'] };
  tailrace(['user', 'add', 'ann', '--data', server.data], options);
  await server.append('dev/1', ['first line', 'second line']);
  const body = JSON.stringify({ user: 'ann', password: PASSWORD });
  const headers = { 'Content-Type': 'application/json' };
  await waitFor('the server knows its user', async () => {
    const answer = await fetch(`${server.url}/api/v1/login`, { method: 'POST', headers, body });
    return answer.ok;
  });
  return server;
}

async function logIn(page, password = PASSWORD) {
  await page.getByLabel('User').fill('ann');
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Log in' }).click();
}

for (const name of browserNames) {
  describe(`login in ${name}`, () => {
    let browser, server;
    before(async () => {
      [browser, server] = await Promise.all([launch(name), startServer()]);
    });
    after(async () => {
      await browser?.close();
      await server?.stop();
    });

    test('a link to a log leads through the login, and a log-out ends its page', async () => {
      const context = await browser.newContext();
      const page = await context.newPage();
      await page.goto(`${server.url}/logs/dev/1`);
      assert.equal(page.url(), `${server.url}/login?next=logs/dev/1`);
      await logIn(page, 'not the password');
      await page.getByText('User or password is wrong.').waitFor();
      await logIn(page);
      await page.getByText('second line').waitFor();
      assert.equal(page.url(), `${server.url}/logs/dev/1`);
      await server.append('dev/1', ['third line']);
      await page.getByText('third line').waitFor();
      const list = await context.newPage();
      await list.goto(server.url);
      await list.getByText('ann', { exact: true }).waitFor();
      await list.getByRole('button', { name: 'Log out' }).click();
      await list.waitForURL(`${server.url}/login`);
      await page.getByText('Signed out').waitFor();
      await context.close();
    });

    // Scripts cannot be turned off over the protocol by which Firefox is driven.
    const drivenFully = name === 'chromium';
    test('without scripts, over https', { skip: !drivenFully }, async () => {
      const context = await browser.newContext({
        javaScriptEnabled: false,
        ignoreHTTPSErrors: true,
      });
      const page = await context.newPage();
      const url = `https://127.0.0.1:${await server.tlsPort()}`;
      await page.goto(`${url}/`);
      assert.equal(page.url(), `${url}/login`);
      await logIn(page);
      await page.waitForURL(`${url}/`);
      const [cookie] = await context.cookies();
      const { name: cookieName, httpOnly, secure, sameSite, path: cookiePath } = cookie;
      assert.deepEqual(
        { cookieName, httpOnly, secure, sameSite, cookiePath },
        {
          cookieName: '__Host-tailrace',
          httpOnly: true,
          secure: true,
          sameSite: 'Lax',
          cookiePath: '/',
        },
      );
      await context.close();
    });
  });
}
