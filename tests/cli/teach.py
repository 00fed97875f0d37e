"""llwhy teach from end to end: every case in a real terminal for a right, a half-right and a wrong learner; the boxes, what was
left in the middle, the course, the drill, a case of one's own: teach.py LLWHY [--bless]

The transcripts of the learners stand in docs/teaching/; --bless writes them anew.
"""
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import unittest

import runs
import terminal
import tiny_gguf

PROGRAM, BLESS = "", False
PAGES = runs.ROOT / "docs" / "teaching"
WHOLE = ("05a-372-mib-short", "07b-the-default-of-99", "x1-the-first-evening")  # kept whole, the others without what repeats
TWO = ["--gpu", "24564:23671:RTX 4090", "--gpu", "16303:12761:RTX 5070 Ti", "--ram", "64205"]
LEARNERS = ("right", "half", "wrong")


def turned(answer):
    """What a wrong learner types where the engine says this."""
    right = answer["answer"]
    if answer["kind"] == "yes-no":
        return "no" if right == "yes" else "yes"
    if answer["kind"] == "number":
        number, _, unit = right.replace(",", "").partition(" ")
        return f"{3 * float(number) + 1:.3f} {unit}".strip()
    if answer["kind"] == "choice":
        return next(letter for letter in "abcdefgh" if letter not in right.split())
    if answer["kind"] == "order":
        return " ".join(reversed(right.split()))
    if answer["kind"] == "line":
        file, _, line = right.rpartition(":")
        return f"{file}:{'11' if line == '1' else '1'}"
    return "--fit off -ngl 99 -c 2000000"


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
    """Three learners of every case, each at a terminal of its own: tmux in control mode tells when a prompt stands there."""

    def lines(self, said, learner):
        right, wrong = [a["answer"] + " @3" for a in said], [turned(a) + " @5" for a in said]
        return {"right": right, "half": right[:1] + wrong[1:], "wrong": wrong}[learner]

    def sittings(self):
        ids = [c["id"] for c in self.cases()["cases"]]
        with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
            answers = dict(zip(ids, pool.map(self.engine, ids)))
        day = int(time.mktime(time.strptime("2026-03-01 12:00", "%Y-%m-%d %H:%M")))
        for case in ids:
            for learner in LEARNERS:
                state = self.here / f"{case}.{learner}"
                command = f"XDG_STATE_HOME={state} SOURCE_DATE_EPOCH={day} COLUMNS=100 NO_COLOR=1 {terminal.quoted(PROGRAM)} teach {case}"
                yield terminal.Sitting((case, learner), command, self.lines(answers[case], learner))

    def hold_all(self):
        tmux = terminal.Tmux(self.here, runs.environment(str(self.here)))
        try:
            sittings = list(self.sittings())
            tmux.run(sittings)
        finally:
            tmux.close()
        return {s.name: s for s in sittings}

    def test_every_case_for_three_learners_at_a_terminal(self):
        if terminal.missing():
            self.skipTest(terminal.missing())
        if BLESS:
            for path in PAGES.glob("*.txt"):
                path.unlink()
        held = self.hold_all()
        for (case, learner), sitting in held.items():
            with self.subTest(case=case, learner=learner):
                self.assertTrue(sitting.ended, sitting.screen)
                self.assertEqual(sitting.left, [], sitting.screen)
                for part in ("What was started", "What is known", "Committed.", "The chain", "The lesson"):
                    self.assertIn(part, sitting.screen)
                score, right, asked = re.search(rf"^Case {case}: ([a-z ]+), (\d+) of (\d+)", sitting.screen, re.M).groups()
                self.assertIn((learner, score), (("right", "right"), ("half", "half right"), ("wrong", "wrong"), ("wrong", "half right")))
                self.assertEqual(learner == "right", right == asked)
                kept = [json.loads(line) for line in (self.here / f"{case}.{learner}" / "llwhy" / "teach.jsonl").read_text().splitlines()]
                self.assertEqual([k["case"] for k in kept], [case])
        for case in sorted({case for case, _ in held}):
            screens = {learner: held[case, learner].screen for learner in LEARNERS}
            with self.subTest(page=case):
                self.compare(PAGES / f"{case}.txt", page(case, screens))

    def compare(self, path, text):
        if BLESS:
            PAGES.mkdir(exist_ok=True)
            path.write_text(text)
        self.assertEqual(path.read_text(), text, f"{path}: read the difference, then teach.py LLWHY --bless")

    def test_every_lesson_has_two_cases_and_five_need_several(self):
        cases = self.cases()["cases"]
        lessons = {line.split()[1] for line in self.llwhy("lessons").stdout.splitlines() if re.match(r"[LC]\d", line)}
        self.assertGreaterEqual(len(lessons), 22)
        for lesson in lessons:
            self.assertGreaterEqual(sum(lesson in [c["lesson"], *c["also"]] for c in cases), 2, lesson)
        self.assertGreaterEqual(sum(bool(c["also"]) for c in cases), 5)

    def test_lines_and_orders_are_asked_for(self):
        kinds = re.findall(r"^    kind: (\S+)", "".join(p.read_text() for p in (runs.ROOT / "lessons/cases").glob("*.yaml")), re.M)
        for kind in ("line", "order"):
            self.assertGreaterEqual(kinds.count(kind), 6, kind)

    def test_every_misconception_is_somebodys(self):
        known = re.findall(r"^([a-z0-9-]+):$", (runs.ROOT / "lessons/misconceptions.yaml").read_text(), re.M)
        text = "".join(path.read_text() for path in (runs.ROOT / "lessons/cases").glob("*.yaml"))
        self.assertEqual([m for m in known if not re.search(rf"\b(is|mistake): {m}\b", text)], [])


