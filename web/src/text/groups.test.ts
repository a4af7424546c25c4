import { describe, expect, it } from 'vitest';
import { forSeeds } from '../testing/random.js';
import {
  MARKER_PATTERN,
  commandsIn,
  mayHaveSigns,
  readSigns,
  signsOf,
  withoutStretches,
} from './groups.js';

const ESC = '\u001b';
const kinds = (text: string) => readSigns(text).map((sign) => `${sign.dialect} ${sign.kind}`);
const shown = (text: string) => withoutStretches(text, commandsIn(text)).text;

describe('group commands', () => {
  it('are those of GitHub Actions and Azure Pipelines', () => {
    expect(readSigns('::group::Install')).toEqual([
      { kind: 'begin', dialect: 'github', name: '', collapsed: true, time: NaN },
    ]);
    expect(kinds('::endgroup::')).toEqual(['github end']);
    expect(kinds('2026-11-23T10:00:00.0000000Z ##[group]Run make')).toEqual(['github begin']);
    expect(kinds('##[endgroup]')).toEqual(['github end']);
    expect(kinds(`${ESC}[36m::group::in colour`)).toEqual(['github begin']);
    expect(kinds('echo "::group::Install"')).toEqual([]);
    expect(shown('::group::Install')).toBe('Install');
    expect(shown(`${ESC}[36m::group::in colour`)).toBe(`${ESC}[36min colour`);
    expect(shown('##[group]Run make')).toBe('Run make');
    expect(shown('::endgroup::')).toBe('');
  });

  it('are those of GitLab CI', () => {
    const begin = `${ESC}[0Ksection_start:1732356000:build_it[collapsed=true]\r${ESC}[0K`;
    const end = `${ESC}[0Ksection_end:1732356007:build_it\r${ESC}[0K`;
    expect(readSigns(`${begin}Building`)).toEqual([
      {
        kind: 'begin',
        dialect: 'gitlab',
        name: 'build_it',
        collapsed: true,
        time: 1_732_356_000_000,
      },
    ]);
    expect(readSigns('section_start:1732356000:x\rX')[0]?.collapsed).toBe(false);
    expect(readSigns(end)[0]).toMatchObject({ kind: 'end', name: 'build_it' });
    expect(readSigns(`${end}${begin}Next`).map((sign) => sign.kind)).toEqual(['end', 'begin']);
    expect(readSigns(`${end}${begin}Next`)[1]?.time).toBe(1_732_356_000_000);
    expect(kinds('see section_start: in the manual')).toEqual([]);
    expect(shown(`${end}${begin}Next`)).toBe(`${ESC}[0K${ESC}[0KNext`);
  });

  it('are those of Buildkite, but not what looks alike', () => {
    expect(kinds('--- :rocket: Deploy')).toEqual(['buildkite begin']);
    expect(kinds('+++ Tests')).toEqual(['buildkite begin']);
    expect(kinds('~~~ Quiet')).toEqual(['buildkite begin']);
    expect(kinds('^^^ +++')).toEqual(['buildkite reopen']);
    for (const text of [
      '--- a/web/src/main.ts',
      '+++ b/web/src/main.ts',
      '--- /dev/null',
      '--- FAIL: TestLog (0.00s)',
      '--- PASS: TestLog (0.00s)',
      '---',
      '----- x',
      ' --- x',
    ])
      expect(kinds(text), text).toEqual([]);
    expect(shown('--- :rocket: Deploy')).toBe(':rocket: Deploy');
  });

  it('are told by a search as by the text', () => {
    const pieces = ['::group::', '::endgroup::', '##[group]', 'section_start:17:a', '\r', 'text '];
    pieces.push(
      'section_end:18:a',
      '[collapsed=true]',
      '--- ',
      '+++ ',
      'b/',
      '^^^ +++',
      'FAIL',
      'x',
    );
    const pattern = new RegExp(MARKER_PATTERN, 'g');
    forSeeds(2000, (random) => {
      const text = Array.from({ length: random.int(0, 6) }, () => random.pick(pieces)).join('');
      const places = [...text.matchAll(pattern)].map(
        (match) => [match.index, match.index + match[0].length] as [number, number],
      );
      const bare = (sign: ReturnType<typeof signsOf>[number]) => ({ ...sign, name: '', time: NaN });
      expect(signsOf(places)).toEqual(readSigns(text).map(bare));
      if (readSigns(text).length > 0) expect(mayHaveSigns(text)).toBe(true);
    });
  });

  it('leave places of the rest where they belong', () => {
    forSeeds(300, (random) => {
      const text = Array.from({ length: 20 }, (_, i) => String.fromCharCode(97 + i)).join('');
      const cut = [random.int(0, 10), random.int(10, 20)].sort((a, b) => a - b) as [number, number];
      const begin = random.int(0, 19);
      const end = random.int(begin + 1, 21);
      const { text: rest, places } = withoutStretches(text, [cut], [[begin, end]]);
      const kept = Array.from(text.slice(begin, end))
        .filter((c) => rest.includes(c))
        .join('');
      expect(places.map(([a, b]) => rest.slice(a, b)).join('')).toBe(kept);
    });
  });
});
