#!/usr/bin/env python3
"""What llwhy prints as JSON is what docs/json says: json_schemas.py LLWHY

Needs python3-jsonschema (scripts/check installs it); without it the test is skipped, exit code 77.
"""
import json
import pathlib
import sys
import tempfile
import unittest

import runs

try:
    import jsonschema
except ImportError:
    print("skipped: python3-jsonschema is not installed")
    sys.exit(77)

GLM, OSS, DENSE = "glm-4.7-flash-q8_0", "gpt-oss-120b-mxfp4", "qwen3.5-27b-q6_k"
TWO = ["--gpu", "24564:23671", "--gpu", "16303:12761", "--ram", "64205"]
INCIDENT = ["--", "-c", "131072", "-ctk", "q8_0", "-ctv", "q8_0", "-ngl", "99", "--fit", "off", "-b", "1024", "-ub", "1024",
            "-ts", "33,14"]
DRAFT = ["llama-3.1-8b-q4_k_m", "--gpu", "12282:8500", "--ram", "32000", "--", "-md", "llama-3.2-1b-q8_0", "-c", "24576", "--fit", "off", "-ngl", "99"]
LINT = "tests/fixtures/lint"
OUTPUTS = {
    "decision": [
        [GLM, *TWO, *INCIDENT],
        [GLM, *TWO],
        [OSS, *TWO, "--", "-c", "32768"],
        [DENSE, "--gpu", "12282:11500", "--ram", "64205", "--", "-c", "8192"],
        [DENSE, "--no-gpu", "--ram", "64205"],
        DRAFT,
        [GLM, *TWO, "--", "-c", "4096", "-ctk", "no-such-type"],
        ["--facts", "tests/cases/L04-facts/facts.json", "--", "-c", "10240"],
    ],
    "why": [[*what, GLM, *TWO, *INCIDENT] for what in (["why", "1"], ["why", "L05"], ["why", "L06"], ["why", "CUDA0.compute"], ["why", "-ub"],
                                                       ["why", "launch.loads"], ["why", "model.experts"])],
    "why-not": [["why-not", *what, GLM, *TWO, *INCIDENT] for what in (["L02"], ["L05"], ["L06"], ["262144 context"], ["-ub", "256"], ["-ctk", "q9"],
                                                                       ["all on the GPU"], ["-c", "131072"])],
    "what-if": [["what-if", *what, GLM, *TWO, *INCIDENT] for what in (["-ub", "256"], ["another 4090"], ["llama=v0.5.0"], ["model=q4_k_m"],
                                                                       ["ctk=q9"], ["CUDA1.free=unknown"], ["-dev", "CUDA0"])],
    "change": [["change", *what, GLM, *TWO, *INCIDENT] for what in ([], ["survives"], ["clears", "L05"], ["262144 context"])] +
              [["change", "loads", DENSE, "--no-gpu", "--ram", "64205"]],
    "contrast": [
        ["contrast", "now", "-ub 512", "--facts", "tests/cases/L04-facts/facts.json", "--", "-c", "10240"],
        ["contrast", "b8022", "v0.5.0", GLM, *TWO, *INCIDENT],
        ["contrast", GLM, "glm-4.7-flash-q4_k_m", *TWO, "--", "-c", "32768"],
    ],
    "predict": [
        ["predict", GLM, *TWO, *INCIDENT],
        ["predict", DENSE, "--no-gpu", "--ram", "64205"],
        ["predict", OSS, *TWO],
        ["predict", *DRAFT],
        ["predict", GLM, *TWO, "--", "-ctk", "no-such-type"],
    ],
    "fit": [
        ["fit", OSS, *TWO, "--", "-c", "32768"],
        ["fit", GLM, *TWO, *INCIDENT],
        ["fit", DENSE, "--gpu", "12282:11500", "--ram", "64205"],
        ["fit", DENSE, "--no-gpu", "--ram", "64205"],
    ],
    "lint": [["lint", LINT, *TWO, "--all"], ["lint", LINT + "/silent/others", "--no-gpu"]],
    "line": [["why", f"{LINT}/chain/mistake/{at}", "--no-gpu"] for at in ("Dockerfile:8", "docker-compose.yml:9", "models.conf:8")],
    "lint-rules": [["lint-rules"]],
    "facts": [["facts", GLM, *TWO, *INCIDENT], ["facts", DENSE, "--no-gpu"]],
}
PROGRAM = ""


def schema(name):
    return json.loads((runs.ROOT / f"docs/json/{name}.schema.json").read_text())


class Schemas(unittest.TestCase):
    def check(self, name):
        validator = jsonschema.Draft202012Validator(schema(name))
        for args in OUTPUTS[name]:
            with self.subTest(args=args):
                cut = args.index("--") if "--" in args else len(args)
                done = runs.llwhy(PROGRAM, *args[:cut], "--format", "json", *args[cut:])
                self.assertIn(done.returncode, (0, 1), done.stderr)
                found = runs.documents(done.stdout)
                self.assertTrue(found)
                for document in found:
                    wrong = ["/".join(map(str, e.absolute_path)) + ": " + e.message[:300] for e in validator.iter_errors(document)]
                    self.assertEqual(wrong, [])

    def test_schemas_are_schemas(self):
        for path in sorted((runs.ROOT / "docs/json").glob("*.schema.json")):
            with self.subTest(path=path.name):
                jsonschema.Draft202012Validator.check_schema(json.loads(path.read_text()))

    def test_decision(self):
        self.check("decision")

    def test_why(self):
        self.check("why")

    def test_questions(self):
        for name in ("why-not", "what-if", "change", "contrast"):
            self.check(name)

    def test_predict(self):
        self.check("predict")

    def test_fit(self):
        self.check("fit")

    def test_lint(self):
        self.check("lint")

    def test_line(self):
        self.check("line")

    def test_lint_rules(self):
        self.check("lint-rules")

    def test_facts(self):
        self.check("facts")

    def test_a_schema_refuses_what_is_wrong(self):
        """Otherwise all of the above would say nothing."""
        with tempfile.TemporaryDirectory() as home:
            document = json.loads(runs.llwhy(PROGRAM, GLM, *TWO, "--format", "json", home=home).stdout)
        validator = jsonschema.Draft202012Validator(schema("decision"))
        for key, value in (("verdict", "perhaps"), ("why", [{"n": 0}]), ("devices", [{}]), ("unheard-of", 1)):
            self.assertTrue(list(validator.iter_errors({**document, key: value})), key)


if __name__ == "__main__":
    PROGRAM = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main()
