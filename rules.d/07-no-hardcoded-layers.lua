-- Teaches: a layer count written down stops --fit just when it is needed.

lesson "07-no-hardcoded-layers" {
  claim = "A fixed layer count, or a split or tensors placed by hand, makes --fit give up when something does not fit: leave -ngl on auto, first of all in files that others inherit.",
  since = "2025-12-18",
  review_by = "2026-12-31",
}

-- It does not load, and fit was kept from helping.

rule "flags-stop-fit" {
  level = "wrong",
  each = { l = "launch" },
  when = {
    { "l.fit_outcome == 'gave-up'", otherwise = "no flag made --fit give up (its outcome: {l.fit_outcome})" },
    "not l.loads",
    "predict('loads', l, 'gpu_layers', -1, 'tensor_split', '', 'override_tensor', '', 'cpu_moe', false, 'n_cpu_moe', 0)",
  },
  find = "--fit gave up: {l.fit_reason}. Loading goes on with the flags as written, and those want {l.gpu_need:gib} on GPUs that have {l.gpu_free:gib} free all together. Without them fit places what the GPUs hold, and it loads",
  try = {
    ["l.cpu_moe"] = "false",
    ["l.gpu_layers"] = "-1",
    ["l.n_cpu_moe"] = "0",
    ["l.override_tensor"] = "''",
    ["l.tensor_split"] = "''",
  },
  tests = {
    fires { model { known = "qwen3-next-80b-a3b-q5_k_m" }, gpu {}, gpu {}, launch { gpu_layers = 99, ctx = 32768 }, says = "-ngl 99" },
    fires { gpu { free = 1500 * MiB }, model { known = "llama-3.1-8b-q4_k_m" }, launch { gpu_layers = -2, ctx = 4096 } },
    fires { model { known = "glm-4.7-flash-q8_0" }, gpu {}, gpu { free = 12 * GiB }, launch { tensor_split = "9,1", ctx = 32768 }, says = "-ts was given" },
    silent { model { known = "qwen3-next-80b-a3b-q5_k_m" }, launch { ctx = 32768 } },
    silent { launch { gpu_layers = 99 } },
    silent {
      model { known = "llama-3.1-8b-q4_k_m" }, gpu { free = 4 * GiB }, gpu { free = 4 * GiB },
      launch { fit = false, override_tensor = "blk=CUDA0", ctx = 4096 },
      stops_at = "l.fit_outcome == 'gave-up'",
    },
    silent { gpu { free = 1500 * MiB }, launch { gpu_layers = 99, ctx = 2048 }, stops_at = "not l.loads" },
    silent { model { known = "qwen3-next-80b-a3b-q5_k_m" }, gpu { free = 1 * MiB }, launch { gpu_layers = 99, ctx = 262144 }, stops_at = "predict('loads', l, 'gpu_layers', -1, 'tensor_split', '', 'override_tensor', '', 'cpu_moe', false, 'n_cpu_moe', 0)" },
    undecided { gpu { free = unknown }, launch { gpu_layers = 99 }, needs = "l.loads" },
  },
}

rule "placed-by-hand-does-not-load" {
  level = "wrong",
  each = { l = "launch" },
  when = {
    "not l.fit",
    "not l.loads",
    "predict('loads', l, 'fit', true, 'gpu_layers', -1, 'tensor_split', '', 'override_tensor', '', 'cpu_moe', false, 'n_cpu_moe', 0)",
  },
  find = "With --fit off each card gets what the flags give it, and that does not load: it takes {l.gpu_need:gib} of GPUs that have {l.gpu_free:gib} free together, and each has to hold its own share. With fit and -ngl auto the same model and context load",
  try = {
    ["l.cpu_moe"] = "false",
    ["l.fit"] = "true",
    ["l.gpu_layers"] = "-1",
    ["l.n_cpu_moe"] = "0",
    ["l.override_tensor"] = "''",
    ["l.tensor_split"] = "''",
  },
  tests = {
    fires { gpu { free = 1500 * MiB }, model { known = "llama-3.1-8b-q4_k_m" }, launch { fit = false, gpu_layers = 33, ctx = 4096 } },
    fires {
      model { known = "glm-4.7-flash-q8_0" },
      gpu { total = 24564 * MiB, free = 23671 * MiB },
      gpu { total = 16303 * MiB, free = 12761 * MiB },
      launch { fit = false, gpu_layers = 99, ctx = 32768, override_tensor = "blk=CUDA0" },
      says = "With fit and -ngl auto",
    },
    silent { launch { fit = false, gpu_layers = 99 }, stops_at = "not l.loads" },
    silent { gpu { free = 1500 * MiB }, model { known = "llama-3.1-8b-q4_k_m" }, launch { gpu_layers = 33, ctx = 4096 }, stops_at = "not l.fit" },
    silent { gpu { free = 1 * MiB }, launch { fit = false, ctx = 2048 } , stops_at = "predict('loads', l, 'fit', true, 'gpu_layers', -1, 'tensor_split', '', 'override_tensor', '', 'cpu_moe', false, 'n_cpu_moe', 0)" },
    undecided { gpu { free = unknown }, launch { fit = false, gpu_layers = 33 }, needs = "l.loads" },
  },
}

