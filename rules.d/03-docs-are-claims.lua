-- Teaches: what somebody wrote about a model is a claim with a source; the header and the file are facts.

lesson "03-docs-are-claims" {
  claim = "A comment, a profile's text or a model card is a claim; where the GGUF header says otherwise the header counts, and the text is mended before it is used again.",
  review_by = "2027-02-23",
}

-- Sentences in our own files.

rule "written-down-as-dense" {
  level = "wrong",
  each = { c = "claim", m = "model" },
  join = { "c.model == m.id" },
  when = {
    "known(c.says_moe)",
    "not c.says_moe",
    "m.moe",
  },
  derive = { ["c.refuted"] = "true" },
  find = "\"{c.text}\" calls {m.name} dense, but its header has {m.experts} experts in each of {m.moe_layers} layers, {m.experts_used} of them in use for a token: decisions taken from that sentence are to be taken again",
  tests = {
    fires { claim { says_moe = false, text = "Dense model, FIT=on auto-optimizes" }, model { known = "glm-4.7-flash-q4_k_m" }, says = "64 experts" },
    fires { claim { says_moe = false, text = "compact dense model" }, model { known = "gpt-oss-120b-mxfp4" }, says = "compact dense model" },
    silent { claim { says_moe = false, text = "dense" }, stops_at = "m.moe" },
    silent { claim { says_moe = true, text = "MoE" }, model { known = "glm-4.7-flash-q4_k_m" }, stops_at = "not c.says_moe" },
    silent { claim { text = "fast model" }, model { known = "glm-4.7-flash-q4_k_m" }, stops_at = "known(c.says_moe)" },
    undecided { claim { says_moe = false }, model { moe = unknown }, needs = "m.moe" },
  },
}

rule "written-down-as-moe" {
  level = "wrong",
  each = { c = "claim", m = "model" },
  join = { "c.model == m.id" },
  when = {
    "known(c.says_moe)",
    "c.says_moe",
    "not m.moe",
  },
  derive = { ["c.refuted"] = "true" },
  find = "\"{c.text}\" calls {m.name} a mixture of experts, but its header has no experts: every one of its {m.params:params} parameters works on every token",
  tests = {
    fires { claim { says_moe = true, text = "MoE, so exps=CPU" }, says = "has no experts" },
    fires { claim { says_moe = true, text = "3B active" }, model { known = "qwen3.5-27b-q6_k" } },
    silent { claim { says_moe = true, text = "MoE" }, model { known = "glm-4.7-flash-q8_0" }, stops_at = "not m.moe" },
    silent { claim { says_moe = false, text = "dense" }, stops_at = "c.says_moe" },
    silent { claim { text = "fast model" }, stops_at = "known(c.says_moe)" },
    undecided { claim { says_moe = true }, model { moe = unknown }, needs = "m.moe" },
  },
}

rule "written-expert-count" {
  level = "wrong",
  each = { c = "claim", m = "model" },
  join = { "c.model == m.id" },
  when = {
    "known(c.about) and c.about == 'experts'",
    "known(c.count)",
    "c.count ~= m.experts",
    "c.count ~= m.experts_used",
  },
  derive = { ["c.refuted"] = "true" },
  find = "\"{c.text}\" gives {m.name} {c.count} experts; its header has {m.experts}, of which {m.experts_used} work on a token",
  tests = {
    fires { claim { about = "experts", count = 128, text = "128 experts" }, model { known = "glm-4.7-flash-q8_0" }, says = "its header has 64" },
    fires { claim { about = "experts", count = 8, text = "8 experts" }, model { known = "gpt-oss-120b-mxfp4" } },
    silent { claim { about = "experts", count = 64, text = "64 experts" }, model { known = "glm-4.7-flash-q8_0" }, stops_at = "c.count ~= m.experts" },
    silent { claim { about = "experts", count = 4, text = "4 experts active" }, model { known = "glm-4.7-flash-q8_0" }, stops_at = "c.count ~= m.experts_used" },
    silent { claim { about = "speed", count = 105, text = "105 t/s" }, model { known = "glm-4.7-flash-q8_0" }, stops_at = "known(c.about) and c.about == 'experts'" },
    silent { claim { about = "experts", text = "many experts" }, model { known = "glm-4.7-flash-q8_0" }, stops_at = "known(c.count)" },
    undecided { claim { about = "experts", count = 128 }, model { experts = unknown }, needs = "m.experts" },
  },
}

-- llama.cpp counts the output as one more layer ("offloaded 48/48 layers"), so one more is no mistake.
rule "written-layer-count" {
  level = "wrong",
  each = { c = "claim", m = "model" },
  join = { "c.model == m.id" },
  when = {
    "known(c.about) and c.about == 'layers'",
    "known(c.count)",
    "c.count ~= m.layers",
    "c.count ~= m.layers + 1",
  },
  derive = { ["c.refuted"] = "true" },
  find = "\"{c.text}\" gives {m.name} {c.count} layers; its header has {m.layers}, and llama.cpp counts {m.layers + 1} with the output",
  tests = {
    fires { claim { about = "layers", count = 46, text = "46 layers" }, model { known = "glm-4.7-flash-q8_0" }, says = "its header has 47" },
    fires { claim { about = "layers", count = 32, text = "32 layers" } },
    silent { claim { about = "layers", count = 47, text = "47 layers" }, model { known = "glm-4.7-flash-q8_0" }, stops_at = "c.count ~= m.layers" },
    silent { claim { about = "layers", count = 48, text = "48/48 layers" }, model { known = "glm-4.7-flash-q8_0" }, stops_at = "c.count ~= m.layers + 1" },
    silent { claim { about = "speed", count = 105, text = "105 t/s" }, stops_at = "known(c.about) and c.about == 'layers'" },
    silent { claim { about = "layers", text = "all layers" }, stops_at = "known(c.count)" },
    undecided { claim { about = "layers", count = 46 }, model { layers = unknown }, needs = "m.layers" },
  },
}

