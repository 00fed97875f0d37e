#!/usr/bin/env python3
"""Models far away: headers read from a local server with ranges and without, through redirects, truncation and lies; caches;
the table of a repository's quantisations: remote.py LLWHY

The server counts every byte that it sends of a body.
"""
import http.server
import json
import pathlib
import struct
import subprocess
import sys
import tempfile
import threading
import unittest

import runs
import tiny_gguf as tiny

PROGRAM = ""
VOCABULARY = 70000
REPO = "maker/Tiny-GGUF"
TOKEN = "hf_secretsecret"
ARRAY, STRING = 9, 8


def tokens(count):
    words = b"".join(tiny.text(f"token{i:x}") for i in range(count))
    return tiny.text("tokenizer.ggml.tokens") + struct.pack("<IIQ", ARRAY, STRING, count) + words


def merges(count):
    words = b"".join(tiny.text(f"to{i:x} ken") for i in range(count))
    return tiny.text("tokenizer.ggml.merges") + struct.pack("<IIQ", ARRAY, STRING, count) + words


def model(kind=0, of=1, number=0):
    """Header and size of a whole model whose vocabulary is most of its header; kind is the type of its matrices (8: Q8_0)."""
    def bytes_of(dims, t):
        return tiny.size(dims) // 4 * 34 // 32 if t == 8 else tiny.size(dims)
    wide = (tiny.WIDTH, VOCABULARY)
    whole = [(n, wide if dims == (tiny.WIDTH, tiny.VOCABULARY) else dims) for n, dims in tiny.tensors()]
    mine = whole[number::of]
    keys = [tiny.pair("general.architecture", STRING, "llama"), tiny.pair("general.name", STRING, "Tiny"),
            tiny.pair("llama.block_count", tiny.U32, 1), tiny.pair("llama.context_length", tiny.U32, 32768),
            tiny.pair("llama.embedding_length", tiny.U32, tiny.WIDTH), tiny.pair("llama.feed_forward_length", tiny.U32, 2 * tiny.WIDTH),
            tiny.pair("llama.attention.head_count", tiny.U32, 4), tiny.pair("general.file_type", tiny.U32, 7 if kind == 8 else 0),
            tiny.pair("llama.attention.layer_norm_rms_epsilon", tiny.REAL, 1e-5), tiny.pair("tokenizer.ggml.model", STRING, "gpt2"),
            tokens(VOCABULARY), merges(VOCABULARY), tiny.pair("tokenizer.ggml.eos_token_id", tiny.U32, 2)]
    if of > 1:
        keys = (keys if number == 0 else []) + [tiny.pair("split.no", tiny.U16, number), tiny.pair("split.count", tiny.U16, of),
                                               tiny.pair("split.tensors.count", tiny.I32, len(whole))]
    out, offset = b"GGUF" + struct.pack("<IQQ", 3, len(mine), len(keys)) + b"".join(keys), 0
    for name, dims in mine:
        t = kind if len(dims) > 1 else 0
        out += tiny.text(name) + struct.pack(f"<I{len(dims)}QIQ", len(dims), *dims, t, offset)
        offset += bytes_of(dims, t)
        offset += -offset % 32
    out += b"\0" * (-len(out) % 32)
    return out, len(out) + offset


HEADER, SIZE = model()
SMALL, SMALL_SIZE = model(8)
PARTS = [model(of=3, number=i) for i in range(3)]
FILES = {"x.gguf": (HEADER, SIZE), "Tiny-F32.gguf": (HEADER, SIZE), "Tiny-Q8_0.gguf": (SMALL, SMALL_SIZE),
         **{f"set-{i + 1:05}-of-00003.gguf": part for i, part in enumerate(PARTS)}}


