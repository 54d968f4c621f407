#!/bin/sh
# test.sh - every test there is: builds and runs ctest under release, then under asan.
#
# - Both presets are built and run even when one fails; ctest's summaries stand at the end.
# - Exit code: 0 all passed, 1 a test failed, 3 something could not be installed or built.
set -eu

cd "$(dirname "$0")/.."

# A leak, an overflow or undefined behaviour ends the program that has it, and with it the test.
# Memory there is not is answered with NULL, as without sanitizers.
ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1
ASAN_OPTIONS=$ASAN_OPTIONS:allocator_may_return_null=1
UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
CTEST_PARALLEL_LEVEL=$(nproc)
export ASAN_OPTIONS UBSAN_OPTIONS CTEST_PARALLEL_LEVEL

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# test_preset PRESET: ctest's output as it comes, a copy for the summary, and ctest's verdict.
test_preset()
{
    {
        ctest --preset "$1" --no-tests=error || echo failed >"$work/$1.failed"
    } 2>&1 | tee "$work/$1.log"
    [ ! -e "$work/$1.failed" ]
}

# What ctest prints from its verdict on: counts, time, and the names of what failed or skipped.
print_summary()
{
    echo
    echo "== $1 =="
    sed -n '/tests passed,/,$p' "$work/$1.log"
}

sh tools/setup.sh
sh tools/build.sh release asan

status=0
for preset in release asan; do
    echo "test: ctest --preset $preset"
    test_preset "$preset" || status=1
done
for preset in release asan; do
    print_summary "$preset"
done
exit $status
