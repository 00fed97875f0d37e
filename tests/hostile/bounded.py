#!/usr/bin/env python3
"""Small files that ask for much: bounded.py LLWHY [--sanitized] [NAME...]

Each input is below 1 MiB and made of one shape, repeated: what is nested, what doubles, what refers to itself, what makes a reader look
again at what it has seen. llwhy answers each within a second of CPU time, 256 MiB and a stack of 256 KiB, whatever the answer is. (A second try
is allowed: other programs run on this machine. With sanitizers it is ten seconds, their memory is not counted, and the stack is the usual one;
so it is for arguments of more than 64 KiB, which take the place of a stack.)
"""
import os
import pathlib
import subprocess
import sys
import tempfile

from nasty import runs

SECONDS, MIB, STACK, SIZE = 1, 256, 256 << 10, 900 << 10
MODEL, MACHINE = "llama-3.1-8b-q4_k_m", ["--gpu", "24000:23000", "--ram", "64000"]
BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(12))


def rows(pattern, n):
    return "".join(pattern(i) for i in range(n))


def service(body, head=""):
    return f"{head}services:\n  s:\n    image: llama.cpp:server\n{body}"


COMPOSE = {
    "anchors": BOMB + "services: {s: {image: llama.cpp, command: *m}}\n",
    "merges": service("    <<: *x29\n    command: -c 1\n",
                      "x0: &x0 {a: 1}\n" + "".join(f"x{i}: &x{i}\n  <<: [{','.join([f'*x{i - 1}'] * 9)}]\n" for i in range(1, 30))),
    "services": "services:\n" + rows(lambda i: f'  s{i}: {{image: "llama.cpp:server", command: "-m a.gguf -c {i}"}}\n', 14000),
    "extends": "services:\n" + rows(lambda i: f'  s{i}: {{image: "llama.cpp:server", extends: {{service: s{(i + 1) % 9000}}}}}\n', 9000),
    "variables": service("    environment:\n" + rows(lambda i: f"      - V{i}=${{V{i - 1}:-${{V{i - 2}}}}}\n", 25000)),
    "defaults": service('    command: "' + "${A:-" * 50000 + "}" * 50000 + '"\n'),
    "lists": "services: " + "[" * 400000,
    "maps": "services: {s: {image: llama, command: " + "{a: " * 100000,
    "include": "include:\n" + "  - docker-compose.yml\n" * 30000 + "services: {s: {image: llama}}",
    "keys": service(rows(lambda i: f"    k{i}: 1\n", 60000)),
    "words": 'services: {s: {image: "llama.cpp:server", command: "' + "-c 1 " * 170000 + '"}}',
    "quotes": 'services: {s: {image: "llama.cpp:server", command: "' + "'' " * 200000 + '"}}',
}
CLONE = "git clone https://github.com/ggml-org/llama.cpp\n"
SHELL = {
    "if": "if true; then\n" * 60000 + "llama-server -c 1\n",
    "substitution": "llama-server -m " + "$(echo " * 100000,
    "parameter": "llama-server -m " + "${A:-" * 150000,
    "doubling": "a=xxxxxxxxxxxxxxxx\n" + "a=$a$a\n" * 100 + "llama-server -m $a -c 1\n",
    "arrays": "A=(-c 1)\n" + 'A+=("${A[@]}")\n' * 60 + 'llama-server "${A[@]}"\n',
    "appends": "A=(-m x)\n" + "A+=(-c 4096)\n" * 60000 + 'llama-server "${A[@]}"\n',
    "for": "for i in " + "a " * 200000 + "; do llama-server -m $i -c 1; done\n",
    "loops": rows(lambda k: f"for i{k} in a b c d e f g h i j; do ", 12) + "llama-server -m a -c 1" + "; done" * 12 + "\n",
    "itself": "./run.sh\n" * 40 + "llama-server -m a -c 1\n",
    "shells": "A='llama-server -m a -c 1'\n" + 'bash -c "$A"\n' * 50000,
    "calls": rows(lambda i: f"f{i}() {{ f{i + 1}; f{i + 1}; }}\n", 40) + "f40() { llama-server -m a -c 1; }\nf0\n",
    "recursion": "f() { f; f; f; llama-server -c 1; }\nf\n",
    "case": 'case "$1" in\n' + rows(lambda i: f"a{i}|b{i}) X={i};;\n", 40000) + "esac\nllama-server -m a -c $X\n",
    "launches": "llama-server -m a.gguf -c 4096 -ub 512\n" * 20000,
    "here": "cat <<E\nllama-server\n" * 40000,
    "patterns": "x=" + "a" * 100000 + "\nif [[ $x == " + "*a" * 3000 + "b ]]; then llama-server -c 1; fi\ncase $x in " + "*a" * 1000 + "b) llama-server;; esac\n",
    "source": ". ./run.sh\nsource run.sh\n" * 10000 + "llama-server -c 1\n",
    "continued": "llama-server -m a.gguf \\\n" + "  -c 4096 \\\n" * 60000 + "  -ub 1\n",
    "pragmas": "# llwhy: ignore F01 until 2030-01-01 because x\nllama-server -m a -b 1 -c 1\n" * 10000,
    "pins": CLONE + "LLAMA_CPP_VERSION=$A\n" * 40000 + "llama-server -c 1\n",
    "pinned": CLONE + "LLAMA_CPP_VERSION=" + "${A:-" * 150000 + "\nllama-server -c 1\n",
    "pin circle": CLONE + "LLAMA_CPP_VERSION=$A\nA=${A:- $A}\nllama-server -c 1\n",
    "claims": "# Qwen3-Coder-Next MoE needs -ub 2048, 12.5 GB VRAM, 30 t/s on RTX 4090; dense model\n" * 10000 + "llama-server -m a -c 1\n",
    "claim": "# " + "Qwen3 MoE is dense and needs 12 GB VRAM at 30 t/s; " * 18000 + "\nllama-server -m a -c 1\n",
}
INCLUDES = {"Makefile": "include x.mk ./x.mk y.mk\nx:\n\tllama-server -c $(A)\n", "y.mk": "include x.mk y.mk\n" * 100, "x.mk": "A = " + "b \\\n" * 25000 + "\n"}
FILES = {
    "Dockerfile": {"env": "FROM llama.cpp:server\n" + rows(lambda i: f"ENV A{i}=$A{i - 1}\n", 40000) + 'CMD ["llama-server","-c","$A1"]\n',
                   "line": "FROM llama.cpp\nENV " + rows(lambda i: f"A{i}=1 ", 80000) + "\nCMD llama-server -c 1",
                   "stages": rows(lambda i: f"FROM s{i - 1} AS s{i}\nENV LLAMA_ARG_CTX_SIZE={i}\n", 18000) + "CMD llama-server\n"},
    ".env": {"names": rows(lambda i: f"LLAMA_ARG_X{i}=1\n", 45000), "doubling": "A=xxxxxxxx\n" + "A=${A}${A}\n" * 60 + "LLAMA_ARG_MODEL=$A\n"},
    "models.conf": {"sections": rows(lambda i: f"[s{i}]\nmodel=/m/a.gguf\nc={i}\n", 24000), "same": "[a]\nmodel=x.gguf\n" + "c=1\n" * 200000},
    "presets.ini": {"sections": rows(lambda i: f"[s{i}]\nmodel=/m/a.gguf\nctx-size={i}\n", 20000)},
    "llama.service": {"environment": "[Service]\n" + rows(lambda i: f"Environment=A{i}=1 LLAMA_ARG_B{i}=2\n", 18000) + "ExecStart=/usr/bin/llama-server -c 1\n",
                      "commands": "[Service]\n" + "ExecStart=/usr/bin/llama-server -c 1\n" * 20000},
    "pod.yaml": {"objects": "\n---\n".join(['apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{image: llama.cpp, args: ["-c","1"]}]}'] * 6000),
                 "maps": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {" + rows(lambda i: f'k{i}: "1", ', 40000) + "}\n---\napiVersion: v1\nkind: Pod\n"
                         "metadata: {name: b}\nspec: {containers: [{image: llama.cpp, args: ['-c'], envFrom: [" + "{configMapRef: {name: a}}, " * 500 + "]}]}"},
    "config.yaml": {"macros": "macros:\n" + "".join(f'  m{i}: "${{m{i - 1}}} ${{m{i - 1}}}"\n' for i in range(1, 250)) +
                              '  m0: xxxxxxxxxxxx\nmodels:\n  a: {cmd: "llama-server -m ${m249} -c 1"}\n',
                    "models": "macros: {" + rows(lambda i: f"a{i}: x, ", 250) + "}\nmodels:\n" +
                              rows(lambda i: f'  m{i}: {{cmd: "llama-server -m {"${a1}" * 20} -c 1"}}\n', 6000)},
    "Makefile": {"own": rows(lambda i: f"{'t' * 200}{i}: A{i} = {'x' * 2000}\n", 70) + rows(lambda i: f"x{i % 2}:\n\techo $$A\n", 40000),
                 "own each": rows(lambda i: f"x: A{i} = {'y' * 3000}\n", 60) + "x:\n\techo\n" * 60000,
                 "export": "export\n" + rows(lambda i: f"A{i} = $(A{i - 1})\n", 3000) + "x:\n" + "\tllama-server -c $$A9\n" * 40000,
                 "exports": "export\n" + rows(lambda i: f"A{i} = {'z' * 3000}\n", 120) + rows(lambda i: f"x{i}: A1 = 2\nx{i}:\n\tllama-server -c $$A9\n", 12000),
                 "targets": rows(lambda i: f"x{i} ", 60000) + ": A = 1\n" + rows(lambda i: f"x{i}: y\n\tllama-server -c $(A)\n", 20000),
                 "include": "include Makefile\n" * 40000 + "x:\n\tllama-server -c 1\n",
                 "patterns": "export\n%: X = 1\n" + rows(lambda i: f"A{i} = {i}\n", 6000) + rows(lambda i: f"x{i}:\n\tllama-server -c $$A9\n", 10000),
                 "evals": "A = 1\n" + rows(lambda i: f"$(eval B{i} = 1)\ninclude $(Z)\n", 15000) + "x:\n\tllama-server -c $(A)\n",
                 "names": rows(lambda i: f"$(A)$(B){i} = 1\n", 40000) + "x:\n\tllama-server -c $(A)\n",
                 "continued": "A = " + "\\\n" * 400000 + "\nx:\n\tllama-server -c $(A)\n",
                 "pluses": "A := 1\n" + "A += 2\n" * 60000 + "x:\n\tllama-server -c $(A)\n",
                 "circle": "A=" + ("x" * 100 + "$(A)") * 3 + "\nx:\n\tllama-server -m $(A) -c 1\n",
                 "doubling": "A=$(A)$(A)\n" + rows(lambda i: f"B{i}=$(B{i + 1})$(B{i + 1})\n", 60) + "x:\n\tllama-server -m $(B0) $(A) -c 1\n",
                 "open": "x:\n\tllama-server -m " + "$(" * 300000 + "\n"},
    "justfile": {"doubling": rows(lambda i: f"a{i} := a{i - 1} + a{i - 1}\n", 20000) + "x:\n  llama-server -m {{a9}} -c 1\n",
                 "open": "x:\n  llama-server -m " + "{{" * 200000 + "\n"},
    "a.nix": {"open": "{ x = " + "(" * 300000 + "llama-server", "strings": '{ x = "llama-server ' + '${"' * 100000,
              "flags": "{ services.llama-cpp = { enable = true; extraFlags = [" + '"-c" "1" ' * 80000 + "]; }; }"},
    "run.py": {"doubling": "import subprocess\n" + rows(lambda i: f"a{i} = a{i - 1} + a{i - 1}\n", 20000) + 'subprocess.run(["llama-server","-c","1"]+a19999)\n',
               "open": 'subprocess.run(["llama-server", ' + "[" * 300000},
    "run.ps1": {"open": "llama-server -c 1 " + "$(" * 300000, "doubling": '$a=@("-c","1")\n' + "$a += $a\n" * 60 + "llama-server @a\n"},
    "run.bat": {"doubling": "set A=xxxxxxxx\r\n" + "set A=%A%%A%\r\n" * 100 + "llama-server -m %A% -c 1\r\n", "open": "(" * 400000 + "llama-server -c 1"},
    "a.plist": {"deep": "<plist><dict><key>ProgramArguments</key>" + "<array>" * 100000 + "<string>llama-server</string>"},
    "package.json": {"deep": '{"scripts": {"x": "llama-server -c 1"}, "a": ' + "[" * 400000,
                     "chain": '{"scripts": {' + rows(lambda i: f'"s{i}": "npm run s{i + 1} && llama-server -c 1", ', 15000) + '"x": ""}}'},
    "Taskfile.yml": {"circle": "version: 3\ntasks:\n" + rows(lambda i: f'  t{i}: {{deps: [t{(i + 1) % 9000}], cmds: ["llama-server -c {i}"]}}\n', 9000)},
    "ci.yml": {"jobs": "jobs:\n" + rows(lambda i: f"  j{i}:\n    steps:\n      - run: llama-server -m a -c {i}\n", 12000)},
    "Modelfile": {"same": "FROM a.gguf\n" + "PARAMETER num_ctx 1\n" * 40000, "quotes": 'FROM llama.gguf\nTEMPLATE """' + 'x"" ' * 200000},
    "Procfile": {"lines": "a: llama-server -c 1\n" * 40000},
}
CIRCLE = {f"{a}.sh": "#!/bin/bash\n" + f"./{b}.sh\n" * 40 + "llama-server -m a -c 1\n" for a, b in zip("abcd", "bcda")}
PROSE = {
    "quotes": "> " * 20000 + "GGUF VRAM", "list": "\n".join(" " * (2 * i) + "- GGUF" for i in range(900)), "links": "[a](" * 200000 + "GGUF",
    "stars": "*a **a " * 120000 + "GGUF", "code": "`GGUF " * 150000, "references": "[a]: <" * 100000, "markup": "<a" * 300000 + " GGUF",
    "claims": "Qwen3-Coder MoE needs 24 GB VRAM; -ub 2048 gives 30 t/s on an RTX 4090.\n\n" * 11000,
    "claim": "Qwen3 MoE is dense, needs 24 GB VRAM at 30 t/s, " * 18000, "brackets": "[" * 300000 + "GGUF" + "]" * 300000,
    "names": "Qwen3-Coder-Next-80B-A3B-Instruct-Q8_0-GGUF " * 20000,
    "sentences": "The 8B model is MoE. " * 43000, "needs": "It needs 20 GB.\n" * 58000, "flags": "Use `-ngl 99` with 24 GB. " * 35000,
    "sizes": "Qwen3-8B needs " + "20 GB, or " * 90000, "words": "GGUF " + "Qwen Llama Gemma Mistral 7 " * 34000,
    "different": rows(lambda i: f"Qwen3-{i}B is MoE, has {i % 999} layers, {i % 999} experts and needs {i}.5 GB.\n\n", 13000),
    "known": rows(lambda i: f"Llama 3.1 8B Q4_K_M is MoE, has {i % 999} experts, and the file is {i % 99}.5 GB.\n\n", 12000),
    "table": "| model | VRAM | size |\n|---|---|---|\n" + rows(lambda i: f"| Qwen3-8B-Q4_K_M | {i}.5 GB | {i} GiB |\n", 22000),
    "wide": "|" + "model VRAM size|" * 300 + "\n|" + "-|" * 300 + "\n" + ("|" + "Llama 3.1 8B Q4_K_M 5 GB|" * 300 + "\n") * 110,
    "title": "| llama-3.1-8b |" + " size GB" * 15000 + "|\n|---|---|\n" + "| Llama 3.1 8B Q4_K_M | 5 GB |\n" * 24000,
    "items": "- Llama 3.1 8B Q4_K_M is MoE and needs 20 GB.\n" * 20000, "headings": "# Llama 3.1 8B\n" * 60000,
    "heading": "# " + "Llama 3.1 8B " * 9000 + "\n" + "It is MoE.\n\n" * 60000, "levels": rows(lambda i: f"{'#' * (i % 6 + 1)} a\nThe Q4_K_M is MoE.\n", 35000),
    "below": "- Llama\n" + "  - It is MoE and needs 20 GB.\n" * 29000, "GGUF": "x.Q8_0.gguf (Q4_K_M) " * 40000,
    "commands": "```sh\nllama-server -m llama-3.1-8b-q4_k_m.gguf -c 4096\n```\n" * 14000,
    "fences": "```yaml\nservices: {s: {image: 'llama.cpp:server', command: '-c 4096'}}\n```\n" * 11000,
    "updates": "Update llama.cpp: git pull, then ask it a short prompt.\n\n" * 16000, "beliefs": "A larger -ub always makes prompts faster; flash attention is not supported.\n" * 12000,
    "reasons": rows(lambda i: f"-ub {i + 100} is 20 % faster, -ub 1/2/3/4/{i}.\n", 20000), "open": "Qwen" * 220000, "quote": "`Qwen3 is MoE. \"" * 50000,
}
LAUNCHES = "#!/bin/bash\n" + rows(lambda i: f"# needs 20 GB, dense\nllama-server -m /m/qwen{i}-8b-q4_k_m.gguf -c {i} -ub {i + 32}\n", 900)
DOCUMENTS = {
    "many": {f"d{i // 100}/{i}.md": "Llama 3.1 8B Q4_K_M is MoE and needs 20 GB.\n" for i in range(9000)},
    "cards": {f"d{i // 100}/{i}.md": "---\nbase_model: meta/llama-3.1-8b\n---\n# Llama 3.1 8B\nIt is MoE. 9 layers.\n" for i in range(9000)},
    "launches": {"run.sh": LAUNCHES, "README.md": rows(lambda i: f"qwen{i % 1000}-8b is MoE. It needs {i}.5 GB, -ub {i + 32} is 20 % faster.\n\n", 12000)},
    "and launches": {"run.sh": LAUNCHES, **{f"d{i // 100}/{i}.md": f"qwen{i % 1000}-8b is MoE. It needs {i}.5 GB.\n" for i in range(9000)}},
    "services": {f"s{i}/{name}": text for i in range(2000) for name, text in (
        ("README.md", f"qwen{i}-8b is MoE and needs 20 GB.\n"),
        ("docker-compose.yml", f"services: {{s: {{image: 'llama.cpp:server', command: '-m /m/qwen{i}-8b.gguf -c {i}'}}}}\n"))},
    "comments": {"run.sh": "#!/bin/bash\n" + rows(lambda i: f"# Llama 3.1 8B is MoE, needs {i}.5 GB.\nllama-server -m llama-3.1-8b-q4_k_m.gguf -c {i}\n", 9000)},
    "contradict": {"run.sh": "llama-server -m /m/foo-8b-q4_k_m.gguf\n", "README.md": "The foo-8b model is MoE.\n\nThe foo-8b model is dense.\n\n" * 18000},
    "contradict in size": {"run.sh": "llama-server -m /m/foo-8b-q4_k_m.gguf\n", "README.md": rows(lambda i: f"The foo-8b file is {i % 97 + 1}.5 GB.\n\n", 18000)},
    "only launches": {f"run{k}.sh": "#!/bin/bash\n" + rows(lambda i: f"llama-server -m llama-3.1-8b-q4_k_m.gguf -c {512 + i}\n", 1000) for k in range(9)},
    "comments apart": {"run.sh": "#!/bin/bash\n" + "# The model is MoE. It needs 20 GB, 30 t/s.\n\n" * 10000 + "llama-server -m llama-3.1-8b-q4_k_m.gguf\n" * 900},
}
LAUNCH = "  - {name: a%d, model: llama-3.1-8b-q4_k_m, args: -c %d}\n"
PROJECTS = {
    "launches": "launches:\n" + rows(lambda i: LAUNCH % (i, 512 + i), 16000),
    "args": "launches:\n  - {name: a, model: llama-3.1-8b-q4_k_m, args: &a [" + "-c, 4096, " * 90000 + "]}\n" + "  - {model: llama-3.1-8b-q4_k_m, args: *a}\n" * 290,
    "line": "launches:\n  - {name: a, model: llama-3.1-8b-q4_k_m, args: &a " + "-c 4096 " * 110000 + "}\n" + "  - {model: llama-3.1-8b-q4_k_m, args: *a}\n" * 290,
    "override": "launches:\n  - {model: llama-3.1-8b-q4_k_m, args: [--override-kv, \"" + rows(lambda i: f"a{i}=int:1,", 60000) + "\"]}\n",
    "anchors": BOMB + "launches: *m\n", "gpus": "gpus: [" + "'24000:23000', " * 60000 + "]\nlaunches:\n" + LAUNCH % (1, 512), "deep": "launches: " + "[" * 400000,
    "keys": "launches: [{" + "model: llama-3.1-8b-q4_k_m, " * 30000 + "}]\n", "many keys": rows(lambda i: f"k{i}: 1\n", 60000),
}
LOGS = {
    "line": "llama_model_loader: - kv   0: " + "x" * SIZE, "lines": "\n" * SIZE, "escapes": "\x1b[" * 400000, "prefixes": "a | b | c | d | " * 50000,
    "buffers": "load_tensors:        CUDA0 model buffer size =  1000.00 MiB\n" * 14000, "digits": "llama_kv_cache: size = " + "9" * 800000,
    "loads": ("build: 8022 (abc) with cc\nllama_model_loader: loaded meta data with 3 key-value pairs and 1 tensors from a.gguf (version GGUF V3 (latest))\n"
              "load_tensors:        CUDA0 model buffer size =  1000.00 MiB\n") * 4000,
    "slots": "slot launch_slot_: id  0 | task 0 | processing task\n" * 15000,
    "timings": "prompt eval time =     100.00 ms /    10 tokens (    1.00 ms per token,   100.00 tokens per second)\n" * 8000,
}
HEAD = "---\nschema: llwhy.evidence/1\n"
LEDGERS = {
    "records": (HEAD + "kind: probe\nid: a\n...\n") * 15000, "deep": HEAD + "kind: " + "[" * 300000 + "\n...\n", "documents": "---\n" * 200000,
    "flags": HEAD + "kind: probe\nid: a\nflags: [" + "a," * 100000 + "]\n...\n",
    "corrections": rows(lambda i: f"{HEAD}kind: correction\nid: a{i}\nabout: a{i - 1}\n...\n", 10000),
}
RULE = 'rule "%s" { level="note", each={ %s }, when={"%s"}, find="%s" }\n'
LESSON = 'lesson "90-a" { claim = "x" }\n'
RULES = {
    "many": LESSON + rows(lambda i: RULE % (f"r{i}", 'l="launch"', f"l.ubatch > {i}", "x"), 9000),
    "product": LESSON + RULE % ("r", 'a="launch",b="launch",c="launch",d="gpu",e="gpu",f="gpu"', "a.ubatch > 1", "x"),
    "expression": LESSON + RULE % ("r", 'l="launch"', "(" * 1000 + "l.ubatch" + ")" * 900, "{l.ubatch}" * 50000),
    "loop": "local t={} for i=1,1e12 do t[i]=i end", "string": 'local s="x" for i=1,100 do s=s..s end', "open": "return " + "(" * 200 + "{" * 190000,
}
REGEXES = {"evil": "(a+)+$", "stars": "(.*)*x", "nested": "(?:(?:(?:.+)+)+)+!", "branches": "|".join(f"blk\\.{i}\\.x" for i in range(8000)),
           "deep": "(" * 5000 + "a" + ")" * 5000, "class": "[" + "a-z" * 30000 + "]", "repeats": "(a{1,1000}){1,1000}"}
