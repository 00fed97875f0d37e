/* Ollama's Modelfile and LocalAI's model YAML: what both make llama.cpp do. */
#include "torture.h"

#define OLLAMA(...) tree_check_one("Modelfile", __VA_ARGS__)
#define LOCAL(...) tree_check_one("m.yaml", __VA_ARGS__)

static void parameters_become_options(void **state) {
    (void)state;
    OLLAMA(
        "# c\nFROM ./a.gguf\nparameter num_ctx 8192\nPARAMETER num_gpu 99\nPARAMETER num_batch "
        "\"1024\"\nPARAMETER "
        "use_mmap false\nPARAMETER stop \"<|x|>\"\nPARAMETER temperature 0.1\n",
        "Modelfile: model=./a.gguf (Modelfile Modelfile:2:6) gpu_layers=99 (Modelfile Modelfile:4:19) "
        "ctx=8,192 (Modelfile Modelfile:3:19) batch=1,024 (Modelfile Modelfile:5:22) ubatch=1,024 (Modelfile "
        "Modelfile:5:22) parallel=1 (Ollama default Modelfile:2:1) load_mode=none (Modelfile "
        "Modelfile:6:20)\n");
    OLLAMA(
        "FROM llama3.1:8b\nPARAMETER num_gpu -1\nPARAMETER main_gpu 1\n",
        "Modelfile: ctx=unknown (Ollama default Modelfile:1:1) batch=512 (Ollama default Modelfile:1:1) "
        "ubatch=512 "
        "(Ollama default Modelfile:1:1) parallel=1 (Ollama default Modelfile:1:1) split_mode=none (Modelfile "
        "Modelfile:3:20) main_gpu=1 (Modelfile Modelfile:3:20)\n");
}

static void quotes_hold_lines_and_numbers_are_numbers(void **state) {
    (void)state;
    OLLAMA(
        "FROM a.gguf\nTEMPLATE \"\"\"\nPARAMETER num_ctx 1\nFROM b.gguf\n\"\"\"\nSYSTEM \"PARAMETER num_ctx "
        "2\"\n"
        "PARAMETER num_ctx 3\nPARAMETER num_ctx 4\n",
        "Modelfile: model=a.gguf (Modelfile Modelfile:1:6) ctx=4 (Modelfile Modelfile:8:19) < 3 (Modelfile "
        "Modelfile:7:19) batch=512 (Ollama default Modelfile:1:1) ubatch=512 (Ollama default Modelfile:1:1) "
        "parallel=1 (Ollama default Modelfile:1:1)\n F15 -c Modelfile:8:19\n");
    OLLAMA(
        "FROM a.gguf\nPARAMETER num_ctx 4k\nPARAMETER num_gpu auto\nPARAMETER use_mmap yes\n",
        "Modelfile: model=a.gguf (Modelfile Modelfile:1:6) ctx=unknown (Ollama default Modelfile:1:1) "
        "batch=512 "
        "(Ollama default Modelfile:1:1) ubatch=512 (Ollama default Modelfile:1:1) parallel=1 (Ollama default "
        "Modelfile:1:1)\nF26 num_ctx Modelfile:2:19\nF26 num_gpu Modelfile:3:19\nF26 use_mmap "
        "Modelfile:4:20\n");
    tree_check_one("Dockerfile", "FROM debian\n", "");
    tree_check_one("Modelfile.txt", "notes\n", "");
}

