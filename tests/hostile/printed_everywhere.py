#!/usr/bin/env python3
"""No command lets a hostile string through: printed_everywhere.py LLWHY

What printed_safely.py asks of decisions and lint, asked of all others: questions, the ledger, the gate, other machines, rules that a
project brought, cards and headers from a server, a server that is probed, logs, cases, and of messages of mcp.
"""
import http.server
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading

from nasty import NAME, NASTY, SECRET, complain, parses, runs
import gguf

GPU = ["--gpu", "24564:23671:" + NAME, "--ram", "64205:60000"]
FLAGS = ["--", "-ub", "4096", "--api-key", SECRET, "--alias", NASTY]
KNOWN = "llama-3.1-8b-q4_k_m"
OF_LOG = ["--no-gpu", "--llama", "v0.5.0", "--model", KNOWN]
LOG_NAME = NAME[:60] + ".log"
Q = json.dumps(NASTY)
LUA = '"' + "".join(f"\\{byte:03}" for byte in NASTY.encode() if byte < 0x80) + '"'  # as Lua writes it; braces are quantities
RULE = """lesson "%s" { claim = %s }
rule %s { level = "note", each = { l = "launch" }, when = { "l.ubatch > 0" }, find = %s }
"""
RECORD = f"""---
schema: llwhy.evidence/1
kind: load
id: 6222b5f5168135f7
date: {Q}
build: b8022
profile: {Q}
label: {Q}
source: {Q}
outcome: failed
failure: {Q}
flags: [-c, "8192", --api-key, {SECRET}, --alias, {Q}]
model: {{file: Llama-3.1-8B-Q4_K_M.gguf, architecture: {Q}}}
machine: {{name: {Q}, driver: {Q}, gpus: [{{name: {Q}, total: 24564.00 MiB}}]}}
tests: [{{prompt_tokens: 8391, answer_tokens: 0, passed: no, note: {Q}}}]
{Q}: {Q}
...
---
schema: llwhy.evidence/1
kind: {Q}
...
"""
PROJECT = f"""gpus: ["24564:23671:RTX 4090"]
ram: "64205"
llama: b8022
launches:
  - {{name: {Q}, model: {KNOWN}, args: [-c, "8192", --api-key, {SECRET}, --alias, {Q}]}}
{Q}: 1
"""
CASE = f"""lesson: 05-ub-is-not-b
title: {Q}
brief: {Q}
source: {Q}
minutes: 4
model: {KNOWN}
args: -c 8192
{Q}: 1
asks: [{{id: a, kind: number, question: {Q}, slot: launch.ctx, unit: tokens}}]
"""
LOG = f"""build: 8022 ({NASTY}) with {NASTY} for x
{NASTY}
llama_model_loader: loaded meta data with 3 key-value pairs and 1 tensors from {NASTY} (version GGUF V3 (latest))
print_info: general.name = {NASTY}
main: --api-key {SECRET}
llama_model_load: error loading model: {NASTY}
""".replace("\r\n", " ")


