// Takes the README's pictures from the real program and a real job: the build and the tests of one of
// Tailrace's own libraries. node screenshots.mjs; run by screenshots.sh.

import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { launch, openPage, Server } from './harness.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const images = path.join(root, 'docs/images');
mkdirSync(images, { recursive: true });

const server = await Server.start();
const browser = await launch('chromium');
const build = path.join(server.directory, 'build');
const target = process.env.SCREENSHOT_TARGET ?? 'log_test';
const job = (log, title, script) => server.exec(log, `cd '${root}' && ${script}`, '--title', title);

try {
  await job('test/web', 'Unit tests of the pages', 'cd web && node_modules/.bin/vitest run --color').done;
  await job('check/typescript', 'Type check', 'cd web && node_modules/.bin/tsc --noEmit --strict nonsense.ts').done;
  await job('deploy/web-42', 'Roll out web', 'for n in 1 2 3; do echo "replica $n of 3 is ready"; done').done;
  const watched = job(
    'build/318',
    `Build and test ${target}`,
    `cmake --preset dev -B '${build}' -DTAILRACE_WEB=OFF && CLICOLOR_FORCE=1 ninja -C '${build}' -j2 ${target} && \
     '${build}'/src/log/${target} --gtest_color=yes 2>&1 || '${build}'/src/base/${target} --gtest_color=yes`,
  );
  const list = await openPage(browser, { viewport: { width: 1080, height: 420 }, deviceScaleFactor: 2 });
  await list.page.goto(`${server.url}/`);
  await list.page.locator('a[href="/logs/build/318"]').waitFor();
  await list.page.screenshot({ path: path.join(images, 'list-page.png') });

  const log = await openPage(browser, { viewport: { width: 1080, height: 620 }, deviceScaleFactor: 2 });
  await log.page.goto(`${server.url}/logs/build/318`);
  console.log(`the job ended with ${await watched.done}`);
  await log.page.getByRole('region', { name: 'Outcome' }).waitFor();
  await log.page.screenshot({ path: path.join(images, 'log-page.png') });
} finally {
  await browser.close();
  await server.stop();
  rmSync(build, { recursive: true, force: true });
}
