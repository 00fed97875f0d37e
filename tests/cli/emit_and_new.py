#!/usr/bin/env python3
"""emit_and_new.py LLWHY: plans written out are clean when they are linted again; a new lesson starts with a failing test."""
import json, os, shlex, subprocess, sys, tempfile, unittest

LLWHY = os.path.abspath(sys.argv.pop(1))
MACHINE = ["--gpu", "24564:23671", "--gpu", "16303:12761", "--ram", "64205"]
ASKED = ["-c", "32768", "-ctk", "q8_0", "-ctv", "q8_0", "-ngl", "99", "-ub", "2048", "-b", "2048"]


def run(*args, cwd=None):
    env = dict(os.environ, XDG_STATE_HOME=tempfile.gettempdir(), XDG_CONFIG_HOME="/nonexistent", LC_ALL="C.UTF-8")
    return subprocess.run([LLWHY, *args], cwd=cwd, env=env, capture_output=True, text=True, timeout=120)


def emit(form):
    done = run("glm-4.7-flash-q8_0", *MACHINE, "--emit", form, "--", *ASKED)
    assert done.stdout, done.stderr
    return done.stdout


class Emit(unittest.TestCase):
    def lint(self, name, text):
        with tempfile.TemporaryDirectory() as place:
            with open(os.path.join(place, name), "w") as file:
                file.write(text)
            return json.loads(run("lint", place, *MACHINE, "--format", "json").stdout)

    def test_models_conf_is_clean_and_one_launch(self):
        text = emit("models.conf")
        self.assertIn("CTX_SIZE=32768", text)
        self.assertIn("N_GPU_LAYERS=auto", text)
        self.assertNotIn("2048 -ub", text)
        found = self.lint("models.conf", text)
        self.assertEqual((found["launches"], found["findings"], found["unread"]), (1, [], []))

    def test_every_form_says_why_and_from_what(self):
        for form, lead in (("models.conf", "# "), ("env", "# "), ("compose", "    # "), ("args", "# ")):
            text = emit(form)
            self.assertIn(lead + "source: ", text, form)
            self.assertIn("31,839,902,720 bytes", text, form)
            self.assertIn("[L07]", text, form)

    def test_compose_is_clean(self):
        text = "services:\n  llama:\n    image: ghcr.io/ggml-org/llama.cpp:server-cuda@sha256:" + "0" * 64 + "\n" + emit("compose")
        found = self.lint("docker-compose.yml", text)
        self.assertEqual((found["launches"], found["findings"]), (1, []))

    def test_args_are_what_the_decision_says(self):
        lines = [line for line in emit("args").splitlines() if not line.startswith("#")]
        words = shlex.split(" ".join(line.rstrip("\\") for line in lines))
        decision = json.loads(run("glm-4.7-flash-q8_0", *MACHINE, "--format", "json", "--", *ASKED).stdout)
        self.assertEqual(words[:3], ["llama-server", "-m", "glm-4.7-flash-q8_0.gguf"])
        self.assertEqual(words[3:], decision["choice"]["args"])

    def test_variables_are_llama_cpps_own(self):
        names = [line.split("=")[0] for line in emit("env").splitlines() if "=" in line and not line.startswith("#")]
        self.assertIn("LLAMA_ARG_CTX_SIZE", names)
        self.assertTrue(all(name.startswith("LLAMA_ARG_") for name in names), names)


class New(unittest.TestCase):
    def test_a_lesson_starts_with_a_failing_test(self):
        with tempfile.TemporaryDirectory() as place:
            done = run("new", "cache-in-f16", cwd=place)
            self.assertEqual(done.returncode, 0, done.stderr)
            rule = os.path.join(place, ".llwhy", "rules.d", "cache-in-f16.lua")
            self.assertTrue(os.path.exists(os.path.join(place, ".llwhy", "lessons", "cache-in-f16.md")))
            tested = run("test", "cache-in-f16", cwd=place)
            self.assertEqual(tested.returncode, 1)
            self.assertIn("2 passed, 1 failed", tested.stdout)
            with open(rule) as file:
                text = file.read()
            text = text.replace("launch { ubatch = 512 } },\n    silent", "launch { ubatch = 2048 } },\n    silent", 1)
            with open(rule, "w") as file:
                file.write(text)
            self.assertIn("3 passed, 0 failed", run("test", "cache-in-f16", cwd=place).stdout)
            again = run("new", "cache-in-f16", cwd=place)
            self.assertEqual(again.returncode, 3)
            self.assertIn("already", again.stderr)

    def test_an_id_is_checked(self):
        with tempfile.TemporaryDirectory() as place:
            for bad in ("../evil", "Upper", "", "a b"):
                self.assertEqual(run("new", bad, cwd=place).returncode, 3, bad)
            self.assertEqual(os.listdir(place), [])


if __name__ == "__main__":
    unittest.main(verbosity=1)
