#!/usr/bin/env python3
"""What the machine does wrong: no room for the output, nobody who reads it, pipes and devices in place of files: faults.py LLWHY"""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import runs

PROGRAM = ""
ASK = ["llama-3.1-8b-q4_k_m", "--gpu", "24564:23671", "--ram", "64205:60000"]


class Faults(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.here = pathlib.Path(scratch.name)

    def llwhy(self, *args, **more):
        return runs.llwhy(PROGRAM, *args, home=self.here, cwd=self.here, **more)

    def test_no_room_for_the_output(self):
        for words in (ASK, [*ASK, "--format", "json"], [*ASK, "--format", "html"], ["lessons"], ["facts", *ASK], ["--help"], [*ASK, "--save", "-"]):
            with self.subTest(words=words), open("/dev/full", "w", encoding="utf-8") as full:
                done = self.llwhy(*words, stdout=full)
                self.assertEqual(done.returncode, 5)
                self.assertIn("the output could not be written", done.stderr)

    def test_no_room_for_a_file(self):
        done = self.llwhy(*ASK, "--save", "/dev/full")
        self.assertEqual(done.returncode, 2)
        self.assertIn("No space left on device", done.stderr)

    def test_closed_output(self):
        done = subprocess.run(["sh", "-c", 'exec "$0" "$@" >&-', PROGRAM, *ASK], env=runs.environment(str(self.here)), cwd=self.here,
                              stderr=subprocess.PIPE, timeout=runs.LIMIT_S, check=False)
        self.assertEqual(done.returncode, 5)
        self.assertIn(b"could not be written", done.stderr)

    def test_nobody_reads_on(self):
        read, write = os.pipe()
        os.close(read)
        with os.fdopen(write, "w", encoding="utf-8") as nobody:
            done = self.llwhy(*ASK, stdout=nobody)
        self.assertEqual(done.returncode, -13)  # SIGPIPE, silently, as a filter ends
        self.assertEqual(done.stderr, "")

    def test_pipes_and_devices_are_no_files(self):
        os.mkfifo(self.here / "pipe")
        for path in (self.here / "pipe", pathlib.Path("/dev/zero")):
            for words in (["log", path], [*ASK, "--card", path], [*ASK, "--facts", path], [*ASK, "--log", path], [path]):
                with self.subTest(words=words):
                    done = self.llwhy(*words)
                    self.assertEqual(done.returncode, 2)
                    self.assertRegex(done.stderr, "is not a regular file|is a pipe or device")


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main()
