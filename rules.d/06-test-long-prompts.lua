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

-- What was said of a build as a whole, in a facts file, holds for each of its launches.

rule "short-prompt-of-the-build" {
  each = { b = "build", l = "launch" },
  join = { "l.build == b.id" },
  when = { "known(b.short_prompt_passed)" },
  derive = { ["l.short_prompt_passed"] = "b.short_prompt_passed" },
  tests = {
    fires { build { short_prompt_passed = true } },
    silent { build { short_prompt_passed = unknown }, stops_at = "known(b.short_prompt_passed)" },
  },
}

rule "long-prompt-of-the-build" {
  each = { b = "build", l = "launch" },
  join = { "l.build == b.id" },
  when = { "known(b.long_prompt_passed)" },
  derive = { ["l.long_prompt_passed"] = "b.long_prompt_passed" },
  tests = {
    fires { build { long_prompt_passed = true } },
    fires { probe { prompt_tokens = 164, passed = false } },
    silent { probe { prompt_tokens = 20, passed = true }, stops_at = "known(b.long_prompt_passed)" },
  },
}

-- What counts as proof. Reading a prompt is not answering it: llama-bench -p stops before the first token, and that token is where it
-- crashed.
rule "long-prompt-answered" {
  each = { e = "evidence" },
  when = {
    "known(e.passed) and e.passed",
    "known(e.answered) and e.answered",
    "known(e.prompt_tokens) and e.prompt_tokens >= 100",
  },
  derive = { ["e.answered_long"] = "true" },
  tests = {
    fires { evidence { passed = true, answered = true, prompt_tokens = 100 } },
    fires { evidence { passed = true, answered = true, prompt_tokens = 8391 } },
    silent { evidence { passed = false, answered = true, prompt_tokens = 100 }, stops_at = "known(e.passed) and e.passed" },
    silent { evidence { passed = true, answered = false, prompt_tokens = 512 }, stops_at = "known(e.answered) and e.answered" },
    silent { evidence { passed = true, answered = true, prompt_tokens = 99 }, stops_at = "known(e.prompt_tokens) and e.prompt_tokens >= 100" },
    silent { evidence { passed = true, answered = true }, stops_at = "known(e.prompt_tokens) and e.prompt_tokens >= 100" },
  },
}

-- What the ledger holds, for the launch it was measured on. A failure outweighs a success, so its rule comes last.

rule "short-prompt-on-record" {
  each = { e = "evidence", l = "launch" },
  join = { "e.launch == l.id" },
  when = {
    "e.stands",
    "known(e.passed) and e.passed",
    "not known(e.prompt_tokens) or e.prompt_tokens < 100",
  },
  derive = { ["l.short_prompt_passed"] = "true" },
  tests = {
    fires { evidence { stands = true, passed = true, prompt_tokens = 20 } },
    fires { evidence { stands = true, passed = true } },
    silent { evidence { stands = false, passed = true, prompt_tokens = 20 }, stops_at = "e.stands" },
    silent { evidence { stands = true, passed = false, prompt_tokens = 20 }, stops_at = "known(e.passed) and e.passed" },
    silent { evidence { stands = true, passed = true, prompt_tokens = 100 }, stops_at = "not known(e.prompt_tokens) or e.prompt_tokens < 100" },
    undecided { evidence { passed = true, prompt_tokens = 20 }, needs = "e.stands" },
  },
}

rule "long-prompt-on-record" {
  each = { e = "evidence", l = "launch" },
  join = { "e.launch == l.id" },
  when = {
    "e.stands",
    "known(e.answered_long)",
  },
  derive = { ["l.long_prompt_passed"] = "true" },
  tests = {
    fires { evidence { stands = true, passed = true, answered = true, prompt_tokens = 100 } },
    silent { evidence { stands = false, passed = true, answered = true, prompt_tokens = 100 }, stops_at = "e.stands" },
    silent { evidence { stands = true, passed = true, answered = true, prompt_tokens = 99 }, stops_at = "known(e.answered_long)" },
    undecided { evidence { passed = true, answered = true, prompt_tokens = 100 }, needs = "e.stands" },
  },
}

