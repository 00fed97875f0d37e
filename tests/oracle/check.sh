#!/bin/sh
# check.sh PROGRAM DIR [--past FILE] [OPTIONS]: prepares the oracle in DIR and compares on generated cases: those of FILE, in
# which a difference was found before, then the walk. Exit code 77: skipped, and why.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
check=$(realpath "${1:?the program that compares}")
directory=${2:?a folder to work in}
shift 2
past=/dev/null
[ "${1:-}" != --past ] || {
    past=${2:?a file of cases}
    shift 2
}
sh "$here/setup.sh" "$directory" || exit $?
failed=0
while read -r options; do
    # shellcheck disable=SC2086 # several words
    "$check" "$directory" $options --quiet || failed=1
done <"$past"
"$check" "$directory" "$@" || failed=1
[ $# -gt 0 ] || [ "$past" = /dev/null ] || "$check" "$directory" --drafts --models 10 || failed=1
exit $failed
