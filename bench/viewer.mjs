// The log page under load, in real browsers:
//   BINARY=… node bench/viewer.mjs [--quick] [BROWSER…] [LINES…]
// Prints for logs of 1 and 10 million lines (--quick: 50 and 200 thousand) when the end came into
// view, how long jumps took, when the first match of a search was in view after Enter and when all
// were counted, the page's memory, and how long input had to wait while 100,000 lines a second came
// in:
//   tasks over 50 ms      by the browser's Long Tasks API, which Firefox does not have
//   waits over 50 ms      of a timer of 1 ms that always runs: whatever kept it, kept input, too
//   of CPU time           the same in CPU time of the page's thread (thread-clock.mjs), at most:
//                         what the page does itself, without the time that others had the core
//   longest callback      of the page's own script, in frames, timers and streams, by the clock

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { ThreadClock } from './thread-clock.mjs';

const { launch, openPage, Server } = await import('../tests/browser/harness.mjs');
const { drawn } = await import('../tests/browser/viewer.mjs');

const words = process.argv.slice(2);
const quick = words.includes('--quick');
const browsers = words.filter((word) => /^[a-z]/.test(word));
const sizes = words.filter((word) => /^\d+$/.test(word)).map(Number);
if (browsers.length === 0) browsers.push('chromium', 'firefox');
const SIZES = sizes.length > 0 ? sizes : quick ? [50_000, 200_000] : [1_000_000, 10_000_000];
const BURST_SECONDS = quick ? 2 : 10;
const BURST_RATE = 100_000;
const BATCH = 10_000;
const LONG_MS = 50;

const line = (n) => `2026-11-23T12:00:00Z build step ${n}: compiled one of many files in a moment`;
const lines = (from, count) =>
  `${Array.from({ length: count }, (_, i) => line(from + i)).join('\n')}\n`;

async function fill(server, log, count) {
  for (let from = 0; from < count; from += 5 * BATCH)
    await server.call('POST', `/logs/${log}/entries`, lines(from, 5 * BATCH), 'text/plain');
}

/** In the page, from its beginning: long tasks, how late a timer is, how long callbacks take. */
function watchTasks() {
  globalThis.watched = { tasks: [], waits: [], own: 0 };
  const timed = (action) =>
    function (...values) {
      const begin = performance.now();
      try {
        return action.apply(this, values);
      } finally {
        globalThis.watched.own = Math.max(globalThis.watched.own, performance.now() - begin);
      }
    };
  const { setTimeout } = globalThis;
  for (const name of ['requestAnimationFrame', 'setTimeout']) {
    const original = globalThis[name];
    globalThis[name] = (action, ...rest) => original.call(globalThis, timed(action), ...rest);
  }
  const listen = EventSource.prototype.addEventListener;
  EventSource.prototype.addEventListener = function (type, action, ...rest) {
    listen.call(this, type, timed(action), ...rest);
  };
  if (PerformanceObserver.supportedEntryTypes.includes('longtask')) {
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) globalThis.watched.tasks.push(duration);
    }).observe({ type: 'longtask', buffered: true });
  }
  // The message between two timers keeps the browser from making them wait for 4 ms.
  const channel = new MessageChannel();
  let last = performance.now();
  channel.port1.onmessage = () => {
    const now = performance.now();
    if (now - last > 20) {
      const end = performance.timeOrigin + now;
      globalThis.watched.waits.push({ begin: end - (now - last), end });
    }
    last = now;
    setTimeout(() => channel.port2.postMessage(0), 1);
  };
  channel.port2.postMessage(0);
}

/** Milliseconds in the page until the row is loaded and in the document. */
const until = (page, position) =>
  page.evaluate(async (n) => {
    const row = () =>
      document
        .querySelector('tailrace-app')
        ?.shadowRoot.querySelector('tailrace-log-page')
        ?.shadowRoot?.querySelector('tailrace-log')
        ?.shadowRoot?.querySelector(`.row[data-n="${n}"]:not(.waiting)`);
    while (!row()) await new Promise((resolve) => requestAnimationFrame(resolve));
    return performance.now();
  }, position);

