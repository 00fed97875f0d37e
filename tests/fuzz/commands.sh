#!/bin/sh
# commands.sh FOLDER SEEDS_PROGRAM: a small project to run command lines in (FOLDER/scene), those of the documents as starting points
# (FOLDER/seeds), and the words they are made of (FOLDER/words.dict).
set -eu
out=${1:?a folder}
program=${2:?the program seeds}
cd "$(dirname "$0")/../.."
rm -rf "$out/scene" "$out/seeds"
mkdir -p "$out/scene" "$out/seeds" "$out/models"
"$program" "$out/models" 1
for model in "$out"/models/*; do cp "$model" "$out/scene/model.gguf"; done
cp tests/fixtures/lint/07-no-hardcoded-layers/ini/mistake/models.conf "$out/scene"
cp tests/fixtures/logs/2024-server.log "$out/scene/server.log"
cp tests/cases/L03-facts/facts.json "$out/scene/box.json"
printf '%s\n' 'llama-server -m model.gguf -c 8192 -ub 4096 --api-key secret' >"$out/scene/run.sh"
# A word a line, quotes as a shell reads them. Commands that go through all rules take too long to be tried by the thousand.
n=0
grep -ho '^    llwhy .*' README.md docs/*.md docs/*/*.md | sed 's/  *#.*//; s/^    llwhy *//; s/[|>;&].*//' | grep -vE '^(test|kb|gate|matrix|guide|probe|verify|card fetch|completion|manual)' | sort -u | while read -r line; do
  n=$((n + 1))
  printf '%s' "$line" | xargs -n 1 printf '%s\n' >"$out/seeds/$n" 2>/dev/null || rm -f "$out/seeds/$n"
done
printf '%s\n' ask model.gguf --no-gpu '' 'why 1' 'why-not 262144 context' 'what-if -ub 256' 'change loads' >"$out/seeds/ask"
printf '%s\n' log - --all '' 'llama_model_load: error loading model: x' >"$out/seeds/log"
printf '%s\n' mcp '' '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"decide","arguments":{"model":"model.gguf","gpu":["RTX 4090"]}}}' >"$out/seeds/mcp"
printf '%s\n' teach --from models.conf --batch - '' '8192 @4' >"$out/seeds/teach"
{
  sed -n 's/.*{"\([a-z-]*\)", [0'\''].*/"--\1"/p' engine/cli/options.c
  sed -n 's/.*\[LLW_COMMAND_[A-Z_]*\] = *{"\([a-z-]*\)".*/"\1"/p' engine/cli/options.c
  cut -f 1 models/flags.tsv | grep -o -- '--[a-z-]*' | sort -u | sed 's/.*/"&"/'
} | sort -u >"$out/words.dict"
