-- What a rule file may name: the words of engine/rule/load_words.c, the kinds of engine/fact/schema.def, and the little of Lua
-- that engine/rule/sandbox.c leaves. Any other global would be nil when the file is loaded.
std = {
  read_globals = {
    "lesson", "rule", "fires", "silent", "undecided", "unknown", "KiB", "MiB", "GiB", "MB", "GB",
    "host", "gpu", "build", "model", "launch", "placement", "card", "claim", "log", "evidence", "probe", "regression",
    "ipairs", "tostring", math = { fields = { "floor", "ceil", "min", "max" } },
  },
}
max_line_length = false -- a condition is one line, however long
