#!/usr/bin/env python3
"""llwhy probe against servers that fail in every way lesson 6 knows, and against a real llama-server: probe.py LLWHY

The real one is the program that LLAMA_SERVER names; without it that test is skipped, and it is said.
"""
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

import runs

FAULTS = runs.ROOT / "tests/fakes/fault_server.py"
PROGRAM = ""

try:
    import jsonschema
    SCHEMA = jsonschema.Draft202012Validator(json.loads((runs.ROOT / "docs/json/probe.schema.json").read_text()))
except ImportError:
    SCHEMA = None


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    """A server that runs while the block does; url is its address."""

    def __init__(self, *words):
        self.words = [sys.executable, "-B", FAULTS, *words]

    def __enter__(self):
        self.process = subprocess.Popen(self.words, stdout=subprocess.PIPE, text=True, start_new_session=True)
        self.url = "http://127.0.0.1:" + self.process.stdout.readline().split()[-1]
        return self

    def __exit__(self, *_):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)  # the group: a server may have started another
        except ProcessLookupError:
            pass
        self.process.wait()
        self.process.stdout.close()


def probe(url, *args, **more):
    done = runs.llwhy(PROGRAM, "probe", url, "--no-gpu", "--limit", "30", "--format", "json", *args, **more)
    return done, json.loads(done.stdout)["probes"] if done.stdout else None


def trials(one):
    return {t["name"]: t for t in one["trials"]}