rule "failed-on-record" {
  level = "wrong",
  each = { e = "evidence", l = "launch" },
  join = { "e.launch == l.id" },
  when = {
    "e.stands",
    { "known(e.passed) and not e.passed", otherwise = "prompts were answered by {e.version} here, on {e.day} ({e.place}), and no failure is on record" },
    "e.newest",
  },
  derive = {
    ["l.failure_on_record"] = "e.place",
    ["l.long_prompt_passed"] = "false",
  },
  find = "llama.cpp {e.version} failed here on {e.day}, at {e.prompt}: {e.problem} ({e.place}). Go back to the last build that answered one: llwhy gate names it, and drafts the report",
  tests = {
    fires { evidence { stands = true, passed = false, newest = true, prompt = "a prompt of 8,391 tokens", version = "b8115" }, says = "b8115 failed here" },
    fires { evidence { stands = true, passed = false, newest = true }, evidence { stands = true, passed = true, answered = true, prompt_tokens = 4000 } },
    silent { evidence { stands = false, passed = false, newest = true }, stops_at = "e.stands" },
    silent { evidence { stands = true, passed = true, newest = true }, stops_at = "known(e.passed) and not e.passed" },
    silent { evidence { stands = true, passed = false, newest = false }, stops_at = "e.newest" },
    undecided { evidence { passed = false, newest = true }, needs = "e.stands" },
  },
}

rule "long-prompt-failed" {
  level = "wrong",
  each = { b = "build", l = "launch" },
  join = { "l.build == b.id" },
  when = { { "not l.long_prompt_passed", otherwise = "{b.version} has answered a long prompt here" } },
  unless = { "known(l.failure_on_record)" },
  find = "llama.cpp {b.version} failed on a prompt of 100 tokens and more on this machine: go back to the build that answered one, and report it",
  tests = {
    fires { build { version = "b8115", long_prompt_passed = false }, says = "b8115 failed" },
    fires { probe { prompt_tokens = 164, passed = false }, probe { prompt_tokens = 20, passed = true } },
    fires { probe { prompt_tokens = 164, passed = false }, probe { prompt_tokens = 300, passed = true } },
    silent { build { version = "b8022", long_prompt_passed = true }, stops_at = "not l.long_prompt_passed" },
    silent { probe { prompt_tokens = 300, passed = true }, stops_at = "not l.long_prompt_passed" },
    silent { evidence { stands = true, passed = true, answered = true, prompt_tokens = 4000 }, stops_at = "not l.long_prompt_passed" },
    silent { evidence { stands = true, passed = false, newest = true, place = "evidence/desk.yaml:2" }, stops_at = "known(l.failure_on_record)" },
    undecided { needs = "l.long_prompt_passed" },
    undecided { probe { prompt_tokens = 20, passed = true }, needs = "l.long_prompt_passed" },
  },
}

rule "only-short-prompts-tried" {
  level = "risk",
  each = { b = "build", l = "launch" },
  join = { "l.build == b.id" },
  when = {
    "l.short_prompt_passed",
    "not known(l.long_prompt_passed)",
  },
  find = "llama.cpp {b.version} has answered a short prompt here and no long one is on record: a build can load, answer 20 tokens and crash on the first token after 100. Send it a prompt of 100 tokens and more on every architecture and placement in use: llwhy gate --build {b.version} lists what is missing",
  tests = {
    fires { build { version = "b8115", short_prompt_passed = true } },
    fires { probe { prompt_tokens = 20, passed = true }, says = "has answered a short prompt here" },
    fires { evidence { stands = true, passed = true, prompt_tokens = 20 } },
    silent { build { short_prompt_passed = true, long_prompt_passed = true }, stops_at = "not known(l.long_prompt_passed)" },
    silent { evidence { stands = true, passed = true, prompt_tokens = 20 }, evidence { stands = true, passed = true, answered = true, prompt_tokens = 4000 }, stops_at = "not known(l.long_prompt_passed)" },
    silent { build { short_prompt_passed = false }, stops_at = "l.short_prompt_passed" },
    undecided { needs = "l.short_prompt_passed" },
  },
}

