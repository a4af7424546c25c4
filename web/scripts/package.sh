#!/bin/sh
# package.sh FOLDER: makes the npm package in FOLDER, ready for `npm pack` or `npm publish` there.
# The packages of package-lock.json have to be installed.
set -eu
out=$(realpath -m "$1")
cd "$(dirname "$0")/.."
rm -rf "$out"
mkdir -p "$out"
node_modules/.bin/vite build --config vite.package.ts --logLevel warn --outDir "$out/dist"
node_modules/.bin/tsc --project tsconfig.package.json --outDir "$out/dist/types"
cp package/*.d.ts package/server.js "$out/dist"
cp package/README.md ../LICENSE "$out"
node -e '
  const { readFileSync, writeFileSync } = require("node:fs");
  const { version } = JSON.parse(readFileSync("package.json"));
  const manifest = { ...JSON.parse(readFileSync("package/package.json")), version };
  writeFileSync(process.argv[1], `${JSON.stringify(manifest, null, 2)}\n`);
' "$out/package.json"