-- It loads, but not with what --fit-target was to keep free.
rule "fit-gave-up-unnoticed" {
  level = "risk",
  each = { l = "launch" },
  when = {
    { "l.fit_outcome == 'gave-up'", otherwise = "no flag made --fit give up (its outcome: {l.fit_outcome})" },
    "l.loads",
  },
  find = "--fit gave up: {l.fit_reason}. It loads all the same, with less than {l.fit_target} MiB left on some card, and the next larger context or model will not",
  try = {
    ["l.cpu_moe"] = "false",
    ["l.gpu_layers"] = "-1",
    ["l.n_cpu_moe"] = "0",
    ["l.override_tensor"] = "''",
    ["l.tensor_split"] = "''",
  },
  tests = {
    fires { gpu { free = 1500 * MiB }, launch { gpu_layers = 99, ctx = 2048 } },
    fires { gpu { free = 1500 * MiB }, gpu { free = 1500 * MiB }, launch { tensor_split = "1,1", ctx = 8192, fit_target = "1400" }, says = "-ts was given" },
    silent { launch { gpu_layers = 99 }, stops_at = "l.fit_outcome == 'gave-up'" },
    silent { gpu { free = 1500 * MiB }, launch { gpu_layers = 99, ctx = 2048, fit = false }, stops_at = "l.fit_outcome == 'gave-up'" },
    silent { gpu { free = 1500 * MiB }, model { known = "llama-3.1-8b-q4_k_m" }, launch { gpu_layers = 99, ctx = 4096 }, stops_at = "l.loads" },
    undecided { gpu { free = unknown }, launch { gpu_layers = 99 }, needs = "l.fit_outcome" },
  },
}

-- 0 keeps the GPU out on purpose, "all" says that nothing may leave it; a number only guesses at the next model.
rule "layer-count-in-infrastructure" {
  level = "risk",
  each = { l = "launch" },
  when = {
    "known(l.infrastructure)",
    "l.infrastructure",
    "l.gpu_layers > 0",
    "l.fit",
    { "known(l.inherited)", otherwise = "nobody takes it over from there" },
    { "l.inherited", otherwise = "nobody takes it over from there" },
  },
  find = "-ngl {l.gpu_layers:plain} stands in a place that others inherit: harmless while everything fits, it stops --fit for the first model that does not, and tests of fit made with it are worth nothing. Write auto there",
  advise = { ["l.gpu_layers"] = "the number stands in a place that others inherit and would stop fit there too" },
  try = { ["l.gpu_layers"] = "-1" },
  tests = {
    fires { launch { gpu_layers = 99, infrastructure = true, inherited = true } },
    fires { launch { gpu_layers = 33, infrastructure = true, inherited = true }, says = "-ngl 33" },
    silent { launch { gpu_layers = -1, infrastructure = true, inherited = true }, stops_at = "l.gpu_layers > 0" },
    silent { launch { gpu_layers = 0, infrastructure = true, inherited = true }, stops_at = "l.gpu_layers > 0" },
    silent { launch { gpu_layers = -2, infrastructure = true, inherited = true }, stops_at = "l.gpu_layers > 0" },
    silent { launch { gpu_layers = 99, infrastructure = false, inherited = true }, stops_at = "l.infrastructure" },
    silent { launch { gpu_layers = 99, inherited = true }, stops_at = "known(l.infrastructure)" },
    silent { launch { gpu_layers = 33, fit = false, infrastructure = true, inherited = true }, stops_at = "l.fit" },
    silent { launch { gpu_layers = 99, infrastructure = true, inherited = false }, stops_at = "l.inherited" },
    silent { launch { gpu_layers = 99, infrastructure = true }, stops_at = "known(l.inherited)" },
    undecided { launch { gpu_layers = unknown, infrastructure = true, inherited = true }, needs = "l.gpu_layers" },
  },
}

