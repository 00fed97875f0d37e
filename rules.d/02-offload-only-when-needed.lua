-- Teaches: experts in RAM are a price, paid only for what the GPUs cannot hold.

lesson "02-offload-only-when-needed" {
  claim = "Weights go to RAM only when the GPUs together cannot hold them: a GPU reads its memory at about 1 TB/s, RAM and PCIe give tens of GB/s.",
  review_by = "2027-02-23",
}

rule "experts-in-ram-needlessly" {
  level = "waste",
  each = { l = "launch", m = "model" },
  join = { "l.model == m.id" },
  when = {
    { "l.override_moves_experts_to_cpu", otherwise = "no flag keeps experts in RAM" },
    { "l.fits_gpus", otherwise = "the GPUs cannot hold all of it, so something has to be in RAM" },
  },
  let = {
    gpu_bandwidth = "sum('gpu', 'bandwidth') / count('gpu')",
    pcie_bandwidth = "sum('gpu', 'pcie_bandwidth') / count('gpu')",
    ram_bandwidth = "sum('host', 'ram_bandwidth')",
  },
  find = "{l.weights_on_host:gib} of weights are kept in RAM although everything fits the GPUs: {m.name} needs {l.whole_need:gib} and {l.gpu_free:gib} are free there. A GPU reads its memory at about 1 TB/s, RAM gives a tenth of that or less and PCIe about 32 GB/s (here: GPU {gpu_bandwidth}, RAM {ram_bandwidth}, PCIe {pcie_bandwidth})",
  advise = {
    ["l.cpu_moe"] = "everything fits the GPUs, so no expert has to wait in RAM",
    ["l.n_cpu_moe"] = "everything fits the GPUs, so no expert has to wait in RAM",
    ["l.override_tensor"] = "everything fits the GPUs, so no expert has to wait in RAM",
  },
  try = {
    ["l.cpu_moe"] = "false",
    ["l.n_cpu_moe"] = "0",
    ["l.override_tensor"] = "''",
  },
  tests = {
    fires { model { known = "glm-4.7-flash-q4_k_m" }, launch { cpu_moe = true, ctx = 10240 } },
    fires { model { known = "qwen3-30b-a3b-q4_k_m" }, gpu { bandwidth = 1008e9, pcie_bandwidth = 31.5e9 }, launch { n_cpu_moe = 24, ctx = 8192 }, says = "GPU 1008 GB/s" },
    fires { model { known = "glm-4.7-flash-q4_k_m" }, launch { override_tensor = "exps=CPU", ctx = 10240 } },
    silent { model { known = "glm-4.7-flash-q4_k_m" }, launch { ctx = 10240 }, stops_at = "l.override_moves_experts_to_cpu" },
    silent { model { known = "glm-4.7-flash-q4_k_m" }, launch { n_cpu_moe = 0, override_tensor = "exps=CUDA0", ctx = 10240 }, stops_at = "l.override_moves_experts_to_cpu" },
    silent { model { known = "qwen3-next-80b-a3b-q5_k_m" }, launch { cpu_moe = true, ctx = 8192 }, stops_at = "l.fits_gpus" },
    silent { model { known = "glm-4.7-flash-q8_0" }, launch { override_tensor = "exps=CPU", ctx = 8192 }, stops_at = "l.fits_gpus" },
    undecided { model { known = "glm-4.7-flash-q4_k_m" }, gpu { free = unknown }, launch { cpu_moe = true }, needs = "l.fits_gpus" },
  },
}

-- -ngl 0 keeps the GPU out on purpose and is left alone.
rule "layers-in-ram-needlessly" {
  level = "waste",
  each = { l = "launch" },
  when = {
    "l.gpu_layers > 0",
    "l.weights_on_host > 0",
    "l.fits_gpus",
    "not l.override_moves_experts_to_cpu",
  },
  find = "-ngl {l.gpu_layers} leaves {l.weights_on_host:gib} of layers in RAM although {l.whole_need:gib} would fit into the {l.gpu_free:gib} free on the GPUs: each of those bytes is read from RAM for every token, at a tenth of a GPU's speed or less",
  advise = { ["l.gpu_layers"] = "all layers fit the GPUs, so none has to stay in RAM" },
  try = { ["l.gpu_layers"] = "-1" },
  tests = {
    fires { launch { gpu_layers = 10 } },
    fires { model { known = "llama-3.1-8b-q4_k_m" }, launch { gpu_layers = 20, ctx = 8192 }, says = "leaves" },
    silent { launch { gpu_layers = 0 }, stops_at = "l.gpu_layers > 0" },
    silent { launch { gpu_layers = 99 }, stops_at = "l.weights_on_host > 0" },
    silent { gpu { free = 500 * MiB }, launch { gpu_layers = 10, ctx = 2048 }, stops_at = "l.fits_gpus" },
    silent {
      model { known = "glm-4.7-flash-q4_k_m" }, launch { gpu_layers = 99, cpu_moe = true, ctx = 8192 },
      stops_at = "not l.override_moves_experts_to_cpu",
    },
    undecided { gpu { free = unknown }, launch { gpu_layers = 10 }, needs = "l.fits_gpus" },
  },
}

