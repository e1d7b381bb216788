#!/bin/sh
# Bring lost and found things together every night: what is new is printed, for cron to mail, and each report of a loss
# that something new may answer gets a page to look at, to print and to sign.
#
#     PATH=/opt/imgsim/bin:/usr/bin:/bin
#     30 3 * * *  /opt/desk/overnight.sh /srv/lost /srv/reports.csv /srv/found /srv/pages
#
#     overnight.sh LOST TABLE FOUND PAGES [OPTION OF imgsim match...]
#
# TABLE tells of the photos in LOST which report each belongs to: a column of paths, and one named report. PAGES gets a
# folder for a night with news. In the morning, clerks say what they found by `imgsim pair confirm` and `imgsim pair
# reject`. Exit codes, as imgsim's: 0 there is something new, 1 there is nothing, 2 error.
set -eu

if [ $# -lt 4 ]; then
    echo "usage: overnight.sh LOST TABLE FOUND PAGES [OPTION...]" >&2
    exit 2
fi
lost=$1 table=$2 found=$3 pages=$4
shift 4

imgsim index --quiet --attributes "$table" -- "$lost"
imgsim index --quiet -- "$found"
mkdir -p -- "$pages" || exit 2

# What is said is kept once it was written whole, so this comes last: nothing after it can lose what it said.
exec imgsim match --quiet --new --thing report -k 3 --format tsv --show lost.report \
    --report "$pages/$(date +%F_%H-%M-%S)/" "$@" -- "$lost" "$found"