class Faults(unittest.TestCase):
    def check(self, fault, *words, args=(), code=1):
        with Server(fault, *words) as server:
            done, found = probe(server.url, *args)
        self.assertEqual(done.returncode, code, done.stderr)
        if SCHEMA:
            self.assertEqual([e.message for e in SCHEMA.iter_errors(json.loads(done.stdout))], [])
        return found[0]

    def broken(self, fault, problem, *words, args=()):
        """Short prompts are fine, a long one ends in this problem."""
        one = self.check(fault, *words, args=args)
        self.assertEqual(one["verdict"], "broken")
        self.assertEqual(trials(one)["short"]["outcome"], "passed")
        self.assertEqual((trials(one)["long"]["outcome"], trials(one)["long"]["problem"]), ("failed", problem))
        return one

    def test_nothing_wrong(self):
        one = self.check("none", code=0)
        self.assertEqual(one["verdict"], "proven")
        self.assertEqual({n: t["prompt_tokens"] for n, t in trials(one).items()},
                         {"short": 20, "long": 150, "1k": 1000, "half": 1024, "full": 2048 - 16 - 8, "slots": 512})
        self.assertEqual(trials(one)["slots"]["at_once"], 2)
        self.assertEqual(one["build"], {"version": "b8115", "commit": "ed4837891", "as_told": "b8115-ed4837891"})
        self.assertEqual((one["launch"]["context"], one["launch"]["slots"]), (2048, 2))

    def test_the_incident(self):
        one = self.broken("crash", "crashed")
        self.assertEqual(list(trials(one)), ["short", "long"])  # nothing is sent behind a crash
        self.assertIn("whole prompt had been read", trials(one)["long"]["detail"])
        self.assertIn("was gone", one["summary"])

    def test_a_crash_that_a_restart_hides(self):
        for fault, said in (("restart", "loads its model again"), ("reborn", "another process answers")):
            with self.subTest(fault=fault):
                one = self.broken(fault, "crashed")
                self.assertRegex(trials(one)["long"]["detail"], said + ": (it|the server) was started anew")

    def test_death_after_the_answer(self):
        self.assertIn("it was answered, and then", trials(self.broken("dies-after", "crashed"))["long"]["detail"])

    def test_hang(self):
        one = self.broken("hang", "hung", args=("--limit", "3"))
        self.assertEqual(list(trials(one)), ["short", "long"])

    def test_slow_stream(self):
        one = self.broken("slow", "slow", "--context", "180", args=("--min-speed", "20"))
        self.assertLess(trials(one)["long"]["generated_tokens_per_second"], 20)

    def test_cut_connection(self):
        self.assertIn("still answers", trials(self.broken("cut", "cut"))["long"]["detail"])

    def test_http_error(self):
        one = self.broken("http", "http-error")
        self.assertEqual(trials(one)["long"]["http_status"], 500)
        self.assertIn("illegal memory access", trials(one)["long"]["detail"])

    def test_other_answers(self):
        for fault, problem in (("no-tokens", "no-tokens"), ("truncated", "truncated"), ("garbled", "garbled")):
            with self.subTest(fault=fault):
                self.broken(fault, problem)

    def test_a_tokenizer_that_lies(self):
        one = self.check("miscounts", code=0)
        self.assertEqual({t["counted_by"] for t in one["trials"]}, {"server"})
        self.assertLess(trials(one)["full"]["prompt_tokens"], 4096)

    def test_wrong_model(self):
        one = self.check("none", "--model", "other-q4_k_m", args=("--model", "models/tiny-q8_0.gguf"))
        self.assertEqual((one["verdict"], [t["problem"] for t in one["trials"]]), ("incomplete", ["wrong-model"]))
        self.assertIn("other-q4_k_m", one["summary"])
        self.check("none", "--model", "tiny-q8_0", args=("--model", "models/Tiny-Q8_0.gguf"), code=0)

    def test_slots_that_share_a_cache(self):
        one = self.check("none", "--context", "1024", "--slots", "4", code=0)
        self.assertLessEqual(4 * (trials(one)["slots"]["prompt_tokens"] + 16), 1024)
        one = self.check("none", "--context", "256", "--slots", "8", code=0)
        self.assertEqual(trials(one)["slots"]["outcome"], "skipped")

    def test_small_context(self):
        one = self.check("none", "--context", "110")
        self.assertEqual((one["verdict"], trials(one)["long"]["outcome"]), ("incomplete", "skipped"))

    def test_openai(self):
        one = self.check("none", "--openai", args=("--context", "2048"), code=0)
        self.assertEqual((one["api"], one["verdict"]), ("openai", "proven"))
        self.assertEqual({t["counted_by"] for t in one["trials"] if t["outcome"] == "passed"}, {"server"})
        self.assertGreater(trials(one)["full"]["prompt_tokens"], 1700)
        self.broken("crash", "crashed", "--openai")

    def test_router(self):
        """Several models behind one llama-server: the one that is asked for is loaded, and its process is what is watched."""
        one = self.check("none", "--router", args=("--model", "tiny-q8_0"), code=0)
        self.assertEqual((one["api"], one["verdict"], one["launch"]["context"], one["build"]["version"]), ("llama-server", "proven", 2048, "b8115"))
        self.assertEqual((one["model"]["name"], one["model"]["path"]), ("tiny-q8_0", "/models/tiny-q8_0.gguf"))
        self.assertEqual(one["launch"]["flags"], ["--port", "40001", "-m", "/models/tiny-q8_0.gguf", "-c", "2048", "--api-key", "(secret)"])
        self.assertEqual((trials(one)["long"]["prompt_tokens"], trials(one)["slots"]["at_once"]), (150, 2))
        self.check("none", "--router", args=("--model", "mine"), code=0)  # an alias
        one = self.broken("crash", "crashed", "--router", args=("--model", "tiny-q8_0"))
        self.assertIn("the model's process was gone", trials(one)["long"]["detail"])
        one = self.broken("dies-after", "crashed", "--router", args=("--model", "tiny-q8_0"))
        self.assertIn("it was answered, and then the model's process was gone", trials(one)["long"]["detail"])
        for fault in ("restart", "reborn"):
            self.assertIn("was started anew", trials(self.broken(fault, "crashed", "--router", args=("--model", "tiny-q8_0")))["long"]["detail"])
        self.assertIn("still answers", trials(self.broken("cut", "cut", "--router", args=("--model", "tiny-q8_0")))["long"]["detail"])

    def test_router_without_that_model(self):
        for args, problem, said in (((), "wrong-model", "say which one, with --model NAME, of other-q4_k_m, third-f16, tiny-q8_0"),
                                    (("--model", "none-of-them"), "wrong-model", "none of its models: other-q4_k_m")):
            one = self.check("none", "--router", args=args)
            self.assertEqual((one["verdict"], [t["problem"] for t in one["trials"]]), ("incomplete", [problem]))
            self.assertIn(said, one["summary"])
        one = self.check("none", "--router", "--no-autoload", args=("--model", "tiny-q8_0"))
        self.assertEqual([t["problem"] for t in one["trials"]], ["not-started"])
        self.assertIn("does not load tiny-q8_0: model is not loaded", one["summary"])

    def test_key(self):
        with Server("none", "--key", "sesame") as server:
            for env, code, said in (({}, 1, "wants a key"), ({"LLAMA_API_KEY": "wrong"}, 1, "refuses the key"),
                                    ({"LLAMA_API_KEY": "sesame"}, 0, "")):
                done, found = probe(server.url, **env)
                self.assertEqual(done.returncode, code)
                self.assertIn(said, found[0]["summary"])
                self.assertNotIn("sesame", done.stdout + done.stderr)
                self.assertNotIn("wrong\"", done.stdout)

    def test_nobody_there(self):
        done, found = probe(f"127.0.0.1:{free_port()}")
        self.assertEqual((done.returncode, found[0]["trials"][0]["problem"]), (1, "unreachable"))
        self.assertEqual(runs.llwhy(PROGRAM, "probe").returncode, 3)
        self.assertEqual(runs.llwhy(PROGRAM, "probe", "http://a b/").returncode, 3)


