"""Judges llwhy by real configuration files and load logs: what index.jsonl expects, against what llwhy says.

    score.py LLWHY DIR [--half HALF] [--wrong]

DIR holds the repositories that index.jsonl names, as DIR/OWNER+NAME at the commit it names (--fetch lists the commands that get them).
Without DIR (or LLWHY_CORPUS), or without the files, nothing is judged and the exit code is 77. Less than three quarters found, or right, is
a failure. See README.md for what counts."""

import argparse
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
FENCES = ("```", "~~~")
HALVES = ("dev", "unseen", "fresh", "blind2", "blind3", "blind4", "blind5", "blind6", "blind7", "blind8", "blind9")


def index(half):
    with open(os.path.join(HERE, "index.jsonl"), encoding="utf-8") as lines:
        entries = [json.loads(line) for line in lines]
    return [e for e in entries if half in (None, e["half"])]


def tree_of(root, entry):
    return os.path.join(root, entry["repository"].replace("/", "+"))


def run(command):
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=300)
    return json.loads(done.stdout or "{}")  # a log in which llwhy sees no load gives a message and no document


def fits(finding, wanted):
    lines = wanted.get("line", finding["line"])
    lines = lines if isinstance(lines, list) else [lines]
    return finding["line"] in lines and any(c == "*" or finding["code"].startswith(c) for c in wanted["codes"])


def told(entry, thing, line, what):
    return f"{thing}: {entry['repository']}/{entry['path']}:{line}: {what}"


class Score:
    def __init__(self):
        self.found, self.missed, self.false, self.clean, self.quiet = 0, 0, 0, 0, 0
        self.notes = []

    def config(self, entry, findings):
        rest = list(findings)
        for wanted in entry["expect"]:
            hits = [f for f in rest if fits(f, wanted)]
            severe = [f for f in hits if wanted["level"] != "error" or f["severity"] == "error"]
            if severe:
                self.found += 1
            else:
                self.missed += 1
                self.notes.append(told(entry, "missed", wanted["line"], "/".join(wanted["codes"])))
            rest = [f for f in rest if f not in hits]
        wrong = [f for f in rest if not any(fits(f, allowed) for allowed in entry.get("allow", []))]
        self.false += len(wrong)
        for f in wrong:
            self.notes.append(told(entry, "not expected", f["line"], f"{f['code']} {f['message']}"))
        if not entry["expect"]:
            self.clean += 1
            self.quiet += not wrong

    def log(self, entry, loads):
        pairs = list(zip(entry["loads"], loads + [None] * len(entry["loads"])))
        self.false += max(0, len(loads) - len(entry["loads"]))
        if len(loads) > len(entry["loads"]):
            self.notes.append(told(entry, "not expected", 1, f"{len(loads)} loads where {len(entry['loads'])} are"))
        for wanted, load in pairs:
            for name, value in wanted.items():
                is_it, saw = log_value(name, value, load)
                self.found += is_it
                self.missed += not is_it
                if not is_it:
                    self.notes.append(told(entry, "misread", load["lines"][0] if load else 1, f"{name} is {value}, read as {saw}"))


def log_value(name, value, load):
    if load is None:
        return False, "no load"
    if name == "outcome":
        return load["outcome"] in value, load["outcome"]
    if name == "oom":
        oom = load["oom"] or {"device": None, "asked": 0}
        near = abs((oom["asked"] or 0) - value["asked_mib"] * 2**20) < 2**14
        devices = value["device"] if isinstance(value["device"], list) else [value["device"]]
        return oom["device"] in devices and near, oom
    if name == "fit":
        saw = (load.get("fit") or {}).get("state")
        return saw == value, saw
    saw = load.get({"ubatch": "n_ubatch"}.get(name, name))
    return saw == value, saw


def block_of(path, number):
    """The number'th fenced block of a Markdown file, as the issue's author pasted it."""
    blocks, inside = [], None
    with open(path, encoding="utf-8", errors="replace") as text:
        for line in text:
            if line.lstrip().lstrip("> ").startswith(FENCES):
                if inside is None:
                    inside = []
                else:
                    blocks.append("".join(inside))
                    inside = None
            elif inside is not None:
                inside.append(line)
    if inside:
        blocks.append("".join(inside))
    return blocks[number]


def judge(llwhy, root, entries):
    score = {"config": Score(), "log": Score()}
    linted = {}
    for entry in entries:
        tree = tree_of(root, entry)
        path = os.path.join(tree, entry["path"])
        if not os.path.isfile(path):
            continue
        if entry["kind"] == "config":
            if tree not in linted:
                linted[tree] = run([llwhy, "lint", tree, "--format", "json"]).get("findings", [])
            of_it = [f for f in linted[tree] if os.path.join(tree, f["file"]) == path or os.path.abspath(f["file"]) == path]
            score["config"].config(entry, [f for f in of_it if f["severity"] != "note"])
        elif "block" in entry:
            with tempfile.NamedTemporaryFile("w", suffix=".log") as part:
                part.write(block_of(path, entry["block"]))
                part.flush()
                score["log"].log(entry, run([llwhy, "log", part.name, "--format", "json"]).get("loads", []))
        else:
            score["log"].log(entry, run([llwhy, "log", path, "--format", "json"]).get("loads", []))
    return score


LEAST = 0.75


def enough(score):
    found, missed, false = score.found, score.missed, score.false
    return found >= LEAST * (found + missed) and found >= LEAST * (found + false)


def share(part, whole):
    return f"{part} of {whole} ({100 * part / whole:.0f} %)" if whole else "none"


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("llwhy", nargs="?", default="build/llwhy")
    options.add_argument("dir", nargs="?", default=os.environ.get("LLWHY_CORPUS"))
    options.add_argument("--half", choices=HALVES)
    options.add_argument("--wrong", action="store_true", help="list what was missed and what was not expected")
    options.add_argument("--fetch", action="store_true", help="print the commands that fetch the repositories into DIR")
    given = options.parse_args()
    entries = index(given.half)
    if given.fetch:
        for repository, commit in sorted({(e["repository"], e["commit"]) for e in entries if e["commit"]}):
            name = repository.replace("/", "+")
            print(f"git init -q {name} && git -C {name} fetch -q --depth 1 https://github.com/{repository} {commit} && git -C {name} checkout -q FETCH_HEAD")
        return 0
    present = [e for e in entries if given.dir and os.path.isfile(os.path.join(tree_of(given.dir, e), e["path"]))]
    if not present:
        print("corpus: skipped, the files are not here (score.py --fetch prints how to get them)")
        return 77
    if len(present) < len(entries):
        print(f"corpus: {len(entries) - len(present)} of {len(entries)} files are not here")
    failed = False
    for half in HALVES:
        mine = [e for e in present if e["half"] == half]
        if not mine:
            continue
        score = judge(os.path.abspath(given.llwhy), os.path.abspath(given.dir), mine)
        config, log = score["config"], score["log"]
        failed |= not (enough(config) and enough(log))
        print(f"{half}: configuration: recall {share(config.found, config.found + config.missed)}, precision "
              f"{share(config.found, config.found + config.false)}, clean files without a finding {share(config.quiet, config.clean)}")
        print(f"{half}: logs: right {share(log.found, log.found + log.missed)}, invented loads {log.false}")
        if given.wrong:
            for note in config.notes + log.notes:
                print("  " + note)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
