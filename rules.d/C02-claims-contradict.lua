-- Teaches: where two sentences disagree at least one is wrong, and a look at the file tells which.

lesson "C02-claims-contradict" {
  claim = "Two written claims about one model that cannot both be true: neither is to be used before the header or ls -l has settled it.",
  review_by = "2027-02-23",
}

rule "called-dense-and-moe" {
  level = "risk",
  each = { c = "claim", d = "claim" },
  join = { "c.model == d.model" },
  when = {
    "known(c.says_moe) and known(d.says_moe)",
    "not c.says_moe and d.says_moe",
  },
  unless = { "known(c.refuted) or known(d.refuted)" }, -- then a better source has settled it
  find = "\"{c.text}\" calls it dense, \"{d.text}\" a mixture of experts: nothing here settles it. Read the header of the file (general.architecture, expert_count)",
  tests = {
    fires { claim { says_moe = false, text = "a dense model" }, claim { says_moe = true, text = "an MoE model" }, model { moe = unknown }, says = "nothing here settles it" },
    fires { claim { says_moe = true, text = "MoE" }, claim { says_moe = false, text = "dense" }, model { moe = unknown } },
    silent { claim { says_moe = true, text = "MoE" }, claim { says_moe = true, text = "an MoE model" }, model { moe = unknown }, stops_at = "not c.says_moe and d.says_moe" },
    silent { claim { says_moe = false, text = "dense", refuted = true }, claim { says_moe = true, text = "MoE" }, stops_at = "known(c.refuted) or known(d.refuted)" },
    silent { claim { text = "fast" }, claim { says_moe = true, text = "MoE" }, model { moe = unknown }, stops_at = "known(c.says_moe) and known(d.says_moe)" },
  },
}

rule "two-sizes" {
  level = "risk",
  each = { c = "claim", d = "claim", m = "model" },
  join = {
    "c.model == d.model",
    "c.model == m.id",
  },
  when = {
    "known(c.bytes) and known(d.bytes)",
    "c.bytes > d.bytes * 1.15",
    "not known(d.bytes_high) or c.bytes > d.bytes_high * 1.15",
    "c.quant == d.quant",
  },
  unless = {
    "known(m.file_bytes)", -- then the file tells which is wrong
    "known(c.counts_more) and c.counts_more", -- what it needs is more than its file
  },
  find = "\"{c.text}\" and \"{d.text}\" give {m.name} {c.bytes / GB} and {d.bytes / GB} GB: one of them is wrong. ls -l tells which",
  tests = {
    fires { claim { bytes = 30 * GB, quant = "Q8_0", text = "30 GB" }, claim { bytes = 16 * GB, quant = "Q8_0", text = "16 GB" }, model { file_bytes = unknown }, says = "30 and 16 GB" },
    fires { claim { bytes = 16 * GB, bytes_high = 17 * GB, quant = "", text = "16-17 GB" }, claim { bytes = 30 * GB, quant = "", text = "30 GB" }, model { file_bytes = unknown } },
    silent { claim { bytes = 30 * GB, quant = "Q8_0", text = "30 GB" }, claim { bytes = 18 * GB, quant = "Q4_K_M", text = "18 GB" }, model { file_bytes = unknown }, stops_at = "c.quant == d.quant" },
    silent { claim { bytes = 30 * GB, quant = "", text = "30 GB" }, claim { bytes = 32 * GB, quant = "", text = "32 GB" }, model { file_bytes = unknown }, stops_at = "c.bytes > d.bytes * 1.15" },
    silent { claim { bytes = 32 * GB, quant = "", text = "32 GB" }, claim { bytes = 26 * GB, bytes_high = 32 * GB, quant = "", text = "26-32 GB" }, model { file_bytes = unknown }, stops_at = "not known(d.bytes_high) or c.bytes > d.bytes_high * 1.15" },
    silent { claim { bytes = 30 * GB, quant = "", text = "30 GB" }, claim { bytes = 16 * GB, quant = "", text = "16 GB" }, stops_at = "known(m.file_bytes)" },
    silent { claim { bytes = 30 * GB, counts_more = true, quant = "", text = "needs 30 GB" }, claim { bytes = 16 * GB, quant = "", text = "16 GB" }, model { file_bytes = unknown }, stops_at = "known(c.counts_more) and c.counts_more" },
    silent { claim { text = "big" }, claim { bytes = 16 * GB, quant = "", text = "16 GB" }, model { file_bytes = unknown }, stops_at = "known(c.bytes) and known(d.bytes)" },
  },
}
