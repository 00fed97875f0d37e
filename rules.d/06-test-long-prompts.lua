-- Teaches: a build is trusted after a long prompt was answered, not after a short one.

lesson "06-test-long-prompts" {
  claim = "A new llama.cpp counts as working when a prompt of 100 tokens and more was answered on the placement in use; compiling and a short prompt prove nothing.",
  review_by = "2026-12-31",
}

-- What was recorded of a build. A failure outweighs a success with another model, so its rule comes last.

rule "long-prompt-recorded" {
  each = { b = "build", t = "probe" },
  join = { "t.build == b.id" },
  when = {
    "t.passed",
    "t.prompt_tokens >= 100",
  },
  derive = { ["b.long_prompt_passed"] = "true" },
  tests = {
    fires { probe { prompt_tokens = 100, passed = true } },
    fires { probe { prompt_tokens = 4000, passed = true } },
    silent { probe { prompt_tokens = 20, passed = true }, stops_at = "t.prompt_tokens >= 100" },
    silent { probe { prompt_tokens = 4000, passed = false }, stops_at = "t.passed" },
    undecided { probe { passed = true }, needs = "t.prompt_tokens" },
  },
}

rule "short-prompt-recorded" {
  each = { b = "build", t = "probe" },
  join = { "t.build == b.id" },
  when = {
    "t.passed",
    "t.prompt_tokens < 100",
  },
  derive = { ["b.short_prompt_passed"] = "true" },
  tests = {
    fires { probe { prompt_tokens = 20, passed = true } },
    fires { probe { prompt_tokens = 99, passed = true } },
    silent { probe { prompt_tokens = 100, passed = true }, stops_at = "t.prompt_tokens < 100" },
    silent { probe { prompt_tokens = 20, passed = false }, stops_at = "t.passed" },
    undecided { probe { passed = true }, needs = "t.prompt_tokens" },
  },
}

rule "long-prompt-failure-recorded" {
  each = { b = "build", t = "probe" },
  join = { "t.build == b.id" },
  when = {
    "not t.passed",
    "t.prompt_tokens >= 100",
  },
  derive = { ["b.long_prompt_passed"] = "false" },
  tests = {
    fires { probe { prompt_tokens = 120, passed = false } },
    fires { probe { prompt_tokens = 120, passed = false }, probe { prompt_tokens = 20, passed = true } },
    silent { probe { prompt_tokens = 120, passed = true }, stops_at = "not t.passed" },
    silent { probe { prompt_tokens = 20, passed = false }, stops_at = "t.prompt_tokens >= 100" },
    undecided { probe { passed = false }, needs = "t.prompt_tokens" },
  },
}

rule "long-prompt-failed" {
  level = "wrong",
  each = { b = "build", l = "launch" },
  join = { "l.build == b.id" },
  when = { { "not b.long_prompt_passed", otherwise = "{b.version} has answered a long prompt" } },
  find = "llama.cpp {b.version} failed on a prompt of 100 tokens and more on this machine: go back to the build that answered one, and report it",
  tests = {
    fires { build { version = "b8115", long_prompt_passed = false }, says = "b8115 failed" },
    fires { probe { prompt_tokens = 164, passed = false }, probe { prompt_tokens = 20, passed = true } },
    fires { probe { prompt_tokens = 164, passed = false }, probe { prompt_tokens = 300, passed = true } },
    silent { build { version = "b8022", long_prompt_passed = true }, stops_at = "not b.long_prompt_passed" },
    silent { probe { prompt_tokens = 300, passed = true }, stops_at = "not b.long_prompt_passed" },
    undecided { needs = "b.long_prompt_passed" },
    undecided { probe { prompt_tokens = 20, passed = true }, needs = "b.long_prompt_passed" },
  },
}