/** MB of script memory, after a collection; undefined where the browser does not tell. */
async function memory(tab, name) {
  if (name !== 'chromium') return undefined;
  const session = await tab.page.context().newCDPSession(tab.page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  return usedSize / 2 ** 20;
}

async function jumps(page, count) {
  const times = [];
  for (let i = 1; i <= 9; i++) {
    const position = Math.floor((count * ((i * 7) % 10)) / 10);
    const begin = await page.evaluate((n) => {
      const begin = performance.now();
      location.hash = `#L${n + 1}`;
      return begin;
    }, position);
    times.push((await until(page, position)) - begin);
  }
  return times.sort((a, b) => a - b);
}

/** Milliseconds from Enter to the first match in view, highlighted, and to the full count. */
async function find(page) {
  await page.keyboard.press('Home');
  await until(page, 0);
  await page.keyboard.press('/');
  // Not among what is in view, and a thousand times in ten million lines.
  await page.keyboard.insertText('step 7777');
  return page.evaluate(async () => {
    const at = (host, name) => host.shadowRoot.querySelector(name);
    const view = at(document.querySelector('tailrace-app'), 'tailrace-log-page');
    const bar = at(view, 'tailrace-find-bar');
    const log = at(view, 'tailrace-log');
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    const key = { key: 'Enter', bubbles: true, composed: true };
    const begin = performance.now();
    at(bar, 'input').dispatchEvent(new KeyboardEvent('keydown', key));
    while (!at(log, '.row.current mark')) await frame();
    const first = performance.now() - begin;
    while (!log.finding.state.complete) await frame();
    return { first, all: performance.now() - begin, total: log.finding.state.total };
  });
}

/** Another process writes, so that this one is free to look. */
async function burst(server, page, log) {
  await page.keyboard.press('End');
  await drawn(page);
  const clock = await ThreadClock.start(page);
  await page.evaluate(() => (globalThis.watched = { tasks: [], waits: [], own: 0 }));
  const writer = spawn(process.execPath, [
    '-e',
    `const rate = ${BURST_RATE}, step = rate / 10; let sent = 0;
     const text = ${JSON.stringify(line(''))};
     const body = Array.from({ length: step }, (_, i) => text + i + '\\n').join('');
     const begin = Date.now();
     (async () => {
       while (sent < rate * ${BURST_SECONDS}) {
         const wait = begin + (1000 * sent) / rate - Date.now();
         if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
         await fetch('${server.url}/api/v1/logs/${log}/entries',
                     { method: 'POST', body, headers: { 'Content-Type': 'text/plain' } });
         sent += step;
       }
       console.log(Math.round(sent / ((Date.now() - begin) / 1000)));
     })();`,
  ]);
  let output = '';
  writer.stdout.on('data', (text) => (output += text));
  await once(writer, 'close');
  const { position } = await (await fetch(`${server.url}/api/v1/logs/${log}`)).json();
  await until(page, position - 1);
  const { tasks, waits, own } = await page.evaluate(() => globalThis.watched);
  clock.stop();
  return {
    rate: Number(output),
    tasks,
    waits: waits.map(({ begin, end }) => end - begin),
    cpu: waits.map(({ begin, end }) => clock.ran(begin, end)),
    own,
    hasTasks: await page.evaluate(() =>
      PerformanceObserver.supportedEntryTypes.includes('longtask'),
    ),
  };
}

const server = await Server.start();
const row = (...cells) => console.log(`| ${cells.join(' | ')} |`);
const ms = (value) => `${value.toFixed(0)} ms`;
/** How many of them are long, and the longest. */
const longOf = (times) => {
  const long = times.filter((time) => time > LONG_MS).length;
  return times.length === 0 ? '0' : `${long} (${ms(Math.max(...times))})`;
};
try {
  for (const count of SIZES) await fill(server, `bench/${count}`, count);
  row(
    'browser',
    'lines',
    'end in view',
    'jump, median',
    'jump, worst',
    'first match',
    'full count',
    'script memory',
    'lines/s',
    'tasks over 50 ms',
    'waits over 50 ms',
    'of CPU time',
    'longest callback',
  );
  row(...Array.from({ length: 12 }, () => '---'));
  for (const name of browsers) {
    const browser = await launch(name);
    for (const count of SIZES) {
      const log = `bench/${count}`;
      const { position } = await (await fetch(`${server.url}/api/v1/logs/${log}`)).json();
      const tab = await openPage(browser);
      await tab.page.addInitScript(watchTasks);
      await tab.page.goto(`${server.url}/logs/${log}`);
      const first = await until(tab.page, position - 1);
      const times = await jumps(tab.page, count);
      const found = await find(tab.page);
      await tab.page.keyboard.press('Escape');
      const came = await burst(server, tab.page, log);
      const used = await memory(tab, name);
      row(
        name,
        count.toLocaleString('en'),
        ms(first),
        ms(times[4]),
        ms(times.at(-1)),
        ms(found.first),
        `${ms(found.all)} (${found.total.toLocaleString('en')})`,
        used === undefined ? '-' : `${used.toFixed(1)} MB`,
        came.rate.toLocaleString('en'),
        came.hasTasks ? longOf(came.tasks) : '-',
        longOf(came.waits),
        longOf(came.cpu),
        ms(came.own),
      );
      await tab.close();
    }
    await browser.close();
  }
} finally {
  await server.stop();
}
