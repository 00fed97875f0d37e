#!/usr/bin/env python3
"""Which tensors llama.cpp wants of a model, and of which shape: tensor_needs.py LLAMA_CPP > engine/predict/tensor_needs.def

LLAMA_CPP is a source tree. Reads every create_tensor of src/models/*.cpp with the conditions around it and translates both, and the shape,
into the small expressions of engine/predict/needs.c. What cannot be translated (a name that has no number in our hyper-parameters) becomes
"?": such a tensor may be there or not, in any shape. Only the trunk is judged: layers for multi-token prediction may hold anything.
"""
import ast
import collections
import pathlib
import re
import sys

NAMES = {  # llama.cpp's hyper-parameters: ours; with an index, of that layer
    "n_embd": "embd", "n_vocab": "vocab", "n_layer": "layers", "n_layer_nextn": "nextn", "n_expert": "experts", "n_expert_used": "experts_used",
    "n_head": "heads", "n_head_kv": "kv_heads", "n_ff": "ff", "n_ff_exp": "ff_exp", "n_rot": "rot", "n_embd_head_k": "head_k",
    "n_embd_head_v": "head_v", "n_embd_k_gqa": "k_gqa", "n_embd_v_gqa": "v_gqa", "n_embd_gqa": "v_gqa", "is_recr": "recurrent", "is_swa": "windowed",
    "is_indexer_full": "indexed", "n_lora_q": "lora_q", "n_lora_kv": "lora_kv", "n_lora_kv_swa": "lora_kv_swa", "n_ff_shexp": "ff_shexp",
    "n_expert_shared": "experts_shared", "n_layer_dense_lead": "dense_lead", "ssm_d_conv": "ssm_conv", "ssm_d_inner": "ssm_inner",
    "ssm_d_state": "ssm_state", "ssm_dt_rank": "ssm_dt_rank", "ssm_n_group": "ssm_groups", "n_embd_head_k_mla": "head_k_mla",
    "n_embd_head_v_mla": "head_v_mla", "n_embd_head_k_mla_swa": "head_k_mla_swa", "n_embd_head_v_mla_swa": "head_v_mla_swa", "is_mla": "mla",
    "n_embd_head_kda": "kda_head", "wkv_head_size": "wkv_head", "n_shortconv_l_cache": "shortconv", "indexer_head_size": "indexer_head",
    "indexer_n_head": "indexer_heads", "indexer_top_k": "indexer_top_k", "dsv4_hc_mult": "hyper", "dsv4_o_group_count": "out_groups",
    "dsv4_o_lora_rank": "out_lora", "dsv4_hash_layer_count": "hash_layers", "n_ctx_train": "ctx_train", "n_embd_out": "embd_out"}
SUFFIXES = {"": "WEIGHT", "weight": "WEIGHT", "bias": "BIAS", "scale": "SCALE"}
BY_LAYER = {"heads", "kv_heads", "ff", "ff_exp", "experts_used", "head_k", "head_v", "k_gqa", "v_gqa", "recurrent", "windowed", "indexed", "rot"}
WORD = re.compile(r"[A-Za-z_@$][\w.@]*")
NVFP4 = 40  # ggml/include/ggml.h GGML_TYPE_NVFP4
HEAD = """/* Which tensors llama.cpp creates for each architecture, under which condition, and in which shape; the language is that of needs.c.
 * Written by tests/oracle/tensor_needs.py from load_arch_tensors of each file in src/models, llama.cpp v0.5.0, and compared with llama.cpp itself
 * by the test `oracle_needs`. Architecture "*": all of them. "?" is what the script could not translate: such a tensor may be there or not, in any shape.
 *
 * LLW_NEED(tensor, suffix, need, condition, shape, architectures) */
"""


def without_comments(text):
    return re.sub(r"//[^\n]*", "", re.sub(r"/\*.*?\*/", "", text, flags=re.S))


def close(text, at):
    """Where the bracket that opens at `at` is closed."""
    depth, opens, ends = 0, text[at], ")]}"["([{".index(text[at])]
    for i in range(at, len(text)):
        depth += (text[i] == opens) - (text[i] == ends)
        if not depth:
            return i
    raise ValueError(text[at:at + 80])


def parts(text):
    """The arguments of a call, at its own commas."""
    out, depth, start = [], 0, 0
    for i, c in enumerate(text):
        depth += (c in "([{") - (c in ")]}")
        if c == "," and not depth:
            out.append(text[start:i])
            start = i + 1
    return [" ".join(p.split()) for p in (*out, text[start:])]


