-- Teaches: -c is for all slots together.

lesson "15-context-is-shared" {
  claim = "-c is the context of all slots together: -np 4 without -kvu gives each request a quarter of it.",
  review_by = "2027-02-23",
}

rule "slots-of-a-short-context" {
  level = "risk",
  each = { l = "launch" },
  when = {
    { "l.parallel > 1", otherwise = "one slot, or as many as the server likes" },
    "not l.kv_unified",
    "l.ctx > 0",
    "l.ctx / l.parallel < 4096",
  },
  unless = {
    "l.embedding_mode",
    "l.rerank",
  },
  find = "-c {l.ctx} with -np {l.parallel} is {l.ctx / l.parallel:count} tokens for each request: the context is divided among the slots unless they share it. -kvu lets one request use all of it, for the same memory; or multiply -c",
  try = { ["l.kv_unified"] = "true" },
  tests = {
    fires { launch { kv_unified = false, parallel = 4, ctx = 8192 }, says = "2,048 tokens for each request" },
    fires { launch { kv_unified = false, parallel = 6, ctx = 16384 }, says = "is 2,730 tokens" },
    silent { launch { kv_unified = false, ctx = 2048 }, stops_at = "l.parallel > 1" },
    silent { launch { parallel = 4, ctx = 8192, kv_unified = true }, stops_at = "not l.kv_unified" },
    silent { launch { kv_unified = false, parallel = 4, ctx = 0 }, stops_at = "l.ctx > 0" },
    silent { launch { kv_unified = false, parallel = 4, ctx = 65536 }, stops_at = "l.ctx / l.parallel < 4096" },
    silent { launch { kv_unified = false, parallel = 4, ctx = 8192, embedding_mode = true }, stops_at = "l.embedding_mode" },
    silent { launch { kv_unified = false, parallel = 4, ctx = 8192, rerank = true }, stops_at = "l.rerank" },
    undecided { launch { kv_unified = false, parallel = 4, ctx = unknown }, needs = "l.ctx" },
  },
}

rule "slots-divide-the-context" {
  level = "note",
  each = { l = "launch" },
  when = {
    { "l.parallel > 1", otherwise = "one slot, or as many as the server likes" },
    "not l.kv_unified",
    "l.ctx / l.parallel >= 4096",
  },
  find = "-c {l.ctx} with -np {l.parallel} is {l.ctx / l.parallel:count} tokens for each request; with -kvu the slots share it",
  tests = {
    fires { launch { kv_unified = false, parallel = 4, ctx = 65536 }, says = "16,384 tokens" },
    fires { launch { kv_unified = false, parallel = 2, ctx = 8192 } },
    silent { launch { kv_unified = false, parallel = 1, ctx = 65536 }, stops_at = "l.parallel > 1" },
    silent { launch { parallel = 4, ctx = 65536, kv_unified = true }, stops_at = "not l.kv_unified" },
    silent { launch { kv_unified = false, parallel = 4, ctx = 8192 }, stops_at = "l.ctx / l.parallel >= 4096" },
    undecided { launch { kv_unified = false, parallel = 4, ctx = unknown }, needs = "l.ctx" },
  },
}
