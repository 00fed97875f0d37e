-- Teaches: -ub is the compute buffer, -b is not.

lesson "05-ub-is-not-b" {
  claim = "The compute buffer is sized by -ub and not by -b: above 512 it costs memory, and buys little speed as long as all weights are on the GPU.",
  review_by = "2027-02-23",
}

-- Everything on the GPUs: memory for nothing. 512 and less is never found fault with, and -b plays no part.
rule "oversized-ubatch" {
  level = "waste",
  each = { l = "launch" },
  when = {
    "l.ubatch > 512",
    "l.batch > 512",
    "l.loads",
  },
  unless = {
    "l.embedding_mode",
    "l.rerank",
    "l.weights_on_host > 0",
  },
  let = { extra = "l.gpu_need - predict('gpu_need', l, 'ubatch', 512, 'ctx', l.n_ctx)" },
  find = "-ub {l.ubatch:plain} takes {extra:mib} more GPU memory than -ub 512 for the same context: it sizes the compute buffer, and -b {l.batch:plain} only caps it. With all weights on the GPU prompts gain little from it, 1.0 to 1.2 times the speed up to 4096",
  advise = { ["l.ubatch"] = "512, llama.cpp's default, gives back {extra:mib}; -b may stay as it is" },
  try = { ["l.ubatch"] = "512" },
  tests = {
    fires { launch { ubatch = 2048, batch = 2048 } },
    fires { launch { ubatch = 1024, batch = 4096 } },
    fires { model { known = "llama-3.1-8b-q4_k_m" }, launch { ubatch = 4096, batch = 4096, ctx = 32768 }, says = "-ub 4096 takes" },
    silent { launch { ubatch = 512, batch = 2048 }, stops_at = "l.ubatch > 512" },
    silent { launch { ubatch = 512, batch = 512 } },
    silent { launch { ubatch = 256, batch = 2048 }, stops_at = "l.ubatch > 512" },
    silent { launch { ubatch = 2048, batch = 256 }, stops_at = "l.batch > 512" },
    silent { launch { ubatch = 2048, embedding_mode = true }, stops_at = "l.embedding_mode" },
    silent { launch { ubatch = 2048, rerank = true }, stops_at = "l.rerank" },
    silent { launch { ubatch = 2048, gpu_layers = 10 }, stops_at = "l.weights_on_host > 0" },
    silent { gpu { free = 750 * MiB }, launch { ubatch = 2048, ctx = 2048, fit = false }, stops_at = "l.loads" },
    undecided { launch { ubatch = unknown }, needs = "l.ubatch" },
    undecided { gpu { free = unknown }, launch { ubatch = 2048 }, needs = "l.loads" },
  },
}

-- The same, where fit pays with context instead of memory.
rule "ubatch-costs-context" {
  level = "waste",
  each = { l = "launch" },
  when = {
    "l.weights_on_host == 0",
    "more > l.n_ctx",
  },
  unless = {
    "l.embedding_mode",
    "l.rerank",
  },
  let = { more = "predict('n_ctx', l, 'ubatch', min(l.ubatch, 512))" },
  find = "For the compute buffer of -ub {l.ubatch:plain} fit cuts the context to {l.n_ctx} tokens; with -ub 512 it would leave {more}",
  try = { ["l.ubatch"] = "512" },
  tests = {
    fires { model { known = "llama-3.1-8b-q4_k_m" }, gpu { total = 12282 * MiB, free = 11500 * MiB }, launch { ubatch = 2048 } },
    fires { model { known = "qwen3-8b-q4_k_m" }, gpu { total = 8188 * MiB, free = 7600 * MiB }, launch { ubatch = 1024, batch = 1024 }, says = "fit cuts the context" },
    silent { model { known = "llama-3.1-8b-q4_k_m" }, gpu { total = 12282 * MiB, free = 11500 * MiB }, stops_at = "more > l.n_ctx" },
    silent { model { known = "llama-3.1-8b-q4_k_m" }, launch { ubatch = 2048, ctx = 8192 }, stops_at = "more > l.n_ctx" },
    silent { model { known = "llama-3.1-8b-q4_k_m" }, gpu { total = 12282 * MiB, free = 11500 * MiB }, launch { ubatch = 2048, embedding_mode = true }, stops_at = "l.embedding_mode" },
    silent { model { known = "llama-3.1-8b-q4_k_m" }, gpu { total = 12282 * MiB, free = 11500 * MiB }, launch { ubatch = 2048, rerank = true }, stops_at = "l.rerank" },
    silent { model { known = "llama-3.1-8b-q4_k_m" }, gpu { total = 12282 * MiB, free = 11500 * MiB }, launch { ubatch = 2048, weights_on_host = 1 * GiB }, stops_at = "l.weights_on_host == 0" },
    undecided { launch { ubatch = unknown }, needs = "l.n_ctx" },
  },
}

