#!/bin/sh
# Builds the pages into the directory $1. Installs the packages first if the lock has changed since
# the last time; several builds at once wait for each other.
set -eu
cd "$(dirname "$0")/.."
exec 9<package-lock.json
flock 9
stamp=node_modules/.installed-lock
if ! cmp -s package-lock.json "$stamp"; then
  npm ci --loglevel=error
  cp package-lock.json "$stamp"
fi
node_modules/.bin/tsc --noEmit
node_modules/.bin/vite build --logLevel warn --outDir "$1"
node_modules/.bin/vite build --config vite.component.ts --logLevel warn --outDir "$1"
node scripts/check-size.mjs "$1"
