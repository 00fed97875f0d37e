#!/usr/bin/env python3
"""What kb diff says when a rule, a sentence, a level or a table changes: kb_diff.py LLWHY

Small trees of one lesson each, so that every case is known.
"""
import json
import pathlib
import shutil
import sys
import tempfile
import unittest

import lint_rules
import runs

try:
    import jsonschema
except ImportError:  # the rest is tested without
    jsonschema = None

PROGRAM = ""
RULE, STORY = lint_rules.RULE, lint_rules.STORY


class KbDiff(unittest.TestCase):
    def setUp(self):
        self.top = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.top)

    def tree(self, name, rule=RULE, story=STORY, **tables):
        for path, text in {"rules.d/large-ub.lua": rule, "lessons/large-ub.md": story,
                           "models/builds.tsv": (runs.ROOT / "models/builds.tsv").read_text(),
                           **{f"models/{k}.tsv": v for k, v in tables.items()}}.items():
            file = self.top / name / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return self.top / name

    def diff(self, *words):
        done = runs.llwhy(PROGRAM, "kb", "diff", *words, "--format", "json")
        self.assertIn(done.returncode, (0, 1), done.stderr)
        report = json.loads(done.stdout)
        self.assertEqual(done.returncode, 1 if report["changes"] else 0)
        if jsonschema:
            jsonschema.validate(report, json.loads((runs.ROOT / "docs/json/kb-diff.schema.json").read_text()))
        self.assertEqual(report["gone"] + report["new"] + report["changed"], sum(len(c["changes"]) for c in report["changes"]))
        return report

    def test_the_same_twice(self):
        report = self.diff(self.tree("a"), self.tree("b"))
        self.assertEqual((report["cases"], report["changes"]), (4, []))  # three tests and the story's example

    def test_a_finding_is_gone_or_comes(self):
        a, b = self.tree("a"), self.tree("b", RULE.replace("l.ubatch > 3000", "l.ubatch > 5000"))
        report = self.diff(a, b)
        self.assertEqual((report["gone"], report["new"], report["changed"]), (2, 0, 0))
        self.assertEqual({c["case"] for c in report["changes"]}, {"lessons/large-ub.md:31", "rules.d/large-ub.lua:14"})
        for c in report["changes"]:
            self.assertEqual(c["changes"][0]["what"], "large-ub")
            self.assertIsNone(c["changes"][0]["is"])
        self.assertEqual(self.diff(b, a)["new"], 2)

    def test_a_sentence_or_level_changes(self):
        a = self.tree("a")
        report = self.diff(a, self.tree("b", RULE.replace("77 MiB", "78 MiB")))
        self.assertEqual((report["gone"], report["new"], report["changed"]), (0, 0, 2))
        change = report["changes"][0]["changes"][0]
        self.assertIn("77 MiB", change["was"]["text"])
        self.assertIn("78 MiB", change["is"]["text"])
        report = self.diff(a, self.tree("c", RULE.replace('"note"', '"risk"')))
        self.assertEqual((report["changes"][0]["changes"][0]["was"]["level"], report["changes"][0]["changes"][0]["is"]["level"]), ("note", "risk"))

    def test_a_table_changes(self):
        """A launch's context is predicted from the data of the side that is asked."""
        changes = (runs.ROOT / "models/changes.tsv").read_text()
        lines = [line for line in changes.splitlines(True) if not line.startswith("half_mask")]
        report = self.diff(self.tree("a"), self.tree("b", changes="".join(lines)))
        self.assertGreater(report["changed"], 0)
        self.assertEqual({c["what"] for case in report["changes"] for c in case["changes"]} - {"launch.gpu_need", "launch.host_need"}, set())

    def test_another_test_is_another_case(self):
        b = self.tree("b", RULE.replace("silent { launch { ubatch = 512 }", "silent { launch { ubatch = 513 }"))
        self.assertEqual(self.diff(self.tree("a"), b)["cases"], 5)

    def test_saved_facts(self):
        facts = {"schema": "llwhy.facts/1", "entities": [{"kind": "launch", "id": "argv", "facts": {"ubatch": 3500, "embedding_mode": False}}]}
        (self.top / "saved").mkdir()
        (self.top / "saved/box.json").write_text(json.dumps(facts))
        (self.top / "saved/broken.json").write_text("{")
        a, b = self.tree("a"), self.tree("b", RULE.replace("l.ubatch > 3000", "l.ubatch > 3600"))
        report = self.diff(a, b, "--facts", self.top / "saved")
        self.assertEqual(report["cases"], 6)
        self.assertEqual([c["case"] for c in report["changes"]], [str(self.top / "saved/box.json")])

    def test_bad_words(self):
        for words, code in (([], 3), (["diff"], 3), (["diff", "/no/such"], 2), (["merge", "a", "b"], 3)):
            self.assertEqual(runs.llwhy(PROGRAM, "kb", *words).returncode, code, words)

    def test_text(self):
        a, b = self.tree("a"), self.tree("b", RULE.replace("77 MiB", "78 MiB"))
        done = runs.llwhy(PROGRAM, "kb", "diff", a, b)
        self.assertEqual(done.returncode, 1)
        self.assertIn("2 of 4 cases are answered otherwise: 0 answers gone, 0 new, 2 changed.", done.stdout)
        self.assertEqual(runs.llwhy(PROGRAM, "kb", "diff", a, a).stdout, "All 4 cases are answered alike.\n")


if __name__ == "__main__":
    PROGRAM = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main()
