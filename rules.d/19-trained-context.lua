-- Teaches: a request gets no more context than the model was trained for, however long -c is.

lesson "19-trained-context" {
  claim = "llama-server gives a request at most the context the model was trained for; -c beyond it is cache that one conversation cannot use.",
  review_by = "2027-02-28",
}

-- Since b6925 (cd5e3b575, 2025-11-02): tools/server/server-context.cpp caps a slot at n_ctx_train.
rule "cache-that-no-request-can-use" {
  level = "waste",
  since = "b6925",
  each = { l = "launch", m = "model" },
  join = { "l.model == m.id" },
  when = {
    { "l.n_ctx > l.n_seq * m.context_length", otherwise = "{m.name} was trained for {m.context_length} tokens, and no slot is given more" },
    "l.program == 'server'",
  },
  unless = { "l.rope_given" },
  find = "{m.name} was trained for {m.context_length} tokens, and llama-server gives no request more: of the {l.n_ctx} cells of cache its slots can use {l.n_seq * m.context_length:count}. The log says \"exceeds the training context of the model ... capping\"",
  try = { ["l.ctx"] = "m.context_length * l.n_seq" },
  tests = {
    fires { model { known = "mistral-7b-v0.3-q4_k_m" }, launch { ctx = 131072, parallel = 1 }, says = "trained for 32,768 tokens" },
    fires { model { known = "qwen3-30b-a3b-q4_k_m" }, launch { ctx = 131072, parallel = 1, kv_unified = true } },
    silent { model { known = "mistral-7b-v0.3-q4_k_m" }, launch { ctx = 32768, parallel = 1 }, stops_at = "l.n_ctx > l.n_seq * m.context_length" },
    silent { model { known = "mistral-7b-v0.3-q4_k_m" }, launch { ctx = 131072, parallel = 1, program = "cli" }, stops_at = "l.program == 'server'" },
    silent { model { known = "mistral-7b-v0.3-q4_k_m" }, launch { ctx = 131072, parallel = 1, rope_given = true }, stops_at = "l.rope_given" },
    undecided { model { known = "mistral-7b-v0.3-q4_k_m", context_length = unknown }, launch { ctx = 131072, parallel = 1 }, needs = "m.context_length" },
  },
}

rule "conversation-shorter-than-asked" {
  level = "note",
  since = "b6925",
  each = { l = "launch", m = "model" },
  join = { "l.model == m.id" },
  when = {
    { "l.n_ctx_seq > m.context_length", otherwise = "{m.name} was trained for {m.context_length} tokens, and no slot is given more" },
    "l.n_ctx <= l.n_seq * m.context_length",
    "l.ctx > 0",
  },
  unless = { "l.rope_given" },
  find = "The {l.n_ctx} tokens of context serve several requests at once, each of at most {m.context_length}: {m.name} was trained for no more, and llama-server ends a conversation there",
  tests = {
    fires { model { known = "mistral-7b-v0.3-q4_k_m" }, launch { ctx = 131072 }, says = "each of at most 32,768" },
    silent { model { known = "mistral-7b-v0.3-q4_k_m" }, launch { ctx = 32768 }, stops_at = "l.n_ctx_seq > m.context_length" },
    silent { model { known = "mistral-7b-v0.3-q4_k_m" }, launch { ctx = 131072, parallel = 1 }, stops_at = "l.n_ctx <= l.n_seq * m.context_length" },
    silent { model { known = "mistral-7b-v0.3-q4_k_m" }, launch { ctx = 0 }, stops_at = "l.ctx > 0" },
    silent { model { known = "mistral-7b-v0.3-q4_k_m" }, launch { ctx = 131072, rope_given = true }, stops_at = "l.rope_given" },
    undecided { model { known = "mistral-7b-v0.3-q4_k_m", context_length = unknown }, launch { ctx = 131072 }, needs = "m.context_length" },
  },
}