LISTS = {"-ot": ",".join(f"blk\\.{i}\\.=CPU" for i in range(6000)), "-ts": ",".join(["1"] * 50000), "--override-kv": ",".join(f"a{i}=int:1" for i in range(8000))}


def inputs():
    """Name, files, command line."""
    lint = {"docker-compose.yml": COMPOSE, "run.sh": {k: "#!/bin/bash\n" + v for k, v in SHELL.items()}, **FILES, "README.md": PROSE}
    for file, shapes in lint.items():
        for shape, text in shapes.items():
            yield f"{file} {shape}", {file: text}, ["lint", ".", *MACHINE]
    yield "scripts circle", CIRCLE, ["lint", ".", *MACHINE]
    yield "Makefiles that include", {f"{d}/{f}": t for d in "abcdefgh" for f, t in INCLUDES.items()}, ["lint", ".", *MACHINE]
    for shape, text in PROSE.items():
        yield f"card {shape}", {"README.md": "---\nbase_model: x/y\n---\n" + text}, [MODEL, "--card", "README.md", *MACHINE]
    for shape, files in DOCUMENTS.items():
        yield f"documents {shape}", files, ["lint", ".", *MACHINE]
    for shape, text in PROJECTS.items():
        yield f"project {shape}", {".llwhy.yaml": text}, []
    for shape, text in {"keys": rows(lambda i: f"k{i}: v\n", 8000), "anchors": BOMB}.items():
        yield f"card {shape}", {"README.md": f"---\n{text}---\nx"}, [MODEL, "--card", "README.md", *MACHINE]
    for shape, text in LOGS.items():
        yield f"log {shape}", {"a.log": text}, ["log", "a.log", *MACHINE]
    for shape, text in LEDGERS.items():
        yield f"ledger {shape}", {"evidence/a.yaml": text}, [MODEL, "--evidence", "evidence", *MACHINE]
    for shape, text in RULES.items():
        yield f"rules {shape}", {"r/rules.d/90-a.lua": text}, [MODEL, "--rules", "r", *MACHINE]
    for shape, text in REGEXES.items():
        yield f"-ot {shape}", {}, [MODEL, *MACHINE, "--", "-ot", text[:100000] + "=CPU"]
    for flag, text in LISTS.items():
        yield f"{flag} list", {}, [MODEL, *MACHINE, "--", flag, text]
    yield "facts deep", {"f.json": "[" * 800000}, ["facts", "--facts", "f.json"]
    yield "flags many", {}, [MODEL, *MACHINE, "--", *["-c", "4096"] * 5000]
    for words in (["what-if", "x" * 100000], ["why-not", "context " * 12000], ["change", "no CPU and " * 9000]):
        yield f"{words[0]} long", {}, [*words, MODEL, *MACHINE]


