#!/usr/bin/env python3
"""offers.py LLWHY: what is offered as a command is the launch as it was, changed only where it says so, and starts."""
import json, os, re, shlex, subprocess, sys, tempfile, unittest

LLWHY = os.path.abspath(sys.argv.pop(1))
ONE = ["--gpu", "24564:23671", "--ram", "64205"]
TWO = ["--gpu", "24564:23671", "--gpu", "16303:12761", "--ram", "64205"]
LAUNCHES = [  # model, machine, build, flags
    ("llama-3.1-8b-q4_k_m", ONE, "v0.5.0", "-c 8192 --rope-scaling yarn --rope-scale 2 -ub 1024"),
    ("llama-3.1-8b-q4_k_m", ONE, "b6301", "-c 131072 -fa"),
    ("llama-3.1-8b-q4_k_m", ONE, "b6301", "-c 8192 -ngl 20 --no-mmap --mlock"),
    ("llama-3.1-8b-q4_k_m", ONE, "b8022", "-c 8192 -fa on --no-mmap -ub 1024 --threads 8 -np 2"),
    ("llama-3.1-8b-q4_k_m", TWO, "v0.5.0", "-ub 2048 -b 2048 --override-kv llama.context_length=int:8192 -lm none"),
    ("llama-3.1-8b-q4_k_m", TWO, "v0.5.0", "-ngl 10 -c 0 --fit off --ctx_size 4096 --embedding --pooling mean"),
    ("glm-4.7-flash-q8_0", ONE, "v0.5.0", "--lora l.gguf --jinja --port 9000 --alias foo -c 8192"),
    ("glm-4.7-flash-q8_0", TWO, "b8022", "--host 0.0.0.0 -c 131072 -ctk q8_0 -ctv q8_0 -ngl 99 --fit off -ub 1024 "
     "-ot blk\\.[0-9]\\.=CUDA0,blk\\.[1-4][0-9]\\.=CUDA1 --control-vector cv.gguf --chat-template-file t.jinja"),
    ("glm-4.7-flash-q8_0", TWO, "b6301", "-c 32768 -ncmoe 20 -ngl 99 -fa --temp 0.7"),
    ("glm-4.7-flash-q8_0", TWO, "v0.5.0", "-cmoe -c 65536 --lora-scaled a.gguf:0.5,b.gguf:1 --cache-reuse 256"),
]


def run(*args, cwd=None):
    env = dict(os.environ, XDG_STATE_HOME=tempfile.gettempdir(), XDG_CONFIG_HOME="/nonexistent", LC_ALL="C.UTF-8")
    return subprocess.run([LLWHY, *args], cwd=cwd, env=env, capture_output=True, text=True, timeout=120)


def decide(model, machine, build, flags):
    done = run(model, *machine, "--llama", build, "--format", "json", "--", *flags)
    return json.loads(done.stdout)


def options(flags):
    """The options of a command line, each with its values."""
    found = []
    for word in flags.replace("--ctx_size", "--ctx-size").split():
        if word.startswith("-") and not word[1:].isdigit():
            found.append([word])
        else:
            found[-1].append(word)
    return found