rule "fit-target-pushes-weights-out" {
  level = "waste",
  since = "2025-12-18",
  each = { l = "launch" },
  when = {
    "l.fit_target == '1024'",
    { "l.fit_outcome == 'adjusted'", otherwise = "--fit moves nothing (its outcome: {l.fit_outcome})" },
    "l.weights_on_host > 0",
    "l.fits_gpus",
  },
  find = "To keep its default of 1024 MiB free on each card, --fit moves {l.weights_on_host:mib} of weights to RAM that would fit the GPUs: a card without a display can do with less",
  try = { ["l.fit_target"] = "'128,1024'" },
  tests = {
    fires { gpu { total = 2048 * MiB, free = 1300 * MiB }, launch { ctx = 2048 } },
    fires {
      model { known = "llama-3.1-8b-q4_k_m" }, gpu { total = 8188 * MiB, free = 6500 * MiB }, launch { ctx = 8192 },
      says = "1024 MiB free",
    },
    silent { gpu { total = 2048 * MiB, free = 1300 * MiB }, launch { ctx = 2048, fit_target = "1000" }, stops_at = "l.fit_target == '1024'" },
    silent { gpu { total = 2048 * MiB, free = 1300 * MiB }, launch { ctx = 2048, fit_outcome = "gave-up" }, stops_at = "l.fit_outcome == 'adjusted'" },
    silent { gpu { total = 4096 * MiB, free = 1800 * MiB }, stops_at = "l.weights_on_host > 0" },
    silent { gpu { total = 2048 * MiB, free = 500 * MiB }, launch { ctx = 2048 }, stops_at = "l.fits_gpus" },
    undecided { gpu { free = unknown }, launch { weights_on_host = 1 * GiB }, needs = "l.fits_gpus" },
  },
}

-- The same for a launch that fit does not place yet, so that the plan with fit can say why it sets a target.
rule "default-target-would-push-weights-out" {
  each = { l = "launch" },
  when = {
    "l.fits_gpus",
    "spill > 0",
  },
  let = {
    spill = "predict('weights_on_host', l, 'fit', true, 'gpu_layers', -1, 'override_tensor', '', 'tensor_split', '', 'cpu_moe', false, 'n_cpu_moe', 0, 'fit_target', '1024', 'ubatch', min(l.ubatch, 512))",
  },
  advise = { ["l.fit_target"] = "the default of 1024 MiB on every card would push {spill:mib} of weights to RAM; a card that drives no display needs less, one that does keeps 1024" },
  tests = {
    fires { model { known = "llama-3.1-8b-q4_k_m" }, gpu { total = 8188 * MiB, free = 6500 * MiB }, launch { ctx = 8192, gpu_layers = 99 } },
    fires { gpu { total = 2048 * MiB, free = 1300 * MiB }, launch { ctx = 2048, fit = false } },
    silent { launch { ctx = 2048 }, stops_at = "spill > 0" },
    silent { gpu { total = 2048 * MiB, free = 500 * MiB }, launch { ctx = 2048 }, stops_at = "l.fits_gpus" },
  },
}

