-- Teaches: a size is read from the file, in bytes and with its unit; a quantisation's name only suggests one.

lesson "04-verify-file-size" {
  claim = "How big a model is says ls -l, not the name of its quantisation; GB and GiB are 7 % apart.",
  review_by = "2027-02-23",
}

rule "written-size-is-off" {
  level = "wrong",
  each = { c = "claim", m = "model" },
  join = { "c.model == m.id" },
  when = {
    "known(c.bytes)",
    "m.file_bytes < c.bytes * 0.95 or (m.file_bytes > c.bytes * 1.05 and not known(c.bytes_high)) or (known(c.bytes_high) and m.file_bytes > c.bytes_high * 1.05)",
  },
  unless = {
    "max(as_gib, m.file_bytes) - min(as_gib, m.file_bytes) < m.file_bytes * 0.03",
    "known(c.counts_more) and c.counts_more and m.file_bytes < c.bytes", -- what it needs is more than its file
    -- the file is not here: under the same name others publish files that are a little larger or smaller
    "origin(m.file_bytes) == 'known model' and max(c.bytes, m.file_bytes) - min(c.bytes, m.file_bytes) < m.file_bytes * 0.1",
  },
  let = { as_gib = "c.bytes / GB * GiB" },
  derive = { ["c.refuted"] = "true" },
  find = "\"{c.text}\" gives {m.name} {c.bytes / GB} GB; the file has {m.file_bytes:count} bytes, {m.file_bytes / GB} GB or {m.file_bytes:gib} (ls -lh prints {m.ls_size}), {m.bits_per_weight} bits for each of {m.params:params} parameters",
  tests = {
    fires { claim { bytes = 16 * GB, bytes_high = 17 * GB, text = "~16-17 GB" }, model { known = "glm-4.7-flash-q8_0" }, says = "ls -lh prints 30G" },
    fires { claim { bytes = 36 * GB, text = "about double Q4" }, model { known = "glm-4.7-flash-q8_0" } },
    fires { claim { bytes = 1 * GB, text = "1 GB" } },
    silent { claim { bytes = 18 * GB, text = "~18 GB" }, model { known = "glm-4.7-flash-q4_k_m", file_bytes = { 18129824768, grade = "measured", origin = "file" } }, stops_at = "m.file_bytes < c.bytes * 0.95 or (m.file_bytes > c.bytes * 1.05 and not known(c.bytes_high)) or (known(c.bytes_high) and m.file_bytes > c.bytes_high * 1.05)" },
    silent { claim { bytes = 30 * GB, bytes_high = 33 * GB, text = "30-33 GB" }, model { known = "glm-4.7-flash-q8_0" } },
    silent { claim { bytes = 17 * GB, text = "17 GB, meaning GiB" }, model { known = "glm-4.7-flash-q4_k_m", file_bytes = { 18129824768, grade = "measured", origin = "file" } }, stops_at = "max(as_gib, m.file_bytes) - min(as_gib, m.file_bytes) < m.file_bytes * 0.03" },
    silent { claim { bytes = 23 * GB, text = "~23 GB, as another publisher has it" }, model { known = "qwen3.5-35b-a3b-q4_k_m" }, stops_at = "origin(m.file_bytes) == 'known model' and max(c.bytes, m.file_bytes) - min(c.bytes, m.file_bytes) < m.file_bytes * 0.1" },
    fires { claim { bytes = 23 * GB, text = "~23 GB" }, model { known = "qwen3.5-35b-a3b-q4_k_m", file_bytes = { 21166670592, grade = "measured", origin = "file" } } },
    silent { claim { bytes = 24 * GB, counts_more = true, text = "needs 24 GB" }, model { known = "glm-4.7-flash-q4_k_m" }, stops_at = "known(c.counts_more) and c.counts_more and m.file_bytes < c.bytes" },
    fires { claim { bytes = 16 * GB, counts_more = true, text = "Q8 needs 16 GB" }, model { known = "glm-4.7-flash-q8_0" } },
    silent { claim { text = "big" }, model { known = "glm-4.7-flash-q8_0" }, stops_at = "known(c.bytes)" },
    undecided { claim { bytes = 16 * GB }, model { file_bytes = unknown }, needs = "m.file_bytes" },
  },
}

