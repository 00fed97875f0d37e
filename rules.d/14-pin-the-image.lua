-- Teaches: an image without a build in its tag is another llama.cpp next week.

lesson "14-pin-the-image" {
  claim = "An official image named by :server-cuda or :latest is another build after the next pull: pin the one whose long prompt was answered.",
  review_by = "2027-02-23",
}

rule "image-not-pinned" {
  level = "risk",
  each = { l = "launch" },
  when = {
    { "known(l.image)", otherwise = "it runs in no official image" },
    { "not l.image_pinned", otherwise = "the image is pinned" },
  },
  unless = { "l.example" }, -- whoever takes it over pins it
  find = "{l.image} names no build: the next pull brings another llama.cpp, with other defaults and other mistakes, and nobody decided it. Take the tag that names the build which answered a long prompt (b8022 or the like stands at its end), or the digest",
  tests = {
    fires { launch { image = "ghcr.io/ggml-org/llama.cpp:server-cuda", image_pinned = false, example = false }, says = "names no build" },
    fires { launch { image = "ghcr.io/ggml-org/llama.cpp:full-cuda", image_pinned = false, example = false }, says = "(b8022 or the like stands at its end)" },
    silent { launch { image = "ghcr.io/ggml-org/llama.cpp:server-cuda-b8022", image_pinned = true, example = false }, stops_at = "not l.image_pinned" },
    silent { launch { image = "ghcr.io/ggml-org/llama.cpp:server-cuda", image_pinned = false, example = true }, stops_at = "l.example" },
    silent { launch { image_pinned = false, example = false }, stops_at = "known(l.image)" },
  },
}
