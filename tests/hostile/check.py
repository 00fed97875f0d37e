#!/usr/bin/env python3
"""What becomes of every hostile input: check.py LLWHY WRITE_CASES [--oracle DIR] [--bless]

Each input of inputs_*.py and of gguf_hostile.h is made in a directory of its own and llwhy is asked about it. It must end as the table
says, within its time, without a signal, and print no byte below 0x20 but the ends of lines and tabs. --oracle DIR (tests/oracle/setup.sh)
asks llama.cpp about the same GGUF files and compares with what is written down in llama.tsv. llwhy may never call fine
what llama.cpp refuses. --bless writes llama.tsv (with --oracle) and docs/hostile-inputs.md. Exit: 0 all as wanted, 1 not, 77 no oracle.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "cli"))
import inputs_gguf
import inputs_rest
import inputs_text
import runs
from inputs_kinds import BOX, Input

PAGE, LLAMA = runs.ROOT / "docs" / "hostile-inputs.md", HERE / "llama.tsv"
CONTROL = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")
WORDS = {"refused": "refused", "refuses": "answered: llama.cpp refuses it", "stops": "answered: this launch does not start", "partial": "the rest answered, exit code says so", "noted": "answered, and said", "accepted": "answered"}
HEAD = """# Hostile inputs

What becomes of each input when llwhy is asked about it, and of the GGUF files when llama.cpp v0.5.0 reads the header
(`gguf_init_from_file`) and loads the model (`llama_model_load_from_file`). Written by `tests/hostile/check.py --bless`; the tests
`hostile_inputs` and `hostile_llama` compare it with what happens. Numbers are those of the list that the inputs were collected in; G are
further headers, S are files that are well-formed and wrong, L what may not be read. Attacks on the rules' sandbox have their table in the engine's tests.

"refused": nothing is answered, the exit code is 2 and one sentence says why. "the rest answered": what could be read is used, what could not is
named, and the exit code is 2 or 4. "answered: llama.cpp refuses it": the header could be read, and the verdict is that llama.cpp refuses the
file. "answered: this launch does not start": the verdict is about the launch asked about, which has no flags; the columns beside it are about the file
alone. "answered, and said": the answer names what is wrong. No file of this table that llama.cpp refuses, or aborts on, is answered
in another way than by one of the first four.

