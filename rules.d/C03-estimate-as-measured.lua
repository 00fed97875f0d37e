-- Teaches: an estimate among measurements is read as a measurement.

lesson "C03-estimate-as-measured" {
  claim = "Only what was measured stands under 'measured'; an estimate says that it is one, and on what it rests.",
  review_by = "2027-02-23",
}

rule "estimate-filed-as-measured" {
  level = "risk",
  each = { c = "claim" },
  when = {
    "known(c.filed_as_measured)",
    "c.filed_as_measured",
    "c.estimated",
    "known(c.speed) or known(c.bytes)",
  },
  find = "\"{c.text}\" is an estimate by its own words and stands among measurements: the next reader takes it for one. Measure it, or move it out",
  tests = {
    fires { claim { filed_as_measured = true, estimated = true, speed = 40, text = "~40-50 t/s, estimated" }, says = "stands among measurements" },
    fires { claim { filed_as_measured = true, estimated = true, bytes = 2 * GB, text = "expected 2 GB" } },
    silent { claim { filed_as_measured = false, estimated = true, speed = 40, text = "estimated 40 t/s" }, stops_at = "c.filed_as_measured" },
    silent { claim { filed_as_measured = true, estimated = false, speed = 32.9, text = "32.9 t/s" }, stops_at = "c.estimated" },
    silent { claim { filed_as_measured = true, estimated = true, text = "should be faster" }, stops_at = "known(c.speed) or known(c.bytes)" },
    silent { claim { estimated = true, speed = 40, text = "40 t/s" }, stops_at = "known(c.filed_as_measured)" },
  },
}