-- Half a rule is no rule: what has to go to RAM is what does not fit, not every expert.
rule "gpu-left-empty" {
  level = "waste",
  each = { l = "launch", m = "model" },
  join = { "l.model == m.id" },
  when = {
    { "l.override_moves_experts_to_cpu", otherwise = "no flag keeps experts in RAM" },
    "not l.fits_gpus",
    "l.loads",
    "l.gpu_free - l.gpu_need > 4 * m.expert_weights / m.moe_layers",
  },
  find = "{l.weights_on_host:gib} of weights are in RAM while {l.gpu_free - l.gpu_need:gib} of GPU memory stay empty, room for several layers' experts of {m.expert_weights / m.moe_layers:mib} each: move only what does not fit",
  advise = {
    ["l.cpu_moe"] = "it sends every expert to RAM; fit sends only those that do not fit",
    ["l.n_cpu_moe"] = "it sends more experts to RAM than has to be; fit counts them",
    ["l.override_tensor"] = "it sends more experts to RAM than has to be; fit counts them",
  },
  try = {
    ["l.cpu_moe"] = "false",
    ["l.fit"] = "true",
    ["l.gpu_layers"] = "-1",
    ["l.n_cpu_moe"] = "0",
    ["l.override_tensor"] = "''",
  },
  tests = {
    fires { model { known = "qwen3-next-80b-a3b-q5_k_m" }, launch { override_tensor = "exps=CPU", ctx = 32768 } },
    fires { model { known = "gpt-oss-120b-mxfp4" }, launch { cpu_moe = true, ctx = 16384 }, says = "stay empty" },
    silent { model { known = "qwen3-next-80b-a3b-q5_k_m" }, launch { ctx = 32768, gpu_need = 0 }, stops_at = "l.override_moves_experts_to_cpu" },
    silent { model { known = "glm-4.7-flash-q4_k_m" }, launch { cpu_moe = true, ctx = 8192 }, stops_at = "not l.fits_gpus" },
    silent {
      model { known = "qwen3-next-80b-a3b-q5_k_m" }, launch { n_cpu_moe = 31, ctx = 32768 },
      stops_at = "l.gpu_free - l.gpu_need > 4 * m.expert_weights / m.moe_layers",
    },
    silent { model { known = "qwen3-next-80b-a3b-q5_k_m" }, launch { override_tensor = "exps=CPU", ctx = 32768, loads = false }, stops_at = "l.loads" },
    undecided { model { known = "qwen3-next-80b-a3b-q5_k_m" }, gpu { free = unknown }, launch { cpu_moe = true }, needs = "l.gpu_free" },
  },
}

rule "dense-model-spills" {
  level = "note",
  each = { l = "launch", m = "model" },
  join = { "l.model == m.id" },
  when = {
    "not m.moe",
    "l.weights_on_host > 0",
    "not l.fits_gpus",
    "l.gpu_free > 0",
  },
  find = "{l.weights_on_host:gib} of a dense model stay in RAM, and every token reads all of it: with the same RAM a mixture of experts loses far less. A smaller quantisation or a shorter context that fits the GPUs is worth more here than any placement",
  tests = {
    fires { gpu { free = 500 * MiB }, launch { gpu_layers = 8, ctx = 2048 } },
    fires { model { known = "qwen3.5-27b-q6_k" }, gpu { total = 12282 * MiB, free = 11500 * MiB }, launch { ctx = 8192 }, says = "every token reads all of it" },
    silent { model { known = "glm-4.7-flash-q8_0" }, launch { cpu_moe = true, ctx = 8192 }, stops_at = "not m.moe" },
    silent { gpu { free = 500 * MiB }, launch { gpu_layers = 99, ctx = 2048 }, stops_at = "l.weights_on_host > 0" },
    silent { launch { gpu_layers = 8 }, stops_at = "not l.fits_gpus" },
    silent { launch { weights_on_host = 600 * MiB, fits_gpus = false, gpu_free = 0 }, stops_at = "l.gpu_free > 0" },
    undecided { gpu { free = unknown }, launch { gpu_layers = 8 }, needs = "l.fits_gpus" },
  },
}

rule "ram-cannot-hold-it" {
  level = "risk",
  each = { l = "launch", h = "host" },
  when = {
    "l.weights_on_host > 0",
    "l.host_need > h.ram_available",
    { "l.host_held <= h.ram_available", otherwise = "it does not load at all (L17)" },
  },
  find = "{l.host_need:gib} of weights and buffers are to stay in RAM, where {h.ram_available:gib} are available: what does not fit is read from disk or swap again for every token",
  tests = {
    fires { model { known = "gpt-oss-120b-mxfp4" }, host { ram_available = 32 * GiB }, launch { cpu_moe = true, ctx = 8192 } },
    fires { host { ram_available = 256 * MiB }, launch { gpu_layers = 0, ctx = 2048 } },
    silent { launch { gpu_layers = 0 }, stops_at = "l.host_need > h.ram_available" },
    silent { host { ram_available = 30 * MiB }, launch { ctx = 2048 }, stops_at = "l.weights_on_host > 0" },
    silent { model { known = "gpt-oss-120b-mxfp4" }, launch { cpu_moe = true, ctx = 8192 }, stops_at = "l.host_need > h.ram_available" },
    silent { model { known = "gpt-oss-120b-mxfp4" }, host { ram_available = 32 * GiB }, launch { cpu_moe = true, ctx = 8192, load_mode = "none" }, stops_at = "l.host_held <= h.ram_available" },
    undecided { host { ram_available = unknown }, launch { gpu_layers = 0 }, needs = "h.ram_available" },
  },
}

