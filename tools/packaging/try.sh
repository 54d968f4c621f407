#!/bin/sh
# try.sh SUITE [FOLDER] - the packages of this tree, built, installed and used in a fresh chroot.
#
# - SUITE: bookworm (Debian 12) or trixie (Debian 13); FOLDER: where the packages are put
#   (default: build/packages/SUITE). Needs root, debootstrap and a network.
# - In one chroot README's two commands and the build of the packages; in another, which has
#   nothing of it, the packages, a program of ten lines built through pkg-config and through CMake,
#   Python's binding, and the daemon with a workload.
# - --without-tests leaves the long one of README's commands out. Exit code: 0 all of it worked,
#   1 a step failed (its output is shown), 3 it could not begin.
set -eu

cd "$(dirname "$0")/../.."

tests=yes
if [ "${1-}" = --without-tests ]; then
    tests=no
    shift
fi
suite=${1-}
output=${2:-build/packages/$suite}

fail()
{
    printf 'try: %s\n' "$*" >&2
    exit 3
}

case $suite in
bookworm | trixie) ;;
-h | --help)
    sed -n '2,11s/^# \{0,1\}//p' tools/packaging/try.sh
    exit 0
    ;;
*) fail "which Debian? usage: sh tools/packaging/try.sh [--without-tests] bookworm|trixie" ;;
esac
[ "$(id -u)" -eq 0 ] || fail "a chroot needs root; run it by sudo"
command -v debootstrap >/dev/null || fail "no debootstrap; install: apt-get install debootstrap"

work=$(mktemp -d)
leave()
{
    for root in "$work"/*/; do
        for mounted in proc dev; do
            umount -l "$root$mounted" 2>/dev/null || true
        done
    done
    rm -rf --one-file-system "$work"
}
trap leave EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# The mirror and the ways to it are those of this machine.
mirror=$(sed -n 's/^ *URIs: *//p; s/^deb \(\[.*\] \)\{0,1\}\([^ ]*\) .*/\2/p' \
    /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null |
    grep -v security | head -n 1)

step()
{
    name=$1
    root=$2
    shift 2
    begin=$(date +%s)
    if chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
        DEBIAN_FRONTEND=noninteractive sh -euc "$*" >"$work/log" 2>&1; then
        printf 'try: %-9s %-48s %4s s\n' "$suite" "$name" $(($(date +%s) - begin))
    else
        cat "$work/log" >&2
        printf 'try: %-9s %s: failed, its output is above\n' "$suite" "$name" >&2
        exit 1
    fi
}

begin_root()
{
    cp -a "$work/fresh" "$work/$1"
    mount -t proc proc "$work/$1/proc"
    mount --rbind /dev "$work/$1/dev"
    mount --make-rslave "$work/$1/dev"
    cp /etc/resolv.conf /etc/hosts "$work/$1/etc/"
    apt-config dump | grep -E '^Acquire::(https?|Check|Retries)' \
        >"$work/$1/etc/apt/apt.conf.d/00ways" || true
}

printf 'try: %s: a fresh system, by debootstrap\n' "$suite"
debootstrap --variant=minbase "$suite" "$work/fresh" "${mirror:-http://deb.debian.org/debian}" \
    >"$work/log" 2>&1 || {
    cat "$work/log" >&2
    fail "debootstrap failed: is there a network?"
}

begin_root builder
git clone -q --no-hardlinks . "$work/builder/srv/pendio"
step "sh tools/run.sh" "$work/builder" "cd /srv/pendio && sh tools/run.sh"
if [ $tests = yes ]; then
    step "sh tools/test.sh" "$work/builder" "cd /srv/pendio && sh tools/test.sh"
fi
step "what builds packages" "$work/builder" \
    "apt-get install -qy --no-install-recommends git dpkg-dev debhelper dh-python lintian"
step "packages, lintian without errors" "$work/builder" \
    "git config --global --add safe.directory '*'
    cd /srv/pendio && sh tools/packaging/build.sh /srv/packages"
mkdir -p "$output"
cp "$work"/builder/srv/packages/* "$output/"

begin_root user
mkdir "$work/user/srv/packages"
cp "$work"/builder/srv/packages/*.deb "$work/user/srv/packages/"
cp -r tests/abi/package "$work/user/srv/program"
mkdir "$work/user/srv/workloads"
cp harness/workloads/connect/tcp_echo.json "$work/user/srv/workloads/"
step "the packages, installed" "$work/user" \
    "apt-get update -q && apt-get install -qy --no-install-recommends /srv/packages/*.deb"
step "a compiler" "$work/user" \
    "apt-get install -qy --no-install-recommends gcc libc6-dev pkgconf cmake make"
step "ten lines, by pkg-config" "$work/user" \
    'cd /srv/program && cc main.c -o by_pkg_config $(pkg-config --cflags --libs pendio)
    ./by_pkg_config'
step "ten lines, by find_package" "$work/user" \
    "cmake -S /srv/program -B /srv/built && cmake --build /srv/built
    /srv/built/shared && /srv/built/static"
step "Python's binding" "$work/user" "python3 -c 'import pendio; print(pendio.PlainLoop)'"
step "a workload by the daemon" "$work/user" \
    'pendiod --listen ipc:///srv/sock &
    trap "kill $!" EXIT
    until [ -S /srv/sock ]; do kill -0 $!; sleep 0.1; done
    pendio run --url ipc:///srv/sock /srv/workloads/*.json'
step "the packages, removed" "$work/user" \
    "apt-get purge -qy libpendio0 libpendio-dev pendio-tools pendiod python3-pendio"
