"""Runs llwhy for the tests: in the source tree, away from the terminal, state and configuration of whoever runs them."""
import json
import os
import pathlib
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
LIMIT_S = 180  # on the clock: with sanitizers, beside other work, what takes a second takes a minute


def environment(home, **more):
    """The variables of a run; home is a directory for its state."""
    keep = {k: v for k, v in os.environ.items() if k in ("PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS")}
    return {**keep, "HOME": home, "XDG_STATE_HOME": home, "XDG_CONFIG_HOME": home, "LC_ALL": "C.UTF-8", **more}


def llwhy(program, *args, home=None, cwd=ROOT, stdout=subprocess.PIPE, preexec_fn=None, **more):
    """One run: an object with returncode, stdout and stderr as text. Without home its state is thrown away."""
    with tempfile.TemporaryDirectory() as scratch:
        return subprocess.run([program, *map(str, args)], cwd=cwd, env=environment(str(home or scratch), **more), stdout=stdout,
                              stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, encoding="utf-8", timeout=LIMIT_S, check=False,
                              preexec_fn=preexec_fn)


def documents(text):
    """The JSON documents of an output, one behind the other."""
    decoder, at, found = json.JSONDecoder(), 0, []
    while text[at:].strip():
        at += len(text[at:]) - len(text[at:].lstrip())
        value, at = decoder.raw_decode(text, at)
        found.append(value)
    return found
