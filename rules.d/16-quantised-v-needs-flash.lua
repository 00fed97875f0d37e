-- Teaches: a quantised V cache exists only with flash attention.

lesson "16-quantised-v-needs-flash" {
  claim = "A quantised V cache (-ctv q8_0 and below) needs flash attention: with -fa off llama.cpp refuses to make the context.",
  review_by = "2027-02-23",
}

rule "quantised-v-without-flash" {
  level = "wrong",
  each = { l = "launch" },
  when = {
    { "l.flash_attn == 'off'", otherwise = "flash attention is {l.flash_attn}" },
    { "l.cache_type_v ~= 'f16' and l.cache_type_v ~= 'f32' and l.cache_type_v ~= 'bf16'", otherwise = "the V cache is {l.cache_type_v}" },
  },
  find = "-ctv {l.cache_type_v} with flash attention off: llama.cpp does not start, because a quantised V cache is read by flash attention only. Leave -fa on auto, or take -ctv out (the K cache alone may be quantised)",
  try = { ["l.flash_attn"] = "'auto'" },
  tests = {
    fires { launch { model = unknown, flash_attn = "off", cache_type_v = "q8_0" }, says = "does not start" },
    fires { launch { model = unknown, flash_attn = "off", cache_type_k = "q4_0", cache_type_v = "q4_0" } },
    silent { launch { model = unknown, flash_attn = "on", cache_type_v = "q8_0" }, stops_at = "l.flash_attn == 'off'" },
    silent { launch { model = unknown, cache_type_v = "q8_0" }, stops_at = "l.flash_attn == 'off'" },
    silent { launch { model = unknown, flash_attn = "off", cache_type_k = "q8_0" }, stops_at = "l.cache_type_v ~= 'f16' and l.cache_type_v ~= 'f32' and l.cache_type_v ~= 'bf16'" },
    undecided { launch { model = unknown, flash_attn = unknown, cache_type_v = "q8_0" }, needs = "l.flash_attn" },
  },
}
