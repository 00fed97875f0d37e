-- Teaches: a header that can be read may still be one that llama.cpp refuses, or that nobody should trust.

lesson "18-a-file-is-what-it-holds" {
  claim = "A file is what its tensors say, and not what its header claims: where the two disagree llama.cpp refuses it, or somebody should look before it is loaded.",
  review_by = "2027-02-23",
}

rule "llama-cpp-refuses-the-file" {
  level = "wrong",
  each = { m = "model" },
  when = { { "known(m.refusal)", otherwise = "nothing in the header makes llama.cpp refuse the file" } },
  find = "{m.name} {m.refusal}: llama.cpp refuses the file, whatever the flags. Fetch it again, or convert it again",
  tests = {
    fires { model { refusal = "lists 11 tokens but embeds 10" }, says = "lists 11 tokens but embeds 10: llama.cpp refuses" },
    fires { model { known = "glm-4.7-flash-q8_0", refusal = "says block_count 3 but has tensors of 2 layers" } },
    silent { stops_at = "known(m.refusal)" },
    silent { model { known = "glm-4.7-flash-q8_0" }, stops_at = "known(m.refusal)" },
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
