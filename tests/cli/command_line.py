#!/usr/bin/env python3
"""Exit codes, messages and habits of the command: command_line.py LLWHY"""
import json
import os
import pathlib
import shutil
import re
import stat
import subprocess
import sys
import tempfile
import unittest

import runs
import tiny_gguf

PROGRAM = ""
MODEL = "llama-3.1-8b-q4_k_m"
BOX = ["--gpu", "12282:11500", "--ram", "32000"]
TWO = ["--gpu", "24564:23671", "--gpu", "16303:12761", "--ram", "64205"]
WASTEFUL = ["--", "-c", "8192", "-b", "2048", "-ub", "2048"]


class Case(unittest.TestCase):
    """Each test has a directory of its own, which is its home as well."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.here = pathlib.Path(scratch.name)

    def llwhy(self, *args, code=None, **more):
        done = runs.llwhy(PROGRAM, *args, home=self.here, **more)
        if code is not None:
            self.assertEqual(done.returncode, code, f"{args}\n{done.stdout}\n{done.stderr}")
        self.assertNotIn("Sanitizer", done.stderr)
        return done

    def complains(self, code, says, *args, **more):
        """One sentence on stderr, nothing on stdout."""
        done = self.llwhy(*args, code=code, **more)
        self.assertRegex(done.stderr, says)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertTrue(done.stderr.startswith("llwhy: "), done.stderr)
        self.assertEqual(done.stdout, "")


class Usage(Case):
    def test_unknown_option(self):
        self.complains(3, r"no option '--nonsense'.*go behind --.*--help", MODEL, "--nonsense")

    def test_mistyped_words(self):
        self.complains(3, r"did you mean --gpu\?", MODEL, "--gpus", "4090")
        self.complains(3, r"no command and no file 'lnit'; did you mean llwhy lint\?", "lnit", ".")
        self.complains(3, r"did you mean llwhy why-not\?", "whynot", "L05")

    def test_a_level_that_is_none_ends_it(self):
        self.complains(3, r"--fail-on x: it is wrong, risk", MODEL, *BOX, "--fail-on", "x")

    def test_codes_as_people_type_them(self):
        whole = self.llwhy("explain", "L05", code=0).stdout
        for word in ("L5", "l05", "l5"):
            self.assertEqual(self.llwhy("explain", word, code=0).stdout, whole)

    def test_an_option_without_its_value(self):
        self.complains(3, r"--gpu needs ", MODEL, "--gpu")

    def test_a_second_model(self):
        self.complains(3, r"one model at a time: 'other' is the second", MODEL, "other")

    def test_values_of_options(self):
        for args, says in ((["--format", "xml"], "text, json, html, svg or dot"), (["--color", "sometimes"], "auto, always or never"),
                           (["--width", "3"], "20 or more"), (["--program", "editor"], "server, cli, bench"), (["--emit", "toml"], "models.conf")):
            with self.subTest(args=args):
                self.complains(3, says, MODEL, "--no-gpu", *args)

    def test_nothing_at_all(self):
        self.complains(3, r"no model was named.*llwhy MODEL", cwd=self.here)

    def test_help_and_version(self):
        self.assertIn("--fail-on", self.llwhy("--help", code=0).stdout)
        self.assertIn("newest llama.cpp", self.llwhy("--version", code=0).stdout)


class TooMuch(Case):
    """What is left out is told with its line and how much it is."""

    def lint(self, text):
        (self.here / "README.md").write_text(text)
        return self.llwhy("lint", ".", *TWO, cwd=self.here, code=2).stdout

    def test_a_sentence_said_often(self):
        out = " ".join(self.lint("Llama 3.1 8B is MoE.\n\n" * 400).split())
        self.assertIn("The same is said at README.md:3, README.md:5,", out)
        self.assertIn("README.md:25 and 337 more lines", out)
        self.assertIn("README.md:701: not read: 350 statements about models are checked: this one and 49 more are not", out)

    def test_a_long_paragraph(self):
        self.assertIn("README.md:3: not read: what follows of this paragraph", self.lint("# GGUF\n\n" + "word " * 30000))

    def test_many_paragraphs(self):
        self.assertIn("README.md:40001: not read: the document goes on", self.lint("GGUF\n\n" * 20001))

    def test_long_titles_of_a_table(self):
        table = "| file |" + " title" * 100 + " |\n|---|---|\n" + "| x | 5 GB |\n" * 5000
        self.assertIn("not read: this table goes on", self.lint(table))

    def test_launches(self):
        (self.here / "run.sh").write_text("".join(f"llama-server -m x.gguf -c {512 + i}\n" for i in range(803)))
        self.assertIn("run.sh:801: not read: 800 launches are checked: this one and 2 more are not", self.lint(""))

    def test_names(self):
        (self.here / "run.sh").write_text("".join(f"llama-server -m /m/qwen{i}-8b.gguf\n" for i in range(600)))
        out = self.lint("".join(f"qwen{i}-8b-x is MoE.\n\n" for i in range(600)))
        self.assertRegex(out, r"README.md: not read: \d+ names are not looked up")

    def test_launches_of_a_project(self):
        launches = [f"  - {{model: {MODEL}, args: -c {512 + i}}}\n" for i in range(303)]
        (self.here / ".llwhy.yaml").write_text("launches:\n" + "".join(launches))
        done = self.llwhy(*TWO, cwd=self.here, code=2)
        self.assertIn(".llwhy.yaml:302: at most 300 launches are read: 3 launches are not answered", done.stderr)
        self.assertEqual(done.stdout.count("== "), 300)

    def test_words_of_a_project(self):
        (self.here / ".llwhy.yaml").write_text(f"launches:\n  - {{model: {MODEL}, args: {'-c 4096 ' * 6000}}}\n")
        self.complains(2, r":2: at most 10000 words of args are read: 1 launch is not", *TWO, cwd=self.here)

    def test_a_deep_project(self):
        (self.here / ".llwhy.yaml").write_text("launches: " + "[" * 9)
        self.complains(2, r":1: more than 8 lists and mappings", *TWO, cwd=self.here)


class Inputs(Case):
    def test_missing_file(self):
        self.complains(2, r"nowhere\.gguf: cannot be opened: No such file", self.here / "nowhere.gguf")

    def test_unknown_name(self):
        self.complains(2, r"no file and no known model.*nearest.*llama-3\.1-8b-q4_k_m", "llama-3.1-8b-q4")

    def test_directory_with_several_models(self):
        for name in ("a", "b"):
            tiny_gguf.write(self.here / f"{name}.gguf")
        self.complains(2, r"2 models, give one of them: a\.gguf, b\.gguf", self.here, "--no-gpu")

    def test_directory_with_one_model(self):
        tiny_gguf.write(self.here / "only.gguf")
        self.assertIn("Tiny", self.llwhy(self.here, "--no-gpu", "--ram", "8000", code=0).stdout)

    def test_empty_directory(self):
        self.complains(2, r"directory without a \.gguf file", self.here)

    def test_not_a_gguf(self):
        (self.here / "page.gguf").write_text("<!DOCTYPE html><html>\n")
        self.complains(2, r"page\.gguf: is .*not a model", self.here / "page.gguf")

    def test_truncated_header(self):
        tiny_gguf.write(self.here / "whole.gguf")
        whole = (self.here / "whole.gguf").read_bytes()
        for length in (0, 3, 4, 8, 20, 24, 60, 300, 900):
            with self.subTest(length=length):
                (self.here / "cut.gguf").write_bytes(whole[:length])
                self.complains(2, r"cut\.gguf: ", self.here / "cut.gguf", "--no-gpu")

    def test_absurd_lengths(self):
        (self.here / "absurd.gguf").write_bytes(b"GGUF\3\0\0\0" + b"\xff" * 7 + b"\x7f" + b"\xff" * 7 + b"\x7f")
        self.complains(2, r"is damaged or cut off: it claims ", self.here / "absurd.gguf")

    def test_interrupted_download(self):
        tiny_gguf.write(self.here / "short.gguf")
        os.truncate(self.here / "short.gguf", (self.here / "short.gguf").stat().st_size - 1000)
        done = self.llwhy(self.here / "short.gguf", "--no-gpu", "--ram", "8000", "--format", "json", code=1)
        self.assertIn("file-is-not-whole", [r["rule"] for r in json.loads(done.stdout)["why"]])

    def test_missing_part(self):
        for number in (0, 2):
            tiny_gguf.write(self.here / f"set-0000{number + 1}-of-00003.gguf", of=3, number=number)
        done = self.llwhy(self.here / "set-00001-of-00003.gguf", "--no-gpu", "--ram", "8000", "--format", "json", code=2)
        self.assertRegex(done.stderr, r"1 of 3 parts are missing; finish the download")
        decision = json.loads(done.stdout)
        self.assertEqual(decision["model"]["layers"], 1)
        self.assertEqual(decision["verdict"], "unknown")
        self.assertIn("file-is-not-whole", [r["rule"] for r in decision["why"]])

    def test_whole_set(self):
        for number in range(3):
            tiny_gguf.write(self.here / f"set-0000{number + 1}-of-00003.gguf", of=3, number=number)
        self.llwhy(self.here / "set-00001-of-00003.gguf", "--no-gpu", "--ram", "8000", code=0)

    def test_broken_facts(self):
        (self.here / "facts.json").write_text('{\n "entities": [\n  {"kind": "elephant", "id": "x"}\n ]\n}\n')
        self.complains(2, r"facts\.json.*elephant", "--facts", self.here / "facts.json", "--", "-c", "4096")
        (self.here / "facts.json").write_text('{"entities": [')
        self.complains(2, r"facts\.json:1: is no JSON", "--facts", self.here / "facts.json", "--", "-c", "4096")


class Questions(Case):
    def test_they_are_about_the_last_run_and_say_so(self):
        self.complains(2, r"there is no last run to ask about: name a model", "what-if", "-ub", "256")
        self.llwhy(MODEL, *BOX, *WASTEFUL, code=0)
        for asked in (["what-if", "-ub", "256"], ["why-not", "L02"], ["change", "clears", "L05"], ["contrast", "now", "-ub 512"], ["why", "-ub"]):
            with self.subTest(asked=asked):
                done = self.llwhy(*asked)
                self.assertIn(done.returncode, (0, 1))
                self.assertRegex(done.stderr, r"^About the last run: .*, with the flags you gave\.\n$")
                self.assertTrue(done.stdout)

    def test_help_teaches_with_an_example(self):
        for command in ("why", "why-not", "what-if", "change", "contrast"):
            self.assertRegex(self.llwhy(command, "--help", code=0).stdout, rf"(?m)^  llwhy {command} \S", command)

    def test_what_is_not_understood(self):
        for asked, says in ((["what-if", "purple"], r"'purple' is not understood"), (["what-if"], r"what would be otherwise"),
                            (["why-not"], r"what should be so"), (["what-if", "-ubb", "4"], r"has no -ubb; did you mean"),
                            (["what-if", "ram=lots"], r"ram=131072"), (["contrast"], r"which two")):
            with self.subTest(asked=asked):
                done = self.llwhy(*asked, MODEL, *BOX, code=3)
                self.assertRegex(done.stderr, says)
                self.assertEqual(done.stdout, "")

    def test_exit_codes_are_those_of_the_supposed_launch(self):
        flags = ["--", "-c", "8192", "--fit", "off", "-ngl", "99"]
        self.llwhy("what-if", "CUDA0=4096:3500", MODEL, *BOX, *flags, code=1)
        self.llwhy("what-if", "-c", "4096", MODEL, *BOX, *flags, code=0)
        self.llwhy("why-not", "262144 context", MODEL, *BOX, *flags, code=1)
        self.llwhy("change", "loads", MODEL, *BOX, *flags, code=0)

    def test_another_file_on_the_disk(self):
        """A coarser quantisation beside the model is proposed, and what-if finds it by its name."""
        sparse = pathlib.Path(PROGRAM).parent / "tests/tools/llwhy-sparse"
        if not sparse.exists():
            self.skipTest("llwhy-sparse is not built")
        for name in ("q8_0", "q4_k_m"):
            subprocess.run([sparse, f"glm-4.7-flash-{name}", self.here / f"GLM-{name.upper()}.gguf"], check=True, capture_output=True)
        flags = ["--", "-c", "32768", "--fit", "off", "-ngl", "99"]
        box = ["--gpu", "24564:23671", "--ram", "64205"]
        done = self.llwhy("change", "loads", self.here / "GLM-Q8_0.gguf", *box, "--format", "json", *flags)
        files = [c for c in json.loads(done.stdout)["changes"] if c["costs"] == "file"]
        self.assertEqual([pathlib.Path(c["words"][0]).name for c in files], ["GLM-Q4_K_M.gguf"])
        self.assertIn("on this disk", files[0]["costs_text"])
        done = self.llwhy("what-if", "model=Q4_K_M", self.here / "GLM-Q8_0.gguf", *box, "--format", "json", *flags, code=0)
        self.assertEqual(json.loads(done.stdout)["after"]["verdict"], "loads")

    def test_a_draft_is_loaded_with_the_model(self):
        """The model alone would leave 892 MiB; its draft wants 2104 MiB of them."""
        box = ["--gpu", "12282:8500", "--ram", "32000", "--format", "json"]
        flags = ["--", "-c", "24576", "--fit", "off", "-ngl", "99"]
        alone = json.loads(self.llwhy("llama-3.1-8b-q4_k_m", *box, *flags, code=None).stdout)
        both = json.loads(self.llwhy("llama-3.1-8b-q4_k_m", *box, *flags, "-md", "llama-3.2-1b-q8_0", code=None).stdout)
        self.assertEqual([d["verdict"] for d in (alone, both)], ["loads", "fails"])
        gpu = both["devices"][0]
        self.assertEqual(gpu["left"], gpu["free"] - gpu["weights"] - gpu["kv"] - gpu["compute"] - gpu["draft"])
        self.assertEqual(gpu["weights"], alone["devices"][0]["weights"])
        table = json.loads(self.llwhy("predict", "llama-3.1-8b-q4_k_m", *box, *flags, "-md", "llama-3.2-1b-q8_0", code=0).stdout)["devices"][0]
        self.assertEqual(table["left"], gpu["left"])
        self.assertEqual(sum(table["draft"][part] for part in ("model", "context", "compute")), gpu["draft"])

    def test_what_of_the_host_is_exact(self):
        """A processor nobody knows may keep weights in a larger layout."""
        box = ["predict", "qwen3.5-27b-q6_k", "--no-gpu", "--ram", "64205", "--format", "json"]
        exact = [json.loads(self.llwhy(*box, *flags, code=0).stdout)["host"]["exact"]["model"] for flags in ([], ["--", "--no-repack"])]
        self.assertEqual(exact, [False, True])

    def test_a_prediction_and_its_log(self):
        done = self.llwhy("contrast", "prediction", "tests/fixtures/logs/v0.5.0-lv4.log", "--format", "json", code=0)
        found = json.loads(done.stdout)
        self.assertEqual(found["inputs"], [])
        for device in found["devices"]:  # a log rounds to a hundredth of a MiB
            for part in ("weights", "kv", "compute"):
                self.assertLess(abs(device["before"][part] - device["after"][part]), 1 << 17)

    def test_two_machines(self):
        for name, gpu in (("a", "24564:23671:RTX 4090"), ("b", "16303:12761:RTX 5070 Ti")):
            self.llwhy(MODEL, "--gpu", gpu, "--ram", "64205", "--save", self.here / f"{name}.json", "--", "-c", "131072", "--fit", "off", "-ngl", "99")
        done = self.llwhy("contrast", self.here / "a.json", self.here / "b.json", "--format", "json", code=0)
        found = json.loads(done.stdout)
        self.assertIn({"name": "name of CUDA0", "before": "RTX 4090", "after": "RTX 5070 Ti"}, found["inputs"])
        self.assertEqual((found["before"]["verdict"], found["after"]["verdict"]), ("loads", "fails"))
        self.assertIn("gone", [f["change"] for f in found["findings"]])

    def test_what_one_machine_does_not_tell_is_no_number(self):
        known, unknown = self.here / "known.json", self.here / "unknown.json"
        self.llwhy(MODEL, "--gpu", "24564:23671", "--ram", "64205", "--save", known, "--", "-c", "131072")
        facts = json.loads(known.read_text())
        facts["entities"] = [entity for entity in facts["entities"] if entity["kind"] != "host"]
        unknown.write_text(json.dumps(facts))
        done = self.llwhy("contrast", known, unknown, code=0)
        self.assertRegex(done.stdout, r"memory free before \d+\.\d MiB → unknown")


class Codes(Case):
    def test_clean_and_findings(self):
        self.llwhy(MODEL, *BOX, "--", "-c", "8192", code=0)
        self.llwhy(MODEL, *BOX, *WASTEFUL, code=0)  # waste is below the default, risk
        self.llwhy(MODEL, *BOX, "--fail-on", "waste", *WASTEFUL, code=1)
        self.llwhy(MODEL, "--gpu", "4096:3500", "--ram", "32000", "--", "-c", "8192", "--fit", "off", "-ngl", "99", code=1)

    def test_a_patch_that_is_empty_says_what_is_left(self):
        (self.here / "models.conf").write_text("# a dense model\n[b]\nMODEL=gpt-oss-120b-mxfp4\n[c]\nmodel=x.gguf\n")
        done = self.llwhy("lint", self.here, "--gpu", "24564:23671", "--diff", code=2)
        self.assertEqual(done.stdout, "")
        self.assertIn("1 finding needs more than one value changed: make it by hand", done.stderr)
        done = self.llwhy("lint", self.here, "--gpu", "24564:23671", code=2)
        self.assertIn("1 file, 1 launch: 1 wrong", done.stdout)
        self.assertIn("1 thing not read, hence exit code 2", done.stdout.replace("\n", " "))

    def test_fail_on_never(self):
        self.llwhy(MODEL, "--gpu", "4096:3500", "--fail-on", "never", "--", "-c", "8192", "--fit", "off", "-ngl", "99", code=0)

    def test_output_that_cannot_be_written(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = self.llwhy(MODEL, *BOX, code=5, stdout=full)
        self.assertIn("could not be written", done.stderr)


class Output(Case):
    def test_color(self):
        self.assertNotIn("\033", self.llwhy(MODEL, *BOX).stdout)  # no terminal
        self.assertIn("\033[", self.llwhy(MODEL, *BOX, "--color", "always").stdout)
        self.assertNotIn("\033", self.llwhy(MODEL, *BOX, "--color", "never", TERM="xterm").stdout)

    def test_no_color(self):
        """On a terminal colour is the default, and NO_COLOR takes it away."""
        for more, colored in (({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True)):
            with self.subTest(more=more):
                try:
                    ours, theirs = os.openpty()
                except OSError as error:
                    self.skipTest(f"there are no terminals here: {error}")
                self.llwhy("lesson", "L05", stdout=theirs, TERM="xterm", **more)
                os.close(theirs)
                shown = os.read(ours, 1 << 16)
                os.close(ours)
                self.assertTrue(shown)
                self.assertEqual(b"\033[" in shown, colored)

    def test_the_memory_of_the_machine_that_lints_is_nobodys(self):
        (self.here / "run.sh").write_text("#!/bin/sh\nllama-server -m gpt-oss-120b-mxfp4.gguf -c 131072 --no-mmap -ngl 0\n")
        codes = lambda *args: {f["code"] for f in json.loads(self.llwhy("lint", "run.sh", "--llama", "b8022", "--format", "json", "--fail-on", "never",
                                                                        *args, cwd=self.here).stdout)["findings"]}
        self.assertNotIn("L17", codes("--no-gpu"))
        self.assertIn("L17", codes("--no-gpu", "--ram", "4000"))

    def test_ascii(self):
        for args in ([MODEL, *TWO], ["why", "1", MODEL, *TWO], ["facts", MODEL, *TWO], ["predict", MODEL, *TWO], ["fit", MODEL, *TWO],
                     ["lessons"], ["lesson", "L04"], ["lint", "tests/fixtures/lint", "--no-gpu"]):
            with self.subTest(args=args):
                done = self.llwhy(*args, "--ascii")
                self.assertTrue(done.stdout)
                self.assertEqual([c for c in done.stdout if ord(c) > 126 or (ord(c) < 32 and c not in "\n\t")], [])

    def test_a_locale_without_utf8(self):
        self.assertTrue(self.llwhy(MODEL, *BOX, LC_ALL="C").stdout.isascii())

    def test_width(self):
        done = self.llwhy(MODEL, *BOX, "--width", "60")
        prose = [line for line in done.stdout.splitlines() if "GiB left" not in line]  # the devices' bars stay on one line
        self.assertLessEqual(max(map(len, prose)), 60)

    def test_json(self):
        for args in ([MODEL, *TWO], ["why", "1", MODEL, *TWO], ["facts", MODEL, *TWO], ["predict", MODEL, *TWO], ["fit", MODEL, *TWO],
                     ["lint", "tests/fixtures/lint/silent", "--no-gpu"]):
            with self.subTest(args=args):
                done = self.llwhy(*args, "--format", "json")
                self.assertRegex(json.loads(done.stdout)["schema"], r"^llwhy\.[a-z]+/1$")


class State(Case):
    def decision(self, *args):
        cut = args.index("--") if "--" in args else len(args)
        return json.loads(self.llwhy(*args[:cut], "--format", "json", *args[cut:]).stdout)

    def test_saved_facts_give_the_same_decision(self):
        launch = ["--", "-c", "131072", "-ctk", "q8_0", "-ctv", "q8_0", "-ngl", "99", "--fit", "off", "-ub", "1024", "-ts", "33,14"]
        saved = self.here / "box.json"
        first = json.loads(self.llwhy("glm-4.7-flash-q8_0", *TWO, "--llama", "b8022", "--save", saved, "--format", "json", *launch).stdout)
        again = self.decision("--facts", saved)
        self.assertEqual(again, first)
        self.llwhy("--facts", saved, "--save", self.here / "twice.json")
        self.assertEqual(json.loads((self.here / "twice.json").read_text()), json.loads(saved.read_text()))

    def test_saving_replaces_no_link(self):
        (self.here / "target.json").write_text("old")
        (self.here / "link.json").symlink_to("target.json")
        self.llwhy(MODEL, *BOX, "--save", self.here / "link.json", code=0)
        self.assertTrue((self.here / "link.json").is_symlink())
        self.assertIn("entities", json.loads((self.here / "target.json").read_text()))

    def test_saving_to_a_pipe_or_device(self):
        done = self.llwhy(MODEL, *BOX, "--save", "/dev/null", code=0)
        self.assertTrue(stat.S_ISCHR(os.stat("/dev/null").st_mode))
        self.assertTrue(done.stdout)

    def test_a_place_that_cannot_be_written(self):
        done = self.llwhy(MODEL, *BOX, "--save", self.here / "no" / "such" / "box.json", code=2)
        self.assertRegex(done.stderr, r"box\.json: .*written.*: No such file")

    def test_why_remembers_the_last_run(self):
        self.complains(2, r"no last run.*name a model", "why", "1")
        first = self.decision(MODEL, *BOX, *WASTEFUL)
        self.assertTrue((self.here / "llwhy" / "last.json").is_file())
        done = self.llwhy("why", "1", "--format", "json", code=0)
        self.assertIn("About the last run", done.stderr)
        claim = json.loads(done.stdout)["lines"][0]["text"]
        self.assertEqual(claim, first["why"][0]["text"])

    def test_why_of_what_is_not_there(self):
        self.complains(3, r"no reason 99: the decision has \d", "why", "99", MODEL, *BOX)
        self.complains(3, r"'elephants' is no reason's number", "why", "elephants", MODEL, *BOX)


RULE = """lesson "%(id)s" {
  claim = "A rule of our own takes part.",
}

