#!/usr/bin/env python3
"""No secret is shown or kept, wherever it stands: secrets.py LLWHY

A secret of no known form stands behind every spelling of an option, in every grammar that lint quotes, in addresses, in the first line of
files that are no models, in logs and in the ledger. No output of any command has it, and no file that llwhy writes.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from nasty import runs

S = "Wombat9qKz3vTr7LmXp"
MODEL = "llama-3.1-8b-q4_k_m"
LINT = ("text", "gcc", "json", "jsonl", "sarif", "github", "gitlab", "junit", "checkstyle", "markdown")
DECIDE = ("text", "json", "html", "svg", "dot")
CARD = ["--gpu", "24564:23671:RTX 4090", "--ram", "64205:60000"]

# what stands behind llama-server: a secret, and beside it what lint has to say something about
WORDS = {
    "equals": f"--api-key={S} -c 12x", "misspelt": f"--apikey={S} -c 12x", "misspelt-word": f"--apikey {S} -c 12x", "dash": f"--apikey -{S} -c 12x",
    "unheard": f"--frobnicate={S} -c 12x", "several": f"--api-key k1,{S} -c 12x", "alias": f"-hft {S} -c 12x", "quoted": f"--api-key 'abc {S}' -c 12x",
    "apart": f"--api-key abc {S} -c 12x", "underscore": f"--api_key {S} -c 12x", "default": f"--api-key ${{K:-{S}}} -c 12x",
    "inside": f"--api-key $(echo {S}) -c 12x", "next-line": f"--api-key \\\n  {S} -c 12x", "address": f"-mu https://user:{S}@host/x.gguf -c 12x",
    "lost": f"-m https://{S}@h/x.gguf -m b.gguf -c 12x", "won": f"-m https://{S}@h/x.gguf -c 12x", "hub": f"-hf a/b -mu https://{S}@h/x -c 12x",
    "query": f"-mu https://h/x.gguf?token={S} -c 12x", "signed": f"-m https://h/x.gguf?X-Amz-Signature={S}&b=1 -m b.gguf -c 12x",
    "twice": f"--api-key {S} --api-key {S}2 -c 12x", "swallowed": f"-c --api-key {S}", "stray": f"-c 12x HF_TOKEN={S}",
}
FILES = {
    **{f"{name}/run.sh": f"llama-server -m a.gguf {words}\n" for name, words in WORDS.items()},
    "Dockerfile": f'FROM ghcr.io/ggml-org/llama.cpp:server\nENV HF_TOKEN {S}\nCMD ["-m","a.gguf","--api-key","{S}","-c","12x"]\n',
    "compose.yml": f'services:\n  a:\n    image: ghcr.io/ggml-org/llama.cpp:server\n    environment: {{LLAMA_API_KEYS: {S}, LLAMA_ARG_CTX_SIZE: 12x}}\n'
                   f'    command: ["-m","a.gguf","--api-key","{S}","-c","12x"]\n',
    "block/compose.yml": f"services:\n  a:\n    image: ghcr.io/ggml-org/llama.cpp:server\n    command: >\n      -m a.gguf --api-key\n      {S} -c 12x\n",
    "list/compose.yml": f"services:\n  a:\n    image: ghcr.io/ggml-org/llama.cpp:server\n    command:\n      - -m\n      - a.gguf\n      - --apikey={S}\n      - -c\n      - 12x\n",
    "start.py": f'import subprocess\nsubprocess.run(["llama-server", "-m", "a.gguf", "--api-key", "{S}", "-c", "12x"])\n',
    "header/run.sh": f"curl -H 'Authorization: Bearer {S}' http://h/x && llama-server -m a.gguf -c 12x\n",
    "before/run.sh": f"GITHUB_PAT={S} llama-server -m a.gguf -c 12x\n",
    "keys/run.sh": f"LLAMA_API_KEYS={S} llama-server -m a.gguf -c 12x\n",
    "models.conf": f"[a]\nmodel = a.gguf\nc = 12x\napikey = {S}\nhf-token = {S}\n",
    "llama.service": f"[Service]\nEnvironment=HF_TOKEN={S}\nExecStart=/usr/bin/llama-server -m a.gguf --apikey={S} -c 12x\n",
    "pod.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - name: a\n    image: ghcr.io/ggml-org/llama.cpp:server\n"
                f"    env:\n    - name: HF_TOKEN\n      value: {S}\n    - name: LLAMA_ARG_CTX_SIZE\n      value: 12x\n    args: [-m, a.gguf, --api-key, {S}, -c, 12x]\n",
    "Makefile": f"run:\n\tllama-server -m a.gguf --api-key {S} -c 12x\n",
    "secret.env": f"HF_TOKEN={S}\n",
    "shadow": f"root:${S}:1::\n",
    "json": f'{{"token": "{S}"}}\n',
    "latin": f"{S}\u00e9\n",
    "outside/run.sh": "llama-server -m ../secret.env -c 8192 -ngl 99\n",
    "fix/run.sh": f"# a\nllama-server -m a.gguf -b 512 -ub 2048 --no-such \\\n  --api-key {S}\n",
    "tail/run.sh": f"llama-server -m a.gguf \\\n  -b 512 -ub 2048 \\\n  -c 8192 \\\n  --alias x \\\n  --api-key {S}\n",
    "answers": "8192 @4\n",
    "fail.log": f"build: 8022 (abc) with x for y\nerror: invalid argument: --apikey={S}\n",
    "fail2.log": f"build: 8022 (abc) with x for y\nerror: invalid argument: --frob={S}\n",
}
CONFIG = f'gpus: ["24564:23671:RTX 4090"]\nram: "64205"\nlaunches:\n  - {{name: a, model: shadow}}\n'


def loaded_log():
    """A log of the tests that shows a load to its end."""
    logs = sorted((runs.ROOT / "tests/fixtures").rglob("*.log"))
    for path in logs:
        text = path.read_text(errors="replace")
        if "main: model loaded" in text or "server is listening" in text:
            yield path


class Look:
    def __init__(self, program, here):
        self.program, self.here, self.wrong, self.tried = program, here, [], 0
        self.home = here / "home"
        self.home.mkdir()

    def run(self, *words, cwd=None, typed=None):
        done = subprocess.run([self.program, *map(str, words)], cwd=cwd or self.here, env=runs.environment(str(self.home), LLAMA_API_KEY=S, HF_TOKEN=S),
                              input=typed or "", stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", timeout=runs.LIMIT_S, check=False)
        self.tried += 1
        for what, text in (("", done.stdout), (" (stderr)", done.stderr)):
            if S in text:
                at = text.index(S)
                self.wrong.append(f"{' '.join(map(str, words)).replace(S, 'S')[:110]}{what}: shows it: {text[max(0, at - 90):at]!r}")
        if done.returncode not in range(5):
            self.wrong.append(f"{words}: exit code {done.returncode}: {done.stderr[:200]}")
        return done

    def must(self, what, good):
        if not good:
            self.wrong.append(what)


def files(look):
    for name in FILES:
        path = look.here / name
        if name.endswith((".log", ".env", "shadow", "json", "latin", "answers")):
            continue
        for form in LINT:
            done = look.run("lint", path, "--format", form, "--all")
            if form == "json" and not name.startswith(("fix", "tail", "outside")):
                look.must(f"{name}: lint finds nothing, so it proves nothing: {done.stdout[:200]}", json.loads(done.stdout).get("findings"))
        look.run("lint", path, "--diff")
        for line in range(1, FILES[name].count("\n") + 1):
            for form in ("text", "json"):
                look.run("why", f"{path}:{line}", "--format", form)
        look.run("teach", "--from", path, "--batch", look.here / "answers")
        look.run("lint", path, "--write-baseline", look.here / "baseline.json")
        look.run("calibrate", path)
        look.run("mcp", typed=json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "lint", "arguments": {"path": name}}}) + "\n")
        look.run("gate", "--build", "b8115", path)


def launches(look):
    import shlex
    for name, text in WORDS.items():
        words = shlex.split(text.replace("\\\n", " "))
        for form in DECIDE:
            look.run(MODEL, *CARD, "--format", form, "--", *words)
        saved = look.here / f"{name}.json"
        look.run("facts", MODEL, *CARD, "--save", saved, "--", *words)
        look.must(f"{name}: no facts were saved", saved.is_file())
        look.run("predict", MODEL, *CARD, "--", *words)
        look.run("why", "1", "--", *words)
        look.run("what-if", *words)
        look.run("mcp", typed=json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
            "name": "decide", "arguments": {"model": MODEL, "gpu": CARD[1:2], "flags": words}}}) + "\n")


def no_models(look):
    """The first line of a file is nobody's business."""
    for name in ("secret.env", "shadow", "json", "latin"):
        done = look.run(name, "--no-gpu")
        look.must(f"{name}: is not called what it is: {done.stderr}", "JSON" in done.stderr if name == "json" else "is a text file, not a GGUF file" in done.stderr)
        for words in (["facts", "--facts", name], ["card", name], ["log", name], ["record", "log", name], ["record", "bench", name], ["record", "run", name],
                      ["record", "probe", name], ["teach", "--from", name], ["evidence", name], ["matrix", MODEL, name], ["verify", "1", "--log", name],
                      [MODEL, *CARD, "--log", name], [MODEL, *CARD, "--card", name], ["gate", "--build", "b8115", name], ["lint", name],
                      [MODEL, *CARD, "--", "--mmproj", name], ["lint-rules", "--rules", name], ["kb", "diff", name, name]):
            look.run(*words)
        look.run("mcp", typed=json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
            "name": "decide", "arguments": {"model": str(look.here / name)}}}) + "\n")
    look.run("lint", "outside", "--format", "json")
    (look.here / ".llwhy.yaml").write_text(CONFIG)
    look.run(cwd=look.here)
    (look.here / ".llwhy.yaml").unlink()