| | input | llwhy | it says | llama.cpp: header | loads |
|---|---|---|---|---|---|
"""


def numbered(program, directory):
    """The inputs of gguf_hostile.h."""
    listed = subprocess.run([program, directory], stdout=subprocess.PIPE, check=True, text=True).stdout
    for line in listed.splitlines():
        path, accepted, _, says = line.split("\t")
        name = pathlib.Path(path).stem
        number = int(name[1:3])
        data = pathlib.Path(path).read_bytes()
        verdict, words = ("refused", says) if accepted == "refused" else ("refuses", says or "llama.cpp refuses this file")
        if name == "c63_split_count":  # the reader takes it, and what opens the set does not
            verdict, words = "refused", "is part 1 of 65535"
        yield Input(str(number) if number <= 63 else f"G{number}", name[4:].replace("_", " "), {"model.gguf": data}, ["model.gguf"],
                    verdict, re.escape(words).replace("\\ ", " "), gguf="model.gguf")


def make(item, here):
    if callable(item.files):
        return item.files(here)
    for name, body in item.files.items():
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_bytes(body.encode() if isinstance(body, str) else body)


def ask_llama(oracle, path):
    done = subprocess.run([oracle / "llama_reads", oracle / "bin", path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    return done.stdout.decode("utf-8", "replace").strip().split("\n")[-1].split("\t")[1:]


def judge(item, done):
    """What is wrong with an answer; nothing when it is as the table says."""
    printed = re.sub(r"\s+", " ", (done.stdout + done.stderr).decode("utf-8", "replace"))
    good = {"refused": done.returncode in (2, 3) and not done.stdout, "partial": done.returncode in (2, 4) and done.stdout}
    refuses, stops = "llama.cpp refuses this file" in printed, "This launch does not start" in printed
    good["refuses"], good["stops"] = done.returncode == 1 and refuses, done.returncode == 1 and stops and not refuses
    good["noted"] = good["accepted"] = done.returncode in (0, 1) and not (item.gguf and (refuses or stops))
    if not good[item.verdict]:
        return f"is not {item.verdict}: exit code {done.returncode}: {printed[:300]}"
    if not re.search(item.says, printed):
        return f"does not say {item.says}: {printed[:600]}"
    if CONTROL.search(done.stdout + done.stderr):
        return "prints a control character"
    return "Sanitizer" in printed and printed[-500:]


def try_one(program, item, oracle):
    with tempfile.TemporaryDirectory() as scratch:
        here = pathlib.Path(scratch)
        make(item, here)
        environment = {**runs.environment(scratch), **item.environment}
        somebody = {}
        if item.needs == "no root" and os.geteuid() == 0:  # root may read everything: somebody else runs a copy
            here.chmod(0o755)
            program, somebody = shutil.copy(program, here / "program"), {"user": "nobody"}
        lint = item.command[0] == "lint"
        try:
            done = subprocess.run([program, *item.command, *(BOX if item.machine and not lint else [])], cwd=here, env=environment,
                                  stdin=subprocess.DEVNULL, capture_output=True, timeout=runs.LIMIT_S, check=False, **somebody)
        except subprocess.TimeoutExpired:
            return item, f"has no answer after {runs.LIMIT_S} seconds", None
        return item, judge(item, done), ask_llama(oracle, here / item.gguf) if oracle and item.gguf else None


def build_oracle(oracle):
    if not (oracle / "bin" / "libllama.v0.5.0.so").exists():
        print("skipped: the oracle is not there (tests/oracle/setup.sh)")
        sys.exit(77)
    libraries = [oracle / "bin" / f"lib{n}.so" for n in ("llama.v0.5.0", "ggml.v0.5.0", "ggml-base")]
    subprocess.run(["gcc", "-O1", "-w", "-D_GNU_SOURCE", f"-I{oracle}/src/include", f"-I{oracle}/src/ggml/include", HERE / "llama_reads.c", "-o",
                    oracle / "llama_reads", *libraries, f"-Wl,-rpath,{oracle}/bin", "-Wl,--allow-shlib-undefined"], check=True)


def recorded():
    rows = (line.split("\t") for line in LLAMA.read_text().splitlines()[1:]) if LLAMA.exists() else ()
    return {number: [header, load] for number, header, load in rows}


def page(items, llama):
    text = HEAD
    for item in items:
        said = item.says.replace("\\", "").replace("|", " or ")
        text += f"| {item.number} | {item.title} | {WORDS[item.verdict]} | {said} | {' | '.join(llama.get(item.number, ['', '']))} |\n"
    return text


def main():
    words = argparse.ArgumentParser()
    words.add_argument("llwhy")
    words.add_argument("write_cases")
    words.add_argument("--oracle", type=pathlib.Path)
    words.add_argument("--bless", action="store_true")
    given = words.parse_args()
    if given.oracle:
        given.oracle = given.oracle.resolve()
        build_oracle(given.oracle)
    program = os.path.abspath(given.llwhy)
    with tempfile.TemporaryDirectory() as scratch:
        items = [*numbered(given.write_cases, scratch), *inputs_gguf.INPUTS, *inputs_text.INPUTS, *inputs_rest.INPUTS]
    llama, wrong = recorded(), []
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        tried = pool.map(lambda i: try_one(program, i, given.oracle), items)
        for item, problem, says in tried:
            if problem:
                wrong.append(f"{item.number} ({item.title}) {problem}")
            if says and given.bless:
                llama[item.number] = says
            if says and llama.get(item.number) != says:
                wrong.append(f"{item.number} ({item.title}): llama.cpp {says}, and not {llama.get(item.number)} as written in {LLAMA}")
    for item in items:
        if "refuses" in llama.get(item.number, "") or "aborts" in llama.get(item.number, ""):
            if item.verdict not in ("refused", "refuses", "stops", "partial"):
                wrong.append(f"{item.number} ({item.title}): llama.cpp refuses it, and that is not llwhy's verdict")
    if given.bless:
        LLAMA.write_text("number\theader\tloads\n" + "".join(f"{n}\t{a}\t{b}\n" for n, (a, b) in llama.items()))
        PAGE.write_text(page(items, llama))
    elif PAGE.read_text() != page(items, llama):
        wrong.append(f"{PAGE} is not what the tables say: run check.py --bless")
    print("\n".join(wrong) or f"{len(items)} inputs as wanted")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