-- Of a service or container that says it of itself; nobody takes it over, and the next model in its lines has it all the same.
rule "layer-count-of-a-service" {
  level = "risk",
  each = { l = "launch" },
  when = {
    "known(l.infrastructure)",
    "l.infrastructure",
    "l.gpu_layers > 0",
    "l.fit",
  },
  unless = { "known(l.inherited) and l.inherited" },
  find = "-ngl {l.gpu_layers:plain} is harmless while everything fits: it stops --fit when another model, a longer context or a fuller GPU does not, which is when fit would be needed. Write auto there",
  advise = { ["l.gpu_layers"] = "the number would stop fit when the model does not fit" },
  try = { ["l.gpu_layers"] = "-1" },
  tests = {
    fires { launch { gpu_layers = 99, infrastructure = true, inherited = false }, says = "-ngl 99 is harmless while everything fits" },
    fires { launch { gpu_layers = 33, infrastructure = true } },
    silent { launch { gpu_layers = 33, infrastructure = true, inherited = true }, stops_at = "known(l.inherited) and l.inherited" },
    silent { launch { gpu_layers = -1, infrastructure = true, inherited = false }, stops_at = "l.gpu_layers > 0" },
    silent { launch { gpu_layers = 99, infrastructure = false }, stops_at = "l.infrastructure" },
    silent { launch { gpu_layers = 99 }, stops_at = "known(l.infrastructure)" },
    silent { launch { gpu_layers = 33, fit = false, infrastructure = true, inherited = false }, stops_at = "l.fit" },
    undecided { launch { gpu_layers = unknown, infrastructure = true, inherited = false }, needs = "l.gpu_layers" },
  },
}

-- What lesson 1 once advised; on 2026-02-23 it gave way.
rule "placed-by-hand-superseded" {
  level = "note",
  each = { l = "launch" },
  when = {
    "l.override_tensor ~= ''",
    "l.loads",
  },
  unless = { "known(l.reason_given) and l.reason_given" },
  find = "Tensors are placed by hand with -ot. That was the advice until 2026-02-23, when the same models ran faster left to fit: 32.9 against 28 tokens a second with experts in RAM, 112 against 104 with everything on two GPUs. Fit counts what is free each time it starts, a list does not",
  tests = {
    fires { model { known = "qwen3-next-80b-a3b-q5_k_m" }, launch { override_tensor = "exps=CPU", ctx = 32768 }, says = "32.9 against 28" },
    fires { gpu {}, gpu {}, launch { override_tensor = "blk.1=CUDA1", fit = false, gpu_layers = 99 } },
    silent { stops_at = "l.override_tensor ~= ''" },
    silent { launch { override_tensor = "blk.1=CUDA0", reason_given = true }, stops_at = "known(l.reason_given) and l.reason_given" },
    silent { gpu { free = 1500 * MiB }, model { known = "llama-3.1-8b-q4_k_m" }, launch { override_tensor = "blk.1=CUDA0", ctx = 4096 }, stops_at = "l.loads" },
    undecided { gpu { free = unknown }, launch { override_tensor = "blk.1=CUDA0" }, needs = "l.loads" },
  },
}

-- Why the plan drops a flag.

rule "leave-layers-to-fit" {
  each = { l = "launch" },
  when = { "l.gpu_layers > 0 or l.gpu_layers == -2 or not l.fit or l.override_tensor ~= '' or l.tensor_split ~= ''" },
  advise = {
    ["l.fit"] = "fit places layers by what is free when it starts",
    ["l.gpu_layers"] = "with a layer count given fit changes nothing; on auto it places the layers itself",
    ["l.override_tensor"] = "a list of tensors stops fit, and does not know what is free today",
    ["l.tensor_split"] = "a split by shares stops fit; without it fit splits by what is free",
  },
  tests = {
    fires { launch { gpu_layers = 99 } },
    fires { launch { gpu_layers = -2 } },
    fires { launch { fit = false } },
    fires { launch { override_tensor = "exps=CPU" } },
    fires { launch { tensor_split = "3,2" } },
    silent { stops_at = "l.gpu_layers > 0 or l.gpu_layers == -2 or not l.fit or l.override_tensor ~= '' or l.tensor_split ~= ''" },
    silent { launch { gpu_layers = 0 } },
    undecided { launch { gpu_layers = unknown }, needs = "l.gpu_layers" },
  },
}

