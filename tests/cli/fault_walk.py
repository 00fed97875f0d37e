#!/usr/bin/env python3
"""One fault at a time, at every place of a whole run: fault_walk.py LLWHY LIBFAULTS [--all] [--kind KIND]

tests/fakes/faults.c forks at each allocation, read and open, and lets it fail in the child. Whatever happens, a run ends by itself with an
exit code of the contract, never by a signal; it ends with 0 or 1 only if its answer is the one without the fault; otherwise it says why on
standard error. A read that is interrupted, or that gives one byte, changes nothing at all. Without --all about PLACES places of each run
are tried, spread over the run. In the C locale: glibc 2.36's setlocale keeps its lock when it runs out of memory. Exit: 0, or 1.
"""
import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "hostile"))
import gguf
import runs

PLACES, BUFFER = 40, 4096
BOX = ["--gpu", "24564:23671", "--ram", "64205:60000"]
COMPOSE = "services:\n  llm:\n    image: ghcr.io/ggml-org/llama.cpp:server-cuda-b8022\n    command: -m model.gguf -c 8192 -ub 4096\n"
COMMANDS = {
    "model": ["model.gguf", *BOX, "--", "-ub", "2048"],
    "json": ["llama-3.1-8b-q4_k_m", *BOX, "--format", "json"],
    "emit": ["llama-3.1-8b-q4_k_m", *BOX, "--emit", "compose"],
    "lint": ["lint", ".", "--fail-on", "never", "--format", "json"],
    "log": ["log", str(runs.ROOT / "tests/fixtures/logs/2024-server.log")],
}
HARMLESS = ("eintr", "short")


def walk(program, library, kind, command, here, every):
    """(number, exit code, signal, bytes of output, its end, messages) of each run with one fault."""
    report = here / "report"
    report.unlink(missing_ok=True)
    environment = {**runs.environment(str(here)), "LC_ALL": "C", "FAULT": kind, "FAULT_REPORT": str(report), "FAULT_EVERY": str(every),
                   "LD_PRELOAD": library, "ASAN_OPTIONS": "verify_asan_link_order=0:detect_leaks=0:allocator_may_return_null=1"}
    subprocess.run([program, *command], cwd=here / "work", env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=1200, check=False)
    for line in report.read_text().splitlines() if report.exists() else ():
        number, code, signal, size, end, _, messages = line.split(" ")
        yield int(number), int(code), int(signal), int(size), end, bytes.fromhex(messages.strip("-")).decode("utf-8", "replace")


def clean_run(program, command, here):
    return subprocess.run([program, *command], cwd=here / "work", env={**runs.environment(str(here)), "LC_ALL": "C"}, stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=120, check=False)


def judge(kind, clean, code, signal, size, end, messages):
    flushed = len(clean.stdout) - size  # before the child was forked: whole buffers of stdio
    same = clean.stdout.hex().endswith(end if end != "-" else "") and flushed >= 0 and flushed % BUFFER == 0 and code == clean.returncode
    if signal:
        return f"ends by signal {signal}: {messages[-200:]}"
    if code not in (0, 1, 2, 3, 4, 5):
        return f"exit code {code}: {messages[-200:]}"
    if kind in HARMLESS and not same:
        return f"changes the answer: exit code {code}, {size} bytes: {messages[-200:]}"
    told = messages or (code in (2, 4) and size)  # lint tells in its report
    if code == clean.returncode and not same and not told:
        return f"another answer, and nothing is said: {size} bytes instead of {len(clean.stdout)}"
    return "" if same or told else f"exit code {code} without a word"


def main():
    words = argparse.ArgumentParser()
    words.add_argument("llwhy")
    words.add_argument("library")
    words.add_argument("--all", action="store_true")
    words.add_argument("--kind", action="append")
    words.add_argument("--command", action="append")
    given = words.parse_args()
    program, library = os.path.abspath(given.llwhy), os.path.abspath(given.library)
    wrong = []
    with tempfile.TemporaryDirectory() as scratch:
        here = pathlib.Path(scratch)
        (here / "work").mkdir()
        (here / "work" / "model.gguf").write_bytes(gguf.model())
        (here / "work" / "docker-compose.yml").write_text(COMPOSE)
        for name in given.command or COMMANDS:
            clean = clean_run(program, COMMANDS[name], here)
            for kind in given.kind or ("alloc", "eio", "end", "eintr", "short", "emfile"):
                places = 1
                if not given.all:  # how many places there are: a walk that stops at none
                    count = list(walk(program, library, kind, COMMANDS[name], here, 97))
                    places = max(1, count[-1][0] // PLACES) if count else 1
                tried = 0
                for number, code, signal, size, end, messages in walk(program, library, kind, COMMANDS[name], here, places):
                    tried += 1
                    problem = judge(kind, clean, code, signal, size, end, messages)
                    if problem:
                        wrong.append(f"{name}, {kind} {number}: {problem}")
                print(f"{name}: {kind} at {tried} places, every {places}", flush=True)
    print("\n".join(wrong) or "nothing ends badly")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
