-- Teaches: a speed belongs to the flags it was measured with.

lesson "C04-figure-of-another-launch" {
  claim = "A measured figure belongs to its configuration: copied to a profile with another context, -ub or placement it is a guess that looks like a measurement.",
  review_by = "2027-02-23",
}

rule "same-figure-other-flags" {
  level = "risk",
  each = { c = "claim", d = "claim", k = "launch", l = "launch" },
  join = {
    "c.model == d.model",
    "c.speed == d.speed",
    "c.launch == l.id",
    "d.launch == k.id",
  },
  when = {
    "c.digits >= 3",
    "l.ctx ~= k.ctx or l.ubatch ~= k.ubatch or l.override_tensor ~= k.override_tensor or l.gpu_layers ~= k.gpu_layers or l.cache_type_k ~= k.cache_type_k",
  },
  find = "\"{c.text}\" gives the same {c.speed} tokens a second that another profile of this model has, with other flags (-c {l.ctx} and {k.ctx}, -ub {l.ubatch} and {k.ubatch}): at most one of them was measured like that. Write the flags beside a figure, and measure the other",
  tests = {
    fires { claim { speed = 26.5, digits = 3, text = "26.5 t/s", launch = "a" }, claim { speed = 26.5, digits = 3, text = "26.5 t/s too", launch = "b" }, launch { id = "a", ctx = 262144 }, launch { id = "b", ctx = 10240 }, says = "26.5" },
    fires { claim { speed = 105, digits = 3, text = "105 t/s", launch = "a" }, claim { speed = 105, digits = 3, text = "105 t/s", launch = "b" }, launch { id = "a", ubatch = 512 }, launch { id = "b", ubatch = 1024 } },
    silent { claim { speed = 26.5, digits = 3, text = "26.5 t/s", launch = "a" }, claim { speed = 26.5, digits = 3, text = "26.5", launch = "b" }, launch { id = "a", ctx = 8192 }, launch { id = "b", ctx = 8192 }, stops_at = "l.ctx ~= k.ctx or l.ubatch ~= k.ubatch or l.override_tensor ~= k.override_tensor or l.gpu_layers ~= k.gpu_layers or l.cache_type_k ~= k.cache_type_k" },
    silent { claim { speed = 20, digits = 1, text = "20 t/s", launch = "a" }, claim { speed = 20, digits = 1, text = "20 t/s", launch = "b" }, launch { id = "a", ctx = 262144 }, launch { id = "b", ctx = 10240 }, stops_at = "c.digits >= 3" },
    undecided { claim { speed = 26.5, text = "26.5 t/s", launch = "a" }, claim { speed = 26.5, text = "26.5 t/s", launch = "b" }, launch { id = "a", ctx = 262144 }, launch { id = "b", ctx = 10240 }, needs = "c.digits" },
  },
}