rule "gib-written-as-gb" {
  level = "note",
  each = { c = "claim", m = "model" },
  join = { "c.model == m.id" },
  when = {
    "known(c.bytes)",
    "m.file_bytes > c.bytes * 1.05",
    "max(as_gib, m.file_bytes) - min(as_gib, m.file_bytes) < m.file_bytes * 0.03",
  },
  let = { as_gib = "c.bytes / GB * GiB" },
  find = "\"{c.text}\" means GiB: {m.name} has {m.file_bytes:count} bytes, {m.file_bytes:gib} or {m.file_bytes / GB} GB. The units are 7 % apart, on a card that is a gigabyte or two",
  tests = {
    fires { claim { bytes = 17 * GB, text = "17 GB" }, model { known = "glm-4.7-flash-q4_k_m" }, says = "means GiB" },
    fires { claim { bytes = 30 * GB, text = "30 GB" }, model { known = "glm-4.7-flash-q8_0" } },
    silent { claim { bytes = 17350 * MB, text = "17.35 GB, 4.5 % below the file" }, model { known = "glm-4.7-flash-q4_k_m" }, stops_at = "m.file_bytes > c.bytes * 1.05" },
    silent { claim { bytes = 16 * GB, text = "16 GB" }, model { known = "glm-4.7-flash-q8_0" }, stops_at = "max(as_gib, m.file_bytes) - min(as_gib, m.file_bytes) < m.file_bytes * 0.03" },
    silent { claim { text = "big" }, stops_at = "known(c.bytes)" },
    undecided { claim { bytes = 16 * GB }, model { file_bytes = unknown }, needs = "m.file_bytes" },
  },
}

rule "said-to-fit-one-gpu" {
  level = "wrong",
  each = { c = "claim", l = "launch", m = "model" },
  join = {
    "c.model == m.id",
    "l.model == m.id",
  },
  when = {
    "known(c.says_fits_one_gpu)",
    "c.says_fits_one_gpu",
    "not l.fits_one_gpu",
    "not known(c.launch) or c.launch == l.id",
    "origin(c.text) ~= 'document' or m.weights > l.largest_gpu_free", -- a document says for which context elsewhere
  },
  derive = { ["c.refuted"] = "true" },
  find = "\"{c.text}\", but {m.name} takes {l.whole_need:gib} at a context of {l.n_ctx}, {m.weights:gib} of it weights, and the GPU with most room has {l.largest_gpu_free:gib} free",
  tests = {
    fires { claim { says_fits_one_gpu = true, text = "Q8 fits on the 4090 alone" }, model { known = "glm-4.7-flash-q8_0" }, launch { ctx = 8192 }, says = "fits on the 4090 alone" },
    fires { claim { says_fits_one_gpu = true, text = "one card is enough" }, gpu { free = 300 * MiB }, launch { ctx = 2048 } },
    silent { claim { says_fits_one_gpu = true, text = "fits" }, model { known = "glm-4.7-flash-q4_k_m" }, launch { ctx = 8192 }, stops_at = "not l.fits_one_gpu" },
    silent { claim { says_fits_one_gpu = false, text = "needs both" }, model { known = "glm-4.7-flash-q8_0" }, launch { ctx = 8192 }, stops_at = "c.says_fits_one_gpu" },
    silent { claim { text = "30 GB" }, model { known = "glm-4.7-flash-q8_0" }, launch { ctx = 8192 }, stops_at = "known(c.says_fits_one_gpu)" },
    silent {
      claim { says_fits_one_gpu = true, text = "fits", launch = "short" },
      model { known = "glm-4.7-flash-q4_k_m" }, launch { id = "short", ctx = 8192 }, launch { id = "long", ctx = 202752, parallel = 1 },
      stops_at = "not known(c.launch) or c.launch == l.id",
    },
    silent {
      claim { says_fits_one_gpu = true, text = { "fits one card", origin = "document" } },
      model { known = "glm-4.7-flash-q4_k_m" }, launch { ctx = 202752, parallel = 1 },
      stops_at = "origin(c.text) ~= 'document' or m.weights > l.largest_gpu_free",
    },
    undecided { claim { says_fits_one_gpu = true }, gpu { free = unknown }, needs = "l.fits_one_gpu" },
  },
}

