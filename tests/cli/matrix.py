#!/usr/bin/env python3
"""Models on machines, and what a machine's own records correct: matrix.py LLWHY"""
import json
import pathlib
import shutil
import sys
import tempfile
import unittest

import runs

try:
    import jsonschema
    SCHEMA = jsonschema.Draft202012Validator(json.loads((runs.ROOT / "docs/json/matrix.schema.json").read_text()))
except ImportError:
    SCHEMA = None

PROGRAM = ""
TEAM = ["--gpu", "24564:23671:RTX 4090", "--gpu", "16303:12761:RTX 5070 Ti", "--ram", "64205"]
MEASURED = "tests/cases/L04-evidence-measured/evidence"
GLM, OSS, SMALL, QWEN = "glm-4.7-flash-q8_0", "gpt-oss-120b-mxfp4", "llama-3.1-8b-q4_k_m", "qwen3.5-35b-a3b-q6_k"


def llwhy(*args, **more):
    return runs.llwhy(PROGRAM, *args, **more)


RECORD = """---
schema: llwhy.evidence/1
kind: run
id: {number:016x}
date: "2026-03-01T10:00:00Z"
build: v0.5.0
flags: {flags}
model:
  file: {model}.gguf
machine:
  name: desk
  gpus:
    - {{name: NVIDIA GeForce RTX 4090, total: 24564.00 MiB}}
    - {{name: NVIDIA GeForce RTX 5070 Ti, total: 16303.00 MiB}}
tests:
  - {{prompt_tokens: 20, answer_tokens: 400, passed: yes, speed: {speed}}}
...
"""


class Matrix(unittest.TestCase):
    def setUp(self):
        self.boxes = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.boxes, ignore_errors=True)
        for name, machine in (("team", TEAM), ("cpu", ["--no-gpu", "--ram", "16000"]), ("laptop", ["--gpu", "8188:7600:RTX 4060", "--ram", "32000"])):
            self.assertEqual(llwhy("facts", *machine, "--save", self.boxes / f"{name}.json").returncode, 0)

    def lines(self, *args, code=0):
        done = llwhy("matrix", *args)
        self.assertEqual(done.returncode, code, done.stderr)
        found = [json.loads(line) for line in done.stdout.splitlines()]
        if SCHEMA:
            self.assertEqual([e.message for line in found for e in SCHEMA.iter_errors(line)], [])
        return found, done

    def test_every_model_on_every_machine(self):
        found, _ = self.lines(GLM, SMALL, self.boxes, "--llama", "v0.5.0", "--format", "jsonl", "--", "-c", "16384")
        pairs = {(line["model"], line["machine"]): line for line in found}
        self.assertEqual(len(pairs), 6)
        self.assertEqual(pairs[GLM, "team"]["verdict"], "loads")
        self.assertEqual(pairs[GLM, "team"]["context"], 16384)
        self.assertEqual(pairs[GLM, "cpu"]["verdict"], "does not load")
        self.assertEqual(pairs[SMALL, "laptop"]["verdict"], "loads")

    def test_a_pair_is_what_predict_says(self):
        found, _ = self.lines(GLM, self.boxes / "team.json", "--llama", "b8022", "--format", "jsonl", "--", "-c", "16384")
        alone = json.loads(llwhy("predict", GLM, "--facts", self.boxes / "team.json", "--llama", "b8022", "--format", "json", "--", "-c", "16384").stdout)
        self.assertEqual([found[0]["left"][d["name"]] for d in alone["devices"]], [d["left"] for d in alone["devices"]])

    def test_what_cannot_be_read_is_a_line_and_the_rest_is_answered(self):
        (self.boxes / "bad.json").write_text("{")
        found, done = self.lines(SMALL, "no-such-model", self.boxes, "--format", "jsonl", "--", "-c", "4096", code=2)
        self.assertEqual([("error" in line) for line in found], [True, False, False, False] + [True] * 4)
        self.assertIn("bad.json", found[0]["error"])
        self.assertIn("bad.json", done.stderr)

    def test_a_table_of_lines(self):
        done = llwhy("matrix", SMALL, self.boxes, "--llama", "v0.5.0", "--format", "jsonl", "--", "-c", "4096")
        (self.boxes / "lines").write_text(done.stdout)
        table = llwhy("matrix", "--from", self.boxes / "lines")
        self.assertEqual(table.returncode, 0, table.stderr)
        self.assertEqual(table.stdout, llwhy("matrix", SMALL, self.boxes, "--llama", "v0.5.0", "--", "-c", "4096").stdout)
        self.assertIn("3 pairs: 3 load, 0 do not, 0 unknown", table.stdout)
        (self.boxes / "lines").write_text(done.stdout + "x\n{}\n")
        self.assertEqual(llwhy("matrix", "--from", self.boxes / "lines").returncode, 2)

    def test_nothing_asked(self):
        self.assertEqual(llwhy("matrix").returncode, 3)
        self.assertEqual(llwhy("matrix", self.boxes / "team.json").returncode, 3)


