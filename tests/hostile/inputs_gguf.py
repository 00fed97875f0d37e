"""Inputs 64 to 81: headers that are well-formed and make no sense, and files that are no plain files."""
import os

import gguf
from inputs_kinds import Input, model
from gguf import ARRAY, F32, I32, STRING, U8, U16, U32

ALL = ["general.architecture", *list(gguf.keys())[2:]]


def key(name, *what):
    return gguf.model({name: what if what else None})


def fifo(here):
    os.mkfifo(here / "model.gguf")


def sparse(here):
    path = here / "model.gguf"
    path.write_bytes(gguf.model())
    os.truncate(path, 1 << 40)


def locked(here):
    (here / "model.gguf").write_bytes(gguf.model())
    (here / "model.gguf").chmod(0)


EXPERTS = {"llama.expert_count": (U32, 4), "llama.expert_used_count": (U32, 9)}
EXPERT_TENSORS = {f"blk.{i}.{n}.weight": None for i in range(2) for n in ("ffn_gate", "ffn_up", "ffn_down")} | {
    f"blk.{i}.{n}.weight": (0, d) for i in range(2)
    for n, d in (("ffn_gate_inp", (64, 4)), ("ffn_gate_exps", (64, 128, 4)), ("ffn_up_exps", (64, 128, 4)), ("ffn_down_exps", (128, 64, 4)))}

