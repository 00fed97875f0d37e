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
import xml.dom.minidom

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "cli"))
import gguf
import runs

SECRET = "hf_abcdefghijklmnopqrstuvwxyz0123456789"
NASTY = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e\u2066\u200b<script>alert(1)</script>]]>\"'&;%0A::error::x\r\n::warning::y|`$(id)`\\\x7f"
NAME = NASTY.replace("/", "").replace("\r\n", "").replace("\x00", "")
FORMATS = ("text", "gcc", "json", "jsonl", "sarif", "github", "gitlab", "junit", "checkstyle", "markdown")
FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")
COMPOSE = """services:
  llm:
    image: ghcr.io/ggml-org/llama.cpp:server-cuda-b8022
    environment: [HF_TOKEN=%s]
    command: ["-m", %s, "-c", "8192", "-b", "4096", "-ub", "4096", "--api-key", "%s", "--no-such-flag", %s]
"""


def complain(what, output):
    bad = FORBIDDEN.search(output)
    if bad:
        yield f"{what}: prints {bad.group()!r} in {output[max(0, bad.start() - 60):bad.start() + 20]!r}"
    if SECRET in output:
        at = output.index(SECRET)
        yield f"{what}: prints a secret: {output[max(0, at - 80):at]!r}"
    if "<script>alert" in output and what.endswith(("html", "svg", "junit", "checkstyle")):
        yield f"{what}: lets markup through"


def parses(what, output):
    form = what.split()[-1]
    try:
        if form in ("json", "sarif", "gitlab"):
            runs.documents(output)
        elif form == "jsonl":
            [json.loads(line) for line in output.splitlines()]
        elif form in ("junit", "checkstyle", "svg"):
            xml.dom.minidom.parseString(output)
        elif form == "github":
            loose = [line for line in output.splitlines() if line.startswith("::") and not re.match(r"::(error|warning|notice|debug|group|endgroup)[ :]", line)]
            assert not loose and "\n::warning::y" not in output and "\n::error::x" not in output, "a command of its own"
    except Exception as problem:  # pylint: disable=broad-except
        yield f"{what}: is no {form}: {problem}"


def main(program):
    wrong, tried = [], 0
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
