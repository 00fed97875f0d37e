-- Teaches: -ot moves weights; the KV cache stays where the layer split puts it.

lesson "10-ot-leaves-the-cache" {
  claim = "-ot moves weights and nothing else: the KV cache of a layer lies with the device that -ngl and -ts give the layer to, wherever its tensors went.",
  review_by = "2027-02-23",
}

rule "cache-not-where-the-weights-are" {
  level = "note",
  each = { l = "launch", p = "placement" },
  join = { "p.launch == l.id" },
  when = {
    { "contains(l.override_tensor, 'CUDA')", otherwise = "-ot sends nothing to another GPU" },
    "count('gpu') > 1",
    "l.tensor_split == ''",
    "p.device ~= 'Host'",
    "not p.loads",
    "-p.left < p.kv",
  },
  find = "{p.device} is {-p.left:mib} short, and {p.kv:mib} of what it holds is KV cache: -ot moves weights, the cache follows the split of layers. -ts moves it, or a pattern that takes a layer's weights off this card",
  tests = {
    fires {
      model { known = "glm-4.7-flash-q8_0" },
      build { version = "b8022" },
      gpu { total = 24564 * MiB, free = 23671 * MiB },
      gpu { total = 16303 * MiB, free = 12761 * MiB },
      launch { ctx = 131072, cache_type_k = "q8_0", cache_type_v = "q8_0", fit = false, gpu_layers = 99, ubatch = 1024, override_tensor = "blk\\.([0-9]|[12][0-9]|3[0-2])\\.=CUDA0,blk\\.(3[3-9]|4[0-6])\\.=CUDA1" },
      says = "372.0 MiB short",
    },
    fires { gpu {}, gpu {}, launch { override_tensor = "blk.1=CUDA1" }, placement { device = "CUDA0", loads = false, left = -10 * MiB, kv = 64 * MiB } },
    silent { gpu {}, gpu {}, launch { override_tensor = "exps=CPU" }, placement { device = "CUDA0", loads = false, left = -10 * MiB, kv = 64 * MiB }, stops_at = "contains(l.override_tensor, 'CUDA')" },
    silent { gpu {}, launch { override_tensor = "blk.1=CUDA0" }, placement { device = "CUDA0", loads = false, left = -10 * MiB, kv = 64 * MiB }, stops_at = "count('gpu') > 1" },
    silent { gpu {}, gpu {}, launch { override_tensor = "blk.1=CUDA1", tensor_split = "3,2" }, placement { device = "CUDA0", loads = false, left = -10 * MiB, kv = 64 * MiB }, stops_at = "l.tensor_split == ''" },
    silent { gpu {}, gpu {}, launch { override_tensor = "blk.1=CUDA1" }, placement { device = "Host", loads = false, left = -10 * MiB, kv = 64 * MiB }, stops_at = "p.device ~= 'Host'" },
    silent { gpu {}, gpu {}, launch { override_tensor = "blk.1=CUDA1" }, placement { device = "CUDA0", loads = true, left = -10 * MiB, kv = 64 * MiB }, stops_at = "not p.loads" },
    silent { gpu {}, gpu {}, launch { override_tensor = "blk.1=CUDA1" }, placement { device = "CUDA0", loads = false, left = -100 * MiB, kv = 64 * MiB }, stops_at = "-p.left < p.kv" },
  },
}
