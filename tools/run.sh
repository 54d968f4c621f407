#!/bin/sh
# run.sh [OPTION...] - the main job: replays every shipped workload through a daemon of its own.
#
# - Sets up and builds what is missing (all but the tests), starts pendiod on a private socket,
#   runs the workloads, prints their table, stops the daemon. Options go to `pendio run` as
#   they are.
# - Exit code: that of `pendio run` (0 all held, 1 a check failed, 2 usage or invalid input),
#   3 when something could not be installed, built or started.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
programs=$root/build/release/bin
targets='pendiod pendio_cli pendio pendio_static echo_server echo_client file_copy fifteen_accepts'
start_seconds=10
stop_seconds=10

work=
daemon=
run=

say()
{
    printf 'run: %s\n' "$*"
}

fail()
{
    printf 'run: %s\n' "$*" >&2
    exit 3
}

# A child that has ended stays a zombie until the shell waits for it, so kill -0 would not tell.
is_running()
{
    case $(cat "/proc/$1/stat" 2>/dev/null) in
        '' | *') Z '*) return 1 ;;
    esac
}

# wait_until SECONDS CONDITION...: polls ten times a second, false when time is up.
wait_until()
{
    polls=$(($1 * 10))
    shift
    until "$@"; do
        [ "$polls" -gt 0 ] || return 1
        polls=$((polls - 1))
        sleep 0.1
    done
}

has_ended()
{
    ! is_running "$1"
}

# Sockets have short names: one below a long TMPDIR could not be bound.
make_work_directory()
{
    parent=${TMPDIR:-/tmp}
    [ ${#parent} -le 60 ] || parent=/tmp
    mktemp -d "$parent/pendio-run.XXXXXX"
}

# shellcheck disable=SC2317 # called through wait_until
is_listening_or_ended()
{
    [ -S "$work/pendiod.sock" ] || has_ended "$daemon"
}

start_daemon()
{
    work=$(make_work_directory)
    "$programs/pendiod" --listen "ipc://$work/pendiod.sock" --stats-dir "$work" \
        </dev/null >"$work/pendiod.log" 2>&1 &
    daemon=$!
    if ! wait_until $start_seconds is_listening_or_ended || has_ended "$daemon"; then
        cat "$work/pendiod.log" >&2
        fail "pendiod did not start: its messages are above"
    fi
}

# In the background, so that a signal to this script ends the wait at once.
run_workloads()
{
    "$programs/pendio" run --url "ipc://$work/pendiod.sock" "$@" \
        "$root"/harness/workloads/*/*.json &
    run=$!
    wait "$run" || return $?
}

# stop CHILD: true when it ended by itself once asked to, with exit code 0.
stop()
{
    kill -TERM "$1" 2>/dev/null || :
    if ! wait_until $stop_seconds has_ended "$1"; then
        kill -KILL "$1" 2>/dev/null || :
    fi
    wait "$1"
}

stop_daemon()
{
    if ! stop "$daemon"; then
        cat "$work/pendiod.log" >&2
        daemon=
        fail "pendiod did not end cleanly: its messages are above"
    fi
    daemon=
}

# shellcheck disable=SC2317 # called through trap
clean_up()
{
    for child in $run $daemon; do
        stop "$child" 2>/dev/null || :
    done
    [ -z "$work" ] || rm -rf "$work"
}

trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

sh "$root/tools/setup.sh"
sh "$root/tools/build.sh" --targets "$targets" release
start_daemon
say "pendiod is process $daemon on ipc://$work/pendiod.sock"
status=0
run_workloads "$@" || status=$?
run=
stop_daemon
say "pendiod is stopped"
exit $status
