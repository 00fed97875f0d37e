-- Teaches: a header that can be read may still be one that llama.cpp refuses, or that nobody should trust.

lesson "18-a-file-is-what-it-holds" {
  claim = "A file is what its tensors say, and not what its header claims: where the two disagree llama.cpp refuses it, or somebody should look before it is loaded.",
  review_by = "2027-02-23",
}

rule "llama-cpp-refuses-the-file" {
  level = "wrong",
  each = { m = "model" },
  when = { { "known(m.refusal)", otherwise = "no contradiction in the header makes llama.cpp refuse it" } },
  unless = { { "known(m.complete) and not m.complete", otherwise = "a file that is not whole is told as that" } },
  find = "{m.name} {m.refusal}: llama.cpp refuses the file, whatever the flags. Fetch it again, or convert it again",
  tests = {
    fires { model { refusal = "lists 11 tokens but embeds 10" }, says = "lists 11 tokens but embeds 10: llama.cpp refuses" },
    fires { model { known = "glm-4.7-flash-q8_0", refusal = "says block_count 3 but has tensors of 2 layers" } },
    silent { stops_at = "known(m.refusal)" },
    silent { model { known = "glm-4.7-flash-q8_0" }, stops_at = "known(m.refusal)" },
    silent { model { refusal = "holds 4 of the 8 bytes that its tensors need", complete = false }, stops_at = "known(m.complete) and not m.complete" },
  },
}

rule "only-part-one-is-taken" {
  level = "wrong",
  each = { m = "model" },
  when = { { "known(m.given_part)", otherwise = "the file that was named is the one llama.cpp takes" } },
  find = "{m.name} is a set of {m.parts} files, and its part {m.given_part} was named: llama.cpp must be given part 1, {m.path}, and finds the others itself",
  tests = {
    fires { model { given_part = 2, parts = 3, path = "a-00001-of-00003.gguf" }, says = "must be given part 1, a-00001-of-00003.gguf" },
    fires { model { known = "glm-4.7-flash-q8_0", given_part = 4, parts = 4, path = "b-00001-of-00004.gguf" } },
    silent { stops_at = "known(m.given_part)" },
    silent { model { known = "glm-4.7-flash-q8_0", parts = 4 }, stops_at = "known(m.given_part)" },
  },
}

rule "the-file-contradicts-itself" {
  level = "risk",
  each = { m = "model" },
  when = { { "known(m.doubt)", otherwise = "its header and its tensors agree" } },
  find = "{m.name} {m.doubt}. llama.cpp may load it all the same; ask whoever made it before you do",
  tests = {
    fires { model { doubt = "calls itself Q8_0, but 94 % of its layers' weights are q4_k" }, says = "calls itself Q8_0" },
    fires { model { known = "glm-4.7-flash-q8_0", doubt = "says it was trained for a context of 4294967295 tokens, more than any model known" } },
    silent { stops_at = "known(m.doubt)" },
    silent { model { known = "glm-4.7-flash-q8_0" }, stops_at = "known(m.doubt)" },
  },
}

-- Bits a weight: Q4_K_M has 4.8, and up to 6.4 in a model of half a billion parameters, whose embeddings count for more.
rule "written-quantisation" {
  level = "risk",
  each = { c = "claim", m = "model" },
  join = { "c.model == m.id" },
  when = {
    "known(c.about) and c.about == 'quantisation'",
    "c.count >= 4",
    "m.bits_per_weight > c.count * 1.5 + 1 or m.bits_per_weight < c.count * 0.8",
  },
  derive = { ["c.refuted"] = "true" },
  find = "\"{c.text}\" calls {m.name} {c.quant}; the file has {m.bits_per_weight} bits for each of its {m.params:params} parameters",
  tests = {
    fires { claim { about = "quantisation", count = 4, quant = "Q4_K_M", text = "the Q4_K_M" }, model { known = "glm-4.7-flash-q8_0" }, says = "calls GLM-4.7-Flash Q4_K_M" },
    fires { claim { about = "quantisation", count = 8, quant = "Q8_0", text = "the Q8_0" }, model { known = "glm-4.7-flash-q4_k_m" } },
    silent { claim { about = "quantisation", count = 8, quant = "Q8_0", text = "the Q8_0" }, model { known = "glm-4.7-flash-q8_0" }, stops_at = "m.bits_per_weight > c.count * 1.5 + 1 or m.bits_per_weight < c.count * 0.8" },
    silent { claim { about = "quantisation", count = 2, quant = "Q2_K", text = "the Q2_K" }, model { known = "glm-4.7-flash-q8_0" }, stops_at = "c.count >= 4" },
    silent { claim { about = "layers", count = 47, text = "47 layers" }, model { known = "glm-4.7-flash-q8_0" }, stops_at = "known(c.about) and c.about == 'quantisation'" },
    undecided { claim { about = "quantisation", count = 4, quant = "Q4_K_M" }, model { bits_per_weight = unknown }, needs = "m.bits_per_weight" },
  },
}

rule "the-card-is-of-another-model" {
  level = "risk",
  each = { c = "card", m = "model" },
  join = { "c.model == m.id" },
  when = { { "c.about_another or c.contradictions > 1", otherwise = "its card is its own" } },
  find = "The card {c.path} is of another model: it speaks of {c.names} (figures that the header of {m.name} contradicts: {c.contradictions}). What it recommends was meant for that one; llwhy card tells where to get the right one",
  tests = {
    fires { card { about_another = true, contradictions = 0, names = "Qwen3-8B", path = "README.md" }, says = "speaks of Qwen3-8B" },
    fires { card { about_another = false, contradictions = 2, names = "GLM-4.7", path = "README.md" }, model { known = "glm-4.7-flash-q8_0" }, says = "contradicts: 2" },
    silent { card { about_another = false, contradictions = 1, names = "GLM-4.7-Flash" }, stops_at = "c.about_another or c.contradictions > 1" },
    silent { card { about_another = false, contradictions = 0 }, model { known = "glm-4.7-flash-q8_0" }, stops_at = "c.about_another or c.contradictions > 1" },
    undecided { card { about_another = unknown, contradictions = 0 }, needs = "c.about_another" },
  },
}