class Records(unittest.TestCase):
    def test_interrupted(self):
        """Ctrl-C in the middle of a prompt: what ran is in the record, which is whole."""
        with tempfile.TemporaryDirectory() as scratch, Server("hang") as server:
            record = pathlib.Path(scratch) / "r.yaml"
            words = [PROGRAM, "probe", server.url, "--no-gpu", "--record", record]
            run = subprocess.Popen(words, env=runs.environment(scratch), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            for _ in range(200):
                if record.exists():
                    break
                time.sleep(0.05)
            time.sleep(0.1)
            run.send_signal(signal.SIGINT)
            out, err = run.communicate(timeout=10)
            text = record.read_text()
        self.assertEqual(run.returncode, 2, err)
        self.assertIn("interrupted: true", text)
        self.assertRegex(text, r"name: short\n +outcome: passed")
        self.assertRegex(text, r"name: long\n +outcome: interrupted")
        self.assertIn("Not proven: stopped; prompts of up to 20 tokens had been answered", out)

    def test_never_over_another(self):
        with tempfile.TemporaryDirectory() as scratch:
            record = pathlib.Path(scratch) / "r.yaml"
            record.write_text("mine\n")
            done = runs.llwhy(PROGRAM, "probe", "localhost:1", "--record", record)
            self.assertEqual((done.returncode, record.read_text()), (3, "mine\n"))


class Walks(unittest.TestCase):
    """--with starts the server for every profile and placement."""

    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.home = pathlib.Path(self.scratch.name)
        self.conf = self.home / "models.conf"
        self.conf.write_text("[one]\nNAME=One\nMODEL=one-q8_0.gguf\nCTX_SIZE=4096\n\n[two]\nNAME=Two\nMODEL=two-q8_0.gguf\nCTX_SIZE=2048\n")
        self.port = free_port()

    def tearDown(self):
        self.scratch.cleanup()

    def walk(self, command, *args):
        return probe(f"127.0.0.1:{self.port}", *args, "--with", command)

    def test_every_profile_on_every_placement(self):
        command = f"{sys.executable} -B {FAULTS} none --port {{port}} --model {{profile}}-q8_0 {{flags}}"
        done, found = self.walk(command, self.conf, "--placement", "-ngl 99", "--placement", "--fit on")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([(p["launch"]["profile"].split(":")[-1], p["launch"]["placement"], p["verdict"]) for p in found],
                         [(n, f, "proven") for n in ("one", "two") for f in ("-ngl 99", "--fit on")])
        self.assertEqual(found[0]["launch"]["flags"][-2:], ["-ngl", "99"])

    def test_one_profile_and_the_wrong_model(self):
        command = f"{sys.executable} -B {FAULTS} none --port {{port}} --model one-q8_0"
        done, found = self.walk(command, f"{self.conf}:two")
        self.assertEqual((done.returncode, len(found), found[0]["trials"][0]["problem"]), (1, 1, "wrong-model"), done.stderr)

    def test_a_server_that_does_not_start(self):
        done, found = self.walk("sh -c 'echo CUDA error: out of memory; exit 3'", self.conf)
        self.assertEqual((done.returncode, len(found)), (1, 2))
        self.assertEqual((found[0]["verdict"], found[0]["trials"][0]["problem"]), ("broken", "not-started"))
        self.assertIn("ended with code 3; its last words: CUDA error: out of memory", found[0]["summary"])

    def test_start_and_stop_in_the_background(self):
        """A command that leaves a server behind, as docker compose up -d does, and one that ends it."""
        pid = self.home / "pid"
        start, stop = self.home / "start", self.home / "stop"
        start.write_text(f"#!/bin/sh\nsetsid {sys.executable} -B {FAULTS} none --port $1 --model $LLWHY_PROFILE-q8_0 >/dev/null 2>&1 &\necho $! >{pid}\n")
        stop.write_text(f"#!/bin/sh\nkill $(cat {pid})\n")
        start.chmod(0o755), stop.chmod(0o755)
        done, found = self.walk(f"{start} {{port}}", self.conf, "--stop", str(stop))
        self.assertEqual((done.returncode, [p["verdict"] for p in found]), (0, ["proven", "proven"]), done.stderr)

    def test_somebody_elses_server(self):
        with Server("none", "--port", str(self.port)):
            done, found = self.walk("true", self.conf)
        self.assertEqual((done.returncode, found), (2, None))
        self.assertIn("stop that server first", done.stderr)


class Real(unittest.TestCase):
    def test_llama_server(self):
        program = os.environ.get("LLAMA_SERVER")
        if not program:
            self.skipTest("LLAMA_SERVER names no llama-server")
        with tempfile.TemporaryDirectory() as scratch:
            model = pathlib.Path(scratch) / "tiny-random-f32.gguf"
            subprocess.run([sys.executable, "-B", runs.ROOT / "tests/tools/tiny_llama.py", model], check=True)
            record = pathlib.Path(scratch) / "r.yaml"
            done, found = probe(f"127.0.0.1:{free_port()}", "--limit", "60", "--record", record, "--model", "tiny-random-f32.gguf", "--with",
                                f"{program} -m {model} --port {{port}} -c 4096 -np 2 -t 2")
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            one = found[0]
            self.assertEqual((one["verdict"], one["api"], one["launch"]["context"], one["launch"]["slots"]), ("proven", "llama-server", 2048, 2))
            self.assertEqual({n: (t["prompt_tokens"], t["outcome"]) for n, t in trials(one).items()},
                             {n: (k, "passed") for n, k in (("short", 20), ("long", 150), ("1k", 1000), ("half", 1024), ("full", 2024),
                                                            ("slots", 512))})
            self.assertEqual(trials(one)["slots"]["generated_tokens"], 32)
            self.assertEqual(one["model"]["file_bytes"], model.stat().st_size)
            self.assertTrue(re.match(r"schema: llwhy.probe/1\n", record.read_text()))

    def test_router(self):
        program = os.environ.get("LLAMA_SERVER")
        if not program:
            self.skipTest("LLAMA_SERVER names no llama-server")
        with tempfile.TemporaryDirectory() as scratch:
            for name in "one", "two":
                subprocess.run([sys.executable, "-B", runs.ROOT / "tests/tools/tiny_llama.py", f"{scratch}/{name}.gguf"], check=True)
            port = free_port()
            with subprocess.Popen([program, "--models-dir", scratch, "--port", str(port), "-c", "2048", "-t", "2"],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
                try:
                    for name in "one", "two":
                        done, found = probe(f"127.0.0.1:{port}", "--limit", "60", "--model", name)
                        self.assertEqual((done.returncode, found[0]["verdict"]), (0, "proven"), done.stdout)
                        self.assertEqual((found[0]["model"]["path"], trials(found[0])["long"]["prompt_tokens"]), (f"{scratch}/{name}.gguf", 150))
                        self.assertIn("2048", found[0]["launch"]["flags"])
                finally:
                    server.terminate()


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    unittest.main()
