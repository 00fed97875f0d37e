#!/usr/bin/env python3
"""Golden cases: runs llwhy on every directory of tests/cases and compares what it decided.

    cases.py LLWHY [--bless] [NAME...]

A case has `cmd` (llwhy's arguments, as a shell would split them; {case} is its directory; lines with # are remarks) and either

  want.txt  what was decided, without a word of prose: `verdict fails`, then of the lesson that the directory's name begins
            with (L05-...) its state and the rules that found something. Of a lint: each finding of that lesson, with its place.
  want.out  everything printed, to the letter.

--bless writes what llwhy says now; read the difference before you commit it. Runs in the source tree, away from the user's own
configuration (runs.py). Exit: 0 all as wanted, 1 not.
"""
import concurrent.futures
import difflib
import json
import os
import pathlib
import shlex
import subprocess
import sys

import runs

ROOT = runs.ROOT
CASES = ROOT / "tests" / "cases"


class Broken(Exception):
    """A case that cannot be judged."""


def arguments(case):
    lines = [line for line in (case / "cmd").read_text().splitlines() if line and not line.startswith("#")]
    if len(lines) != 1:
        raise Broken("cmd holds exactly one line of arguments")
    return [word.replace("{case}", str(case.relative_to(ROOT))) for word in shlex.split(lines[0])]


def decision_lines(decision, code):
    yield "verdict " + decision["verdict"]
    for lesson in decision["lessons"]:
        if lesson["code"] == code and lesson["state"] != "fired":
            yield f"{lesson['state']} {code}"
    for reason in decision["why"]:
        if reason["code"] == code:
            yield f"fired {code} {reason['level']} {reason['rule']}"


def lint_lines(lint, code, case):
    found = [f for f in lint["findings"] if f["code"] == code]
    for f in found:
        place = os.path.relpath(ROOT / f["file"], ROOT / case) if str(case) in f["file"] else f["file"]
        yield f"fired {code} {f['level']} {f['rule']} {place}:{f['line']}"
    if not found:
        yield f"silent {code}"
    for unread in lint["unread"]:
        yield f"unread {unread['file']}:{unread['line']}"


def summary(text, case):
    code = case.name.split("-")[0]
    lines = []
    for document in runs.documents(text):
        if document["schema"] == "llwhy.decision/1":
            lines += decision_lines(document, code)
        elif document["schema"] == "llwhy.lint/1":
            lines += lint_lines(document, code, case.relative_to(ROOT))
        else:
            raise Broken(f"nothing is known about {document['schema']}")
    return "".join(line + "\n" for line in lines)


def run(llwhy, case, whole):
    args = arguments(case)
    more = ["--width", "110", "--color", "never"] if whole else ["--format", "json"]
    cut = args.index("--") if "--" in args else len(args)
    done = runs.llwhy(llwhy, *args[:cut], *more, *args[cut:])
    if done.returncode not in (0, 1):
        raise Broken(f"exit code {done.returncode}: {done.stderr.strip()[:2000]}")
    return done.stdout if whole else summary(done.stdout, case)


def judge(llwhy, case, bless):
    """What is wrong with a case, or None."""
    whole = (case / "want.out").exists()
    path = case / ("want.out" if whole else "want.txt")
    try:
        got = run(llwhy, case, whole)
    except (Broken, json.JSONDecodeError, OSError, subprocess.TimeoutExpired) as problem:
        return f"{case.name}: {problem}\n"
    want = path.read_text() if path.exists() else ""
    if got == want:
        return None
    if bless:
        path.write_text(got)
        print("blessed", path.relative_to(ROOT))
        return None
    diff = difflib.unified_diff(want.splitlines(True), got.splitlines(True), str(path.relative_to(ROOT)), "llwhy now")
    return f"{case.name}: {shlex.join(arguments(case))}\n" + "".join(diff)


def main():
    words = [w for w in sys.argv[1:] if w != "--bless"]
    if not words:
        sys.exit(__doc__)
    llwhy = str(pathlib.Path(words[0]).resolve())
    cases = sorted(p.parent for p in CASES.glob("*/cmd") if not words[1:] or p.parent.name in words[1:])
    if not cases:
        sys.exit("no such case")
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        wrong = [w for w in pool.map(lambda c: judge(llwhy, c, "--bless" in sys.argv), cases) if w]
    print("\n".join(wrong) + f"{len(cases) - len(wrong)} of {len(cases)} cases are as wanted")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
