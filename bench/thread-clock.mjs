// How long the thread that runs a page's script had a core. Linux counts it for each thread
// (/proc/PID/task/TID/schedstat: nanoseconds), whatever the browser tells. So a delay in the page
// can be told apart from a machine that is busy with something else.

import { readdirSync, readFileSync } from 'node:fs';
import process from 'node:process';

/** Milliseconds. A process's main thread has its number. */
const ranOf = (pid) =>
  parseInt(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'ascii'), 10) / 1e6;

/** Descendants of this process that run pages, of either browser. */
function pageProcesses() {
  const parents = new Map();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      parents.set(pid, stat.slice(stat.lastIndexOf(')')).split(' ')[2]);
    } catch {
      // It has ended meanwhile.
    }
  }
  const isOurs = (pid) =>
    pid === String(process.pid) || (parents.has(pid) && isOurs(parents.get(pid)));
  return [...parents.keys()].filter((pid) => {
    if (!isOurs(pid)) return false;
    // Chromium's are one word, Firefox's many.
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split(/[\0 ]/);
    const isFirefox = words.includes('-contentproc') && words.includes('tab');
    return isFirefox || words.includes('--type=renderer');
  });
}

export class ThreadClock {
  #samples = [];
  #pid;
  #timer;

  /** Finds the thread by keeping it busy for a moment. */
  static async start(page) {
    const before = pageProcesses().map((pid) => ({ pid, ran: ranOf(pid) }));
    await page.evaluate(() => {
      const end = performance.now() + 300;
      while (performance.now() < end);
    });
    const grown = before.map(({ pid, ran }) => ({ pid, by: ranOf(pid) - ran }));
    const clock = new ThreadClock();
    clock.#pid = grown.reduce((most, other) => (other.by > most.by ? other : most)).pid;
    clock.#sample();
    return clock;
  }

  stop() {
    clearTimeout(this.#timer);
  }

  /** So long, in ms, it had a core between these times (since 1970), at most. */
  ran(begin, end) {
    const first = this.#samples.findLast(({ at }) => at <= begin) ?? this.#samples[0];
    const last = this.#samples.find(({ at }) => at >= end) ?? this.#samples.at(-1);
    return last.ran - first.ran;
  }

  #sample() {
    const at = performance.timeOrigin + performance.now();
    this.#samples.push({ at, ran: ranOf(this.#pid) });
    this.#timer = setTimeout(() => this.#sample(), 2);
  }
}
