"""Writes small GGUF files: a complete header of a dense model with one layer, whole or split (ggml's docs/gguf.md)."""
import struct

U16, U32, I32, REAL, STRING = 2, 4, 5, 6, 8
F32 = 0
WIDTH, VOCABULARY = 64, 32


def text(value):
    body = value.encode()
    return struct.pack("<Q", len(body)) + body


def pair(key, kind, value):
    body = text(value) if kind == STRING else struct.pack({U16: "<H", U32: "<I", I32: "<i", REAL: "<f"}[kind], value)
    return text(key) + struct.pack("<I", kind) + body


def tensors():
    """Name and dimensions of each, in the order of the file."""
    wide, square = (WIDTH, 2 * WIDTH), (WIDTH, WIDTH)
    layer = {"attn_norm": (WIDTH,), "attn_q": square, "attn_k": square, "attn_v": square, "attn_output": square, "ffn_norm": (WIDTH,),
             "ffn_gate": wide, "ffn_up": wide, "ffn_down": (2 * WIDTH, WIDTH)}
    return [("token_embd.weight", (WIDTH, VOCABULARY)), ("output_norm.weight", (WIDTH,)), ("output.weight", (WIDTH, VOCABULARY)),
            *((f"blk.0.{name}.weight", dims) for name, dims in layer.items())]


def size(dims):
    count = 4
    for d in dims:
        count *= d
    return count


def write(path, of=1, number=0, more=()):
    """One part of a model cut into `of` parts; number counts from 0. `more` are further keys, as pair() makes them."""
    mine = tensors()[number::of]
    keys = [pair("general.architecture", STRING, "llama"), pair("general.name", STRING, "Tiny"), pair("llama.block_count", U32, 1),
            pair("llama.context_length", U32, 2048), pair("llama.embedding_length", U32, WIDTH),
            pair("llama.feed_forward_length", U32, 2 * WIDTH), pair("llama.attention.head_count", U32, 4),
            pair("llama.attention.layer_norm_rms_epsilon", REAL, 1e-5), pair("tokenizer.ggml.model", STRING, "none"),
            pair("llama.vocab_size", U32, VOCABULARY), *more]
    if of > 1:
        keys = (keys if number == 0 else []) + [pair("split.no", U16, number), pair("split.count", U16, of),
                                               pair("split.tensors.count", I32, len(tensors()))]
    out, offset = b"GGUF" + struct.pack("<IQQ", 3, len(mine), len(keys)) + b"".join(keys), 0
    for name, dims in mine:
        out += text(name) + struct.pack(f"<I{len(dims)}QIQ", len(dims), *dims, F32, offset)
        offset += size(dims)
    out += b"\0" * (-len(out) % 32) + b"\0" * offset
    path.write_bytes(out)
