#!/bin/sh
# run.sh - does the suite notice when the runtime lies? Each mutant in turn, in a copy of the tree.
#
# usage: run.sh [--list] [--help] [--jobs N] [--timeout S] [--masked] [--tests REGEX]
#               [--scratch DIR] [NAME...]
#
# - Copies the tree, builds the copy (Debug) and runs all tests: what is red already does not count.
#   Then, for each mutant (or those named): apply, build, run ctest and the shipped workloads, say
#   how many turned red and which, and take it back.
# - Left out of ctest: the tests of the tree itself (style, mutation), which a mutant would offend
#   by its looks alone, and without --masked the contract once more for each masked feature.
#   --tests runs only those whose names match. Every test ends after S seconds (60), red.
# - The copy is made below DIR, whose build is used again by the next run, or in a temporary
#   directory that goes when this ends.
# - A mutant that does not apply any more or does not build is an error, not a success.
# - Exit code: 0 every mutant was caught, 1 one survived, 2 usage, 3 something could not be built.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
jobs=$(nproc)
limit_s=60
workloads_limit_s=600
left_out='^(style|mutation)|^harness\.workloads$'
masked='|\.without'
tests=.
scratch=

usage()
{
    sed -n '4,5s/^# //p' "$here/run.sh"
    echo "mutants (--list says what each one is about):"
    python3 -B "$here/mutate.py" list | sed 's/ .*//; s/^/    /'
}

refuse()
{
    echo "run.sh: $1" >&2
    exit "$2"
}

number()
{
    case $2 in
    '' | *[!0-9]* | 0) refuse "$1 needs a number above 0, not '$2'" 2 ;;
    esac
}

directory()
{
    [ -d "$2" ] || refuse "$1 needs a directory, not '$2'" 2
}

while [ $# -gt 0 ]; do
    case $1 in
    --help | -h) usage && exit 0 ;;
    --list) exec python3 -B "$here/mutate.py" list ;;
    --jobs) number "$1" "${2-}" && jobs=$2 && shift ;;
    --timeout) number "$1" "${2-}" && limit_s=$2 && shift ;;
    --masked) masked= ;;
    --tests) [ -n "${2-}" ] || refuse "--tests needs a regular expression" 2
        tests=$2 && shift ;;
    --scratch) directory "$1" "${2-}" && scratch=$2 && shift ;;
    -*) refuse "unknown option $1; --help names those there are" 2 ;;
    *) break ;;
    esac
    shift
done

all=$(python3 -B "$here/mutate.py" list | sed 's/ .*//')
for name in "$@"; do
    printf '%s\n' "$all" | grep -qxF "$name" ||
        refuse "there is no mutant $name; --list names those there are" 2
