// Commands by which jobs put their lines into groups:
//   GitHub Actions   ::group::TITLE … ::endgroup::      (Azure Pipelines: ##[group]TITLE)
//   GitLab CI        section_start:TIME:NAME[collapsed=true]\r ESC[0K TITLE … section_end:TIME:NAME
//   Buildkite        --- TITLE, +++ TITLE, ~~~ TITLE; each ends the one before. ^^^ +++ opens it.
//
// The server finds them in a log of any length (MARKER_PATTERN), but tells only places: what a
// command is follows from the length of the match, so no two kinds may have matches of one length.

export type Dialect = 'github' | 'gitlab' | 'buildkite';

/** What a line says about groups. */
export interface Sign {
  kind: 'begin' | 'end' | 'reopen';
  dialect: Dialect;
  /** GitLab's name of the section; '' if nobody has read it. */
  name: string;
  /** The job wants the group closed at first. */
  collapsed: boolean;
  /** GitLab's own time, ms since 1970; else NaN. */
  time: number;
}

/** RE2 and JavaScript; upper and lower case differ; of texts without their escape sequences. */
export const MARKER_PATTERN = [
  '^::group::',
  '^::endgroup::',
  '##\\[group\\]',
  '##\\[endgroup\\]',
  'section_start:[0-9]',
  'section_end:[0-9]',
  '[0-9A-Za-z_.-]\\[collapsed=true',
  // Differences of files and the verdicts of Go's tests look like headings and are none.
  '^(?:---|\\+\\+\\+) (?:[ab]/|/dev)',
  '^--- (?:FAIL|PASS|SKIP|BENC)',
  '^(?:---|~~~|\\+\\+\\+) ',
  '^\\^\\^\\^ \\+\\+\\+',
].join('|');

const KINDS = new Map<number, Pick<Sign, 'kind' | 'dialect' | 'collapsed'> | 'collapsed'>([
  [9, { kind: 'begin', dialect: 'github', collapsed: true }],
  [12, { kind: 'end', dialect: 'github', collapsed: false }],
  [15, { kind: 'begin', dialect: 'gitlab', collapsed: false }],
  [13, { kind: 'end', dialect: 'gitlab', collapsed: false }],
  [16, 'collapsed'],
  // Anybody writes "---": what may not have been meant as a group is not hidden.
  [4, { kind: 'begin', dialect: 'buildkite', collapsed: false }],
  [7, { kind: 'reopen', dialect: 'buildkite', collapsed: false }],
]);

/** Commands stand near the beginning of a line. */
const LOOKED_AT = 2_048;
const QUICK =
  /::(?:end)?group::|##\[(?:end)?group|section_(?:start|end):\d|(?:---|\+\+\+|~~~) |\^\^\^ \+/;
const ESCAPES = /\u001b\[[0-?]*[ -/]*[@-~]/g;

/** Of the places that a search for MARKER_PATTERN tells of one line. */
export function signsOf(columns: readonly (readonly [number, number])[]): Sign[] {
  const signs: Sign[] = [];
  for (const [begin, end] of columns) {
    const kind = KINDS.get(end - begin);
    if (kind === undefined) continue;
    const last = signs.at(-1);
    if (kind !== 'collapsed') signs.push({ ...kind, name: '', time: NaN });
    else if (last?.dialect === 'gitlab' && last.kind === 'begin') last.collapsed = true;
  }
  return signs;
}

/** The same of a text, with names and times. */
export function readSigns(text: string): Sign[] {
  if (!mayHaveSigns(text)) return [];
  const plain = text.slice(0, LOOKED_AT).replace(ESCAPES, '');
  const matches = [...plain.matchAll(new RegExp(MARKER_PATTERN, 'g'))];
  const signs = signsOf(matches.map((match) => [match.index, match.index + match[0].length]));
  const details = plain.matchAll(/section_(?:start|end):(\d{1,13}):([\w.-]*)/g);
  for (const sign of signs) {
    if (sign.dialect !== 'gitlab') continue;
    const [, seconds, name] = details.next().value ?? [];
    sign.name = name ?? '';
    sign.time = Number(seconds) * 1000;
  }
  return signs;
}

/** False for nearly all lines, and cheap. */
export function mayHaveSigns(text: string): boolean {
  return QUICK.test(text.length > LOOKED_AT ? text.slice(0, LOOKED_AT) : text);
}

const COMMANDS = new RegExp(
  [
    'section_(?:start|end):\\d+:[\\w.-]*(?:\\[[\\w=,]*\\])?\\r?(?:\\u001b\\[0?K)?',
    '##\\[(?:end)?group\\]',
    '^((?:\\u001b\\[[0-?]*[ -/]*[@-~])*)' +
      '(?:::(?:end)?group::|(?:---|\\+\\+\\+|~~~|\\^\\^\\^ \\+\\+\\+)(?: |$))',
  ].join('|'),
  'g',
);

/** Stretches of a line with signs that are commands and not for reading. */
export function commandsIn(text: string): [begin: number, end: number][] {
  return [...text.slice(0, LOOKED_AT).matchAll(COMMANDS)].map((match) => [
    match.index + (match[1]?.length ?? 0),
    match.index + match[0].length,
  ]);
}

/** The text without these stretches, and places in it that were places in the whole text. */
export function withoutStretches(
  text: string,
  stretches: readonly (readonly [number, number])[],
  places: readonly (readonly [number, number])[] = [],
): { text: string; places: [number, number][] } {
  let rest = '';
  let at = 0;
  for (const [begin, end] of stretches) {
    rest += text.slice(at, begin);
    at = end;
  }
  rest += text.slice(at);
  const moved = (place: number) => {
    let gone = 0;
    for (const [begin, end] of stretches) gone += Math.max(0, Math.min(place, end) - begin);
    return place - gone;
  };
  return {
    text: rest,
    places: places
      .map(([begin, end]): [number, number] => [moved(begin), moved(end)])
      .filter(([begin, end]) => end > begin),
  };
}
