#!/bin/sh
# Runs the browser tests against a built program: tests/browser/run.sh BINARY [TEST-FILE ...]
# Needs chromium, firefox-esr and Node.js. Ends with the line "N passed, N failed".
set -eu
binary=$(realpath "$1")
shift
cd "$(dirname "$0")"
exec 9<package-lock.json
flock 9
if ! cmp -s package-lock.json node_modules/.installed-lock; then
  npm ci --loglevel=error
  cp package-lock.json node_modules/.installed-lock
fi
flock -u 9
[ $# -gt 0 ] || set -- *.test.mjs
report=$(mktemp)
trap 'rm -f "$report"' EXIT
passed=0
failed=0
# One file at a time: browsers are heavy.
for file in "$@"; do
  BINARY=$binary node --test --test-reporter=tap "$file" >"$report" || [ $? -eq 1 ]
  cat "$report"
  passed=$((passed + $(sed -n 's/^# pass //p' "$report")))
  failed=$((failed + $(sed -n 's/^# fail //p' "$report")))
done
echo "$passed passed, $failed failed"
[ "$passed" -gt 0 ] && [ "$failed" -eq 0 ]