-- Evidence of yesterday's build, or of another placement, driver or card, is none.

rule "build-moved-without-evidence" {
  level = "risk",
  each = { b = "build", e = "evidence", l = "launch" },
  join = {
    "e.launch == l.id",
    "l.build == b.id",
  },
  when = {
    { "origin(b.version) ~= 'newest known build'", otherwise = "nobody said which build runs here" },
    "e.here",
    "not e.same_build",
    "known(e.answered_long)",
    "e.newest",
    "not known(l.long_prompt_passed)",
    "not known(l.short_prompt_passed)",
  },
  find = "llama.cpp {b.version} runs here now, and no prompt that it answered is on record. The last build that answered a long prompt with this model and placement is {e.version}, on {e.day} ({e.place}). llwhy gate --build {b.version} says what would prove the new one",
  tests = {
    fires { build { version = "b8115" }, evidence { here = true, same_build = false, passed = true, answered = true, prompt_tokens = 8391, newest = true, version = "b8022" }, says = "is b8022" },
    silent { build { version = "b8115" }, evidence { here = false, same_build = false, passed = true, answered = true, prompt_tokens = 8391, newest = true }, stops_at = "e.here" },
    silent { build { version = "b8115" }, evidence { here = true, same_build = true, passed = true, answered = true, prompt_tokens = 8391, newest = true }, stops_at = "not e.same_build" },
    silent { build { version = "b8115" }, evidence { here = true, same_build = false, passed = true, answered = true, prompt_tokens = 20, newest = true }, stops_at = "known(e.answered_long)" },
    silent { build { version = "b8115" }, evidence { here = true, same_build = false, passed = true, answered = true, prompt_tokens = 8391, newest = false }, stops_at = "e.newest" },
    silent { build { version = "b8115", long_prompt_passed = true }, evidence { here = true, same_build = false, passed = true, answered = true, prompt_tokens = 8391, newest = true }, stops_at = "not known(l.long_prompt_passed)" },
    silent { build { version = "b8115", short_prompt_passed = true }, evidence { here = true, same_build = false, passed = true, answered = true, prompt_tokens = 8391, newest = true }, stops_at = "not known(l.short_prompt_passed)" },
    silent { build { version = { "v0.5.0", origin = "newest known build" } }, evidence { here = true, same_build = false, passed = true, answered = true, prompt_tokens = 8391, newest = true }, stops_at = "origin(b.version) ~= 'newest known build'" },
    undecided { build { version = "b8115" }, evidence { same_build = false, passed = true, answered = true, prompt_tokens = 8391, newest = true }, needs = "e.here" },
  },
}

rule "evidence-has-expired" {
  level = "risk",
  each = { b = "build", e = "evidence", l = "launch" },
  join = {
    "e.launch == l.id",
    "l.build == b.id",
  },
  when = {
    "e.same_build",
    "known(e.answered_long)",
    "e.newest",
    "not known(l.long_prompt_passed)",
  },
  find = "llama.cpp {b.version} has answered a long prompt with this model on {e.day} ({e.place}), but that does not count for this launch: {e.differs}",
  tests = {
    fires { evidence { same_build = true, stands = false, passed = true, answered = true, prompt_tokens = 8391, newest = true, differs = "the GPU driver was 580.65 and is 590.10 now" }, says = "driver was 580.65" },
    silent { evidence { same_build = false, stands = false, passed = true, answered = true, prompt_tokens = 8391, newest = true }, stops_at = "e.same_build" },
    silent { evidence { same_build = true, stands = false, passed = true, answered = true, prompt_tokens = 99, newest = true }, stops_at = "known(e.answered_long)" },
    silent { evidence { same_build = true, stands = false, passed = true, answered = true, prompt_tokens = 8391, newest = false }, stops_at = "e.newest" },
    silent { build { long_prompt_passed = true }, evidence { same_build = true, stands = false, passed = true, answered = true, prompt_tokens = 8391, newest = true }, stops_at = "not known(l.long_prompt_passed)" },
    silent { evidence { same_build = true, stands = true, passed = true, answered = true, prompt_tokens = 8391, newest = true }, stops_at = "not known(l.long_prompt_passed)" },
    undecided { evidence { stands = false, passed = true, answered = true, prompt_tokens = 8391, newest = true }, needs = "e.same_build" },
  },
}