class Hostile(http.server.BaseHTTPRequestHandler):
    """Answers everything with names that are hostile, and with the key it was given."""

    def log_message(self, *args):
        pass

    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(length)
        path, status = self.path.split("?")[0], 200
        header = NASTY.encode("latin-1", "replace").replace(b"\r\n", b" ").replace(b"\n", b" ")
        if path in ("/props", "/v1/models", "/slots", "/health"):
            body = {"model_path": NASTY, "build_info": NASTY, "total_slots": 1, "default_generation_settings": {"n_ctx": 4096}, "status": "ok",
                    "data": [{"id": NASTY, "meta": {"n_ctx_train": 4096}}], "object": NASTY}
        elif path == "/tokenize":
            body = {"tokens": list(range(200))}
        elif "README" in path:
            body, status = f"---\nbase_model: {Q}\n---\n{NASTY}\n", 200
        else:
            body, status = {"error": {"code": 500, "message": NASTY + " " + (self.headers.get("Authorization") or "")}}, 500
        body = (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(status, header.decode("latin-1"))
        self.send_header("Content-Type", header.decode("latin-1"))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_HEAD = answer


def write(here):
    """A project in which everything that has a name has a hostile one."""
    (here / "m.gguf").write_bytes(gguf.model({"general.name": (gguf.STRING, NASTY), "general.basename": (gguf.STRING, NASTY)}))
    (here / "run.sh").write_text(f"llama-server -m m.gguf -ub 4096 -b 4096 --api-key {SECRET} --alias '{NAME}' --no-such-{NAME[-6:]}\n")
    (here / "server.log").write_text(LOG)
    (here / LOG_NAME).write_text(LOG)
    (here / "case.yaml").write_text(CASE)
    (here / "answers").write_text(NASTY + "\n8192 @4\n")
    (here / ".llwhy.yaml").write_text(PROJECT)
    (here / "boxes").mkdir()
    (here / "evidence").mkdir()
    (here / "evidence/desk.yaml").write_text(RECORD)
    (here / "evidence" / f"{NAME[:60]}.yaml").write_text(RECORD + NASTY)
    for folder in (".llwhy/rules.d", "rules/rules.d"):
        (here / folder).mkdir(parents=True)
        (here / folder / "90-ours.lua").write_text(RULE % ("90-ours", LUA, '"ours"', LUA))
        (here / folder / "91-ids.lua").write_text(RULE % ("91-ids", LUA, LUA, LUA))
        (here / folder / f"93-{NAME[:50]}.lua").write_text(RULE % ("90-ours", LUA, '"mine"', LUA))
        (here / folder / "92-broken.lua").write_text(NASTY)
    (here / "other/rules.d").mkdir(parents=True)
    for folder in ("rules", "other"):  # whole knowledge bases, for kb diff
        (here / folder / "models").symlink_to(runs.ROOT / "models")


def questions():
    """Command lines, and what is typed into them."""
    both = ("text", "json")
    for words in (["why", "1"], ["why", NASTY], ["why-not", NASTY], ["why-not", "131072 context"], ["what-if", "-ub", "256"], ["what-if", NASTY],
                  ["what-if", "--alias", NASTY], ["change", NASTY], ["change", "131072 context"], ["contrast", "now", "-ub 256"], ["contrast", NASTY, "now"]):
        yield from ([*words, "m.gguf", *GPU, "--format", f, *FLAGS] for f in both)
    for words in (["why", "run.sh:1"], ["evidence"], ["evidence", NASTY], ["gate", "--build", "b8115"], ["gate", "--build", NASTY],
                  ["gate", "--build", "b8022"], ["gate", "--build", "b8115", "run.sh"], ["doctor"], ["log", "server.log"], ["log", NASTY],
                  ["matrix", KNOWN, "m.gguf", NASTY, "boxes"], ["teach"], ["flags", NASTY], ["lint-rules", "--rules", "rules"],
                  ["kb", "diff", "rules", "other", "--facts", "boxes"], ["kb", "diff", NASTY],
                  [KNOWN, "--rules", "rules", *GPU], [KNOWN, *GPU], ["facts", "--facts", "boxes/a.json"], ["predict", "--facts", "boxes/a.json"]):
        yield from ([*words, "--format", f] for f in both)
    yield from ([[], ["trust"], [KNOWN, *GPU], ["trust", NASTY], ["test", "--rules", "rules"], ["new", NASTY], ["explain", NASTY], ["lesson", NASTY],
                 ["completion", NASTY], ["manual", NASTY], ["models"], ["verify", NASTY], ["verify", "http://127.0.0.1:1"], ["card", "m.gguf"],
                 ["teach", NASTY], ["teach", "--from", "run.sh", "--batch", "answers"], ["teach", "--from", NASTY], ["teach", "--from", "case.yaml"],
                 ["record", "log", "server.log", "--machine", NASTY, "--no-gpu"], ["record", "log", "server.log", "--machine", "d", *OF_LOG, *FLAGS],
                 ["record", "log", LOG_NAME, "--machine", "e", *OF_LOG], ["record", "log", LOG_NAME, "--machine", "d", *OF_LOG, *FLAGS],
                 ["record", "probe", "server.log"], ["record", "bench", "server.log"], ["record", NASTY, NASTY], ["evidence"], ["--no" + NASTY],
                 ["gate", "--build", "b8115", "--report", "report.md"]])
    yield ["ask", "m.gguf", *GPU, *FLAGS]
    yield ["m.gguf", *GPU]  # the last run, that these ask about
    yield from (words for words in (["why", "1"], ["why-not", "131072 context"], ["what-if", "-ub", "256"], ["change", "131072 context"],
                                    ["contrast", "now", "-ub 256"]))
    yield ["mcp"]


def typed(words):
    """What a command reads from its input."""
    if words[:1] == ["ask"]:
        return "\n".join(["why 1", "why " + NAME, "what-if --alias '" + NAME.replace("'", "") + "'", NAME, "why-not 131072 context", ""])
    if words[:1] != ["mcp"]:
        return None
    calls = [("decide", {"model": "m.gguf", "gpu": GPU[1:2], "flags": FLAGS[1:]}), ("decide", {"model": NASTY}), ("why", {"model": "m.gguf", "question": NASTY}),
             ("lint", {"path": "."}), (NASTY, {}), ("explain", {"code": NASTY}), ("decide", {NASTY: 1})]
    return "".join(json.dumps({"jsonrpc": "2.0", "id": NASTY, "method": "tools/call", "params": {"name": n, "arguments": a}}) + "\n" for n, a in calls) + \
        json.dumps({"id": 1, "method": NASTY}) + "\n" + NASTY.replace("\r\n", "") + "\n"


def run(program, words, here, key=SECRET):
    return subprocess.run([program, *words], cwd=here, env=runs.environment(str(here / "home"), LLAMA_API_KEY=key, HF_TOKEN=key), input=typed(words) or "",
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", timeout=runs.LIMIT_S, check=False)


def said(words, output):
    """What reaches whoever reads: mcp's texts are shown to people, its ids come back to the program that chose them."""
    if words[:1] != ["mcp"]:
        return output
    answers = [json.loads(line) for line in output.splitlines()]
    return output + "".join(part["text"] for a in answers for part in a.get("result", {}).get("content", []))


def look(program, words, here):
    try:
        done = run(program, words, here)
    except subprocess.TimeoutExpired:
        yield f"{words}: does not end"
        return
    form = words[words.index("--format") + 1] if "--format" in words else "text"
    what = " ".join(w for w in words if w.isascii() and w.isprintable() and SECRET not in w)[:80] + " " + form
    if done.returncode not in range(5):
        yield f"{what}: exit code {done.returncode}: {done.stderr[:300]}"
    yield from complain(what, said(words, done.stdout))
    yield from complain(what + " (stderr)", done.stderr)
    if done.stdout and done.returncode < 2:
        yield from parses(what, done.stdout)


def main(program):
    wrong, tried = [], 0
    with tempfile.TemporaryDirectory() as scratch:
        here = pathlib.Path(scratch)
        write(here)
        (here / "home").mkdir()
        for name in ("a", NAME[:60]):
            run(program, ["facts", KNOWN, *GPU, "--save", f"boxes/{name}.json", *FLAGS], here)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hostile)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        far = [[*words, "--private-network"] for words in
               (["card", "fetch", f"{url}/a/m.gguf"], [f"{url}/m.gguf", "--no-gpu"], ["predict", f"{url}/m.gguf", "--no-gpu"])]
        far += [["probe", url, "--no-gpu", "--limit", "5", "--format", f] for f in ("text", "json")]
        far += [["probe", f"{url}/{SECRET[:9]}", "run.sh", "--no-gpu", "--limit", "5"]]
        for words in [*questions(), *far]:
            tried += 1
            wrong += look(program, words, here)
        server.shutdown()
        written = here / "evidence/d.yaml"
        if not written.is_file() or "--api-key" not in written.read_text():
            wrong.append("no record with its flags was written: the ledger was not looked at")
        else:
            wrong += complain("the ledger", written.read_text())
        wrong += complain("the last run", (here / "home/llwhy/last.json").read_text())
    print("\n".join(wrong) or f"{tried} outputs are clean")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(os.path.abspath(sys.argv[1])))
