#!/bin/sh
# Shows every include that points the wrong way, and ends with 1 when there is one:
#
#   layers.sh base config net kube aws crds informers reconcilers controller cli
#
# A layer includes only those named before it. Beyond that: config uses base alone and is used by
# controller and cli alone, kube and aws do not know each other, only net reaches libuv, libcurl
# and libmicrohttpd.

wrong=0

# Shows what in layer $1 includes something like $2.
refuse() {
    if [ -d "$1" ] && grep -rnE --include='*.[ch]' "^[[:space:]]*#[[:space:]]*include[[:space:]]*$2" "$1"; then
        wrong=1
    fi
}

while [ $# -gt 0 ]; do
    layer=$1
    shift
    for higher in "$@"; do
        refuse "$layer" "\"$higher/"
    done
    refuse "$layer" '"\.\.?/'
    case $layer in
    net) ;;
    *) refuse "$layer" '<(uv|curl/curl|microhttpd)\.h>' ;;
    esac
    case $layer in
    base | config | controller | cli) ;;
    *) refuse "$layer" '"config/' ;;
    esac
    [ "$layer" != aws ] || refuse aws '"kube/'
done
exit $wrong
