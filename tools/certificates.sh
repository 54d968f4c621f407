#!/bin/sh
# certificates.sh DIRECTORY [NAME...] - makes certificates to try tls+tcp:// with: an authority, one
# for a daemon that clients call by NAME (127.0.0.1 unless said), and one for its clients.
#
# - Leaves authority.pem, daemon.pem, daemon.key, client.pem and client.key there, keys 0600; valid
#   for 30 days. The authority's own key is not kept: nothing can be added later.
# - No openssl: one line, exit 77. Anything else that fails: openssl's own words, exit 3.
set -eu

days=30

fail()
{
    printf 'certificates: %s\n' "$*" >&2
    exit 3
}

if [ $# -lt 1 ]; then
    echo "certificates: name a directory; try: sh tools/certificates.sh /tmp/certificates" >&2
    exit 2
fi
if ! command -v openssl >/dev/null; then
    echo "certificates: skipped: openssl is not installed" >&2
    exit 77
fi

umask 077
mkdir -p "$1"
cd "$1"
shift
[ $# -gt 0 ] || set -- 127.0.0.1

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# An address is also written as a name: that is what TLS libraries of some age compare.
alternatives()
{
    for name in "$@"; do
        printf 'DNS:%s,' "$name"
        case $name in
        *[!0-9.]*) ;;
        *) printf 'IP:%s,' "$name" ;;
        esac
    done
}

make_key()
{
    openssl ecparam -name prime256v1 -genkey -noout -out "$1" 2>"$work/log" ||
        fail "$(cat "$work/log")"
}

# make FILE NAME EXTENSIONS: a key and a certificate that the authority has signed
make()
{
    make_key "$1.key"
    printf '%s\n' "$3" >"$work/extensions"
    {
        openssl req -new -key "$1.key" -subj "/CN=$2" -out "$work/request" &&
            openssl x509 -req -in "$work/request" -CA authority.pem -CAkey "$work/authority.key" \
                -set_serial "0x$(openssl rand -hex 8)" -days $days -sha256 \
                -extfile "$work/extensions" -out "$1.pem"
    } 2>"$work/log" || fail "$(cat "$work/log")"
}

make_key "$work/authority.key"
openssl req -x509 -new -key "$work/authority.key" -sha256 -days $days -out authority.pem \
    -subj "/CN=pendio test authority" 2>"$work/log" || fail "$(cat "$work/log")"

names=$(alternatives "$@")
make daemon "$1" "subjectAltName=${names%,}
extendedKeyUsage=serverAuth"
make client "pendio test client" "extendedKeyUsage=clientAuth"
echo "certificates: made in $(pwd)"
