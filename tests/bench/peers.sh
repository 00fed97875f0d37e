#!/bin/sh
# peers.sh LLWHY SPARSE DIR ORACLE: GPU memory of recorded loads as llwhy and node-llama-cpp's estimator tell it from the header.
# Takes node-llama-cpp from ORACLE, where the test `oracle` has put it, else gets it by npm into DIR. Says what it skipped.
set -u
here=$(cd "$(dirname "$0")" && pwd)
llwhy=$1 sparse=$2 dir=$3 oracle=$4
version=3.22.1 # the same as tests/oracle/setup.sh: its llama.cpp is v0.5.0
mkdir -p "$dir" && cd "$dir" || exit 1
for tool in node npm; do
    command -v $tool >/dev/null 2>&1 || { echo "node-llama-cpp: skipped: needs $tool"; exit 77; }
done
if [ ! -d node_modules/node-llama-cpp ]; then
    if [ -d "$oracle/node_modules/@node-llama-cpp/linux-x64" ]; then
        ln -sfn "$oracle/node_modules" node_modules
    else
        echo '{"private": true}' >package.json
        timeout 300 npm install --fetch-retries=0 --omit=optional --ignore-scripts --no-audit --no-fund \
            "node-llama-cpp@$version" "@node-llama-cpp/linux-x64@$version" >npm.log 2>&1 ||
            { echo "node-llama-cpp: skipped: npm could not get it (npm.log in $PWD)"; exit 77; }
    fi
fi
cp "$here/peers.mjs" .
node peers.mjs "$here/../fixtures/truth/memory.tsv" "$llwhy" "$sparse" "$PWD/models"
