// Takes pictures of the pages' states into docs/images/states, small ones, to be looked at:
// BINARY=build/dev/tailrace node tests/browser/gallery.mjs [NAME …]

import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Front, launch, openPage, Server } from './harness.mjs';
import { drawn } from './viewer.mjs';

const images = path.resolve(
  path.dirname(fileURLToPath(import.meta.url)),
  '../../docs/images/states',
);
mkdirSync(images, { recursive: true });

const [server, empty, short, browser] = await Promise.all([
  Server.start(),
  Server.start(),
  Server.start(
    ...['--retention-max-log-bytes', '100KiB', '--retention-interval', '1s'],
    ...['--store-block-bytes', '16KiB'],
  ),
  launch('chromium'),
]);
const front = await Front.start(server.url);

const status = (text) => (page) => page.locator('[role=status]', { hasText: text }).waitFor();
const verdict = (page) => page.locator('.verdict').waitFor();
const keys =
  (...pressed) =>
  async (page) => {
    await page.locator('.row:not(.waiting)').nth(2).waitFor();
    await page.getByRole('log').focus();
    for (const key of pressed) {
      await page.keyboard.press(key);
      await drawn(page);
    }
  };
const find = (query) => async (page) => {
  await keys('Control+f')(page);
  await page.keyboard.type(query);
  await page.keyboard.press('Enter');
  await page.locator('.row mark, .row .found, .row [class*=found]').first().waitFor();
};

const STEPS = [
  'Fetching the sources of payments-api',
  '\x1b[36m=>\x1b[0m resolved 214 packages in 1.8 s',
  '::group::Build',
  'cc -O2 -c ledger.c -o ledger.o',
  '\x1b[33mledger.c:118: warning:\x1b[0m unused variable ‘rounding’',
  'cc -O2 -c main.c -o main.o',
  '::endgroup::',
  { text: 'GET /health 200 in 3 ms', source: 'payments-api-7d9f-x2k8q' },
  { text: 'GET /health 200 in 2 ms', source: 'payments-api-7d9f-p41sc' },
  {
    text: '{"level":"info","msg":"migrated","tables":["ledger","transfer"],"took_ms":412}',
    source: 'payments-api-7d9f-x2k8q',
  },
  { text: 'connection to db-2 refused, trying again', level: 'warn' },
  { text: 'error: db-2 did not answer within 30 s', level: 'error', stream: 'stderr' },
  'rolled \x1b[1m2 of 3\x1b[0m replicas',
];
for (const log of ['live', 'ok', 'failed'])
  await server.call('PUT', `/logs/deploy/${log}`, {
    title: 'Roll out payments-api',
    labels: { env: 'prod', team: 'payments' },
  });
for (const log of ['live', 'ok', 'failed']) await server.append(`deploy/${log}`, STEPS);
await server.append('deploy/lost', [...STEPS.slice(0, 2), { text: 'and here again', lost: 118 }]);
await server.end('deploy/ok', { outcome: 'succeeded', exit_code: 0 });
const reason = 'db-2 did not answer';
await server.end('deploy/failed', { outcome: 'failed', exit_code: 1, reason });
await server.end('deploy/lost', { outcome: 'lost' });
for (let i = 0; i < 4000; i += 500)
  await short.append(
    'deploy/cut',
    Array.from({ length: 500 }, (_, n) => `step ${i + n} of the migration was done in time`),
  );
for (;;) {
  if ((await short.call('GET', '/logs/deploy/cut')).first > 0) break;
  await new Promise((resolve) => setTimeout(resolve, 200));
}

const dark = { colorScheme: 'dark' };
const phone = { viewport: { width: 360, height: 640 } };
const PICTURES = {
  live: ['/logs/deploy/live', status('Live')],
  'ended-ok': ['/logs/deploy/ok', verdict],
  'ended-failed': ['/logs/deploy/failed', verdict],
  lost: ['/logs/deploy/lost', verdict],
  gap: [
    `${short.url}/logs/deploy/cut`,
    async (page) => {
      await keys('Home')(page);
      await page.getByText('no longer kept').waitFor();
    },
  ],
  waiting: ['/logs/deploy/later', (page) => page.getByText('Waiting for this log').waitFor()],
  reconnecting: [
    `${front.url}/logs/deploy/live`,
    async (page) => {
      await status('Live')(page);
      front.refuse = true;
      front.cut();
      await status(/Reconnecting in/)(page);
    },
  ],
  find: ['/logs/deploy/live', find('db-2')],
  'find-nothing': ['/logs/deploy/live?q=nothing+like+it', status('Live')],
  filter: ['/logs/deploy/live?level=error&only=1', keys()],
  folded: ['/logs/deploy/ok', keys('Z')],
  json: ['/logs/deploy/ok', keys('p')],
  help: ['/logs/deploy/ok', keys('?'), { viewport: { width: 860, height: 760 } }],
  dark: ['/logs/deploy/failed', verdict, dark],
  contrast: ['/logs/deploy/failed', verdict, { theme: 'contrast' }],
  phone: ['/logs/deploy/failed', verdict, phone],
  list: ['/', (page) => page.locator('li').nth(3).waitFor()],
  'list-dark': ['/', (page) => page.locator('li').nth(3).waitFor(), dark],
  'list-phone': ['/', (page) => page.locator('li').nth(3).waitFor(), phone],
  'list-none': ['/?q=state%3Acancelled', (page) => page.getByText('No log fits').waitFor()],
  'list-wrong': ['/?q=state%3Abroken', (page) => page.getByText('state: is one of').waitFor()],
  'list-empty': [`${empty.url}/`, (page) => page.getByText('No logs yet').waitFor()],
};

const wanted = process.argv.slice(2);
try {
  for (const [name, [address, ready, { theme, ...options } = {}]] of Object.entries(PICTURES)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const look = { viewport: { width: 860, height: 400 }, reducedMotion: 'reduce', ...options };
    const { page, close } = await openPage(browser, look);
    if (theme !== undefined)
      await page.addInitScript((value) => localStorage.setItem('tailrace.theme', value), theme);
    page.setDefaultTimeout(10_000);
    await page.goto(new URL(address, server.url).href);
    await ready(page).catch((error) => console.error(name, error.message));
    await drawn(page);
    await page.screenshot({ path: path.join(images, `${name}.png`) });
    await close();
    front.refuse = false;
  }
} finally {
  await browser.close();
  front.stop();
  for (const one of [server, empty, short]) await one.stop();
}
