// mcp_client.mjs LLWHY: connects, lists the tools, calls some; the SDK checks every message against the protocol.
import assert from "node:assert/strict";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";

const client = new Client({ name: "test", version: "1.0.0" }, { capabilities: {} });
await client.connect(new StdioClientTransport({ command: process.argv[2], args: ["mcp"] }));
assert.equal(client.getServerVersion().name, "llwhy");
await client.ping();
const { tools } = await client.listTools();
assert.equal(tools.length, 11);
const launch = { model: "deepseek-v2-lite-mla-q4_k_m", gpu: ["16303:12761"] };
const decision = await client.callTool({ name: "decide", arguments: launch });
assert.ok(!decision.isError);
assert.match(decision.content[0].text, /This launch loads/);
assert.match(decision.structuredContent.schema, /^llwhy\.decision\//);
const then = await client.callTool({ name: "what_if", arguments: { ...launch, question: "-ub 2048" } });
assert.match(then.content[0].text, /CUDA0/);
const wrong = await client.callTool({ name: "decide", arguments: { model: "/no/such.gguf" } });
assert.ok(wrong.isError);
await assert.rejects(client.callTool({ name: "no_such_tool", arguments: {} }), /no such tool/);
await client.close();
console.log("mcp client: ok");