rule "leave-experts-to-fit" {
  each = { l = "launch" },
  when = {
    "l.cpu_moe or l.n_cpu_moe > 0",
    "not l.fits_gpus",
  },
  advise = {
    ["l.cpu_moe"] = "experts placed by hand stop fit; it moves only as many as it has to",
    ["l.n_cpu_moe"] = "experts placed by hand stop fit; it moves only as many as it has to",
  },
  tests = {
    fires { model { known = "qwen3-next-80b-a3b-q5_k_m" }, launch { cpu_moe = true, ctx = 16384 } },
    fires { model { known = "gpt-oss-120b-mxfp4" }, launch { n_cpu_moe = 30, ctx = 16384 } },
    silent { model { known = "gpt-oss-120b-mxfp4" }, launch { ctx = 16384 }, stops_at = "l.cpu_moe or l.n_cpu_moe > 0" },
    silent { model { known = "glm-4.7-flash-q4_k_m" }, launch { cpu_moe = true, ctx = 8192 }, stops_at = "not l.fits_gpus" },
    undecided { gpu { free = unknown }, launch { cpu_moe = true }, needs = "l.fits_gpus" },
  },
}

-- Somebody asks for fit and takes it back in the same breath; whether it hurts, only the machine can tell.
rule "fit-asked-for-and-stopped" {
  level  = "risk",
  each   = { l = "launch" },
  when   = {
    { "l.fit", otherwise = "--fit is off" },
    "origin(l.fit) ~= 'default' or origin(l.fit_target) ~= 'default' or (origin(l.fit_ctx) ~= 'default' and l.fit_ctx < 4294967295)",
    { "l.gpu_layers > 0 or l.gpu_layers == -2", otherwise = "-ngl leaves the layers to fit" },
    "origin(l.gpu_layers) ~= 'default'",
  },
  unless = {
    "known(l.loads)", -- then the other rules judge with numbers
    "known(l.infrastructure) and l.infrastructure", -- said by another rule
  },
  find   = "--fit, or what it is to keep free, is asked for, but with a layer count given it changes nothing: it gives up without an error as soon as the model does not fit, which is when it would be needed",
  advise = { ["l.gpu_layers"] = "auto leaves the layers to fit" },
  try    = { ["l.gpu_layers"] = "-1" },
  tests  = {
    fires  { gpu { free = unknown }, launch { fit = true, gpu_layers = 99 } },
    fires  { model { known = "qwen3-next-80b-a3b-q5_k_m" }, gpu { free = unknown }, launch { fit = { true, grade = "configuration", origin = "models.conf" }, gpu_layers = -2 } },
    fires  { gpu { free = unknown }, launch { fit = { true, origin = "default" }, fit_target = "256", gpu_layers = 999 } },
    silent { gpu { free = unknown }, launch { fit = false, gpu_layers = 99 }, stops_at = "l.fit" },
    silent { gpu { free = unknown }, launch { fit = { true, origin = "default" }, gpu_layers = 99 }, stops_at = "origin(l.fit) ~= 'default' or origin(l.fit_target) ~= 'default' or (origin(l.fit_ctx) ~= 'default' and l.fit_ctx < 4294967295)" },
    silent { gpu { free = unknown }, launch { fit = true, gpu_layers = -1 }, stops_at = "l.gpu_layers > 0 or l.gpu_layers == -2" },
    silent { gpu { free = unknown }, launch { fit = true, gpu_layers = 0 }, stops_at = "l.gpu_layers > 0 or l.gpu_layers == -2" },
    silent { gpu { free = unknown }, launch { fit = true, gpu_layers = { 99, origin = "default" } }, stops_at = "origin(l.gpu_layers) ~= 'default'" },
    silent { launch { fit = true, gpu_layers = 99 }, stops_at = "known(l.loads)" },
    silent { gpu { free = unknown }, launch { fit = true, gpu_layers = 99, infrastructure = true }, stops_at = "known(l.infrastructure) and l.infrastructure" },
    undecided { gpu { free = unknown }, launch { fit = unknown, gpu_layers = 99 }, needs = "l.fit" },
  },
}

-- What documents go on saying about fit.
rule "fit-believed-blind-to-experts" {
  level = "risk",
  since = "2025-12-18",
  each = { c = "claim" },
  when = {
    "known(c.belief)",
    "c.belief == 'fit-ignores-experts'",
  },
  find = "\"{c.text}\": fit does tell them apart. It puts what every token needs on the GPUs first and moves experts to RAM only where it has to; what looked like blindness were tests with a layer count set, which made it give up",
  tests = {
    fires { claim { belief = "fit-ignores-experts", text = "FIT doesn't handle expert priorities" }, says = "fit does tell them apart" },
    fires { claim { about = "belief", belief = "fit-ignores-experts", text = "--fit does not understand experts" } },
    silent { claim { belief = "moe-means-cpu", text = "MoE models need exps=CPU" }, stops_at = "c.belief == 'fit-ignores-experts'" },
    silent { claim { text = "fast" }, stops_at = "known(c.belief)" },
  },
}

