#!/usr/bin/env bash
# The address server that the geocoder is tested against, in build/addok, from hashed requirements.
# Installed by the first test that wants it, and again when the requirements change.
set -euo pipefail
cd "$(dirname "$0")/.."

mkdir -p build
exec 9> build/addok.lock
flock 9 # tests run in parallel
if ! cmp --silent requirements-addok.txt build/addok/installed.txt; then
  rm -rf build/addok
  "${PYTHON:-python3}" -m venv build/addok
  build/addok/bin/pip install --quiet --disable-pip-version-check --require-hashes \
    -r requirements-addok.txt
  cp requirements-addok.txt build/addok/installed.txt
fi
