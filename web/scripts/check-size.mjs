// node check-size.mjs FOLDER: fails if a page would load more than its budget, gzipped.

import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';

const BUDGET_BYTES = 60_000;

const folder = path.join(process.argv[2], 'assets');
const size = (name) => gzipSync(readFileSync(path.join(folder, name)), { level: 9 }).length;
const files = readdirSync(folder);
const sum = (names) => names.reduce((all, name) => all + size(name), 0);
const component = files.filter((name) => name === 'tailrace-log.js');
const page = files.filter((name) => !component.includes(name));
for (const [what, bytes] of [
  ['the pages', sum(page)],
  ['tailrace-log.js', sum(component)],
]) {
  if (bytes > 0 && bytes <= BUDGET_BYTES) continue;
  process.stderr.write(`${what}: ${bytes} bytes gzipped, the budget is ${BUDGET_BYTES}\n`);
  process.exitCode = 1;
}