rule "ubatch-prevents-the-load" {
  level = "wrong",
  each = { l = "launch", p = "placement" },
  join = { "p.launch == l.id" },
  when = {
    "l.ubatch > 512",
    "p.device ~= 'Host'",
    "not p.loads",
    "predict('loads', l, 'ubatch', 512)",
  },
  unless = {
    "l.embedding_mode",
    "l.rerank",
  },
  let = { smaller = "predict('compute', p, 'ubatch', 512)" },
  find = "{p.device} is {-p.left:mib} short, and {p.compute:mib} of what it needs is the compute buffer of -ub {l.ubatch:plain}: with -ub 512 that is {smaller:mib} and everything loads",
  advise = { ["l.ubatch"] = "the compute buffer on {p.device} shrinks from {p.compute:mib} to {smaller:mib}; -b may stay as it is" },
  try = { ["l.ubatch"] = "512" },
  tests = {
    fires { gpu { free = 750 * MiB }, launch { ubatch = 2048, ctx = 2048, fit = false }, says = "everything loads" },
    fires { model { known = "llama-3.1-8b-q4_k_m" }, gpu { total = 6144 * MiB, free = 6000 * MiB }, launch { ubatch = 4096, batch = 4096, ctx = 8192, gpu_layers = 99 } },
    silent { launch { ubatch = 512, batch = 512 }, placement { loads = false }, stops_at = "l.ubatch > 512" },
    silent { launch { ubatch = 2048 }, stops_at = "not p.loads" },
    silent { launch { ubatch = 2048 }, placement { device = "Host", loads = false }, stops_at = "p.device ~= 'Host'" },
    silent { gpu { free = 300 * MiB }, launch { ubatch = 2048, ctx = 2048, fit = false }, stops_at = "predict('loads', l, 'ubatch', 512)" },
    silent { gpu { free = 750 * MiB }, launch { ubatch = 2048, ctx = 2048, fit = false, embedding_mode = true }, stops_at = "l.embedding_mode" },
    silent { gpu { free = 750 * MiB }, launch { ubatch = 2048, ctx = 2048, fit = false, rerank = true }, stops_at = "l.rerank" },
    undecided { gpu { free = unknown }, launch { ubatch = 2048 }, needs = "p.loads" },
  },
}

