#!/usr/bin/env python3
"""The questions and their answers on the incident of two GPUs: docs/questions.md is what llwhy says.

    questions.py LLWHY [--bless]

Runs every question below one after the other, as somebody would, and compares with the page; --bless writes it. Also: what is
asked with what-if is what a run with those flags says, and a change that is proposed does what it promises.
Exit: 0 the page is what llwhy says, 1 it is stale.
"""
import difflib
import json
import pathlib
import shlex
import sys
import tempfile

import runs

PAGE = runs.ROOT / "docs" / "questions.md"
MODEL = "glm-4.7-flash-q8_0"
MACHINE = ["--gpu", "24564:23671:RTX 4090", "--gpu", "16303:12761:RTX 5070 Ti", "--ram", "64205", "--llama", "b8022"]
SPLIT = r"blk\.([0-9]|[12][0-9]|3[0-2])\.=CUDA0,blk\.(3[3-9]|4[0-6])\.=CUDA1"
FLAGS = ["-c", "131072", "-ctk", "q8_0", "-ctv", "q8_0", "-ngl", "99", "--fit", "off", "-b", "1024", "-ub", "1024", "-ot", SPLIT]

HEAD = f"""# Questions, and what llwhy answers

One evening's incident: GLM-4.7-Flash Q8_0 on an RTX 4090 and an RTX 5070 Ti that drives the display, with the flags below. It ran
out of memory. Without a model a question is about the last run. Everything here is what the program prints
(`tests/cli/questions.py` runs it; `scripts/bless` rewrites the page), 100 columns wide.

    llwhy {MODEL} {shlex.join(MACHINE)} \\
      -- {shlex.join(FLAGS)}
"""

QUESTIONS = [
    ("why: the reason, shortest first", "Why does it say that? `--all` shows every step, `--precise` where each one is written or computed.",
     [["why", "1"], ["why", "-ub"]]),
    ("why-not: what stands in the way", "Of a wish: it is tried, and what stands in the way is told with its two numbers. Of a lesson: the "
     "nearest miss. What is undecided says what would decide it.",
     [["why-not", "262144", "context"], ["why-not", "-ub", "512"], ["why-not", "experts", "on", "the", "CPU"], ["why-not", "one", "GPU"],
      ["why-not", "L02"], ["why-not", "L06"]]),
    ("what-if: what would be otherwise", "Flags, facts and hardware; the answer is what a run with them would say.",
     [["what-if", "-ub", "256"], ["what-if", "another", "4090"], ["what-if", "llama=v0.5.0"], ["what-if", "model=Q4_K_M"]]),
    ("change: the smallest changes that reach a goal", "Each was predicted with exactly its flags; the cheapest for you comes first.",
     [["change", "loads"], ["change", "survives"], ["change", "clears", "L07"], ["change", "262144", "context"]]),
    ("contrast: only what differs", "Two launches, models, machines, builds, or a prediction and its log.",
     [["contrast", "-ub 512", "-c 65536"], ["contrast", "now", "model=Q4_K_M"], ["contrast", "b8022", "v0.5.0"]]),
]


def said(words):
    return "llwhy " + shlex.join(words)


def page(llwhy):
    parts = [HEAD]
    with tempfile.TemporaryDirectory() as home:
        runs.llwhy(llwhy, MODEL, *MACHINE, "--", *FLAGS, home=home)
        for title, text, questions in QUESTIONS:
            parts.append(f"\n## {title}\n\n{text}\n")
            for words in questions:
                done = runs.llwhy(llwhy, *words, "--width", "100", "--color", "never", home=home)
                if done.returncode not in (0, 1):
                    sys.exit(f"{said(words)}: exit {done.returncode}\n{done.stderr}")
                body = "".join(f"    {line}\n" if line else "\n" for line in done.stdout.splitlines())
                parts.append(f"\n    $ {said(words)}\n{body}")
    return "".join(parts)


def decision(llwhy, *args):
    done = runs.llwhy(llwhy, *args)
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout), done.returncode


def same_as_a_run(llwhy):
    """What-if on the command line against a command line with those flags."""
    wrong = []
    for asked, turned, machine in ((["-ub", "256"], {"-ub": "256"}, MACHINE), (["-c", "65536", "ctk=f16"], {"-c": "65536", "-ctk": "f16"}, MACHINE),
                                   (["another", "4090"], {}, [*MACHINE, "--gpu", "RTX 4090"])):
        flags = [turned.get(before, word) for before, word in zip([""] + FLAGS, FLAGS)]
        then, code = decision(llwhy, "what-if", *asked, MODEL, *MACHINE, "--format", "json", "--", *FLAGS)
        given, given_code = decision(llwhy, MODEL, *machine, "--format", "json", "--", *flags)
        found = {(d["name"], d["after"]["left"]) for d in then["devices"] if d["after"]}
        real = {(d["name"], d["left"]) for d in given["devices"]}
        if not found <= real or then["after"]["verdict"] != given["verdict"] or then["after"]["text"] != given["verdict_text"] or code != given_code:
            wrong.append(f"what-if {asked}: {then['after']}, {found}; a run says {given['verdict']}, {real}")
    return wrong


def changes_do(llwhy):
    """Every proposed change, asked as what-if, loads."""
    found, _ = decision(llwhy, "change", "loads", MODEL, *MACHINE, "--format", "json", "--", *FLAGS)
    wrong = [] if len(found["changes"]) > 3 else ["change loads finds too little"]
    for change in found["changes"]:
        then, _ = decision(llwhy, "what-if", *change["words"], MODEL, *MACHINE, "--format", "json", "--", *FLAGS)
        if then["after"]["verdict"] not in ("loads", "likely-loads"):
            wrong.append(f"{change['change']} does not load: {then['after']['text']}")
    return wrong


def main():
    llwhy = str(pathlib.Path(sys.argv[1]).resolve())
    now = page(llwhy)
    if "--bless" in sys.argv:
        PAGE.write_text(now)
        return 0
    old = PAGE.read_text() if PAGE.exists() else ""
    stale = list(difflib.unified_diff(old.splitlines(True), now.splitlines(True), "docs/questions.md", "what llwhy says"))
    wrong = same_as_a_run(llwhy) + changes_do(llwhy)
    sys.stdout.writelines(stale)
    print("\n".join(wrong))
    if stale:
        print("docs/questions.md is stale: scripts/bless rewrites it; read the difference")
    return 1 if stale or wrong else 0


if __name__ == "__main__":
    sys.exit(main())
