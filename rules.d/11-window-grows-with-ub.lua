-- Teaches: the cache of a sliding window holds the window and one micro-batch.

lesson "11-window-grows-with-ub" {
  claim = "A layer with a sliding window caches the window plus -ub tokens, so a large -ub is paid twice: in the compute buffer and in the cache.",
  review_by = "2027-02-23",
}

rule "window-cache-of-a-large-ubatch" {
  level = "note",
  each = { l = "launch", m = "model", p = "placement" },
  join = {
    "l.model == m.id",
    "p.launch == l.id",
  },
  when = {
    { "m.sliding_window > 0", otherwise = "{m.name} has no sliding window" },
    { "l.ubatch > 512", otherwise = "-ub is {l.ubatch}" },
    "not l.swa_full",
    "p.device ~= 'Host'",
  },
  let = { extra = "p.kv - predict('kv', p, 'ubatch', 512, 'ctx', l.n_ctx)" },
  find = "{extra:mib} of the cache on {p.device} is there for -ub {l.ubatch:plain}: layers with a window of {m.sliding_window} tokens cache the window and one micro-batch",
  tests = {
    fires { model { known = "gpt-oss-120b-mxfp4" }, launch { ctx = 65536, ubatch = 4096, batch = 4096, cpu_moe = true }, says = "window of 128 tokens" },
    fires { model { known = "gemma-3-4b-q4_k_m" }, launch { ctx = 32768, ubatch = 2048 } },
    silent { model { known = "llama-3.1-8b-q4_k_m" }, launch { ctx = 8192, ubatch = 1024 }, stops_at = "m.sliding_window > 0" },
    silent { model { known = "gemma-3-4b-q4_k_m" }, launch { ctx = 32768 }, stops_at = "l.ubatch > 512" },
    silent { model { known = "gemma-3-4b-q4_k_m" }, launch { ctx = 32768, ubatch = 2048, swa_full = true }, stops_at = "not l.swa_full" },
    silent { model { known = "gemma-3-4b-q4_k_m" }, launch { ctx = 32768, ubatch = 2048, devices = "none" }, stops_at = "p.device ~= 'Host'" },
    undecided { model { known = "gemma-3-4b-q4_k_m", sliding_window = unknown }, launch { ctx = 32768, ubatch = 2048 }, needs = "m.sliding_window" },
  },
}
