#!/usr/bin/env python3
"""Which header keys llama.cpp reads for each architecture, and of which type: key_needs.py LLAMA_CPP > engine/source/model/header_needs.def

LLAMA_CPP is a source tree. Reads what load_arch_hparams of src/models/*.cpp asks for whatever the header says; a question inside a branch
or a loop is left out, because nothing is known of the branch.
"""
import collections
import pathlib
import re
import sys

from tensor_needs import close, parts, statement, without_comments

TYPES = {"uint32_t": "u32", "int": "i32", "int32_t": "i32", "float": "f32", "bool": "bool", "uint64_t": "u64", "llama_token": "i32", "std::string": "string",
         "llama_expert_gating_func_type": "u32", "llama_pooling_type": "u32"}
LENGTHS = {"hparams.n_layer_all": "layers", "hparams.n_layer()": "trunk", "4": "4"}
HEAD = """/* Which keys of a header llama.cpp reads for each architecture, beside those that it reads for all (header_common.def); the language is that
 * of header_needs.c. Written by tests/oracle/key_needs.py from load_arch_hparams of each file in src/models, llama.cpp v0.5.0; what is asked
 * for in a branch is left out.
 *
 * LLW_HEADER(architecture, keys) */
"""
LOCAL = re.compile(r"\b(std::vector<[\w:]+>|std::string|uint32_t|int32_t|llama_token|float|bool|int)\s+(\w+)\s*(?:=[^;]*|\([^;]*\)|\{[^;]*\})?;")
CALL = re.compile(r"ml\.(get_key_or_arr|get_key|get_arr_n|get_arr)\s*\(")


def unconditional(body):
    """The text that runs whatever the header says: heads of branches stay, their bodies go."""
    out, at = "", 0
    pattern = re.compile(r"\b(if|for|while|switch)\s*\(|\belse\b|\|\||&&|\?")
    while m := pattern.search(body, at):
        out += body[at:m.start()]
        if m[1]:
            end = close(body, m.end() - 1)
            head = body[m.end():end]
            out += re.split(r"\|\||&&|\?", head)[0] + ";" if m[1] in ("if", "switch") else ""
            at = statement(body, end + 1)[1]
        elif m[0] == "else":
            at = statement(body, m.end())[1]
        else:
            at = body.index(";", m.end())
        if "return;" in body[m.start():at]:
            break
    else:
        out += body[at:]
    return out


def read(body, types, keys):
    """[(key, need)] of one load_arch_hparams, in its order."""
    local = {name: kind for kind, name in LOCAL.findall(body)}
    for m in CALL.finditer(text := unconditional(body)):
        args = parts(text[m.end():close(text, m.end() - 1)])
        if args[0] not in keys:
            continue
        target = args[1].removeprefix("hparams.")
        kind = types.get(target) if args[1].startswith("hparams.") else local.get(target)
        if not kind:  # a member of the model, or what a template fills
            continue
        element = re.match(r"std::(?:array|vector)<([\w:]+)", kind)
        rest, length = args[2:], ""
        if m[1] == "get_key_or_arr" and element:
            length, rest = LENGTHS.get(rest[0], "?"), rest[1:]
        optional = bool(rest) and rest[-1] in ("false", "0", "0.0f")
        scalar = TYPES[element[1] if element else kind]
        elements = "|".join(["bool"] * kind.startswith("std::array") + (["u32", "i32"] if scalar in ("u32", "i32") else [scalar]))
        form = {"get_key": scalar, "get_arr_n": "any[]", "get_key_or_arr": f"{scalar}*{length}" if element else scalar,
                "get_arr": f"{elements}[]" + "?" * optional}[m[1]]
        yield keys[args[0]], ("" if optional else "!") + form


def main(tree):
    tree = pathlib.Path(tree) / "src"
    arch = without_comments((tree / "llama-arch.cpp").read_text())
    model = without_comments((tree / "llama-model.cpp").read_text())
    names = dict(re.findall(r"\{\s*LLM_ARCH_(\w+),\s*\"([^\"]+)\"", arch))
    keys = {k: n.removeprefix("%s") for k, n in re.findall(r"\{\s*(LLM_KV_\w+),\s*\"([^\"]+)\"", arch)}
    header = without_comments((tree / "llama-hparams.h").read_text())
    types = {name: kind for kind, name in re.findall(r"^\s*(?:enum\s+)?(std::array<[^;]*?>|[\w:]+)\s+(\w+)\s*(?:=[^;]*)?;", header, re.M)}
    bodies = {}
    for path in sorted((tree / "models").glob("*.cpp")):
        text = without_comments(path.read_text())
        for m in re.finditer(r"void (\w+)::load_arch_hparams\([^)]*\)\s*\{", text):
            bodies[m[1]] = text[m.end():close(text, m.end() - 1)]
    parents = dict(re.findall(r"struct (llama_model_\w+) : public (llama_model_\w+)", without_comments((tree / "models" / "models.h").read_text())))
    rows = collections.defaultdict(list)
    for cases, cls in re.findall(r"((?:case LLM_ARCH_\w+:\s*)+)return new (\w+)\(", model):
        body = cls
        while body not in bodies and body in parents:
            body = parents[body]
        found = {}
        for key, need in read(bodies.get(body, ""), types, keys):
            if found.get(key, "").lstrip("!") in ("", need.lstrip("!")):
                found[key] = max(need, found.get(key, need), key=lambda n: n.startswith("!"))
        for a in re.findall(r"LLM_ARCH_(\w+)", cases):
            rows[names[a]] = found
    sys.stdout.write(HEAD)
    for name, found in sorted(rows.items()):
        if found:
            sys.stdout.write(f'LLW_HEADER("{name}", "{" ".join(f"{k}={n}" for k, n in found.items())}")\n')


if __name__ == "__main__":
    main(sys.argv[1])