rule "evidence-contradicts-itself" {
  level = "risk",
  each = { e = "evidence", f = "evidence", l = "launch" },
  join = {
    "e.launch == l.id",
    "f.launch == l.id",
  },
  when = {
    "e.stands",
    "e.newest",
    "known(e.answered_long)",
    "f.stands",
    "f.newest",
    "known(f.passed) and not f.passed",
  },
  find = "The ledger holds both for {e.version} and this launch: {e.prompt} was answered on {e.day} ({e.place}), {f.prompt} failed on {f.day} ({f.place}). Until somebody knows what differed, it counts as failed: a build that crashes sometimes crashes",
  tests = {
    fires {
      evidence { stands = true, newest = true, passed = true, answered = true, prompt_tokens = 8391, prompt = "a prompt of 8,391 tokens" },
      evidence { stands = true, newest = true, passed = false, prompt = "a prompt of 164 tokens" },
      says = "a prompt of 164 tokens failed",
    },
    silent {
      evidence { stands = false, newest = true, passed = true, answered = true, prompt_tokens = 8391 }, evidence { stands = true, newest = true, passed = false },
      stops_at = "e.stands",
    },
    silent {
      evidence { stands = true, newest = false, passed = true, answered = true, prompt_tokens = 8391 }, evidence { stands = true, newest = true, passed = false },
      stops_at = "e.newest",
    },
    silent {
      evidence { stands = true, newest = true, passed = true, answered = true, prompt_tokens = 20 }, evidence { stands = true, newest = true, passed = false },
      stops_at = "known(e.answered_long)",
    },
    silent {
      evidence { stands = true, newest = true, passed = true, answered = true, prompt_tokens = 8391 }, evidence { stands = false, newest = true, passed = false },
      stops_at = "f.stands",
    },
    silent {
      evidence { stands = true, newest = true, passed = true, answered = true, prompt_tokens = 8391 }, evidence { stands = true, newest = false, passed = false },
      stops_at = "f.newest",
    },
    silent { evidence { stands = true, newest = true, passed = true, answered = true, prompt_tokens = 8391 }, stops_at = "known(f.passed) and not f.passed" },
    undecided {
      evidence { newest = true, passed = true, answered = true, prompt_tokens = 8391 }, evidence { stands = true, newest = true, passed = false },
      needs = "e.stands",
    },
  },
}

-- An update that works may still have got slower. Runs of one launch differ by a few percent; a twentieth is more.
rule "slower-than-another-build" {
  level = "risk",
  each = { e = "evidence", l = "launch", o = "evidence" },
  join = {
    "e.launch == l.id",
    "o.launch == l.id",
  },
  when = {
    "e.stands",
    "e.newest_speed",
    "not o.same_build",
    "o.newest_speed",
    "e.speed < 0.95 * o.speed",
  },
  derive = { ["o.slower_now"] = "true" },
  find = "llama.cpp {e.version} is slower here than {o.version}: {e.speed} tokens a second on {e.day} ({e.place}), {o.speed} on {o.day} ({o.place}). What differs besides the build: {o.besides}",
  tests = {
    fires {
      evidence { stands = true, same_build = true, newest_speed = true, speed = 21.0, version = "b8115" },
      evidence { stands = false, same_build = false, newest_speed = true, speed = 28.0, version = "b8022", besides = "nothing" },
      says = "b8115 is slower here than b8022: 21",
    },
    silent {
      evidence { stands = true, same_build = true, newest_speed = true, speed = 27.0 },
      evidence { stands = false, same_build = false, newest_speed = true, speed = 28.0 },
      stops_at = "e.speed < 0.95 * o.speed",
    },
    silent {
      evidence { stands = false, same_build = true, newest_speed = true, speed = 21.0 },
      evidence { stands = false, same_build = false, newest_speed = true, speed = 28.0 },
      stops_at = "e.stands",
    },
    silent {
      evidence { stands = true, same_build = true, newest_speed = false, speed = 21.0 },
      evidence { stands = false, same_build = false, newest_speed = true, speed = 28.0 },
      stops_at = "e.newest_speed",
    },
    silent {
      evidence { stands = true, same_build = true, newest_speed = true, speed = 21.0 },
      evidence { stands = false, same_build = true, newest_speed = true, speed = 28.0 },
      stops_at = "not o.same_build",
    },
    silent {
      evidence { stands = true, same_build = true, newest_speed = true, speed = 21.0 },
      evidence { stands = false, same_build = false, newest_speed = false, speed = 28.0 },
      stops_at = "o.newest_speed",
    },
    undecided {
      evidence { stands = true, same_build = true, newest_speed = true },
      evidence { stands = false, same_build = false, newest_speed = true, speed = 28.0 },
      needs = "e.speed",
    },
  },
}

