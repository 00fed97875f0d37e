"""Hostile strings for every name there is, and what an output must be free of whatever format it has."""
import json
import pathlib
import re
import sys
import xml.dom.minidom

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "cli"))
import runs

SECRET = "hf_abcdefghijklmnopqrstuvwxyz0123456789"
NASTY = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e\u2066\u200b<script>alert(1)</script>]]>\"'&;%0A::error::x\r\n::warning::y|`$(id)`\\\x7f"
NAME = NASTY.replace("/", "").replace("\r\n", "").replace("\x00", "")
FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")


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
