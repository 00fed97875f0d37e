#!/usr/bin/env python3
"""The documents that follow from the knowledge: documents.py LLWHY

A committed page that is stale fails (scripts/docs writes them anew); every code that an output can carry has a page, offline.
"""
import html.parser
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import lint_rules
import runs

PROGRAM = ""
MADE = ["codes.md", "facts.md", "flags.md", "gpu-strategy-guide.md", "limits.md"]
LONE = {"br", "meta", "link", "img", "hr", "input"}


class Shape(html.parser.HTMLParser):
    """Opens and closes in order; keeps what it saw."""

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.links, self.ids, self.wrong = [], set(), [], set(), []

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        self.links += [v for k, v in attrs if k == "href"]
        self.ids |= {v for k, v in attrs if k == "id"}
        if tag not in LONE:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append((tag, self.getpos()))


def tell(*words):
    done = runs.llwhy(PROGRAM, *words)
    return done.returncode, done.stdout, done.stderr


class Documents(unittest.TestCase):
    def test_committed_pages_are_fresh(self):
        with tempfile.TemporaryDirectory() as top:
            subprocess.run([runs.ROOT / "scripts/docs", PROGRAM, top], check=True, cwd=runs.ROOT, timeout=300,
                           env={**runs.environment(top), "PATH": os.environ["PATH"]})
            want = {p.relative_to(top): p.read_text() for p in pathlib.Path(top).rglob("*.md")}
        docs = runs.ROOT / "docs"
        have = {p.relative_to(docs) for p in (docs / "lessons").glob("*.md")} | {pathlib.Path(n) for n in MADE}
        self.assertEqual(have, set(want), "scripts/docs makes other pages than docs/ holds")
        stale = [str(p) for p, text in want.items() if (docs / p).read_text() != text]
        self.assertEqual(stale, [], "run scripts/docs, read git diff docs, commit")

    def test_incidents_name_inputs_and_tests_that_there_are(self):
        page = (runs.ROOT / "docs/hostile-incidents.md").read_text()
        inputs = set(re.findall(r"^\| (\w+) \|", (runs.ROOT / "docs/hostile-inputs.md").read_text(), re.M))
        made = "".join(p.read_text() for p in (runs.ROOT / "tests").rglob("CMakeLists.txt"))
        rows = [r.split(" | ")[2] for r in re.findall(r"^\| (?!incident ).*", page, re.M)]
        self.assertGreater(len(rows), 20)
        for row in rows:
            named = re.search(r"inputs? ([\w, ]+)", row)
            self.assertLessEqual(set(named[1].strip().split(", ")) if named else set(), inputs, row)
            for test in re.findall(r"`(\w+)`", row):
                there = (runs.ROOT / f"tests/test_{test}.c").exists() or re.search(rf"\b{test.removeprefix('replay_')}\b", made)
                self.assertTrue(there, (test, row))

    def test_links_lead_somewhere(self):
        docs = runs.ROOT / "docs"
        for page in [docs / n for n in MADE] + sorted((docs / "lessons").glob("*.md")):
            text = re.sub(r"(?s)```.*?```|`[^`\n]*`", "", page.read_text())
            for link in re.findall(r"\]\(([^)#]+)\)", text):
                if "://" not in link:
                    self.assertTrue((page.parent / link).exists(), f"{page.name}: {link}")

    def test_every_code_has_a_page(self):
        codes = set()
        for path in (runs.ROOT / "engine").rglob("*.[chd]*"):
            codes |= set(re.findall(r'"([A-Z][0-9]{2})"', path.read_text()))
        codes -= {"F32", "F64", "F77"}  # types of tensors, a variable of make
        lessons = [p.name[:3] if re.match(r"[A-Z][0-9]{2}-", p.name) else "L" + p.name[:2] for p in (runs.ROOT / "rules.d").glob("*.lua")]
        codes |= set(lessons)
        self.assertGreater(len(codes), 80)
        listed = (runs.ROOT / "docs/codes.md").read_text()
        for code in sorted(codes):
            with self.subTest(code=code):
                result, out, err = tell("explain", code)
                self.assertEqual((result, err), (0, ""))
                self.assertTrue(out.startswith(code), out[:100])
                self.assertGreater(len(out.strip().splitlines()), 1, "a title alone explains nothing")
                self.assertRegex(listed, rf"(### |\[){code}[ \]]")

    def test_figures_are_the_engines(self):
        """A row of each table against predict."""
        guide = (runs.ROOT / "docs/gpu-strategy-guide.md").read_text()
        args = ["predict", "glm-4.7-flash-q8_0", "--gpu", "1048576:1048576", "--ram", "64205", "--format", "json", "--", "-c", "32768", "--fit", "off",
                "-ngl", "all", "-np", "1"]
        rows = [[c.strip() for c in line.split("|")[1:-1]] for line in guide.splitlines() if line.startswith("| glm-4.7-flash-q8_0 ")]
        for ub, want in (("512", rows[1][3]), ("2048", rows[1][5])):
            result, out, err = tell(*args, "-b", "2048", "-ub", ub)
            self.assertEqual(result, 0, err)
            text = json.dumps(json.loads(out))
            figure = re.search(r'"compute":\s*(\d+)', text)
            self.assertIsNotNone(figure, text[:500])
            self.assertEqual(want, f"{int(figure.group(1)) / 2**20:.1f} MiB")

    def test_pages_as_html(self):
        for words in (["lessons"], ["lesson", "L05"], ["explain"], ["facts", "--schema"], ["flags"], ["guide"]):
            with self.subTest(words=words):
                result, out, err = tell(*words, "--format", "html")
                self.assertEqual((result, err), (0, ""))
                shape = Shape()
                shape.feed(out)
                self.assertEqual((shape.wrong, shape.open), ([], []))
                self.assertIn("Content-Security-Policy", out)
                self.assertNotIn("script", shape.seen)
                for link in shape.links:
                    self.assertRegex(link, r"^(#[A-Z][0-9]{2}|https?://\S+)$")
        result, out, err = tell("lessons", "--format", "html")
        shape = Shape()
        shape.feed(out)
        self.assertIn("L05", shape.ids)
        self.assertIn("table", shape.seen)

    def test_a_hostile_lesson_stays_text(self):
        story = lint_rules.STORY.replace("Habit.", "<script>alert(1)</script> [x](javascript:alert(1)) <img src=x onerror=alert(1)> \x1b[31m")
        rule = lint_rules.RULE.replace("A large -ub takes memory.", "A <b>large</b> -ub | takes `memory`").replace(
            'rule "large-ub"', 'rule "<img src=x>"')
        with tempfile.TemporaryDirectory() as top:
            for name, text in {".llwhy/rules.d/large-ub.lua": rule, ".llwhy/lessons/large-ub.md": story}.items():
                path = pathlib.Path(top, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            runs.llwhy(PROGRAM, "trust", cwd=top, home=top)
            done = runs.llwhy(PROGRAM, "lesson", "large-ub", "--format", "html", cwd=top, home=top)
            self.assertEqual(done.returncode, 0, done.stderr)
            shape = Shape()
            shape.feed(done.stdout)
            self.assertEqual((shape.wrong, shape.open), ([], []))
            self.assertEqual(shape.seen & {"script", "img", "b"}, set())
            self.assertEqual(shape.links, [])
            self.assertNotIn("\x1b", done.stdout)
            done = runs.llwhy(PROGRAM, "lesson", "large-ub", "--format", "markdown", cwd=top, home=top)
            self.assertNotIn("\x1b", done.stdout)

    def test_other_formats_are_refused(self):
        for words in (["lessons"], ["guide"], ["explain", "L05"]):
            result, _, err = tell(*words, "--format", "sarif")
            self.assertEqual(result, 3)
            self.assertIn("text, markdown or html", err)
        self.assertEqual(tell("explain")[0], 3)


if __name__ == "__main__":
    PROGRAM = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main()
