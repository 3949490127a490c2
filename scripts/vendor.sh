#!/bin/sh
# Fetches the files of web/static/vendor again, from the packages that npm is configured to find,
# and checks each against the list in its README.md. Wants npm; changes nothing when a sum differs.
set -eu
cd "$(dirname "$0")/.."
vendor="$PWD/web/static/vendor"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# package, folder, then the files to take from it
take() {
    package=$1 folder=$2
    shift 2
    archive=$(cd "$work" && npm pack --silent "$package")
    mkdir -p "$work/got" "$work/new/$folder/images"
    tar -xzf "$work/$archive" -C "$work/got"
    for file in "$@"; do
        name=${file#dist/}
        cp "$work/got/package/$file" "$work/new/$folder/${name%.txt}"
    done
    rmdir "$work/new/$folder/images" 2>/dev/null || true
    rm -rf "$work/got"
}

take leaflet@1.9.4 leaflet-1.9.4 LICENSE dist/leaflet.js dist/leaflet.css \
    dist/images/layers.png dist/images/layers-2x.png dist/images/marker-icon.png
take @geoman-io/leaflet-geoman-free@2.20.2 leaflet-geoman-free-2.20.2 LICENSE \
    dist/leaflet-geoman.min.js dist/leaflet-geoman.css
take accessible-autocomplete@3.0.1 accessible-autocomplete-3.0.1 LICENSE.txt \
    dist/accessible-autocomplete.min.js
take htmx.org@2.0.11 htmx.org-2.0.11 LICENSE dist/htmx.min.js

sed -n '/^```$/,/^```$/p' "$vendor/README.md" | grep -v '^```$' > "$work/sums"
(cd "$work/new" && sha256sum --check --strict --quiet "$work/sums")
chmod -R u=rwX,go=rX "$work/new"
cp -r "$work/new/." "$vendor/"
echo "vendored files are as listed"
