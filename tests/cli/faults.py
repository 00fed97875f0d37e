#!/usr/bin/env python3
"""What the machine does wrong: no room for the output, nobody who reads it, pipes and devices in place of files, files that
change while they are read: faults.py LLWHY LIBFAULTS"""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "hostile"))
import gguf
import runs

PROGRAM = LIBRARY = ""
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

    def cut(self, words, name, at, size):
        environment = {**runs.environment(str(self.here)), "FAULT_CUT": f"{name}:{at}:{size}", "LD_PRELOAD": LIBRARY,
                       "ASAN_OPTIONS": "verify_asan_link_order=0"}
        return subprocess.run([PROGRAM, *words], cwd=self.here, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=runs.LIMIT_S, check=False)

    def test_files_that_shrink_while_they_are_read(self):
        template = "x" * 120000  # the header is longer than a window
        keys = {f"filler.{i}": (gguf.STRING, template) for i in range(8)}
        for at, size in ((1, 100), (2, 300000), (3, 0)):
            with self.subTest(at=at, size=size):
                (self.here / "m.gguf").write_bytes(gguf.model(keys))
                done = self.cut(["m.gguf", *ASK[1:]], "m.gguf", at, size)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn("became shorter while it was read", done.stderr)
        (self.here / "server.log").write_text("load_tensors: offloaded 3/3 layers to GPU\n" * 2000)
        done = self.cut(["log", "server.log"], "server.log", 1, 10)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("became shorter while it was read", done.stderr)

    def test_files_that_grow_while_they_are_read(self):
        (self.here / "m.gguf").write_bytes(gguf.model())
        done = self.cut(["m.gguf", *ASK[1:]], "m.gguf", 1, 10000000)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        self.assertIn("loads", done.stdout)


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    LIBRARY = os.path.abspath(sys.argv.pop(1))
    unittest.main()
