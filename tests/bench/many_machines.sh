#!/bin/sh
# Reasons over many machines: many_machines.sh LLWHY [PAIRS] [JOBS]
#
# Writes PAIRS saved machines (10,000 if not said), no two alike, and asks about one model on each: once in one process for all of
# them, once in a process for each under GNU parallel. Prints pairs a second and the peak memory of a process; fails when an answer
# is missing or the two ways differ.
set -eu
llwhy=$(realpath "$1")
pairs=${2:-10000}
jobs=${3:-$(nproc)}
command -v parallel >/dev/null 2>&1 || { echo "skipped: GNU parallel is not installed"; exit 77; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export HOME="$scratch" XDG_STATE_HOME="$scratch" XDG_CONFIG_HOME="$scratch" LC_ALL=C.UTF-8 PARALLEL_HOME="$scratch"
cd "$scratch"
mkdir boxes

python3 - "$pairs" <<'PY'
import json
import sys

CARDS = (("RTX 4090", 24564, 1008), ("RTX 3090", 24576, 936), ("RTX 4060 Ti", 16380, 288), ("RTX 5090", 32607, 1792))
for i in range(int(sys.argv[1])):
    name, total, bandwidth = CARDS[i % 4]
    gpus = [{"kind": "gpu", "id": f"CUDA{k}", "facts": {"index": k, "name": name, "backend": "CUDA", "total": f"{total} MiB", "free": f"{total - 600 - i % 9973} MiB",
                                                         "bandwidth": bandwidth * 1e9}} for k in range(1 + i // 4 % 2)]
    host = {"kind": "host", "id": "host", "facts": {"ram_total": "65536 MiB", "ram_available": f"{30000 + i % 20011} MiB", "gpus": len(gpus)}}
    with open(f"boxes/box{i:05}.json", "w", encoding="utf-8") as out:
        json.dump({"schema": "llwhy.facts/1", "entities": [host, *gpus]}, out)
PY

flags='-c 16384'
model=qwen3-30b-a3b-q4_k_m
timed() { # NAME COMMAND...: seconds and peak memory of the largest process
  name=$1
  shift
  python3 - "$name" "$pairs" "$@" <<'PY'
import resource
import subprocess
import sys
import time

name, pairs, command = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
start = time.time()
code = subprocess.run(command, check=False).returncode
seconds = time.time() - start
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
print(f"{name}: {pairs} pairs in {seconds:.1f} s, {pairs / seconds:.0f} a second; {usage.ru_utime + usage.ru_stime:.1f} s of processor; "
      f"the largest process took {usage.ru_maxrss / 1024:.1f} MiB")
sys.exit(code)
PY
}

# shellcheck disable=SC2086 # flags are words
timed "one process" sh -c "'$llwhy' matrix $model boxes --llama v0.5.0 --format jsonl -- $flags >one.jsonl"
timed "a process for each pair, $jobs at once" sh -c \
  "find boxes -name '*.json' | sort | parallel --will-cite -k -j $jobs '$llwhy' matrix $model {} --llama v0.5.0 --format jsonl -- $flags >each.jsonl"
timed "a process for each 100 pairs, $jobs at once" sh -c \
  "find boxes -name '*.json' | sort | parallel --will-cite -k -j $jobs -n 100 '$llwhy' matrix $model {} --llama v0.5.0 --format jsonl -- $flags >hundred.jsonl"
cmp one.jsonl each.jsonl
cmp one.jsonl hundred.jsonl
[ "$(wc -l <one.jsonl)" -eq "$pairs" ] || { echo "answers are missing"; exit 1; }
"$llwhy" matrix --from each.jsonl | tail -n 1
