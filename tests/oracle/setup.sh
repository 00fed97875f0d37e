#!/bin/sh
# setup.sh DIR: llama.cpp v0.5.0's own accounting on invented GPUs, from npm, without compiling llama.cpp (about 25 s).
# Needs npm, git, gcc, g++ and a registry that npm is set up for. Leaves DIR/bin/probe and DIR/bin/libggml-fakecuda.so.
# Exit code 77: something it needs is not there, and the last line says what.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
version=3.22.1 # node-llama-cpp whose llama.cpp is v0.5.0
mkdir -p "${1:?a folder to work in}"
cd "$1"

skip() {
    echo "skipped: $1"
    exit 77
}

for tool in npm git gcc g++; do
    command -v "$tool" >/dev/null 2>&1 || skip "the oracle needs $tool"
done
[ "$(uname -sm)" = "Linux x86_64" ] || skip "the oracle's libraries are for Linux on x86-64"

get() {
    timeout 300 npm install --fetch-retries=0 --omit=optional --ignore-scripts --no-audit --no-fund "$@" >npm.log 2>&1 ||
        skip "npm could not get $* (npm.log in $PWD)"
}

if [ ! -d node_modules/@node-llama-cpp/linux-x64 ]; then
    [ -f package.json ] || echo '{"private": true}' >package.json
    get "node-llama-cpp@$version" "@node-llama-cpp/linux-x64@$version"
fi
[ -d v050.git ] || git clone -q --bare node_modules/node-llama-cpp/llama/gitRelease.bundle v050.git
if [ ! -d src ]; then
    mkdir src.new
    git --git-dir=v050.git archive HEAD include src/llama-ext.h common ggml/include ggml/src vendor | tar x -C src.new
    mv src.new src
fi
mkdir -p bin
find node_modules/@node-llama-cpp/linux-x64 -name '*.so' | while read -r library; do
    ln -sf "$(realpath "$library")" bin/
done
bin=$(realpath bin)

# make FILE COMMAND...: runs the command, unless it made FILE from the same sources before. Their text decides, not their
# times, which a copied folder does not keep; libraries are found by their full path, so the folder belongs to it.
make() {
    file=$1
    shift
    made_from=$({ echo "$bin $*"; cat "$here"/fakecuda* "$here"/probe.cpp; } | sha256sum)
    [ -x "$file" ] && [ "$(cat "$file.from" 2>/dev/null)" = "$made_from" ] && return
    rm -f "$file" "$file.from"
    "$@" -o "$file"
    echo "$made_from" >"$file.from"
}
make bin/libggml-fakecuda.so gcc -O1 -w -shared -fPIC -fvisibility=hidden -Isrc/ggml/include -Isrc/ggml/src \
    -DGGML_BACKEND_SHARED "$here"/fakecuda*.c -L"$bin" -l:libggml-base.so -Wl,-rpath,"$bin"
make bin/probe g++ -std=c++17 -O1 -rdynamic -Isrc/include -Isrc/common -Isrc/ggml/include -Isrc/vendor -Isrc \
    "$here/probe.cpp" bin/libllama-common.so bin/libllama.v0.5.0.so bin/libggml.v0.5.0.so bin/libggml-base.so \
    -Wl,-rpath,"$bin" -Wl,--allow-shlib-undefined -lpthread -ldl
echo "ready: $bin/probe"
