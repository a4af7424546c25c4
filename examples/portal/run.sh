#!/usr/bin/env bash
# Starts this example on 127.0.0.1: installs and builds what is missing, then MongoDB (or what
# stands in for it), the Django site under uWSGI, the Sanic service, Tailrace and nginx; writes logs
# into MongoDB and prints the addresses to open. Stays until Ctrl-C.
#
#   examples/portal/run.sh [tailrace | one_log | own]    who streams the logs: nginx/sse_….conf
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/common.sh"

streams_by=${1:-tailrace}
[[ -f examples/portal/nginx/sse_$streams_by.conf ]] || die "there is no nginx/sse_$streams_by.conf"
mkdir -p build
scripts/deps build test
build release tailrace
TAILRACE_BINARY=build/release/tailrace PYTHONPATH=tests PYTHONDONTWRITEBYTECODE=1 \
  exec build/venv/bin/python3 -m support.portal "$streams_by"
