#!/usr/bin/env python3
"""What llama.cpp refuses, or what is not there: no answer says that it loads, or gives figures as if it did. refused.py LLWHY"""
import json
import pathlib
import sys
import tempfile
import unittest

import runs

sys.path.insert(0, str(runs.ROOT / "tests/hostile"))
import gguf

PROGRAM = ""
BOX = ["--gpu", "24564:23671", "--ram", "64205"]
WHOLE = gguf.model()
REFUSED = {
    "newarch": (gguf.model({"general.architecture": (gguf.STRING, "foobar9")}), "no architecture of that name"),
    "noarch": (gguf.model({"general.architecture": None}), "has no general.architecture"),
    "noblk": (gguf.model({"llama.block_count": None}), "does not say its llama.block_count"),
    "nohead": (gguf.model({"llama.attention.head_count": None}), "refuses this file"),
    "nomerges": (gguf.model({"tokenizer.ggml.merges": None}), "has no tokenizer.ggml.merges"),
    "cut": (WHOLE[:len(WHOLE) // 2], "bytes that its tensors need"),
}


class Asked(unittest.TestCase):
    def setUp(self):
        kept = tempfile.TemporaryDirectory()
        self.addCleanup(kept.cleanup)
        self.here = pathlib.Path(kept.name)
        self.model = self.write("ok", WHOLE)

    def write(self, name, data):
        path = self.here / f"{name}.gguf"
        path.write_bytes(data)
        return path

    def ask(self, *args, code):
        done = runs.llwhy(PROGRAM, *args, cwd=self.here)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return " ".join(done.stdout.split())


class Refused(Asked):
    def test_predict_and_fit_say_what_the_answer_says(self):
        for name, (data, why) in REFUSED.items():
            path = self.write(name, data)
            for command in ([], ["predict"], ["fit"]):
                with self.subTest(name, command=command):
                    said = self.ask(*command, path, *BOX, code=1)
                    self.assertIn(why, said)
                    self.assertRegex(said, "refuses this file|does not start")
                    self.assertNotRegex(said, r"GiB left|MiB left|\b0 tokens|-ngl -1|run out of memory|bytes model")

    def test_in_json_there_are_no_figures(self):
        for name, (data, why) in REFUSED.items():
            path = self.write(name, data)
            with self.subTest(name):
                found = json.loads(self.ask("predict", path, *BOX, "--format", "json", code=1))
                self.assertEqual((found["verdict"], found["outcome"]), ("refused", "refused"))
                self.assertIn(why, found["reason"])
                self.assertEqual((found["devices"], found["host"]["model"], found["n_ctx"]), ([], None, None))
                found = json.loads(self.ask("fit", path, *BOX, "--format", "json", code=1))
                self.assertEqual((found["verdict"], found["outcome"], found["fits"], found["n_ctx"]), ("refused", None, None, None))
                self.assertEqual((found["args"], found["devices"]), ([], []))

    def test_flags_that_do_not_start(self):
        for flags, why in ((["-ub", "abc"], "-ub abc is no number"), (["-dev", "CUDA5"], "-dev: llama.cpp sees no device 'CUDA5'"),
                           (["-ot", "foo=CUDA7"], "-ot: llama.cpp has no buffer type 'CUDA7'")):
            for command in ([], ["predict"], ["fit"]):
                with self.subTest(flags, command=command):
                    said = self.ask(*command, self.model, *BOX, "--", *flags, code=1)
                    self.assertIn("This launch does not start", said)
                    self.assertIn(why, said)
                    self.assertNotRegex(said, r"GiB left|MiB left|bytes model")

    def test_a_supposed_flag_that_is_not_taken(self):
        said = self.ask("what-if", "-ub", "abc", self.model, *BOX, code=1)
        self.assertIn("changes no value that could be read now This launch loads", said)

    def test_a_device_that_may_be_there(self):
        said = self.ask(self.model, *BOX, "--", "-dev", "Vulkan0", code=0)
        self.assertIn("Whether this launch loads is not known", said)

    def test_the_lessons_about_it_can_be_read(self):
        said = self.ask(self.write("cut", REFUSED["cut"][0]), *BOX, code=1)
        for sentence in ("L00 silent: the file is not whole", "L07 silent: no flag made --fit give up (its outcome: failed)",
                         "L18 silent: a file that is not whole is told as that"):
            self.assertIn(sentence, said)

    def test_an_unknown_architecture_and_the_memory_that_was_given(self):
        said = self.ask(self.write("newarch", REFUSED["newarch"][0]), *BOX, code=1)
        self.assertNotIn("memory free on the GPUs is unknown", said)
        self.assertIn("a newer build than those known here may load it", said)

    def test_a_trained_context_of_0(self):
        path = self.write("ctx0", gguf.model({"llama.context_length": (gguf.U32, 0)}))
        said = self.ask(path, *BOX, code=1)
        self.assertIn("-c is not given and the header states a context_length of 0", said)
        self.assertIn("This launch loads", self.ask(path, *BOX, "--", "-c", "4096", code=0))

    def test_what_loads_has_its_figures(self):
        found = json.loads(self.ask("predict", self.model, *BOX, "--format", "json", code=0))
        self.assertEqual((found["verdict"], found["outcome"]), ("loads", "ok"))
        self.assertGreater(found["devices"][0]["model"], 0)


class Absent(Asked):
    """Files beside the model."""

    def test_a_file_that_is_not_here(self):
        for flag in ("-md", "--mmproj"):
            for command in ([], ["predict"], ["fit"]):
                with self.subTest(flag, command=command):
                    said = self.ask(*command, self.model, *BOX, "--", flag, "nosuch.gguf", code=1)
                    self.assertIn(f"does not start (llama.cpp v0.5.0): {flag} nosuch.gguf cannot be opened", said)
                    self.assertNotRegex(said, r"GiB left|MiB left|bytes model")

    def test_another_one_may_be_there(self):
        said = self.ask("what-if", "-md", "other.gguf", self.model, *BOX, "--", "-md", "nosuch.gguf", code=0)
        self.assertRegex(said, "now This launch does not start .* then Whether this launch loads is not known")

    def test_a_draft_that_lies_elsewhere(self):
        said = self.ask("llama-3.1-8b-q4_k_m", *BOX, "--", "-c", "8192", "-md", "nosuch.gguf", code=0)
        self.assertIn("Whether this launch loads is not known: what the draft takes is not known", said)
        self.assertRegex(said, r"Without it CUDA0 would keep \d+\.\d+ GiB free")
        self.assertIn("Note: -md nosuch.gguf: cannot be opened", said)
        self.assertNotRegex(said, "This launch loads|our choice")

    def test_a_draft_that_is_here(self):
        draft = self.write("draft", WHOLE)
        self.assertIn("This launch loads", self.ask(self.model, *BOX, "--", "-md", draft.name, code=0))


if __name__ == "__main__":
    PROGRAM = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main()