rule "written-without-a-source" {
  level = "note",
  each = { c = "claim", m = "model" },
  join = { "c.model == m.id" },
  when = {
    "known(c.says_moe)",
    "c.says_moe == m.moe",
    "known(c.sourced)",
    "not c.sourced",
  },
  find = "\"{c.text}\" is right about {m.name} and does not say where it was read: with \"by the GGUF header\" or \"by the model card\" behind it the next reader need not check it again",
  tests = {
    fires { claim { says_moe = true, sourced = false, text = "MoE" }, model { known = "glm-4.7-flash-q8_0" }, says = "does not say where it was read" },
    fires { claim { says_moe = false, sourced = false, text = "dense" } },
    silent { claim { says_moe = true, sourced = true, text = "MoE per model card" }, model { known = "glm-4.7-flash-q8_0" }, stops_at = "not c.sourced" },
    silent { claim { says_moe = false, sourced = false, text = "dense" }, model { known = "glm-4.7-flash-q8_0" }, stops_at = "c.says_moe == m.moe" },
    silent { claim { sourced = false, text = "fast" }, stops_at = "known(c.says_moe)" },
    silent { claim { says_moe = false, text = "dense" }, stops_at = "known(c.sourced)" },
    undecided { claim { says_moe = true, sourced = false }, model { moe = unknown }, needs = "m.moe" },
  },
}

-- Two claims about the same thing: a model card, whose tags are known to mislead, beside the header.

rule "card-says-dense" {
  level = "note",
  each = { m = "model" },
  when = {
    { "conflict(m.moe)", otherwise = "no source contradicts another about {m.name}" },
    "m.moe",
  },
  find = "What was read about {m.name} disagrees: one source calls it dense, {origin(m.moe)} has {m.experts} experts a layer, and that counts",
  tests = {
    fires { model { known = "glm-4.7-flash-q8_0", moe = { false, grade = "model card", origin = "model card" } }, says = "64 experts a layer" },
    fires { model { known = "gpt-oss-120b-mxfp4", moe = { { false, grade = "prose", origin = "comment" }, { true, grade = "model card", origin = "model card" } } } },
    silent { model { moe = { true, grade = "model card", origin = "model card" } }, stops_at = "m.moe" },
    silent { model { known = "glm-4.7-flash-q8_0", moe = { true, grade = "model card", origin = "model card" } }, stops_at = "conflict(m.moe)" },
    undecided { model { known = "glm-4.7-flash-q8_0", moe = { { unknown, grade = "what-if" }, { false, grade = "prose" } } }, needs = "m.moe" },
  },
}

rule "card-says-moe" {
  level = "note",
  each = { m = "model" },
  when = {
    { "conflict(m.moe)", otherwise = "no source contradicts another about {m.name}" },
    "not m.moe",
  },
  find = "What was read about {m.name} disagrees: one source calls it a mixture of experts, {origin(m.moe)} has no experts, and that counts. Tags of model cards are known to do this",
  tests = {
    fires { model { moe = { true, grade = "model card", origin = "model card" } } },
    fires { model { known = "qwen3.5-27b-q6_k", moe = { true, grade = "model card", origin = "tag" } }, says = "has no experts" },
    silent { model { known = "glm-4.7-flash-q8_0", moe = { false, grade = "model card", origin = "model card" } }, stops_at = "not m.moe" },
    silent { model { moe = { false, grade = "model card", origin = "model card" } }, stops_at = "conflict(m.moe)" },
    undecided { model { moe = { { unknown, grade = "what-if" }, { true, grade = "prose" } } }, needs = "m.moe" },
  },
}

rule "sources-disagree-on-figures" {
  level = "note",
  each = { m = "model" },
  when = { "conflict(m.experts) or conflict(m.experts_used) or conflict(m.layers) or conflict(m.context_length)" },
  find = "What was read about {m.name} disagrees in figures; {origin(m.layers)} counts: {m.layers} layers, {m.experts} experts of which {m.experts_used} work on a token, trained for {m.context_length} tokens",
  tests = {
    fires { model { known = "glm-4.7-flash-q8_0", experts = { 128, grade = "model card", origin = "model card" } } },
    fires { model { layers = { 24, grade = "model card", origin = "model card" } }, says = "22 layers" },
    fires { model { context_length = { 4096, grade = "prose", origin = "comment" } } },
    fires { model { known = "gpt-oss-120b-mxfp4", experts_used = { 8, grade = "model card", origin = "model card" } } },
    silent { stops_at = "conflict(m.experts) or conflict(m.experts_used) or conflict(m.layers) or conflict(m.context_length)" },
    silent {
      model { known = "glm-4.7-flash-q8_0", experts = { 64, grade = "model card", origin = "model card" }, layers = { 47, grade = "model card", origin = "model card" } },
      stops_at = "conflict(m.experts) or conflict(m.experts_used) or conflict(m.layers) or conflict(m.context_length)",
    },
  },
}
