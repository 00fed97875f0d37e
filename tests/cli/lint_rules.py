#!/usr/bin/env python3
"""The lessons that are installed are whole, and each kind of broken lesson is caught: lint_rules.py LLWHY

A good lesson stands in a directory of its own and is found clean; every test breaks one thing about it and names the code that
must be found, and that nothing else is.
"""
import json
import pathlib
import re
import sys
import tempfile
import unittest

import runs

PROGRAM = ""
DAY = "1795824000"  # 2026-11-28

RULE = """-- Teaches: a test.
lesson "large-ub" {
  claim = "A large -ub takes memory.",
  review_by = "2027-02-23",
}

rule "large-ub" {
  level = "note",
  each = { l = "launch" },
  when = { "l.ubatch > 3000" },
  unless = { "l.embedding_mode" },
  find = "-ub {l.ubatch} is more than 3,000 and took 77 MiB",
  tests = {
    fires { launch { ubatch = 4096 } },
    silent { launch { ubatch = 512 }, stops_at = "l.ubatch > 3000" },
    silent { launch { ubatch = 4096, embedding_mode = true }, stops_at = "l.embedding_mode" },
  },
}
"""

STORY = """---
id: large-ub
title: A large -ub
date: 2026-02-16
status: active
review_by: 2027-02-23
sources:
  - what: a measurement
    where: this machine
    date: 2026-02-16
---

# A large -ub

## What happened

It took 77 MiB with -ub 4096.

## Root cause

Habit.

## Mechanism

The compute buffer.

## Rule

Leave it.

```facts,finds=large-ub
{"schema": "llwhy.facts/1", "entities": [
  {"kind": "launch", "id": "argv", "facts": {"ubatch": 4096, "embedding_mode": false}}
]}
```

## When it does not apply

Embedding servers.

## Sources

As above.
"""

CASE = """lesson: large-ub
title: A case
"""

SECOND = """rule "second" {
  level = "%s",
  each = { x = "launch" },
  when = { %s },
  find = "second",
  %s
  tests = {
    fires { launch { ubatch = 4096 } },
    silent { launch { ubatch = 512 } },
  },
}
"""


def second(when, level="note", more=""):
    return RULE + SECOND % (level, when, more)


