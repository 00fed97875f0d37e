#!/usr/bin/env python3
"""tiny_llama.py OUT.gguf: a llama model that llama.cpp loads and runs: two layers, random weights, byte-level BPE.

The vocabulary is GPT-2's: the 256 bytes as printable characters (its byte encoder), some merges of frequent English pairs, and
an end of text. What it writes makes no sense; that it writes is what tests need. GGUF: ggml's docs/gguf.md.
"""
import pathlib
import random
import struct
import sys

U32, F32_VALUE, STRING, ARRAY, I32 = 4, 6, 8, 9, 5
F32 = 0
WIDTH, HEADS, KV_HEADS, FEED, LAYERS, CONTEXT = 64, 4, 2, 128, 2, 4096
MERGES = ["t h", "th e", "Ġ the", "e r", "i n", "Ġ a", "o n", "r e", "Ġ w", "n d", "Ġ s", "N o", "t e", "No te"]


def byte_characters():
    """GPT-2's map from bytes to characters that can be printed (encoder.py bytes_to_unicode)."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    extra = iter(range(256, 512))
    return [chr(b) if b in plain else chr(next(extra)) for b in range(256)]


def text(value):
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def pair(key, kind, value):
    body = text(value) if kind == STRING else struct.pack({U32: "<I", F32_VALUE: "<f"}[kind], value)
    return text(key) + struct.pack("<I", kind) + body


def array(key, kind, values):
    body = b"".join(text(v) if kind == STRING else struct.pack("<i", v) for v in values)
    return text(key) + struct.pack("<IIQ", ARRAY, kind, len(values)) + body


def tensors(vocabulary):
    kv = WIDTH // HEADS * KV_HEADS
    layer = [("attn_norm", (WIDTH,)), ("attn_q", (WIDTH, WIDTH)), ("attn_k", (WIDTH, kv)), ("attn_v", (WIDTH, kv)),
             ("attn_output", (WIDTH, WIDTH)), ("ffn_norm", (WIDTH,)), ("ffn_gate", (WIDTH, FEED)), ("ffn_up", (WIDTH, FEED)),
             ("ffn_down", (FEED, WIDTH))]
    return [("token_embd.weight", (WIDTH, vocabulary)), ("output_norm.weight", (WIDTH,)), ("output.weight", (WIDTH, vocabulary)),
            *((f"blk.{i}.{name}.weight", dims) for i in range(LAYERS) for name, dims in layer)]


def weights(name, dims, source):
    count = dims[0] * (dims[1] if len(dims) > 1 else 1)
    values = [1.0] * count if "norm" in name else [source.gauss(0, 0.1) for _ in range(count)]
    return struct.pack(f"<{count}f", *values)


def write(path):
    tokens = [*byte_characters(), *("".join(m.split()) for m in MERGES), "<|endoftext|>"]
    kinds = [1] * (len(tokens) - 1) + [3]  # normal, control: llama.cpp's llama_token_type
    keys = [pair("general.architecture", STRING, "llama"), pair("general.name", STRING, "Tiny random"),
            pair("llama.block_count", U32, LAYERS), pair("llama.context_length", U32, CONTEXT), pair("llama.embedding_length", U32, WIDTH),
            pair("llama.feed_forward_length", U32, FEED), pair("llama.attention.head_count", U32, HEADS),
            pair("llama.attention.head_count_kv", U32, KV_HEADS), pair("llama.attention.layer_norm_rms_epsilon", F32_VALUE, 1e-5),
            pair("llama.rope.dimension_count", U32, WIDTH // HEADS), pair("tokenizer.ggml.model", STRING, "gpt2"),
            pair("tokenizer.ggml.pre", STRING, "gpt-2"), array("tokenizer.ggml.tokens", STRING, tokens),
            array("tokenizer.ggml.token_type", I32, kinds), array("tokenizer.ggml.merges", STRING, MERGES),
            pair("tokenizer.ggml.eos_token_id", U32, len(tokens) - 1)]
    source, mine = random.Random(7), tensors(len(tokens))
    out, data = b"GGUF" + struct.pack("<IQQ", 3, len(mine), len(keys)) + b"".join(keys), b""
    for name, dims in mine:
        out += text(name) + struct.pack(f"<I{len(dims)}QIQ", len(dims), *dims, F32, len(data))
        data += weights(name, dims, source)
        data += b"\0" * (-len(data) % 32)
    pathlib.Path(path).write_bytes(out + b"\0" * (-len(out) % 32) + data)


if __name__ == "__main__":
    write(sys.argv[1])