def statement(text, at):
    """The block or the statement at `at`: its inside, and where the next one begins."""
    at += len(text[at:]) - len(text[at:].lstrip())
    if text[at] == "{":
        end = close(text, at)
        return text[at + 1:end], end + 1
    if re.match(r"(if|for)\b", text[at:]):
        end = close(text, text.index("(", at)) + 1
        return text[at:statement(text, end)[1]], statement(text, end)[1]
    end = at
    while text[end] != ";":
        end = close(text, end) + 1 if text[end] in "([{" else end + 1
    return text[at:end + 1], end + 1


class Reader:
    """One load_arch_tensors: calls to create_tensor with everything around them."""

    def __init__(self, architecture, members, body, hparams):
        self.architecture, self.members, self.rows = architecture, members, []
        self.changed = set(re.findall(r"^\s*(\w+)\s*=(?!=)", body, re.M))  # assigned to later: not known
        self.trunk = set(re.findall(r"for \(int il? = 0; il? < n_layer; (?:\+\+il?|il?\+\+)\)\s*\{?\s*(load_block\w*)\(", body))
        self.own = {name: "$layers" if value == "hparams.n_layer()" else "UNKNOWN"  # numbers that the architecture changes
                    for name, value in re.findall(r"hparams\.(\w+?)(?:_full|_impl)?\s*=\s*([^=;][^;]*);", hparams)}
        if architecture == "LLM_ARCH_DOTS3NOTE":  # its memory goes by windows, its tensors by the header's list
            self.own["is_indexer_full"] = "UNKNOWN"

    def translate(self, text, local):
        """An expression in our names, or None."""
        text = re.sub(r"static_cast<\w+>|\((?:int|uint32_t|int64_t|size_t)\)|(?<!\w)(?:int64_t|int|uint32_t)(?=\()", "", text)
        text = text.replace("hparams.rope_scaling_type_train == LLAMA_ROPE_SCALING_TYPE_LONGROPE", "$longrope")
        text = re.sub(r"\barch\s*==\s*(LLM_ARCH_\w+)", lambda m: "1" if m[1] == self.architecture else "0", text)
        text = re.sub(r"(\d)u\b", r"\1", text)
        text = re.sub(r"\bstd::\w+|nullptr|\bNULL\b|\btrue\b|\bfalse\b|ml\.\w+", lambda m: {"true": "1", "false": "0", "NULL": "0", "nullptr": "0"}.get(m[0], "UNKNOWN"), text)
        text = re.sub(r"\bhparams\.(\w+)\s*(\(([^()]*)\))?", self.hparam, text)
        text = re.sub(r"\blayer\.(\w+)", lambda m: "@" + self.members.get(m[1], "UNKNOWN"), text)
        out, at = "", 0
        for m in WORD.finditer(text):
            out += text[at:m.start()] + self.word(m[0], local)
            at = m.end()
        out = re.sub(r"\s+", "", out + text[at:])
        return None if "UNKNOWN" in out or "[" in out or "::" in out else out

    def hparam(self, m):
        name, index = NAMES.get(m[1]), (m[3] or "").strip()
        if m[1] in self.own:
            return self.own[m[1]]
        if not name or index not in ("", "i", "il", "0"):
            return "UNKNOWN"
        return "$" + name + ("_i" if name in BY_LAYER and index in ("i", "il") else "")

    def word(self, word, local):
        if word[0] in "@$" or word in ("i", "il"):
            return word if word[0] in "@$" else "i"
        if word in local:
            return local[word] if local[word] is not None else "UNKNOWN"
        return "UNKNOWN"

    def walk(self, text, around, local, where):
        local, last, at = dict(local), None, 0
        pattern = re.compile(r"\b(?:(?P<flow>if|for|while|switch)\s*\(|(?P<other>else)\b|(?:const\s+)?(?:auto|int|int64_t|uint32_t|bool|size_t)\s+(?P<name>\w+)\s*=(?!=)|"
                             r"(?:(?P<to>[\w.]+)\s*=\s*)?create_tensor(?P<kind>_\w+)?\s*\()")
        while m := pattern.search(text, at):
            if m["flow"]:
                end = close(text, m.end() - 1)
                head, (inside, at) = text[m.end():end], statement(text, end + 1)
                if m["flow"] == "if":
                    last = (head, around)
                    self.walk(inside, around + [self.translate(head, local)], local, where)
                elif m["flow"] == "for":
                    trunk = re.search(r"i[l]?\s*=\s*0\s*;\s*i[l]?\s*<\s*(n_layer|n_layer_all)\s*;", head)
                    self.walk(inside, around + ([] if trunk else [None]), local, "blk" if trunk else "?")
                else:
                    self.walk(inside, around + [None], local, where)
            elif m["other"]:
                said, _ = last
                turned = self.translate(said, local)
                rest = text[m.end():].lstrip()
                if rest.startswith("if"):  # else if: both conditions
                    start = text.index("(", m.end())
                    end = close(text, start)
                    inside, at = statement(text, end + 1)
                    more = text[start + 1:end]
                    mine = self.translate(more, local)
                    both = None if turned is None or mine is None else f"!({turned})&&({mine})"
                    self.walk(inside, around + [both], local, where)
                    last = (f"({said}) || ({more})", around)
                else:
                    inside, at = statement(text, m.end())
                    self.walk(inside, around + [None if turned is None else f"!({turned})"], local, where)
            elif m["name"]:
                start = m.end()
                end = statement(text, start)[1]
                value = text[start:end - 1]
                if "[&]" in value:
                    brace = text.index("{", start)
                    end = close(text, brace) + 1
                    kind = "blk" if m["name"] in self.trunk else "?"
                    self.walk(text[brace + 1:end - 1], around + ([] if kind == "blk" else [None]), {**local, "flags": "0"}, kind)
                elif "create_tensor" not in value:
                    flag = m["name"].endswith(("flags", "_flag"))
                    local[m["name"]] = self.flags(value, local) if flag else None if m["name"] in self.changed else self.local(value, local)
                else:
                    end = m.end()
                at = end
            else:
                end = close(text, m.end() - 1)
                self.call(m["kind"] or "", parts(text[m.end():end]), around, local, where)
                at = end + 1

    def local(self, value, local):
        text = self.translate(value, local)
        return None if text is None else text if re.fullmatch(r"[\w$@]+", text) else f"({text})"

    def flags(self, value, local):
        """0: required. Anything with NOT_REQUIRED on the trunk's side is optional."""
        value = " ".join(value.split())
        if m := re.fullmatch(r"(?:\(?i (<|>=) n_layer\)?|is_nextn) \? (\w+) : (\w+)", value):
            value = m[2] if m[1] == "<" else m[3]
        if re.match(r"mtp_only\s*\?", value) or re.match(r"is_mtp\s*\?", value) or value == "trunk_flags":
            return "0"
        return local.get(value, "optional") if value in local else "0" if value == "0" else "optional"

    def call(self, kind, args, around, local, where):
        flags = args[-1]
        if "TENSOR_DUPLICATED" in flags and "NOT_REQUIRED" not in flags:
            return
        words = [w.strip() for w in flags.split("|")]
        optional = any("NOT_REQUIRED" in w or "SKIP" in w or "rope_freqs_flag" in w or local.get(w, "0") not in ("0", "(0)") or w == "kv_flags"
                       for w in words)
        if any("mtp" in w for w in words):
            around, optional = around + [None], True
        if kind == "_qkv":
            n, q, k, v = args[2:6]
            both = f"({q})+({k})+({v})"
            self.row("LLM_TENSOR_ATTN_QKV", "weight", True, around, [n, both], local, "blk")
            self.row("LLM_TENSOR_ATTN_QKV", "bias", True, around + ["@attn_qkv"], [both], local, "blk")
            for name, width in (("Q", q), ("K", k), ("V", v)):
                self.row(f"LLM_TENSOR_ATTN_{name}", "weight", optional, around + ["!@attn_qkv"], [n, width], local, "blk")
                self.row(f"LLM_TENSOR_ATTN_{name}", "bias", True, around, [width], local, "blk")
            return
        if kind == "_gate_up_exps":
            n, ff, experts = args[2:5]
            self.row("LLM_TENSOR_FFN_GATE_UP_EXPS", "weight", True, around, [n, f"({ff})*2", experts], local, "blk")
            for name in ("GATE", "UP"):
                self.row(f"LLM_TENSOR_FFN_{name}_EXPS", "weight", optional, around + ["!@ffn_gate_up_exps"], [n, ff, experts], local, "blk")
            return
        if not args[0].startswith("tn(LLM_TENSOR"):
            return
        name = parts(args[0][args[0].index("(") + 1:-1])
        shape = parts(args[1].strip()[1:-1]) if args[1].strip().startswith("{") else [None]
        if "ALLOW_RESHAPE" in flags or len(args) > 3:
            shape = [None]
        suffix = name[1].strip('"') if len(name) > 1 and name[1].startswith('"') else ""
        self.row(name[0], suffix, optional, around, shape, local, where if len(name) > 2 and name[2] not in ("0",) else "")

    def row(self, tensor, suffix, optional, around, shape, local, where):
        condition = "?" if None in around or where == "?" else "&&".join(f"({a})" for a in around)
        dims = [self.translate(s, local) if s else None for s in shape]
        self.rows.append((tensor, suffix, optional, condition, ",".join(d.strip() if d else "?" for d in dims), where))


