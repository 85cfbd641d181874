#!/bin/sh
# Builds the Kubernetes that tests and demo run on (etcd, kube-apiserver,
# kube-controller-manager, kubectl) and kstatus from the Go modules pinned in
# go.mod, into a cache outside the tree, and prints the folder they are in.
#
# The folder is named after the versions and a hash of go.mod and kstatus, so
# another checkout with the same pins shares it and a new pin gets a new one.
# What $KUBEBUILDER_ASSETS already has is linked, not built. Two runs at once
# are safe: the second waits for the first and then finds everything there.
# Progress goes to standard error. Cold on two cores: about eight minutes.
#
# `build.sh kwok` does the same for kwok, which plays nodes and kubelets for the
# tests that need pods, and puts its stages beside it (five minutes). It has a
# module of its own: its requirements would move those of Kubernetes.

set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/podidentity
assets=${KUBEBUILDER_ASSETS:-}
servers='etcd kube-apiserver kube-controller-manager'
programs=${*:-${KUBECONFIG:+kubectl kstatus}}
programs=${programs:-$servers kubectl kstatus}
module=$here
[ "$programs" != kwok ] || module=$here/kwok

say() {
    echo "cluster: $*" >&2
}

# The version go.mod pins for the module $1.
pinned() {
    sed -n "s|^[[:space:]]*$1 \(v[0-9][^ ]*\).*|\1|p" "$module/go.mod" | head -n 1
}

package_of() {
    case $1 in
    etcd) echo go.etcd.io/etcd/server/v3 ;;
    kstatus) echo ./kstatus ;;
    kwok) echo sigs.k8s.io/kwok/cmd/kwok ;;
    *) echo "k8s.io/kubernetes/cmd/$1" ;;
    esac
}

missing_in() {
    for program in $programs; do
        [ -x "$1/$program" ] || echo "$program"
    done
}

# Clients refuse a server that calls itself v0.0.0-master.
version_flags() {
    [ "$programs" != kwok ] || { echo '-s -w'; return; }
    minor=${kubernetes#v*.}
    major=${kubernetes#v}
    at=k8s.io/component-base/version
    echo "-s -w -X $at.gitVersion=$kubernetes -X $at.gitMajor=${major%%.*} -X $at.gitMinor=${minor%%.*}"
}

# Becomes the compiler for $1 into $2. -v names each package it compiles: $2.log
# counts how far it is.
compile() {
    cd "$module"
    exec env CGO_ENABLED=0 GOWORK=off go build -v -mod=readonly -trimpath -ldflags "$(version_flags)" \
        -o "$2" "$(package_of "$1")" 2>"$2.log"
}

build_program() {
    part=$folder/.$1.part
    start=$(date +%s)
    say "$1: building"
    compile "$1" "$part" 9>&- &
    compiler=$!
    ticks=0
    while kill -0 $compiler 2>/dev/null; do
        sleep 1
        ticks=$((ticks + 1))
        [ $((ticks % 20)) -ne 0 ] ||
            say "$1: $(($(date +%s) - start)) s, $(wc -l <"$part.log") packages compiled"
    done
    if ! wait $compiler; then
        tail -n 20 "$part.log" >&2
        say "$1: the build failed"
        exit 1
    fi
    compiler=
    rm -f "$part.log"
    mv "$part" "$folder/$1"
    say "$1: ready after $(($(date +%s) - start)) s"
}

# What nodes and pods go through, as kwok itself has it: at once, but for the lease.
copy_stages() {
    (cd "$module" && GOWORK=off go mod download sigs.k8s.io/kwok)
    from=$(cd "$module" && GOWORK=off go list -m -f '{{.Dir}}' sigs.k8s.io/kwok)/kustomize/stage
    rm -rf "$folder/stages"
    mkdir "$folder/stages"
    for stage in "$from"/node/fast/*.yaml "$from"/node/heartbeat-with-lease/*.yaml \
        "$from"/pod/fast/*.yaml; do
        [ "${stage##*/}" = kustomization.yaml ] || install -m 644 "$stage" "$folder/stages"
    done
}

provide() {
    if [ -n "$assets" ] && [ -x "$assets/$1" ]; then
        say "$1: taken from KUBEBUILDER_ASSETS"
        ln -sf "$assets/$1" "$folder/$1"
    elif ! command -v go >/dev/null; then
        say "$1 is missing, and Go to build it: install Go 1.26 or newer (https://go.dev/dl)"
        exit 1
    else
        [ "$1" != kwok ] || copy_stages
        build_program "$1"
    fi
}

short_hash() {
    sha256sum | cut -c 1-12
}

if [ "$programs" = kwok ]; then
    assets=
    folder=$cache/kwok-$(pinned sigs.k8s.io/kwok)-$(short_hash <"$module/go.mod")
else
    kubernetes=$(pinned k8s.io/kubernetes)
    key=$( (cat "$here/go.mod" "$here/kstatus/main.go" && echo "$assets") | short_hash)
    folder=$cache/kubernetes-$kubernetes-etcd-$(pinned go.etcd.io/etcd/server/v3)-$key
fi

if [ -n "$(missing_in "$folder")" ]; then
    mkdir -p "$folder"
    exec 9>"$folder/.lock"
    flock -n 9 || { say 'another build is running: waiting for it' && flock 9; }
    compiler=
    trap '[ -z "$compiler" ] || kill "$compiler" 2>/dev/null || :' EXIT
    trap 'exit 130' INT TERM
    for program in $(missing_in "$folder"); do
        provide "$program"
    done
fi
echo "$folder"
