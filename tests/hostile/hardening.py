#!/usr/bin/env python3
"""The program is built as hardened as the compiler can: hardening.py LLWHY [--sanitized]. What readelf says of it. Exit 77: no readelf."""
import pathlib
import re
import shutil
import subprocess
import sys


def readelf(*words):
    return subprocess.run(["readelf", "-W", *words], stdout=subprocess.PIPE, check=True, text=True).stdout


def main(program, sanitized):
    if not shutil.which("readelf"):
        print("skipped: readelf is not here (binutils)")
        return 77
    header, segments, dynamic, symbols = readelf("-h", program), readelf("-l", program), readelf("-d", program), readelf("--dyn-syms", program)
    stack = next((line for line in segments.splitlines() if "GNU_STACK" in line), "")
    wanted = {
        "a position-independent executable": re.search(r"Type:\s+DYN", header),
        "no executable stack": stack and "RWE" not in stack,
        "relocations that are read-only": "GNU_RELRO" in segments,
        "symbols bound at start": re.search(r"BIND_NOW|FLAGS_1.*NOW", dynamic),
        "stack protectors": "__stack_chk_fail" in symbols,
        "no run path": not re.search(r"R(UN)?PATH", dynamic)}
    if not sanitized:
        wanted["checked string functions (_FORTIFY_SOURCE)"] = re.search(r"__\w+_chk", symbols.replace("__stack_chk_fail", ""))
        if "X86-64" in header:
            # Debian's start files have no mark of it, so the linker gives none to the program: the instructions themselves are looked for.
            wanted["control flow checks (endbr64)"] = pathlib.Path(program).read_bytes().count(b"\xf3\x0f\x1e\xfa") > 1000
    missing = [what for what, there in wanted.items() if not there]
    print("\n".join(f"the program lacks {what}" for what in missing) or f"{len(wanted)} of {len(wanted)} are there")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], "--sanitized" in sys.argv))
