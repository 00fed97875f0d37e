#!/bin/sh
# bench.sh CLOCK LLWHY SPARSE DIR ORACLE: wall time of llwhy on a model with a vocabulary of 150,000 tokens, beside two
# known readers of its header and llama.cpp's own --fit. Works in DIR; llama.cpp's library is set up in ORACLE. Gates nothing; says what
# it skipped.
set -u
here=$(cd "$(dirname "$0")" && pwd)
clock=$1 llwhy=$2 sparse=$3 dir=$4 oracle=$5 runs=${RUNS:-20}
mkdir -p "$dir" && cd "$dir" || exit 1
model=$PWD/glm-4.7-flash-q8_0.gguf moe=$PWD/qwen3-next-80b-a3b-q5_k_m.gguf
[ -f "$model" ] || "$sparse" glm-4.7-flash-q8_0 "$model" || exit 1
[ -f "$moe" ] || "$sparse" qwen3-next-80b-a3b-q5_k_m "$moe" || exit 1
two="--gpu 24564:23671 --gpu 16303:12761"

echo "$(date -u +%Y-%m-%d), $(nproc) cores,$(sed -n 's/^model name.*://p' /proc/cpuinfo | head -n 1); header of $(du -k "$model" | cut -f 1) KiB"
"$clock" "$runs" "llwhy --version (starting)" "$llwhy" --version
"$clock" "$runs" "llwhy MODEL, one GPU" "$llwhy" "$model" --gpu 24564:23671
"$clock" "$runs" "llwhy MODEL, two GPUs" "$llwhy" "$model" --gpu 24564:23671 --gpu 16303:12761
"$clock" "$runs" "llwhy MODEL, no GPU" "$llwhy" "$model" --no-gpu
"$clock" "$runs" "llwhy MODEL -- -ub 2048 -c 32768, one GPU" "$llwhy" "$model" --gpu 24564:23671 -- -ub 2048 -c 32768

"$clock" "$runs" "llwhy predict MODEL --fit off, one GPU" "$llwhy" predict "$model" --gpu 24564:23671 --format json -- --fit off
# shellcheck disable=SC2086 # several words
"$clock" "$runs" "llwhy fit MODEL, two GPUs" "$llwhy" fit "$model" $two --format json
# shellcheck disable=SC2086
"$clock" "$runs" "llwhy fit MoE 53 GiB, two GPUs" "$llwhy" fit "$moe" $two --format json
# shellcheck disable=SC2086
"$clock" "$runs" "llwhy fit MoE 53 GiB, two GPUs, llama.cpp of May 2026" "$llwhy" fit "$moe" $two --llama 2026-05-04 --format json

said=$(sh "$here/../oracle/setup.sh" "$oracle" 2>&1 | tail -n 1)
if [ -e "$oracle/bin/libggml-base.so" ] && cc -O2 -I "$oracle/src/ggml/include" -o read_gguf "$here/read_gguf.c" \
    -L "$oracle/bin" -lggml-base -Wl,-rpath,"$(realpath "$oracle/bin")" 2>cc.log; then
    "$clock" "$runs" "llama.cpp gguf_init_from_file, header only" ./read_gguf "$model"
else
    echo "llama.cpp gguf_init_from_file: skipped: ${said#skipped: }"
fi

# llama.cpp's own algorithm on the same invented cards: what llama-fit-params does, each probe of memory a load without allocation
if [ -x "$oracle/bin/probe" ]; then
    for file in "$model" "$moe"; do
        printf 'fit\tsrv\t-m %s -mem 24564:23671,16303:12761\n' "$file" >"$(basename "$file").job"
        # shellcheck disable=SC2016 # the words of the inner shell
        "$clock" 5 "llama.cpp --fit of $(basename "$file" .gguf), two GPUs" env GGML_BACKEND_PATH="$oracle/bin/libggml-fakecuda.so" \
            FAKE_GPUS=24564:23671,16303:12761 FAKE_LIVE=0 sh -c '"$1" <"$2"' sh "$oracle/bin/probe" "$(basename "$file").job"
    done
else
    echo "llama.cpp --fit: skipped: ${said#skipped: }"
fi

cp "$here/read_gguf.mjs" .
if ! command -v npm >/dev/null 2>&1; then
    echo "@huggingface/gguf: skipped: needs npm"
elif [ -d node_modules/@huggingface/gguf ] ||
    { echo '{"private": true}' >package.json && timeout 120 npm install --fetch-retries=0 --ignore-scripts --no-audit --no-fund @huggingface/gguf >npm.log 2>&1; }; then
    "$clock" 5 "@huggingface/gguf, header only" node read_gguf.mjs "$model"
else
    echo "@huggingface/gguf: skipped: npm could not get it (npm.log in $PWD)"
fi
