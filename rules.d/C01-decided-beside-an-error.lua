-- Teaches: when a sentence falls, what was decided on it falls with it.

lesson "C01-decided-beside-an-error" {
  claim = "When a written claim turns out wrong, every placement decided beside it and every line that repeats it is to be looked at again.",
  review_by = "2027-02-23",
}

rule "placement-beside-a-refuted-claim" {
  level = "risk",
  each = { c = "claim", l = "launch" },
  join = { "c.launch == l.id" },
  when = {
    "c.refuted",
    "l.gpu_layers > 0 or l.override_tensor ~= '' or l.tensor_split ~= '' or l.cpu_moe or l.n_cpu_moe > 0 or l.split_mode == 'none' or origin(l.fit) ~= 'default'",
  },
  unless = { "known(c.about) and c.about == 'context'" }, -- how long a request may be decides no placement
  find = "This placement stands beside \"{c.text}\", which is not so: find out what was decided because of it, and decide that again from the header and the file's size",
  advise = {
    ["l.cpu_moe"] = "it was decided beside a claim that is refuted",
    ["l.fit"] = "it was decided beside a claim that is refuted",
    ["l.gpu_layers"] = "it was decided beside a claim that is refuted",
    ["l.n_cpu_moe"] = "it was decided beside a claim that is refuted",
    ["l.override_tensor"] = "it was decided beside a claim that is refuted",
    ["l.split_mode"] = "it was decided beside a claim that is refuted",
    ["l.tensor_split"] = "it was decided beside a claim that is refuted",
  },
  tests = {
    fires { claim { refuted = true, text = "Dense model, FIT=on auto-optimizes" }, launch { gpu_layers = 99 }, says = "Dense model" },
    fires { claim { refuted = true, text = "~16 GB" }, launch { tensor_split = "21,10" } },
    fires { claim { refuted = true, text = "dense" }, launch { fit = { true, grade = "configuration", origin = "profile" } } },
    silent { claim { refuted = true, text = "dense" }, stops_at = "l.gpu_layers > 0 or l.override_tensor ~= '' or l.tensor_split ~= '' or l.cpu_moe or l.n_cpu_moe > 0 or l.split_mode == 'none' or origin(l.fit) ~= 'default'" },
    silent { claim { refuted = true, about = "context", text = "supports 128k context" }, launch { gpu_layers = 99 }, stops_at = "known(c.about) and c.about == 'context'" },
    silent { claim { refuted = false, text = "MoE" }, launch { gpu_layers = 99 }, stops_at = "c.refuted" },
    undecided { claim { text = "fast" }, launch { gpu_layers = 99 }, needs = "c.refuted" },
  },
}
