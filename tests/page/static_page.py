#!/usr/bin/env python3
"""static_page.py LLWHY: pages, SVG and DOT without a browser: whole, balanced, without a way in for what files say."""
import html.parser
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ET

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "cli")]
import inputs
import runs

LLWHY = os.path.abspath(sys.argv.pop(1))
VOID = {"meta", "br", "hr", "img", "input", "link", "rect", "line", "path"}


class Outline(html.parser.HTMLParser):
    """Which elements a page has, and whether they close in order."""

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.open, self.seen, self.attributes, self.text, self.trouble = [], [], [], [], []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        self.attributes += [name for name, _ in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.append(tag)
        self.attributes += [name for name, _ in attrs]

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.trouble.append(f"</{tag}> at line {self.getpos()[0]}")

    def handle_data(self, data):
        self.text.append(data)


class Pages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.TemporaryDirectory()
        cls.asked = inputs.make(cls.place.name)
        cls.made = {}

    @classmethod
    def tearDownClass(cls):
        cls.place.cleanup()

    def ask(self, name, form):
        words = list(self.asked[name])
        at = words.index("--") if "--" in words else len(words)
        if (name, form) not in self.made:
            self.made[name, form] = runs.llwhy(LLWHY, *words[:at], "--format", form, *words[at:]).stdout
        return self.made[name, form]

    def test_every_page_is_balanced_and_runs_nothing(self):
        for name in self.asked:
            page = self.ask(name, "html")
            seen = Outline(page)
            self.assertEqual((seen.trouble, seen.open), ([], []), name)
            self.assertEqual({"script", "img", "link", "iframe", "object", "a"} & set(seen.seen), set(), name)
            self.assertFalse([a for a in seen.attributes if a.startswith("on") or a in ("src", "href", "srcset")], name)
            self.assertIn("default-src 'none'", page, name)
            self.assertLess(len(page), 400_000, name)

    def test_nothing_steers_a_terminal_or_the_reading_direction(self):
        for name in self.asked:
            for form in ("html", "svg", "dot"):
                text = self.ask(name, form)
                self.assertTrue(text, (name, form))
                self.assertIsNone(re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]", text), (name, form))

    def test_hostile_words_stay_words(self):
        seen = Outline(self.ask("hostile", "html"))
        self.assertIn('<script>document.title="owned"</script>', "".join(seen.text))

    def test_the_page_says_what_the_text_says(self):
        words = list(self.asked["two-gpus"])
        text = " ".join(runs.llwhy(LLWHY, *words[:1], "--width", "160", *words[1:]).stdout.split())
        page = " ".join("".join(Outline(self.ask("two-gpus", "html")).text).split())
        for sentence in ("CUDA0 needs 372.0 MiB more than is free.", "CUDA0 keeps 76.5 MiB free, CUDA1 1.90 GiB; every layer is on a GPU"):
            self.assertIn(sentence, text)
            self.assertIn(sentence, page)

    def test_the_curves_name_where_it_stops_fitting(self):
        """The value named loads, and the next larger one that people would write does not."""
        page = " ".join("".join(Outline(self.ask("two-gpus", "html")).text).split())
        for knob, step, found in (("-c", 256, re.search(r"context \(-c\)\. It loads up to ([\d,]+)", page)),
                                  ("-ub", 64, re.search(r"micro-batch \(-ub\)\. It loads up to ([\d,]+)", page))):
            self.assertIsNotNone(found, knob)
            most = int(found[1].replace(",", ""))
            for value, loads in ((most, True), (most + step, False)):
                words = list(self.asked["two-gpus"])
                words[words.index(knob) + 1] = str(value)
                text = runs.llwhy(LLWHY, *words).stdout
                self.assertEqual("This launch loads" in text, loads, (knob, value))

    def test_svg_is_xml_with_a_spoken_label(self):
        for name in self.asked:
            root = ET.fromstring(self.ask(name, "svg"))
            self.assertTrue(root.get("aria-label"), name)

    def test_dot_is_a_graph(self):
        for name in self.asked:
            text = self.ask(name, "dot")
            self.assertTrue(text.startswith("digraph") and text.rstrip().endswith("}"), name)
            if shutil.which("dot"):
                self.assertIn("<svg", subprocess.run(["dot", "-Tsvg"], input=text, capture_output=True, text=True, check=True).stdout)

    def test_a_draft_that_nobody_can_read_is_no_number(self):
        page = runs.llwhy(LLWHY, "qwen3-8b-q4_k_m", "--gpu", "24564:23671", "--format", "html", "--", "-md", "nowhere.gguf").stdout
        row = re.search(r"<th scope=\"row\">CUDA0</th><td>this launch</td>(.*?)</tr>", page)[1]
        cells = re.findall("<td>(.*?)</td>", row)
        self.assertEqual((cells[3], cells[5][:8]), ("unknown", "at most "))
        self.assertNotIn('class="draft"', page)

    def test_several_launches_are_one_page_and_one_picture(self):
        with tempfile.TemporaryDirectory() as place:
            pathlib.Path(place, ".llwhy.yaml").write_text('gpus: ["24564:23671"]\nram: "64205"\nlaunches:\n'
                                                          "  - {name: a, model: qwen3-8b-q4_k_m, args: -c 8192}\n"
                                                          "  - {name: b, model: qwen3-8b-q4_k_m, args: -c 16384}\n")
            page = runs.llwhy(LLWHY, "--format", "html", cwd=place).stdout
            self.assertEqual((page.count("<article>"), page.count("<!doctype html>"), page.count("</html>")), (2, 1, 1))
            done = runs.llwhy(LLWHY, "--format", "svg", cwd=place)
            self.assertEqual(done.stdout.count("<svg"), 1)
            self.assertIn("draws one launch", done.stderr)

    def test_other_commands_say_which_formats_they_have(self):
        done = runs.llwhy(LLWHY, "doctor", "--format", "html")
        self.assertEqual(done.returncode, 3)
        self.assertIn("text or json", done.stderr)


if __name__ == "__main__":
    unittest.main()