-- A figure that was measured under an override is no figure of fit, also when nobody knew of the override then: the records are judged
-- by the flags they really ran with, today.

rule "kept-from-fit" {
  each = { e = "evidence" },
  when = {
    "e.fit_meant",
    "e.stops_fit ~= ''",
  },
  derive = { ["e.overridden"] = "true" },
  tests = {
    fires { evidence { fit_meant = true, stops_fit = "-ngl 99" } },
    silent { evidence { fit_meant = false, stops_fit = "-ngl 99" }, stops_at = "e.fit_meant" },
    silent { evidence { fit_meant = true, stops_fit = "" }, stops_at = "e.stops_fit ~= ''" },
    undecided { evidence { stops_fit = "-ngl 99" }, needs = "e.fit_meant" },
  },
}

rule "record-is-no-figure-of-fit" {
  level = "note",
  each = { e = "evidence", l = "launch" },
  join = { "e.launch == l.id" },
  when = {
    "known(e.overridden)",
    "known(e.speed)",
  },
  find = "The {e.speed} tokens a second of {e.day} ({e.place}) are no figure of fit: {e.stops_fit} stood beside it, and with that fit places nothing. Do not compare with it",
  tests = {
    fires { evidence { fit_meant = true, stops_fit = "-ngl 99", speed = 21.7, day = "2026-02-22" }, says = "21.7 tokens a second of 2026-02-22" },
    silent { evidence { fit_meant = false, stops_fit = "-ngl 99", speed = 28.0 }, stops_at = "known(e.overridden)" },
    silent { evidence { fit_meant = true, stops_fit = "-ngl 99" }, stops_at = "known(e.speed)" },
  },
}

rule "comparison-was-not-fair" {
  level = "note",
  each = { e = "evidence", f = "evidence", h = "evidence", l = "launch" },
  join = {
    "e.launch == l.id",
    "f.launch == l.id",
    "h.launch == l.id",
  },
  when = {
    "known(e.overridden)",
    "f.fit_meant and f.stops_fit == ''",
    "not h.fit_meant",
    "e.speed < h.speed",
    "f.speed > h.speed",
  },
  find = "Placing by hand looked better than fit, {h.speed} against {e.speed} tokens a second ({h.place}, {e.place}), because {e.stops_fit} kept fit from placing anything. The fair figure of fit is {f.speed} ({f.place}), and it is the better one",
  tests = {
    fires {
      evidence { fit_meant = true, stops_fit = "-ngl 99", speed = 21.7 },
      evidence { fit_meant = true, stops_fit = "", speed = 32.9 },
      evidence { fit_meant = false, stops_fit = "", speed = 28.0 },
      says = "The fair figure of fit is 32.9",
    },
    silent {
      evidence { fit_meant = true, stops_fit = "", speed = 21.7 }, evidence { fit_meant = true, stops_fit = "", speed = 32.9 },
      evidence { fit_meant = false, stops_fit = "", speed = 28.0 },
      stops_at = "known(e.overridden)",
    },
    silent {
      evidence { fit_meant = true, stops_fit = "-ngl 99", speed = 21.7 }, evidence { fit_meant = false, stops_fit = "", speed = 32.9 },
      evidence { fit_meant = false, stops_fit = "", speed = 28.0 },
      stops_at = "f.fit_meant and f.stops_fit == ''",
    },
    silent {
      evidence { fit_meant = true, stops_fit = "-ngl 99", speed = 21.7 }, evidence { fit_meant = true, stops_fit = "", speed = 32.9 },
      evidence { fit_meant = true, stops_fit = "-ts 1,1", speed = 28.0 },
      stops_at = "not h.fit_meant",
    },
    silent {
      evidence { fit_meant = true, stops_fit = "-ngl 99", speed = 30.0 }, evidence { fit_meant = true, stops_fit = "", speed = 32.9 },
      evidence { fit_meant = false, stops_fit = "", speed = 28.0 },
      stops_at = "e.speed < h.speed",
    },
    silent {
      evidence { fit_meant = true, stops_fit = "-ngl 99", speed = 21.7 }, evidence { fit_meant = true, stops_fit = "", speed = 27.0 },
      evidence { fit_meant = false, stops_fit = "", speed = 28.0 },
      stops_at = "f.speed > h.speed",
    },
    undecided {
      evidence { fit_meant = true, stops_fit = "-ngl 99" }, evidence { fit_meant = true, stops_fit = "", speed = 32.9 },
      evidence { fit_meant = false, stops_fit = "", speed = 28.0 },
      needs = "e.speed",
    },
  },
}
