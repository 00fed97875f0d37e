#!/usr/bin/env python3
"""Every known model on four machines: models_decided.py LLWHY

Each gets a decision with a verdict, and its facts are those that its makers publish (tests/fixtures/models.tsv). One run of llwhy
for each machine: a project whose launches are all the models.
"""
import pathlib
import re
import sys
import tempfile
import unittest

import runs

MACHINES = {
    "24 GB": ["--gpu", "24564:23671", "--ram", "64205"],
    "24 + 16 GB": ["--gpu", "24564:23671", "--gpu", "16303:12761", "--ram", "64205"],
    "12 GB": ["--gpu", "12282:11500", "--ram", "64205"],
    "no GPU": ["--no-gpu", "--ram", "64205"],
}
EXACT = {"architecture": "architecture", "experts": "experts", "used": "experts_used", "shared": "experts_shared", "layers": "layers",
         "heads": "heads", "kv_heads": "kv_heads", "attention": "attention", "window": "sliding_window", "context": "context_length",
         "quantization": "quantization"}
NAMED_VERDICTS = {"loads", "likely-loads", "likely-fails", "fails", "refused"}
PROGRAM = ""
CODES = {re.sub(r"^(\d\d)$", r"L\1", p.name.split("-")[0]) for p in (runs.ROOT / "rules.d").glob("*-*.lua")}


def published():
    lines = (runs.ROOT / "tests/fixtures/models.tsv").read_text().splitlines()
    head = next(line for line in lines if line.startswith("# model\t"))[2:].split("\t")
    head[head.index("±%")] = "total ±%"
    head[head.index("±%")] = "active ±%"
    return {line.split("\t")[0]: dict(zip(head, line.split("\t"))) for line in lines if not line.startswith("#")}


class Decided(unittest.TestCase):
    models = sorted(p.stem for p in (runs.ROOT / "models/known").glob("*.yaml"))
    decided = {}  # by machine, each asked once

    def decisions(self, machine):
        if machine not in self.decided:
            self.decided[machine] = self.decide(machine)
        return self.decided[machine]

    def decide(self, machine):
        with tempfile.TemporaryDirectory() as project:
            launches = "".join(f"  - model: {name}\n" for name in self.models)
            (pathlib.Path(project) / ".llwhy.yaml").write_text("launches:\n" + launches)
            done = runs.llwhy(PROGRAM, *MACHINES[machine], "--format", "json", cwd=project)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        found = {d["model"]["id"]: d for d in runs.documents(done.stdout)}
        self.assertEqual(sorted(found), self.models)
        return found

    def test_every_machine(self):
        for machine in MACHINES:
            for name, d in self.decisions(machine).items():
                with self.subTest(machine=machine, model=name):
                    self.assertIn(d["verdict"], NAMED_VERDICTS)
                    self.assertTrue(d["verdict_text"].strip())
                    self.assertTrue(d["why"], "a decision has a reason")
                    self.assertEqual({l["code"] for l in d["lessons"]}, CODES)
                    gpus = [v for v in d["devices"] if v["name"] != "Host"]
                    self.assertEqual(len(gpus), MACHINES[machine].count("--gpu"))
                    if d["verdict"] == "loads":
                        for device in gpus:
                            self.assertGreaterEqual(device["left"], 0)

    def test_what_is_published(self):
        table = published()
        self.assertEqual(sorted(table), self.models)
        for name, d in self.decisions("24 + 16 GB").items():
            row, facts = table[name], d["model"]
            with self.subTest(model=name):
                for column, attribute in EXACT.items():
                    if row[column] != "-":
                        self.assertEqual(str(facts[attribute]), row[column], attribute)
                self.assertEqual("yes" if facts["moe"] else "no", row["moe"])
                if row["lead"] != "-":
                    self.assertEqual(facts["dense_layers"], int(row["lead"]))
                    self.assertEqual(facts["moe_layers"], facts["layers"] - int(row["lead"]))
                for column, attribute in (("total", "params"), ("active", "params_active")):
                    if row[column] != "-":
                        want, percent = float(row[column]) * 1e9, float(row[column + " ±%"])
                        self.assertAlmostEqual(facts[attribute], want, delta=want * percent / 100, msg=attribute)
                if row["GB"] != "-":
                    want = round(float(row["GB"]) * 1e9)
                    exact = len(row["GB"].partition(".")[2]) == 9
                    self.assertAlmostEqual(facts["file_bytes"], want, delta=0 if exact else want / 100)


if __name__ == "__main__":
    PROGRAM = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main()
