# What the scripts share; sourced, not run. Every script works from any directory.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

# What was compiled in one clone or build directory is taken from the cache in another. What is
# hashed is what is compiled: read a second time, a header that was changed meanwhile would leave an
# object under the key of another text, and every later clone would link it.
export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1 CCACHE_NOCPP2=1

# How many compilers at a time: each may take a gigabyte, so small machines get fewer than cores.
jobs_that_fit() {
  local cores memory_gb
  cores=$(nproc)
  memory_gb=$(awk '/^MemAvailable/ {print int($2 / 1048576)}' /proc/meminfo)
  ((memory_gb < 1)) && memory_gb=1
  echo $((cores < memory_gb ? cores : memory_gb))
}

say() { printf '\n== %s\n' "$*" >&2; }

die() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

# build PRESET [TARGET…]: configures and builds in build/PRESET.
build() {
  local preset=$1
  shift
  say "build/$preset: ${*:-everything}"
  cmake --preset "$preset" >"build/$preset-configure.log" 2>&1 || {
    cat "build/$preset-configure.log" >&2
    return 1
  }
  cmake --build "build/$preset" -j "$(jobs_that_fit)" ${1:+--target "$@"} >&2
}
