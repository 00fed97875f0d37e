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
