#!/bin/sh
# Installs the Debian packages that building and testing need: says which are
# missing, then asks apt-get for them as root or through sudo. Does nothing,
# and takes no time, when all are there.
#
#   deps.sh [lint] [memcheck] [fuzz] [--check]
#
# lint adds what `make lint` and `make format` run, memcheck adds valgrind,
# fuzz adds clang and its fuzzer;
# --check installs nothing and ends with 1 when something is missing.

set -eu

packages='build-essential pkg-config libuv1-dev libcurl4-openssl-dev libmicrohttpd-dev libssl-dev
    libjansson-dev libyaml-dev libexpat1-dev libcmocka-dev python3 python3-venv'
check=
for wish in "$@"; do
    case $wish in
    lint) packages="$packages clang clang-tidy clang-format cppcheck" ;;
    memcheck) packages="$packages valgrind" ;;
    fuzz) packages="$packages clang libclang-rt-dev" ;;
    --check) check=yes ;;
    *) echo "deps: unknown argument $wish; known are lint, memcheck, fuzz, --check" >&2 && exit 2 ;;
    esac
done

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    echo 'deps: this is no Debian: install by hand what these packages hold:' $packages >&2
    exit 0
fi

installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' $packages 2>/dev/null || :)
missing=
for package in $packages; do
    echo "$installed" | grep -qx "$package installed" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

echo "deps: missing:$missing" >&2
[ -z "$check" ] || exit 1
as_root=
if [ "$(id -u)" -ne 0 ]; then
    as_root=sudo
    command -v sudo >/dev/null || { echo "deps: become root, or install them with: apt-get install$missing" >&2 && exit 1; }
fi
echo "deps: installing them with apt-get" >&2
$as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q >&2
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing >&2
