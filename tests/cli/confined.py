#!/usr/bin/env python3
"""--confine: the same answers, and nothing but reading: confined.py LLWHY"""
import pathlib
import sys
import tempfile
import unittest

import runs

PROGRAM = ""
MODEL, MACHINE = "llama-3.1-8b-q4_k_m", ["--gpu", "RTX 4090", "--ram", "64000"]


class Confine(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.here = pathlib.Path(scratch.name)
        self.home = self.here / "home"
        self.home.mkdir()
        (self.here / "run.sh").write_text("llama-server -m llama-3.1-8b-q4_k_m.gguf -c 8192 -ub 4096\n")

    def llwhy(self, *args):
        return runs.llwhy(PROGRAM, *args, home=self.home, cwd=self.here)

    def confined(self, *args):
        done = self.llwhy(*args[:1], "--confine", "always", *args[1:])
        if "this kernel does not" in done.stderr:
            self.skipTest(done.stderr)
        return done

    def left(self):
        """What lies in the scratch folder and was not put there by the test."""
        return {str(p.relative_to(self.here)) for p in self.here.rglob("*")} - {"home", "run.sh"}

    def test_answers_are_the_same_and_nothing_is_written(self):
        for words in ([MODEL, *MACHINE, "--", "-ub", "4096"], ["lint", ".", *MACHINE], ["predict", MODEL, *MACHINE], ["card", MODEL],
                      ["why-not", "262144", "context", MODEL, *MACHINE]):
            done = self.confined(*words)
            self.assertEqual(self.left(), set(), words)
            plain = self.llwhy(*words)
            self.assertEqual((done.returncode, done.stdout, done.stderr), (plain.returncode, plain.stdout, plain.stderr))
            for kept in self.home.rglob("*.json"):
                kept.unlink()
            for folder in sorted(self.home.rglob("*"), reverse=True):
                folder.rmdir()

    def test_what_writes_is_refused(self):
        before = (self.here / "run.sh").read_text()
        for words in ([MODEL, *MACHINE, "--save", "facts.json"], ["lint", ".", *MACHINE, "--write-baseline", "known.json"],
                      ["lint", ".", *MACHINE, "--fix"]):
            done = self.confined(*words)
            self.assertEqual(done.returncode, 2, (words, done.stdout, done.stderr))
            self.assertIn("Permission denied", done.stderr)
            self.assertEqual(self.left(), set())
        self.assertEqual((self.here / "run.sh").read_text(), before)

    def test_this_machine_and_the_network_are_not_asked(self):
        for words, said in (([MODEL], "add --gpu, --no-gpu or --facts FILE"), (["lint", "."], "add --gpu, --no-gpu or --facts FILE"),
                            ([MODEL, "--llama-server", "/bin/true"], "add --gpu, --no-gpu or --facts FILE"),
                            (["hf:a/b:Q4_K_M", *MACHINE], "hf:a/b:Q4_K_M is far away, and --confine gives up the network"),
                            (["https://127.0.0.1:1/a.gguf", *MACHINE], "is far away"),
                            (["hf:a/b", *MACHINE], "hf:a/b is far away, and --confine gives up the network"), (["card", "hf:a/b:Q4_K_M"], "hf:a/b:Q4_K_M is far away"),
                            (["card", "fetch", "hf:a/b"], "card fetch needs the network and writes a file"), ([MODEL, "--confine", "never"], "never: it is always or auto")):
            done = self.confined(*words)
            self.assertEqual(done.returncode, 3, done.stderr)
            self.assertIn(said, done.stderr)

    def test_auto_answers_everywhere(self):
        done = self.llwhy(MODEL, "--confine", "auto", *MACHINE)
        self.assertEqual((done.returncode, done.stderr), (0, ""))


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    unittest.main()
