#!/bin/sh
# Runs every fuzz target in a build folder for so many seconds, from seeds out of tests/data, and
# ends with 1 when one of them found something: what it was fed is kept in <folder>/found.
#
#   run.sh FOLDER SECONDS TARGET...

set -u
folder=$1
seconds=$2
shift 2
data=tests/data
aws=$data/aws/replies

# The seeds of a target: files, each one input.
seeds() {
    case $1 in
    watch) echo $data/kube/watch*.jsonl ;;
    list) echo $data/kube/object.json $data/crds/*.json ;;
    iam) echo $aws/*.xml ;;
    eks) echo $aws/*.json ;;
    credentials) echo tests/fuzz/seeds/credentials* ;;
    settings) echo config/controller.yaml tests/fuzz/seeds/settings* ;;
    kubeconfig) echo $data/kube/kubeconfig/*.yaml ;;
    plugin) echo $data/kube/kubeconfig/*.json ;;
    trust | merge) echo tests/fuzz/seeds/trust* ;;
    policy) echo tests/fuzz/seeds/trust* tests/fuzz/seeds/policy* ;;
    esac
}

failed=
for target in "$@"; do
    name=${target##*/fuzz_}
    corpus=$folder/corpus/$name
    mkdir -p "$corpus" "$folder/found"
    for seed in $(seeds "$name"); do
        [ -f "$seed" ] && cp "$seed" "$corpus/"
    done
    echo "== $target"
    "$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1500 -max_len=20000 \
        -verbosity=0 -print_funcs=0 -artifact_prefix="$folder/found/$name-" "$corpus" ||
        failed="$failed $name"
done
[ -z "$failed" ] || { echo "FOUND SOMETHING:$failed (see $folder/found)"; exit 1; }
