#!/bin/sh
# check.sh ORACLE_CHECK DIR: prepares the oracle in DIR and compares on generated cases. Exit code 77: skipped, and why.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
check=$(realpath "${1:?the oracle_check program}")
directory=${2:?a folder to work in}
shift 2
sh "$here/setup.sh" "$directory" || exit $?
exec "$check" "$(realpath "$directory")" "$@"
