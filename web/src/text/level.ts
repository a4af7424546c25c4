// How serious a line is: by its field `level`, else by the usual forms at its beginning.

import type { Entry } from '../client/api.js';

export type Level = 'error' | 'warn' | 'debug';

const NAMES: Record<string, Level> = {
  emerg: 'error',
  emergency: 'error',
  alert: 'error',
  crit: 'error',
  critical: 'error',
  fatal: 'error',
  panic: 'error',
  severe: 'error',
  err: 'error',
  error: 'error',
  warn: 'warn',
  warning: 'warn',
  debug: 'debug',
  trace: 'debug',
  verbose: 'debug',
  fine: 'debug',
};

/** Nobody says it later in a line. */
const LOOKED_AT = 160;
const WORDS: readonly [Level, string, string][] = [
  ['error', 'emerg|alert|crit|critical|fatal|panic|severe|err|error', '50|60'],
  ['warn', 'warn|warning', '40'],
  ['debug', 'debug|trace|verbose|fine', '10|20'],
];

/** What is said only of errors, or only of warnings. */
const OWN_FORMS: Partial<Record<Level, string>> = {
  error:
    '^npm ERR!|^##\\[error\\]|^::error\\b|^Traceback \\(most recent call last\\)|^Exception in ' +
    '|^[\\w.$]*(?:Exception|Error)(?::|$)' +
    "|^panic: |^thread '[^']*' panicked|^error\\[E\\d+\\]: |^[EF]\\d{4} \\d\\d:\\d\\d:\\d\\d",
  warn: '^npm WARN\\b|^##\\[warning\\]|^::warning\\b|^W\\d{4} \\d\\d:\\d\\d:\\d\\d',
};

const FORMS = WORDS.map(([level, names, numbers]): [Level, RegExp] => {
  const upper = names.toUpperCase();
  const any = names.replace(/[a-z]/g, (c) => `[${c}${c.toUpperCase()}]`);
  const forms = [
    `\\b(?:${upper})\\b(?![_=-])`, // ERROR
    `[[(<](?:${any})[\\])>]`, // [error]
    `\\b(?:level|lvl|severity|loglevel)=["']?(?:${any})\\b`, // level=error
    `"(?:level|lvl|severity|log\\.level|@l)" ?: ?(?:"(?:${any})"|(?:${numbers})\\b)`, // JSON
    `^(?:${any}): |: (?:fatal )?(?:${names}): `, // main.c:7:3: error: …
  ];
  const own = OWN_FORMS[level];
  return [level, new RegExp([...forms, ...(own === undefined ? [] : [own])].join('|'))];
});
const ESCAPES = /\u001b\[[0-?]*[ -/]*[@-~]/g;
const ANY =
  /err|warn|crit|fatal|alert|emerg|panic|severe|debug|trace|verbose|fine|exception|level|\d{4} /i;

export function levelOf(entry: Pick<Entry, 'level' | 'text'>): Level | undefined {
  if (entry.level) return NAMES[entry.level.toLowerCase()];
  return levelInText(entry.text);
}

export function levelInText(text: string): Level | undefined {
  let head = text.length > LOOKED_AT ? text.slice(0, LOOKED_AT) : text;
  if (!ANY.test(head)) return undefined;
  if (head.includes('\u001b')) head = head.replace(ESCAPES, '');
  for (const [level, form] of FORMS) if (form.test(head)) return level;
  return undefined;
}