class LintRules(unittest.TestCase):
    def lint(self, rule=RULE, story=STORY, case=CASE, **more):
        with tempfile.TemporaryDirectory() as top:
            files = {"rules.d/large-ub.lua": rule, "lessons/large-ub.md": story, "lessons/cases/large-ub-a.yaml": case}
            for name, text in {**files, **more.pop("files", {})}.items():
                path = pathlib.Path(top, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                if text is not None:
                    path.write_text(text)
            where = [pathlib.Path(top, w) for w in more.pop("words", [""])]
            done = runs.llwhy(PROGRAM, "lint-rules", *where, "--format", "json", "--fail-on", "note",
                              **{"SOURCE_DATE_EPOCH": DAY, **more})
            self.assertIn(done.returncode, (0, 1, 4), done.stderr)
            report = json.loads(done.stdout)
            self.assertEqual(done.returncode == 0, not report["findings"])
            return report

    def finds(self, code, says, also=None, **more):
        found = self.lint(**more)["findings"]
        self.assertEqual({f["code"] for f in found} - {also}, {code}, found)
        self.assertTrue(any(says in f["message"] for f in found), found)
        for f in found:
            page = runs.llwhy(PROGRAM, "explain", f["code"])
            self.assertEqual(page.returncode, 0, page.stderr)
        return found

    def test_the_installed_lessons_are_whole(self):
        # Cases to practise with are added lesson by lesson; everything else has to be there. Dates are judged on a fixed day.
        done = runs.llwhy(PROGRAM, "lint-rules", "--fail-on", "note", SOURCE_DATE_EPOCH=DAY)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("nothing to mend", done.stdout)

    def test_the_good_lesson_is_clean(self):
        report = self.lint()
        self.assertEqual(report["findings"], [])
        self.assertEqual((report["lessons"], report["rules"]), (1, 1))
        self.assertEqual(self.lint(words=["rules.d/large-ub.lua"])["lessons"], 1)

    def test_no_story(self):
        self.finds("K01", "is missing", story=None)

    def test_particulars(self):
        self.finds("K02", "does not start", story=STORY.replace("---\n", "", 1))
        self.finds("K02", "no title", story=STORY.replace("title: A large -ub\n", ""))
        self.finds("K02", "id is \"other\"", story=STORY.replace("id: large-ub", "id: other"))
        self.finds("K02", "names no source", story=re.sub(r"sources:\n(  .*\n)+", "", STORY))
        self.finds("K02", "where ends at \"this\": what stands behind # is a comment", story=STORY.replace("where: this machine", "where: this #12"))
        self.finds("K02", "of which date", story=STORY.replace("    date: 2026-02-16\n", ""))
        self.finds("K02", "write YYYY-MM-DD", story=STORY.replace("    date: 2026-02-16", "    date: 2026-02-30"))
        self.finds("K02", "status is", story=STORY.replace("status: active", "status: fine"))
        self.finds("K02", "\"Mechanism\" is missing", story=STORY.replace("## Mechanism", "## How"))
        self.finds("K02", "\"Root cause\" is empty", story=STORY.replace("Habit.\n", ""))
        self.finds("K02", "cannot be read", story=STORY.replace("title: A", "title: 'A"))

    def test_rules_without_tests(self):
        self.finds("K03", "fire", rule=RULE.replace("    fires { launch { ubatch = 4096 } },\n", ""))
        self.finds("K04", "silent", rule=re.sub(r"    silent .*\n", "", RULE))

    def test_builds(self):
        self.finds("K05", "no build", rule=RULE.replace('level = "note",', 'level = "note",\n  since = "b9512", ["until"] = "b8022",'))

    def test_flags(self):
        found = self.finds("K06", "--no-such-flag", rule=RULE.replace("took 77", "with --no-such-flag took 77"))
        self.assertEqual(found[0]["line"], 7)
        self.finds("K06", "--tenchars", story=STORY.replace("with -ub 4096", "with --tenchars"))
        self.assertEqual(self.lint(story=STORY.replace("with -ub 4096", "with LLAMA_ARG_* and ls -lh"))["findings"], [])
        self.finds("K06", "-ubb", story=STORY.replace("with -ub 4096", "with -ubb 4096"))
        self.finds("K06", "LLAMA_ARG_NONE_SUCH", story=STORY.replace("with -ub 4096", "with LLAMA_ARG_NONE_SUCH=1"))
        gone = RULE.replace("took 77", "with --mlock took 77")
        self.finds("K06", "v0.5.0 too, which does not have it", rule=gone)
        before = gone.replace('level = "note",', 'level = "note",\n  ["until"] = "b9512",')  # the last build it holds for
        self.assertEqual(self.lint(rule=before)["findings"], [])

    def test_no_case(self):
        self.finds("K07", "no case", case=CASE.replace("large-ub", "other"))

    def test_numbers(self):
        self.finds("K08", "says 78", rule=RULE.replace("77 MiB", "78 MiB"))
        self.finds("K08", "says 77", story=STORY.replace("77 MiB", "something"))
        self.finds("K08", "the claim says 640", rule=RULE.replace("takes memory", "takes 640 MiB"))

    def test_rules_that_never_fire(self):
        never = RULE.replace('when = { "l.ubatch > 3000" }', 'when = { "l.ubatch > 3000", "l.ubatch <= 512" }')
        self.finds("K09", "exclude each other", "K13", rule=never)
        self.finds("K09", "exclude each other", "K13", rule=RULE.replace('unless = { "l.embedding_mode" }', 'unless = { "l.ubatch > 3000" }'))
        words = RULE.replace('"l.ubatch > 3000"', '"l.ubatch > 3000", "l.strategy == \'one gpu\' and l.strategy == \'all gpus\'"', 1)
        self.finds("K09", "exclude each other", "K13", rule=words)

    def test_what_nobody_derives(self):
        tree = (runs.ROOT / "rules.d/00-decision-tree.lua").read_text()
        story = (runs.ROOT / "lessons/00-decision-tree.md").read_text()
        asks = RULE.replace('"l.ubatch > 3000" }', '"l.ubatch > 3000", "l.strategy == \'one gpu\'" }', 1)
        self.assertEqual({f["code"] for f in self.lint(rule=asks)["findings"]}, {"K13"})  # the example has no model
        dull = re.sub(r"\n  derive = .*", "", tree)
        self.assertNotEqual(dull, tree)
        self.finds("K09", "launch.strategy is something a lesson has to derive", "K13", rule=asks, words=["rules.d/large-ub.lua"],
                   files={"rules.d/00-decision-tree.lua": dull, "lessons/00-decision-tree.md": story})

    def test_what_only_lessons_derive(self):
        """The engine's list of such slots is that of the installed rules."""
        source = (runs.ROOT / "engine/check/rulelint_logic.c").read_text()
        table = re.search(r"by_lessons\[\] = \{(.*?)\};", source, re.S).group(1)
        listed = {name.split("_", 1)[1] for name in re.findall(r"LLW_(\w+)", table)}
        derived = set()
        for path in (runs.ROOT / "rules.d").glob("*.lua"):
            for block in re.findall(r"(?s)\n  derive = \{(.*?)\}", path.read_text()):
                derived |= set(re.findall(r'\["\w+\.(\w+)"\]', block))
        self.assertEqual(listed, derived)

    def test_covered_rules(self):
        self.finds("K10", '"second"', rule=second('"x.ubatch > 2000"'))
        self.finds("K10", "same conditions", rule=second('"x.ubatch > 3000", "not x.embedding_mode"').replace('  unless = { "l.embedding_mode" },\n', "").replace(
            'when = { "l.ubatch > 3000" }', 'when = { "l.ubatch > 3000", "not l.embedding_mode" }'))
        # a graver or a longer list of conditions covers nothing
        self.assertEqual(self.lint(rule=second('"x.ubatch > 4000", "x.embedding_mode"'))["findings"], [])
        self.assertEqual(self.lint(rule=second('"x.ubatch > 3500"', "risk"))["findings"], [])

    def test_contradictions(self):
        first = RULE.replace('  tests = {', '  try = { ["l.batch"] = "512" },\n  tests = {')
        other = SECOND % ("risk", '"x.ubatch > 3500"', 'try = { ["x.batch"] = "1024" },')
        self.finds("K11", "both can fire together", rule=first + other)
        self.assertEqual(self.lint(rule=first + other.replace("1024", "512"))["findings"], [])
        apart = first.replace('"l.ubatch > 3000" }', '"l.ubatch > 3000", "l.ubatch < 5000" }', 1)
        self.assertEqual(self.lint(rule=apart + other.replace("3500", "5000"))["findings"], [])

    def test_reviews(self):
        self.finds("K12", "no review_by", story=STORY.replace("review_by: 2027-02-23\n", ""))
        self.finds("K12", "keep one date", story=STORY.replace("review_by: 2027-02-23", "review_by: 2027-03-23"))
        self.assertEqual(self.finds("K12", "was to be reviewed", SOURCE_DATE_EPOCH="1803772800")[0]["level"], "note")  # 2027-02-28
        self.assertEqual(self.finds("K12", "three months", SOURCE_DATE_EPOCH="1812000000")[0]["level"], "risk")  # 2027-06-03

    def test_examples(self):
        self.finds("K13", "no example", story=re.sub(r"(?s)```facts.*?```\n", "", STORY))
        found = self.finds("K13", "does not make", story=STORY.replace('"ubatch": 4096', '"ubatch": 512'))
        self.assertEqual(STORY.splitlines()[found[0]["line"] - 1], "```facts,finds=large-ub")

    def test_orphans(self):
        with tempfile.TemporaryDirectory() as top:
            lessons = pathlib.Path(top, ".llwhy/lessons")
            lessons.mkdir(parents=True)
            (lessons / "lonely.md").write_text(STORY)
            done = runs.llwhy(PROGRAM, "lint-rules", "--ignore", "K07", cwd=top, SOURCE_DATE_EPOCH=DAY)
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn("K14", done.stdout)
            self.assertIn("lonely.md", done.stdout)

    def test_superseded(self):
        self.finds("K15", "no such lesson", rule=RULE.replace("  review_by", '  superseded_by = "none-such",\n  review_by'))

    def test_broken_files(self):
        report = self.lint(rule=RULE.replace("l.ubatch > 3000", "l.ubatsch > 3000", 1))
        self.assertEqual({f["code"] for f in report["findings"]}, {"K16"})
        self.assertEqual(report["findings"][0]["line"], 10)

    def test_bad_words(self):
        done = runs.llwhy(PROGRAM, "lint-rules", "no/such/place")
        self.assertEqual(done.returncode, 2)
        self.assertIn("neither a directory", done.stderr)
        done = runs.llwhy(PROGRAM, "lint-rules", "--only", "K06,K99")
        self.assertEqual(done.returncode, 3)
        self.assertIn("--only K99: it is a code such as K06", done.stderr)

    def test_choosing(self):
        with tempfile.TemporaryDirectory() as top:
            path = pathlib.Path(top, "rules.d/large-ub.lua")
            path.parent.mkdir()
            path.write_text(RULE)
            for words, codes in (([], {"K01", "K07"}), (["--only", "K01"], {"K01"}), (["--ignore", "K01"], {"K07"}),
                                 (["--ignore", "large-ub"], set()), (["--only", "L05"], set())):
                done = runs.llwhy(PROGRAM, "lint-rules", top, "--format", "json", "--fail-on", "never", *words)
                self.assertEqual({f["code"] for f in json.loads(done.stdout)["findings"]}, codes, words)


if __name__ == "__main__":
    PROGRAM = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main()
