#!/usr/bin/env bash
# The OpenID Connect provider that proofs by a partner are tested against, in build/openid, as its
# lock file has it. Installed by the first test that wants it; wants node and npm.
set -euo pipefail
cd "$(dirname "$0")/.."

mkdir -p build
exec 9> build/openid.lock
flock 9 # tests run in parallel
if ! cmp --silent tests/rigs/node/package-lock.json build/openid/installed.json; then
  rm -rf build/openid
  mkdir build/openid
  cp tests/rigs/node/package.json tests/rigs/node/package-lock.json build/openid/
  npm ci --prefix build/openid --silent --no-audit --no-fund --ignore-scripts
  cp build/openid/package-lock.json build/openid/installed.json
fi
cp tests/rigs/node/provider.mjs build/openid/