def scales(model, tensor_names):
    """Rows of llama_model_base::load_tensors' generic pass: scales of quantised weights, for every architecture."""
    for tensor, suffix, shape in re.findall(r"create_tensor\(tn\((LLM_TENSOR_\w+),\s*\"((?:input_)?scale)\"(?:, i)?\),\s*\{(\w+)\}, TENSOR_NOT_REQUIRED", model):
        full = tensor_names[tensor]
        condition = f"@{full[7:]}" if full.startswith("blk.%d.") else f"#{full}=={NVFP4}"  # the output's, where it is of that type
        yield full, suffix, condition, {"n_expert": "experts"}.get(shape, shape)


def shortened(text):
    """The same expression with as few brackets as it needs; True, False where it is a constant. Ternaries stay as they are."""
    text = text.replace("$", "")
    if "?" in text:
        return re.sub(r"\((@?\w+)\)", r"\1", text)
    python = re.sub(r"!(?!=)", " not ", text.replace("&&", " and ").replace("||", " or ")).replace("@", "has_").replace("/", "//")
    node = Fold().visit(ast.parse(python.strip(), mode="eval").body)
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        return node.value
    out = ast.unparse(node).replace("//", "/").replace("has_", "@").replace("(not ", "(! ")
    return re.sub(r"\bnot ", "!", out.replace(" and ", " && ").replace(" or ", " || ")).replace("! ", "!").replace(" ", "")


