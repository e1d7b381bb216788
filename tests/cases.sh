#!/bin/sh
# Run every script of a folder with `imgsim` from PATH; each exits 0 when imgsim is right. Exits 1 if any does not.
set -u
if [ $# -ne 1 ]; then echo "usage: cases.sh FOLDER" >&2; exit 2; fi
if [ ! -d "$1" ]; then echo "no $1 beside this checkout: no cases run"; exit 0; fi

right=0 wrong=0
for case in "$1"/*.sh; do
    name=$(basename "$case" .sh)
    if said=$(bash "$case" 2>&1); then
        right=$((right + 1)); echo "right  $name"
    else
        wrong=$((wrong + 1)); echo "WRONG  $name: $(printf '%s\n' "$said" | tail -n 1)"
    fi
done
echo "$right of $((right + wrong)) cases right"
[ "$wrong" -eq 0 ]