-- Weights in RAM cross to the GPU once for each micro-batch of a prompt: then it is a trade, and both sides are said.
-- Measured on one H200 with llama.cpp v0.5.0, a prompt of 4096 tokens: from -ub 512 to 2048 2.1 to 2.5 times, to 4096 3.2.
rule "ubatch-against-weights-in-ram" {
  level = "note",
  each = { l = "launch" },
  when = {
    "l.ubatch > 512",
    "l.weights_on_host > 0",
    "l.loads",
  },
  unless = {
    "l.embedding_mode",
    "l.rerank",
  },
  let = {
    cost = "l.gpu_need - predict('gpu_need', l, 'ubatch', 512, 'ctx', l.n_ctx) + displaced",
    displaced = "l.weights_on_host - predict('weights_on_host', l, 'ubatch', 512, 'ctx', l.n_ctx)",
  },
  find = "-ub {l.ubatch:plain} is a choice here: {l.weights_on_host:gib} of weights are in RAM and cross to the GPU once for each {l.ubatch:plain} tokens of a prompt. It takes {cost:mib} of GPU memory that could hold weights instead, and reads prompts faster than -ub 512, 2.1 to 2.5 times at 2048 and 3.2 times at 4096 where it was measured. Generated tokens gain nothing",
  tests = {
    fires { launch { ubatch = 2048, gpu_layers = 10 } },
    fires { model { known = "qwen3-30b-a3b-q4_k_m" }, launch { ubatch = 4096, batch = 4096, cpu_moe = true, ctx = 16384 }, says = "is a choice here" },
    silent { launch { ubatch = 512, gpu_layers = 10 }, stops_at = "l.ubatch > 512" },
    silent { launch { ubatch = 2048 }, stops_at = "l.weights_on_host > 0" },
    silent { gpu { free = 1 * MiB }, launch { ubatch = 2048, gpu_layers = 10, ctx = 2048 }, stops_at = "l.loads" },
    silent { launch { ubatch = 2048, gpu_layers = 10, embedding_mode = true }, stops_at = "l.embedding_mode" },
    silent { launch { ubatch = 2048, gpu_layers = 10, rerank = true }, stops_at = "l.rerank" },
    undecided { gpu { free = unknown }, launch { ubatch = 2048, gpu_layers = 10 }, needs = "l.loads" },
  },
}

rule "larger-ubatch-would-read-prompts-faster" {
  level = "note",
  each = { l = "launch", m = "model" },
  join = { "l.model == m.id" },
  when = {
    "l.ubatch == 512",
    "l.weights_on_host * 10 > m.weights",
    "l.op_offload",
    "l.gpu_free > 0",
    "predict('loads', l, 'ubatch', 2048)",
  },
  let = {
    cost = "predict('gpu_need', l, 'ubatch', 2048, 'ctx', l.n_ctx) - l.gpu_need + displaced",
    displaced = "predict('weights_on_host', l, 'ubatch', 2048, 'ctx', l.n_ctx) - l.weights_on_host",
  },
  find = "{l.weights_on_host:gib} of weights are in RAM and cross to the GPU once for each 512 tokens of a prompt: -ub 2048 made such prompts 2.1 to 2.5 times as fast where it was measured, for {cost:mib} of GPU memory that could hold weights instead. Short prompts and generated tokens gain nothing",
  tests = {
    fires { launch { gpu_layers = 5 } },
    fires { model { known = "qwen3-30b-a3b-q4_k_m" }, launch { cpu_moe = true, ctx = 16384 }, says = "2.1 to 2.5 times" },
    silent { launch { gpu_layers = 5, ubatch = 256 }, stops_at = "l.ubatch == 512" },
    silent { launch { gpu_layers = 21 }, stops_at = "l.weights_on_host * 10 > m.weights" },
    silent { launch { gpu_layers = 5, op_offload = false }, stops_at = "l.op_offload" },
    silent { launch { devices = "none" }, stops_at = "l.gpu_free > 0" },
    silent { gpu { free = 1 * MiB }, launch { gpu_layers = 5, ctx = 2048, fit = false }, stops_at = "predict('loads', l, 'ubatch', 2048)" },
    undecided { gpu { free = unknown }, launch { gpu_layers = 5 }, needs = "l.gpu_free" },
  },
}

