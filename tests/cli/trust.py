#!/usr/bin/env python3
"""What a project brought along counts once its user agreed to it: trust.py LLWHY"""
import json
import os
import pathlib
import shutil
import sys
import tempfile
import threading
import time
import unittest

import runs
import tiny_gguf

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
        said = self.trust().stdout
        self.assertIn("The 1 file of", said)
        self.assertIn("rules.d/90-ours.lua", said)
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

    def test_what_leads_out_and_what_is_no_file_is_left_out(self):
        os.mkfifo(self.rules / "92-pipe.lua")
        (self.rules / "93-out.lua").symlink_to("/etc/passwd")
        (self.rules / "94-in.lua").symlink_to("90-ours.lua")
        (self.rules / "95-nowhere.lua").symlink_to("none")
        (self.rules / "lib").symlink_to("/usr/share")
        done = self.trust()
        for name in ("92-pipe.lua", "93-out.lua", "95-nowhere.lua"):
            self.assertIn(name, done.stderr)
            self.assertNotIn(name, done.stdout)
        self.assertIn("rules.d/94-in.lua", done.stdout)
        kept, = (self.here / "llwhy/trusted").iterdir()
        self.assertNotIn(b"root:", kept.read_bytes())
        done = self.llwhy(*ASK)
        self.assertIn("a rule of ours", done.stdout)
        self.assertIn("93-out.lua: is a link that leads out of .llwhy, or nowhere: it is left out", done.stderr)

    def test_no_name_passes_for_another_file(self):
        """What was agreed to as a comment of one file does not come back as a file of its own."""
        evil = RULE % "an evil rule" + "--[==[ ]]\n" + RULE % "a rule of ours" + "--]==]\n"
        whole = f"--[[ .lua\n{len(evil)}\n{evil}"
        (self.rules / "90-ours.lua").write_text(whole)
        self.trust()
        (self.rules / "90-ours.lua").unlink()
        (self.rules / f"90-ours.lua\n{len(whole)}\n--[[ .lua").write_text(evil)
        done = self.llwhy(*ASK)
        self.assertNotIn("an evil rule", done.stdout)
        self.assertIn("has control characters in its name: it is left out", done.stderr)
        (self.rules / "91-more.lua").write_text("-- nothing\n")
        done = self.trust()
        self.assertIn("has control characters in its name: it is left out", done.stderr)
        self.assertNotIn("an evil rule", self.llwhy(*ASK).stdout)

    def test_an_older_consent_is_asked_for_again(self):
        self.trust()
        kept, = (self.here / "llwhy/trusted").iterdir()
        rule = (self.rules / "90-ours.lua").read_bytes()
        kept.write_bytes(b"%s\nrules.d/90-ours.lua\n%d\n%s" % (os.fsencode(self.project.resolve()), len(rule), rule))
        self.left_out("you have not agreed")

    def test_what_was_compared_is_what_is_used(self):
        """Somebody swaps the file all the time: a run uses the one that was agreed to, or none."""
        self.trust()
        good = (self.rules / "90-ours.lua").read_bytes()
        over = threading.Event()

        def swap():
            for i in range(1 << 30):
                if over.is_set():
                    return
                beside = self.project / "beside"
                beside.write_bytes(good if i % 2 else (RULE % "an evil rule").encode())
                os.rename(beside, self.rules / "90-ours.lua")
                time.sleep(0.0003)

        thread = threading.Thread(target=swap)
        thread.start()
        try:
            said = [self.llwhy(*ASK).stdout for _ in range(60)]
        finally:
            over.set()
            thread.join()
        self.assertEqual(sum("an evil rule" in s for s in said), 0)
        self.assertGreater(sum("a rule of ours" in s for s in said), 0)

    def test_tables_and_models_need_a_word_as_well(self):
        known = self.project / ".llwhy/models/known"
        known.mkdir(parents=True)
        shutil.copy(runs.ROOT / "models/known/tinyllama-1.1b-q4_k_m.yaml", known / f"{ASK[0]}.yaml")
        size = lambda: json.loads(self.llwhy(*ASK[:-3], "--format", "json", *ASK[-3:]).stdout)["model"]["file_bytes"]
        self.left_out("you have not agreed to them yet")
        before = size()
        self.trust()
        self.assertNotEqual(size(), before)

    def test_what_judges_rules_says_that_it_ran_them(self):
        for words in (["test", "90-ours"], ["lint-rules"]):
            done = self.llwhy(*words)
            self.assertIn("their rules are run here, in a sandbox, to be judged", done.stderr)
            self.assertIn("90-ours", done.stdout + done.stderr)

    def test_doctor_runs_no_rule_without_a_word(self):
        (self.rules / "91-more.lua").write_text("rule {\n")
        said = self.llwhy("doctor", COLUMNS="200").stdout
        self.assertNotIn("91-more.lua", said)
        self.assertIn("nothing of it counts until you agree to it", said)
        self.trust()
        self.assertIn("91-more.lua", self.llwhy("doctor", COLUMNS="200").stdout)

    def test_many_endless_rules_cost_no_more_than_some(self):
        for i in range(100):
            (self.rules / f"91-{i:02}.lua").write_text("while true do end\n")
        before = os.times()
        done = self.llwhy("lint-rules")
        after = os.times()
        self.assertIn("91-99.lua\n  wrong  K16  was not run", done.stdout)
        self.assertLess(after.children_user - before.children_user, 6)

    def test_import_writes_over_nothing_that_was_not_agreed_to(self):
        help_text = self.project / "help.txt"
        help_text.write_text("----- common params -----\n\n-c,    --ctx-size N                     size\n--our-own-flag N                        ours\n")
        asked = ["flags", "import", "help.txt", "--llama", "b9500"]
        done = self.llwhy(*asked)
        self.assertEqual(done.returncode, 2, done.stdout)
        self.assertIn("nothing is written over them", done.stderr)
        self.assertFalse((self.project / ".llwhy/models").exists())
        self.trust()
        done = self.llwhy(*asked)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("llwhy trust .", done.stdout)

    def test_nothing_to_agree_to_and_nowhere_to_keep_it(self):
        self.assertIn("nothing to agree to", self.trust(self.here, code=2).stderr)
        self.trust("a", "b", code=3)
        done = self.llwhy("trust", XDG_STATE_HOME="", HOME="")
        self.assertEqual(done.returncode, 2)
        self.assertIn("XDG_STATE_HOME", done.stderr)

    def test_what_was_kept_cannot_be_written_for_another(self):
        self.trust()
        kept = list((self.here / "llwhy/trusted").iterdir())
        self.assertEqual(len(kept), 1)
        head, _, rest = kept[0].read_bytes().split(b"\n", 2)
        kept[0].write_bytes(head + b"\n10 /elsewhere\n" + rest)
        self.left_out("you have not agreed")