rule "only-short-prompts-tried" {
  level = "risk",
  each = { b = "build", l = "launch" },
  join = { "l.build == b.id" },
  when = {
    "b.short_prompt_passed",
    "not known(b.long_prompt_passed)",
  },
  find = "llama.cpp {b.version} has answered a short prompt here and no long one is on record: a build can load, answer 20 tokens and crash on the first token after 100. Send it a prompt of 100 tokens and more on every architecture and placement in use, and state the result with --facts (docs/evidence.md)",
  tests = {
    fires { build { version = "b8115", short_prompt_passed = true } },
    fires { probe { prompt_tokens = 20, passed = true }, says = "has answered a short prompt here" },
    silent { build { short_prompt_passed = true, long_prompt_passed = true }, stops_at = "not known(b.long_prompt_passed)" },
    silent { build { short_prompt_passed = false }, stops_at = "b.short_prompt_passed" },
    undecided { needs = "b.short_prompt_passed" },
  },
}

-- A regression known by report and bisection (llama.cpp #19816): bad since #19375, which is b8053; b8115 still had it.
-- Which build mended it is not on record, so nothing is said about later ones.
rule "reported-crash-after-long-prompts" {
  level = "risk",
  since = "b8053",
  ["until"] = "b8115",
  each = { b = "build", l = "launch", m = "model" },
  join = {
    "l.build == b.id",
    "l.model == m.id",
  },
  when = {
    "m.architecture == 'qwen3next'",
    "l.override_tensor ~= ''",
    "count('gpu') > 1",
  },
  find = "llama.cpp from b8053 to b8115 at least is reported to crash with this: {m.architecture} placed by -ot over several GPUs ends in an illegal memory access at the first token after a prompt of about 100 tokens, while shorter prompts work (llama.cpp #19816). Without -ot, left to fit, it ran",
  try = { ["l.override_tensor"] = "''" },
  tests = {
    fires { build { version = "b8115" }, model { known = "qwen3-next-80b-a3b-q5_k_m" }, gpu {}, gpu {}, launch { override_tensor = "exps=CPU" } },
    fires { build { version = "b8053" }, model { known = "qwen3-coder-next-q4_k_m" }, gpu {}, gpu {}, launch { override_tensor = "blk.1=CUDA1" }, says = "#19816" },
    silent { build { version = "b8022" }, model { known = "qwen3-next-80b-a3b-q5_k_m" }, gpu {}, gpu {}, launch { override_tensor = "exps=CPU" } },
    silent { model { known = "qwen3-next-80b-a3b-q5_k_m" }, gpu {}, gpu {}, launch { override_tensor = "exps=CPU" } },
    silent { build { version = "b8100" }, model { known = "glm-4.7-flash-q8_0" }, gpu {}, gpu {}, launch { override_tensor = "exps=CPU" }, stops_at = "m.architecture == 'qwen3next'" },
    silent { build { version = "b8100" }, model { known = "qwen3-next-80b-a3b-q5_k_m" }, gpu {}, gpu {}, stops_at = "l.override_tensor ~= ''" },
    silent { build { version = "b8100" }, model { known = "qwen3-next-80b-a3b-q5_k_m" }, launch { override_tensor = "exps=CPU" }, stops_at = "count('gpu') > 1" },
    undecided { build { version = "b8100" }, model { architecture = unknown }, gpu {}, gpu {}, launch { override_tensor = "exps=CPU" }, needs = "m.architecture" },
  },
}

-- A procedure that others will follow.
rule "update-without-a-long-prompt" {
  level = "risk",
  each = { c = "claim" },
  when = {
    "known(c.tests_long_prompt)",
    "not c.tests_long_prompt",
  },
  find = "This way of updating llama.cpp ends without a prompt of 100 tokens and more: a build that compiles and answers a short one has crashed on longer ones before (llama.cpp #19816). Add one for each architecture and placement in use, and keep the old build until it was answered",
  tests = {
    fires { claim { about = "update", tests_long_prompt = false, text = "Smoke test: one request" }, says = "100 tokens and more" },
    fires { claim { about = "update", tests_long_prompt = false, text = "git pull origin master" } },
    silent { claim { about = "update", tests_long_prompt = true, text = "git pull, then 500 tokens" }, stops_at = "not c.tests_long_prompt" },
    silent { claim { text = "fast" }, stops_at = "known(c.tests_long_prompt)" },
  },
}
