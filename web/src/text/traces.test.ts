import { describe, expect, it } from 'vitest';
import { forSeeds } from '../testing/random.js';
import { traceAt } from './traces.js';

const JAVA = `2026-11-23 ERROR boom
java.lang.IllegalStateException: no
\tat org.example.Main.run(Main.java:7)
\tat org.example.Main.main(Main.java:3)
Caused by: java.io.IOException: gone
\tat org.example.Disk.read(Disk.java:9)
\t... 2 more
after`.split('\n');
const PYTHON = `before
Traceback (most recent call last):
  File "/srv/a.py", line 7, in <module>
    main()
    ~~~~^^
  File "/srv/a.py", line 3, in main
    raise ValueError("no")
ValueError: no`.split('\n');
const GO = `panic: runtime error: index out of range [5] with length 3

goroutine 1 [running]:
main.read(...)
\t/src/main.go:7
main.(*Log).Read(0xc0000140a8, {0x1, 0x2})
\t/src/log.go:9 +0x1d
created by main.main in goroutine 1
\t/src/main.go:3 +0x7f
exit status 2`.split('\n');
const RUST = `thread 'main' panicked at src/main.rs:2:5:
stack backtrace:
   0: rust_begin_unwind
             at /rustc/x/library/std/src/panicking.rs:617:5
   1: core::panicking::panic_fmt
             at /rustc/x/library/core/src/panicking.rs:67:14
   2: main::main
note: Some details are omitted`.split('\n');
const NODE = `TypeError: x is not a function
    at f (/srv/a.js:7:3)
    at Object.<anonymous> (/srv/a.js:9:1)
    at node:internal/main/run_main_module:23:47
done`.split('\n');
const DOTNET = `Unhandled exception. System.InvalidOperationException: no
 ---> System.IO.IOException: gone
   at Disk.Read() in /src/Disk.cs:line 7
   --- End of inner exception stack trace ---
   at Program.Main(String[] args) in /src/Program.cs:line 3
after`.split('\n');

/** Head and end of the trace around each line. */
function found(lines: readonly string[]): string[] {
  const all = lines.map((_, n) => traceAt(n, (line) => lines[line]));
  return [...new Set(all.map((trace) => (trace ? `${trace.head}-${trace.end}` : '')))].filter(
    (text) => text !== '',
  );
}

describe('stack traces', () => {
  it.each([
    ['Java', JAVA, '1-7'],
    ['Python', PYTHON, '1-7'],
    ['Go', GO, '2-9'],
    ['Rust', RUST, '1-6'],
    ['Node', NODE, '0-4'],
  ])('of %s', (_, lines, where) => {
    expect(found(lines)).toEqual([where]);
  });

  it('of .NET, behind what its inner exception says', () => {
    expect(found(DOTNET)).toEqual(['1-5']);
  });

  it('are the same from wherever one looks', () => {
    const all = [JAVA, PYTHON, GO, RUST, NODE, DOTNET];
    forSeeds(60, (random) => {
      const lines = Array.from({ length: 5 }, () =>
        random.pick([...all, ['a', 'b  c', '']]),
      ).flat();
      const textAt = (n: number) => lines[n];
      for (let n = 0; n < lines.length; n++) {
        const trace = traceAt(n, textAt);
        if (trace === undefined) continue;
        for (let other = trace.head; other < trace.end; other++) {
          const again = traceAt(other, textAt);
          // The head of one may be the last frame of another.
          if (other > trace.head) expect(again).toEqual(trace);
        }
      }
    });
  });

  it('are not indented text, lists or prose', () => {
    expect(found(['yaml:', '    a: 1', '    b: 2', '    c: 3', '    d: 4'])).toEqual([]);
    expect(found(['steps', '  1: one', 'x', '  2: two'])).toEqual([]);
    expect(found(['we met', '  at noon', 'again'])).toEqual([]);
    expect(found(['f(x)', 'g(y)', 'h(z)', 'k(w)'])).toEqual([]);
  });

  it('are not told of before their head is here', () => {
    const textAt = (n: number) => (n < 2 ? undefined : JAVA[n]);
    expect(traceAt(3, textAt)).toBe(undefined);
  });
});
