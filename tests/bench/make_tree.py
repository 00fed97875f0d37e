#!/usr/bin/env python3
"""make_tree.py DIR N SHARE: N files as repositories have them, SHARE percent of them start llama.cpp; the rest are other
programs' configurations, scripts and sources, most of which name llama.cpp somewhere."""
import pathlib
import sys

MODELS = ["GLM-4.7-Flash-Q8_0.gguf", "Qwen3-Next-80B-A3B-Q5_K_M.gguf", "own-7b-q4.gguf"]


def compose(i, m):
    return f"c{i}/docker-compose.yml", f"""services:
  llama-server:
    image: ghcr.io/ggml-org/llama.cpp:server-cuda
    command: -m /models/{m} -c {4096 + i} -ngl ${{NGL:-99}} -ub 1024
    environment:
      - LLAMA_ARG_FIT=on
"""


def script(i, m):
    return f"run-{i}.sh", f"#!/bin/bash\nMODELS=${{MODELS:-/models}}\nargs=(-m $MODELS/{m} -c {4096 + i})\n# left to fit\nexec llama-server \"${{args[@]}}\" -b 2048\n"


def unit(i, m):
    return f"llama-{i}.service", f"[Service]\nEnvironment=LLAMA_ARG_CTX_SIZE={4096 + i}\nExecStart=/usr/bin/llama-server -m /models/{m} -ngl 99\n"


def pod(i, m):
    return f"pod-{i}.yaml", f"""apiVersion: v1
kind: Pod
metadata:
  name: llm-{i}
spec:
  containers:
  - name: server
    image: ghcr.io/ggml-org/llama.cpp:server
    args: ["-m", "/models/{m}", "-c", "{4096 + i}"]
"""


def swap(i, m):
    return f"swap-{i}.yaml", f"macros:\n  base: llama-server --port ${{PORT}}\nmodels:\n  m{i}:\n    cmd: ${{base}} -m /models/{m} -c {4096 + i}\n"


def other(i, m):
    return [(f"values-{i}.yaml", "replicas: 2\nimage: nginx\n# llama\n" + "list:\n" + "  - a: 1\n" * 40),
            (f"tool-{i}.sh", "#!/bin/sh\n# builds llama.cpp\ngit clone -b master https://example.org/llama.cpp\n" + "cmake --build build -j 4\n" * 30),
            (f"module{i}.py", "import os\n# talks to llama-server\n" + "def f(x):\n    return [x, '-b', 'main']\n" * 40),
            (f"app-{i}.conf", "[main]\nkey = value\n" * 20),
            (f"deploy-{i}.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n    spec:\n      containers:\n      - name: llama-docs\n        image: nginx\n")][i % 5]


def main():
    root, n, share = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    makers = [compose, script, unit, pod, swap]
    for i in range(n):
        ours = i * share // 100 != (i + 1) * share // 100
        name, text = makers[i * share // 100 % len(makers)](i, MODELS[i % len(MODELS)]) if ours else other(i, "")
        path = root / f"d{i // 400}" / f"e{i // 20}" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


main()