static void localai_keys_and_options(void **state) {
    (void)state;
    LOCAL(
        "name: m\nbackend: llama-cpp\nparameters:\n  model: a.gguf\ncontext_size: 8192\ngpu_layers: "
        "40\nbatch: "
        "1024\nf16: true\nflash_attention: \"on\"\ncache_type_k: q8_0\nembeddings: true\noptions:\n- "
        "parallel:2\n- "
        "ubatch:512\n- fit:off\n- kv_unified\n- warmup:false\n",
        "m.yaml:m: model=a.gguf (LocalAI m.yaml:4:10) gpu_layers=40 (LocalAI m.yaml:6:13) ctx=8,192 (LocalAI "
        "m.yaml:5:15) batch=1,024 (LocalAI m.yaml:7:8) ubatch=512 (LocalAI m.yaml:14:10) < 1,024 (LocalAI "
        "m.yaml:7:8) cache_type_k=q8_0 (LocalAI m.yaml:10:15) flash_attn=on (LocalAI m.yaml:9:19) parallel=2 "
        "(LocalAI m.yaml:13:12) kv_unified=yes (LocalAI m.yaml:16:3) fit=no (LocalAI m.yaml:15:3) "
        "embedding_mode=yes (LocalAI m.yaml:11:13)\n F15 -ub m.yaml:14:10\n");
    LOCAL(
        "name: m\nparameters: {model: x/a.gguf}\noptions: [\"override_tensor:a=CPU:b\", \"parallel:x\"]\n",
        "m.yaml:m: model=x/a.gguf (LocalAI m.yaml:2:21) gpu_layers=unknown (LocalAI m.yaml:1:1) ctx=unknown "
        "(LocalAI m.yaml:1:1) batch=unknown (LocalAI m.yaml:1:1) ubatch=unknown (LocalAI m.yaml:1:1) "
        "parallel=unknown (LocalAI m.yaml:1:1) "
        "override_tensor=a=CPU (LocalAI m.yaml:3:28)\nF27 override_tensor "
        "m.yaml:3:33\n");
    /* whole numbers lose their fraction without a word */
    LOCAL("name: m\nparameters: {model: a.gguf, top_k: 0.95, temperature: 0.6, seed: \"1.5\"}\nbatch: "
          "8\ngpu_layers: 1.0\n"
          "context_size: 1\noptions: [\"parallel:1\"]\n",
          "m.yaml:m: model=a.gguf (LocalAI m.yaml:2:21) gpu_layers=1 (LocalAI m.yaml:4:13) ctx=1 (LocalAI "
          "m.yaml:5:15) batch=8 (LocalAI m.yaml:3:8) ubatch=8 (LocalAI m.yaml:3:8) parallel=1 (LocalAI "
          "m.yaml:6:21)\n"
          "F27 top_k m.yaml:2:36\n");
    LOCAL("name: m\nbackend: vllm\nparameters: {model: meta/llama}\ngpu_layers: 4\n", "");
    LOCAL("name: m\nparameters: {model: meta/llama}\ngpu_layers: 4\n", "");
}

static void hostile_files_are_survived(void **state) {
    (void)state;
    static const char *const pieces[] = {"\"\"\"",
                                         "\"",
                                         "\n",
                                         "PARAMETER ",
                                         "num_ctx",
                                         " ",
                                         "\t",
                                         "FROM",
                                         "#",
                                         "\xff",
                                         "99999999999999999999",
                                         "-",
                                         ":",
                                         "- ",
                                         "[",
                                         "{",
                                         "&a ",
                                         "*a",
                                         "\\"};
    tree_torture("Modelfile",
                 "FROM ./a.gguf\nPARAMETER num_ctx 1\nPARAMETER num_gpu \"2\"\nTEMPLATE "
                 "\"\"\"x\ny\"\"\"\nMESSAGE user "
                 "\"a\"\nPARAMETER use_mmap 0\nADAPTER x\n",
                 pieces, sizeof pieces / sizeof *pieces, 300);
    tree_torture(
        "m.yaml",
        "name: m\nbackend: llama-cpp\nparameters: {model: a.gguf}\ncontext_size: 1\nbatch: 2\ngpu_layers: "
        "99\noptions: [\"ubatch:3\", fit, \"-x:y\", \"override_tensor:a=b\"]\n",
        pieces, sizeof pieces / sizeof *pieces, 300);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameters_become_options),
        cmocka_unit_test(quotes_hold_lines_and_numbers_are_numbers),
        cmocka_unit_test(localai_keys_and_options),
        cmocka_unit_test(hostile_files_are_survived),
    };
    return cmocka_run_group_tests(tests, tree_set_up, tree_tear_down);
}