-- Where no GPU is described the question stays, if the model is of a size that one or two cards hold.
rule "experts-in-ram-without-a-reason" {
  level  = "risk",
  each   = { l = "launch", m = "model" },
  join   = { "l.model == m.id" },
  when   = {
    { "l.override_moves_experts_to_cpu", otherwise = "no expert is sent to RAM" },
    "m.weights < 32 * GiB",
  },
  unless = {
    "known(l.reason_given) and l.reason_given",
    "known(l.fits_gpus)", -- then it can be said, not only asked
  },
  find   = "Experts are kept in RAM, and nothing here says why: {m.name} has {m.weights:gib} of weights, which one or two cards can hold, and RAM gives a tenth of their bandwidth or less. Keep them there only if the GPUs cannot hold them, and write down that they cannot",
  advise = { ["l.override_tensor"] = "needed only when the GPUs cannot hold the model; say so beside it" },
  tests  = {
    fires  { model { known = "glm-4.7-flash-q4_k_m" }, gpu { free = unknown }, launch { override_tensor = "exps=CPU" }, says = "16.8" },
    fires  { model { known = "qwen3-30b-a3b-q4_k_m" }, gpu { free = unknown }, launch { cpu_moe = true } },
    silent { model { known = "qwen3-30b-a3b-q4_k_m" }, gpu { free = unknown }, stops_at = "l.override_moves_experts_to_cpu" },
    silent { model { known = "gpt-oss-120b-mxfp4" }, gpu { free = unknown }, launch { cpu_moe = true }, stops_at = "m.weights < 32 * GiB" },
    silent { model { known = "qwen3-30b-a3b-q4_k_m" }, gpu { free = unknown }, launch { cpu_moe = true, reason_given = true }, stops_at = "known(l.reason_given) and l.reason_given" },
    silent { model { known = "qwen3-30b-a3b-q4_k_m" }, launch { cpu_moe = true }, stops_at = "known(l.fits_gpus)" },
    undecided { model { known = "qwen3-30b-a3b-q4_k_m", weights = unknown }, gpu { free = unknown }, launch { cpu_moe = true }, needs = "m.weights" },
  },
}

-- What documents go on recommending.
rule "experts-in-ram-recommended-for-all" {
  level = "risk",
  each = { c = "claim" },
  when = {
    "known(c.belief)",
    "c.belief == 'moe-means-cpu'",
  },
  find = "\"{c.text}\" makes a rule of it: experts go to RAM when the GPUs cannot hold the model, whatever its architecture, and only those that do not fit. Write the condition beside the advice",
  tests = {
    fires { claim { belief = "moe-means-cpu", text = "MoE models always need exps=CPU" }, says = "whatever its architecture" },
    fires { claim { about = "belief", belief = "moe-means-cpu", text = "exps=CPU for all MoE" } },
    silent { claim { belief = "ub-equals-b", text = "use -b 2048 -ub 2048" }, stops_at = "c.belief == 'moe-means-cpu'" },
    silent { claim { text = "fast" }, stops_at = "known(c.belief)" },
  },
}

-- A container, pod or variable may hide cards.
rule "cards-not-shown" {
  level = "note",
  each = { l = "launch" },
  when = {
    { "known(l.gpus_seen) and l.gpus_seen >= 0", otherwise = "every card of the machine is shown to it" },
    "l.gpus_used < cards",
    "l.weights_on_host > 0",
  },
  let = { cards = "count('gpu')" },
  find = "This launch is shown {l.gpus_used} of the machine's {cards} GPUs, and {l.weights_on_host:gib} of its layers stay in RAM. Show it the others too (device_ids, CUDA_VISIBLE_DEVICES), unless something else runs on them",
  tests = {
    fires { model { known = "glm-4.7-flash-q8_0" }, gpu {}, gpu {}, launch { ctx = 8192, gpus_seen = 1, gpu_ids = "1" }, says = "shown 1 of the machine's 2 GPUs" },
    fires { model { known = "glm-4.7-flash-q8_0" }, gpu {}, gpu {}, launch { ctx = 8192, gpus_seen = 0 } },
    silent { model { known = "gpt-oss-120b-mxfp4" }, gpu {}, gpu {}, launch { ctx = 8192, gpus_seen = 2 }, stops_at = "l.gpus_used < cards" },
    silent { model { known = "glm-4.7-flash-q4_k_m" }, gpu {}, gpu {}, launch { ctx = 8192, gpus_seen = 1 }, stops_at = "l.weights_on_host > 0" },
    silent { model { known = "glm-4.7-flash-q8_0" }, gpu {}, gpu {}, launch { ctx = 8192, devices = "CUDA0" }, stops_at = "known(l.gpus_seen) and l.gpus_seen >= 0" },
    undecided { gpu {}, gpu {}, launch { gpus_seen = 1, weights_on_host = unknown }, needs = "l.weights_on_host" },
  },
}
