#!/bin/sh
# Copy what looks like the photos of a folder into another folder, for someone to look through.
#
#     copy_matches.sh PHOTOS SHELF TARGET [OPTION OF imgsim query...]
#
# Names travel NUL-terminated from find to cp, so they may hold anything. A photo keeps its folder below TARGET
# (GNU cp). Exit codes, as imgsim's: 0 something was copied, 1 nothing looks like the photos, 2 error.
set -eu

if [ $# -lt 3 ]; then
    echo "usage: copy_matches.sh PHOTOS SHELF TARGET [OPTION...]" >&2
    exit 2
fi
mkdir -p -- "$3"
photos=$(cd -- "$1" && pwd) || exit 2
target=$(cd -- "$3" && pwd) || exit 2
cd -- "$2" || exit 2 # `imgsim query -0` prints paths as seen from here
shift 3

status=$(mktemp)
trap 'rm -f "$status"' EXIT

# A pipe forgets all exit codes but the last, so the query's goes into a file.
find "$photos" -type f \( -iname '*.jpg' -o -iname '*.jpeg' -o -iname '*.png' \) -print0 |
    { imgsim query -k 3 "$@" --index . -0 - || echo "$?" >"$status"; } |
    sort -zu |
    xargs -0 -r cp --parents -t "$target" --

exit "$(grep . "$status" || echo 0)"
