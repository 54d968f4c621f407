#!/bin/sh
# build.sh NAME FOLDER - builds a peer of another language, as FOLDER/bench_NAME: go, tokio, dotnet,
# or a binding: dotnet_pendio, rust, python; these as FOLDER/bench_NAME_counted, too, whose calls of
# the library are counted by libpendio_counting.so.
#
# - Success: nothing is said; whatever else was made is below FOLDER, too.
# - The language or its libraries are not on this machine, or no network would be needed to get
#   them: one line with the reason at the end of stderr, exit 77.
# - The compiler fails: its messages, exit 1.
set -eu

name=$1
target=$2
sources=$(cd "${0%/*}" && pwd)

skip()
{
    printf '%s\n' "$*" >&2
    exit 77
}

# path_of FILE FOLDER ...: its absolute path in the first of the folders that has it, else nothing.
path_of()
{
    file=$1
    shift
    for folder in "$@"; do
        if [ -e "$folder/$file" ]; then
            (cd "$folder" && printf '%s/%s\n' "$(pwd)" "$file")
            return
        fi
    done
}

# A file of the library of this build or installation; nothing: another one has to do.
find_library()
{
    path_of "$1" "$sources/../../lib" "$sources"/../../lib/* "$target/../../lib"
}

# write_programs COMMAND [COUNTED]: bench_NAME, and bench_NAME_counted, of the same command if there
# is no other. The library that counts comes before the real one for a program that is linked to
# that, and in its place for one that loads it.
write_programs()
{
    {
        echo '#!/bin/sh'
        printf 'export PENDIO_LIBRARY="%s"\n' "$library"
        printf 'exec %s "$@"\n' "$1"
    } >"$target/bench_$name"
    chmod +x "$target/bench_$name"
    [ -n "$counting" ] || return 0
    {
        echo '#!/bin/sh'
        printf 'export PENDIO_LIBRARY="%s" LD_PRELOAD="%s"\n' "$counting" "$counting $library"
        printf 'exec %s "$@"\n' "${2:-$1}"
    } >"$target/bench_${name}_counted"
    chmod +x "$target/bench_${name}_counted"
}

build_go()
{
    command -v go >/dev/null || skip "no go (golang-go) on PATH"
    [ -n "${HOME:-}${XDG_CACHE_HOME:-}" ] || export GOCACHE="$target/cache"
    GO111MODULE=off go build -o "$target/bench_go" "$sources/echo.go" || exit 1
}

# From Debian's folder of crates where it is, else from those cargo has fetched for somebody.
build_tokio()
{
    command -v cargo >/dev/null || skip "no cargo on PATH"
    cp -R "$sources/tokio" "$target/"
    crates=/usr/share/cargo/registry
    if ls -d "$crates"/tokio-1.* >/dev/null 2>&1; then
        set -- --config 'source.crates-io.replace-with="debian"' \
            --config "source.debian.directory=\"$crates\""
    else
        set --
    fi
    cargo build "$@" --quiet --release --offline --manifest-path "$target/tokio/Cargo.toml" ||
        skip "tokio (librust-tokio-dev) is not on this machine, or too old for its cargo"
    mv "$target/tokio/target/release/bench_tokio" "$target/bench_tokio"
}

# Without servers of the compiler that would outlive it.
build_dotnet()
{
    command -v dotnet >/dev/null || skip "no dotnet on PATH"
    cp -R "$sources/dotnet" "$target/"
    export DOTNET_CLI_HOME="$target/dotnet/home" DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
    export NUGET_PACKAGES="$target/dotnet/packages" MSBUILDDISABLENODEREUSE=1
    export TMPDIR="$target/dotnet/temporary" DOTNET_EnableDiagnostics=0
    mkdir -p "$TMPDIR"
    dotnet build --nologo --verbosity quiet --configuration Release --output "$target/dotnet/out" \
        --disable-build-servers "$target/dotnet/bench_dotnet.csproj" 1>&2 || exit 1
    {
        echo '#!/bin/sh'
        echo 'export DOTNET_EnableDiagnostics=0' # it would leave a socket in the temporary folder
        printf 'exec dotnet "%s/dotnet/out/bench_dotnet.dll" "$@"\n' "$target"
    } >"$target/bench_dotnet"
    chmod +x "$target/bench_dotnet"
}

# The echo example of the binding with the library in it, else with that of the system; the one
# whose calls are counted is linked to the shared library.
build_rust()
{
    command -v cargo >/dev/null || skip "no cargo on PATH"
    [ -e "$target/rust" ] || cp -R "$sources/rust" "$target/"
    export CARGO_TARGET_DIR="$target/rust-target"
    export PENDIO_STATIC=1
    build_echo libpendio.a "$target/rust-target/static"
    export PENDIO_STATIC=0
    build_echo libpendio.so "$target/rust-target/shared"
    write_programs "\"$target/rust-target/static\"" "\"$target/rust-target/shared\""
}

# build_echo LIBRARY PROGRAM
build_echo()
{
    linked=$(find_library "$1")
    [ -z "$linked" ] || export PENDIO_LIBRARY_DIR="${linked%/*}"
    cargo build --quiet --release --offline --example echo_server \
        --manifest-path "$target/rust/bindings/rust/pendio/Cargo.toml" || exit 1
    mv "$CARGO_TARGET_DIR/release/examples/echo_server" "$2"
}

# The binding and the library of this build or installation, else those of the system.
build_python()
{
    command -v python3 >/dev/null || skip "no python3 on PATH"
    module=$(path_of pendio "$sources/../../python" "$target/../../python")
    [ -z "$module" ] || export PYTHONPATH="${module%/pendio}"
    PENDIO_LIBRARY=$library python3 -B -c 'import asyncio, pendio; asyncio.TaskGroup' ||
        skip "python3 has no module pendio (python3-pendio), or is older than 3.11"
    write_programs "env PYTHONPATH=\"${PYTHONPATH:-}\" python3 -B \"$sources/python/echo.py\""
}

# The binding with the library of this build or installation, else that of the system.
build_dotnet_pendio()
{
    command -v dotnet >/dev/null || skip "no dotnet on PATH"
    command -v python3 >/dev/null || skip "no python3 on PATH, which writes a part of the binding"
    cp -R "$sources/dotnet_pendio" "$target/"
    cp "$sources/dotnet/Program.cs" "$target/dotnet_pendio/"
    sh "$target/dotnet_pendio/abi/bindings/dotnet/build.sh" \
        ../../../bench_dotnet_pendio.csproj "$target/dotnet_pendio/made" 1>&2 || exit 1
    write_programs "\"$target/dotnet_pendio/made/pendio_dotnet\""
}

library=$(find_library libpendio.so.0)
library=${library:-${PENDIO_LIBRARY:-}}
counting=$(path_of libpendio_counting.so "$sources" "$target")
case $name in
go) build_go ;;
tokio) build_tokio ;;
dotnet) build_dotnet ;;
rust) build_rust ;;
python) build_python ;;
dotnet_pendio) build_dotnet_pendio ;;
*) skip "build.sh go|tokio|dotnet|dotnet_pendio|rust|python FOLDER" ;;
esac
