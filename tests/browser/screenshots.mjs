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

/** Pods that are replaced one by one, with some trouble. */
const ROLLOUT = `for i in $(seq 1 2400); do
    echo "2026-11-23 12:00:00 shop-7d9f pulling layer $i: \\033[32mok\\033[0m"
    if [ $((i % 171)) -eq 0 ]; then
      echo "shop-7d9f: probe failed: \\033[1;31mtimeout\\033[0m after 5 s, attempt $((i / 171))" >&2
    elif [ $((i % 97)) -eq 0 ]; then
      echo "waiting for the database (timeout 30 s)"
    fi
  done`;

async function picture(name, height, address, ready, prepare = async () => {}) {
  const tab = await openPage(browser, { viewport: { width: 1080, height }, deviceScaleFactor: 2 });
  await tab.page.goto(server.url + address);
  await tab.page.locator(ready).first().waitFor();
  await prepare(tab.page);
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
  await job('deploy/77', 'Deploy the shop', ROLLOUT).done;
  await picture('find.png', 480, '/logs/deploy/77?q=timeout#L700', 'mark', async (page) => {
    await page.keyboard.press('n');
    await page.locator('.row.current mark').waitFor();
    await page.locator('#count', { hasText: ' of ' }).waitFor();
    await page.locator('canvas.marks').waitFor();
  });
  const errors = '/logs/deploy/77?stream=stderr&only=1';
  await picture('find-only.png', 480, errors, '.seam', async (page) => {
    await page.getByRole('button', { name: 'Filter', exact: true }).click();
    await page.locator('#count', { hasText: ' lines' }).waitFor();
    await page.locator('.row.waiting').first().waitFor({ state: 'detached' });
  });
} finally {
  await browser.close();
  await server.stop();
}