class Fold(ast.NodeTransformer):
    """Takes out what is always true or false, and turns "not a < b" around."""

    TURNED = {ast.Lt: ast.GtE, ast.GtE: ast.Lt, ast.Gt: ast.LtE, ast.LtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq}

    def visit_BoolOp(self, node):  # pylint: disable=invalid-name
        ends = isinstance(node.op, ast.Or)  # what decides the whole
        values = [self.truth(self.visit(v)) for v in node.values]
        if any(isinstance(v, ast.Constant) and v.value is ends for v in values):
            return ast.Constant(ends)
        values = [v for v in values if not isinstance(v, ast.Constant)]
        flat = [w for v in values for w in (v.values if isinstance(v, ast.BoolOp) and isinstance(v.op, type(node.op)) else [v])]
        return ast.Constant(not ends) if not flat else flat[0] if len(flat) == 1 else ast.BoolOp(node.op, flat)

    def visit_UnaryOp(self, node):  # pylint: disable=invalid-name
        inner = self.visit(node.operand)
        if not isinstance(node.op, ast.Not):
            return ast.UnaryOp(node.op, inner)
        inner = self.truth(inner)
        if isinstance(inner, ast.Constant):
            return ast.Constant(not inner.value)
        if isinstance(inner, ast.UnaryOp) and isinstance(inner.op, ast.Not):
            return inner.operand
        if isinstance(inner, ast.Compare):
            return ast.Compare(inner.left, [self.TURNED[type(inner.ops[0])]()], inner.comparators)
        if isinstance(inner, ast.BoolOp):
            return self.visit(ast.BoolOp(ast.And() if isinstance(inner.op, ast.Or) else ast.Or(), [ast.UnaryOp(ast.Not(), v) for v in inner.values]))
        return ast.UnaryOp(ast.Not(), inner)

    @staticmethod
    def truth(node):
        return ast.Constant(bool(node.value)) if isinstance(node, ast.Constant) else node


