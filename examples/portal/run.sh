#!/usr/bin/env bash
# Starts this example on 127.0.0.1: installs what is missing, then MongoDB (or what stands in for
# it), the Django site under uWSGI, the Sanic service and nginx; writes logs into MongoDB and prints
# the addresses to open. Stays until Ctrl-C.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
scripts/deps build test
PYTHONPATH=tests PYTHONDONTWRITEBYTECODE=1 exec build/venv/bin/python3 -m support.portal
