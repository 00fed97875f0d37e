#!/bin/sh
# lint.sh CLOCK LLWHY DIR: wall time of llwhy lint over trees of 100, 1,000 and 10,000 files, made in DIR by make_tree.py. Every tenth
# file starts llama.cpp, in five formats; the others are what else lies in a repository. Gates nothing.
set -u
here=$(cd "$(dirname "$0")" && pwd)
clock=$1 llwhy=$2 dir=$3 runs=${RUNS:-5}
mkdir -p "$dir" && cd "$dir" || exit 1
echo "$(date -u +%Y-%m-%d), $(nproc) cores,$(sed -n 's/^model name.*://p' /proc/cpuinfo | head -n 1)"
for n in 100 1000 10000; do
    [ -d "tree-$n" ] || python3 "$here/make_tree.py" "tree-$n" "$n" 10 || exit 1
    "$clock" "$runs" "llwhy lint, $n files" "$llwhy" lint "tree-$n" --fail-on never
    "$clock" "$runs" "llwhy lint, $n files, one GPU described" "$llwhy" lint "tree-$n" --fail-on never --gpu 24564:23671
done
