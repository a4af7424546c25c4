// Takes pictures of the pages from the real program, to be looked at: the README's into
// docs/images, and small ones of all states into docs/images/states.
// BINARY=build/dev/tailrace node tests/browser/gallery.mjs [NAME …]

import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Front, launch, openPage, Server } from './harness.mjs';
import { drawn } from './viewer.mjs';

const images = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../docs/images');
mkdirSync(path.join(images, 'states'), { recursive: true });
const wanted = process.argv.slice(2);

const [server, team, empty, short, browser] = await Promise.all([
  Server.start(),
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
await server.append(
  'deploy/many',
  Array.from({ length: 400 }, (_, i) => `line ${i + 1} of this log, with a little more to read`),
);
await server.call('PUT', '/logs/deploy/silent', { title: 'Nothing said so far' });
await server.call('PUT', '/logs/deploy/none', { title: 'Stopped before it began' });
await server.end('deploy/none', { outcome: 'cancelled', reason: 'A newer one was started.' });
await server.call('PUT', `/logs/deploy/${'a-very-long-id~'.repeat(8)}`, {
  title: `Roll out everything, that is ${'payments-api, ledger, '.repeat(8)}and the rest`,
});
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

/** What a team sees on a working day; all of it takes its time, so that durations are real. */
async function work() {
  const jobs = {
    'build/317': [
      'Build the shop',
      { branch: 'main' },
      900,
      { outcome: 'succeeded', exit_code: 0 },
    ],
    'test/1204': [
      'Tests of payments-api',
      { branch: 'retry-db', team: 'payments' },
      700,
      { outcome: 'failed', exit_code: 2 },
    ],
    'import/nightly': ['Nightly import', { team: 'data' }, 300, { outcome: 'cancelled' }],
    'build/318': [
      'Build the shop',
      { branch: 'main' },
      1500,
      { outcome: 'succeeded', exit_code: 0 },
    ],
    'deploy/76': ['Roll out the shop 2.13.4', { env: 'staging' }, 1100, { outcome: 'lost' }],
  };
  for (const [log, [title, labels, lines, end]] of Object.entries(jobs)) {
    await team.call('PUT', `/logs/${log}`, { title, labels });
    await team.append(
      log,
      Array.from({ length: lines }, (_, i) => `step ${i}`),
    );
    await sleep(lines);
    await team.end(log, end);
  }
  await rollout();
  await downloads();
}

/** One that fails: with groups, pods, levels, a trace and a reason. */
async function rollout() {
  const pods = ['shop-7d9f8-x2k8q', 'shop-7d9f8-p41sc', 'shop-7d9f8-m7vnd'];
  await team.call('PUT', '/logs/deploy/77', {
    title: 'Roll out the shop 2.14.0',
    labels: { env: 'prod', team: 'shop' },
  });
  const pod = (i, text, level) => ({ text, source: pods[i], ...(level ? { level } : {}) });
  for (const [lines, pause] of [
    [['\x1b[1mRolling out shop 2.14.0 to prod, 3 replicas\x1b[0m', '::group::Build image'], 200],
    [Array.from({ length: 46 }, (_, i) => `#${i} compiling module ${i} of 46`), 1400],
    [['\x1b[32m✓\x1b[0m pushed registry/shop:2.14.0', '::endgroup::', '::group::Migrate'], 300],
    [['0042_add_ledger', '0043_backfill_totals', '::endgroup::'], 900],
    [['layers\r 12 %\r 48 %\r\x1b[32mlayers: 100 %, 214 MB in 3.1 s\x1b[0m'], 300],
    [[pod(0, 'listening on \x1b[36mhttp://0.0.0.0:8080\x1b[0m')], 200],
    [[pod(0, 'GET /health 200 in 3 ms'), pod(1, 'listening on \x1b[36mhttp://0.0.0.0:8080')], 300],
    [
      [
        pod(1, '\x1b[0mGET /health 200 in 2 ms'),
        pod(2, 'connection to db-2 refused, trying again in 1 s', 'warn'),
        pod(2, 'connection to db-2 refused, trying again in 2 s', 'warn'),
        pod(2, '{"level":"error","msg":"db-2 did not answer","host":"db-2","waited_ms":30000}'),
        pod(2, 'IllegalStateException: no connection left in the pool', 'error'),
        ...Array.from({ length: 18 }, (_, i) => pod(2, `\tat shop.db.Pool.take(Pool.java:${i})`)),
        pod(0, 'GET /cart 200 in 12 ms'),
        pod(1, 'GET /cart 200 in 9 ms'),
        { text: 'shop-7d9f8-m7vnd: readiness probe failed', stream: 'stderr' },
        'rolled out \x1b[1m2 of 3\x1b[0m replicas; going back to 2.13.4',
      ],
      400,
    ],
  ]) {
    await team.append('deploy/77', lines);
    await sleep(pause);
  }
  const reason = 'shop-7d9f8-m7vnd was not ready within 30 s: db-2 did not answer';
  await team.end('deploy/77', { outcome: 'failed', exit_code: 1, reason });
}

/** A longer one, to look for something in. */
async function downloads() {
  const pulled = Array.from({ length: 2400 }, (_, i) => {
    if (i % 171 === 170)
      return { text: `probe ${i} failed: \x1b[1;31mtimeout\x1b[0m after 5 s`, stream: 'stderr' };
    if (i % 97 === 96) return 'waiting for the database (timeout 30 s)';
    return `2026-11-23 12:00:00 shop-7d9f8 pulling layer ${i}: \x1b[32mok\x1b[0m`;
  });
  await team.call('PUT', '/logs/deploy/78', {
    title: 'Roll out the shop 2.14.1',
    labels: { env: 'prod', team: 'shop' },
  });
  await team.append('deploy/78', pulled);
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const dark = { colorScheme: 'dark' };
const phone = { viewport: { width: 360, height: 740 } };
const large = (height) => ({ viewport: { width: 1080, height }, deviceScaleFactor: 2 });
const marked = (page) => page.getByText('Lines 8 to 10').waitFor();

/** The README's and the guides'. */
const LARGE = {
  'log-page': [
    `${team.url}/logs/deploy/77#L60`,
    (page) => page.locator('.verdict').waitFor(),
    large(560),
  ],
  'list-page': [`${team.url}/`, (page) => page.locator('li').nth(5).waitFor(), large(470)],
  find: [
    `${team.url}/logs/deploy/78?q=timeout#L700`,
    async (page) => {
      await page.locator('.row.target mark, mark').first().waitFor();
      await page.keyboard.press('n');
      await page.locator('.row.current mark').waitFor();
      await page.locator('#count', { hasText: ' of ' }).waitFor();
      await page.locator('canvas.marks').waitFor();
      await sleep(500); // Marks are drawn a few times a second.
    },
    large(480),
  ],
  'find-only': [
    `${team.url}/logs/deploy/78?stream=stderr&only=1`,
    async (page) => {
      await page.locator('.seam').first().waitFor();
      await page.getByRole('button', { name: 'Filter', exact: true }).click();
      await page.locator('#count', { hasText: ' lines' }).waitFor();
      await page.locator('.row.waiting').first().waitFor({ state: 'detached' });
    },
    large(480),
  ],
};
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
  'phone-marked': ['/logs/deploy/many#L8-L10', marked, phone],
  'phone-find': ['/logs/deploy/many', find('line 3'), phone],
  landscape: ['/logs/deploy/many#L8-L10', marked, { viewport: { width: 740, height: 360 } }],
  'forced-colors': [
    '/logs/deploy/live?q=db-2#L8-L10',
    (page) => page.locator('mark').first().waitFor(),
    { forcedColors: 'active' },
  ],
  'ended-empty': ['/logs/deploy/none', verdict],
  long: [`/logs/deploy/${'a-very-long-id~'.repeat(8)}`, status('Live')],
  list: ['/', (page) => page.locator('li').nth(3).waitFor()],
  'list-dark': ['/', (page) => page.locator('li').nth(3).waitFor(), dark],
  'list-phone': ['/', (page) => page.locator('li').nth(3).waitFor(), phone],
  'list-none': ['/?q=label%3Aenv%3Ddev', (page) => page.getByText('No log fits').waitFor()],
  'list-wrong': ['/?q=state%3Abroken', (page) => page.getByText('state: is one of').waitFor()],
  'list-empty': [`${empty.url}/`, (page) => page.getByText('No logs yet').waitFor()],
};

async function picture(name, folder, [address, ready, { theme, ...options } = {}]) {
  if (wanted.length > 0 && !wanted.includes(name)) return;
  const look = { viewport: { width: 860, height: 400 }, reducedMotion: 'reduce', ...options };
  const { page, close } = await openPage(browser, look);
  if (theme !== undefined)
    await page.addInitScript((value) => localStorage.setItem('tailrace.theme', value), theme);
  page.setDefaultTimeout(10_000);
  await page.goto(new URL(address, server.url).href);
  await ready(page).catch((error) => console.error(name, error.message));
  await drawn(page);
  await page.screenshot({ path: path.join(images, folder, `${name}.png`) });
  await close();
  front.refuse = false;
}

try {
  for (const [name, one] of Object.entries(PICTURES)) await picture(name, 'states', one);
  if (wanted.length === 0 || wanted.some((name) => name in LARGE)) await work();
  for (const [name, one] of Object.entries(LARGE)) await picture(name, '', one);
} finally {
  await browser.close();
  front.stop();
  for (const one of [server, team, empty, short]) await one.stop();
}