def addresses(look):
    for words in (["verify", f"http://u:{S}@127.0.0.1:1/", MODEL], ["verify", f"http://u:{S}@127.0.0.1:1", MODEL, "--format", "json"],
                  ["probe", f"http://u:{S}@127.0.0.1:1/", "--no-gpu"], [f"http://u:{S}@127.0.0.1:1/m.gguf", "--no-gpu"],
                  ["card", "fetch", f"http://u:{S}@127.0.0.1:1/m.gguf"], [f"https://u:{S}@127.0.0.1:1/m.gguf", "--no-gpu", "--confine"],
                  ["verify", f"u:{S}@127.0.0.1:1", MODEL], [f"http://127.0.0.1:1/m.gguf?token={S}", "--no-gpu", "--private-network"],
                  ["probe", f"http://u:{S}@127.0.0.1:1/", "--no-gpu", "--record", "probe.yaml"], [f"--apikey={S}"], [MODEL, f"--hf-token={S}"], ["lint", f"--gpux={S}"], ["predict", f"http://{S}@127.0.0.1:1/m.gguf", "--no-gpu", "--private-network"]):
        look.run(*words)


def ledger(look):
    log, more = str(next(iter(loaded_log()))), ["--machine", "d", "--no-gpu", "--llama", "v0.5.0", "--model", MODEL, "--"]
    for words in (["--api-key", S], ["--hf-token", S], ["-hft", S], [f"--apikey={S}"], [f"--frob={S}"], ["-mu", f"https://u:{S}@h/x"]):
        done = look.run("record", "log", log, *more, "-c", "8192", *words)
        look.must(f"record log {words[0][:9]}: nothing was recorded: {done.stderr}", done.returncode == 0)
    for name in ("fail.log", "fail2.log"):
        look.run("log", name)
        look.run("log", name, "--format", "json")
        look.run("record", "log", name, *more, "-c", "1")
    kept = look.here / "evidence/d.yaml"
    look.must("no ledger was written", kept.is_file() and kept.read_text().count("kind: log") >= 8 and "failure: " in kept.read_text())
    if kept.is_file():
        first = kept.read_text().split("\nid: ")[1].split()[0]
        done = look.run("record", "correction", first, "--because", "x", "--", "--api-key", S)
        look.must(f"no correction was recorded: {done.stderr}", "kind: correction" in kept.read_text())
        kept.write_text(kept.read_text().replace("(secret)", S, 1))  # written by hand, or by an older llwhy
        look.must("the ledger has no secret to hide", S in kept.read_text())
        look.run("evidence")
        look.run("evidence", "--format", "json")
        look.run(MODEL, *CARD)
        kept.unlink()


def main(program):
    with tempfile.TemporaryDirectory() as scratch:
        here = pathlib.Path(scratch)
        for name, text in FILES.items():
            (here / name).parent.mkdir(parents=True, exist_ok=True)
            (here / name).write_text(text)
        look = Look(program, here)
        for part in (ledger, addresses, no_models, launches, files):
            part(look)
        known = {here / name for name in FILES}
        for path in here.rglob("*"):
            if path.is_file() and path not in known and S.encode() in path.read_bytes():
                look.wrong.append(f"{path.relative_to(here)} keeps it")
    print("\n".join(look.wrong) or f"{look.tried} runs show and keep no secret")
    return 1 if look.wrong else 0


if __name__ == "__main__":
    sys.exit(main(os.path.abspath(sys.argv[1])))
