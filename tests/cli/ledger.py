#!/usr/bin/env python3
"""The ledger as its users and its enemies treat it: ledger.py LLWHY

What was recorded stays: with two writers at once, a kill in the middle of a write, a disk that is full, a directory that is read-only,
a file that a merge or an editor has broken.
"""
import json
import os
import pathlib
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import runs

try:
    import jsonschema
    SCHEMA = jsonschema.Draft202012Validator(json.loads((runs.ROOT / "docs/json/evidence.schema.json").read_text()))
except ImportError:
    SCHEMA = None

PROGRAM = ""
LOG = runs.ROOT / "tests/fixtures/logs/2026-02-journal-illegal.log"
DEFAULTS = ["--machine", "desk", "--no-gpu"]


def bench(build, speed, flags=None):
    test = {"build_commit": "b48e80f67", "build_number": build, "model_filename": "models/Tiny-Q8_0.gguf", "model_size": 1000000, "n_batch": 2048,
            "n_ubatch": 512, "type_k": "f16", "type_v": "f16", "n_gpu_layers": 99, "split_mode": "layer", "main_gpu": 0, "no_kv_offload": False,
            "flash_attn": True, "devices": "auto", "tensor_split": "0.00", "tensor_buft_overrides": "none", "gpu_info": "NVIDIA GeForce RTX 4090",
            "test_time": "2026-02-16T10:00:00Z", "n_prompt": 0, "n_gen": 128, "n_depth": 0, "avg_ts": speed}
    return [{**test, **(flags or {})}]


