#!/usr/bin/env python3
"""A model with one thing changed, a thousand times over: variants.py LLWHY ORACLE_DIR [--verbose]

Every key gets every type and some values, or is left out; every tensor another type or shape, or is left out; and some are one too many.
llwhy must call refused what llama.cpp v0.5.0 refuses or aborts on (llama_reads.c), and nothing else, but for NOT_SEEN. Prints how many agree.
Exit: 0 all, 1 not, 77 no oracle.
"""
import concurrent.futures
import itertools
import pathlib
import subprocess
import sys
import tempfile

import check
import gguf
import runs
from gguf import ARRAY, BOOL, F32, F64, I32, STRING, U8, U32, U64

MOST = 2 ** 32 - 1
OPTIONAL = {
    "llama.": "attention.key_length attention.value_length expert_count expert_used_count rope.freq_base rope.scaling.factor rope.scaling.type "
              "rope.scaling.finetuned rope.scaling.original_context_length attention.sliding_window vocab_size attention.causal pooling_type "
              "use_parallel_residual attention.clamp_kqv attention.max_alibi_bias logit_scale attention.layer_norm_epsilon embedding_scale "
              "residual_scale attention.scale expert_weights_scale leading_dense_block_count rope.scaling.attn_factor rope.scaling.alpha "
              "rope.scale_linear rope.freq_scale expert_feed_forward_length expert_group_count interleave_moe_layer_step "
              "attention.temperature_length rope.dimension_sections embedding_length_out features_length decoder_start_token_id "
              "nextn_predict_layers classifier.output_labels",
    "general.": "file_type quantization_version alignment size_label type",
    "tokenizer.": "ggml.scores ggml.bos_token_id ggml.unknown_token_id ggml.padding_token_id ggml.add_bos_token ggml.add_eos_token "
                  "ggml.add_sep_token ggml.add_space_prefix ggml.remove_extra_whitespaces ggml.precompiled_charsmap ggml.fim_pre_token_id "
                  "ggml.eot_token_id ggml.token_type_count ggml.suppress_tokens chat_template",
    "split.": "no count tensors.count", "adapter.": "type"}
VALUES = {"u32": (U32, 3), "u32 0": (U32, 0), "u32 most": (U32, MOST), "u64": (U64, 3), "i32": (I32, -1), "u8": (U8, 1), "bool": (BOOL, 1),
          "f32": (F32, 2.5), "f64": (F64, 1.0), "string": (STRING, "zz"), "string empty": (STRING, ""), "list empty": (ARRAY, U32, []),
          "list of u32": (ARRAY, U32, [1, 2]), "list of f32": (ARRAY, F32, [1.0, 2.0]), "list of string": (ARRAY, STRING, ["a", "b"])}
STRANGERS = ["rope_freqs.weight", "rope_factors_long.weight", "blk.0.attn_q.bias", "blk.0.attn_rot_embd", "output.bias", "blk.0.attn_norm_2.weight",
             "blk.0.ffn_gate_inp.weight", "token_types.weight", "blk.7.attn_q.weight", "blk.0.attn_q.scale", "blk.0.attn_q.input_scale",
             "blk.0.attn_qkv.weight", "output.scale", "v.x", "position_embd.weight"]

NOT_SEEN = {"tokenizer.ggml.model plamo2": "it wants tokens for single bytes, and the texts of tokens are not read"}


def keys():
    yield from gguf.keys()
    for prefix, names in OPTIONAL.items():
        yield from (prefix + name for name in names.split())


def variants():
    """(what is changed, keys, tensors)"""
    for name, (how, value) in itertools.product(keys(), VALUES.items()):
        yield f"{name} {how}", {name: value}, None
    for name in gguf.keys():
        yield f"{name} left out", {name: None}, None
    for name, (_, dims) in gguf.tensors().items():
        if name.startswith("blk.1."):
            continue
        for kind in (1, 2, 8, 24, 26, 28, 30):
            yield f"{name} of type {kind}", None, {name: (kind, dims)}
        two = (*dims, 1)[:2]
        for shape in ((dims[0] // 2, *dims[1:]), (*two, 1), (*two, 2), dims[::-1]):
            yield f"{name} as {shape}", None, {name: (0, shape)}
        yield f"{name} left out", None, {name: None}
    for name, shape in itertools.product(STRANGERS, ((1,), (8,), (16,), (64,), (64, 64))):
        yield f"{name} as {shape} added", None, {name: (0, shape)}
    for layers in (512, 513):
        yield f"{layers} layers", {"llama.block_count": (U32, layers)}, None
    for value in ("default", "llama-bpe", "nonsense"):
        yield f"tokenizer.ggml.pre {value}", {"tokenizer.ggml.pre": (STRING, value)}, None
    for value in ("no_vocab", "none", "llama", "bert", "t5", "rwkv", "test", "plamo2", "gemma4", "hybriddna", "nonsense"):
        yield f"tokenizer.ggml.model {value}", {"tokenizer.ggml.model": (STRING, value)}, None
    for value in ("none", "linear", "yarn", "longrope"):
        yield f"rope.scaling.type {value}", {"llama.rope.scaling.type": (STRING, value)}, None
    for width in (4, 15, 32, 4000):
        yield f"rope.dimension_count {width}", {"llama.rope.dimension_count": (U32, width)}, None
    yield "all tokens the same", {"tokenizer.ggml.tokens": (ARRAY, STRING, ["same"] * len(gguf.TOKENS))}, None


def llwhy_refuses(program, path):
    """Whether it says so; or what else went wrong."""
    done = subprocess.run([program, path, *check.BOX], stdin=subprocess.DEVNULL, capture_output=True, timeout=runs.LIMIT_S, check=False,
                          env=runs.environment(path.parent))
    text = " ".join((done.stdout + done.stderr).decode("utf-8", "replace").split())
    if "Sanitizer" in text or done.returncode not in (0, 1, 2):
        return f"exit code {done.returncode}: {text[-300:]}"
    return done.returncode == 2 or "llama.cpp refuses this file" in text or ("This launch does not start" in text and "start")


def main(program, oracle, verbose):
    oracle = pathlib.Path(oracle).resolve()
    check.build_oracle(oracle)
    refused, loaded, wrong = 0, 0, []
    with tempfile.TemporaryDirectory() as scratch, concurrent.futures.ThreadPoolExecutor(2) as pool:
        def ask(numbered):
            number, (what, change, table) = numbered
            path = pathlib.Path(scratch) / f"{number}.gguf"
            path.write_bytes(gguf.model(change, table))
            llama, here = check.ask_llama(oracle, path)[1], llwhy_refuses(program, path)
            path.unlink()
            return what, llama, here
        for what, llama, here in pool.map(ask, enumerate(variants())):
            refused, loaded = refused + (llama != "loads"), loaded + (llama == "loads")
            good = here in (True, "start") if llama != "loads" else here in (False, "start")  # a file that loads may still lack memory
            if not good and what not in NOT_SEEN:
                wrong.append(f"{what}: llama.cpp {llama}, llwhy {({True: 'refuses', False: 'takes it'}.get(here, here))}")
            if verbose:
                print(what, llama, here)
    print("\n".join(wrong) or "none wrong")
    agree = refused + loaded - len(wrong) - len(NOT_SEEN)
    print(f"{refused + loaded} variants, {refused} of which llama.cpp refuses: {agree} agree, {len(NOT_SEEN)} not seen, {len(wrong)} wrong")
    return 1 if wrong or not refused or not loaded else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], "--verbose" in sys.argv))