class Tables(unittest.TestCase):
    """Tables of an overlay that was agreed to."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.here = pathlib.Path(scratch.name)
        self.models = self.here / ".llwhy/models"
        self.models.mkdir(parents=True)
        (self.here / "run.sh").write_text("llama-server -m m.gguf -c 4096 --api-key 4d5e6f7a8b9c --port 8080\n")

    def llwhy(self, *args, **more):
        return runs.llwhy(PROGRAM, *args, home=self.here, cwd=self.here, **more)

    def test_one_that_cannot_be_read_is_left_out(self):
        flags = (runs.ROOT / "models/flags.tsv").read_text()
        for name, text, says in (("builds.tsv", "", "is empty"), ("flags.tsv", "", "is empty"), ("gpus.tsv", "a\tb\n1\t2\n", "has no column"),
                                 ("builds.tsv", "order\tversion\n", "no rows"),
                                 ("flags.tsv", flags + "--x\t\t\t\t\t\tnokind\n", "is no kind of option")):
            with self.subTest(name=name, says=says):
                (self.models / name).write_text(text)
                self.llwhy("trust")
                for words in (["lint", "run.sh", "--gpu", "24564:23671"], ASK):
                    done = self.llwhy(*words)
                    self.assertEqual(done.returncode, 4, done.stderr)
                    self.assertRegex(done.stderr, rf"^llwhy: \.llwhy/models/{name}(:\d+)?: .*{says}.*: it is left out, repair it or take it away\n$")
                    self.assertGreater(len(done.stdout), 100)
                (self.models / name).unlink()

    def test_the_file_that_counted_is_named(self):
        (self.models / "known").mkdir()
        shutil.copy(runs.ROOT / "models/known/tinyllama-1.1b-q4_k_m.yaml", self.models / "known/ours.yaml")
        gpus = (runs.ROOT / "models/gpus.tsv").read_text()
        (self.models / "gpus.tsv").write_text(gpus.replace("24564", "999999"))
        self.llwhy("trust")
        facts = self.llwhy("facts", "ours", "--gpu", "RTX 4090", "--ram", "64205").stdout
        self.assertRegex(facts, r"\.llwhy/models/gpus\.tsv:\d+")
        self.assertIn(".llwhy/models/known/ours.yaml", facts)

    def test_what_is_a_secret_stays_one(self):
        """An own table may say that an option is no secret, or not know it at all."""
        rows = [row.split("\t") for row in (runs.ROOT / "models/flags.tsv").read_text().splitlines()]
        head = next(i for i, row in enumerate(rows) if not row[0].startswith("#"))
        column = rows[head].index("secret")
        self.assertTrue(any(len(r) > column and r[column] == "yes" for r in rows))
        silent = [[cell if i != column or k <= head else "" for i, cell in enumerate(row)] for k, row in enumerate(rows)]
        for table in (silent, [row for row in rows if "--api-key" not in row[0].split()]):
            (self.models / "flags.tsv").write_text("".join("\t".join(row) + "\n" for row in table))
            self.llwhy("trust")
            done = self.llwhy("lint", "run.sh", "--gpu", "24564:23671", "--format", "json")
            self.assertIn('"F21"', done.stdout)
            self.assertNotIn("4d5e6f7a8b9c", done.stdout)


class Above(unittest.TestCase):
    """Files of the directories above, where no repository ends before."""

    def setUp(self):
        if os.geteuid():
            self.skipTest("only root can give files away")
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.top = pathlib.Path(scratch.name)
        self.below = self.top / "a/b"
        self.below.mkdir(parents=True)

    def llwhy(self, *args, cwd=None):
        return runs.llwhy(PROGRAM, *args, home=self.top / "home", cwd=cwd or self.below)

    def test_another_users_project(self):
        project = self.top / ".llwhy.yaml"
        project.write_text(f"gpus: ['24564:23671']\nram: 64205\nlaunches:\n  - {{ name: theirs, model: {ASK[0]} }}\n")
        self.assertIn("== theirs", self.llwhy().stdout)
        os.chown(project, 65534, 65534)
        done = self.llwhy()
        self.assertNotIn("theirs", done.stdout)
        self.assertIn(".llwhy.yaml is another user's, so it is left out", done.stderr)
        self.assertEqual(done.stderr.count("another user's"), 1)
        self.assertIn("== theirs", self.llwhy(cwd=self.top).stdout)  # who stands beside it means it
        os.chown(project, 0, 0)
        project.rename(self.top / "own.yaml")
        project.symlink_to("own.yaml")
        os.chown(project, 65534, 65534, follow_symlinks=False)  # which of our files counts is theirs to say
        self.assertNotIn("theirs", self.llwhy().stdout)

    def test_a_repository_of_another_user(self):
        """Who works in somebody else's directory has that one's files above."""
        (self.top / ".llwhy.yaml").write_text(f"gpus: ['24564:23671']\nram: 64205\nlaunches:\n  - {{ name: theirs, model: {ASK[0]} }}\n")
        for path in (self.top, self.top / ".llwhy.yaml", self.top / "a", self.below):
            os.chown(path, 65534, 65534)
        self.assertIn("== theirs", self.llwhy().stdout)
        os.chown(self.below, 0, 0)
        self.assertNotIn("theirs", self.llwhy().stdout)

    def test_another_users_cards(self):
        """A card in the project of a directory above: whose .git makes it a project?"""
        cards = self.top / "models/documentation"
        cards.mkdir(parents=True)
        (cards / "README_modelcard_Tiny-GGUF.md").write_text("---\nbase_model: maker/Tiny\n---\n# Tiny\nTiny has 64 layers.\n")
        (self.top / ".git").mkdir()
        tiny_gguf.write(self.below / "Tiny-Q8_0.gguf")
        self.assertIn("The model card is", self.llwhy("card", "Tiny-Q8_0.gguf").stdout)
        os.chown(self.top / ".git", 65534, 65534)
        self.assertNotIn("The model card is", self.llwhy("card", "Tiny-Q8_0.gguf").stdout)

    def test_another_users_ledger(self):
        ledger = self.top / "evidence"
        ledger.mkdir()
        self.assertIn("records in ../../evidence", self.llwhy("evidence").stdout)
        os.chown(ledger, 65534, 65534)
        done = self.llwhy("evidence")
        self.assertNotIn("../../evidence", done.stdout)
        self.assertIn("evidence is another user's", done.stderr)


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main()
