import { describe, expect, it } from 'vitest';
import { levelInText, levelOf } from './level.js';

describe('levels', () => {
  it('are what the field says', () => {
    expect(levelOf({ level: 'FATAL', text: '' })).toBe('error');
    expect(levelOf({ level: 'Warning', text: 'ERROR' })).toBe('warn');
    expect(levelOf({ level: 'info', text: 'ERROR' })).toBe(undefined);
    expect(levelOf({ level: '<script>', text: '' })).toBe(undefined);
  });

  it.each([
    ['2026-11-23 10:00:00,123 ERROR org.example.Main - no', 'error'],
    ['ERROR:root:no', 'error'],
    ['[error] 7#7: no', 'error'],
    ['time="…" level=error msg=no', 'error'],
    ['{"ts":1,"level":"Error","msg":"no"}', 'error'],
    ['{"level":50,"time":1,"msg":"no"}', 'error'],
    ['{"severity": "CRITICAL"}', 'error'],
    ['E1123 10:00:00.123456       1 main.go:7] no', 'error'],
    ['src/main.c:7:3: error: no', 'error'],
    ['error[E0308]: mismatched types', 'error'],
    ['npm ERR! code 1', 'error'],
    ['\u001b[31mERROR\u001b[0m no', 'error'],
    ['##[error]Process completed with exit code 1.', 'error'],
    ['panic: runtime error: index out of range', 'error'],
    ['Traceback (most recent call last):', 'error'],
    ["thread 'main' panicked at src/main.rs:2:5:", 'error'],
    ['java.lang.IllegalStateException: no', 'error'],
    ['ValueError: no', 'error'],
    ['WARN  [main] slow', 'warn'],
    ['main.c:7: warning: unused', 'warn'],
    ['W1123 10:00:00.123456 1 x.go:7] slow', 'warn'],
    ['level=warning msg=slow', 'warn'],
    ['DEBUG cache miss', 'debug'],
    ['{"level":20}', 'debug'],
    ['INFO all is fine', undefined],
    ['0 errors, 0 warnings', undefined],
    ['ERROR_CODE=0', undefined],
    ['without an error in it', undefined],
    ['', undefined],
    [`${'x'.repeat(300)} ERROR`, undefined],
  ])('%s', (text, level) => {
    expect(levelInText(text)).toBe(level);
  });
});