-- The sentence names its card: then the two figures can be compared on any machine.
rule "said-to-fit-a-card-that-is-smaller" {
  level = "wrong",
  each = { c = "claim", m = "model" },
  join = { "c.model == m.id" },
  when = {
    "known(c.says_fits_one_gpu)",
    "c.says_fits_one_gpu",
    "m.weights > c.card_memory",
  },
  derive = { ["c.refuted"] = "true" },
  find = "\"{c.text}\", but {m.name} has {m.weights:gib} of weights alone, and that card has {c.card_memory:gib} in all",
  tests = {
    fires { claim { says_fits_one_gpu = true, card_memory = 24564 * MiB, text = "Q8 fits on the 4090 alone" }, model { known = "glm-4.7-flash-q8_0" }, says = "29.65 GiB" },
    fires { claim { says_fits_one_gpu = true, card_memory = 16303 * MiB, text = "one 5070 Ti is enough" }, model { known = "glm-4.7-flash-q4_k_m" } },
    silent { claim { says_fits_one_gpu = true, card_memory = 24564 * MiB, text = "fits" }, model { known = "glm-4.7-flash-q4_k_m" }, stops_at = "m.weights > c.card_memory" },
    silent { claim { says_fits_one_gpu = false, card_memory = 24564 * MiB, text = "does not fit" }, model { known = "glm-4.7-flash-q8_0" }, stops_at = "c.says_fits_one_gpu" },
    silent { claim { card_memory = 24564 * MiB, text = "a 4090" }, model { known = "glm-4.7-flash-q8_0" }, stops_at = "known(c.says_fits_one_gpu)" },
    undecided { claim { says_fits_one_gpu = true, text = "fits one card" }, needs = "c.card_memory" },
  },
}

rule "said-to-need-more-than-one-gpu" {
  level = "note",
  each = { c = "claim", l = "launch", m = "model" },
  join = {
    "c.launch == l.id",
    "c.model == m.id",
  },
  when = {
    "known(c.says_fits_one_gpu)",
    "not c.says_fits_one_gpu",
    "l.fits_one_gpu",
    "l.gpus_used > 1",
  },
  find = "\"{c.text}\", but {m.name} takes {l.whole_need:gib} at a context of {l.n_ctx}, and the GPU with most room has {l.largest_gpu_free:gib} free: one card holds it, and no activations have to cross to another",
  tests = {
    fires { claim { says_fits_one_gpu = false, text = "needs both GPUs" }, gpu {}, gpu {}, model { known = "glm-4.7-flash-q4_k_m" }, launch { ctx = 8192 }, says = "one card holds it" },
    fires { claim { says_fits_one_gpu = false, text = "does not fit one card" }, gpu {}, gpu {}, launch { ctx = 2048 } },
    silent { claim { says_fits_one_gpu = false, text = "needs both GPUs" }, gpu {}, gpu {}, model { known = "glm-4.7-flash-q8_0" }, launch { ctx = 8192 }, stops_at = "l.fits_one_gpu" },
    silent { claim { says_fits_one_gpu = true, text = "fits one" }, gpu {}, gpu {}, launch { ctx = 2048 }, stops_at = "not c.says_fits_one_gpu" },
    silent { claim { says_fits_one_gpu = false, text = "needs two" }, launch { ctx = 2048 }, stops_at = "l.gpus_used > 1" },
    silent { claim { text = "30 GB" }, gpu {}, gpu {}, launch { ctx = 2048 }, stops_at = "known(c.says_fits_one_gpu)" },
    undecided { claim { says_fits_one_gpu = false }, gpu { free = unknown }, gpu {}, needs = "l.fits_one_gpu" },
  },
}

rule "said-to-fit-the-gpus" {
  level = "wrong",
  each = { c = "claim", l = "launch", m = "model" },
  join = {
    "c.launch == l.id",
    "c.model == m.id",
  },
  when = {
    "known(c.says_fits_gpus)",
    "not l.fits_gpus",
  },
  derive = { ["c.refuted"] = "true" },
  find = "\"{c.text}\", but {m.name} takes {l.whole_need:gib} at a context of {l.n_ctx}, and the GPUs have {l.gpu_free:gib} free together: not every layer finds a place there",
  tests = {
    fires { claim { says_fits_gpus = true, text = "fits entirely in VRAM" }, model { known = "glm-4.7-flash-q8_0" }, launch { ctx = 131072 }, says = "fits entirely in VRAM" },
    fires { claim { says_fits_gpus = true, text = "fits on both GPUs" }, gpu { free = 300 * MiB }, gpu { free = 300 * MiB }, launch { ctx = 2048 } },
    silent { claim { says_fits_gpus = true, text = "fits in VRAM" }, model { known = "glm-4.7-flash-q4_k_m" }, launch { ctx = 8192 }, stops_at = "not l.fits_gpus" },
    silent { claim { text = "fast" }, model { known = "glm-4.7-flash-q8_0" }, launch { ctx = 131072 }, stops_at = "known(c.says_fits_gpus)" },
    undecided { claim { says_fits_gpus = true }, gpu { free = unknown }, needs = "l.fits_gpus" },
  },
}

