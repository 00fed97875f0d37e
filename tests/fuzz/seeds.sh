#!/bin/sh
# seeds.sh FOLDER SEEDS_PROGRAM: starting points for every target, from the project's own fixtures, rules and lessons, and words.dict, what
# its readers compare with.
set -eu
out=${1:?a folder}
program=${2:?the program seeds}
cd "$(dirname "$0")/../.."
mkdir -p "$out"

# take TARGET FILE...: copies under names that cannot meet.
take() {
  target=$1
  shift
  mkdir -p "$out/$target"
  for file in "$@"; do
    [ ! -f "$file" ] || cp "$file" "$out/$target/$(printf %s "$file" | tr / _)"
  done
}

# The files of a fixture's folder as one input for the target tree.
tree() {
  mkdir -p "$out/tree"
  for folder in "$@"; do
    [ -d "$folder" ] || continue
    for file in "$folder"/* "$folder"/.env; do
      [ -f "$file" ] || continue
      printf '==> %s <==\n' "$(basename "$file")"
      cat "$file"
    done >"$out/tree/$(printf %s "$folder" | tr / _)"
  done
}

"$program" "$out/gguf" 40
take model "$out"/gguf/*
take rules rules.d/*.lua
take log tests/fixtures/logs/*.log
take card lessons/*.md README.md docs/*.md
take document lessons/*.md README.md docs/*.md docs/decisions/*.md
take facts tests/cases/*/facts.json
take ledger tests/cases/*/evidence/*.yaml
take case lessons/cases/*.yaml
for target in tests/fuzz/starts/*; do take "$(basename "$target")" "$target"/*; done
tree tests/fixtures/lint/*/* tests/fixtures/lint/*/*/*
find tests/fixtures/lint -type f | while read -r file; do
  case $(basename "$file") in
    models.conf) take ini "$file" ;;
    presets.ini) take preset "$file" ;;
    docker-compose*) take compose "$file" ;;
    Dockerfile*) take dockerfile "$file" ;;
    .env*) take env "$file" ;;
    *.sh) take shell "$file" ;;
    *.service) take unit "$file" ;;
    *.container) take container "$file" ;;
    Taskfile.yml) take taskfile "$file" ;;
    package.json) take package "$file" && take editor "$file" ;;
    *.yaml | *.yml)
      take yaml "$file"
      case $file in
        */swap/*) take swap "$file" ;;
        */kubernetes/*) take kubernetes "$file" ;;
        */actions/*) take actions "$file" ;;
      esac ;;
    *odelfile*) take modelfile "$file" ;;
    *.ps1) take powershell "$file" ;;
    *.nix) take nix "$file" ;;
    *akefile* | *.mk) take makefile "$file" ;;
    *.py) take python "$file" ;;
    *ustfile*) take justfile "$file" ;;
    *.bat | *.cmd) take batch "$file" ;;
  esac
done
mkdir -p "$out/argv" "$out/expr" "$out/help"
printf '%s\n' '----- common params -----' '' '-c,    --ctx-size N                     size of the prompt context (default: 0)' \
  '                                        (env: LLAMA_ARG_CTX_SIZE)' '-fa,   --flash-attn [on|off|auto]       set Flash Attention use' \
  '--mmap, --no-mmap                       whether to memory-map the model (default: enabled)' \
  '  -t N, --threads N      number of threads (default: -1)' '-new, --newest {a,b}' '    a choice' >"$out/help/server"
printf '%s\n' -m model.gguf -c 131072 -ctk q8_0 -ctv q8_0 -ngl 99 --fit off -ub 1024 -ot 'blk\.[0-9]\.=CUDA0,exps=CPU' -ts 3,1 >"$out/argv/long"
printf '%s\n' LLAMA_ARG_CTX_SIZE=4k LLAMA_ARG_NO_MMAP=1 '' -fa -c 4096 --threads=4 --spec-type draft-mtp -hf a/b:Q4_K_M >"$out/argv/variables"
# Every condition and quantity of the rules is an expression.
n=0
grep -ho '"[^"]*[<>=.][^"]*"' rules.d/*.lua | tr -d '"' | sort -u | while read -r text; do
  n=$((n + 1))
  printf %s "$text" >"$out/expr/$n"
done
# Words that mutations put in: short literals of the sources, options and variables of llama.cpp.
{
  # shellcheck disable=SC2016 # a pattern
  grep -rhoE '"[][ A-Za-z0-9_.:=/<>@{}$()%+-]{3,40}"' engine/source engine/fact engine/predict engine/rule
  cut -f 1 models/flags.tsv | grep -oE -- '--?[A-Za-z-]+' | sed 's/.*/"&"/'
  grep -ohE 'LLAMA_ARG_[A-Z_]+' models/flags.tsv | sed 's/.*/"&"/'
} | grep -vE '%| .* |"  ' | sort -u >"$out/words.dict"
