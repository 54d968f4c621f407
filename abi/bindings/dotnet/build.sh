#!/bin/sh
# build.sh PROJECT OUTPUT - builds a project of this folder; OUTPUT/pendio_dotnet starts it.
#
# - Everything that is made is below OUTPUT, caches of dotnet included. No network is used, and no
#   server of the compiler outlives it.
# - Environment: PENDIO_PYTHON, who runs generate.py; else python3.
# - No dotnet: one line, exit 77. The compiler fails: its messages, exit 1.
set -eu

project=$1
mkdir -p "$2"
output=$(cd "$2" && pwd)
sources=$(cd "$(dirname "$0")" && pwd)

if ! command -v dotnet >/dev/null; then
    echo "skipped: no dotnet on PATH"
    exit 77
fi
export DOTNET_CLI_HOME="$output/home" DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
export DOTNET_GENERATE_ASPNET_CERTIFICATE=false DOTNET_CLI_WORKLOAD_UPDATE_NOTIFY_DISABLE=true
export NUGET_PACKAGES="$output/packages" MSBUILDDISABLENODEREUSE=1 DOTNET_EnableDiagnostics=0
export TMPDIR="$output/temporary" PENDIO_DOTNET_OUTPUT="$output"
mkdir -p "$TMPDIR"
dotnet build -m:1 --nologo --verbosity quiet --disable-build-servers "$sources/$project" || exit 1

name=$(basename "$project" .csproj)
program=$(echo "$output/out/$name"/*.runtimeconfig.json)
{
    echo '#!/bin/sh'
    echo 'export DOTNET_EnableDiagnostics=0' # it would leave a socket in the temporary folder
    printf 'exec dotnet "%s.dll" "$@"\n' "${program%.runtimeconfig.json}"
} >"$output/pendio_dotnet"
chmod +x "$output/pendio_dotnet"
