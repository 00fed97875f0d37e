-- Teaches: placement is decided by questions in a fixed order, and the decision is written down.

lesson "00-decision-tree" {
  claim = "What is it, how big is it, does one GPU hold it, do all of them: only after these questions does anything go to RAM.",
  review_by = "2027-02-23",
}

-- The questions. Exactly one of these five rules holds for a launch whose model and GPUs are known.

rule "one-gpu-holds-it" {
  level = "note",
  each = { l = "launch", m = "model" },
  join = { "l.model == m.id" },
  when = {
    "m.architecture_known",
    { "m.complete", otherwise = "the file is not whole" },
    "l.fits_one_gpu",
  },
  derive = { ["l.strategy"] = "'one gpu'" },
  find = "{m.name} needs {l.whole_need:gib} at a context of {l.n_ctx}, and the GPU with most room has {l.largest_gpu_free:gib} free: one card holds all of it",
  tests = {
    fires { says = "one card holds all of it" },
    fires { model { known = "qwen3-30b-a3b-q4_k_m" }, launch { ctx = 8192 } },
    silent { model { architecture_known = false }, stops_at = "m.architecture_known" },
    silent { model { complete = false }, stops_at = "m.complete" },
    silent { gpu { free = 300 * MiB }, launch { ctx = 2048 }, stops_at = "l.fits_one_gpu" },
    undecided { gpu { free = unknown }, needs = "l.fits_one_gpu" },
  },
}

rule "all-gpus-hold-it" {
  level = "note",
  each = { l = "launch", m = "model" },
  join = { "l.model == m.id" },
  when = {
    "m.architecture_known",
    { "m.complete", otherwise = "the file is not whole" },
    "not l.fits_one_gpu",
    "l.fits_gpus",
  },
  derive = { ["l.strategy"] = "'all gpus'" },
  find = "{m.name} needs {l.whole_need:gib} at a context of {l.n_ctx}: more than the {l.largest_gpu_free:gib} free on the roomiest GPU, less than the {l.gpu_free:gib} free on all of them, so nothing has to leave the GPUs",
  tests = {
    fires { gpu { free = 500 * MiB }, gpu { free = 500 * MiB }, launch { ctx = 2048 } },
    fires {
      model { known = "glm-4.7-flash-q8_0" },
      gpu { total = 24564 * MiB, free = 23671 * MiB },
      gpu { total = 16303 * MiB, free = 12761 * MiB },
      launch { ctx = 32768 },
      says = "nothing has to leave the GPUs",
    },
    silent { launch { fits_one_gpu = false }, model { architecture_known = false }, stops_at = "m.architecture_known" },
    silent { launch { fits_one_gpu = false }, model { complete = false }, stops_at = "m.complete" },
    silent { stops_at = "not l.fits_one_gpu" },
    silent { gpu { free = 300 * MiB }, launch { ctx = 2048 }, stops_at = "l.fits_gpus" },
    undecided { gpu { free = unknown }, needs = "l.fits_gpus" },
  },
}

rule "experts-go-to-ram" {
  level = "note",
  each = { l = "launch", m = "model" },
  join = { "l.model == m.id" },
  when = {
    "m.architecture_known",
    { "m.complete", otherwise = "the file is not whole" },
    "m.moe",
    "not l.fits_gpus",
    "l.gpu_free > 0",
  },
  derive = { ["l.strategy"] = "'experts in ram'" },
  find = "{m.name} needs {l.whole_need:gib} at a context of {l.n_ctx} and the GPUs have {l.gpu_free:gib} free: what does not fit has to be experts, {m.expert_weights:gib} of its {m.weights:gib}, of which a token uses {m.experts_used} in {m.experts}",
  tests = {
    fires { model { known = "glm-4.7-flash-q8_0" } },
    fires { model { known = "qwen3-next-80b-a3b-q5_k_m" }, gpu {}, gpu {}, says = "10 in 512" },
    silent { model { moe = false }, launch { fits_gpus = false }, stops_at = "m.moe" },
    silent { model { known = "glm-4.7-flash-q8_0", architecture_known = false }, stops_at = "m.architecture_known" },
    silent { model { known = "glm-4.7-flash-q8_0", complete = false }, stops_at = "m.complete" },
    silent { model { known = "glm-4.7-flash-q4_k_m" }, launch { ctx = 8192 }, stops_at = "not l.fits_gpus" },
    silent { model { moe = true }, launch { fits_gpus = false, gpu_free = 0 }, stops_at = "l.gpu_free > 0" },
    undecided { model { known = "glm-4.7-flash-q8_0" }, gpu { free = unknown }, needs = "l.fits_gpus" },
  },
}

