#!/usr/bin/env python3
"""May we update? The incident of lesson 6 as a team with a ledger would have met it: gate.py LLWHY"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import runs

try:
    import jsonschema
    SCHEMA = jsonschema.Draft202012Validator(json.loads((runs.ROOT / "docs/json/gate.schema.json").read_text()))
except ImportError:
    SCHEMA = None

PROGRAM = ""
PROJECT = """gpus: ["24564:23671:RTX 4090", "16303:12761:RTX 5070 Ti"]
ram: "64205"
llama: b8022
launches:
  - name: dense
    model: llama-3.1-8b-q4_k_m
    args: -c 8192
  - name: next
    model: qwen3-next-80b-a3b-q5_k_m
    args: -c 10240 -ngl 99 --fit off -ot exps=CPU
"""
NEXT = ("Qwen3-Next-80B-A3B-Q5_K_M.gguf", "-c 10240 -ngl 99 --fit off -ot exps=CPU")
DENSE = ("Llama-3.1-8B-Q4_K_M.gguf", "-c 8192")


class Gate(unittest.TestCase):
    def setUp(self):
        self.project = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.project, ignore_errors=True)
        (self.project / ".llwhy.yaml").write_text(PROJECT)

    def llwhy(self, *args, code=0):
        done = runs.llwhy(PROGRAM, *args, cwd=self.project)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def probe(self, launch, build, day, *trials, speed=28.0, driver="580.65", flags=None):
        """Trials are prompt lengths; a negative one crashed the server."""
        model, words = launch
        listed = [{"name": "long", "outcome": "passed" if n > 0 else "failed", "prompt_tokens": abs(n), "counted_by": "server", "generated_tokens": 64,
                   **({"generated_tokens_per_second": speed} if n > 0 else {"problem": "crashed", "detail": "the server was gone"})} for n in trials]
        document = {"schema": "llwhy.probe/1", "probes": [
            {"started": f"2026-02-{day}T10:00:00Z", "url": "http://127.0.0.1:8080", "build": {"version": build}, "model": {"path": model},
             "launch": {"slots": 1, "flags": (flags or words).split()},
             "machine": {"here": True, "driver": driver, "devices": ["CUDA0 NVIDIA GeForce RTX 4090, 24564 MiB", "CUDA1 NVIDIA GeForce RTX 5070 Ti, 16303 MiB"]},
             "trials": listed}]}
        path = self.project / "probe.yaml"
        path.write_text(json.dumps(document))
        self.llwhy("record", "probe", path, "--machine", "desk", "--no-gpu")

    def gate(self, build, *args, code):
        found = json.loads(self.llwhy("gate", "--build", build, *args, "--format", "json", code=code).stdout)
        if SCHEMA:
            self.assertEqual([e.message for e in SCHEMA.iter_errors(found)], [])
        self.assertEqual(found["open"], code == 0)
        return {launch["launch"]: launch for launch in found["launches"]}

    def proven_on_b8022(self):
        self.probe(NEXT, "b8022", 16, 20, 8391)
        self.probe(DENSE, "b8022", 16, 20, 4000)

    def test_complete_evidence_opens_it(self):
        self.proven_on_b8022()
        states = self.gate("b8022", code=0)
        self.assertEqual([l["state"] for l in states.values()], ["proven", "proven"])
        self.assertEqual(states["next"]["record"], "evidence/desk.yaml:2")
        self.assertIn("Yes: b8022 is proven for all 2 launches.", self.llwhy("gate", "--build", "b8022").stdout)

    def test_a_short_prompt_does_not(self):
        self.proven_on_b8022()
        self.probe(NEXT, "b8115", 22, 20)
        self.probe(DENSE, "b8115", 22, 20, 4000)
        states = self.gate("b8115", code=1)
        self.assertEqual(states["dense"]["state"], "proven")
        self.assertEqual(states["next"]["state"], "only short")
        self.assertEqual(states["next"]["last_proven_build"], "b8022")
        self.assertEqual(states["next"]["commands"], [
            "llama-server -m qwen3-next-80b-a3b-q5_k_m.gguf -ngl 99 -c 10240 -ot exps=CPU -fit off",
            "llwhy probe localhost:8080 --llama b8115 --record b8115-next.yaml",
            "llwhy record probe b8115-next.yaml -- -ngl 99 -c 10240 -ot exps=CPU -fit off"])
        text = self.llwhy("gate", "--build", "b8115", code=1).stdout
        self.assertIn("Not yet: b8115 is proven for 1 of 2 launches. Stay on b8022", text)
        self.probe(NEXT, "b8115", 23, 300)
        self.gate("b8115", code=0)

    def test_reading_a_prompt_is_not_answering_it(self):
        self.proven_on_b8022()
        bench = self.project / "bench.json"
        bench.write_text(json.dumps([{"build_number": 8115, "build_commit": "ed4837891", "model_filename": NEXT[0], "n_prompt": 512, "n_gen": 0, "avg_ts": 900,
                                      "test_time": "2026-02-22T10:00:00Z"}]))
        self.llwhy("record", "bench", bench, "--machine", "desk", "--no-gpu", "--", *NEXT[1].split())
        state = self.gate("b8115", code=1)["next"]
        self.assertEqual(state["state"], "missing")
        self.assertIn("no token was asked for", state["because"])

    def test_nothing_on_record(self):
        states = self.gate("b8115", code=1)
        self.assertEqual([l["state"] for l in states.values()], ["missing", "missing"])
        self.assertEqual(list(states)[0], "next")  # the mixture of experts on several GPUs first
        self.assertIn("No build is on record", self.llwhy("gate", "--build", "b8115", code=1).stdout)

    def test_a_failure_names_the_last_proven_build_and_drafts_the_report(self):
        self.proven_on_b8022()
        self.probe(NEXT, "b8115", 22, 20, -164)
        self.probe(DENSE, "b8115", 22, 20, 4000)
        states = self.gate("b8115", "--report", "report.md", code=1)
        failed = states["next"]
        self.assertEqual((failed["state"], failed["last_proven_build"], failed["commands"]), ("failed", "b8022", []))
        self.assertEqual(failed["contrasts"][0]["what"], "crash")
        self.assertIsNone(failed["contrasts"][0]["besides_the_build"])
        report = (self.project / "report.md").read_text()
        for part in ("b8115", "qwen3next", "a prompt of 164 tokens fails: the server was gone", "a prompt of 20 tokens is answered",
                     "Between b8022 (good, 2026-02-16) and b8115 (bad)", "-ot exps=CPU", "RTX 5070 Ti", "### Hardware"):
            self.assertIn(part, report)
        self.assertIn("No: b8115 failed for 1 of 2 launches. Stay on b8022", self.llwhy("gate", "--build", "b8115", code=1).stdout)

    def test_no_failure_no_report(self):
        self.proven_on_b8022()
        self.assertIn("nothing failed", self.llwhy("gate", "--build", "b8022", "--report", "report.md").stderr)
        self.assertFalse((self.project / "report.md").exists())

    def test_evidence_expires(self):
        self.probe(NEXT, "b8115", 22, 20, 8391, flags="-c 10240")
        self.probe(DENSE, "b8115", 22, 20, 8391)
        states = self.gate("b8115", code=1)
        self.assertEqual(states["next"]["state"], "expired")
        self.assertIn("-ngl was auto and is 99 here", states["next"]["because"])
        self.assertEqual(states["dense"]["state"], "proven")

    def box(self, driver):
        """The team's machine as a facts file, with this driver."""
        facts = {"schema": "llwhy.facts/1", "entities": [
            {"kind": "gpu", "id": "CUDA0", "facts": {"index": 0, "name": "NVIDIA GeForce RTX 4090", "total": "24564 MiB", "free": "23671 MiB", "driver": driver}},
            {"kind": "gpu", "id": "CUDA1", "facts": {"index": 1, "name": "NVIDIA GeForce RTX 5070 Ti", "total": "16303 MiB", "free": "12761 MiB",
                                                     "driver": driver}}]}
        (self.project / "box.json").write_text(json.dumps(facts))
        (self.project / ".llwhy.yaml").write_text(PROJECT.split("ram")[0].replace("gpus", "#") + "launches:" + PROJECT.split("launches:")[1])

    def test_another_driver(self):
        self.proven_on_b8022()
        self.box("590.10")
        states = self.gate("b8022", "--facts", "box.json", code=1)
        self.assertIn("the GPU driver was 580.65 and is 590.10 now", states["next"]["because"])

    def test_slower_is_told_with_what_differs(self):
        self.proven_on_b8022()
        self.probe(NEXT, "b8115", 22, 20, 8391, speed=21.0)
        self.probe(DENSE, "b8115", 22, 20, 8391, speed=27.5)  # within what runs differ by
        states = self.gate("b8115", code=1)
        slower = states["next"]["contrasts"]
        self.assertEqual([(c["what"], c["was"], c["is"], c["besides_the_build"]) for c in slower], [("speed", 28.0, 21.0, None)])
        self.assertEqual(states["dense"]["contrasts"], [])
        self.assertIn("It works, but got worse", self.llwhy("gate", "--build", "b8115", code=1).stdout)

    def test_what_differs_besides_the_build_is_told(self):
        self.probe(NEXT, "b8022", 16, 20, 8391)
        self.probe(NEXT, "b8115", 22, 20, 8391, speed=21.0, driver="590.10")
        self.box("590.10")
        slower, = self.gate("b8115", "--facts", "box.json", code=1)["next"]["contrasts"]
        self.assertEqual(slower["besides_the_build"], "the GPU driver was 580.65 and is 590.10 now")
        self.assertIn("besides the build: the GPU driver was 580.65", slower["text"])

    def test_larger_is_told_with_what_grew(self):
        """A real load log, and the same load with a larger compute buffer, as another build might print it."""
        (self.project / ".llwhy.yaml").write_text(
            'gpus: ["143155:142629:NVIDIA H200"]\nram: "257811"\nlaunches:\n  - name: dense\n    model: llama-3.1-8b-q4_k_m\n    args: -c 8192 -np 1\n')
        log = (runs.ROOT / "tests/fixtures/logs/v0.5.0-lv4.log").read_text()
        self.assertIn("compute buffer size =   116.01 MiB", log)

        def load(name, text, build, *flags):
            (self.project / name).write_text(text)
            self.llwhy("record", "log", name, "--llama", build, "--machine", "desk", "--no-gpu", "--", "-c", "8192", "-np", "1", *flags)

        load("old.log", log, "b9181")
        load("same.log", log.replace("116.01 MiB", "117.50 MiB"), "b9500")
        self.assertEqual(self.gate("b9500", code=0)["dense"]["contrasts"], [])  # within what builds differ by
        load("new.log", log.replace("116.01 MiB", "416.01 MiB"), "v0.5.0")
        larger, = self.gate("v0.5.0", code=1)["dense"]["contrasts"]
        mib = 1 << 20
        self.assertEqual((larger["what"], round(larger["is"] - larger["was"]), larger["besides_the_build"]), ("memory", round((416.01 - 117.5) * mib), None))
        self.assertIn("compute buffers of 416.0 MiB instead of 117.5 MiB; nothing but the build differs", larger["text"])
        self.assertNotIn("weights", larger["text"])
        told = " ".join(self.llwhy("gate", "--build", "v0.5.0", code=1).stdout.split())
        self.assertIn("It works, but got worse: v0.5.0", told)
        self.assertIn("larger: 5.71 GiB on the GPUs", told)

    def test_configuration_files(self):
        self.proven_on_b8022()
        (self.project / "models.conf").write_text(
            "[bench]\nNAME=Q\nMODEL=Qwen3-Next-80B-A3B-Q5_K_M.gguf\nCTX_SIZE=10240\nN_GPU_LAYERS=99\nFIT=off\nEXTRA_ARGS=-ot exps=CPU\n")
        machine = ["--gpu", "24564:23671:RTX 4090", "--gpu", "16303:12761:RTX 5070 Ti"]
        self.assertEqual(self.gate("b8022", "models.conf", *machine, code=0)["models.conf:bench"]["state"], "proven")
        missing = self.gate("b8115", "models.conf", *machine, code=1)["models.conf:bench"]
        self.assertEqual(missing["commands"][0], "llwhy probe localhost:8080 models.conf:bench --with 'llama-server {flags} --port {port}' --llama b8115 "
                                                 "--record b8115-models.conf-bench.yaml")

    def test_what_cannot_be_asked(self):
        self.llwhy("gate", code=3)
        self.llwhy("gate", "--build", "newest", code=3)
        (self.project / ".llwhy.yaml").write_text("launches: []\n")
        self.assertIn("no launch was found", self.llwhy("gate", "--build", "b8115", code=2).stderr)

    def test_a_broken_record_is_told_and_the_others_judge(self):
        self.proven_on_b8022()
        ledger = self.project / "evidence/desk.yaml"
        ledger.write_text(ledger.read_text() + "---\nschema: llwhy.evidence/1\nkind: probe\nbuild: b8022\n")
        done = self.llwhy("gate", "--build", "b8022", code=2)
        self.assertIn("evidence/desk.yaml:", done.stderr)
        self.assertIn("Yes: b8022", done.stdout)

    def test_a_long_history_hides_nothing(self):
        self.proven_on_b8022()
        ledger = self.project / "evidence/desk.yaml"
        one = "---" + ledger.read_text().split("---")[1]
        ledger.write_text(ledger.read_text() + "".join(
            one.replace("\nid: ", f"\nid: {i:08x}").replace("b8022", f"b{8115 + i % 7}").replace("2026-02-16", f"2026-03-{1 + i % 28:02}") for i in range(500)))
        self.assertEqual([l["state"] for l in self.gate("b8022", code=0).values()], ["proven", "proven"])
        self.assertEqual(self.gate("b8200", code=1)["next"]["last_proven_build"], "b8121")

    def test_lint_sees_a_build_that_moved(self):
        self.proven_on_b8022()
        (self.project / "compose.yml").write_text(
            "services:\n  llm:\n    image: ghcr.io/ggml-org/llama.cpp:server-cuda-b8115\n"
            "    command: -m /models/Qwen3-Next-80B-A3B-Q5_K_M.gguf -c 10240 -ngl 99 --fit off -ot exps=CPU\n")
        done = self.llwhy("lint", "compose.yml", "--no-gpu", "--format", "json", code=1)
        found = [f for f in json.loads(done.stdout)["findings"] if f["code"] == "L06"]
        self.assertEqual([(f["rule"], f["line"]) for f in found], [("build-moved-without-evidence", 3)])
        self.assertIn("is b8022, on 2026-02-16", found[0]["message"])

    def moved(self, *paths):
        """Where lint says that the build moved, and to which."""
        found = json.loads(self.llwhy("lint", *(paths or (".",)), "--no-gpu", "--fail-on", "never", "--format", "json").stdout)["findings"]
        moves = [f for f in found if f.get("rule") == "build-moved-without-evidence"]
        return [(pathlib.Path(f["file"]).name, f["line"], f["message"].split(" runs here now")[0].split()[-1]) for f in moves]

    def script(self, text="llama-server -m Llama-3.1-8B-Q4_K_M.gguf -c 8192\n"):
        (self.project / ".llwhy.yaml").unlink(missing_ok=True)
        (self.project / "run.sh").write_text("#!/bin/sh\n" + text)

    def test_where_a_project_fixes_its_llama_cpp(self):
        self.probe(DENSE, "b8022", 16, 20, 4000)
        self.script()
        self.assertEqual(self.moved(), [])  # nobody says which build runs here
        clone = "RUN git clone https://github.com/ggml-org/llama.cpp.git /src && cd /src \\\n && "
        for name, text, line, build in (
                ("Dockerfile", "FROM ubuntu\nRUN git clone --depth 1 --branch b8115 https://github.com/ggml-org/llama.cpp\n", 2, "b8115"),
                ("Dockerfile", "FROM ubuntu\n" + clone + "git checkout -q ed4837891f0f1f2e0a7d0f1f2e0a7d0f1f2e0a7d\n", 2, "ed4837891"),
                ("Dockerfile", "FROM ubuntu\nARG LLAMA_TAG=b8115\n" + clone + "git checkout ${LLAMA_TAG}\n", 2, "b8115"),
                ("Dockerfile", "FROM ubuntu\nADD https://github.com/ggerganov/llama.cpp/archive/refs/tags/b8115.tar.gz /\n", 2, "b8115"),
                ("build.sh", "#!/bin/sh\ncurl -LO https://github.com/ggml-org/llama.cpp/releases/download/b8115/llama-b8115-bin-ubuntu-x64.zip\n", 2, "b8115"),
                ("build.sh", "#!/bin/sh\nV=${LLAMA_CPP_VERSION:-b8115}\ngit clone -b $V https://github.com/ggml-org/llama.cpp\n", 3, "b8115"),
                (".github/workflows/build.yml", "jobs:\n  a:\n    steps:\n      - uses: actions/checkout@v4\n        with:\n"
                                                "          repository: ggml-org/llama.cpp\n          ref: b8115\n", 7, "b8115"),
                (".github/workflows/build.yml", "env:\n  LLAMA_CPP_VERSION: b8115\njobs: {}\n", 2, "b8115"),
                (".env", "LLAMA_CPP_TAG=b8115\n", 1, "b8115"),
                ("CMakeLists.txt", "", 0, None)):
            with self.subTest(name=name, text=text):
                path = self.project / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
                self.assertEqual(self.moved(), [(path.name, line, build)] if build else [])
                path.unlink()

    def test_what_fixes_no_llama_cpp(self):
        self.probe(DENSE, "b8022", 16, 20, 4000)
        self.script()
        for name, text in (
                ("Dockerfile", "FROM ubuntu\nRUN git clone https://github.com/ggml-org/llama.cpp\n"),  # whatever is newest
                ("Dockerfile", "FROM ubuntu\nRUN git clone -b master https://github.com/ggml-org/llama.cpp\n"),
                ("Dockerfile", "FROM ubuntu\nRUN git clone -b b8115 https://github.com/someone/llama.cpp\n"),  # a fork
                ("Dockerfile", "FROM ubuntu\nRUN git clone -b b8022 https://github.com/ggml-org/llama.cpp\n"),  # the one that is proven
                ("Dockerfile", "FROM ubuntu\n# RUN git clone -b b8115 https://github.com/ggml-org/llama.cpp\n"),
                ("Dockerfile", "FROM ubuntu\nRUN git clone https://github.com/ggml-org/llama.cpp\nRUN git clone https://github.com/a/b && git checkout b8115\n"),
                ("Dockerfile", "FROM ubuntu AS a\nRUN git clone -b b8115 https://github.com/ggml-org/llama.cpp\nFROM ubuntu AS b\n"
                               "RUN git clone -b b8053 https://github.com/ggml-org/llama.cpp\n"),  # two: nobody says which one runs
                (".env", "OLLAMA_VERSION=v0.9.1\nLLAMA_SWAP_VERSION=b8115\nLLAMA_VERSION=v3.1.0\n"),
                (".env.example", "LLAMA_CPP_TAG=b8115\n"),
                ("README.md", "git clone -b b8115 https://github.com/ggml-org/llama.cpp\n")):
            with self.subTest(name=name, text=text):
                (self.project / name).write_text(text)
                self.assertEqual(self.moved(), [])
                (self.project / name).unlink()

    @unittest.skipUnless(shutil.which("git"), "there is no git to make a repository with")
    def test_a_submodule_that_moved(self):
        def git(*args):
            subprocess.run(["git", *args], cwd=self.project, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                           env={"PATH": os.environ["PATH"], "HOME": str(self.project), "GIT_CONFIG_NOSYSTEM": "1"})
        old, new = "b48e80f67" + "0" * 31, "0a17d7cea" + "1" * 31
        self.probe(DENSE, "b8022", 16, 20, 4000)
        self.script("exec vendor/llama.cpp/build/bin/llama-server -m Llama-3.1-8B-Q4_K_M.gguf -c 8192\n")
        git("init", "-q")
        (self.project / ".gitmodules").write_text('[submodule "x/llama"]\n\turl = https://github.com/ggml-org/llama.cpp.git\n\tpath = vendor/llama.cpp\n')
        git("add", ".gitmodules", "run.sh")
        for version in "2", "3", "4":
            with self.subTest(index=version):
                git("update-index", "--index-version", version, "--add", "--cacheinfo", f"160000,{old},vendor/llama.cpp")
                self.assertEqual(self.moved(), [])
                git("update-index", "--add", "--cacheinfo", f"160000,{new},vendor/llama.cpp")
                self.assertEqual(self.moved(), [])  # the record names no commit: whether b8022 is this one is not known
        ledger = self.project / "evidence/desk.yaml"
        ledger.write_text(ledger.read_text().replace("build: b8022", f"build: b8022\ncommit: {old}"))
        self.assertEqual(self.moved(), [(".gitmodules", 3, "0a17d7cea")])
        self.assertEqual(self.moved("run.sh"), [(".gitmodules", 3, "0a17d7cea")])
        checkout = self.project / ".git/modules/x/llama"  # what is checked out is what runs
        (checkout / "refs/heads").mkdir(parents=True)
        for head, more in ((old, {}), ("ref: refs/heads/master", {"refs/heads/master": old}), ("ref: refs/heads/new", {"packed-refs": f"# pack\n{old} refs/heads/new\n"})):
            (checkout / "HEAD").write_text(head + "\n")
            for name, text in more.items():
                (checkout / name).write_text(text + "\n")
            self.assertEqual(self.moved(), [], head)
        gate = self.llwhy("gate", "--build", "0a17d7cea", "run.sh", "--no-gpu", code=1).stdout
        self.assertIn("llwhy record probe 0a17d7cea-run.sh.yaml -- -c 8192", gate)


if __name__ == "__main__":
    PROGRAM = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main()
