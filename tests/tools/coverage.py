"""coverage.py SUMMARY PAGE: the parsers of gcovr's JSON summary as a page; exit status 1 when one is below its goal."""
import json
import re
import sys

LINES, BRANCHES = 95.0, 85.0
# Everything that reads what others wrote, by what it reads: (name, files below engine/).
PARSERS = [
    ("GGUF headers", r"source/model/(gguf|looks|model_facts|model_open)\.c"),
    ("arguments and environment", r"source/launch/argv\w*\.c"),
    ("configuration files", r"source/config/(?!yaml_)\w+\.c"),
    ("shell scripts", r"source/shell/\w+\.c"),
    ("YAML", r"source/config/yaml_\w+\.c"),
    ("load logs", r"source/log/\w+\.c"),
    ("model cards and documents", r"source/(model/card\w*|prose/\w+)\.c"),
    ("ledger and records", r"source/evidence/(ledger\w*|record_\w+)\.c"),
    ("what-if", r"source/launch/suppose\w*\.c"),
    ("nvidia-smi, NVML, lists of devices", r"source/machine/gpu\w*\.c"),
    ("llama.cpp's --help", r"source/launch/(help_text|flags_import)\.c"),
    ("/proc, containers, the host", r"source/machine/(running|container|host)\.c"),
    ("HTTP, hubs, remote files", r"source/remote/\w+\.c"),
    ("saved facts and headers as text", r"fact/(facts_json|header_text|header)\.c"),
    ("tables and numbers", r"base/(table|number|lines|split)\.c"),
    ("rules and expressions", r"rule/\w+\.c"),
]


def share(files, what):
    total = sum(f[what + "_total"] for f in files)
    return 100.0 * sum(f[what + "_covered"] for f in files) / total if total else 100.0


def main():
    summary, page = sys.argv[1:]
    files = [f for f in json.load(open(summary))["files"] if f["line_total"]]
    rows, below = [], []
    for name, pattern in PARSERS:
        mine = [f for f in files if re.fullmatch("engine/" + pattern, f["filename"])]
        if not mine:
            sys.exit(f"coverage: no file is of '{name}'")
        lines, branches = share(mine, "line"), share(mine, "branch")
        weakest = min(mine, key=lambda f: share([f], "branch"))
        rows.append(f"| {name} | {len(mine)} | {lines:.1f} | {branches:.1f} | "
                    f"{weakest['filename'].split('/')[-1]} {share([weakest], 'branch'):.0f} |")
        if lines < LINES or branches < BRANCHES:
            below.append(name)
    everything = [f for f in files if f["filename"].startswith("engine/")]
    with open(page, "w") as out:
        out.write("# What the tests reach\n\n"
                  "Written by `scripts/coverage`: the tests are run with gcov's counters (gcc, `-O0`), and gcovr counts. The goal for what reads\n"
                  f"files, logs and flags of others is {LINES:.0f} % of lines and {BRANCHES:.0f} % of branches; the script fails below it. "
                  "Assertions do not count as branches.\n\n"
                  "| reads | files | lines % | branches % | least branches % |\n|---|---|---|---|---|\n" + "\n".join(rows) + "\n")
        if below:
            out.write(f"\nBelow the goal, tests are missing: {', '.join(below)}.\n")
        out.write(f"\nAll of `engine/`, by these tests: {share(everything, 'line'):.1f} % of lines, {share(everything, 'branch'):.1f} % of branches "
                  "(the commands that take minutes to test are left out).\n")
    for name in below:
        print(f"below the goal: {name}")
    print(f"{page}: {len(rows)} parsers, {len(rows) - len(below)} at the goal")
    sys.exit(1 if below else 0)


main()
