#!/bin/sh
# check.sh ORACLE_CHECK DIR [OPTIONS]: prepares the oracle in DIR and compares on generated cases: those in which a
# difference was found before (past.txt), then the walk. Exit code 77: skipped, and why.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
check=$(realpath "${1:?the oracle_check program}")
directory=${2:?a folder to work in}
shift 2
sh "$here/setup.sh" "$directory" || exit $?
failed=0
while read -r options; do
    # shellcheck disable=SC2086 # several words
    "$check" "$directory" $options --quiet || failed=1
done <"$here/past.txt"
"$check" "$directory" "$@" || failed=1
exit $failed