-- Where a large -ub is not a matter of taste: server-context.cpp refuses longer inputs.
rule "embedding-input-limit" {
  level = "note",
  each = { l = "launch" },
  when = {
    "l.embedding_mode or l.rerank",
    "l.ubatch < l.n_ctx_seq",
  },
  find = "An embedding or rerank server takes an input in one piece of at most -ub {l.ubatch:plain} tokens and refuses longer ones, though a slot has room for {l.n_ctx_seq}: here -ub follows the longest input, and -b with it",
  advise = { ["l.ubatch"] = "an embedding or rerank server needs its longest input in one piece" },
  tests = {
    fires { launch { embedding_mode = true } },
    fires { launch { rerank = true, ubatch = 1024, ctx = 4096 }, says = "at most -ub 1024" },
    silent { stops_at = "l.embedding_mode or l.rerank" },
    silent { launch { embedding_mode = true, ubatch = 2048, batch = 2048, ctx = 2048 }, stops_at = "l.ubatch < l.n_ctx_seq" },
    undecided { launch { ubatch = unknown, embedding_mode = true }, needs = "l.ubatch" },
  },
}

-- Where neither model nor card is known, the pair of flags itself is the mistake people copy.
rule "ubatch-copied-from-batch" {
  level  = "waste",
  each   = { l = "launch" },
  when   = {
    { "l.ubatch > 512", otherwise = "-ub is {l.ubatch}" },
    { "l.ubatch == l.batch", otherwise = "-ub and -b differ" },
    "origin(l.ubatch) ~= 'default'",
  },
  unless = {
    "l.embedding_mode",
    "l.rerank",
    "l.pooling ~= ''",
    "l.override_moves_experts_to_cpu",
    "known(l.loads)", -- then the other rules judge with numbers
    "known(l.ubatch_reason) and l.ubatch_reason",
    "known(l.program) and l.program == 'bench'", -- it measures just that
  },
  find   = "-ub {l.ubatch} is as large as -b: the compute buffer is sized by -ub, so it is {l.ubatch / 512} times that of -ub 512, and with everything on the GPU prompts were read 1.0 to 1.2 times as fast where it was measured (one H200)",
  advise = { ["l.ubatch"] = "leave it at 512; -b {l.batch:plain} may stay" },
  try    = { ["l.ubatch"] = "512" },
  tests  = {
    fires  { launch { model = unknown, ubatch = 2048, batch = 2048 }, says = "4 times" },
    fires  { launch { model = unknown, ubatch = 1024, batch = 1024 } },
    silent { launch { model = unknown, ubatch = 512, batch = 512 }, stops_at = "l.ubatch > 512" },
    silent { launch { model = unknown, ubatch = 1024, batch = 2048 }, stops_at = "l.ubatch == l.batch" },
    silent { launch { model = unknown, ubatch = { 2048, origin = "default" }, batch = 2048 }, stops_at = "origin(l.ubatch) ~= 'default'" },
    silent { launch { model = unknown, ubatch = 2048, batch = 2048, embedding_mode = true }, stops_at = "l.embedding_mode" },
    silent { launch { model = unknown, ubatch = 2048, batch = 2048, rerank = true }, stops_at = "l.rerank" },
    silent { launch { model = unknown, ubatch = 2048, batch = 2048, pooling = "last" }, stops_at = "l.pooling ~= ''" },
    silent { launch { model = unknown, ubatch = 2048, batch = 2048, cpu_moe = true, override_moves_experts_to_cpu = true }, stops_at = "l.override_moves_experts_to_cpu" },
    silent { launch { ubatch = 2048, batch = 2048 }, stops_at = "known(l.loads)" },
    silent { launch { model = unknown, ubatch = 2048, batch = 2048, ubatch_reason = true }, stops_at = "known(l.ubatch_reason) and l.ubatch_reason" },
    silent { launch { model = unknown, ubatch = 2048, batch = 2048, program = "bench" }, stops_at = "known(l.program) and l.program == 'bench'" },
    fires  { launch { model = unknown, ubatch = 2048, batch = 2048, ubatch_reason = false } },
  },
}

