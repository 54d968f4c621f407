#!/bin/sh
# run.sh - lets the fuzzers look for inputs that crash, hang or eat memory, one after another.
#
# usage: run.sh [--corpus DIR] SECONDS [TARGET...]
#
# - Builds the preset `fuzz` (clang with its sanitizer runtime), then runs each target, or those
#   named, for so many seconds, beginning with tests/fuzz/corpus and the shipped workloads. What
#   leads further is kept below DIR, so that the next run goes on from there; without it, nowhere.
# - Says how it gets on every ten seconds, and at the end of each how many inputs it tried, how much
#   it covered (edges), and the most memory it took.
# - What a target fails on is left in the directory this was started in; put it into the corpus of
#   the target once it is mended.
# - Exit code: 0 nothing was found, 1 something was, 2 usage, 3 it could not be built.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
targets='message json plan daemon line foreign check results'
timeout_s=60 # of the wall: there may be other work for the processors
memory_mib=1024
corpus=

refuse()
{
    echo "run.sh: $1" >&2
    exit "$2"
}

if [ "${1-}" = --help ] || [ "${1-}" = -h ]; then
    sed -n '4p' "$here/run.sh" | sed 's/^# //'
    echo "targets: $targets"
    exit 0
fi
if [ "${1-}" = --corpus ]; then
    [ -d "${2-}" ] || refuse "--corpus needs a directory, not '${2-}'" 2
    corpus=$(cd "$2" && pwd)
    shift 2
fi
case ${1-} in
'' | *[!0-9]* | 0) refuse "the number of seconds comes first, not '${1-}'; see --help" 2 ;;
esac
seconds=$1
shift
for name in "$@"; do
    case " $targets " in
    *" $name "*) ;;
    *) refuse "there is no target $name; there are: $targets" 2 ;;
    esac
done
# shellcheck disable=SC2086 # a list of names
[ $# -gt 0 ] || set -- $targets

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
[ -n "$corpus" ] || corpus=$scratch

# Workloads are one below another; a corpus is flat.
mkdir "$scratch/workloads"
find "$root/harness/workloads" -name '*.json' | while read -r path; do
    cp "$path" "$scratch/workloads/$(basename "$(dirname "$path")")_$(basename "$path")"
done

programs=
for name in "$@"; do
    programs="$programs ${name}_fuzz"
done
sh "$root/tools/build.sh" --targets "$programs" fuzz || exit 3

# What libFuzzer says of itself, line by line: one in ten seconds is passed on.
show_progress()
{
    awk -v name="$1" '
        / cov: / && systime() >= next_s { print name ": " $0; fflush(); next_s = systime() + 10 }
        / cov: / { for (i = 1; i < NF; i++) if ($i == "cov:") covered = $(i + 1) }
        /^stat::number_of_executed_units/ { count = $2 }
        /^stat::peak_rss_mb/ { memory = $2 }
        /^==|ERROR|SUMMARY|Test unit written/ { print name ": " $0; fflush() }
        END {
            printf "%s: %d inputs, %d edges covered, %d MiB at most\n", name, count, covered, memory
        }'
}

# search TARGET: libFuzzer's own exit status is what counts.
search()
{
    mkdir -p "$corpus/$1"
    seeds=$here/corpus/$1
    [ -d "$seeds" ] || seeds=
    case $1 in
    json | plan | check) seeds="$seeds $scratch/workloads" ;;
    esac
    {
        # shellcheck disable=SC2086 # a list of directories
        "$root/build/fuzz/bin/$1_fuzz" -max_total_time="$seconds" -timeout=$timeout_s \
            -rss_limit_mb=$memory_mib -max_len=65536 -artifact_prefix="$1-" \
            -print_final_stats=1 "$corpus/$1" $seeds 2>&1 || : >"$scratch/$1.failed"
    } | show_progress "$1"
    [ ! -e "$scratch/$1.failed" ]
}

status=0
for name in "$@"; do
    search "$name" || status=1
done
exit $status
