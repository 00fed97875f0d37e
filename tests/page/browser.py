#!/usr/bin/env python3
"""browser.py LLWHY FOLDER: the pages in Chromium: no errors, no network, readable, folding, nothing run that a file says.

Needs node, npm (for playwright-core) and chromium; skipped, with a word on what is missing, where they cannot be had."""
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "cli")]
import inputs
import npm
import runs

PLAYWRIGHT = "playwright-core@1.64.1"


def main():
    llwhy, folder = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2])
    lacks = npm.lacks(folder, PLAYWRIGHT, "chromium")
    if lacks:
        print(f"skipped: {lacks}")
        return npm.SKIP
    for name, words in inputs.make(folder).items():
        at = words.index("--") if "--" in words else len(words)
        page = runs.llwhy(llwhy, *words[:at], "--format", "html", *words[at:]).stdout
        (folder / f"{name}.html").write_text(page)
    shutil.copy(HERE / "look.mjs", folder / "look.mjs")
    return subprocess.run(["node", "look.mjs", shutil.which("chromium"), *inputs.NAMES], cwd=folder, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