INPUTS = [
    model("64", "block_count 2^31", key("llama.block_count", U32, 1 << 31), "noted", r"block_count 2147483648"),
    model("64b", "block_count more than the tensors have", key("llama.block_count", U32, 3), "noted", r"block_count 3 but has tensors of 2"),
    model("65", "head_count 0", key("llama.attention.head_count", U32, 0), "noted", r"head_count 0"),
    model("66", "head_count_kv an array shorter than the layers", gguf.model({"llama.attention.head_count_kv": (ARRAY, U32, [2])}), "noted", r"has 1 elements of llama.attention.head_count_kv"),
    model("67", "more experts used than there are", gguf.model(EXPERTS, EXPERT_TENSORS), "noted", r"9 of 4 experts"),
    model("68", "context_length 0", key("llama.context_length", U32, 0), "noted", r"context of 0"),
    model("68b", "context_length 2^32-1", key("llama.context_length", U32, (1 << 32) - 1), "noted", r"4,294,967,295"),
    model("69", "no key_length, no rope dimensions", key("llama.rope.dimension_count"), "accepted"),
    model("70", "vocabulary scores as bytes (llama.cpp #26690)", gguf.model({"tokenizer.ggml.scores": (ARRAY, U8, [1] * 4)}), "noted", r"tokenizer\.ggml\.scores"),
    model("71", "architecture ../../x", key("general.architecture", STRING, "../../x"), "noted", r"\.\./\.\./x"),
    model("72", "unknown architecture", key("general.architecture", STRING, "llamb"), "noted", r"llamb"),
    Input("73", "the second part of a set is named", {"a-00001-of-00002.gguf": gguf.part(0, 2), "a-00002-of-00002.gguf": gguf.part(1, 2)},
          ["a-00002-of-00002.gguf"], "noted", r"must be given part 1", gguf="a-00002-of-00002.gguf"),
    Input("74", "a part is missing", {"a-00001-of-00002.gguf": gguf.part(0, 2)}, ["a-00001-of-00002.gguf"], "partial", r"parts are missing",
          gguf="a-00001-of-00002.gguf"),
    Input("75", "parts of two models", {"a-00001-of-00002.gguf": gguf.part(0, 2), "a-00002-of-00002.gguf": gguf.part(2, 3)},
          ["a-00001-of-00002.gguf"], "noted", r"part", gguf="a-00001-of-00002.gguf"),
    Input("76", "split.no beyond split.count", {"a-00001-of-00002.gguf": gguf.part(0, 2), "a-00002-of-00002.gguf": gguf.part(5, 2)},
          ["a-00001-of-00002.gguf"], "refused", r"its parts hold 2 tensors", gguf="a-00001-of-00002.gguf"),
    Input("77", "a file called a-00001-of-00000.gguf", {"a-00001-of-00000.gguf": gguf.model()}, ["a-00001-of-00000.gguf"], "accepted",
          gguf="a-00001-of-00000.gguf"),
    Input("78", "a file name with %s%n", {"%s%n%s-00001-of-00002.gguf": gguf.part(0, 2)}, ["%s%n%s-00001-of-00002.gguf"], "partial", r"%s%n%s",
          gguf="%s%n%s-00001-of-00002.gguf"),
    Input("79", "a link to /dev/zero", lambda here: (here / "model.gguf").symlink_to("/dev/zero"), ["model.gguf"], "refused", r"pipe or device"),
    Input("79b", "a FIFO", fifo, ["model.gguf"], "refused", r"pipe or device"),
    Input("79c", "a directory without a model", lambda here: (here / "model.gguf").mkdir(), ["model.gguf"], "refused", r"directory without a \.gguf"),
    Input("79d", "a file that may not be read", locked, ["model.gguf"], "refused", r"Permission denied", needs="no root"),
    Input("79e", "a sparse file of 1 TB", sparse, ["model.gguf"], "noted", r"after its last tensor"),
    Input("79f", "a loop of links", lambda here: (here / "model.gguf").symlink_to(here / "model.gguf"), ["model.gguf"], "refused", r"[Ll]evels of symbolic links"),
    model("80", "a vision projector given as model", gguf.model({"general.type": (STRING, "mmproj"), "general.architecture": (STRING, "clip")}), "noted", r"--mmproj beside"),
    model("81", "a LoRA given as model", gguf.model({"general.type": (STRING, "adapter"), "adapter.type": (STRING, "lora")}), "noted", r"--lora beside"),
    model("81b", "an importance matrix given as model", gguf.model({"general.type": (STRING, "imatrix")}), "noted", r"llama-quantize reads it"),
    model("81c", "a vocabulary without tensors", gguf.model(table={n: None for n in gguf.tensors()}), "noted", r"a vocabulary and no weights"),
    model("S1", "tensor data beyond the end", gguf.model(cut=200000), "noted", r"not all there|shorter"),
    model("S2", "vocabulary against embedding", gguf.model({"tokenizer.ggml.tokens": (ARRAY, STRING, gguf.TOKENS[:100])}), "noted", r"100 tokens but embeds"),
    model("S3", "file_type against tensors", gguf.model({"general.file_type": (U32, 7)}), "noted", r"calls itself Q8_0"),
    model("S4", "a context that no model has", key("llama.context_length", U32, 50000000), "noted", r"more than any model known"),
    model("S5", "a chat template that hides characters", key("tokenizer.chat_template", STRING, "{{ m }}\u200b\U000e0041 obey"), "noted", r"nobody sees"),
    model("S6", "a chat template with an endless loop", key("tokenizer.chat_template", STRING, "{% for i in range(99999999) %}x{% endfor %}"), "noted", r"more than a million"),
    model("S7", "embedding_length against the embeddings", key("llama.embedding_length", U32, 63), "noted", r"embedding_length 63"),
    model("S8", "token types for 4 tokens", gguf.model({"tokenizer.ggml.token_type": (ARRAY, I32, [1] * 4)}), "noted", r"4 of its 271 tokens"),
    model("S9", "experts counted otherwise than the tensors", gguf.model({**EXPERTS, "llama.expert_count": (U32, 8), "llama.expert_used_count": (U32, 2)}, EXPERT_TENSORS), "noted", r"hold another number"),
    model("S10", "no list of tokens", key("tokenizer.ggml.tokens"), "noted", r"lists no tokens"),
    model("S11", "a complete model", gguf.model(), "accepted"),
]
