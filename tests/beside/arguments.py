#!/usr/bin/env python3
"""arguments.py FLAGS ORACLE [COUNT [SEED]]: made command lines and environments, read by llama.cpp v0.5.0's own parser and by llwhy.

Options come from models/flags.tsv, of every program and build; values are good, bad and odd ones. Both must refuse the same lines, and
come to the same values where neither does. ORACLE is what tests/oracle/setup.sh made; without it the exit code is 77."""
import json
import os
import pathlib
import random
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
FLAGS, ORACLE = sys.argv[1], pathlib.Path(sys.argv[2])
COUNT, SEED = int((sys.argv[3:] or [1500])[0]), int((sys.argv[4:] or [1])[0])
# Options that read a file, ask the network or a GPU, or print and end.
LEFT_OUT = ("file", "path", "url", "hf", "docker", "lora", "control-vector", "rpc", "preset", "models-dir", "offline", "device", "-dev", "log", "verbos",
            "completion", "grammar", "schema", "default", "tools", "ssl", "api-key", "media", "cache-list", "help", "version", "license", "usage", "list-devices", "mmproj-url", "config", "-jf", "-sm", "ui-", "webui", "template", "cpu-mask", "cpu-range", "-C", "spec-synth", "kv-unified-per-slot")
LOAD_MODES = {-1: "auto", 0: "none", 1: "mmap", 2: "mlock", 3: "mmap+mlock", 4: "dio"}
POOLING = {-1: "", 0: "none", 1: "mean", 2: "cls", 3: "last", 4: "rank"}


def rows():
    lines = [line for line in (HERE.parent.parent / "models/flags.tsv").read_text().splitlines() if not line.startswith("#")]
    head = lines[0].split("\t")
    for line in lines[1:]:
        row = dict(zip(head, line.split("\t") + [""] * len(head)))
        row["names"], row["negative"] = row["flags"].split(), row["neg_flags"].split()
        if not any(bad in name for name in row["names"] for bad in LEFT_OUT):
            yield row


class Maker:
    def __init__(self, r, table):
        self.r, self.table = r, table

    def number(self):
        if self.r.random() < 0.7:
            return self.r.choice(["0", "1", "2", "3", "8", "64", "512", "4096", "-1"])
        return self.r.choice(["0", "1", "2", "4", "8", "16", "99", "512", "2048", "4096", "131072", "-1", "-2", "4k", "", "x", "1.5", "+3", " 7", "0x10", "99999999999", "2147483648", "18446744073709551615", "99999999999999999999", "-5", "08", "1e3"])

    def value(self, row):
        kind, r = row["kind"].rstrip("*"), self.r
        if kind.startswith("int") or kind in ("layers", "long"):
            return r.choice(["auto", "all", "ALL", "-3"]) if kind == "layers" and r.random() < 0.3 else self.number()
        if kind.startswith("real"):
            return r.choice(["0.5", "1", "", "x", "1e2", ".5", "nan", "-1", "0,5"])
        if kind in ("onoff", "onoffauto", "bit"):
            return r.choice(["on", "off", "auto", "1", "0", "true", "false", "enabled", "disabled", "True", "ON", "yes", "", "-1", "2"])
        if kind == "cache":
            return r.choice(["f16", "q8_0", "q4_0", "bf16", "f32", "Q8_0", "q5_1", "iq4_nl", "q4_1", "q5_0", "q6_K", "fp16", "", "q8"])
        if kind == "floats":
            return r.choice(["1,1", "3/1", "0.5,0.5", "1", "", "a,b", "3,,1", "1,1,1,1,1"])
        if kind == "mibs":
            return r.choice(["1024", "512,2048", "0", "x", "", "1024,", "512/256"])
        if kind.startswith("choice"):
            words = kind.partition(":")[2].split(",")
            return r.choice(words + [",".join(r.sample(words, 2)), "", "x", "NONE"])
        if kind == "overrides":
            return r.choice(["exps=CPU", "a=CPU,b=CPU", "exps", "", "=CPU", "x=CPU,"])
        if kind == "kv":
            return r.choice(["a.b=int:4", "a=str:x", "a=bool:true", "a=bool:1", "a=bool:truex", "a=int:1,b=bool:false", "a=int:1,b", "a=str:" + "x" * 128, "k" * 128 + "=int:1", "a=4", "a", "", "a=float:x", "a=flt:1"])
        return r.choice(["text", "a b", "", "-c", "1"])

    def option(self):
        r, row = self.r, self.r.choice(self.table)
        if r.random() < 0.7: # one that this program and build take
            row = r.choice([x for x in self.table if not x["until"] and x["kind"] not in ("removed", "exit") and {"all", "server"} & set(x["programs"].split(","))])
        name = r.choice(row["names"] + row["negative"])
        if r.random() < 0.05:
            name = name.replace("-", "_").replace("__", "--", 1) if name.startswith("--") else name
        if r.random() < 0.02:
            name = r.choice([name + "x", name.upper(), "-" + name, "--bogus", "word", "-", "--"])
        takes = row["kind"].rstrip("*") not in ("flag", "switch", "removed", "exit") and name not in row["negative"]
        if r.random() < 0.03:
            takes = not takes
        words = [name] + ([self.value(row)] if takes else []) + ([self.value(row)] if takes and row["kind"] == "pair" else [])
        if r.random() < 0.02 and takes:
            words = ["=".join(words)]
        return words

    def variable(self):
        row = self.r.choice([row for row in self.table if row["env"]])
        name = self.r.choice([row["env"]] * 3 + ([row["neg_env"]] if row["neg_env"] else []))
        if self.r.random() < 0.05:
            name = self.r.choice([name + "S", name.replace("LLAMA_ARG", "LLAMA"), "LLAMA_ARG_NO_" + name[10:]])
        plain = row["kind"] in ("flag", "switch")
        value = self.r.choice(["1", "0", "true", "false", "on", "off", "", "True", "yes", "enabled"]) if plain else self.value(row)
        return f"{name}={value}"

    def line(self):
        r = self.r
        env = {v.partition("=")[0]: v for v in (self.variable() for _ in range(r.choice([0, 0, 1, 2])))}
        words = [w for _ in range(r.choice([1, 1, 2, 2, 3])) for w in self.option()]
        return "\t".join([*env.values(), "--", "-m", "x.gguf", *words])


