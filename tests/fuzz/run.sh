#!/bin/sh
# run.sh BUILD SECONDS TARGET: feeds one target and prints what it reached; exit status 1 when it found something.
# FUZZ_SEED: where libFuzzer's chance starts; 0, or not set: elsewhere each time.
set -u
build=$1 seconds=$2 target=$3
mkdir -p "$build/found" "$build/corpus/$target" "$build/seeds/$target"
kept=tests/fuzz/corpus/$target
[ -d "$kept" ] || kept=
log=$build/found/$target.log
found=0
# A hang is a second by the rules; sanitizers and busy machines are slow. The memory limit includes the sanitizers' own.
# shellcheck disable=SC2086 # the kept corpus may be none
"$build/tests/fuzz/fuzz_$target" -max_total_time="$seconds" -seed="${FUZZ_SEED:-0}" -timeout=20 -rss_limit_mb=1024 -malloc_limit_mb=256 -max_len=131072 \
  -dict="$build/seeds/words.dict" -print_final_stats=1 -artifact_prefix="$build/found/$target-" "$build/corpus/$target" "$build/seeds/$target" $kept >"$log" 2>&1 || {
  found=1
  printf '%s: found something: %s\n' "$target" "$log"
  grep -E 'ERROR|SUMMARY|Test unit written|runtime error' "$log" | head -n 5
}
awk -v target="$target" '/ cov: / { for (i = 1; i < NF; i++) { if ($i == "cov:") edges = $(i + 1); if ($i == "corp:") corpus = $(i + 1) } }
  /stat::number_of_executed_units/ { runs = $2 }
  END { printf "%-12s %9d executions %7d edges  corpus %s\n", target, runs, edges, corpus }' "$log"
exit "$found"
