#!/bin/sh
# replay_commands.sh FUZZ_COMMANDS SEEDS_PROGRAM FOLDER: runs the command lines of the documents and those that AFL++ kept, as AFL++ runs them.
set -eu
program=${1:?the program fuzz_commands}
seeds=${2:?the program seeds}
folder=${3:?a folder}
here=$(cd "$(dirname "$0")" && pwd)
sh "$here/commands.sh" "$folder" "$seeds"
cd "$folder/scene"
HOME=$PWD exec "$program" ../seeds "$here/corpus/commands"
