#!/usr/bin/env python3
"""`change clears LNN` proposes what somebody would do: for every finding of the launches below.

    clears.py LLWHY

What a change turns is one of the knobs that a person turns for it, goes back to its default, or is what the lesson itself says to
try; asked as what-if the finding is gone, and a launch that loads still loads. A few answers are compared word for word.
"""
import json
import pathlib
import sys

import runs

TWO = ["--gpu", "24564:23671", "--gpu", "16303:12761"]
ONE = ["--gpu", "24564:23671"]
WORTH = {"-kvu", "-fa", "-ub", "-b", "-np", "-c", "-ctk", "-ctv"}

# model, machine, flags, and for some lessons what is proposed, cheapest first
LAUNCHES = [
    ("glm-4.7-flash-q8_0", TWO, "-c 131072 -ub 1024 -np 4", {"L15": ["-kvu", "-np 1"], "L08": ["-fitt 128,1024"]}),
    ("glm-4.7-flash-q8_0", TWO, "-c 32768 -ngl 30 -np 8 --fit off", {}),
    ("qwen3-30b-a3b-q4_k_m", TWO, "-c 65536 -ts 2,1 --fit off", {"L01": ["without -ts"]}),
    ("gpt-oss-120b-f16", TWO, "-c 32768 -ot exps=CPU", {"L02": ["without -ot"], "L05": [], "L07": ["without -ot"]}),
    ("qwen3-8b-q4_k_m", ONE, "-c 65536 -np 4 -ot exps=CPU", {"L07": ["without -ot"]}),
    ("llama-3.1-8b-q4_k_m", ONE, "-c 65536 -b 4096 -ub 4096", {"L05": ["-ub 512", "-b 512"]}),
    ("bge-large-en-v1.5-f16", ONE, "--embedding -ub 256 -c 4096", {"L05": ["-ub 4096"], "L09": ["-b 4096 -ub 4096", "-c 256"]}),
    ("gemma-3-4b-q4_k_m", ONE, "-c 200000 -ctv q8_0 -fa off", {"L16": ["without -fa"]}),
]


def asked(llwhy, *args):
    done = runs.llwhy(llwhy, *args)
    assert done.returncode in (0, 1), f"{args}: {done.stderr}"
    return json.loads(done.stdout)


def turned(words):
    """The options that the words set: not those that they leave out, nor values."""
    return {word for word in words if word.startswith("-") and not word[1:2].isdigit()}


def faults(llwhy, model, machine, flags, expected):
    behind = [model, *machine, "--format", "json", "--", *flags.split()]
    now = asked(llwhy, *behind)
    fired = {reason["code"] for reason in now["why"]}
    for code in set(expected) - fired:
        yield f"{code} does not fire"
    for code in sorted(fired):
        changes = asked(llwhy, "change", "clears", code, *behind)["changes"]
        if code in expected and [change["change"] for change in changes] != expected[code]:
            yield f"clears {code} proposes {[change['change'] for change in changes]}, not {expected[code]}"
        for change in changes:
            if not change["lesson"] and not turned(change["words"]) <= WORTH:
                yield f"clears {code}: nobody would turn {change['change']} for that"
            then = asked(llwhy, "what-if", *change["words"], *behind)
            if {finding["change"] for finding in then["findings"] if finding["code"] == code} != {"gone"}:
                yield f"clears {code}: with {change['change']} it is still there"
            if now["verdict"] in ("loads", "likely-loads") and then["after"]["verdict"] not in ("loads", "likely-loads"):
                yield f"clears {code}: with {change['change']} it no longer loads"


def main():
    llwhy = str(pathlib.Path(sys.argv[1]).resolve())
    wrong = [f"{model} {flags}: {fault}" for model, machine, flags, expected in LAUNCHES
             for fault in faults(llwhy, model, machine, flags, expected)]
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
