#!/usr/bin/env bash
# The Debian packages that the tests use; nothing else needs them. Only what is missing is installed.
set -euo pipefail

packages=(
  chromium             # the pages, as a browser shows them
  kannel kannel-extras # an SMS gateway, and the fake operator behind it
  postgresql           # the store runs on it as on SQLite
  redis-server         # the Redis that operators have, beside the embedded Valkey
)

missing=()
for package in "${packages[@]}"; do
  dpkg-query --show --showformat='${Status}' "$package" 2> /dev/null | grep -q 'ok installed' ||
    missing+=("$package")
done
for tool in node npm; do # the OpenID Connect provider that partners are tested against runs on them
  command -v "$tool" > /dev/null || missing+=("${tool/#node/nodejs}")
done
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
  echo "As root: apt-get install ${missing[*]}" >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update --quiet=2
apt-get install --quiet=2 --yes --no-install-recommends "${missing[@]}"
