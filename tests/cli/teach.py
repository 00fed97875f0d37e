#!/usr/bin/env python3
"""llwhy teach from end to end: every case for a right, a half-right and a wrong learner, the boxes, what was left in the
middle, the course, the drill, a case of one's own, and three sittings in a real terminal: teach.py LLWHY [--bless]

The transcripts stand in docs/teaching/; --bless writes them anew.
"""
import concurrent.futures
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

import runs

PROGRAM, BLESS = "", False
PAGES = runs.ROOT / "docs" / "teaching"
KEPT = ("05a-372-mib-short", "07a-fit-does-not-work", "x1-the-first-evening")
TWO = ["--gpu", "24564:23671:RTX 4090", "--gpu", "16303:12761:RTX 5070 Ti", "--ram", "64205"]


def letters(answer):
    return re.findall(r"(?:^|; )([a-h])\)", answer["engine"])


def turned(answer):
    """What a wrong learner types where the engine says this."""
    if answer["kind"] == "yes-no":
        return "no" if answer["engine"] == "yes" else "yes"
    if answer["kind"] == "number":
        number, _, unit = answer["engine"].replace(",", "").partition(" ")
        return f"{3 * float(number) + 1:.3f} {unit}".strip()
    if answer["kind"] == "choice":
        right = letters(answer)
        return next(letter for letter in "abcdefgh" if letter not in right)
    return "--fit off -ngl 99 -c 2000000"


def typed(answer):
    if answer["kind"] == "choice":
        return " ".join(letters(answer))
    return answer["engine"]


