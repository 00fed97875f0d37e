#!/usr/bin/env python3
"""No format lets a hostile string through: printed_safely.py LLWHY

Names of models, keys, cards, profiles, files and GPUs are made of control characters, escape sequences, markup of every format and a
secret. Every format of every kind of output must be free of bytes below 0x20 but line ends and tabs, of DEL, C1 and
characters that turn text around, must not hold the markup as markup, and must not hold the secret.
"""
import json
import os
import pathlib
import re
import sys
import tempfile

from nasty import NAME, NASTY, SECRET, complain, parses, runs
import gguf

FORMATS = ("text", "gcc", "json", "jsonl", "sarif", "github", "gitlab", "junit", "checkstyle", "markdown")
COMPOSE = """services:
  llm:
    image: ghcr.io/ggml-org/llama.cpp:server-cuda-b8022
    environment: [HF_TOKEN=%s]
    command: ["-m", %s, "-c", "8192", "-b", "4096", "-ub", "4096", "--api-key", "%s", "--no-such-flag", %s]
"""


def printed_directly():
    """Words on stderr go through llw_app_tell, which knows what is safe; only texts of the program's own may do without."""
    for path in sorted((runs.ROOT / "engine").rglob("*.c")):
        if path.name == "app.c":
            continue
        for call in re.finditer(r'\b(fprintf\(\s*stderr|v?dprintf\(|fputs\(\s*[^"\s][^;]*\bstderr\))', path.read_text()):
            yield f"{path.relative_to(runs.ROOT)}: {call.group()!r}: say it with llw_app_tell"


def main(program):
    wrong, tried = [*printed_directly()], 0
    with tempfile.TemporaryDirectory() as scratch:
        here = pathlib.Path(scratch)
        (here / f"{NAME[:60]}.conf").write_text(f"[{NAME}]\nmodel = {NAME}\nc = 8192\nub = 4096\nhf-token = {SECRET}\nx{NAME} = 1\n")
        (here / "docker-compose.yml").write_text(COMPOSE % (SECRET, json.dumps(NASTY), SECRET, json.dumps(NASTY)))
        (here / "run.sh").write_text(f"llama-server -m a.gguf -ub 4096 --api-key {SECRET} --alias '{NAME}'\n")
        (here / "m.gguf").write_bytes(gguf.model({"general.name": (gguf.STRING, NASTY), "general.file_type": (gguf.U32, 7),
                                                  "general.basename" + NAME: (gguf.STRING, NASTY)}, {NAME[:50].encode()[:50].decode("utf-8", "ignore"): (0, (64,))}))
        (here / "README.md").write_text(f"---\nlicense: {json.dumps(NASTY)}\nbase_model: {json.dumps(NASTY)}\n---\n# {NASTY}\nIt fits on a 4090 {NASTY}.\n")
        gpu = ["--gpu", "24564:23671:" + NAME, "--ram", "64205:60000"]
        flags = ["--", "-ub", "4096", "--api-key", SECRET, "--alias", NASTY, "-ot", NASTY]
        asked = [(f"lint {f}", ["lint", ".", "--format", f]) for f in FORMATS]
        asked += [(f"decide {f}", ["m.gguf", *gpu, "--format", f, *flags]) for f in ("text", "json", "html", "svg", "dot")]
        asked += [(f"{c} {f}", [c, "m.gguf", *gpu, "--format", f, *flags]) for c in ("facts", "predict", "fit") for f in ("text", "json")]
        asked += [("why text", ["why", "1", "m.gguf", *gpu, *flags]), ("missing text", [NASTY])]
        asked += [(f"emit {f} text", ["m.gguf", *gpu, "--emit", f, *flags]) for f in ("models.conf", "env", "compose", "args")]
        for what, words in asked:
            done = runs.llwhy(program, *words, cwd=here, home=scratch)
            tried += 1
            wrong += [*complain(what, done.stdout), *complain(what + " (stderr)", done.stderr)]
            if done.returncode not in (0, 1, 2, 3):
                wrong.append(f"{what}: exit code {done.returncode}: {done.stderr[:200]}")
            elif done.stdout:
                wrong += parses(what, done.stdout)
    print("\n".join(wrong) or f"{tried} outputs are clean")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(os.path.abspath(sys.argv[1])))
