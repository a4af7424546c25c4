// Stack traces: which lines are the frames below a head. Every line is judged by itself and by
// those beside it, so that the same lines are found wherever one begins to look.
//
//   Java, .NET, Node     "   at …", "Caused by: …", "... 12 more", "--- End of … stack trace …"
//   Python               "  File "x.py", line 7, in f", with the lines of code below it
//   Go                   "main.f(0x1)" above "\t/src/main.go:7 +0x1d", "created by …"
//   Rust                 "   3: core::panicking::panic" above "             at ./src/main.rs:2:5"

/** A frame, whatever stands beside it. */
const FRAME = new RegExp(
  [
    '^\\s+at \\S', // Java, .NET, Node; the places of Rust.
    '^\\s*(?:Caused by|Suppressed): \\S',
    '^\\s+\\.\\.\\. \\d+ (?:more|common frames omitted)$',
    '^\\s*--- End of (?:inner exception )?stack trace',
    '^\\s+File ".*", line \\d+', // Python
    '^\\t\\S.*\\.(?:go|s):\\d+(?: \\+0x[0-9a-f]+)?$', // Go
  ].join('|'),
);
const PYTHON_FILE = /^\s+File ".*", line \d+/;
const PYTHON_CODE = /^\s{4}/;
/** A statement is not shown in more lines. */
const PYTHON_LINES = 6;
/** What stands above a place: Go's functions, Rust's numbered ones. */
const GO_PLACE = /^\t\S.*\.(?:go|s):\d+/;
const GO_CALL = /^(?:created by )?[\w./*()[\]{}<>,·-]+(?:\(.*\))?(?: in goroutine \d+)?$/;
const RUST_CALL = /^\s+\d+: +\S/;
const RUST_PLACE = /^\s+at \S.*:\d+(?::\d+)?$/;
/** Cheap: no other line can be one of a trace. */
const MAYBE = /^\s|^(?:Caused by|Suppressed|created by|---)|\)$/;
/** Frames are not longer. */
const LONGEST = 1_000;

type TextAt = (line: number) => string | undefined;

/** Whether the line is part of a trace, below its head. */
function isFrame(line: number, textAt: TextAt): boolean {
  const text = textAt(line);
  if (text === undefined || text.length > LONGEST || !MAYBE.test(text)) return false;
  if (FRAME.test(text) || isPythonCode(line, textAt)) return true;
  const after = textAt(line + 1);
  if (after === undefined) return false;
  return (
    (GO_PLACE.test(after) && GO_CALL.test(text)) ||
    (RUST_CALL.test(text) && (RUST_PLACE.test(after) || RUST_CALL.test(after)))
  );
}

/** A line of code, or what Python puts below it to point at a part of it. */
function isPythonCode(line: number, textAt: TextAt): boolean {
  for (let n = line; n > line - PYTHON_LINES; n--) {
    if (!PYTHON_CODE.test(textAt(n) ?? '')) return false;
    if (PYTHON_FILE.test(textAt(n - 1) ?? '')) return true;
  }
  return false;
}

export interface Trace {
  /** The line above the first frame. */
  head: number;
  /** Frames are [head + 1, end). */
  end: number;
}

/** So far traces reach; a longer one is cut there. */
export const MAX_TRACE_LINES = 2_000;
/** A shorter one is left alone. */
export const MIN_FRAMES = 3;

/**
 * The trace that the line is in or the head of, or undefined. `textAt`: of the lines that are here
 * and of the same source, else undefined.
 */
export function traceAt(line: number, textAt: TextAt): Trace | undefined {
  const frame = (n: number) => isFrame(n, textAt);
  let first = line;
  if (frame(line)) {
    while (first > line - MAX_TRACE_LINES && frame(first - 1)) first--;
  } else if (frame(line + 1)) {
    first = line + 1;
  } else {
    return undefined;
  }
  if (textAt(first - 1) === undefined) return undefined; // Nobody knows what it belongs to.
  let end = Math.max(first, line) + 1;
  while (end < first + MAX_TRACE_LINES && frame(end)) end++;
  if (!hasProof(first, end, textAt)) return undefined;
  return end - first >= MIN_FRAMES ? { head: first - 1, end } : undefined;
}

/** Lines of code alone, indented, are no trace. */
function hasProof(first: number, end: number, textAt: TextAt): boolean {
  for (let n = first; n < end; n++) {
    const text = textAt(n) ?? '';
    if (FRAME.test(text) || RUST_CALL.test(text)) return true;
  }
  return false;
}
