"""A small model that llama.cpp v0.5.0 loads, and the same with something wrong: keys and tensors by name, written as told."""
import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tools"))
import tiny_llama

U8, U16, U32, I32, F32, BOOL, STRING, ARRAY, U64, F64 = 0, 2, 4, 5, 6, 7, 8, 9, 10, 12
FORMATS = {U8: "B", U16: "H", U32: "I", I32: "i", F32: "f", BOOL: "B", U64: "Q", F64: "d"}
TOKENS = [*tiny_llama.byte_characters(), *("".join(m.split()) for m in tiny_llama.MERGES), "<|endoftext|>"]
F32_TENSOR, BLOCK = 0, {0: (1, 4), 1: (1, 2), 2: (32, 18), 8: (32, 34), 24: (1, 1), 26: (1, 4), 28: (1, 8), 30: (1, 2)}


def text(value):
    body = value if isinstance(value, bytes) else value.encode("utf-8", "surrogateescape")
    return struct.pack("<Q", len(body)) + body


def value(kind, given):
    return text(given) if kind == STRING else struct.pack("<" + FORMATS[kind], given)


def keys():
    """name: (kind, value), or (ARRAY, element kind, values)."""
    return {
        "general.architecture": (STRING, "llama"), "general.name": (STRING, "Tiny random"), "llama.block_count": (U32, 2),
        "llama.context_length": (U32, 4096), "llama.embedding_length": (U32, 64), "llama.feed_forward_length": (U32, 128),
        "llama.attention.head_count": (U32, 4), "llama.attention.head_count_kv": (U32, 2),
        "llama.attention.layer_norm_rms_epsilon": (F32, 1e-5), "llama.rope.dimension_count": (U32, 16),
        "tokenizer.ggml.model": (STRING, "gpt2"), "tokenizer.ggml.pre": (STRING, "gpt-2"), "tokenizer.ggml.tokens": (ARRAY, STRING, TOKENS),
        "tokenizer.ggml.token_type": (ARRAY, I32, [1] * (len(TOKENS) - 1) + [3]),
        "tokenizer.ggml.merges": (ARRAY, STRING, tiny_llama.MERGES), "tokenizer.ggml.eos_token_id": (U32, len(TOKENS) - 1)}


def tensors():
    """name: (type, dimensions)."""
    return {name: (F32_TENSOR, dims) for name, dims in tiny_llama.tensors(len(TOKENS))}


def model(change=None, table=None, cut=None, version=3):
    """The bytes of the file. change: keys to set, or to leave out (None); table: the same of tensors; cut: bytes kept of it."""
    pairs, rows = {**keys(), **(change or {})}, {**tensors(), **(table or {})}
    pairs, rows = {k: v for k, v in pairs.items() if v}, {k: v for k, v in rows.items() if v}
    out = b"GGUF" + struct.pack("<IQQ", version, len(rows), len(pairs))
    for key, (kind, *rest) in pairs.items():
        out += text(key) + struct.pack("<I", kind)
        if kind == ARRAY:
            out += struct.pack("<IQ", rest[0], len(rest[1])) + b"".join(value(rest[0], v) for v in rest[1])
        else:
            out += value(kind, rest[0])
    data = 0
    for name, (kind, dims) in rows.items():
        count = 1
        for d in dims:
            count *= d
        block, size = BLOCK[kind]
        out += text(name) + struct.pack(f"<I{len(dims)}QIQ", len(dims), *dims, kind, data)
        data += -(-(count // block * size) // 32) * 32
    out += b"\0" * (-len(out) % 32) + b"\0" * data
    return out[:cut] if cut is not None else out


def part(number, of, name="Tiny random"):
    """One file of a model that is cut in `of` parts; number counts from 0. All tensors but the first two are in the last."""
    mine = list(tensors())[:2] if number == 0 else list(tensors())[2:] if number == of - 1 else []
    change = {"split.no": (U16, number), "split.count": (U16, of), "split.tensors.count": (I32, len(tensors())),
              "general.name": (STRING, name)}
    if number:
        change = {**{k: None for k in keys()}, **change}
    return model(change, {n: None for n in tensors() if n not in mine})
