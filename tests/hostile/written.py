#!/usr/bin/env python3
"""What llwhy writes is whole or not written, over regular files only, and never said before it is true: written.py LLWHY"""
import json
import os
import pathlib
import resource
import stat
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "cli"))
import runs

PROGRAM = ""
ASK = ["llama-3.1-8b-q4_k_m", "--gpu", "24564:23671", "--ram", "64205:60000"]
LAUNCH = "llama-server -m a.gguf -c 4096 -ub 2048\n"  # whose -ub is repaired


def no_room():
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


class Written(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.here = pathlib.Path(scratch.name)
        self.state = self.here / "state"
        self.work = self.here / "work"
        self.work.mkdir()
        (self.state / "llwhy").mkdir(parents=True)

    def llwhy(self, *args, code=0, room=True, **more):
        done = runs.llwhy(PROGRAM, *args, home=self.state, cwd=self.work, preexec_fn=None if room else no_room, **more)
        self.assertEqual(done.returncode, code, done.stderr + done.stdout)
        return done

    def names(self):
        return sorted(p.name for p in self.work.rglob("*") if not p.is_dir())

    def test_a_mode_is_kept_and_nothing_predictable_is_opened(self):
        kept = self.work / "box.json"
        kept.write_text("{}")
        kept.chmod(0o600)
        self.llwhy(*ASK, "--save", kept)
        self.assertEqual(stat.S_IMODE(kept.stat().st_mode), 0o600)
        self.assertIn("entities", json.loads(kept.read_text()))
        self.assertEqual(self.names(), ["box.json"])

    def test_state_that_is_no_file_is_passed_over(self):
        last, precious = self.state / "llwhy/last.json", self.work / "precious"
        os.mkfifo(last)
        self.llwhy(*ASK)  # it would wait for a reader
        self.assertTrue(stat.S_ISFIFO(last.lstat().st_mode))
        last.unlink()
        precious.write_text("precious")
        last.symlink_to(precious)
        self.assertEqual(self.llwhy(*ASK).stderr, "")
        self.assertEqual(precious.read_text(), "precious")
        for name in ("teach.jsonl", "teach-open.json"):
            os.mkfifo(self.state / "llwhy" / name)
        (self.work / "answers").write_text("yes\n" * 40)
        runs.llwhy(PROGRAM, "teach", "05a-372-mib-short", "--batch", "answers", home=self.state, cwd=self.work)

    def test_a_relative_home_is_no_home(self):
        for more in ({"HOME": "home", "XDG_STATE_HOME": "", "XDG_CONFIG_HOME": ""}, {"HOME": "", "XDG_STATE_HOME": "state", "XDG_CONFIG_HOME": "config"}):
            self.llwhy(*ASK, **more)
            self.assertEqual(list(self.work.iterdir()), [])

    def test_a_limit_on_files_is_told(self):
        said = self.llwhy(*ASK, "--save", "box.json", code=2, room=False).stderr
        self.assertIn("box.json: cannot be written: File too large", said)
        self.assertIn("cannot be written", self.llwhy("new", "our-proxy", code=2, room=False).stderr)
        self.assertEqual(self.names(), [])
        self.llwhy("new", "our-proxy")
        self.assertEqual(self.names(), ["our-proxy.lua", "our-proxy.md"])

    def repairs(self, **more):
        done = runs.llwhy(PROGRAM, "lint", ".", "--llama", "b8022", "--gpu", "24564:23671", "--fix", home=self.state, cwd=self.work, **more)
        return done, (self.work / "run.sh").read_text()

    def test_a_repair_is_told_when_it_was_made(self):
        (self.work / "run.sh").write_text(LAUNCH)
        done, text = self.repairs(preexec_fn=no_room)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("llwhy: 0 repairs\n", done.stderr)
        self.assertIn("because the file was not written", done.stderr)
        self.assertEqual(text, LAUNCH)
        self.assertIn("-ub", done.stdout)  # it is still found
        (self.work / "run.sh").rename(self.here / "elsewhere.sh")
        (self.work / "run.sh").symlink_to("../elsewhere.sh")
        done = self.repairs()[0]
        self.assertNotRegex(done.stderr, r"[1-9] repairs?:")
        (self.work / "run.sh").unlink()
        (self.here / "elsewhere.sh").rename(self.work / "run.sh")
        done, text = self.repairs()
        self.assertIn("1 repair:", done.stderr)
        self.assertNotEqual(text, LAUNCH)


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main()