rule "%(id)s-rule" {
  level = "note",
  each = { l = "launch" },
  when = { "%(when)s" },
  find = "batch is {l.batch:plain}",
  tests = {
    fires { launch { batch = 4096 } },
    silent { launch { batch = 512 }, stops_at = "%(when)s" },
    undecided { launch { batch = unknown }, needs = "l.batch" },
  },
}
"""
BROKEN = {
    "syntax": (RULE.replace("find =", "find = ="), 9),
    "attribute": (RULE.replace("l.batch:plain", "l.no_such_thing"), 9),
    "unit": (RULE.replace('"%(when)s" },\n  find', '"l.ctx > 2 * GiB" },\n  find'), 8),
    "call": (RULE + "os.execute('true')\n", 16),
    "endless": (RULE + "while true do end\n", 16),
    "bomb": (RULE + "local s = 'x' while true do s = s .. s end\n", 16),
}


class Line(Case):
    """why FILE:LINE"""

    def setUp(self):
        super().setUp()
        shutil.copytree(runs.ROOT / "tests/fixtures/lint/chain/mistake", self.here / "project")
        self.project = self.here / "project"

    def links(self, at):
        done = self.llwhy("why", at, "--no-gpu", "--format", "json", code=0, cwd=self.project)
        return {(v["flag"], launch): [(x["value"], x["file"], x["line"], x["counts"], x["here"]) for x in v["links"]]
                for v in json.loads(done.stdout)["values"] for launch in v["launches"]}

    def test_the_chain_of_a_value(self):
        want = [("99", "docker-compose.yml", 9, True, True), ("99", "Dockerfile", 8, False, False), ("auto", None, None, False, False)]
        self.assertEqual(self.links("docker-compose.yml:9")["-ngl", "models.conf:qwen3-next"], want)
        lost = [(*x[:4], x[1] == "Dockerfile") for x in want]
        self.assertEqual(self.links("./Dockerfile:8:5")["-ngl", "models.conf:qwen3-next"], lost)
        self.assertEqual(self.links("Dockerfile:8")["-ngl", "Dockerfile"], [("99", "Dockerfile", 8, True, True), lost[2]])

    def test_in_words(self):
        out = self.llwhy("why", "Dockerfile:8", "--no-gpu", code=0, cwd=self.project).stdout
        self.assertRegex(out, r"-ngl 99: does not count, something stands over it\n +in docker-compose.yml:llama-server")
        self.assertRegex(out, r"counts +99 +Compose default, docker-compose.yml:9:38\n +lost +99 +Dockerfile ENV, Dockerfile:8:18   <- this line")
        self.assertIn("lint says here: risk [L07]", out)

    def test_several_values_on_a_line(self):
        (self.project / "run.sh").write_text("#!/bin/sh\nN=${N:-9}\nllama-server -m a.gguf -c 1 -b $N -b 7\n")
        found = self.links("run.sh:3")
        self.assertEqual([flag for flag, _ in found], ["-m", "-c", "-b"])
        self.assertEqual(found["-b", "run.sh"][:2], [("7", "run.sh", 3, True, True), ("9", "run.sh", 2, False, False)])

    def test_every_front_end_shows_its_chain(self):
        for form in sorted((runs.ROOT / "tests/fixtures/lint/05-ub-is-not-b").iterdir()):
            self.project = self.here / form.name
            shutil.copytree(form / "mistake", self.project)
            lines = [(path.relative_to(self.project), n) for path in sorted(self.project.rglob("*")) if path.is_file()
                     for n, line in enumerate(path.read_text().splitlines(), 1) if "1024" in line and "#" not in line[:3]]
            told = [found for path, n in lines for (flag, _), links in self.links(f"{path}:{n}").items() if flag == "-ub" for found in links]
            with self.subTest(form=form.name):
                self.assertTrue([x for x in told if x[0] in ("1024", "1,024") and x[3] and x[4]], told)

    def test_the_values_of_a_chart_are_a_link(self):
        chart = self.project / "chart"
        (chart / "templates").mkdir(parents=True)
        (chart / "Chart.yaml").write_text("apiVersion: v2\nname: llm\n")
        (chart / "values.yaml").write_text("# llama.cpp\nub: 2048\n")
        (chart / "templates/pod.yaml").write_text(
            "apiVersion: v1\nkind: Pod\nmetadata: {name: llm}\nspec:\n  containers:\n  - name: s\n"
            "    image: ghcr.io/ggml-org/llama.cpp:server-b8022\n    args: [-ub, {{ .Values.ub | quote }}]\n")
        self.assertEqual(self.links("chart/values.yaml:2")["-ub", "chart/templates/pod.yaml:llm"][0], ("2,048", "chart/values.yaml", 2, True, True))

    def test_what_is_no_answer_teaches(self):
        self.complains(3, r"models.conf:1 sets nothing of a launch.*these lines do: 6, 7, 8, 9", "why", "models.conf:1", "--no-gpu", cwd=self.project)
        self.complains(3, r"models.conf has 16 lines: there is no line 900", "why", "models.conf:900", "--no-gpu", cwd=self.project)
        self.complains(2, r"nowhere.conf: there is no such file", "why", "nowhere.conf:1", cwd=self.project)
        (self.project / "notes.txt").write_text("one\n")
        self.complains(3, r"notes.txt:1 sets nothing: no launch", "why", "notes.txt:1", "--no-gpu", cwd=self.project)


class Rules(Case):
    def setUp(self):
        super().setUp()
        self.rules = self.here / "rules"
        self.rules.mkdir()
        self.add("90-ours", RULE)

    def add(self, name, text):
        (self.rules / f"{name}.lua").write_text(text % {"id": name, "when": "l.batch > 2048"})

    def decide(self, code):
        done = self.llwhy(MODEL, *BOX, "--rules", self.rules, "--format", "json", "--", "-c", "8192", "-b", "4096", code=code)
        return [r["rule"] for r in json.loads(done.stdout)["why"]], done.stderr

    def test_a_good_file_takes_part(self):
        rules, said = self.decide(0)
        self.assertIn("90-ours-rule", rules)
        self.assertEqual(said, "")

    def test_a_good_file_is_tested(self):
        done = self.llwhy("test", "90-ours", "--rules", self.rules, code=0)
        self.assertRegex(done.stdout, r"^3 passed, 0 failed")
        self.add("90-ours", RULE.replace("batch = 512", "batch = 8192"))
        done = self.llwhy("test", "90-ours", "--rules", self.rules, code=1)
        self.assertRegex(done.stdout, r"90-ours\.lua:12: rule \"90-ours-rule\"")

    def test_broken_files_are_named_and_the_rest_answers(self):
        for name, (text, _) in BROKEN.items():
            self.add(name, text)
        rules, said = self.decide(4)
        self.assertIn("90-ours-rule", rules)
        self.assertIn("one-gpu-holds-it", rules)
        for name, (_, line) in BROKEN.items():
            with self.subTest(name=name):
                found = re.search(rf"{name}\.lua:(\d+): \S", said)
                self.assertTrue(found, said)
                self.assertEqual(int(found[1]), line, said)
        self.assertRegex(said, rf"{len(BROKEN)} rule files or rules were left out; the others answer")

    def test_a_directory_that_is_not_there(self):
        done = self.llwhy(MODEL, *BOX, "--rules", self.here / "nowhere")
        self.assertEqual(done.returncode, 4)
        self.assertIn("nowhere", done.stderr)
        self.assertIn("This launch loads", done.stdout)


class Logs(Case):
    """What a load that ran out of memory is told: what was predicted, and what makes it load."""

    LOG = """build: 8022 (b48e80f67) with GNU 14.2.0 for Linux x86_64
