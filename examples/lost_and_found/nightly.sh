#!/bin/sh
# Bring the index of a shelf up to date every night. cron mails what this prints: on a good night, nothing.
#
#     PATH=/opt/imgsim/bin:/usr/bin:/bin
#     30 3 * * *  /opt/desk/nightly.sh /srv/shelf
#
# Exit codes: 0 done, 1 done but photos that came since cannot be read, 2 not done.
set -eu

if [ $# -ne 1 ]; then
    echo "usage: nightly.sh SHELF" >&2
    exit 2
fi
shelf=$1
tries=${TRIES:-3}
wait=${WAIT:-600} # seconds

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

ledger() { # path and reason, sorted as comm wants them; empty before there is an index
    imgsim failures --index "$shelf" --format tsv 2>"$work/errors" | LC_ALL=C sort
}

ledger >"$work/before"

# Someone else may be indexing at this hour, or the disk be late: exit code 2, and a second chance.
until imgsim index --quiet -- "$shelf" 2>"$work/errors"; do
    tries=$((tries - 1))
    if [ "$tries" -le 0 ]; then
        cat "$work/errors" >&2
        exit 2
    fi
    sleep "$wait"
done

ledger >"$work/after"
LC_ALL=C comm -13 "$work/before" "$work/after" >"$work/new"
if [ -s "$work/new" ]; then
    echo "New on $shelf, but cannot be read:"
    cat "$work/new"
    exit 1
fi