class Ledger(unittest.TestCase):
    def setUp(self):
        self.project = pathlib.Path(tempfile.mkdtemp())
        (self.project / ".llwhy.yaml").write_text("launches: []\n")
        self.addCleanup(shutil.rmtree, self.project, ignore_errors=True)

    @property
    def file(self):
        return self.project / "evidence/desk.yaml"

    def llwhy(self, *args, **more):
        return runs.llwhy(PROGRAM, *args, cwd=self.project, **more)

    def write(self, name, value):
        path = self.project / name
        path.write_text(value if isinstance(value, str) else json.dumps(value))
        return path

    def record(self, kind, path, *more, code=0):
        done = self.llwhy("record", kind, path, *DEFAULTS, *more)
        self.assertEqual(done.returncode, code, done.stderr + done.stdout)
        return done

    def records(self, *words, code=0):
        done = self.llwhy("evidence", *words, "--format", "json")
        self.assertEqual(done.returncode, code, done.stderr)
        found = json.loads(done.stdout)
        if SCHEMA and len(found["records"]) < 50:
            self.assertEqual([e.message for e in SCHEMA.iter_errors(found)], [])
        return found

    # --- kinds ---

    def test_log(self):
        self.record("log", LOG)
        found = self.records()["records"]
        self.assertEqual([r["outcome"] for r in found], ["crash", "oom"])
        crash = found[0]
        self.assertEqual(crash["build"], "b8115")
        self.assertEqual(crash["tests"], [{"prompt_tokens": 8391, "passed": False, "note": "an illegal memory access was encountered"}])
        self.assertEqual(crash["buffers"][0]["weights"], 18000.50 * 1048576)
        self.assertIn("-ot", crash["unsaid"])
        self.assertNotIn("flags", found[1])  # nothing told is not the same as no flags

    def test_flags_behind_the_dashes_win(self):
        self.llwhy("record", "log", LOG, *DEFAULTS, "--", "-c", "65536", "-ot", "exps=CPU")
        crash = self.records()["records"][0]
        self.assertEqual(crash["flags"], ["-c", "65536", "-ot", "exps=CPU"])
        self.assertNotIn("unsaid", crash)

    def test_bench(self):
        tests = bench(8022, 28.4) + bench(8022, 900.1, {"n_prompt": 512, "n_gen": 0}) + bench(8022, 25.2, {"n_depth": 4096}) + \
            bench(8022, 27.0, {"n_ubatch": 1024})
        self.record("bench", self.write("bench.json", tests))
        first, second = self.records()["records"]
        self.assertEqual(first["build"], "b8022")
        self.assertEqual(first["model"]["file"], "Tiny-Q8_0.gguf")
        self.assertEqual(first["tests"], [{"prompt_tokens": 0, "answer_tokens": 128, "passed": True, "speed": 28.4},
                                          {"prompt_tokens": 512, "answer_tokens": 0, "passed": True, "prompt_speed": 900.1},
                                          {"prompt_tokens": 4096, "answer_tokens": 128, "passed": True, "speed": 25.2}])
        self.assertIn("1024", second["flags"])
        self.assertEqual(first["date"], "2026-02-16T10:00:00Z")

    def test_bench_as_lines(self):
        self.record("bench", self.write("bench.jsonl", "\n".join(json.dumps(t) for t in bench(8022, 28.4) + bench(8115, 25)) + "\n"))
        self.assertEqual([r["build"] for r in self.records()["records"]], ["b8022", "b8115"])

    def test_run(self):
        samples = "".join(json.dumps({"task_id": f"HumanEval/{i}", "solution": "def f(): pass"}) + "\n" for i in range(164))
        self.record("run", self.write("samples.jsonl", samples), "--llama", "b8022", "--model", "glm-4.7-flash-q8_0")
        run = self.records("humaneval")["records"][0]
        self.assertEqual(run["run"], {"benchmark": "humaneval", "problems": 164, "answered": 164})
        self.assertTrue(run["tests"][0]["passed"])

    def test_run_that_was_cut_short(self):
        samples = "".join(json.dumps({"task_id": f"HumanEval/{i}", "solution": "x" if i else ""}) + "\n" for i in range(20))
        self.record("run", self.write("samples.jsonl", samples), "--llama", "b8115", "--model", "glm-4.7-flash-q8_0")
        run = self.records()["records"][0]
        self.assertEqual(run["run"]["answered"], 19)
        self.assertFalse(run["tests"][0]["passed"])

    def test_run_with_results(self):
        results = {"eval": {f"HumanEval/{i}": [{"task_id": f"HumanEval/{i}", "solution": "x", "base_status": "pass" if i % 2 else "fail"}]
                            for i in range(164)}}
        self.record("run", self.write("x_eval_results.json", results), "--llama", "b8022", "--model", "glm-4.7-flash-q8_0")
        self.assertEqual(self.records()["records"][0]["run"], {"benchmark": "humaneval", "problems": 164, "answered": 164, "solved": 82})

    def test_probe(self):
        probe = {"schema": "llwhy.probe/1", "tool": "llwhy", "probes": [
            {"started": "2026-02-22T10:00:00Z", "url": "http://127.0.0.1:8080", "build": {"version": "b8115", "commit": "ed4837891"},
             "model": {"path": "/models/q.gguf", "file_bytes": 5}, "launch": {"context": 8192, "slots": 2, "flags": ["-c", "16384"]},
             "machine": {"here": True, "devices": ["CUDA0 NVIDIA H200, 143771 MiB"], "driver": "580.65"},
             "trials": [{"name": "short", "outcome": "passed", "prompt_tokens": 20, "counted_by": "server", "generated_tokens": 16,
                         "generated_tokens_per_second": 32.9},
                        {"name": "long", "outcome": "failed", "problem": "crashed", "detail": "the server was gone", "prompt_tokens": 120,
                         "counted_by": "tokenize"},
                        {"name": "1k", "outcome": "failed", "problem": "http-error", "http_status": 401, "prompt_tokens": 1000},
                        {"name": "half", "outcome": "skipped", "detail": "no"}]}]}
        self.record("probe", self.write("probe.yaml", probe))
        record = self.records()["records"][0]
        self.assertEqual(record["machine"], {"name": "desk", "driver": "580.65", "gpus": [{"name": "NVIDIA H200", "total": 143771 << 20}]})
        self.assertEqual([(t["prompt_tokens"], t["passed"]) for t in record["tests"]], [(20, True), (120, False)])
        self.assertEqual(record["model"], {"file": "q.gguf", "bytes": 5})

    def test_what_is_no_such_file(self):
        for kind, text in (("bench", "{}"), ("bench", "[1]"), ("bench", "x"), ("run", "{}"), ("run", "a\n"), ("probe", "a: 1\n"), ("probe", "{"), ("log", "x")):
            done = self.llwhy("record", kind, self.write("wrong", text), *DEFAULTS, "--llama", "b8022", "--model", "glm-4.7-flash-q8_0")
            self.assertEqual(done.returncode, 2, (kind, text, done.stderr))
            self.assertIn("wrong", done.stderr)
        self.assertFalse(self.file.exists())

    def test_a_build_must_be_known(self):
        done = self.record("log", runs.ROOT / "tests/fixtures/logs/v0.5.0-lv5.log", code=2)
        self.assertIn("--llama VERSION", done.stderr)
        self.record("log", runs.ROOT / "tests/fixtures/logs/v0.5.0-lv5.log", "--llama", "v0.5.0")

    def test_twice_is_once(self):
        path = self.write("bench.json", bench(8022, 28.4))
        self.record("bench", path)
        self.assertIn("there already", self.record("bench", path).stdout)
        self.assertEqual(len(self.records()["records"]), 1)

    def test_correction(self):
        self.record("bench", self.write("bench.json", bench(8022, 21.7)), "--label", "fit", "--", "-ot", "exps=CPU", "--fit", "on")
        name = self.records()["records"][0]["id"]
        done = self.llwhy("record", "correction", name[:8], "--because", "the Dockerfile sets it", "--no-gpu", "--", "-ot", "exps=CPU", "--fit", "on", "-ngl", "99")
        self.assertEqual(done.returncode, 0, done.stderr)
        record, correction = self.records()["records"]
        self.assertEqual(record["flags"][-2:], ["-ngl", "99"])
        self.assertEqual(record["corrected_by"], correction["id"])
        self.assertEqual(self.llwhy("record", "correction", "beef", "--no-gpu", "--", "-c", "1").returncode, 2)

    def test_places_are_right(self):
        for i in range(3):
            done = self.record("bench", self.write("bench.json", bench(8022, 28.0 + i)))
            file, line = done.stdout.split(":")[:2]
            self.assertTrue((self.project / file).read_text().splitlines()[int(line) - 1].startswith("schema: "))
        text = self.file.read_text().splitlines()
        for record in self.records()["records"]:
            self.assertTrue(text[record["line"] - 1].startswith("schema: "))

    def test_a_record_says_the_same_again(self):
        """Whatever stands in a name."""
        odd = "a: b #c\\\"'\n\t{x}[y] &*!|>%@`- é"
        self.record("bench", self.write("bench.json", bench(8022, 1.5)), "--label", odd, "--", "-ot", odd, "- x", "null", "yes", "", "0x1")
        record = self.records()["records"][0]
        self.assertEqual(record["label"], odd)
        self.assertEqual(record["flags"], ["-ot", odd, "- x", "null", "yes", "", "0x1"])

    # --- what breaks files ---

    def test_what_cannot_be_read_is_told_and_the_rest_counts(self):
        for speed in (1, 2, 3):
            self.record("bench", self.write("bench.json", bench(8022, float(speed))))
        good = self.file.read_text()
        first, second, third = ["---" + part for part in good.split("---")[1:]]
        second_line = first.count("\n") + 2
        for broken, line, what in (
                (second.replace("build: b8022", "build: [1"), None, "left out"),
                (second.replace("ubatch: 512", "ubatch: many"), None, "ubatch is a number, not 'many'"),
                (second.replace("kind: bench", "kind: guess"), second_line, "its kind is not"),
                (second.replace("evidence/1", "evidence/9"), second_line, "only a newer llwhy reads"),
                (second.replace("build: b8022\n", ""), second_line, "it has no build"),
                (second.replace("passed: yes", "passed: perhaps"), None, "passed is yes or no"),
                (second.replace("build: b8022\n", "build: b8022\nbuild: b8023\n"), None, "stands in it twice"),
                ("<<<<<<< HEAD\n" + second.replace("---\n", "", 1), None, "")):
            with self.subTest(what=what):
                self.file.write_text(first + broken + third)
                found = self.records(code=2)
                self.assertEqual([t["speed"] for r in found["records"] for t in r["tests"]][-1], 3)
                self.assertEqual(len(found["records"]), 2)
                self.assertIn(what, found["problems"][0]["text"])
                self.assertEqual(found["problems"][0]["file"], "evidence/desk.yaml")
                if line:
                    self.assertEqual(found["problems"][0]["line"], line)

    def test_cut_off_at_every_byte(self):
        for speed in (1, 2):
            self.record("bench", self.write("bench.json", bench(8022, float(speed))))
        whole = self.file.read_bytes()
        second = whole.index(b"---", 3)
        for cut in sorted(random.Random(1).sample(range(second + 30, len(whole) - 4), 25)):
            self.file.write_bytes(whole[:cut])
            found = self.records(code=2)
            self.assertEqual(len(found["records"]), 1, cut)
            self.assertEqual(len(found["problems"]), 1, cut)
            self.record("bench", self.write("bench.json", bench(8022, 9.0)))  # and the next one is whole
            found = self.records(code=2)
            self.assertEqual([r["tests"][0]["speed"] for r in found["records"]], [1, 9], cut)

    def test_an_unknown_key_is_told_and_the_record_counts(self):
        self.record("bench", self.write("bench.json", bench(8022, 1.0)))
        self.file.write_text(self.file.read_text().replace("build: b8022", "build: b8022\nmood: good"))
        found = self.records(code=2)
        self.assertEqual(len(found["records"]), 1)
        self.assertIn("'mood'", found["problems"][0]["text"])

    def test_other_peoples_yaml_is_passed_over(self):
        self.record("bench", self.write("bench.json", bench(8022, 1.0)))
        (self.project / "evidence/notes.yaml").write_text("a: [broken\n")
        self.assertEqual(len(self.records()["records"]), 1)

    # --- what breaks writing ---

    def filled(self, megabytes):
        """A ledger large enough that writing it takes a while; the number of its records."""
        self.record("bench", self.write("bench.json", bench(8022, 1.0)))
        one = self.file.read_text()
        n = megabytes * 1000000 // len(one)
        self.file.write_text("".join(one.replace("\nid: ", f"\nid: {i:08x}") for i in range(n)))
        return n

    def test_many_writers_at_once(self):
        paths = [self.write(f"bench{i}.json", bench(8022, 100.0 + i)) for i in range(40)]
        running = []
        with tempfile.TemporaryDirectory() as home:
            for half in (0, 1):
                running += [subprocess.Popen([PROGRAM, "record", "bench", *map(str, paths[i::4]), *DEFAULTS], cwd=self.project,
                                             env=runs.environment(home), stdout=subprocess.DEVNULL) for i in (half, half + 2)]
            self.assertEqual([p.wait() for p in running], [0] * 4)
        self.assertEqual(sorted(r["tests"][0]["speed"] for r in self.records()["records"]), [100.0 + i for i in range(40)])

    def test_killed_in_the_middle_of_a_write(self):
        n = self.filled(6)
        before = self.file.read_text()
        rng, acknowledged, killed = random.Random(7), [], 0
        with tempfile.TemporaryDirectory() as home:
            for i in range(24):
                path = self.write("bench.json", bench(8022, 500.0 + i))
                p = subprocess.Popen([PROGRAM, "record", "bench", str(path), *DEFAULTS], cwd=self.project, env=runs.environment(home),
                                     stdout=subprocess.PIPE, encoding="utf-8")
                if i % 3 == 0:  # as soon as the new file can be seen
                    end = time.time() + 5
                    while p.poll() is None and time.time() < end and not list(self.file.parent.glob("*.llwhy-*")):
                        pass
                elif i % 3 == 1:
                    time.sleep(rng.uniform(0, 0.08))
                else:
                    p.wait()
                p.send_signal(signal.SIGKILL)
                said = p.communicate()[0]
                killed += p.returncode == -signal.SIGKILL
                if said.startswith("evidence/"):
                    acknowledged.append(500.0 + i)
        self.assertGreater(killed, 5)
        self.record("bench", self.write("bench.json", bench(8022, 900.0)))
        self.assertEqual(list(self.file.parent.glob("*.llwhy-*")), [])  # the next writer sweeps
        found = self.records()  # exit 0: nothing is torn
        speeds = [r["tests"][0]["speed"] for r in found["records"]]
        self.assertTrue(self.file.read_text().startswith(before))
        self.assertEqual(len(speeds), len(set(r["id"] for r in found["records"])))
        self.assertGreaterEqual(len(speeds), n + len(acknowledged) + 1)
        self.assertLessEqual(set(acknowledged), set(speeds))

    def refused(self, program=None, **more):
        before = self.file.read_bytes()
        path = self.write("bench.json", bench(8022, 77.0))
        with tempfile.TemporaryDirectory() as home:
            done = subprocess.run([program or PROGRAM, "record", "bench", str(path), *DEFAULTS], cwd=self.project, env=runs.environment(home),
                                  capture_output=True, encoding="utf-8", check=False, timeout=60, **more)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("evidence", done.stderr)
        self.assertEqual(self.file.read_bytes(), before)
        self.assertEqual(os.listdir(self.file.parent), ["desk.yaml"])

    def test_a_file_that_may_not_grow(self):
        self.filled(1)
        self.refused(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (500000, 500000)))

    def test_a_directory_that_is_read_only(self):
        self.record("bench", self.write("bench.json", bench(8022, 1.0)))
        nobody = 65534

        def drop():
            if os.geteuid() == 0:
                os.setgroups([])
                os.setgid(nobody)
                os.setuid(nobody)
        self.project.chmod(0o777)
        self.file.parent.chmod(0o555)
        self.addCleanup(self.file.parent.chmod, 0o755)
        self.refused(shutil.copy(PROGRAM, self.project), preexec_fn=drop)  # nobody may look into the directory of a root's checkout

    def test_a_full_disk(self):
        """A tmpfs of 64 KiB, where a namespace of our own may mount one."""
        self.record("bench", self.write("bench.json", bench(8022, 1.0)))
        script = ('mount -t tmpfs -o size=64k none evidence || exit 99\n'
                  'i=0; while [ $i -lt 400 ]; do i=$((i+1)); printf "[%s]" "$(sed "s/77.0/$i.5/" one.json)" >bench.json\n'
                  '"$0" record bench bench.json --machine desk --no-gpu >said 2>&1 || { echo "refused $? after $i"; break; }; done\n'
                  'cat said; ls evidence; "$0" evidence --format json >found.json || exit 98\n')
        self.write("one.json", bench(8022, 77.0)[0])
        with tempfile.TemporaryDirectory() as home:
            done = subprocess.run(["unshare", "-rm", "sh", "-c", script, PROGRAM], cwd=self.project, env=runs.environment(home),
                                  capture_output=True, encoding="utf-8", check=False, timeout=120)
        if done.returncode in (1, 99) and ("unshare" in done.stderr or "mount" in done.stderr):
            self.skipTest("no namespace may be made here")
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        lines = done.stdout.splitlines()
        self.assertTrue(lines[0].startswith("refused 2 after "), done.stdout)
        self.assertIn("No space left on device", done.stdout)
        self.assertEqual(lines[-1], "desk.yaml")
        wanted = int(lines[0].split()[-1]) - 1
        found = json.loads((self.project / "found.json").read_text())
        self.assertEqual([r["tests"][0]["speed"] for r in found["records"]], [i + 0.5 for i in range(1, wanted + 1)])


if __name__ == "__main__":
    PROGRAM = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main()
