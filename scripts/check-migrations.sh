#!/usr/bin/env bash
# Fails on a table or column of the models that no migration makes, or the reverse.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export TOCSIN__SERVICE__DATA_DIR="$folder" TOCSIN__DATABASE__URL=""
.venv/bin/alembic upgrade head
.venv/bin/alembic check