-- RoPE is scaled for more, and the cap stays where the header has it (llama.cpp #17459, #22140). Since llama.cpp #28030 of 2026-08-30
-- --rope-scaling yarn moves it; b10760, of order 202609020, is the first build known after that. --override-kv moves it everywhere.
rule "scaled-and-still-capped" {
  level = "risk",
  since = "b6925",
  each = { b = "build", l = "launch", m = "model" },
  join = { "l.build == b.id", "l.model == m.id" },
  when = {
    { "l.rope_given", otherwise = "no flag scales RoPE" },
    "l.n_ctx_seq > m.context_length",
    "l.program == 'server'",
  },
  unless = {
    "l.header_overridden",
    "l.rope_scaling == 'yarn' and b.order >= 202609020",
  },
  find = "RoPE is scaled, and llama-server of {b.version} ends a conversation at {m.context_length} tokens all the same: it takes that figure from the header. Add --override-kv {m.architecture}.context_length=int:{l.n_ctx_seq:plain}; from b10760 on --rope-scaling yarn with --rope-scale needs nothing beside it, and other scaling still does",
  tests = {
    fires { build { version = "b8022" }, model { known = "mistral-7b-v0.3-q4_k_m" }, launch { ctx = 131072, parallel = 1, rope_given = true, rope_scaling = "yarn" }, says = "--override-kv llama.context_length=int:131072" },
    fires { build { version = "b10760" }, model { known = "mistral-7b-v0.3-q4_k_m" }, launch { ctx = 131072, parallel = 1, rope_given = true, rope_scaling = "linear" } },
    silent { build { version = "b10760" }, model { known = "mistral-7b-v0.3-q4_k_m" }, launch { ctx = 131072, parallel = 1, rope_given = true, rope_scaling = "yarn" }, stops_at = "l.rope_scaling == 'yarn' and b.order >= 202609020" },
    silent { build { version = "b8022" }, model { known = "mistral-7b-v0.3-q4_k_m" }, launch { ctx = 131072, parallel = 1, rope_given = true, header_overridden = true }, stops_at = "l.header_overridden" },
    silent { build { version = "b6841" }, model { known = "mistral-7b-v0.3-q4_k_m" }, launch { ctx = 131072, parallel = 1, rope_given = true } },
    silent { build { version = "b8022" }, model { known = "mistral-7b-v0.3-q4_k_m" }, launch { ctx = 131072, parallel = 1 }, stops_at = "l.rope_given" },
    silent { build { version = "b8022" }, model { known = "mistral-7b-v0.3-q4_k_m" }, launch { ctx = 32768, parallel = 1, rope_given = true }, stops_at = "l.n_ctx_seq > m.context_length" },
    silent { build { version = "b8022" }, model { known = "mistral-7b-v0.3-q4_k_m" }, launch { ctx = 131072, program = "cli", rope_given = true }, stops_at = "l.program == 'server'" },
    undecided { build { version = "b8022" }, model { known = "mistral-7b-v0.3-q4_k_m", context_length = unknown }, launch { ctx = 131072, parallel = 1, rope_given = true }, needs = "m.context_length" },
  },
}

-- What documents say it was made for.
rule "written-context-is-longer" {
  level = "wrong",
  each = { c = "claim", m = "model" },
  join = { "c.model == m.id" },
  when = {
    "known(c.about) and c.about == 'context'",
    "c.count > m.context_length",
  },
  derive = { ["c.refuted"] = "true" },
  find = "\"{c.text}\" gives {m.name} more context than it was trained for: its header says {m.context_length} tokens. Correct the sentence; a longer context needs RoPE scaled on purpose, and the sentence should say so",
  tests = {
    fires { claim { about = "context", count = 128000, text = "supports 128k context" }, model { known = "mistral-7b-v0.3-q4_k_m" }, says = "32,768 tokens" },
    fires { claim { about = "context", count = 1000000, text = "native 1M tokens" }, model { known = "qwen3.5-27b-q6_k" } },
    silent { claim { about = "context", count = 32000, text = "supports 32k context" }, model { known = "mistral-7b-v0.3-q4_k_m" }, stops_at = "c.count > m.context_length" },
    silent { claim { about = "layers", count = 128000, text = "many layers" }, model { known = "mistral-7b-v0.3-q4_k_m" }, stops_at = "known(c.about) and c.about == 'context'" },
    undecided { claim { about = "context", count = 128000 }, model { context_length = unknown }, needs = "m.context_length" },
  },
}