done
[ $# -gt 0 ] || eval "set -- $(printf '%s\n' "$all" | tr '\n' ' ')"
python3 -B "$here/mutate.py" check "$root" >/dev/null ||
    { python3 -B "$here/mutate.py" check "$root" >&2 && true; refuse "adapt the mutants first" 3; }

if [ -z "$scratch" ]; then
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
fi
scratch=$(cd "$scratch" && pwd)
work=$scratch/tree
build=$scratch/build

# The files git knows or would know; without git, all but what is built. What the last run left
# built in DIR may be a mutant's: the runtime is as new, so that it is built again.
copy_tree()
{
    rm -rf "$work"
    mkdir "$work"
    if git -C "$root" rev-parse --is-inside-work-tree >/dev/null 2>&1; then
        (cd "$root" && git ls-files -co --exclude-standard -z | xargs -0 tar -cf -)
    else
        tar -C "$root" --exclude=./build -cf - .
    fi | tar -xf - -C "$work"
    find "$work/runtime" -type f -exec touch {} +
}

# Tests have time limits of their own, made for a runtime that works; a lie must not cost hours.
configure()
{
    cmake -G Ninja -S "$work" -B "$build" -DCMAKE_BUILD_TYPE=Debug \
        -DCMAKE_LINK_DEPENDS_NO_SHARED=ON >"$scratch/cmake.log" 2>&1 ||
        { cat "$scratch/cmake.log" >&2; refuse "cmake failed" 3; }
    find "$build" -name CTestTestfile.cmake \
        -exec sed -i "s/ TIMEOUT \"[0-9]*\"/ TIMEOUT \"$limit_s\"/" {} +
}

build_tree()
{
    ninja -C "$build" -j "$jobs" >"$scratch/build.log" 2>&1 ||
        { grep -v '^\[' "$scratch/build.log" >&2; refuse "$1 does not build" 3; }
}

# Names of tests that are red, one a line, into FILE; their number of all into FILE.count.
run_ctest()
{
    (cd "$build" && ctest -j "$jobs" -R "$tests" -E "$left_out$masked") \
        >"$scratch/ctest.log" 2>&1 || true
    sed -n 's/.* tests failed out of \([0-9]*\)$/\1/p' "$scratch/ctest.log" >"$1.count"
    sed -n '/^The following tests FAILED/,$s/^[[:space:]]*[0-9]* - \([^ ]*\) (.*/\1/p' \
        "$scratch/ctest.log" | sort >"$1"
}

# The same of the shipped workloads, which one program replays in the order of their paths.
run_workloads()
{
    find "$work/harness/workloads" -name '*.json' | LC_ALL=C sort |
        sed "s|^$work/harness/workloads/||; s|\.json\$||" >"$scratch/names"
    wc -l <"$scratch/names" >"$1.count"
    status=0
    timeout "$workloads_limit_s" "$build/tests/harness_workloads_test" \
        >"$scratch/workloads.log" 2>&1 || status=$?
    sed -n 's/.*:[FE]:shipped:a_shipped_workload_passes:\([0-9]*\):.*/\1/p' \
        "$scratch/workloads.log" | while read -r index; do
        sed -n "$((index + 1))p" "$scratch/names"
    done | sort >"$1"
    [ "$status" -eq 0 ] || [ -s "$1" ] || echo "(no end after $workloads_limit_s s)" >"$1"
}

# newly_red KIND: what is red now and was not without a mutant.
newly_red()
{
    comm -13 "$scratch/$1.before" "$scratch/$1.now" >"$scratch/$1.red"
    printf '%s %d of %d red' "$1" "$(wc -l <"$scratch/$1.red")" "$(cat "$scratch/$1.now.count")"
}

print_names()
{
    [ ! -s "$scratch/$1.red" ] ||
        tr '\n' ' ' <"$scratch/$1.red" | fold -s -w 88 | sed "s/^/    /; 1s/^    /    $1: /"
    [ ! -s "$scratch/$1.red" ] || echo
}

try_mutant()
{
    path=$(python3 -B "$here/mutate.py" apply "$1" "$work") || refuse "$1 does not apply" 3
    build_tree "$1"
    run_ctest "$scratch/ctest.now"
    run_workloads "$scratch/workloads.now"
    cp "$root/$path" "$work/$path"
    printf '%s: %s, %s\n' "$1" "$(newly_red ctest)" "$(newly_red workloads)"
    print_names ctest
    print_names workloads
    [ -s "$scratch/ctest.red" ] || [ -s "$scratch/workloads.red" ]
}

copy_tree
configure
build_tree "the tree without a mutant"
run_ctest "$scratch/ctest.before"
run_workloads "$scratch/workloads.before"
printf 'without a mutant: ctest %d of %d red, workloads %d of %d red\n' \
    "$(wc -l <"$scratch/ctest.before")" "$(cat "$scratch/ctest.before.count")" \
    "$(wc -l <"$scratch/workloads.before")" "$(cat "$scratch/workloads.before.count")"
sed 's/^/    /' "$scratch/ctest.before" "$scratch/workloads.before"

[ "$(wc -l <"$scratch/workloads.before")" -lt "$(cat "$scratch/workloads.before.count")" ] ||
    refuse "nothing works even without a mutant: $scratch is of no use, or the tree is broken" 3

survivors=
for name in "$@"; do
    try_mutant "$name" || survivors="$survivors $name"
done
[ -z "$survivors" ] || refuse "survived:$survivors; a check is missing" 1
echo "all $# caught"
