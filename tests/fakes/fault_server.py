#!/usr/bin/env python3
"""A server that speaks llama-server's protocol (or OpenAI's alone) and fails in a way that is asked for.

  fault_server.py FAULT [--openai | --router] [--port N] [--model NAME] [--context N] [--slots N] [--key KEY]

Prints "listening on PORT" and serves until it is ended. It reads and writes no model: a token is a word, and prompts of 100
tokens and more meet the fault:
  none       everything is answered
  crash      the prompt is read to its end, then the process is gone: the incident of lesson 6
  restart    the same, and a second process takes its place, as Docker's restart policy does: it loads for a while
  reborn     the same, and the second process answers at once
  hang       nothing comes any more
  slow       a token every 80 ms, and the timings say so
  cut        the connection ends after some tokens; the server goes on
  http       status 500 with an error
  no-tokens  an answer without a token
  truncated  the prompt is shortened to 64 tokens
  garbled    a page instead of events
  dies-after an answer, and then the process is gone
  miscounts  /tokenize says one token, whatever it is given

--router: llama-server with several models, each in a process of its own behind it; what is gone then is the model's process, and
the router says so in /v1/models and goes on (tools/server/server-models.cpp). --no-autoload: it loads none by itself.
"""
import argparse
import http.server
import json
import os
import socket
import sys
import threading
import time

LONG, LOADING_S = 100, 0.6
DYING, START = threading.Event(), str(time.time_ns())
BUILD = "b8115-ed4837891"
OTHERS = ("other-q4_k_m", "third-f16")


