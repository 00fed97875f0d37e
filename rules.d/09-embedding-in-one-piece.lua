-- Teaches: an embedding or rerank server takes an input in one piece of at most -ub tokens.

lesson "09-embedding-in-one-piece" {
  claim = "An embedding or rerank server computes an input in one micro-batch: -ub is the longest input it accepts, so there it follows the context, and -b with it.",
  review_by = "2027-02-23",
}

rule "embedding-inputs-refused" {
  level = "risk",
  each = { l = "launch" },
  when = {
    { "l.embedding_mode or l.rerank", otherwise = "it is no embedding or rerank server" },
    "l.ctx > l.ubatch * max(l.parallel, 1)",
  },
  find = "This server is given {l.ctx} tokens of context and -ub {l.ubatch:plain}: an input goes through in one piece, and one of more than {l.ubatch:plain} tokens is answered with an error (\"input is too large to process\"). Set -ub, and -b with it, to the longest input",
  try = {
    ["l.batch"] = "max(l.batch, l.ctx // max(l.parallel, 1))",
    ["l.ubatch"] = "l.ctx // max(l.parallel, 1)",
  },
  advise = { ["l.ubatch"] = "an embedding or rerank server needs its longest input in one piece" },
  tests = {
    fires { launch { model = unknown, embedding_mode = true, ctx = 8192 }, says = "of more than 512 tokens" },
    fires { launch { model = unknown, rerank = true, ctx = 4096, ubatch = 1024, parallel = 2 } },
    silent { launch { model = unknown, ctx = 8192 }, stops_at = "l.embedding_mode or l.rerank" },
    silent { launch { model = unknown, embedding_mode = true, ctx = 8192, ubatch = 8192, batch = 8192 }, stops_at = "l.ctx > l.ubatch * max(l.parallel, 1)" },
    silent { launch { model = unknown, embedding_mode = true, ctx = 8192, ubatch = 2048, parallel = 4 } },
    undecided { launch { model = unknown, embedding_mode = true, ctx = 8192, ubatch = unknown }, needs = "l.ubatch" },
  },
}

-- Who sets --pooling knows that the model pools what it was not made for.
rule "embedding-mode-of-a-generating-model" {
  level = "risk",
  each = { l = "launch", m = "model" },
  join = { "l.model == m.id" },
  when = {
    { "l.embedding_mode", otherwise = "it is no embedding or rerank server" },
    { "not m.embedding_model", otherwise = "{m.name} is made to embed" },
    "not known(l.pooling) or l.pooling == ''",
  },
  find = "--embedding makes this an embedding server, and {m.name} was made to generate: chat requests were answered with error 501 (llama.cpp #3815), and the option's own help says to use it with dedicated embedding models only. Take --embedding out, or load a model that was made to embed",
  try = { ["l.embedding_mode"] = "false" },
  tests = {
    fires { model { known = "qwen3-8b-q4_k_m" }, launch { embedding_mode = true }, says = "error 501" },
    fires { launch { embedding_mode = true, ubatch = 2048, ctx = 2048 } },
    silent { model { known = "bge-large-en-v1.5-f16" }, launch { embedding_mode = true }, stops_at = "not m.embedding_model" },
    silent { model { known = "qwen3-8b-q4_k_m" }, launch {}, stops_at = "l.embedding_mode" },
    silent { model { known = "qwen3-8b-q4_k_m" }, launch { embedding_mode = true, pooling = "last" }, stops_at = "not known(l.pooling) or l.pooling == ''" },
    undecided { model { embedding_model = unknown }, launch { embedding_mode = true }, needs = "m.embedding_model" },
  },
}
