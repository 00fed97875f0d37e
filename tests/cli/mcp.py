"""llwhy mcp, spoken to line by line: what the protocol asks for, what a tool answers, what it refuses."""
import json
import os
import subprocess
import sys
import tempfile

LLWHY = sys.argv[1]
MODEL = "deepseek-v2-lite-mla-q4_k_m"
GPU = ["16303:12761"]
home = tempfile.mkdtemp()
server = subprocess.Popen([LLWHY, "mcp"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                          env={**os.environ, "XDG_STATE_HOME": home})
number = 0


def write(message):
    server.stdin.write((message if isinstance(message, str) else json.dumps(message)) + "\n")
    server.stdin.flush()


def read():
    answer = json.loads(server.stdout.readline())
    assert answer["jsonrpc"] == "2.0"
    return answer


def request(method, **params):
    global number
    number += 1
    write({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
    answer = read()
    assert answer["id"] == number
    return answer


def call(tool, **arguments):
    return request("tools/call", name=tool, arguments=arguments)["result"]


hello = request("initialize", protocolVersion="2025-06-18", capabilities={}, clientInfo={"name": "t", "version": "1"})["result"]
assert hello["protocolVersion"] == "2025-06-18" and "tools" in hello["capabilities"], hello
assert request("initialize", protocolVersion="1999-01-01")["result"]["protocolVersion"] == "2025-06-18"
write({"jsonrpc": "2.0", "method": "notifications/initialized"})
write({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}})
assert request("ping")["result"] == {}

tools = {t["name"]: t for t in request("tools/list")["result"]["tools"]}
assert set(tools) == {"decide", "predict", "fit", "why", "why_not", "what_if", "change", "contrast", "lint", "explain", "models"}
try:
    import jsonschema
    for tool in tools.values():
        jsonschema.Draft202012Validator.check_schema(tool["inputSchema"])
except ImportError:
    pass

launch = {"model": MODEL, "gpu": GPU}
asked = {"why": "1", "why_not": "262144 context", "what_if": "-ub 2048", "change": "131072 context", "contrast": "now -c"}
for tool in ("decide", "predict", "fit", "why", "why_not", "what_if", "change"):
    more = {"question": asked[tool]} if tool in asked else {}
    result = call(tool, **launch, **more)
    assert not result["isError"], (tool, result)
    assert len(result["content"][0]["text"]) > 20, (tool, result)
    words = [] if tool == "decide" else [tool.replace("_", "-")]
    own = subprocess.run([LLWHY, *words, *(more.get("question", "").split()), MODEL, "--gpu", GPU[0], "--format", "json"],
                         capture_output=True, text=True)
    assert result["structuredContent"] == json.loads(own.stdout), tool
tight = call("decide", model=MODEL, gpu=["8192:6000"], flags=["-ngl", "99", "-c", "32768", "--fit", "off"])
assert not tight["isError"] and "does not load" in tight["content"][0]["text"], tight
assert "MiB" in call("contrast", **launch, question="now ub=2048")["content"][0]["text"]
assert "compute buffer" in call("explain", code="L05")["content"][0]["text"]
assert MODEL in call("models")["content"][0]["text"]

folder = tempfile.mkdtemp()
with open(os.path.join(folder, "start.sh"), "w") as script:
    script.write("llama-server -m model.gguf -ngl 99 --no-such-flag\n")
found = call("lint", path=folder)
assert "start.sh:1" in found["content"][0]["text"] and found["structuredContent"], found

# what is no file here, no question, or would write
victim = os.path.join(folder, "victim")
for tool, arguments in [
    ("decide", {}),
    ("decide", {"model": "/no/such/file.gguf"}),
    ("decide", {"model": "--save=" + victim}),
    ("decide", {"model": "https://example.com/x.gguf"}),
    ("decide", {"model": "hf:owner/repo"}),
    ("decide", {"model": MODEL, "save": victim}),
    ("decide", {"model": MODEL, "gpu": "8192"}),
    ("decide", {"model": MODEL, "gpu": ["nonsense"]}),
    ("decide", {"model": 7}),
    ("what_if", launch),
    ("what_if", {**launch, "question": "-ub 2048 --save " + victim}),
    ("what_if", {**launch, "question": "-ub 2048 --format=json"}),
    ("contrast", {**launch, "question": "hf:owner/repo now"}),
    ("contrast", {**launch, "question": "https://127.0.0.1:1/a.gguf now"}),
    ("lint", {"path": "--fix"}),
    ("lint", {"path": "--write-baseline=" + victim}),
    ("why", {**launch, "question": "1 -- --log-file " + victim}),
]:
    result = call(tool, **arguments)
    assert result["isError"] and result["content"][0]["text"].strip(), (tool, arguments, result)
    assert "structuredContent" not in result
assert not os.path.exists(victim) and not os.listdir(home)

write("this is no JSON")
assert read()["error"]["code"] == -32700
write('{"id":1,"method":"' + "x" * (4 << 20) + '"}')
assert "4 MiB" in read()["error"]["message"]
write([1, 2])
assert read()["error"]["code"] == -32600
write({"jsonrpc": "2.0", "id": 5})
assert read()["error"]["code"] == -32600
deep = '{"jsonrpc":"2.0","id":6,"method":"ping","params":' + '{"a":' * 100000 + "1" + "}" * 100000 + "}"
write(deep)
assert read()["error"]["code"] == -32700
write('{"jsonrpc":"2.0","id":6,"method":"ping","params":' + "[" * 100000 + "}")
assert read()["error"]["code"] == -32700
for huge in ("1" + "0" * 400, "1e999", '"\\ud800"'):
    write('{"jsonrpc":"2.0","id":%s,"method":"ping"}' % huge)
    assert read()["error"]["code"] == -32700, huge
for name in (2**53, "x" * 100000, "\u202e\x1b[2J"):
    write({"jsonrpc": "2.0", "id": name, "method": "ping"})
    assert read()["id"] == name
for name in (None, [1], {"a": 1}, True):
    write({"jsonrpc": "2.0", "id": name, "method": "ping"})
    assert read()["error"]["code"] == -32600, name
server.stdin.flush()
server.stdin.buffer.write(b'{"jsonrpc":"2.0","id":6,"method":"\xff\xfe"}\n\0\0\n')
server.stdin.buffer.flush()
assert [read()["error"]["code"], read()["error"]["code"]] == [-32700, -32700]
assert request("x" * 100000)["error"]["code"] == -32601
assert request("resources/list")["error"]["code"] == -32601
assert request("tools/call", name="rm")["error"]["code"] == -32602
assert request("tools/call", arguments=[])["error"]["code"] == -32602
assert request("ping")["result"] == {}
server.stdin.write('{"jsonrpc":"2.0","id":7,"meth')  # the client died while it wrote
server.stdin.close()
assert server.wait(10) == 0
rest = server.stdout.read()
assert not rest or json.loads(rest)["error"]["code"] == -32700, rest
print("mcp: ok")
