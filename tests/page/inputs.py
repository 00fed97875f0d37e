"""The pages that the tests look at: commands whose --format html they take, and the models those need."""
import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "cli"))
import tiny_gguf as gguf

NAMES = ("two-gpus", "70b-on-12gb", "hostile")
Q4_K, Q6_K, F32 = 12, 14, 0
BLOCK = {Q4_K: (256, 144), Q6_K: (256, 210), F32: (1, 4)}
GLM = ["glm-4.7-flash-q8_0", "--gpu", "24564:23671:RTX 4090", "--gpu", "16303:12761:RTX 5070 Ti", "--ram", "64205", "--llama", "b8022", "--",
       "-c", "131072", "-ctk", "q8_0", "-ctv", "q8_0", "-ngl", "99", "--fit", "off", "-b", "1024", "-ub", "1024", "-ot",
       r"blk\.([0-9]|[12][0-9]|3[0-2])\.=CUDA0,blk\.(3[3-9]|4[0-6])\.=CUDA1"]

# What a file may say of itself when its author wishes the reader ill.
HOSTILE = ('<script>document.title="owned"</script><img src=x onerror="document.title=1">"\'&</title></style></svg>'
           '\x1b]0;owned\x07\x1b[31m\u202eevil\u202c<!-- ]]> --> javascript:alert(1) ${{github.token}}')


def dense_70b():
    """Tensors of a Llama of 70 B parameters (80 layers, 8192 wide, 64 heads of 128, 8 of them for K and V) as Q4_K and Q6_K."""
    out = [("token_embd.weight", (8192, 128256), Q4_K), ("output_norm.weight", (8192,), F32), ("output.weight", (8192, 128256), Q6_K)]
    shapes = {"attn_norm": ((8192,), F32), "attn_q": ((8192, 8192), Q4_K), "attn_k": ((8192, 1024), Q4_K), "attn_v": ((8192, 1024), Q6_K),
              "attn_output": ((8192, 8192), Q4_K), "ffn_norm": ((8192,), F32), "ffn_gate": ((8192, 28672), Q4_K),
              "ffn_up": ((8192, 28672), Q4_K), "ffn_down": ((28672, 8192), Q6_K)}
    for layer in range(80):
        out += [(f"blk.{layer}.{name}.weight", dims, kind) for name, (dims, kind) in shapes.items()]
    return out


def write(path, name, tensors, keys):
    """A header with those tensors; their data is a hole."""
    keys = [gguf.pair("general.architecture", gguf.STRING, "llama"), gguf.pair("general.name", gguf.STRING, name),
            gguf.pair("tokenizer.ggml.model", gguf.STRING, "no_vocab"), gguf.pair("llama.attention.layer_norm_rms_epsilon", gguf.REAL, 1e-5), *keys]
    out, offset = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(keys)) + b"".join(keys), 0
    for title, dims, kind in tensors:
        out += gguf.text(title) + struct.pack(f"<I{len(dims)}QIQ", len(dims), *dims, kind, offset)
        count = 1
        for d in dims:
            count *= d
        block, size = BLOCK[kind]
        offset += -(-(count // block * size) // 32) * 32
    out += b"\0" * (-len(out) % 32)
    with open(path, "wb") as file:
        file.write(out)
        file.truncate(len(out) + offset)


def llama_keys(layers, width, feed, heads, kv_heads, context, vocabulary):
    u32 = lambda key, value: gguf.pair("llama." + key, gguf.U32, value)
    return [u32("block_count", layers), u32("embedding_length", width), u32("feed_forward_length", feed), u32("attention.head_count", heads),
            u32("attention.head_count_kv", kv_heads), u32("context_length", context), u32("vocab_size", vocabulary)]


def make(folder):
    """Writes the models into the folder; the pages by name, each the words behind llwhy."""
    folder = pathlib.Path(folder)
    big, evil = folder / "llama-70b-q4_k_m.gguf", folder / "evil.gguf"
    write(big, "Llama 70B", dense_70b(), llama_keys(80, 8192, 28672, 64, 8, 131072, 128256))
    tiny = [(name, dims, F32) for name, dims in gguf.tensors()]
    write(evil, HOSTILE, tiny, llama_keys(1, 64, 128, 4, 4, 2048, 32) + [gguf.pair("general.basename", gguf.STRING, HOSTILE),
                                                                         gguf.pair("general.size_label", gguf.STRING, HOSTILE)])
    return {"two-gpus": GLM,
            "70b-on-12gb": [str(big), "--gpu", "12282:11500:RTX 3060", "--ram", "65536:60000"],
            "hostile": [str(evil), "--gpu", "8188:7600:" + HOSTILE.replace("\x07", "").replace(":", ""), "--ram", "16384:12000"]}