srv    load_model: loading model '/m/llama-3.1-8b-q4_k_m.gguf'
llama_params_fit_impl: context size set by user to 8192 -> no change
llama_params_fit: failed to fit params to free device memory: n_gpu_layers already set by user to 99, abort
llama_model_load_from_file_impl: using device CUDA0 (NVIDIA GeForce RTX 4090) (0000:01:00.0) - 4000 MiB free
llama_model_loader: loaded meta data with 29 key-value pairs and 292 tensors from /m/llama-3.1-8b-q4_k_m.gguf (version GGUF V3)
ggml_backend_cuda_buffer_type_alloc_buffer: allocating ASKED MiB on device 0: cudaMalloc failed: out of memory
llama_model_load: error loading model: unable to allocate CUDA0 buffer
"""

    def log(self, asked, *more):
        path = self.here / "server.log"
        path.write_text(self.LOG.replace("ASKED", asked))
        return self.llwhy("log", path, *more, code=1).stdout

    def test_what_makes_it_load(self):
        said = self.log("4403.49")
        self.assertIn("What makes it load, tried by prediction:", said)
        repairs = json.loads(self.log("4403.49", "--format", "json"))["loads"][0]["repairs"]
        self.assertTrue(repairs)
        for repair in repairs:
            flags = ["-c", "8192", *([] if "-ngl" in repair["drop"] else ["-ngl", "99"])]
            for words in repair["set"]:
                flags += words.split()
            kept = json.loads(self.llwhy(MODEL, "--gpu", "24564:4000", "--ram", "64000", "--llama", "b8022", "--format", "json", "--", *flags).stdout)
            self.assertEqual(kept["verdict"], "loads", repair)

    def test_flags_that_the_log_does_not_show(self):
        said = self.log("6000.00")
        self.assertIn("CUDA0 was asked for 6000.0 MiB where 4403.5 MiB are predicted", said.replace("\n   ", ""))
        self.assertNotIn("What makes it load", said)
        self.assertEqual(json.loads(self.log("6000.00", "--format", "json"))["loads"][0]["repairs"], [])


if __name__ == "__main__":
    PROGRAM = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main()