def page(case, screens):
    """What is kept of a case: the right learner's sitting, and of the others what they said and what became of it."""
    whole = case in WHOLE
    parts = []
    for learner, screen in screens.items():
        title = {"right": "A right learner", "half": "A half-right learner", "wrong": "A wrong learner"}[learner]
        if learner != "right":
            screen = screen[screen.index("Committed.") if not whole else 0:]
        if learner != "right" or not whole:
            screen = re.sub(r"\nThe chain.*?(?=\nThe lesson\n)", "", screen, flags=re.S)
        if learner != "right":
            screen = re.sub(r"\nThe lesson\n.*?(?=\nWhat if\?)", "", screen, flags=re.S)
        parts.append(f"{title}\n{'=' * len(title)}\n\n{screen.strip()}\n")
    return "\n\n".join(parts)


class Boxes(Case):
    """Sittings without --batch are kept. Standard input is a file here, which is no terminal."""

    def type(self, *args, lines=(), day="2026-03-01"):
        seconds = int(time.mktime(time.strptime(day + " 12:00", "%Y-%m-%d %H:%M")))
        env = runs.environment(str(self.here), SOURCE_DATE_EPOCH=str(seconds), COLUMNS="110")
        return subprocess.run([PROGRAM, "teach", *args], input="".join(line + "\n" for line in lines), env=env, cwd=runs.ROOT, capture_output=True,
                              encoding="utf-8", timeout=60, check=False).stdout

    def card(self, case, **more):
        return next(c for c in self.cases(**more)["cases"] if c["id"] == case)

    RIGHT = ["448 MiB @3", "no @3", "c a b d @3", "-ub 512 @3", "1794 @3"]

    def test_a_right_case_comes_later_each_time(self):
        self.RIGHT[4] = f"{self.engine('05a')[4]['answer']} @3"
        day, boxes = "2026-03-01", []
        for _ in range(6):
            self.type("05a", lines=self.RIGHT, day=day)
            card = self.card("05a-372-mib-short")
            self.assertEqual(card["score"], "right")
            boxes.append((card["box"], card["due"]))
            day = card["due"]
        self.assertEqual(boxes, [(1, "2026-03-02"), (2, "2026-03-05"), (3, "2026-03-12"), (4, "2026-04-02"), (5, "2026-06-01"), (5, "2026-07-31")])

    def test_repeating_too_early_moves_nothing(self):
        self.RIGHT[4] = f"{self.engine('05a')[4]['answer']} @3"
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
        out = self.type("05a", lines=["no @4", "c a b d @4", "-ub 512 @4", "1794 @4"])
        self.assertIn("What you said so far: 1: 448 MiB.", out)
        self.assertNotIn("Question 1 of 4. The", out)
        self.assertRegex(out, r"Question 1: right\.")
        self.assertNotIn("Left in the middle", self.llwhy("teach").stdout)

    def test_again_begins_anew(self):
        out = self.type("05a", lines=["1 MiB @1", "again", "448 MiB @4", "no @4", "c a b d @4", "-ub 512 @4", "1794 @4"])
        self.assertIn("From the beginning, then.", out)
        self.assertRegex(out, r"Question 1: right\.")

    def test_confidence_is_asked_for(self):
        out = self.type("05a", lines=["448 MiB", "9", "4", "q"])
        self.assertEqual(out.count("How sure are you"), 2)

    def test_broken_state_loses_nothing_else(self):
        self.type("02a", lines=[a["answer"] + " @3" for a in self.engine("02a")])
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
        lines = [a["answer"] for c in cases for a in self.engine(c["id"])]
        out = self.llwhy("teach", "course", "--batch", self.answers(lines), code=0).stdout
        self.assertIn(f"Course: case 1 of {len(cases)}, about {minutes} minutes", out)
        self.assertIn(f"Course: {len(cases)} of {len(cases)} done.", out)

    def test_a_line_without_end_is_no_answer(self):
        done = self.sit(WHOLE[0], ["x" * (64 << 10) + "y"], code=2)
        self.assertIn("a line is longer than the 64 KiB of an answer", done.stderr)

    def test_drill(self):
        for case in WHOLE:
            sheet = self.llwhy("teach", "drill", case, code=0).stdout
            for part in ("Read aloud", "Let them commit", "The engine's answer", "Carry it over", "Before they leave"):
                self.assertIn(part, sheet, case)
            self.assertNotIn("..", sheet.replace("...", ""))

    def test_a_case_of_ones_own(self):
        compose = self.here / "compose.yaml"
        compose.write_text('services:\n  llama:\n    image: ghcr.io/ggml-org/llama.cpp:server-cuda-b8022\n    command: ["-m", "/models/glm-4.7-flash-q8_0.gguf", '
                           '"-c", "131072", "-ctk", "q8_0", "-ctv", "q8_0", "-ngl", "99", "--fit", "off", "-b", "2048", "-ub", "2048"]\n')
        answers = self.answers(["no", "5000 MiB", "41 GiB", "compose.yaml:4", "without -ngl --fit on --fit-target 512,1024 without -ub", "no"])
        done = json.loads(self.llwhy("teach", "--from", compose, *TWO, "--batch", answers, "--format", "json").stdout)
        self.assertEqual([(a["id"], a["score"]) for a in done["answers"]],
                         [("loads", "right"), ("compute", "right"), ("need", "right"), ("line", "right"), ("plan", "right"), ("twice", "right")])
        self.assertIn("b8022", self.llwhy("teach", "--from", compose, *TWO, "--batch", answers).stdout)
        done = self.llwhy("teach", "--from", compose, "--no-gpu", code=3)
        self.assertIn("--gpu TOTAL:FREE:NAME", done.stderr)
        compose.write_text(compose.read_text().replace("glm-4.7-flash-q8_0", "nobody-knows-it"))
        done = self.llwhy("teach", "--from", compose, *TWO, code=2)
        self.assertRegex(done.stderr, r"compose.yaml:2: the model /models/nobody-knows-it.gguf is not here: .* in models/ .* --model")
        self.assertIn("no such file", self.llwhy("teach", "--from", compose, *TWO, "--model", "nobody", code=2).stderr)
        self.assertIn("-c 131072", self.llwhy("teach", "--from", compose, *TWO, "--model", "glm-4.7-flash-q8_0", "--batch", answers).stdout)

    def test_a_case_of_a_model_that_nobody_knows(self):
        (self.here / "models").mkdir()
        tiny_gguf.write(self.here / "models" / "ours.gguf")
        unit = self.here / "docker-compose.yml"
        unit.write_text("services:\n  llama:\n    image: ghcr.io/ggml-org/llama.cpp:server-cuda-b8022\n    volumes: [./models:/models]\n"
                        "    environment:\n      LLAMA_ARG_UBATCH: 4096\n    command: -m /models/ours.gguf -c 8192 -b 4096\n")
        done = json.loads(self.llwhy("teach", "--from", unit, *TWO, "--batch", self.answers([]), "--format", "json").stdout)
        answers = {a["id"]: a for a in done["answers"]}
        self.assertEqual(answers["loads"]["answer"], "yes")
        self.assertEqual(answers["line"]["answer"].rsplit("/", 1)[-1], "docker-compose.yml:6")
        self.assertIn("gguf llama.block_count", [f["origin"] for f in done["facts"]])



if __name__ == "__main__":
    PROGRAM = str(pathlib.Path(sys.argv.pop(1)).resolve())
    if "--bless" in sys.argv:
        sys.argv.remove("--bless")
        BLESS = True
    unittest.main()
