-- Teaches: flags that place something by hand make --fit give up, and nothing but one line in the log says so.

lesson "12-fit-gives-up" {
  claim = "-ts, -ot, -cmoe, -ncmoe and -sm row or tensor stop --fit just as a layer count does: when something does not fit it warns once and loads with the flags as written.",
  since = "2025-12-18",
  review_by = "2027-02-23",
}

-- Whether it hurts only the machine can tell; that both were asked for is visible in the file.
rule "fit-beside-placement" {
  level = "risk",
  each = { l = "launch" },
  when = {
    { "l.fit", otherwise = "--fit is off" },
    { "origin(l.fit) ~= 'default' or origin(l.fit_target) ~= 'default' or (origin(l.fit_ctx) ~= 'default' and l.fit_ctx < 4294967295)", otherwise = "nobody asked for --fit" },
    { "l.tensor_split ~= '' or l.override_tensor ~= '' or l.cpu_moe or l.n_cpu_moe > 0 or l.split_mode == 'row' or l.split_mode == 'tensor'", otherwise = "nothing is placed by hand" },
  },
  unless = {
    "known(l.loads)", -- then other rules judge with numbers
    "l.gpu_layers > 0 or l.gpu_layers == -2", -- said by lesson 7
  },
  find = "--fit, or what it is to keep free, is asked for beside flags that place things by hand, and one excludes the other: as soon as the model does not fit, fit warns in one line of the log, changes nothing, and the load goes on as written. Let fit place everything, or take --fit out and keep the reason for the placement",
  advise = {
    ["l.override_tensor"] = "with it --fit gives up when it is needed",
    ["l.tensor_split"] = "with it --fit gives up when it is needed",
  },
  tests = {
    fires { gpu { free = unknown }, launch { fit = true, override_tensor = "exps=CPU" }, says = "one excludes the other" },
    fires { gpu { free = unknown }, launch { fit = true, tensor_split = "3,2" } },
    fires { gpu { free = unknown }, launch { fit = true, n_cpu_moe = 10 } },
    fires { gpu { free = unknown }, launch { fit = { true, origin = "default" }, fit_target = "2000", n_cpu_moe = 15 } },
    fires { gpu { free = unknown }, launch { fit = { true, origin = "default" }, fit_ctx = 32000, cpu_moe = true } },
    silent { gpu { free = unknown }, launch { fit = false, override_tensor = "exps=CPU" }, stops_at = "l.fit" },
    silent { gpu { free = unknown }, launch { fit = { true, origin = "default" }, override_tensor = "exps=CPU" }, stops_at = "origin(l.fit) ~= 'default' or origin(l.fit_target) ~= 'default' or (origin(l.fit_ctx) ~= 'default' and l.fit_ctx < 4294967295)" },
    silent { gpu { free = unknown }, launch { fit = true }, stops_at = "l.tensor_split ~= '' or l.override_tensor ~= '' or l.cpu_moe or l.n_cpu_moe > 0 or l.split_mode == 'row' or l.split_mode == 'tensor'" },
    silent { gpu { free = unknown }, launch { fit = true, n_cpu_moe = 0 } },
    silent { launch { fit = true, override_tensor = "exps=CPU" }, stops_at = "known(l.loads)" },
    silent { gpu { free = unknown }, launch { fit = true, override_tensor = "exps=CPU", gpu_layers = 99 }, stops_at = "l.gpu_layers > 0 or l.gpu_layers == -2" },
  },
}
