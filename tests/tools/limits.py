#!/usr/bin/env python3
"""limits.py: docs/limits.md, every cap on what is read, taken from the constants themselves (scripts/docs).

A constant is a cap when its name says so (MAX, MOST, LIMIT, CAP), or whose family it is of (LLW_SHELL_). Those that people meet have a sentence here, and a sentence whose
constant is gone is an error. All others are listed by file.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FOLDERS = ("base", "fact", "source", "rule", "explain", "teach", "cli")
CAP = re.compile(r"\b([A-Z][A-Z0-9_]*)\s*=\s*(-?[0-9][0-9a-fx<+\-* ()]*)")
NAMED = re.compile(r"(^|_)(MAX|MOST|LIMIT|CAP|BUDGET|DEPTH)(_|$)|^LLW_(LEDGER|LOG|OVERLAY|SANDBOX|SHELL|SURVEY)_|^LLW_FACTS_JSON_(ENTITIES|CLAIMS)$")
OTHERS = {"LLW_LOG_TENTH_KIB", "LLW_SHELL_SEPARATOR"}  # of a family, and no cap
BYTES, COUNT = "bytes", ""
SENTENCES = [
    ("Models", [
        ("LLW_GGUF_MAX_HEADER", BYTES, "a GGUF header"), ("LLW_GGUF_MAX_KEYS", COUNT, "keys of a header"), ("LLW_GGUF_MAX_KEY", BYTES, "one key"),
        ("LLW_GGUF_MAX_STRING", BYTES, "one string"), ("LLW_GGUF_MAX_ARRAY", COUNT, "elements of an array"), ("LLW_GGUF_MAX_TENSORS", COUNT, "tensors"),
        ("LLW_CARD_BYTES_MAX", BYTES, "a model card"), ("FRONT_MAX", BYTES, "the YAML in front of a card"), ("LLW_REMOTE_MAX", BYTES, "what is fetched for one model")]),
    ("Configuration", [
        ("LLW_CONFIG_MAX_BYTES", BYTES, "one file"), ("MAX_TOTAL", BYTES, "all files of one run"), ("LLW_CONFIG_MAX_FILES", COUNT, "files under one path"),
        ("LLW_CONFIG_MAX_ENTRIES", COUNT, "directory entries looked at"), ("LLW_CONFIG_MAX_DEPTH", COUNT, "directories below the one given"),
        ("LLW_CONFIG_MAX_LAUNCHES", COUNT, "launches"), ("LLW_CONFIG_MAX_CLAIMS", COUNT, "claims of comments and documents"),
        ("LLW_YAML_MAX_BYTES", BYTES, "a YAML text"), ("LLW_YAML_MAX_EVENTS", COUNT, "nodes of it"), ("LLW_YAML_MAX_DEPTH", COUNT, "nodes inside each other"),
        ("LLW_YAML_MAX_SCALAR", BYTES, "one scalar"), ("LLW_RICH_MAX", BYTES, "one value or script once variables are put in"),
        ("LLW_EXPAND_BUDGET", BYTES, "what all variables of a run may add to texts"), ("LLW_MAX_VARIABLES", COUNT, "variables of a script, service or container"),
        ("MAX_SETTINGS", COUNT, "settings of a preset, service or container"), ("MAX_ELEMENTS", COUNT, "words of a shell array"),
        ("LLW_SHELL_COMMANDS", COUNT, "commands of a script, those of loops and functions each time")]),
    ("Facts, ledger, rules", [
        ("LLW_FACTS_JSON_MAX", BYTES, "a file of saved facts"), ("LLW_FACTS_JSON_ENTITIES", COUNT, "things in it"), ("LLW_FACTS_JSON_CLAIMS", COUNT, "claims of one of them"), ("LLW_LEDGER_BYTES", BYTES, "one file of the ledger"),
        ("LLW_LEDGER_RECORDS", COUNT, "records of a ledger"), ("LLW_EXPR_MAX_BYTES", BYTES, "one condition"), ("LLW_EXPR_MAX_DEPTH", COUNT, "parentheses inside each other"),
        ("LLW_OVERLAY_FILE", BYTES, "a file of a project's .llwhy"), ("LLW_OVERLAY_BYTES", BYTES, "all of them"),
        ("LLW_OVERLAY_FILES", COUNT, "files of a project's .llwhy"), ("MAX_DATA_FILE", BYTES, "a file of rules.d, lessons or models"),
        ("LLW_BASELINE_MAX_BYTES", BYTES, "a baseline of lint"), ("LLW_CASE_MAX_BYTES", BYTES, "a teaching case")]),
    ("Programs and servers", [
        ("OUTPUT_CAP", BYTES, "what nvidia-smi or a list of devices prints"), ("MAX_CMDLINE", BYTES, "the words of a running process"),
        ("MAX_ENVIRON", BYTES, "its environment"), ("MAX_OUTPUT", BYTES, "what docker inspect or an answer to mcp prints"), ("MAX_HELP", BYTES, "what llama.cpp prints for --help"),
        ("MAX_ANSWER", BYTES, "an answer of a probed server"), ("MAX_LINE", BYTES, "one event of it, one message to mcp"), ("MAX_REDIRECTS", COUNT, "redirects"),
        ("MAX_HEADER", BYTES, "header lines of an answer"), ("LLW_TYPED_MAX", BYTES, "one question to ask, one answer in teach")]),
]


def size(number, unit):
    if unit == BYTES:
        for power, name in ((30, "GiB"), (20, "MiB"), (10, "KiB")):
            if number >= 1 << power and number % (1 << power) == 0:
                return f"{number >> power} {name}"
        return f"{number:,} bytes"
    return f"{number:,}"


def constants():
    """name → [(value, file)], every cap of the engine; the largest value first."""
    found = {}
    for folder in FOLDERS:
        for path in sorted((ROOT / "engine" / folder).rglob("*.[ch]")):
            code = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S)
            for body in re.findall(r"enum\s*\w*\s*\{([^}]*)\}", code):
                for name, value in CAP.findall(body):
                    if NAMED.search(name) and name not in OTHERS:
                        name += " (of a rule)" if folder == "rule" and name == "LLW_MAX_VARIABLES" else ""
                        found.setdefault(name, []).append((eval(value), str(path.relative_to(ROOT))))  # pylint: disable=eval-used
    return found


def page():
    found = constants()
    told = [name for _, rows in SENTENCES for name, _, _ in rows]
    gone = [name for name in told if name not in found]
    if gone:
        sys.exit("limits: no constant of that name: " + ", ".join(gone))
    yield "# Limits"
    yield ""
    yield "Everything that is read has an end. What is longer is refused or cut, and the answer says so; nothing is read without one of these caps."
    yield "This page is made of the constants by `tests/tools/limits.py` (`scripts/docs` does it); the test `documents` fails when it\ndiffers from them. That small files with awkward shapes stay cheap is the test `bounded` (below 1 MiB of input: a second and 256 MiB)."
    for title, rows in SENTENCES:
        yield from ("", f"## {title}", "", "| at most | of | constant |", "|---|---|---|")
        for name, unit, what in rows:
            values = sorted({value for value, _ in found[name]}, reverse=True)
            yield f"| {', '.join(size(v, unit) for v in values)} | {what} | `{name}` |"
    yield from ("", "## All others", "", "| file | constants |", "|---|---|")
    files = {}
    for name, places in found.items():
        for value, path in places if name not in told else []:
            files.setdefault(path, []).append(f"`{name}` {value:,}")
    for path, names in sorted(files.items()):
        yield f"| {path} | {', '.join(names)} |"


if __name__ == "__main__":
    print("\n".join(page()))