class Case(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.here = pathlib.Path(scratch.name)

    def llwhy(self, *args, code=None, day="2026-03-01", **more):
        seconds = int(time.mktime(time.strptime(day + " 12:00", "%Y-%m-%d %H:%M")))
        done = runs.llwhy(PROGRAM, *args, home=self.here, SOURCE_DATE_EPOCH=str(seconds), COLUMNS="110", **more)
        if code is not None:
            self.assertEqual(done.returncode, code, f"{args}\n{done.stdout}\n{done.stderr}")
        return done

    def cases(self, **more):
        return json.loads(self.llwhy("teach", "list", "--format", "json", **more).stdout)

    def answers(self, lines):
        path = pathlib.Path(tempfile.mkstemp(dir=self.here)[1])
        path.write_text("".join(line + "\n" for line in lines))
        return path

    def sit(self, case, lines, *args, code=None):
        return self.llwhy("teach", case, "--batch", self.answers(lines), *args, code=code)

    def engine(self, case):
        """What the engine says to every question of a case, in the order in which they are asked."""
        asked = json.loads(self.sit(case, [], "--format", "json").stdout)["answers"]
        return [a for a in asked if not a["what_if"]] + [a for a in asked if a["what_if"]]


class Learners(Case):
    def three(self, case):
        said = self.engine(case)
        right, wrong = [typed(a) for a in said], [turned(a) for a in said]
        scores = []
        for lines in (right, right[:1] + wrong[1:], wrong):
            text = self.sit(case, lines).stdout
            for part in ("What was started", "What is known", "Committed.", "The chain", "The lesson"):
                if part not in text:
                    scores.append(f"no {part}")
            scores.append(re.search(rf"^Case {case}: ([a-z ]+), (\d+) of (\d+)", text, re.M).group(1))
        return case, scores

    def test_every_case_for_three_learners(self):
        with concurrent.futures.ThreadPoolExecutor(max_workers=3) as pool:
            for case, scores in pool.map(self.three, [c["id"] for c in self.cases()["cases"]]):
                self.assertEqual(scores[:2], ["right", "half right"], case)
                self.assertNotEqual(scores[2], "right", case)

    def test_every_lesson_has_two_cases_and_five_need_several(self):
        cases = self.cases()["cases"]
        lessons = {line.split()[1] for line in self.llwhy("lessons").stdout.splitlines() if re.match(r"[LC]\d", line)}
        self.assertGreaterEqual(len(lessons), 22)
        for lesson in lessons:
            self.assertGreaterEqual(sum(lesson in [c["lesson"], *c["also"]] for c in cases), 2, lesson)
        self.assertGreaterEqual(sum(bool(c["also"]) for c in cases), 5)

    def test_every_misconception_is_somebodys(self):
        known = re.findall(r"^([a-z0-9-]+):$", (runs.ROOT / "lessons/misconceptions.yaml").read_text(), re.M)
        text = "".join(path.read_text() for path in (runs.ROOT / "lessons/cases").glob("*.yaml"))
        self.assertEqual([m for m in known if not re.search(rf"\b(is|mistake): {m}\b", text)], [])

    def test_transcripts_are_those_of_today(self):
        """Read them: docs/teaching. The right, the half-right and the wrong learner of three cases."""
        for case in KEPT:
            said = self.engine(case)
            right, wrong = [typed(a) for a in said], [turned(a) + " @5" for a in said]
            for name, lines in (("right", right), ("half", right[:1] + wrong[1:]), ("wrong", wrong)):
                path = PAGES / f"{case}.{name}.txt"
                text = self.sit(case, lines).stdout
                if BLESS:
                    PAGES.mkdir(exist_ok=True)
                    path.write_text(text)
                self.assertEqual(path.read_text(), text, f"{path}: read the difference, then teach.py LLWHY --bless")


class Boxes(Case):
    """Sittings without --batch are kept. Standard input is a file here, which is no terminal."""

    def type(self, *args, lines=(), day="2026-03-01"):
        seconds = int(time.mktime(time.strptime(day + " 12:00", "%Y-%m-%d %H:%M")))
        env = runs.environment(str(self.here), SOURCE_DATE_EPOCH=str(seconds), COLUMNS="110")
        return subprocess.run([PROGRAM, "teach", *args], input="".join(line + "\n" for line in lines), env=env, cwd=runs.ROOT, capture_output=True,
                              encoding="utf-8", timeout=60, check=False).stdout

    def card(self, case, **more):
        return next(c for c in self.cases(**more)["cases"] if c["id"] == case)

    RIGHT = ["448 MiB @3", "no @3", "-ub 512 @3", "yes @3"]

    def test_a_right_case_comes_later_each_time(self):
        self.RIGHT[3] = f"{self.engine('05a')[3]['engine']} @3"
        day, boxes = "2026-03-01", []
        for _ in range(6):
            self.type("05a", lines=self.RIGHT, day=day)
            card = self.card("05a-372-mib-short")
            self.assertEqual(card["score"], "right")
            boxes.append((card["box"], card["due"]))
            day = card["due"]
        self.assertEqual(boxes, [(1, "2026-03-02"), (2, "2026-03-05"), (3, "2026-03-12"), (4, "2026-04-02"), (5, "2026-06-01"), (5, "2026-07-31")])

    def test_repeating_too_early_moves_nothing(self):
        self.RIGHT[3] = f"{self.engine('05a')[3]['engine']} @3"
        self.type("05a", lines=self.RIGHT)
        before = self.card("05a-372-mib-short")
        self.type("05a", lines=self.RIGHT)
        self.assertEqual(self.card("05a-372-mib-short"), before)

    def test_wrong_and_sure_comes_first(self):
        self.type("02a", lines=[turned(a) + " @1" for a in self.engine("02a")])
        self.type("05a", lines=[turned(a) + " @5" for a in self.engine("05a")])
        due = self.llwhy("teach", day="2026-03-02").stdout
        self.assertRegex(due, r"(?s)Due today: 2 cases.*05a-372-mib-short .*wrong, and you were sure.*02a-experts-by-habit")
        self.assertIn("Next: llwhy teach 05a-372-mib-short", due)
        self.assertIn("Nothing is due today", self.llwhy("teach").stdout)

    def test_left_in_the_middle(self):
        out = self.type("05a", lines=["448 MiB @4", "q"])
        self.assertIn("Stopped. llwhy teach 05a-372-mib-short goes on with question 2.", out)
        self.assertIn("Left in the middle: llwhy teach 05a-372-mib-short", self.llwhy("teach").stdout)
        out = self.type("05a", lines=["no @4", "-ub 512 @4", "yes @4"])
        self.assertIn("What you said so far: 1: 448 MiB.", out)
        self.assertNotIn("Question 1 of 3. The", out)
        self.assertRegex(out, r"Question 1: right\.")
        self.assertNotIn("Left in the middle", self.llwhy("teach").stdout)

    def test_again_begins_anew(self):
        out = self.type("05a", lines=["1 MiB @1", "again", "448 MiB @4", "no @4", "-ub 512 @4", "yes @4"])
        self.assertIn("From the beginning, then.", out)
        self.assertRegex(out, r"Question 1: right\.")

    def test_confidence_is_asked_for(self):
        out = self.type("05a", lines=["448 MiB", "9", "4", "q"])
        self.assertEqual(out.count("How sure are you"), 2)

    def test_broken_state_loses_nothing_else(self):
        self.type("02a", lines=[typed(a) + " @3" for a in self.engine("02a")])
        state = self.here / "llwhy" / "teach.jsonl"
        state.write_text("{broken\n" + state.read_text() + '{"case": 5}\n')
        (self.here / "llwhy" / "teach-open.json").write_text("[")
        self.assertEqual(self.card("02a-experts-by-habit")["box"], 1)
        self.assertIn("Nothing is due", self.llwhy("teach", code=0).stdout)


class Ways(Case):
    def test_course(self):
        cases = [c for c in self.cases()["cases"] if re.match(r"0[0-7]a", c["id"])] + [next(c for c in self.cases()["cases"] if c["also"])]
        minutes = sum(c["minutes"] for c in cases)
        self.assertTrue(35 <= minutes <= 55, minutes)
        lines = [typed(a) for c in cases for a in self.engine(c["id"])]
        out = self.llwhy("teach", "course", "--batch", self.answers(lines), code=0).stdout
        self.assertIn(f"Course: case 1 of {len(cases)}, about {minutes} minutes", out)
        self.assertIn(f"Course: {len(cases)} of {len(cases)} done.", out)

    def test_drill(self):
        for case in KEPT:
            sheet = self.llwhy("teach", "drill", case, code=0).stdout
            for part in ("Read aloud", "Let them commit", "The engine's answer", "Carry it over", "Before they leave"):
                self.assertIn(part, sheet, case)

    def test_a_case_of_ones_own(self):
        compose = self.here / "compose.yaml"
        compose.write_text('services:\n  llama:\n    image: ghcr.io/ggml-org/llama.cpp:server-cuda-b8022\n    command: ["-m", "/models/glm-4.7-flash-q8_0.gguf", '
                           '"-c", "131072", "-ctk", "q8_0", "-ctv", "q8_0", "-ngl", "99", "--fit", "off", "-b", "2048", "-ub", "2048"]\n')
        answers = self.answers(["no", "5000 MiB", "41 GiB", "without -ngl --fit on --fit-target 512,1024 without -ub", "no"])
        done = json.loads(self.llwhy("teach", "--from", compose, *TWO, "--batch", answers, "--format", "json").stdout)
        self.assertEqual([(a["id"], a["score"]) for a in done["answers"]],
                         [("loads", "right"), ("compute", "right"), ("need", "right"), ("plan", "right"), ("twice", done["answers"][4]["score"])])
        self.assertIn("b8022", self.llwhy("teach", "--from", compose, *TWO, "--batch", answers).stdout)
        done = self.llwhy("teach", "--from", compose, "--no-gpu", code=3)
        self.assertIn("--gpu TOTAL:FREE:NAME", done.stderr)
        compose.write_text(compose.read_text().replace("glm-4.7-flash-q8_0", "nobody-knows-it"))
        self.assertIn("--model", self.llwhy("teach", "--from", compose, *TWO, code=2).stderr)


class Terminal(Case):
    """llwhy teach in tmux, typed at: a right, a half-right and a wrong learner."""

    def tmux(self, *args):
        return subprocess.run(["tmux", "-S", str(self.here / self.socket), *args], capture_output=True, encoding="utf-8", check=True).stdout

    def wait_for(self, text):
        for _ in range(300):
            screen = self.tmux("capture-pane", "-p", "-J", "-S", "-2000", "-t", "teach")
            if text in screen:
                return screen
            time.sleep(0.1)
        self.fail(f"{text!r} does not appear in\n{screen}")

    def sitting(self, case, lines):
        self.socket = f"tmux{len(list(self.here.glob('tmux*')))}"
        env = [f"{k}={v}" for k, v in runs.environment(str(self.here), TERM="xterm", COLUMNS="100").items()]
        self.tmux("new-session", "-d", "-s", "teach", "-x", "100", "-y", "50", "env", "-i", *env, "sh", "-c", f"'{PROGRAM}' teach {case}; echo -; echo sitting-ended; sleep 60")
        try:
            for count, line in enumerate(lines):
                screen = self.wait_for("> ")
                for _ in range(300):
                    if len(re.findall(r"^>", screen, re.M)) > count:
                        break
                    time.sleep(0.1)
                    screen = self.tmux("capture-pane", "-p", "-J", "-S", "-2000", "-t", "teach")
                self.tmux("send-keys", "-t", "teach", "-l", "--", line)
                self.tmux("send-keys", "-t", "teach", "Enter")
            return self.wait_for("sitting-ended\n")
        finally:
            self.tmux("kill-server")

    def test_three_learners_at_the_terminal(self):
        if not shutil.which("tmux"):
            self.skipTest("tmux is not installed")
        said = self.engine("05a")
        right, wrong = [typed(a) + " @4" for a in said], [turned(a) + " @4" for a in said]
        for name, lines in (("right", right), ("half right", right[:1] + wrong[1:]), ("wrong", wrong)):
            with self.subTest(learner=name):
                end = re.search(r"^Case 05a-372-mib-short: [a-z ]+, .*$", self.sit("05a", lines).stdout, re.M).group()
                screen = self.sitting("05a", lines)
                self.assertIn(end, screen)
                self.assertIn(f": {name}, ", end)
                self.assertIn("Committed.", screen)


if __name__ == "__main__":
    PROGRAM = str(pathlib.Path(sys.argv.pop(1)).resolve())
    if "--bless" in sys.argv:
        sys.argv.remove("--bless")
        BLESS = True
    unittest.main()
