-- Teaches: find out what a model is before deciding where it goes; its name and its size do not tell.

lesson "01-card-first" {
  claim = "Dense or mixture of experts is read in the model card and the GGUF header, never guessed from a name or a file size.",
  review_by = "2027-02-23",
}

-- An empty path means that somebody looked and found none; as long as nobody looked, this waits.
rule "no-model-card" {
  level = "note",
  each = { m = "model" },
  when = { "m.card == ''" },
  find = "No model card of {m.name} lies here, so what it is rests on its header alone; llwhy card tells where the card can be had",
  tests = {
    fires { model { card = "" } },
    fires { model { known = "glm-4.7-flash-q4_k_m", card = "" }, says = "rests on its header alone" },
    silent { model { card = "models/documentation/README_modelcard.md" }, stops_at = "m.card == ''" },
    silent { model { known = "gpt-oss-120b-mxfp4", card = "README.md" }, stops_at = "m.card == ''" },
    undecided { needs = "m.card" },
  },
}

rule "experts-split-like-a-dense-model" {
  level = "waste",
  since = "2025-12-18",
  each = { l = "launch", m = "model" },
  join = { "l.model == m.id" },
  when = {
    "m.moe",
    "l.tensor_split ~= ''",
  },
  unless = {
    "known(l.reason_given) and l.reason_given",
    "l.override_tensor ~= ''", -- the experts may stay where they were sent by name
    "l.cpu_moe",
  },
  find = "-ts {l.tensor_split} cuts {m.name} into whole layers as if it were dense: its {m.expert_weights:gib} of experts, {m.experts_used} of {m.experts} in use for a token, move together with the attention that every token needs, and --fit changes nothing once a split is given",
  advise = { ["l.tensor_split"] = "a split by shares is made for dense models; without it fit tells experts from attention" },
  tests = {
    fires { model { known = "qwen3-next-80b-a3b-q5_k_m" }, gpu {}, gpu {}, launch { tensor_split = "21,10" }, says = "10 of 512" },
    fires { model { known = "glm-4.7-flash-q4_k_m" }, gpu {}, gpu {}, launch { tensor_split = "0.6,0.4", reason_given = false } },
    silent { gpu {}, gpu {}, launch { tensor_split = "21,10" }, stops_at = "m.moe" },
    silent { model { known = "glm-4.7-flash-q4_k_m" }, gpu {}, gpu {}, stops_at = "l.tensor_split ~= ''" },
    silent {
      model { known = "glm-4.7-flash-q4_k_m" }, gpu {}, gpu {}, launch { tensor_split = "3,2", reason_given = true },
      stops_at = "known(l.reason_given) and l.reason_given",
    },
    silent {
      model { known = "glm-4.7-flash-q4_k_m" }, gpu {}, gpu {}, launch { tensor_split = "3,2", override_tensor = "exps=CPU" },
      stops_at = "l.override_tensor ~= ''",
    },
    silent {
      model { known = "glm-4.7-flash-q4_k_m" }, gpu {}, gpu {}, launch { tensor_split = "3,2", cpu_moe = true },
      stops_at = "l.cpu_moe",
    },
    undecided { model { moe = unknown }, launch { tensor_split = "3,2" }, needs = "m.moe" },
  },
}

rule "works-unreasoned" {
  level = "note",
  each = { l = "launch" },
  when = {
    "l.split_mode == 'none'",
    "l.gpus_used > 1",
    "l.loads",
  },
  unless = { "known(l.reason_given) and l.reason_given" },
  find = "-sm none works here because the {l.whole_need:gib} it takes fit into one card, and nothing says that this was the reason: works, unreasoned. Write the two figures beside it, because a longer context or another quantisation ends it",
  tests = {
    fires { model { known = "glm-4.7-flash-q4_k_m" }, gpu {}, gpu {}, launch { split_mode = "none", ctx = 10240 }, says = "works, unreasoned" },
    fires { gpu {}, gpu {}, gpu {}, launch { split_mode = "none", main_gpu = 1, reason_given = false } },
    silent { gpu {}, gpu {}, stops_at = "l.split_mode == 'none'" },
    silent { launch { split_mode = "none" }, stops_at = "l.gpus_used > 1" },
    silent { gpu { free = 300 * MiB }, gpu {}, launch { split_mode = "none", ctx = 2048, fit = false }, stops_at = "l.loads" },
    silent { gpu {}, gpu {}, launch { split_mode = "none", reason_given = true }, stops_at = "known(l.reason_given) and l.reason_given" },
    undecided { gpu { free = unknown }, gpu {}, launch { split_mode = "none" }, needs = "l.loads" },
  },
}