class Routed:
    """The process of the model behind a router."""
    value, failed, port, until = "unloaded", False, 40000, 0.0

    @classmethod
    def load(cls):
        cls.look()
        if cls.value == "unloaded":
            cls.value, cls.failed, cls.port = "loaded", False, cls.port + 1

    @classmethod
    def look(cls):
        if cls.value == "loading" and time.monotonic() > cls.until:
            cls.value = "loaded"

    @classmethod
    def die(cls, restart, loading):
        cls.value, cls.failed = "unloaded", True
        if restart:
            cls.value, cls.failed, cls.port = "loading" if loading else "loaded", False, cls.port + 1
            cls.until = time.monotonic() + LOADING_S

    @classmethod
    def listed(cls):
        cls.look()
        words = ["/app/llama-server", "--port", str(cls.port), "-m", f"/models/{OPTIONS.model}.gguf", "-c", str(OPTIONS.context), "--api-key", "sesame"]
        status = {"value": cls.value, "args": words, **({"exit_code": 134, "failed": True} if cls.failed else {})}
        return [{"id": name, "aliases": [], "object": "model", "status": {"value": "unloaded", "args": []}} for name in OTHERS] + [
            {"id": OPTIONS.model, "aliases": ["mine"], "object": "model", "status": status}]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, value, status=200):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def error(self, status, message):
        self.answer({"error": {"code": status, "message": message, "type": "server_error"}}, status)

    def allowed(self):
        if DYING.is_set():
            die()
        if OPTIONS.key and self.path != "/health" and self.headers.get("Authorization") != f"Bearer {OPTIONS.key}":
            self.error(401, "Invalid API Key")
            return False
        if time.monotonic() < READY:
            self.error(503, "Loading model")
            return False
        return True

    def do_GET(self):
        if not self.allowed():
            return
        native = not OPTIONS.openai
        if OPTIONS.router and self.route():
            return
        if self.path == "/v1/models":
            meta = {"n_ctx_train": 4096, "n_params": 1000, "size": 4000} if native else None
            self.answer({"object": "list", "data": [{"id": OPTIONS.model, "object": "model", **({"meta": meta} if meta else {})}]})
        elif native and self.path == "/health":
            self.answer({"status": "ok"})
        elif native and self.path == "/props":
            self.answer({"build_info": BUILD, "model_alias": OPTIONS.model, "model_path": f"/models/{OPTIONS.model}.gguf",
                         "total_slots": OPTIONS.slots, "default_generation_settings": {"n_ctx": OPTIONS.context}})
        elif native and self.path == "/metrics":
            self.send_response(200)
            self.send_header("Process-Start-Time-Unix", START)
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif native and self.path == "/slots":
            self.answer([{"id": i, "n_ctx": OPTIONS.context} for i in range(OPTIONS.slots)])
        else:
            self.error(404, "File Not Found")

    def route(self):
        path, _, query = self.path.partition("?model=")
        if path == "/v1/models":
            self.answer({"object": "list", "data": Routed.listed()})
        elif path == "/props" and not query:
            self.answer({"role": "router", "max_instances": 4, "models_autoload": True, "model_alias": "llama-server", "model_path": "none",
                         "default_generation_settings": {"params": {}, "n_ctx": 0}, "build_info": BUILD})
        elif path in ("/slots", "/metrics", "/props"):
            if not query:
                self.error(400, "model name is missing from the request")
            elif self.may_run(query):
                self.path = path
                return False
        else:
            return False
        return True

    def may_run(self, name):
        if name not in (OPTIONS.model, "mine"):
            self.error(400, f"model '{name}' not found")
        elif OPTIONS.no_autoload and Routed.value == "unloaded":
            self.error(400, "model is not loaded")
        else:
            Routed.load()
            return True
        return False

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self.allowed():
            return
        if OPTIONS.router and not self.may_run(body.get("model", "")):
            return
        if not OPTIONS.openai and self.path == "/tokenize":
            self.answer({"tokens": list(range(1 if OPTIONS.fault == "miscounts" else len(body["content"].split())))})
        elif not OPTIONS.openai and self.path == "/completion":
            prompt = body["prompt"]
            self.complete(len(prompt) if isinstance(prompt, list) else len(prompt.split()), body["n_predict"])
        elif OPTIONS.openai and self.path == "/v1/chat/completions":
            self.complete(sum(len(m["content"].split()) for m in body["messages"]) + 4, body["max_tokens"])
        else:
            self.error(404, "File Not Found")

    def event(self, value):
        data = b"data: " + json.dumps(value).encode() + b"\n\n"
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def token(self, i):
        if self.path == "/v1/chat/completions":
            self.event({"choices": [{"index": 0, "delta": {"content": f"w{i}\0 "}, "finish_reason": None}]})  # a model may say anything
        else:
            self.event({"content": f"w{i}\0 ", "tokens": [i], "stop": False})

    def complete(self, prompt, generate):
        fault, chat = OPTIONS.fault if prompt >= LONG else "none", self.path == "/v1/chat/completions"
        if fault == "hang":
            time.sleep(3600)
        if fault == "http":
            self.error(500, "CUDA error: an illegal memory access was encountered")
            return
        if prompt + generate > OPTIONS.context:
            self.error(400, f"request ({prompt} tokens) exceeds the available context size ({OPTIONS.context} tokens)")
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if not chat:
            self.event({"prompt_progress": {"total": prompt, "cache": 0, "processed": prompt, "time_ms": 1}, "content": "", "stop": False})
        if OPTIONS.router and fault in ("crash", "restart", "reborn"):
            Routed.die(fault != "crash", fault == "restart")
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        if fault in ("crash", "restart", "reborn"):
            die(restart=fault != "crash", loading=fault == "restart")
        if fault == "garbled":
            page = b"<html>Bad Gateway</html>"
            self.wfile.write(f"{len(page):x}\r\n".encode() + page + b"\r\n0\r\n\r\n")
            return
        count = 0 if fault == "no-tokens" else generate
        for i in range(count):
            if fault == "cut" and i == 3:
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return
            if fault == "slow":
                time.sleep(0.08)
            self.token(i)
        if OPTIONS.router and fault == "dies-after":
            Routed.die(False, False)
            fault = "none"
        if fault == "dies-after":
            DYING.set()
        self.finish_answer(64 if fault == "truncated" else prompt, count, fault == "truncated")
        if fault == "dies-after":
            die()

    def finish_answer(self, prompt, generated, truncated):
        if self.path == "/v1/chat/completions":
            self.event({"choices": [{"index": 0, "delta": {}, "finish_reason": "length"}]})
            self.event({"choices": [], "usage": {"prompt_tokens": prompt, "completion_tokens": generated}})
            done = b"data: [DONE]\n\n"
            self.wfile.write(f"{len(done):x}\r\n".encode() + done + b"\r\n")
        else:
            self.event({"content": "", "tokens": [], "stop": True, "tokens_predicted": generated, "tokens_evaluated": prompt,
                        "truncated": truncated, "timings": {"prompt_n": prompt, "prompt_per_second": 1000.0, "predicted_n": generated,
                                                            "predicted_per_second": 12.5 if OPTIONS.fault == "slow" and prompt >= LONG else 50.0}})
        self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()


def die(restart=False, loading=True):
    """Ends the process at once; with restart another begins on the same port."""
    if restart:
        sys.stdout.flush()
        if os.fork() == 0:
            os.closerange(3, 256)
            time.sleep(0.1)  # the port is free once the first process is gone
            words = [w for w in sys.argv if not w.startswith("--loading")]
            if "--port" not in words:
                words += ["--port", str(PORT)]
            os.execv(sys.executable, [sys.executable, *words, *(["--loading"] if loading else [])])
    os._exit(134)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


parser = argparse.ArgumentParser()
parser.add_argument("fault")
parser.add_argument("--openai", action="store_true")
parser.add_argument("--router", action="store_true")
parser.add_argument("--no-autoload", action="store_true")
parser.add_argument("--port", type=int, default=0)
parser.add_argument("--model", default="tiny-q8_0")
parser.add_argument("--context", type=int, default=2048)
parser.add_argument("--slots", type=int, default=2)
parser.add_argument("--key")
parser.add_argument("--loading", action="store_true")
OPTIONS, _ = parser.parse_known_args()
READY = time.monotonic() + (LOADING_S if OPTIONS.loading else 0)
SERVER = Server(("127.0.0.1", OPTIONS.port), Handler)
PORT = SERVER.server_address[1]
print("listening on", PORT, flush=True)
SERVER.serve_forever()
