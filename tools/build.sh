#!/bin/sh
# build.sh [--targets NAMES] PRESET... - configures and builds presets into build/PRESET, silently.
#
# - Without names of targets: everything, tests included.
# - Success: one line for each preset.
# - Failure: the build's own messages, and exit 3. No preset, or an unknown one: exit 2.
set -eu

cd "$(dirname "$0")/.."

targets=
if [ $# -ge 2 ] && [ "$1" = --targets ]; then
    targets=$2
    shift 2
fi
if [ $# -eq 0 ]; then
    echo "build: no preset named; try: sh tools/build.sh release" >&2
    exit 2
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

build()
{
    # shellcheck disable=SC2086 # a list of names
    cmake --preset "$1" &&
        cmake --build --preset "$1" --parallel "$(nproc)" ${targets:+--target $targets}
}

for preset in "$@"; do
    if ! grep -q "\"name\": \"$preset\"" CMakePresets.json; then
        echo "build: no preset named '$preset' in CMakePresets.json" >&2
        exit 2
    fi
    if ! build "$preset" >"$log" 2>&1; then
        cat "$log" >&2
        echo "build: $preset failed: its messages are above" >&2
        exit 3
    fi
    echo "build: $preset is in build/$preset"
done