def numbers(text, n, fill):
    """"3,1" and "3/1" as llama.cpp fills a list with them."""
    parts = [float(p) for p in text.replace("/", ",").split(",") if p]
    return (parts * n if fill and len(parts) == 1 else parts + [fill] * (n - len(parts)))[:n]


def differences(theirs, ours):
    if "error" in theirs or not ours:
        return [] if "error" in theirs and not ours else [f"llama.cpp ends: {theirs['error']}" if ours else "llwhy says that llama.cpp ends"]
    out = []
    want = dict(theirs, load_mode=LOAD_MODES.get(theirs["load_mode"], theirs["load_mode"]), pooling=POOLING.get(theirs["pooling"], theirs["pooling"]))
    for key, value in want.items():
        mine = {"no_host": 0, "draft_max": 3}.get(key) if ours[key] is None else ours[key]
        if key == "tensor_split":
            mine = numbers(mine, 4, 0)
        elif key == "fit_target":
            mine = numbers(mine, 3, 1024)
        elif key == "mmproj":
            mine = int(bool(mine))
        elif key == "gpu_layers" and value < -1:
            value = -2
        elif key == "kv_unified" and mine == 1 and ours["parallel"] < 0:
            mine = value # four slots in one cache: what the server makes of an unset -np
        elif key in ("ctx", "batch", "ubatch", "fit_ctx") and value < 0:
            value &= 0xffffffff # llama_context_params holds them unsigned
        if isinstance(value, list):
            same = mine is not None and len(mine) == len(value) and all(abs(a - b) < 1e-4 * max(1, abs(a)) for a, b in zip(mine, value))
        else:
            same = mine == value
        if not same:
            out.append(f"{key}: llama.cpp {value}, llwhy {mine}")
    return out


def main():
    parser = ORACLE / "bin/arguments"
    if not (ORACLE / "bin/libllama-common.so").exists():
        print("skipped: llama.cpp's libraries are not in", ORACLE, "(tests/oracle/setup.sh)")
        return 77
    source = HERE / "arguments.cpp"
    if not parser.exists() or parser.stat().st_mtime < source.stat().st_mtime:
        at = str(ORACLE)
        subprocess.run(["g++", "-std=c++17", "-O1", "-w", *(f"-I{at}/src/{p}" for p in ("include", "common", "ggml/include", "vendor", ".")), str(source),
                        *(f"{at}/bin/{n}.so" for n in ("libllama-common", "libllama.v0.5.0", "libggml.v0.5.0", "libggml-base")),
                        "-Wl,-rpath," + os.path.realpath(f"{at}/bin"), "-Wl,--allow-shlib-undefined", "-lpthread", "-ldl", "-o", str(parser)], check=True)
    r = random.Random(SEED)
    maker = Maker(r, list(rows()))
    lines = [maker.line() for _ in range(COUNT)]
    env = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
    text = "\n".join(lines) + "\n"
    theirs = subprocess.run([str(parser)], input=text, capture_output=True, text=True, check=True, env=env).stdout.splitlines()
    ours = subprocess.run([FLAGS], input=text, capture_output=True, text=True, check=True, env=env).stdout.splitlines()
    wrong = refused = 0
    for line, a, b in zip(lines, theirs, ours):
        a, b = json.loads(a), json.loads(b)
        refused += "error" in a
        found = differences(a, {k: v for k, v in b.items()} if b else {})
        wrong += bool(found)
        if found and wrong <= 400:
            print(line.replace("\t", " | ").replace("-m | x.gguf | ", ""), *found, sep="\n    ")
    print(f"{len(lines)} command lines, {refused} of them refused by llama.cpp; {wrong} with a difference")
    return wrong > 0 or len(theirs) != len(lines) or len(ours) != len(lines)


sys.exit(main())
