#!/bin/sh
# Compare what was found yesterday with the claims that are still open: for every morning, or for cron to mail.
#
#     yesterdays_finds.sh FOUND CLAIMS [OPTION OF imgsim query...]
#
# Both folders are brought up to date first. A find was found when its photo was first indexed; a claim is open until
# `imgsim set returned=true` says otherwise of its photo. After a weekend, SINCE="today - 3 days" asks for three days.
# Exit codes, as imgsim's: 0 it lists claims, 1 nothing was found or no claim is open, 2 error.
set -eu

if [ $# -lt 2 ]; then
    echo "usage: yesterdays_finds.sh FOUND CLAIMS [OPTION...]" >&2
    exit 2
fi
found=$1
claims=$2
shift 2

imgsim index --quiet -- "$found"
imgsim index --quiet -- "$claims"

status=$(mktemp)
trap 'rm -f "$status"' EXIT

# A pipe forgets all exit codes but the last, so the list's goes into a file: 1 is a day without finds, and no error.
{ imgsim list --quiet -0 --where "added >= ${SINCE:-yesterday} and added < today" -- "$found" || echo "$?" >"$status"; } |
    imgsim query - --index "$claims" --where "not returned = true" -k 5 "$@" || echo "$?" >>"$status"

exit "$(sort -n "$status" | tail -n 1 | grep . || echo 0)"
