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
status=0
# One file at a time: browsers are heavy.
BINARY=$binary node --test --test-concurrency=1 --test-reporter=tap "$@" >"$report" || status=$?
cat "$report"
passed=$(sed -n 's/^# pass //p' "$report")
failed=$(sed -n 's/^# fail //p' "$report")
rm -f "$report"
echo "${passed:-0} passed, ${failed:-0} failed"
[ "${passed:-0}" -gt 0 ] && [ "${failed:-1}" -eq 0 ] && exit "$status"
exit 1