def measure(program, words, here, sanitized):
    """Exit code, seconds of CPU, MiB. A process of its own starts it, so that no memory of this one is counted."""
    small = not sanitized and sum(map(len, words)) < 64 << 10
    limit = f"resource.setrlimit(resource.RLIMIT_STACK, ({STACK}, {STACK}))" if small else "None"
    done = subprocess.run([sys.executable, "-c", "import os, resource, subprocess, sys\n"
                           "try: code = subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60, "
                           f"preexec_fn=lambda: {limit}).returncode\n"
                           "except subprocess.TimeoutExpired: code = 'no end'\n"
                           "u = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
                           "print(code, u.ru_utime + u.ru_stime, u.ru_maxrss / 1024)", program, *words],
                          cwd=here, env=runs.environment(str(here)), stdout=subprocess.PIPE, text=True, check=True)
    code, cpu, memory = done.stdout.rsplit(None, 2)
    return code, float(cpu), float(memory)


def main(program, sanitized, chosen):
    wrong, tried, most = [], 0, (0.0, 0.0)
    seconds = SECONDS * 10 if sanitized else SECONDS
    for name, files, words in inputs():
        if chosen and not any(name.startswith(c) for c in chosen):
            continue
        with tempfile.TemporaryDirectory() as scratch:
            here = pathlib.Path(scratch)
            for file, text in files.items():
                (here / file).parent.mkdir(parents=True, exist_ok=True)
                (here / file).write_text(text)
                assert len(text.encode()) < 1 << 20, name
            code, cpu, memory = measure(program, words, here, sanitized)
            if cpu > seconds:
                code, cpu, memory = min((measure(program, words, here, sanitized) for _ in range(2)), key=lambda m: m[1])
        tried += 1
        most = max(most[0], cpu), max(most[1], memory)
        if code not in list("01234") or cpu > seconds or (memory > MIB and not sanitized):
            wrong.append(f"{name}: exit code {code}, {cpu:.2f} s, {memory:.0f} MiB")
    print("\n".join(wrong) or f"{tried} inputs: none took more than {most[0]:.2f} s of CPU or {most[1]:.0f} MiB")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(os.path.abspath(sys.argv[1]), "--sanitized" in sys.argv, [w for w in sys.argv[2:] if w != "--sanitized"]))