class Offers(unittest.TestCase):
    def test_every_offer_starts(self):
        for model, machine, build, flags in LAUNCHES:
            with self.subTest(flags=flags, build=build):
                d = decide(model, machine, build, flags.split())
                for offer in (d["choice"], d["repair"]):
                    if not offer:
                        continue
                    words = offer["args"]
                    if offer is d["repair"]:  # an addition to the launch
                        words = flags.split() + shlex.split(re.sub("(, |^)without .*", "", offer["command"]))
                    again = decide(model, machine, build, words)
                    self.assertNotEqual(again["verdict"], "refused", (offer["args"], again["verdict_text"]))

    def test_what_is_not_told_to_change_is_there_as_given_in_order(self):
        for model, machine, build, flags in LAUNCHES:
            with self.subTest(flags=flags, build=build):
                d = decide(model, machine, build, flags.split())
                if not d["choice"]:
                    continue
                told = " ".join([c["flag"] for c in d["choice"]["changes"]] + d["choice"]["asides"])
                offered, at = options(" ".join(d["choice"]["args"])), 0
                for option in options(flags):
                    if option in offered[at:]:
                        at += offered[at:].index(option) + 1
                    else:
                        self.assertIn(option[0].lstrip("-"), told, offered)

    def test_values_are_printed_as_given(self):
        d = decide(*LAUNCHES[0][:3], LAUNCHES[0][3].split())
        self.assertEqual(d["choice"]["args"], "-c 8192 --rope-scaling yarn --rope-scale 2".split())
        d = decide(*LAUNCHES[1][:3], LAUNCHES[1][3].split())
        self.assertEqual(d["choice"]["args"][:3], ["-c", "131072", "-fa"])
        self.assertNotIn("on", d["choice"]["args"])

    def test_forms_keep_the_other_flags(self):
        model, machine, build, flags = LAUNCHES[6]
        for form in ("compose", "args", "models.conf", "env"):
            text = run(model, *machine, "--llama", build, "--emit", form, "--", *flags.split()).stdout
            for word in ("l.gguf", "9000", "foo", "8192"):
                self.assertIn(word, text, form)

    def test_awkward_words_stay_whole(self):
        template = "it's {{ x }}  a\nb"
        flags = ["-c", "8192", "-ub", "1024", "--chat-template", template]
        d = decide("llama-3.1-8b-q4_k_m", ONE, "v0.5.0", flags)
        self.assertIn(template, d["choice"]["args"])
        shown = subprocess.run(["bash", "-c", "printf '%s\\0' " + d["choice"]["command"]], capture_output=True, text=True)
        self.assertIn(template, shown.stdout.split("\0"))
        text = run("llama-3.1-8b-q4_k_m", *ONE, "--emit", "args", "--", *flags).stdout
        shown = subprocess.run(["bash", "-c", "llama-server() { printf '%s\\0' \"$@\"; }\n" + text], capture_output=True, text=True)
        self.assertIn(template, shown.stdout.split("\0"))
        text = run("llama-3.1-8b-q4_k_m", *ONE, "--emit", "models.conf", "--", *flags).stdout
        self.assertIn("# not repeated here", text)
        self.assertNotIn("EXTRA_ARGS=--chat-template", text)

    def test_a_secret_is_not_repeated_and_that_is_said(self):
        flags = ["-c", "8192", "-ub", "1024", "--api-key", "topsecret9"]
        for form in ("text", "json", "html"):
            text = run("llama-3.1-8b-q4_k_m", *ONE, "--format", form, "--", *flags).stdout
            self.assertNotIn("topsecret9", text)
            self.assertIn("the secret behind --api-key", " ".join(re.sub("<[^>]*>", "", text).split()))
        text = run("llama-3.1-8b-q4_k_m", *ONE, "--emit", "args", "--", *flags).stdout
        self.assertNotIn("topsecret9", text)
        self.assertIn("--api-key '(secret)'", text)

    def test_the_loser_of_two_is_told(self):
        d = decide("llama-3.1-8b-q4_k_m", ONE, "v0.5.0", "-c 8192 -ub 1024 --threads 4 --threads 8".split())
        self.assertEqual(d["choice"]["args"], ["-c", "8192", "--threads", "8"])
        self.assertIn("--threads 4, which --threads 8 replaces", d["choice"]["asides"][0])

    def test_saved_facts_keep_the_words(self):
        with tempfile.TemporaryDirectory() as place:
            path = os.path.join(place, "box.json")
            run("llama-3.1-8b-q4_k_m", *ONE, "--save", path, "--", *"-c 8192 -ub 1024 --port 9000".split())
            again = json.loads(run("--facts", path, "--format", "json").stdout)
            self.assertEqual(again["choice"]["args"], ["-c", "8192", "--port", "9000"])


if __name__ == "__main__":
    unittest.main(verbosity=1)
