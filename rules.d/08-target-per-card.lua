-- Teaches: what --fit keeps free is a number for each card, not one for all.

lesson "08-target-per-card" {
  claim = "Where one card drives a display and another does not, --fit-target takes a list, one value for each card: a single value is too much for the one or too little for the other.",
  since = "2025-12-18",
  review_by = "2027-02-23",
}

rule "one-target-for-unlike-cards" {
  level = "note",
  each = { l = "launch" },
  when = {
    { "l.gpus_used == 2", otherwise = "there are not two cards" },
    { "not contains(l.fit_target, ',')", otherwise = "--fit-target names each card" },
    "l.largest_gpu_free * 2 > l.gpu_free * 1.1",
    { "l.fit_outcome == 'adjusted'", otherwise = "--fit had nothing to move, or could not (its outcome: {l.fit_outcome})" },
    "gain > 0",
  },
  unless = { "l.fit_target == '1024' and l.fits_gpus" }, -- said by lesson 2
  let = { gain = "l.weights_on_host - predict('weights_on_host', l, 'fit_target', '128,1024')" },
  find = "--fit-target {l.fit_target} keeps the same room on two unlike cards; with 128 on the first and 1024 on the second {gain:mib} less of the weights would stay in RAM. A card without a display needs little kept free, one with a display needs more",
  advise = { ["l.fit_target"] = "a value for each card: the default of 1024 MiB is for one that drives a display, another needs less" },
  try = { ["l.fit_target"] = "'128,1024'" },
  tests = {
    fires { model { known = "glm-4.7-flash-q8_0" }, gpu { total = 24564 * MiB, free = 23671 * MiB }, gpu { total = 16303 * MiB, free = 12761 * MiB }, launch { ctx = 131072, fit_target = "1100" }, says = "two unlike cards" },
    fires { model { known = "qwen3-next-80b-a3b-q5_k_m" }, gpu { total = 24564 * MiB, free = 23671 * MiB }, gpu { total = 16303 * MiB, free = 12761 * MiB }, launch { ctx = 32768 } },
    silent { model { known = "qwen3-next-80b-a3b-q5_k_m" }, gpu { total = 24564 * MiB, free = 23671 * MiB }, launch { ctx = 32768 }, stops_at = "l.gpus_used == 2" },
    silent { model { known = "qwen3-next-80b-a3b-q5_k_m" }, gpu { total = 24564 * MiB, free = 23671 * MiB }, gpu { total = 16303 * MiB, free = 12761 * MiB }, launch { ctx = 32768, fit_target = "1024,1024" }, stops_at = "not contains(l.fit_target, ',')" },
    silent { model { known = "qwen3-next-80b-a3b-q5_k_m" }, gpu {}, gpu {}, launch { ctx = 32768 }, stops_at = "l.largest_gpu_free * 2 > l.gpu_free * 1.1" },
    silent { model { known = "qwen3-next-80b-a3b-q5_k_m" }, gpu { total = 24564 * MiB, free = 23671 * MiB }, gpu { total = 16303 * MiB, free = 12761 * MiB }, launch { ctx = 32768, fit_outcome = "gave-up" }, stops_at = "l.fit_outcome == 'adjusted'" },
    silent { model { known = "qwen3-next-80b-a3b-q5_k_m" }, gpu { total = 24564 * MiB, free = 23671 * MiB }, gpu { total = 16303 * MiB, free = 12761 * MiB }, launch { ctx = 32768, fit_target = "64" }, stops_at = "gain > 0" },
    silent { model { known = "glm-4.7-flash-q8_0" }, gpu { total = 24564 * MiB, free = 23671 * MiB }, gpu { total = 16303 * MiB, free = 12761 * MiB }, launch { ctx = 131072, cache_type_k = "q8_0", cache_type_v = "q8_0" }, stops_at = "l.fit_target == '1024' and l.fits_gpus" },
    undecided { gpu { free = unknown }, gpu {}, needs = "l.largest_gpu_free" },
  },
}
