// Takes the README's pictures from the real program and a real job, the build and tests of one of
// Tailrace's own libraries: BINARY=build/release/tailrace node tests/browser/screenshots.mjs

import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { launch, openPage, Server } from './harness.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const images = path.join(root, 'docs/images');
mkdirSync(images, { recursive: true });

const server = await Server.start();
const browser = await launch('chromium');
const build = path.join(server.directory, 'build');
const job = (log, title, script) => server.exec(log, `cd '${root}' && ${script}`, '--title', title);

const BUILD = `
  cmake --preset dev -B '${build}' -DTAILRACE_WEB=OFF &&
  CLICOLOR_FORCE=1 CCACHE_DISABLE=1 ninja -C '${build}' -j2 log_test &&
  '${build}/src/log/log_test' --gtest_color=yes --gtest_brief=0`;

async function picture(name, height, address, ready) {
  const tab = await openPage(browser, { viewport: { width: 1080, height }, deviceScaleFactor: 2 });
  await tab.page.goto(server.url + address);
  await tab.page.locator(ready).first().waitFor();
  await tab.page.waitForFunction(() => document.fonts.status === 'loaded');
  await tab.page.screenshot({ path: path.join(images, name) });
  await tab.close();
}

try {
  await job('test/web', 'Unit tests of the pages', 'cd web && node_modules/.bin/vitest run').done;
  await job('check/types', 'Type check', 'web/node_modules/.bin/tsc --noEmit nothing.ts').done;
  await job('history/main', 'Latest commits', 'git log --oneline -20').done;
  const watched = job('build/318', 'Build and test of the log library', BUILD);
  await picture('list-page.png', 330, '/', 'a[href="/logs/build/318"] .run');
  console.log(`the job ended with ${await watched.done}`);
  await picture('log-page.png', 600, '/logs/build/318', '.verdict');
} finally {
  await browser.close();
  await server.stop();
}