def main(tree):
    tree = pathlib.Path(tree) / "src"
    arch = without_comments((tree / "llama-arch.cpp").read_text())
    model = without_comments((tree / "llama-model.cpp").read_text())
    ours = pathlib.Path(__file__).resolve().parents[2] / "engine" / "predict" / "tensor_names.def"
    ids = {(scope, name): ident for ident, scope, name in re.findall(r'^LLW_TENSOR\((\w+), (\w+), "([^"]*)"', ours.read_text(), re.M)}
    names = dict(re.findall(r"\{\s*LLM_ARCH_(\w+),\s*\"([^\"]+)\"", arch))
    tensor_names = dict(re.findall(r"\{\s*(LLM_TENSOR_\w+),\s*\"([^\"]+)\"", arch))
    classes = collections.defaultdict(list)
    for cases, cls in re.findall(r"((?:case LLM_ARCH_\w+:\s*)+)return new (\w+)\(", model):
        classes[cls] += re.findall(r"LLM_ARCH_(\w+)", cases)
    parents = dict(re.findall(r"struct (llama_model_\w+) : public (llama_model_\w+)", without_comments((tree / "models" / "models.h").read_text())))
    bodies, hparams = {}, {}
    for path in sorted((tree / "models").glob("*.cpp")):
        text = without_comments(path.read_text())
        for m in re.finditer(r"void (\w+)::load_arch_tensors\([^)]*\)\s*\{", text):
            bodies[m[1]] = text[m.end():close(text, m.end() - 1)]
        for m in re.finditer(r"void (\w+)::load_arch_hparams\([^)]*\)\s*\{", text):
            hparams[m[1]] = text[m.end():close(text, m.end() - 1)]
    table = collections.defaultdict(list)
    for cls, archs in classes.items():
        body = cls
        while body not in bodies and body in parents:
            body = parents[body]
        for a in archs:
            members = {}  # which tensor a field of the layer holds; not known where it may hold one of several
            for m, t in re.findall(r"layer\.(\w+)\s*=\s*create_tensor\(tn\((\w+),\s*\"weight\"", bodies.get(body, "")):
                stem = tensor_names[t].split(".", 2)[-1] if tensor_names[t].startswith("blk.%d.") else "UNKNOWN"
                members[m] = stem if members.get(m, stem) == stem else "UNKNOWN"
            members["wqkv"] = "attn_qkv"
            reader = Reader(f"LLM_ARCH_{a}", members, bodies.get(body, ""), hparams.get(cls, hparams.get(body, "")))
            local = {k: reader.own.get(k, "$" + v) for k, v in NAMES.items() if k.startswith("n_")}
            reader.walk(bodies.get(body, ""), [], local, "")
            seen = {r[:2] for r in reader.rows}
            for tensor, suffix in re.findall(r"(LLM_TENSOR_\w+)\s*(?:,\s*\"(\w+)\")?", bodies.get(body, "")):  # named before the call
                if (tensor, suffix or "weight") not in seen and (tensor, suffix) not in seen:
                    reader.rows.append((tensor, suffix, True, "?", "?", "?"))
            for tensor, suffix, optional, condition, shape, where in reader.rows:
                full = tensor_names[tensor]
                scope, stem = "GLOBAL", full
                for prefix, s in (("blk.%d.", "BLOCK"), ("enc.blk.%d.", "ENCODER"), ("dec.blk.%d.", "DECODER"), ("convnext.%d.", "CONVNEXT"), ("posnet.%d.", "POSNET")):
                    if full.startswith(prefix):
                        scope, stem = s, full[len(prefix):]
                if (scope, stem) not in ids:
                    print(f"not in tensor_names.def: {full}", file=sys.stderr)
                    continue
                if scope not in ("GLOBAL", "BLOCK", "ENCODER"):
                    condition = "?"
                if scope == "GLOBAL" and where == "blk":  # once in the file, and asked for in every layer
                    optional, condition = True, "?" if re.search(r"\bi\b|_i\b|@", condition) else condition
                    shape = ",".join("?" if re.search(r"\bi\b|_i\b|@", s) else s for s in shape.split(","))
                condition = shortened(condition) if condition not in ("", "?") else condition
                if condition is False:
                    continue
                condition = "" if condition is True else condition
                shape = ",".join(s if s == "?" else shortened(s) for s in shape.split(","))
                row = (ids[scope, stem], SUFFIXES.get(suffix, "SUFFIX_OTHER"), "MAY" if optional or condition == "?" else "NEEDED", condition, shape)
                if names[a] not in table[row]:
                    table[row].append(names[a])
    for full, suffix, condition, shape in scales(model, tensor_names):
        ident = ids["BLOCK" if condition[0] == "@" else "GLOBAL", full.removeprefix("blk.%d.")]
        table[ident, SUFFIXES.get(suffix, "SUFFIX_OTHER"), "MAY", condition, shape] = ["*"]
    sys.stdout.write(HEAD)
    for (ident, suffix, need, condition, shape), archs in sorted(table.items()):
        sys.stdout.write(f'LLW_NEED({ident}, {suffix}, {need}, "{condition}", "{shape}", "{" ".join(archs)}")\n')


if __name__ == "__main__":
    main(sys.argv[1])