-- What documents go on recommending.
rule "ubatch-of-batch-recommended" {
  level = "waste",
  each = { c = "claim" },
  when = {
    "known(c.belief)",
    "c.belief == 'ub-equals-b'",
  },
  find = "\"{c.text}\" recommends one value for both: -b may be that large, -ub sizes the compute buffer. Recommend -ub 512 where everything is on the GPU, and say what a larger one is for where it is not (weights in RAM, embedding servers)",
  tests = {
    fires { claim { belief = "ub-equals-b", text = "use -b 2048 -ub 2048" }, says = "recommends one value for both" },
    fires { claim { about = "belief", belief = "ub-equals-b", text = "Recommended -b/-ub: 2048-4096" } },
    silent { claim { belief = "moe-means-cpu", text = "MoE models need exps=CPU" }, stops_at = "c.belief == 'ub-equals-b'" },
    silent { claim { text = "fast" }, stops_at = "known(c.belief)" },
  },
}

-- With experts in RAM a large -ub is a choice; one that is only -b written twice is none.
rule "ubatch-copied-beside-experts-in-ram" {
  level = "waste",
  each = { l = "launch" },
  when = {
    { "l.ubatch > 512", otherwise = "-ub is {l.ubatch}" },
    { "l.ubatch == l.batch", otherwise = "-ub and -b differ" },
    "origin(l.ubatch) ~= 'default'",
    { "l.override_moves_experts_to_cpu", otherwise = "no flag keeps experts in RAM" },
    "known(l.ubatch_reason)",
  },
  unless = {
    "l.ubatch_reason",
    "l.embedding_mode",
    "l.rerank",
    "l.pooling ~= ''",
    "known(l.program) and l.program == 'bench'",
  },
  find = "-ub {l.ubatch:plain} is as large as -b, and nothing here says why. With experts in RAM it reads long prompts faster, and its compute buffer takes the room of layers: with -ub 512 and two or three layers more on the GPUs the same models generated 20.7 instead of 19.7 and 27.9 instead of 25.8 tokens a second. Write down which of the two this profile is for, or set 512",
  advise = { ["l.ubatch"] = "512 leaves room for layers; larger reads prompts faster" },
  try = { ["l.ubatch"] = "512" },
  tests = {
    fires { launch { model = unknown, ubatch = 2048, batch = 2048, override_moves_experts_to_cpu = true, ubatch_reason = false }, says = "nothing here says why" },
    fires { model { known = "gpt-oss-120b-f16" }, launch { ubatch = 4096, batch = 4096, cpu_moe = true, ubatch_reason = false } },
    silent { launch { ubatch = 512, batch = 512, override_moves_experts_to_cpu = true, ubatch_reason = false }, stops_at = "l.ubatch > 512" },
    silent { launch { ubatch = 2048, batch = 4096, override_moves_experts_to_cpu = true, ubatch_reason = false }, stops_at = "l.ubatch == l.batch" },
    silent { launch { ubatch = { 2048, origin = "default" }, batch = 2048, override_moves_experts_to_cpu = true, ubatch_reason = false }, stops_at = "origin(l.ubatch) ~= 'default'" },
    silent { launch { ubatch = 2048, batch = 2048, ubatch_reason = false }, stops_at = "l.override_moves_experts_to_cpu" },
    silent { launch { ubatch = 2048, batch = 2048, override_moves_experts_to_cpu = true }, stops_at = "known(l.ubatch_reason)" },
    silent { launch { ubatch = 2048, batch = 2048, override_moves_experts_to_cpu = true, ubatch_reason = true }, stops_at = "l.ubatch_reason" },
    silent { launch { ubatch = 2048, batch = 2048, override_moves_experts_to_cpu = true, ubatch_reason = false, embedding_mode = true }, stops_at = "l.embedding_mode" },
    silent { launch { ubatch = 2048, batch = 2048, override_moves_experts_to_cpu = true, ubatch_reason = false, rerank = true }, stops_at = "l.rerank" },
    silent { launch { ubatch = 2048, batch = 2048, override_moves_experts_to_cpu = true, ubatch_reason = false, pooling = "last" }, stops_at = "l.pooling ~= ''" },
    silent { launch { ubatch = 2048, batch = 2048, override_moves_experts_to_cpu = true, ubatch_reason = false, program = "bench" }, stops_at = "known(l.program) and l.program == 'bench'" },
  },
}
