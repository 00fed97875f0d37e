-- Teaches: fit counts GPU memory only; RAM has an end too.

lesson "17-ram-has-an-end" {
  claim = "--fit takes RAM for unlimited: what it moves there may be more than there is, or more than the container may take, and then every token waits for the disk, or the program is killed.",
  review_by = "2027-02-23",
}

rule "locked-more-than-there-is" {
  level = "wrong",
  each = { h = "host", l = "launch" },
  when = {
    { "contains(l.load_mode, 'mlock')", otherwise = "nothing is locked in RAM" },
    "l.host_need > h.ram_available",
  },
  find = "{l.host_need:gib} are to be locked in RAM (mlock) where {h.ram_available:gib} are available: the lock fails, or the machine starts to kill programs. Without the lock the rest is read from disk when it is needed; better a smaller quantisation",
  tests = {
    fires { model { known = "gpt-oss-120b-mxfp4" }, host { ram_available = 32 * GiB }, launch { cpu_moe = true, ctx = 8192, load_mode = "mlock" }, says = "locked in RAM (mlock)" },
    fires { host { ram_available = 256 * MiB }, launch { gpu_layers = 0, ctx = 2048, load_mode = "mmap+mlock" } },
    silent { host { ram_available = 256 * MiB }, launch { gpu_layers = 0, ctx = 2048 }, stops_at = "contains(l.load_mode, 'mlock')" },
    silent { launch { gpu_layers = 0, ctx = 2048, load_mode = "mlock" }, stops_at = "l.host_need > h.ram_available" },
    undecided { host { ram_available = unknown }, launch { gpu_layers = 0, load_mode = "mlock" }, needs = "h.ram_available" },
  },
}

rule "held-more-than-there-is" {
  level = "wrong",
  each = { h = "host", l = "launch" },
  when = {
    { "not contains(l.load_mode, 'mlock')", otherwise = "what is locked in RAM is said by another rule" },
    { "l.host_held > h.ram_available", otherwise = "RAM holds what has to stay there" },
  },
  unless = { "known(l.ram_limit) and l.ram_limit < h.ram_available" }, -- the limit ends first, said below
  find = "{l.host_held:gib} have to stay in RAM (caches, compute buffers, and weights unless they are mapped from the file), where {h.ram_available:gib} are available: the load ends for lack of memory, or the system kills a program. Map the weights from the file (mmap), leave the cache on the GPUs, or keep more of the model there",
  tests = {
    fires { model { known = "gpt-oss-120b-mxfp4" }, host { ram_available = 32 * GiB }, launch { cpu_moe = true, ctx = 8192, load_mode = "none" }, says = "Map the weights" },
    fires { model { known = "llama-3.1-8b-q4_k_m" }, host { ram_available = 4 * GiB }, launch { kv_offload = false, ctx = 65536 }, says = "leave the cache on the GPUs" },
    silent { model { known = "gpt-oss-120b-mxfp4" }, host { ram_available = 32 * GiB }, launch { cpu_moe = true, ctx = 8192 }, stops_at = "l.host_held > h.ram_available" },
    silent { model { known = "gpt-oss-120b-mxfp4" }, host { ram_available = 32 * GiB }, launch { cpu_moe = true, ctx = 8192, load_mode = "mlock" }, stops_at = "not contains(l.load_mode, 'mlock')" },
    silent { host { ram_available = 256 * MiB }, launch { gpu_layers = 0, ctx = 2048, load_mode = "none", ram_limit = 128 * MiB }, stops_at = "known(l.ram_limit) and l.ram_limit < h.ram_available" },
    undecided { host { ram_available = unknown }, launch { gpu_layers = 0, load_mode = "none" }, needs = "h.ram_available" },
  },
}

-- A container, pod or unit may have less than the machine.

