#!/bin/sh
# Prints the path of a Python that has everything tests/requirements.txt
# pins: a virtual environment in the cache, outside the tree, made on first
# use and named after a hash of that file and of the Python it was made from.
# Two runs at once are safe: the second waits for the first.

set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
python=${PYTHON:-python3}
say() {
    echo "python: $*" >&2
}

command -v "$python" >/dev/null || { say "there is no $python: run make deps" && exit 1; }
release=$("$python" -c 'import sys; print("%d.%d.%d %s" % (*sys.version_info[:3], sys.base_prefix))')
key=$( (cat "$here/requirements.txt" && echo "$release") | sha256sum | cut -c 1-12)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/podidentity
folder=$cache/python-$key

if [ ! -e "$folder/.complete" ]; then
    mkdir -p "$cache"
    exec 9>"$folder.lock"
    flock -n 9 || { say 'another run is installing: waiting for it' && flock 9; }
    if [ ! -e "$folder/.complete" ]; then
        say "making a virtual environment in $folder"
        "$python" -m venv --clear "$folder" >&2 9>&-
        say 'installing what tests/requirements.txt pins (about a minute)'
        "$folder/bin/python" -m pip install --quiet --disable-pip-version-check \
            -r "$here/requirements.txt" >&2 9>&-
        touch "$folder/.complete"
    fi
fi
echo "$folder/bin/python"