-- Buffers do not differ from run to run; a hundredth is what rounding in logs may make.
rule "larger-than-another-build" {
  each = { e = "evidence", l = "launch", o = "evidence" },
  join = {
    "e.launch == l.id",
    "o.launch == l.id",
  },
  when = {
    "e.stands",
    "e.same_settings",
    "o.here",
    "o.same_settings",
    "not o.same_build",
    "known(e.gpu_bytes) and known(o.gpu_bytes) and e.gpu_bytes > 1.01 * o.gpu_bytes",
  },
  derive = { ["o.larger_now"] = "true" },
  tests = {
    fires {
      evidence { stands = true, same_build = true, same_settings = true, gpu_bytes = 1020 * MiB },
      evidence { here = true, same_build = false, same_settings = true, gpu_bytes = 1000 * MiB },
    },
    silent {
      evidence { stands = true, same_build = true, same_settings = true, gpu_bytes = 1005 * MiB },
      evidence { here = true, same_build = false, same_settings = true, gpu_bytes = 1000 * MiB },
      stops_at = "known(e.gpu_bytes) and known(o.gpu_bytes) and e.gpu_bytes > 1.01 * o.gpu_bytes",
    },
    silent {
      evidence { stands = false, same_build = true, same_settings = true, gpu_bytes = 1020 * MiB },
      evidence { here = true, same_build = false, same_settings = true, gpu_bytes = 1000 * MiB },
      stops_at = "e.stands",
    },
    silent {
      evidence { stands = true, same_build = true, same_settings = false, gpu_bytes = 1020 * MiB },
      evidence { here = true, same_build = false, same_settings = true, gpu_bytes = 1000 * MiB },
      stops_at = "e.same_settings",
    },
    silent {
      evidence { stands = true, same_build = true, same_settings = true, gpu_bytes = 1020 * MiB },
      evidence { here = false, same_build = false, same_settings = true, gpu_bytes = 1000 * MiB },
      stops_at = "o.here",
    },
    silent {
      evidence { stands = true, same_build = true, same_settings = true, gpu_bytes = 1020 * MiB },
      evidence { here = true, same_build = false, same_settings = false, gpu_bytes = 1000 * MiB },
      stops_at = "o.same_settings",
    },
    silent {
      evidence { stands = true, same_build = true, same_settings = true, gpu_bytes = 1020 * MiB },
      evidence { here = true, same_build = true, same_settings = true, gpu_bytes = 1000 * MiB },
      stops_at = "not o.same_build",
    },
  },
}