rule "limit-below-what-stays" {
  level = "wrong",
  each = { l = "launch" },
  when = {
    { "known(l.ram_limit)", otherwise = "no limit of RAM is set for it" },
    "l.host_held > l.ram_limit or (contains(l.load_mode, 'mlock') and l.host_need > l.ram_limit)",
  },
  find = "This launch may take {l.ram_limit:gib} of RAM and needs {l.host_need:gib}, of which {l.host_held:gib} cannot be given back: the system kills it when it reaches the limit (exit code 137). Raise the limit above {l.host_need:gib}, or keep more of the model on the GPUs",
  tests = {
    fires { model { known = "gpt-oss-120b-mxfp4" }, launch { cpu_moe = true, ctx = 8192, load_mode = "none", ram_limit = 32 * GiB }, says = "may take 32.00 GiB of RAM" },
    fires { model { known = "llama-3.1-8b-q4_k_m" }, launch { kv_offload = false, ctx = 65536, ram_limit = 4 * GiB } },
    fires { model { known = "llama-3.1-8b-q4_k_m" }, launch { gpu_layers = 0, ctx = 2048, load_mode = "mmap+mlock", ram_limit = 4 * GiB } },
    silent { model { known = "llama-3.1-8b-q4_k_m" }, launch { gpu_layers = 0, ctx = 2048, ram_limit = 4 * GiB }, stops_at = "l.host_held > l.ram_limit or (contains(l.load_mode, 'mlock') and l.host_need > l.ram_limit)" },
    silent { model { known = "gpt-oss-120b-mxfp4" }, launch { cpu_moe = true, ctx = 8192, load_mode = "none" }, stops_at = "known(l.ram_limit)" },
    undecided { model { file_bytes = 4 * GiB }, gpu { free = unknown }, launch { host_held = unknown, ram_limit = 4 * GiB }, needs = "l.host_held" },
  },
}

rule "limit-below-mapped-weights" {
  level = "risk",
  each = { l = "launch" },
  when = {
    { "known(l.ram_limit)", otherwise = "no limit of RAM is set for it" },
    "not contains(l.load_mode, 'mlock')",
    "l.host_held <= l.ram_limit",
    "l.host_need > l.ram_limit",
  },
  find = "This launch may take {l.ram_limit:gib} of RAM and uses {l.host_need:gib}, most of it weights mapped from the file: their pages count against the limit, so part of them is read from disk again for every token. Raise the limit above {l.host_need:gib}, or keep more of the model on the GPUs",
  tests = {
    fires { model { known = "gpt-oss-120b-mxfp4" }, launch { cpu_moe = true, ctx = 8192, ram_limit = 32 * GiB }, says = "read from disk again" },
    fires { model { known = "llama-3.1-8b-q4_k_m" }, launch { gpu_layers = 0, ctx = 2048, ram_limit = 4 * GiB } },
    silent { model { known = "llama-3.1-8b-q4_k_m" }, launch { gpu_layers = 0, ctx = 2048 }, stops_at = "known(l.ram_limit)" },
    silent { model { known = "llama-3.1-8b-q4_k_m" }, launch { gpu_layers = 0, ctx = 2048, ram_limit = 16 * GiB }, stops_at = "l.host_need > l.ram_limit" },
    silent { model { known = "llama-3.1-8b-q4_k_m" }, launch { gpu_layers = 0, ctx = 2048, load_mode = "mmap+mlock", ram_limit = 4 * GiB }, stops_at = "not contains(l.load_mode, 'mlock')" },
    silent { model { known = "llama-3.1-8b-q4_k_m" }, launch { gpu_layers = 0, ctx = 2048, load_mode = "none", ram_limit = 4 * GiB }, stops_at = "l.host_held <= l.ram_limit" },
    undecided { gpu { free = unknown }, launch { host_need = unknown, ram_limit = 4 * GiB }, needs = "l.host_need" },
  },
}

-- Where the file alone is larger than RAM and GPUs together, no placement helps.
rule "larger-than-the-machine" {
  level = "risk",
  each = { h = "host", l = "launch", m = "model" },
  join = { "l.model == m.id" },
  when = { { "m.weights > l.gpu_free + h.ram_total", otherwise = "{m.name} fits the machine" } },
  find = "{m.name} has {m.weights:gib} of weights, and all GPUs and RAM of this machine are {l.gpu_free + h.ram_total:gib}: whatever the placement, part of it is read from disk for every token",
  tests = {
    fires { model { known = "gpt-oss-120b-mxfp4" }, host { ram_total = 16 * GiB, ram_available = 12 * GiB }, launch { ctx = 8192 }, says = "read from disk" },
    fires { model { known = "qwen3-next-80b-a3b-q5_k_m" }, gpu { free = 8 * GiB }, host { ram_total = 32 * GiB, ram_available = 28 * GiB } },
    silent { model { known = "gpt-oss-120b-mxfp4" }, launch { ctx = 8192 }, stops_at = "m.weights > l.gpu_free + h.ram_total" },
    silent { host { ram_total = 16 * GiB }, stops_at = "m.weights > l.gpu_free + h.ram_total" },
    undecided { host { ram_total = unknown }, needs = "h.ram_total" },
  },
}