class Calibration(unittest.TestCase):
    def speed(self, model, *args, evidence, build="b8022"):
        done = llwhy(model, *TEAM, "--llama", build, "--evidence", evidence, "--", *args)
        return " ".join(done.stdout.split()).split("Speed: ")[1].split(". ")[0]

    def test_speed_of_another_model_on_the_same_machine(self):
        flags = ["-c", "131072", "-ctk", "q8_0", "-ctv", "q8_0", "--fit-target", "128,1024"]
        with tempfile.TemporaryDirectory() as empty:
            self.assertNotIn("corrected", self.speed(QWEN, *flags, evidence=empty))
        told = self.speed(QWEN, *flags, evidence=MEASURED)
        self.assertIn("corrected by what 1 record of this machine reached", told)
        low, high = (float(told.split()[i]) for i in (1, 3))
        self.assertLess(high / low, 2)
        # measured by the same team on that machine: 120
        self.assertTrue(low <= 120 <= high, told)

    def test_what_was_measured_on_gpus_says_nothing_of_ram(self):
        self.assertNotIn("corrected", self.speed(OSS, "-c", "32768", evidence=MEASURED))

    def test_measured_speeds_are_told_by_the_others(self):
        """Real figures (tests/fixtures/truth/speed.tsv): each one from those of other models on its machine."""
        rows = [line.split("\t") for line in (runs.ROOT / "tests/fixtures/truth/speed.tsv").read_text().splitlines() if line and line[0] != "#"][1:]
        rows = [(model, args.split(), float(speed)) for _, model, args, cards, _, _, speed in rows if cards.startswith("24564:")]
        self.assertEqual(len(rows), 7)
        for model, args, speed in rows:
            with self.subTest(model=model), tempfile.TemporaryDirectory() as directory:
                records = "".join(RECORD.format(number=i, model=row[0], flags=json.dumps(row[1]), speed=row[2]) for i, row in enumerate(rows) if row[0] != model)
                (pathlib.Path(directory) / "desk.yaml").write_text(records)
                told = self.speed(model, *args, evidence=directory, build="v0.5.0")
                low, high = (float(told.split()[i]) for i in (1, 3))
                self.assertIn("corrected by what", told)
                self.assertTrue(low <= speed <= high, (told, speed))

    def test_another_machine_corrects_nothing(self):
        done = llwhy(OSS, "--gpu", "24564:23671:RTX 4090", "--ram", "64205", "--llama", "b8022", "--evidence", MEASURED, "--", "-c", "32768")
        self.assertNotIn("corrected", done.stdout)

    def test_its_own_measurement_goes_before_a_correction(self):
        flags = (runs.ROOT / "tests/cases/L04-evidence-measured/cmd").read_text().split(" -- ")[1].split()
        told = self.speed(GLM, *[f.strip("'") for f in flags], evidence=MEASURED)
        self.assertEqual(told, "103.8 tokens per second, measured (tests/cases/L04-evidence-measured/evidence/desk.yaml:2)")

    def test_one_users_speed_counts(self):
        """Neither that of several requests at once, nor that at the end of a long prompt."""
        text = (runs.ROOT / MEASURED / "desk.yaml").read_text()
        one = "  - {prompt_tokens: 8391, answer_tokens: 400, passed: yes, speed: 103.79}\n"
        more = one.replace("8391", "131000").replace("103.79", "40.00") + one.replace("400", "1600").replace("103.79", "60.00").replace("}", ", slots: 4}")
        flags = [f.strip("'") for f in (runs.ROOT / "tests/cases/L04-evidence-measured/cmd").read_text().split(" -- ")[1].split()]
        with tempfile.TemporaryDirectory() as directory:
            (pathlib.Path(directory) / "desk.yaml").write_text(text.replace(one, one + more))
            self.assertTrue(self.speed(GLM, *flags, evidence=directory).startswith("103.8 tokens per second, measured"))

    def test_memory_beyond_the_buffers(self):
        text = (runs.ROOT / MEASURED / "desk.yaml").read_text().replace("compute: 448.00 MiB}", "compute: 448.00 MiB, grew: 700.00 MiB}")
        args = [GLM, *TEAM, "--llama", "b8022", "--evidence"]
        flags = ["--format", "json", "--", "-c", "131072", "-ctk", "q8_0", "-ctv", "q8_0", "--fit-target", "512,1024"]
        with tempfile.TemporaryDirectory() as directory:
            (pathlib.Path(directory) / "desk.yaml").write_text(text)
            told = llwhy(*args, directory, *flags[2:])
        self.assertIn("(by 1 record of this card)", " ".join(told.stdout.split()))
        self.assertNotIn("of this card", llwhy(*args, MEASURED, *flags[2:]).stdout)

    def test_a_real_log_says_what_prompts_add(self):
        """Estimated 194 MiB, measured 182 (the log's own memory breakdown), and 189.6 are left."""
        card = ["--gpu", "143155:19350:NVIDIA H200", "--ram", "257811", "--llama", "v0.5.0"]
        flags = ["--", "-c", "16384", "-np", "1", "--fit-target", "128"]
        with tempfile.TemporaryDirectory() as directory:
            def told():
                return " ".join(llwhy("qwen3-30b-a3b-q4_k_m", *card, "--evidence", directory, *flags).stdout.split())
            self.assertIn("may not survive long prompts: CUDA0 keeps 189.6 MiB, and up to about 194.0 MiB more", told())
            done = llwhy("record", "log", runs.ROOT / "tests/fixtures/logs/v0.5.0-experts-in-ram.log", "--llama", "v0.5.0", "--no-gpu", "--evidence", directory,
                         "--machine", "desk", "--", "-c", "32768", "-ncmoe", "20", "-np", "1")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("up to about 182.0 MiB more are used as the context fills (by 1 record of this card): that is enough", told())
            self.assertNotIn("survive", told())


if __name__ == "__main__":
    PROGRAM = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main()
