#!/bin/sh
# build.sh [FOLDER] - Debian packages of this tree, put into FOLDER (default: build/packages).
#
# - What is committed is packaged; the version is CMakeLists.txt's, the date the commit's.
# - Installs nothing: what Debian lacks for it is named, with the command. Exit 3.
# - lintian looks at the result where it is installed; an error of its makes exit 1.
set -eu

cd "$(dirname "$0")/../.."

case ${1-} in
-h | --help)
    sed -n '2,6s/^# \{0,1\}//p' tools/packaging/build.sh
    exit 0
    ;;
esac

output=${1:-build/packages}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

say()
{
    printf 'packages: %s\n' "$*"
}

fail()
{
    printf 'packages: %s\n' "$*" >&2
    exit 3
}

# A format of Debian's, so that no fact stands in the tree twice.
write_changelog()
{
    version=$(sed -n 's/^project(pendio VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
    author=$(sed -n 's/^Maintainer: //p' tools/packaging/debian/control)
    printf 'pendio (%s) unstable; urgency=medium\n\n' "$version"
    printf '  * Built from the tree at %s; see CHANGELOG.md.\n\n' "$(git rev-parse --short HEAD)"
    printf ' -- %s  %s\n' "$author" "$(git log -1 --format=%aD)"
}

# What lintian and people look for in a package, from the tree's own licence.
write_copyright()
{
    printf 'Format: %s\n\n' https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
    printf 'Files: *\nCopyright: %s\n' "$(sed -n 's/^Copyright (c) //p' LICENSE)"
    printf 'License: Expat\n'
    sed -n '/^Permission/,$p' LICENSE | sed -e 's/^$/./' -e 's/^/ /'
}

for program in git dpkg-buildpackage dh dh_python3; do
    command -v $program >/dev/null ||
        fail "$program is not here; install: apt-get install git dpkg-dev debhelper dh-python"
done
git rev-parse --git-dir >/dev/null 2>&1 ||
    fail "this is no git clone, so what to package is unknown"

mkdir -p "$output"
output=$(cd "$output" && pwd)
mkdir "$work/pendio"
git archive HEAD | tar -x -C "$work/pendio"
cp -r "$work/pendio/tools/packaging/debian" "$work/pendio/debian"
write_changelog >"$work/pendio/debian/changelog"
write_copyright >"$work/pendio/debian/copyright"

say "building, which may take some minutes; the log is $output/build.log"
(
    cd "$work/pendio"
    dpkg-buildpackage -b -us -uc
) >"$output/build.log" 2>&1 || {
    tail -n 30 "$output/build.log" >&2
    fail "the packages could not be built; what is missing is named above, or in $output/build.log"
}
cp "$work"/*.deb "$work"/*.changes "$output/"
for package in "$work"/*.deb; do
    say "$output/${package##*/}"
done

if ! command -v lintian >/dev/null; then
    say "lintian is not here, so nothing looked at them; install: apt-get install lintian"
    exit 0
fi
say "lintian:"
lintian --allow-root --fail-on error "$work"/*.changes || exit 1
