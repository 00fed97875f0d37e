#!/usr/bin/env python3
"""mcp_client.py LLWHY FOLDER: the protocol's own client (npm: @modelcontextprotocol/sdk) starts llwhy mcp and asks.

Needs node and npm; skipped, with a word on what is missing, where they cannot be had."""
import os
import pathlib
import shutil
import subprocess
import sys

import npm

SDK = "@modelcontextprotocol/sdk@1"


def main():
    llwhy, folder = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2])
    lacks = npm.lacks(folder, SDK)
    if lacks:
        print(f"skipped: {lacks}")
        return npm.SKIP
    shutil.copy(pathlib.Path(__file__).resolve().parent / "mcp_client.mjs", folder / "mcp_client.mjs")
    return subprocess.run(["node", "mcp_client.mjs", llwhy], cwd=folder, check=False, timeout=120).returncode


if __name__ == "__main__":
    sys.exit(main())
