"""A llama-server that writes down its words, for other programs to start, and what llwhy reads of the same files."""
import pathlib
import subprocess
import sys

SERVER = r'''#!/bin/bash
for word in "$@"; do
  word=${word//\\/\\\\} word=${word//$'\n'/\\n} word=${word//$'\t'/\\t}
  printf '\t%s' "$word"
done >>"$BESIDE"
echo >>"$BESIDE"
'''


class Box:
    """A directory whose bin/ has that llama-server."""

    def __init__(self, place):
        self.path = pathlib.Path(place)
        self.log = self.path / "log"
        server = self.path / "bin/llama-server"
        server.parent.mkdir()
        server.write_text(SERVER)
        server.chmod(0o755)

    def run(self, command, directory):
        """The words of every start, in order, and what the command said on standard error."""
        self.log.write_text("")
        env = {"PATH": f"{self.path}/bin:/usr/bin:/bin", "BESIDE": str(self.log), "LC_ALL": "C.UTF-8"}
        done = subprocess.run(command, env=env, cwd=directory, capture_output=True, text=True, errors="surrogateescape", stdin=subprocess.DEVNULL, timeout=20)
        return [line.split("\t")[1:] for line in self.log.read_text(errors="surrogateescape").split("\n")[:-1]], done.stderr


def read(program, paths):
    """What llwhy reads by one of the programs here: for each path the words of every start."""
    done = subprocess.run([program, *map(str, paths)], capture_output=True, text=True, errors="surrogateescape")
    if done.returncode:
        sys.exit(f"{program}: exit {done.returncode}: {done.stderr}")
    found = [[] for _ in paths]
    for line in done.stdout.splitlines():
        n, _, *words = line.split("\t")
        found[int(n) - 1].append(words)
    return found
