#!/bin/sh
# Index the photos of a shelf, or bring the index up to date, and list the photos that cannot be read.
#
#     index_shelf.sh SHELF [OPTION OF imgsim index...]
#
# Exit codes: 0 done, 1 done but some photos cannot be read, 2 not done.
set -eu

if [ $# -lt 1 ]; then
    echo "usage: index_shelf.sh SHELF [OPTION...]" >&2
    exit 2
fi
shelf=$1
shift

imgsim index "$@" -- "$shelf"

# `imgsim failures` exits like grep: 0 it lists some, 1 there are none, 2 error.
status=0
failures=$(imgsim failures --index "$shelf" --format tsv) || status=$?
case $status in
0)
    printf 'These cannot be read; take them again:\n%s\n' "$failures"
    exit 1
    ;;
1) exit 0 ;;
*) exit "$status" ;;
esac