rule "layers-go-to-ram" {
  level = "note",
  each = { l = "launch", m = "model" },
  join = { "l.model == m.id" },
  when = {
    "m.architecture_known",
    { "m.complete", otherwise = "the file is not whole" },
    "not m.moe",
    "not l.fits_gpus",
    "l.gpu_free > 0",
  },
  derive = { ["l.strategy"] = "'layers in ram'" },
  find = "{m.name} needs {l.whole_need:gib} at a context of {l.n_ctx} and the GPUs have {l.gpu_free:gib} free: a dense model leaves only whole layers to move, and every token reads them from RAM",
  tests = {
    fires { gpu { free = 300 * MiB }, launch { ctx = 2048 } },
    fires { model { known = "qwen3.5-27b-q6_k" }, gpu { total = 12282 * MiB, free = 11500 * MiB }, launch { ctx = 8192 } },
    silent { model { moe = true }, launch { fits_gpus = false }, stops_at = "not m.moe" },
    silent { model { architecture_known = false }, launch { fits_gpus = false }, stops_at = "m.architecture_known" },
    silent { model { complete = false }, launch { fits_gpus = false }, stops_at = "m.complete" },
    silent { stops_at = "not l.fits_gpus" },
    silent { launch { fits_gpus = false, gpu_free = 0 }, stops_at = "l.gpu_free > 0" },
    undecided { gpu { free = unknown }, needs = "l.fits_gpus" },
  },
}

rule "no-gpu-to-use" {
  level = "note",
  each = { l = "launch", m = "model" },
  join = { "l.model == m.id" },
  when = { "l.gpu_free == 0" },
  derive = { ["l.strategy"] = "'all in ram'" },
  find = "No GPU takes part: all {m.weights:gib} of {m.name} are read from RAM",
  tests = {
    fires { launch { devices = "none" } },
    fires { launch { gpu_free = 0 }, says = "No GPU takes part" },
    silent { stops_at = "l.gpu_free == 0" },
    silent { gpu {}, gpu {}, stops_at = "l.gpu_free == 0" },
    undecided { gpu { free = unknown }, needs = "l.gpu_free" },
  },
}

-- What follows from the answer for the flags.

rule "second-gpu-not-needed" {
  each = { l = "launch" },
  when = {
    "l.strategy == 'one gpu'",
    "l.gpus_used > 1",
  },
  advise = {
    ["l.main_gpu"] = "this is the card with most free memory, {l.largest_gpu_free:gib}",
    ["l.split_mode"] = "one card holds everything ({l.whole_need:gib} of {l.largest_gpu_free:gib} free), so no activations have to cross to another",
  },
  tests = {
    fires { gpu {}, gpu {} },
    fires { gpu {}, gpu { free = 4 * GiB }, model { known = "llama-3.1-8b-q4_k_m" }, launch { ctx = 8192 } },
    silent { stops_at = "l.gpus_used > 1" },
    silent { gpu { free = 500 * MiB }, gpu { free = 500 * MiB }, launch { ctx = 2048 }, stops_at = "l.strategy == 'one gpu'" },
    undecided { gpu { free = unknown }, gpu {}, needs = "l.strategy" },
  },
}

-- General rules 4 and 5: write the reason down, and believe the measurement.

rule "placed-without-a-reason" {
  level = "note",
  each = { l = "launch" },
  when = {
    "l.gpu_layers > 0 or l.override_tensor ~= '' or l.cpu_moe or l.n_cpu_moe > 0",
    "known(l.reason_given)",
    "not l.reason_given",
  },
  find = "This profile places layers or tensors by hand and does not say why: write the reason beside it, with the sizes it rests on and where they were read",
  tests = {
    fires { launch { gpu_layers = 33, reason_given = false } },
    fires { launch { override_tensor = "exps=CPU", reason_given = false } },
    fires { launch { n_cpu_moe = 12, reason_given = false } },
    silent { launch { reason_given = false }, stops_at = "l.gpu_layers > 0 or l.override_tensor ~= '' or l.cpu_moe or l.n_cpu_moe > 0" },
    silent { launch { gpu_layers = 33, reason_given = true }, stops_at = "not l.reason_given" },
    silent { launch { gpu_layers = 33 }, stops_at = "known(l.reason_given)" },
  },
}

rule "measured-otherwise" {
  level = "risk",
  each = { g = "log", l = "launch" },
  join = { "g.launch == l.id" },
  when = {
    "g.outcome == 'oom'",
    "l.loads",
  },
  find = "Memory ran out in the real load that the log shows, and the figures here say that it loads: believe the log, and look at what differs, the build, the flags or other programs on the card",
  tests = {
    fires { log { outcome = "oom" }, says = "Memory ran out in the real load" },
    silent { log { outcome = "loaded" }, stops_at = "g.outcome == 'oom'" },
    silent { log { outcome = "oom" }, gpu { free = 300 * MiB }, launch { ctx = 2048, fit = false }, stops_at = "l.loads" },
    undecided { log {}, needs = "g.outcome" },
  },
}

rule "loaded-all-the-same" {
  level = "risk",
  each = { g = "log", l = "launch" },
  join = { "g.launch == l.id" },
  when = {
    "g.outcome == 'loaded'",
    "not l.loads",
  },
  find = "The log shows a real load that came to its end, and the figures here say that it does not load: believe the log, and look at what differs, the build, the flags or other programs on the card",
  tests = {
    fires { log { outcome = "loaded" }, gpu { free = 300 * MiB }, launch { ctx = 2048, fit = false }, says = "that came to its end" },
    silent { log { outcome = "loaded" }, stops_at = "not l.loads" },
    silent { log { outcome = "oom" }, gpu { free = 300 * MiB }, launch { ctx = 2048, fit = false }, stops_at = "g.outcome == 'loaded'" },
    undecided { log {}, gpu { free = 300 * MiB }, launch { ctx = 2048, fit = false }, needs = "g.outcome" },
  },
}