-- Faults that are on record (models/regressions.tsv): for which builds the table says, of which launches its columns.
rule "known-regression" {
  level = "risk",
  each = { b = "build", l = "launch", m = "model", r = "regression" },
  join = {
    "l.build == b.id",
    "l.model == m.id",
    "r.build == b.id",
  },
  when = {
    "r.architecture == '' or r.architecture == m.architecture",
    "not r.needs_override or l.override_tensor ~= ''",
    "m.moe or r.host_weights == 0",
    "l.weights_on_host >= r.host_weights",
    "count('gpu') >= r.gpus or (count('gpu') == 0 and contains(l.override_tensor, 'CUDA1'))",
    "r.compute_capability == 0 or sum('gpu', 'compute_capability') == r.compute_capability * count('gpu')",
  },
  find = "llama.cpp {b.version} has a fault on record that this launch can meet: {r.what} ({r.issue}, {r.range}). {r.remedy}",
  try = { ["l.override_tensor"] = "''" },
  tests = {
    fires {
      build { version = "b8022" }, model { known = "qwen3-next-80b-a3b-q5_k_m" }, gpu {}, gpu {}, launch { override_tensor = "exps=CPU" },
      regression { architecture = "qwen3next", gpus = 2, compute_capability = 0, needs_override = true, host_weights = 0, what = "it crashes", issue = "llama.cpp #1", range = "seen in b8022", remedy = "Go back" },
      says = "it crashes (llama.cpp #1, seen in b8022). Go back",
    },
    fires { build { version = "b8115" }, model { known = "qwen3-next-80b-a3b-q5_k_m" }, gpu {}, gpu {}, launch { override_tensor = "exps=CPU" }, says = "from b8053 to b8115" },
    fires { build { version = "b8053" }, model { known = "qwen3-coder-next-q4_k_m" }, gpu {}, gpu {}, launch { override_tensor = "blk.1=CUDA1" }, says = "#19816" },
    fires { build { version = "b8100" }, model { known = "qwen3-coder-next-q4_k_m" }, gpu {}, gpu {}, launch { override_tensor = "blk.1=CUDA1" } },
    fires { build { version = "b7623" }, model { known = "gpt-oss-120b-mxfp4" }, launch { cpu_moe = true, ctx = 8192 }, says = "#18575" },
    fires { build { version = "b7621" }, model { known = "gpt-oss-120b-mxfp4" }, launch { ctx = 8192 }, says = "mended in b7625" },
    fires { build { version = "b6841" }, gpu { compute_capability = 6.1 }, gpu { compute_capability = 6.1 }, launch {}, says = "#16953" },
    silent { build { version = "b7625" }, model { known = "gpt-oss-120b-mxfp4" }, launch { cpu_moe = true, ctx = 8192 } },
    silent { build { version = "b8022" }, model { known = "qwen3-next-80b-a3b-q5_k_m" }, gpu {}, gpu {}, launch { override_tensor = "exps=CPU" } },
    silent { build { version = "b8140" }, model { known = "qwen3-next-80b-a3b-q5_k_m" }, gpu {}, gpu {}, launch { override_tensor = "exps=CPU" } },
    silent { build { version = "b7621" }, model { known = "llama-3.1-8b-q8_0" }, launch { gpu_layers = 0, ctx = 2048 }, stops_at = "m.moe or r.host_weights == 0" },
    silent { build { version = "b8100" }, model { known = "glm-4.7-flash-q8_0" }, gpu {}, gpu {}, launch { override_tensor = "exps=CPU" }, stops_at = "r.architecture == '' or r.architecture == m.architecture" },
    silent { build { version = "b8100" }, model { known = "qwen3-next-80b-a3b-q5_k_m" }, gpu {}, gpu {}, stops_at = "not r.needs_override or l.override_tensor ~= ''" },
    silent { build { version = "b7621" }, model { known = "glm-4.7-flash-q4_k_m" }, launch { ctx = 8192 }, stops_at = "l.weights_on_host >= r.host_weights" },
    silent { build { version = "b8100" }, model { known = "qwen3-next-80b-a3b-q5_k_m" }, launch { override_tensor = "exps=CPU" }, stops_at = "count('gpu') >= r.gpus or (count('gpu') == 0 and contains(l.override_tensor, 'CUDA1'))" },
    silent { build { version = "b6841" }, gpu { compute_capability = 6.1 }, gpu { compute_capability = 8.6 }, launch {}, stops_at = "r.compute_capability == 0 or sum('gpu', 'compute_capability') == r.compute_capability * count('gpu')" },
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
