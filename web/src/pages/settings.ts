// What a reader chose, kept in this browser. Storage may be forbidden: then for one page only.

export function readSetting(name: string, fallback: boolean): boolean {
  try {
    const value = localStorage.getItem(`tailrace.${name}`);
    return value === null ? fallback : value === 'on';
  } catch {
    return fallback;
  }
}

export function writeSetting(name: string, value: boolean): void {
  try {
    localStorage.setItem(`tailrace.${name}`, value ? 'on' : 'off');
  } catch {
    // As said above.
  }
}
