#!/bin/sh
# build.sh go|tokio|dotnet|python FOLDER - builds a peer of another language, as FOLDER/bench_NAME.
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

# The binding and the library of this build or installation, else those of the system.
build_python()
{
    command -v python3 >/dev/null || skip "no python3 on PATH"
    for library in "$sources"/../../lib/libpendio.so.0 "$sources"/../../lib/*/libpendio.so.0; do
        [ ! -e "$library" ] || export PENDIO_LIBRARY="$library"
    done
    [ ! -d "$sources/../../python/pendio" ] || export PYTHONPATH="$sources/../../python"
    python3 -B -c 'import asyncio, pendio; asyncio.TaskGroup' ||
        skip "python3 has no module pendio (python3-pendio), or is older than 3.11"
    {
        echo '#!/bin/sh'
        printf 'export PYTHONPATH="%s" PENDIO_LIBRARY="%s"\n' "${PYTHONPATH:-}" \
            "${PENDIO_LIBRARY:-}"
        printf 'exec python3 -B "%s/python/echo.py" "$@"\n' "$sources"
    } >"$target/bench_python"
    chmod +x "$target/bench_python"
}

case $name in
go) build_go ;;
tokio) build_tokio ;;
dotnet) build_dotnet ;;
python) build_python ;;
*) skip "build.sh go|tokio|dotnet|python FOLDER" ;;
esac
