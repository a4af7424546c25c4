// What a reader chose, kept in this browser. Storage may be forbidden: then for one page only.

import type { TimeStyle } from '../format.js';

export type Theme = 'system' | 'light' | 'dark' | 'contrast';
export type Size = 'small' | 'normal' | 'large';

export interface Settings {
  wrap: boolean;
  times: TimeStyle;
  utc: boolean;
  json: boolean;
  theme: Theme;
  size: Size;
}

/** Each setting's values; the first is the default. */
export const CHOICES: { [K in keyof Settings]: readonly Settings[K][] } = {
  wrap: [true, false],
  times: ['off', 'clock', 'date', 'age', 'elapsed'],
  utc: [false, true],
  json: [false, true],
  theme: ['system', 'light', 'dark', 'contrast'],
  size: ['normal', 'small', 'large'],
};

type Kept = Pick<Storage, 'getItem' | 'setItem'>;

export function readSettings(storage: () => Kept = () => localStorage): Settings {
  const read = <K extends keyof Settings>(name: K): Settings[K] => {
    const [fallback] = CHOICES[name];
    let kept: string | null = null;
    try {
      kept = storage().getItem(`tailrace.${name}`);
    } catch {
      // As said above.
    }
    return CHOICES[name].find((choice) => String(choice) === kept) ?? (fallback as Settings[K]);
  };
  return {
    wrap: read('wrap'),
    times: read('times'),
    utc: read('utc'),
    json: read('json'),
    theme: read('theme'),
    size: read('size'),
  };
}

export function writeSetting<K extends keyof Settings>(
  name: K,
  value: Settings[K],
  storage: () => Kept = () => localStorage,
): void {
  try {
    storage().setItem(`tailrace.${name}`, String(value));
  } catch {
    // As said above.
  }
}

/** The theme is the document's affair: colours are inherited by everything in it. */
export function applyTheme(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
}
