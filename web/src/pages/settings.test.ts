import { describe, expect, it } from 'vitest';
import { readSettings, writeSetting } from './settings.js';

const DEFAULTS = {
  wrap: true,
  times: 'off',
  utc: false,
  json: false,
  theme: 'system',
  size: 'normal',
};

describe('settings', () => {
  it('come back as they were written', () => {
    const kept = new Map<string, string>();
    const storage = () => ({
      getItem: (name: string) => kept.get(name) ?? null,
      setItem: (name: string, value: string) => void kept.set(name, value),
    });
    expect(readSettings(storage)).toEqual(DEFAULTS);
    writeSetting('wrap', false, storage);
    writeSetting('theme', 'dark', storage);
    expect(readSettings(storage)).toEqual({ ...DEFAULTS, wrap: false, theme: 'dark' });
    kept.set('tailrace.times', '<script>');
    kept.set('tailrace.size', 'on');
    expect(readSettings(storage)).toEqual({ ...DEFAULTS, wrap: false, theme: 'dark' });
  });

  it('are the defaults where storage is forbidden', () => {
    const forbidden = () => {
      throw new Error('SecurityError');
    };
    writeSetting('wrap', false, forbidden);
    expect(readSettings(forbidden)).toEqual(DEFAULTS);
  });
});
