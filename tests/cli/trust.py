#!/usr/bin/env python3
"""Rules that a project brought along are read once their user agreed to them: trust.py LLWHY"""
import os
import pathlib
import sys
import tempfile
import unittest

import runs

PROGRAM = ""
ASK = ["llama-3.1-8b-q4_k_m", "--gpu", "12282:11500", "--ram", "32000", "--", "-c", "8192"]
RULE = """lesson "90-ours" { claim = "Ours." }
rule "ours" { level = "note", each = { l = "launch" }, when = { "l.ubatch > 0" }, find = "%s" }
"""
LEFT_OUT = "this answer is without them; read them, then say: llwhy trust ."


class Trust(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.here = pathlib.Path(scratch.name)
        self.project = self.here / "project"
        self.rules = self.project / ".llwhy/rules.d"
        self.rules.mkdir(parents=True)
        self.rule("a rule of ours")

    def rule(self, says, name="90-ours.lua"):
        (self.rules / name).write_text(RULE % says)

    def llwhy(self, *args, cwd=None, **more):
        return runs.llwhy(PROGRAM, *args, home=self.here, cwd=cwd or self.project, **more)

    def trust(self, *args, code=0, **more):
        done = self.llwhy("trust", *args, **more)
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def left_out(self, because):
        done = self.llwhy(*ASK)
        self.assertEqual(done.returncode, 0)
        self.assertNotIn("of ours", done.stdout)
        self.assertEqual(done.stderr.count("\n"), 1)
        self.assertIn(because, done.stderr)
        self.assertIn(LEFT_OUT, done.stderr)

    def read(self, says):
        done = self.llwhy(*ASK)
        self.assertIn(says, done.stdout)
        self.assertEqual(done.stderr, "")

    def test_left_out_until_agreed(self):
        self.left_out("you have not agreed to them yet")
        self.assertIn("The 1 rule file of", self.trust().stdout)
        self.read("a rule of ours")

    def test_a_change_asks_again(self):
        self.trust(self.project, cwd=self.here)
        self.read("a rule of ours")
        (self.rules / "91-more.lua").write_text("-- nothing yet")  # one came
        self.left_out("have changed since you agreed to them")
        (self.rules / "91-more.lua").unlink()  # and went
        self.read("a rule of ours")
        self.rule("another rule of ours")
        self.left_out("have changed since you agreed to them")
        self.trust()
        self.read("another rule of ours")
        (self.rules / "lib").mkdir()
        (self.rules / "lib/more.lua").write_text("-- nothing\n")
        self.left_out("have changed")

    def test_a_word_is_for_one_place(self):
        self.trust()
        other = self.here / "other"
        os.rename(self.project, other)
        done = self.llwhy(*ASK, cwd=other)
        self.assertIn("you have not agreed", done.stderr)

    def test_given_by_hand_is_consent(self):
        done = self.llwhy(ASK[0], "--rules", ".llwhy", *ASK[1:])
        self.assertIn("a rule of ours", done.stdout)

    def test_a_link_and_a_pipe_are_not_followed_into_consent(self):
        os.mkfifo(self.rules / "92-pipe.lua")
        done = self.trust(code=2)
        self.assertIn("92-pipe.lua", done.stderr)

    def test_nothing_to_agree_to_and_nowhere_to_keep_it(self):
        self.assertIn("holds no rules", self.trust(self.here, code=2).stderr)
        self.trust("a", "b", code=3)
        done = self.llwhy("trust", XDG_STATE_HOME="", HOME="")
        self.assertEqual(done.returncode, 2)
        self.assertIn("XDG_STATE_HOME", done.stderr)

    def test_what_was_kept_cannot_be_written_for_another(self):
        self.trust()
        kept = list((self.here / "llwhy/trusted").iterdir())
        self.assertEqual(len(kept), 1)
        kept[0].write_bytes(b"/elsewhere\n" + kept[0].read_bytes().split(b"\n", 1)[1])
        self.left_out("you have not agreed")


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main()