rule "q8-believed-double-q4" {
  level = "note",
  each = { c = "claim" },
  when = {
    "known(c.belief)",
    "c.belief == 'q8-is-double-q4'",
  },
  find = "\"{c.text}\": Q8_0 has 8.5 bits a weight and Q4_K_M about 4.8, so 1.8 times is nearer, and ls -l is exact",
  tests = {
    fires { claim { belief = "q8-is-double-q4", text = "Q8 is about double Q4" }, says = "1.8 times" },
    fires { claim { about = "belief", belief = "q8-is-double-q4", text = "Q8_0 takes twice the memory of Q4" } },
    silent { claim { belief = "ub-equals-b", text = "use -b 2048 -ub 2048" }, stops_at = "c.belief == 'q8-is-double-q4'" },
    silent { claim { text = "fast" }, stops_at = "known(c.belief)" },
  },
}

rule "file-is-not-whole" {
  level = "wrong",
  each = { m = "model" },
  when = { { "not m.complete", otherwise = "the file is complete" } },
  find = "{m.name} is not all there: {m.file_bytes:count} bytes of the {m.expected_bytes:count} that its tensor table needs, so every size read from it is too small and llama.cpp refuses it. Finish the download",
  tests = {
    fires { model { complete = false, file_bytes = 100000000 } },
    fires { model { known = "glm-4.7-flash-q8_0", complete = false, file_bytes = 20000000000 }, says = "20,000,000,000 bytes" },
    silent { stops_at = "not m.complete" },
    silent { model { allocated_bytes = 4096 }, stops_at = "not m.complete" },
    undecided { model { complete = unknown }, needs = "m.complete" },
  },
}

-- A hole in a file is no missing download: its size counts, not its blocks.
rule "file-is-sparse" {
  level = "note",
  each = { m = "model" },
  when = {
    "known(m.allocated_bytes)",
    "m.allocated_bytes < m.file_bytes * 0.9",
  },
  find = "{m.name} occupies {m.allocated_bytes:bytes} of disk for {m.file_bytes:gib}: a sparse or compressed file, complete as far as its size says",
  tests = {
    fires { model { allocated_bytes = 65536 } },
    fires { model { known = "glm-4.7-flash-q8_0", allocated_bytes = 4 * MiB }, says = "sparse or compressed" },
    silent { stops_at = "known(m.allocated_bytes)" },
    silent { model { file_bytes = 1000000, allocated_bytes = 1003520 }, stops_at = "m.allocated_bytes < m.file_bytes * 0.9" },
    undecided { model { allocated_bytes = 4096, file_bytes = unknown }, needs = "m.file_bytes" },
  },
}

-- What was measured goes before what was computed; where the two disagree, somebody should look.

rule "buffers-measured-otherwise" {
  level = "note",
  each = { l = "launch", p = "placement" },
  join = { "p.launch == l.id" },
  when = {
    "known(p.weights) and known(p.kv) and known(p.compute)",
    "max(measured, computed) - min(measured, computed) > 1 * MiB",
  },
  let = {
    computed = "predicted(p.weights) + predicted(p.kv) + predicted(p.compute)",
    measured = "p.weights + p.kv + p.compute",
  },
  find = "{p.device} was measured to take {measured:mib} of buffers, and {computed:mib} are predicted. What was measured counts in this answer; if the record is of exactly this launch, the prediction is wrong: llwhy facts --save and the log make a good report",
  tests = {
    fires { placement { device = "CUDA0", compute = { { 900 * MiB, grade = "measured" } } }, says = "CUDA0 was measured to take" },
    fires { placement { device = "CUDA0", weights = { { 100 * MiB, grade = "measured" } } } },
    fires { placement { device = "CUDA0", kv = { { 3 * GiB, grade = "measured" } } } },
    silent { stops_at = "max(measured, computed) - min(measured, computed) > 1 * MiB" },
    silent { placement { device = "CUDA0", compute = unknown }, stops_at = "known(p.weights) and known(p.kv) and known(p.compute)" },
  },
}

rule "speed-measured-otherwise" {
  level = "note",
  each = { l = "launch" },
  when = {
    "known(l.speed)",
    "l.speed < l.speed_low or l.speed > l.speed_high",
  },
  find = "{l.speed} tokens a second were measured, and {l.speed_low} to {l.speed_high} are estimated. What was measured counts in this answer: other programs on the machine, its memory's real speed or a record of something else make the difference",
  tests = {
    fires { launch { speed = 3.0 }, says = "3 tokens a second were measured" },
    fires { launch { speed = 9000.0 } },
    silent { stops_at = "known(l.speed)" },
    silent { launch { speed = 500.0, ctx = 4096 }, stops_at = "l.speed < l.speed_low or l.speed > l.speed_high" },
    undecided { gpu { bandwidth = unknown }, launch { speed = 3.0 }, needs = "l.speed_low" },
  },
}
