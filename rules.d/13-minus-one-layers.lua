-- Teaches: -ngl -1 does not mean the same everywhere.

lesson "13-minus-one-layers" {
  claim = "-ngl -1 was no layer at all in llama.cpp before b6325, every layer until --fit came, is 'auto' since, and 'all' in other programs: write auto or all.",
  review_by = "2027-02-23",
}

rule "minus-one-is-none" {
  level = "risk",
  ["until"] = "b6301",
  each = { b = "build", l = "launch" },
  join = { "l.build == b.id" },
  when = {
    { "l.gpu_layers == -1", otherwise = "-ngl is not -1" },
    "origin(l.gpu_layers) ~= 'default'",
  },
  find = "-ngl -1 on llama.cpp {b.version}: before b6325 it stood for the default, and the default was no layer at all, so everything is computed by the CPU. Write a number as large as the model's layers, or use a newer build and write auto",
  tests = {
    fires { build { version = "b6301" }, launch { gpu_layers = -1 }, says = "no layer at all" },
    fires { build { version = "b6301" }, launch { gpu_layers = { -1, grade = "configuration", origin = "Compose" } } },
    silent { build { version = "b6325" }, launch { gpu_layers = -1 } },
    silent { build { version = "b6301" }, launch { gpu_layers = 99 }, stops_at = "l.gpu_layers == -1" },
    silent { build { version = "b6301" }, launch { gpu_layers = { -1, origin = "default" } }, stops_at = "origin(l.gpu_layers) ~= 'default'" },
  },
}