class Handler(http.server.BaseHTTPRequestHandler):
    """The first part of a path says how the server behaves, the last which file is meant."""
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def send(self, status, body, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.write(body)

    def write(self, data):
        """The server's send buffer is small, so what is counted left for the other side."""
        try:
            for at in range(0, len(data), 16384):
                self.wfile.write(data[at:at + 16384])
                self.server.sent += len(data[at:at + 16384])
        except OSError:
            self.close_connection = True

    def content(self, header, start, end):
        have = header[start:end]
        return have + b"\0" * (end - start - len(have))

    def do_GET(self):
        s = self.server
        path = self.path.split("?")[0]
        mode, name = path.split("/")[1], path.rsplit("/", 1)[-1]
        s.seen.append((self.path, self.headers.get("Authorization"), self.headers.get("Range")))
        if mode == "redirect":
            self.send(302, b"moved", Location=f"http://{s.other}/ranges/{name}")
        elif mode == "loop":
            self.send(302, b"", Location=self.path)
        elif mode == "flaky" and len(s.seen) % 3:
            self.send(503, b"busy", Retry_After=0)
        elif mode == "page":
            self.send(200, b"<!DOCTYPE html><html>Sign in</html>", Content_Type="text/html")
        elif mode == "gated":
            self.send(403, b"", X_Error_Code="GatedRepo")
        elif mode in ("api", "maker"):
            self.hub(path, name)
        elif name not in FILES:
            self.send(404, b"no such file")
        else:
            self.file(mode, *FILES[name])

    def hub(self, path, name):
        if path == f"/api/models/{REPO}/tree/main":
            # sizes as the hub states them; two pages
            second = "cursor" in self.path
            names = ["README.md", "mmproj-Tiny-F16.gguf", "Tiny-F32.gguf"] if not second else ["Tiny-Q8_0.gguf"]
            page = [{"type": "file", "path": n, "size": 135, **({"lfs": {"size": FILES[n][1]}} if n in FILES else {})} for n in names]
            more = {} if second else {"Link": f"<http://{self.headers['Host']}{self.path}&cursor=2>; rel=\"next\""}
            self.send(200, json.dumps(page).encode(), **more)
        elif path.startswith(f"/{REPO}/resolve/main/") and name == "README.md":
            self.send(200, self.server.card)
        elif path.startswith(f"/{REPO}/resolve/main/") and name in FILES:
            self.send(302, b"", Location=f"http://{self.server.other}/ranges/{name}?signature=s")
        else:
            self.send(404, b"", X_Error_Code="RepoNotFound")

    def file(self, mode, header, size):
        asked = self.headers.get("Range")
        if mode == "plain" or not asked:
            self.send_response(200)
            self.send_header("Content-Length", str(size))
            self.end_headers()
            for at in range(0, size, 16384):
                self.write(self.content(header, at, min(at + 16384, size)))
                if self.close_connection:
                    return
            return
        start, end = asked.removeprefix("bytes=").split("-")
        start, end = int(start), min(int(end) + 1, size)
        if start >= size:
            self.send(416, b"")
            return
        total = {"small": 5000, "changing": size + len(self.server.seen)}.get(mode, size)
        if mode == "elsewhere" and start:
            start, end = start + 7, end + 7
        body = self.content(header, start, end)
        if mode == "more" and start:
            body += b"x" * 100000
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {start}-{end - 1}/{total}")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", f'"{len(self.server.seen)}"' if mode == "replaced" else '"same"')
        self.end_headers()
        cut = mode == "cut" or (mode == "cut-once" and len(self.server.seen) == 2)
        if cut:
            body = body[:len(body) // 2]
            self.close_connection = True
        self.write(body)


CARD = b"---\nbase_model: maker/Tiny\n---\n# Tiny\nA model card.\n"


class Counting(http.server.ThreadingHTTPServer):
    card = CARD
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.sent, self.seen, self.other = 0, [], ""
        self.address = f"127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def get_request(self):
        import socket
        connection, address = super().get_request()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16384)
        return connection, address


