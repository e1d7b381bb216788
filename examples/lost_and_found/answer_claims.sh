#!/bin/sh
# Answer every claim in a folder: what on the shelf looks like the photo that the owner sent?
#
#     answer_claims.sh SHELF CLAIMS PICTURES [OPTION OF imgsim query...] | mail -s 'Claims' desk@example.org
#
# The report goes to stdout, and a picture of each claim beside its matches into the folder PICTURES. A limit keeps
# poor matches out: `--max-distance 1.2`. Exit codes: 0 something was found, 1 nothing, 2 a claim cannot be read.
set -eu

if [ $# -lt 3 ]; then
    echo "usage: answer_claims.sh SHELF CLAIMS PICTURES [OPTION...]" >&2
    exit 2
fi
shelf=$1 claims=$2 pictures=$3
shift 3

mkdir -p -- "$pictures"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
imgsim info --index "$shelf" >"$work/info" # an index that is not there: one line on stderr, and this is the end

one_line() {
    printf '%s' "$1" | tr '\n' ' '
    echo
}

asked=0 found=0 failed=0
for claim in "$claims"/*; do
    [ -f "$claim" ] || continue
    asked=$((asked + 1))
    name=${claim##*/}
    picture=$pictures/$name.png
    one_line "$name"

    # Columns of tsv: query, rank, path, distance. Tabs and newlines within a name are escaped: a match is a line.
    status=0
    imgsim query -k 3 --format tsv "$@" --index "$shelf" --grid "$picture" -- "$claim" \
        >"$work/matches" 2>"$work/errors" || status=$?
    [ "$status" -eq 0 ] || rm -f -- "$picture"
    case $status in
    0)
        found=$((found + 1))
        LC_ALL=C awk -F '\t' '{ printf "  %2d  %7.3f  %s\n", $2, $4, $3 }' "$work/matches"
        one_line "  picture: $picture"
        ;;
    1)
        echo "  nothing on the shelf looks like it"
        ;;
    *)
        failed=$((failed + 1))
        sed 's/^/  /' "$work/errors"
        ;;
    esac
    echo
done

echo "claims: $asked (with matches: $found, without: $((asked - found - failed)), not answered: $failed)"
if [ "$failed" -gt 0 ]; then
    exit 2
fi
[ "$found" -gt 0 ]
