#!/usr/bin/env python3
"""mcp_client.py LLWHY FOLDER: the protocol's own client (npm: @modelcontextprotocol/sdk) starts llwhy mcp and asks.

Needs node and npm; skipped, with a word on what is missing, where they cannot be had."""
import os
import pathlib
import shutil
import subprocess
import sys

SKIP = 77
SDK = "@modelcontextprotocol/sdk@1"


def main():
    llwhy, folder = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2])
    lacks = next((f"{program} is not installed" for program in ("node", "npm") if not shutil.which(program)), None)
    folder.mkdir(parents=True, exist_ok=True)
    if not lacks and not (folder / "node_modules" / "@modelcontextprotocol" / "sdk").is_dir():
        (folder / "package.json").write_text('{"private": true}\n')
        got = subprocess.run(["npm", "install", "--no-save", "--no-audit", "--no-fund", SDK], cwd=folder, capture_output=True, text=True, check=False)
        lacks = f"npm cannot bring {SDK}" if got.returncode else None
    if lacks:
        print(f"skipped: {lacks}")
        return SKIP
    shutil.copy(pathlib.Path(__file__).resolve().parent / "mcp_client.mjs", folder / "mcp_client.mjs")
    return subprocess.run(["node", "mcp_client.mjs", llwhy], cwd=folder, check=False, timeout=120).returncode


if __name__ == "__main__":
    sys.exit(main())