class Remote(unittest.TestCase):
    def setUp(self):
        self.server, self.other = Counting(), Counting()
        self.server.other = self.other.address
        self.scratch = tempfile.TemporaryDirectory()
        self.home = pathlib.Path(self.scratch.name)

    def tearDown(self):
        for s in (self.server, self.other):
            s.shutdown()
            s.server_close()
        self.scratch.cleanup()

    def run_llwhy(self, *args, **more):
        cut = args.index("--") if "--" in args else len(args)
        machine = [] if args[0] == "card" or "--gpu" in args or "--ram" in args else ["--no-gpu", "--ram", "64205"]
        return runs.llwhy(PROGRAM, *args[:cut], "--private-network", *machine, *args[cut:], home=self.home,
                          **{"HF_ENDPOINT": f"http://{self.server.address}", **more})

    def facts(self, mode, name="x.gguf", **more):
        return self.run_llwhy("facts", f"http://{self.server.address}/{mode}/{name}", "--format", "json", **more)

    def model_facts(self, done):
        self.assertEqual(done.returncode, 0, done.stderr)
        return next(e for e in json.loads(done.stdout)["entities"] if e["kind"] == "model")

    def refused(self, mode, said, name="x.gguf"):
        done = self.facts(mode, name)
        self.assertEqual(done.returncode, 2, done.stdout)
        self.assertIn(said, " ".join(done.stderr.split()))
        return done

    def test_the_same_facts_as_the_file(self):
        path = self.home / "x.gguf"
        path.write_bytes(HEADER + b"\0" * (SIZE - len(HEADER)))
        here = self.run_llwhy("predict", path, "--format", "json", "--", "-c", "4096")
        there = self.run_llwhy("predict", f"http://{self.server.address}/ranges/x.gguf", "--format", "json", "--", "-c", "4096")
        self.assertEqual((here.returncode, here.stdout), (there.returncode, there.stdout))
        self.assertEqual(json.loads(there.stdout)["outcome"], "ok")

    def test_ranges_fetch_little_more_than_the_header(self):
        m = self.model_facts(self.facts("ranges"))
        self.assertIn(f'"file_bytes"', json.dumps(m))
        self.assertLessEqual(self.server.sent, 1.2 * len(HEADER))
        self.assertGreater(len(HEADER), 2 << 20)
        self.assertLess(len(self.server.seen), 20)

    def test_without_ranges(self):
        self.model_facts(self.facts("plain"))
        self.assertEqual(len(self.server.seen), 1)
        self.assertLessEqual(self.server.sent, 1.2 * len(HEADER))
        self.assertLess(self.server.sent, SIZE / 4)

    def test_redirects(self):
        self.model_facts(self.facts("redirect"))
        self.assertEqual(len(self.server.seen), 1)  # the parts are asked for where it led
        self.assertLessEqual(self.other.sent, 1.2 * len(HEADER))
        self.refused("loop", "it redirects again and again")

    def test_split_set(self):
        m = self.model_facts(self.facts("ranges", "set-00002-of-00003.gguf"))
        self.assertIn('"parts"', json.dumps(m))
        done = self.run_llwhy("predict", f"http://{self.server.address}/ranges/set-00001-of-00003.gguf", "--format", "json")
        self.assertEqual(json.loads(done.stdout)["outcome"], "ok", done.stderr)

    def test_trouble_that_passes(self):
        self.model_facts(self.facts("flaky"))
        self.server.seen.clear()
        self.model_facts(self.facts("cut-once"))

    def test_trouble_that_stays(self):
        self.refused("cut", "the connection ended before the answer did")
        self.refused("ranges", "does not exist", "y.gguf")
        self.refused("page", "is a web page")
        self.refused("gated", "accept the model's terms on its page")

    def test_lies(self):
        self.refused("small", "ends inside its header")
        self.refused("changing", "was replaced while it was read")
        self.refused("replaced", "was replaced while it was read")
        self.refused("elsewhere", "another part of the file than it was asked for")
        self.refused("more", "more than it was asked for")

    def test_private_addresses_only_when_asked(self):
        for url in (f"http://{self.server.address}/ranges/x.gguf", f"http://localhost:{self.server.server_address[1]}/ranges/x.gguf",
                    "http://169.254.169.254/x.gguf", "http://[::ffff:10.0.0.1]/x.gguf", "http://0x7f000001/x.gguf"):
            with self.subTest(url=url):
                done = runs.llwhy(PROGRAM, "facts", url, "--no-gpu")
                self.assertEqual(done.returncode, 2)
                self.assertIn("--private-network allows that", " ".join(done.stderr.split()))
        self.assertEqual(self.server.seen, [])

    def test_secrets(self):
        done = self.run_llwhy("facts", f"hf:{REPO}:Q8_0", "--format", "json", HF_TOKEN=TOKEN)
        self.model_facts(done)
        self.assertEqual({a for _, a, _ in self.server.seen}, {f"Bearer {TOKEN}"})
        self.assertEqual({a for _, a, _ in self.other.seen}, {None})  # never to where a redirect leads
        self.assertNotIn(TOKEN, done.stdout + done.stderr)
        self.assertNotIn("signature", done.stdout)
        done = self.run_llwhy("facts", "http://me:password@127.0.0.1/x.gguf")
        self.assertEqual(done.returncode, 2)
        self.assertNotIn("password@", done.stdout + done.stderr)

    def test_hub_name(self):
        done = self.run_llwhy("predict", f"hf:{REPO}:f32", "--format", "json")
        self.assertEqual((done.returncode, json.loads(done.stdout)["outcome"]), (0, "ok"), done.stderr)
        done = self.run_llwhy("predict", f"hf:{REPO}:Q2_K")
        self.assertEqual(done.returncode, 2)
        self.assertIn("has no Q2_K; it has F32, Q8_0", done.stderr)
        self.assertIn("say which one", self.run_llwhy("predict", f"hf:{REPO}").stderr)
        self.assertIn("does not exist", self.run_llwhy("facts", "hf:maker/nothing:Q8_0").stderr)
        self.assertEqual(self.run_llwhy("facts", "hf:maker").returncode, 3)
        page = f"http://{self.server.address}/{REPO}/blob/main/Tiny-Q8_0.gguf"
        self.assertEqual(self.run_llwhy("facts", page).returncode, 0)

    def test_a_log_beside_a_model_far_away(self):
        """Two loads of one model: its header is fetched once."""
        log = self.home / "two.log"
        load = (runs.ROOT / "tests/fixtures/logs/v0.5.0-fit-adjusts.log").read_text()
        log.write_text(load + load)
        done = runs.llwhy(PROGRAM, "log", log, "--model", f"hf:{REPO}:f32", "--private-network", "--format", "json", home=self.home,
                          HF_ENDPOINT=f"http://{self.server.address}")
        loads = json.loads(done.stdout)["loads"]
        self.assertEqual([bool(l["predicted"]) for l in loads], [True, True], done.stderr)
        self.assertLessEqual(self.server.sent, 1.2 * len(HEADER) + 4096)
        done = runs.llwhy(PROGRAM, "log", log, "--model", f"hf:{REPO}:f32", home=self.home, HF_ENDPOINT=f"http://{self.server.address}")
        self.assertIn("--private-network allows that", " ".join(done.stderr.split()))

    def test_a_matrix_and_a_record_of_a_model_far_away(self):
        name, machine = f"hf:{REPO}:f32", self.home / "box.json"
        self.assertEqual(self.run_llwhy("facts", "--save", machine).returncode, 0)
        (self.home / "more").mkdir()
        for i in range(3):
            (self.home / f"more/{i}.json").write_bytes(machine.read_bytes())
        done = runs.llwhy(PROGRAM, "matrix", name, self.home / "more", "--private-network", "--format", "jsonl", home=self.home,
                          HF_ENDPOINT=f"http://{self.server.address}")
        self.assertEqual([json.loads(l)["model"] for l in done.stdout.splitlines()], [name] * 3, done.stderr)
        self.assertLessEqual(self.server.sent, 1.2 * len(HEADER) + 4096)
        bench = self.home / "bench.json"
        bench.write_text(json.dumps([{"build_number": 8115, "build_commit": "ed4837891", "model_filename": "x.gguf", "n_prompt": 512, "n_gen": 128,
                                      "avg_ts": 90, "test_time": "2026-02-22T10:00:00Z"}]))
        done = self.run_llwhy("record", "bench", bench, "--model", name, "--machine", "desk", "--evidence", self.home / "evidence")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("Tiny-F32.gguf", (self.home / "evidence/desk.yaml").read_text())

    def test_a_running_server_against_a_model_far_away(self):
        """The file that the process names is not here: --model says where its header is."""
        fake = pathlib.Path(PROGRAM).resolve().parent / "tests/fakes/bin/llama-server"
        if not fake.is_file():
            self.skipTest(f"{fake} is not built")
        with subprocess.Popen([fake, "-m", "/models/Tiny-F32.gguf", "-c", "4096"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
            try:
                done = self.run_llwhy("verify", process.pid, "--model", f"hf:{REPO}:f32", "--format", "json", "--", "-c", "4096")
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(json.loads(done.stdout)["verdict"], "match", done.stdout)
            finally:
                process.kill()
        self.assertGreater(self.server.sent, 0)

    def test_caches(self):
        hub = self.home / f"hub/models--{REPO.replace('/', '--')}"
        snapshot = hub / "snapshots/abc123"
        snapshot.mkdir(parents=True), (hub / "refs").mkdir()
        (hub / "refs/main").write_text("abc123")
        tiny.write(snapshot / "Tiny-Q8_0.gguf")
        old = self.home / "old"
        old.mkdir()
        tiny.write(old / (REPO.replace("/", "_") + "_Tiny-F32.gguf"))
        # what lies there as Q8_0 holds F32, and that is told
        for quant, code, more in (("q8_0", 1, {"HF_HOME": str(self.home)}), ("F32", 0, {"LLAMA_CACHE": str(old)})):
            done = self.run_llwhy(f"hf:{REPO}:{quant}", **more)
            self.assertEqual(done.returncode, code, done.stderr)
            self.assertIn("was downloaded before", done.stdout + done.stderr)
        self.assertEqual(self.server.seen, [])  # nobody was asked

    def test_table(self):
        done = self.run_llwhy(f"hf:{REPO}", "--format", "json")
        self.assertEqual(done.returncode, 0, done.stderr)
        table = json.loads(done.stdout)
        try:
            import jsonschema
            jsonschema.validate(table, json.loads((runs.ROOT / "docs/json/quants.schema.json").read_text()))
        except ImportError:
            pass
        self.assertEqual([(q["tag"], q["place"], q["bytes"]) for q in table["quants"]], [("F32", "host", SIZE), ("Q8_0", "host", SMALL_SIZE)])
        self.assertEqual((table["choice"], table["quants"][0]["context"]), ("F32", 32768))
        self.assertEqual(table["fetched_bytes"], self.server.sent + self.other.sent)
        # the second header's vocabulary is that of the first, and is stepped over
        self.assertLess(self.other.sent, 1.4 * len(HEADER))
        text = self.run_llwhy(f"hf:{REPO}", "--no-gpu", "--ram", "1:1")
        self.assertEqual(text.returncode, 1)
        self.assertIn("None of them can be placed", text.stdout)
        gpus = self.run_llwhy(f"hf:{REPO}", "--gpu", "24564:23671:RTX 4090", "--ram", "64205")
        self.assertIn("on the GPUs", gpus.stdout)

    def test_card(self):
        done = self.run_llwhy("card", "fetch", f"hf:{REPO}", cwd=self.home)
        self.assertEqual(done.returncode, 0, done.stderr)
        card = self.home / "README_modelcard_Tiny-GGUF.md"
        self.assertIn("A model card.", card.read_text())
        self.assertEqual(self.run_llwhy("card", "fetch", f"hf:{REPO}", cwd=self.home).returncode, 2)  # never over another

    def test_a_card_that_is_no_text_is_not_kept(self):
        self.server.card = HEADER[:4096]
        self.addCleanup(setattr, self.server, "card", CARD)
        done = self.run_llwhy("card", "fetch", f"hf:{REPO}", cwd=self.home)
        self.assertEqual(done.returncode, 2, done.stdout)
        self.assertIn("what came is no text, so it is no model card", done.stderr)
        self.assertFalse((self.home / "README_modelcard_Tiny-GGUF.md").exists())

    def test_a_file_does_not_make_llwhy_go_out(self):
        """What a project's .llwhy.yaml names is not fetched, only told, with the command that would fetch it."""
        address = f"http://{self.server.address}/range/$(touch here).gguf"
        for word, command in ((f"hf:{REPO}:Q8_0", f"llwhy hf:{REPO}:Q8_0"), (address, "llwhy ADDRESS")):
            (self.home / ".llwhy.yaml").write_text(f'launches:\n  - name: theirs\n    model: "{word}"\n')
            for words in (["--private-network"], ["gate", "--build", "v0.5.0"]):
                done = runs.llwhy(PROGRAM, *words, "--no-gpu", "--ram", "64205", home=self.home, cwd=self.home, HF_TOKEN=TOKEN,
                                  HF_ENDPOINT=f"http://{self.server.address}")
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn(f".llwhy.yaml:2: {word} is far away, and no file makes llwhy use the network", done.stderr)
                self.assertIn(command, done.stderr)
        self.assertEqual(self.server.seen + self.other.seen, [])

    def test_a_page_that_a_header_names_gets_no_token(self):
        tiny.write(self.home / "x.gguf", more=[tiny.pair("general.repo_url", STRING, f"https://huggingface.co/{REPO}")])
        done = self.run_llwhy("card", "fetch", "x.gguf", cwd=self.home, HF_TOKEN=TOKEN)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([a for _, a, _ in self.server.seen], [None])

    def test_no_network(self):
        done = runs.llwhy(PROGRAM, "facts", "https://no-such-host.invalid/x.gguf", "--no-gpu")
        self.assertEqual(done.returncode, 2)
        self.assertIn("cannot be resolved", done.stderr)


if __name__ == "__main__":
    PROGRAM = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main()
