#!/bin/sh
# setup.sh - installs what building and testing pendio needs and this machine lacks.
#
# - Nothing missing: says so and does nothing; no network, no root.
# - Something missing: names it, installs it from Debian's archive as root or through sudo.
# - Neither root nor sudo, or apt-get fails: one line with the remedy, exit 3.
set -eu

# Compilers and build tools, then libraries, then what the tests run on, then the bench's peers.
# libnng-dev brings libmbedtls-dev and check brings libsubunit-dev, which their CMake and pkg-config
# files name. What is not here is not needed: with chromium, ctest also looks at pages in a browser.
packages='
    build-essential cmake ninja-build pkgconf
    liburing-dev libc-ares-dev libnng-dev libprotobuf-c-dev protobuf-c-compiler
    libjansson-dev libsmartcols-dev libxml2-dev
    check python3 python3-yaml valgrind openssl abigail-tools iproute2
    libuv1-dev libasio-dev libevent-dev'

say()
{
    printf 'setup: %s\n' "$*"
}

fail()
{
    printf 'setup: %s\n' "$*" >&2
    exit 3
}

is_installed()
{
    dpkg-query -W -f='${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed
}

list_missing()
{
    for package in $packages; do
        is_installed "$package" || printf ' %s' "$package"
    done
}

# True when the package lists at hand offer every package named.
lists_offer()
{
    for package in "$@"; do
        LC_ALL=C apt-cache policy "$package" 2>/dev/null | grep -q '^  Candidate: [^(]' || return 1
    done
}

as_root()
{
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

apt_get()
{
    as_root env DEBIAN_FRONTEND=noninteractive PATH="$PATH:/usr/sbin:/sbin" \
        apt-get -q -o DPkg::Lock::Timeout=300 "$@" </dev/null >>"$log" 2>&1
}

update_lists()
{
    say "fetching package lists (apt-get update)"
    apt_get update
}

install_missing()
{
    say "installing with apt-get, which may take some minutes:$missing"
    # shellcheck disable=SC2086 # a list of names
    apt_get install -y --no-install-recommends $missing
}

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    # shellcheck disable=SC2086 # a list of names
    say "this is not Debian or one of its kin, so nothing is checked or installed;" \
        "the build needs the equivalents of:" $packages
    exit 0
fi

missing=$(list_missing)
if [ -z "$missing" ]; then
    say "everything needed is installed"
    exit 0
fi

say "missing:$missing"
if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
    fail "not root, and no sudo here; run as root: apt-get install --no-install-recommends$missing"
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Lists can be absent (a fresh machine) or older than the archive (a package is gone from it).
fresh=no
# shellcheck disable=SC2086 # a list of names
if ! lists_offer $missing; then
    fresh=yes
    update_lists || { cat "$log" >&2; fail "apt-get update failed: is there a network?"; }
fi
if ! install_missing; then
    if [ $fresh = yes ] || ! update_lists || ! install_missing; then
        cat "$log" >&2
        fail "could not install$missing: the messages are above; or run as root:" \
            "apt-get install --no-install-recommends$missing"
    fi
fi

missing=$(list_missing)
[ -z "$missing" ] || fail "still missing after the installation:$missing"
say "installed"
