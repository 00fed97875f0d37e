/* What looks like a mistake of these lessons and is none: real configurations on which lint has to stay
 * silent. */
#include "trees.h"
#include "explain/finding.h"
#include "fact/build.h"

/* Codes of what a rule finds at risk and above in these files, and flags' at the same levels. */
static const char *found_in(const tree_file *files) {
    static char told[2048];
    tree_make(files);
    llw_arena *arena = llw_arena_new();
    llw_kb *kb = llw_kb_load(NULL, 0, NULL);
    llw_facts *facts = llw_facts_new();
    llw_config_options options = {.flags = &tree_flags};
    llw_config_result result = {0};
    llw_err err = {0};
    llw_entity gpu = llw_facts_entity(facts, LLW_KIND_gpu, "CUDA0"); /* one, of which nothing is known */
    llw_facts_claim(facts, gpu, LLW_gpu_index, llw_count(0), LLW_GRADE_DEFAULT, "assumed", "");
    options.build = llw_build_claim(facts, NULL, LLW_GRADE_DEFAULT, "default", "", &err);
    assert_int_equal(llw_source_config(facts, tree_box, &options, &result, &err), LLW_OK);
    llw_run *run = llw_run_new(kb, facts);
    llw_findings findings = {0};
    llw_findings_collect(run, NULL, NULL, arena, &findings);
    llw_text out = {0};
    for (size_t i = 0; i < findings.n; i++)
        if (findings.items[i].level > LLW_LEVEL_NOTE)
            llw_text_addf(&out, "%s %s:%d\n", findings.items[i].code, tree_short(findings.items[i].file),
                          findings.items[i].line);
    for (size_t i = 0; i < result.n_launches; i++)
        for (size_t k = 0; k < result.launches[i].argv.n_problems; k++)
            if (result.launches[i].argv.problems[k].level > LLW_PROBLEM_NOTE)
                llw_text_addf(&out, "%s %s\n", llw_flag_code_name(result.launches[i].argv.problems[k].code),
                              tree_short(result.launches[i].argv.problems[k].place));
    snprintf(told, sizeof told, "%s", llw_text_str(&out));
    llw_text_fini(&out);
    llw_run_free(run);
    llw_facts_free(facts);
    llw_kb_free(kb);
    llw_arena_free(arena);
    tree_clear();
    return told;
}

typedef struct trap {
    const char *name, *text, *want;
} trap;

static void check_all(const trap *traps, size_t n) {
    for (size_t i = 0; i < n; i++) {
        const tree_file files[] = {{traps[i].name, traps[i].text}, {NULL, NULL}};
        const char *got = found_in(files);
        if (strcmp(got, traps[i].want))
            fail_msg("%s:\n%s\nfinds\n%s\nnot\n%s", traps[i].name, traps[i].text, got, traps[i].want);
    }
}
#define CHECK(list) check_all(list, sizeof(list) / sizeof *(list))

static void traps_are_left_alone(void **state) {
    (void)state;
    static const trap quiet[] = {
        /* embedding and rerank servers want -b == -ub as large as an input */
        {"run.sh", "llama-server -m e.gguf --embeddings -c 8192 -b 8192 -ub 8192\n", ""},
        {"run.sh", "llama-server -m r.gguf --reranking -c 2048 -b 2048 -ub 2048\n", ""},
        {"run.sh", "llama-server -m e.gguf --pooling last -c 2048 -b 2048 -ub 2048\n", ""},
        {"run.sh", "llama-server -m a.gguf -b 512 -ub 512\n", ""},
        /* layer counts that say something on purpose */
        {"Dockerfile",
         "FROM ghcr.io/ggml-org/llama.cpp:server-cuda-b8022\nENV LLAMA_ARG_N_GPU_LAYERS=0\nCMD [\"-m\", "
         "\"a.gguf\"]\n",
         ""},
        {"Dockerfile",
         "FROM ghcr.io/ggml-org/llama.cpp:server-cuda-b8022\nENV LLAMA_ARG_N_GPU_LAYERS=all\nCMD [\"-m\", "
         "\"a.gguf\"]\n",
         ""},
        {"Dockerfile",
         "FROM ghcr.io/ggml-org/llama.cpp:server-cuda-b8022\nENV LLAMA_ARG_N_GPU_LAYERS=auto\nCMD [\"-m\", "
         "\"a.gguf\"]\n",
         ""},
        {"run.sh", "llama-server -m a.gguf -ngl -1\n", ""},
        {"run.sh", "llama-server -m a.gguf --fit off -ngl 33 -ts 3,2\n", ""},
        {"run.sh", "llama-server -m a.gguf --fit on --n-cpu-moe 0\n", ""},
        {"run.sh", "llama-server -m a.gguf -ngl ${NGL:--1}\n", ""},
        {"run.sh", "llama-server -m a.gguf ${NCMOE:+--n-cpu-moe $NCMOE}\n", ""},
        /* the draft model's layers are not the model's */
        {"run.sh", "llama-server -m a.gguf -md d.gguf --gpu-layers-draft 99\n", ""},
        {"run.sh", "llama-server -m a.gguf -md d.gguf -ngld 99\n", ""},
        /* commented out, quoted */
        {"run.sh", "# llama-server -m a.gguf --fit on -ngl 99 -b 2048 -ub 2048\nllama-server -m a.gguf\n",
         ""},
        {"README.md", "> ```sh\n> llama-server -m a.gguf -b 2048 -ub 2048\n> ```\n", ""},
        /* flag and value on two lines, JSON, anchors */
        {"compose.yml",
         "services:\n  llama:\n    image: ghcr.io/ggml-org/llama.cpp:server-b8022\n    command:\n      - "
         "-m\n      - a.gguf\n"
         "      - -ngl\n      - auto\n      - -b\n      - \"512\"\n      - -ub\n      - \"512\"\n",
         ""},
        {"compose.yml",
         "x-base: &base\n  image: ghcr.io/ggml-org/llama.cpp:server-b8022\nservices:\n  llama:\n    <<: "
         "*base\n    command: [\"-m\", "
         "\"a.gguf\", \"-ngl\", \"0\"]\n",
         ""},
        /* a name with dense in it */
        {"models.conf", "# granite3.1-dense is fast\n[g]\nMODEL=granite3.1-dense-8b-Q4_K_M.gguf\n", ""},
        /* a build between two sources that were read: whether it has the option nobody knows */
        {"run.sh", "/opt/b9803/llama-server -m a.gguf --spec-draft-n-max 2\n", ""},
        {"run.sh", "/opt/b10273-cuda/llama-server -m a.gguf --load-mode none\n", ""},
        {"b.sh", "/opt/b8651/llama-bench -m a.gguf -dio 0\n", ""},
        {"doc.service", "# A unit\n\n```ini\n[Service]\nExecStart=%h/llama-server \\\n```\n\nllama\n", ""},
        {"run.ps1",
         "$a = @('-m', 'a.gguf', '--temp', $T.ToString('F2', [C]::I), '-c', '4096')\n& llama-server.exe @a\n",
         ""},
        {"test_run.sh", "MOCK=$(mktemp -d)\n\"$MOCK/llama-server\" -m --model\nllama-server -m --model\n",
         ""},
        {"run.sh", "llama-server -m a.gguf --moe-cache auto -ctk kvarn4\n", ""}, /* words of forks */
        {"x.env", "# llama\n: \"${IK_CTX:=65536}\"\n", ""},
        /* scripts of other programs, which cannot be read */
        {"Dockerfile", "FROM ubuntu\nRUN curl ollama.com/install.sh | sh\nENTRYPOINT [\"/e.sh\"]\n", ""},
        {"s.yaml", "models:\n  w:\n    cmd: /opt/llama/start-whisper.sh ${PORT}\n", ""},
        /* other programs */
        {"run.sh", "git clone -b 2048 https://example.org/llama.cpp\ngit checkout -b llama\n", ""},
        /* what somebody built is not what is fetched besides */
        {"run.sh",
         "curl -LO "
         "https://github.com/ggml-org/llama.cpp/releases/download/b8299/llama-b8299-bin-ubuntu-x64.zip\n"
         "/opt/llama.cpp/build/bin/llama-server -m a.gguf --spec-draft-n-max 2\n",
         ""},
        {"run.sh", "sam -b 368,144,441,173 -sm llama.png\n", ""},
        {"run.sh", "python -m llama_cpp.server --model a.gguf --n_gpu_layers 99\n", ""},
        {"docker-compose.llama.yml",
         "services:\n  llama:\n    image: vllm/vllm-openai:latest\n    command: --model "
         "meta-llama/Llama-3.1-8B --max-num-batched-tokens 2048\n",
         ""},
        {"compose.yml",
         "services:\n  ollama:\n    image: ollama/ollama:latest\n  proxy:\n    image: nginx:latest\n  "
         "litellm:\n    image: "
         "ghcr.io/berriai/litellm:latest\n",
         ""},
        {"compose.yml", "services:\n  llama:\n    build: .\n    image: my-llama:latest\n", ""},
        {".env", "INFERHOST_GPU_LAYERS=99\nNUM_GPUS=2\n", ""},
        {"models.conf", "[alpha]\nPATH=/srv\nBATCH=2048\n", ""},
        {"run.sh", "ik_llama-server -m a.gguf -ngl 99 -fmoe\n", ""},
        {"run.sh", "./ik_llama.cpp/build/bin/llama-server -m a.gguf -ngl 99 -fmoe -b 4096 -ub 4096\n", ""},
        {"ik_llama-swap.config.yaml",
         "models:\n  a:\n    cmd: llama-server -m a.gguf --port ${PORT} --webui llamacpp\n", ""},
        {"run.sh", "echo \"try C=${C}, please\"\nllama-server -m a.gguf -c \"$C\"\n", ""},
        {"run.sh", "llama-server -m a.gguf -c model_max_context_here\n", ""},
        /* a find of more words than are looked at */
        {"run.sh",
         "S=$(find d d d d d d d d d d d d d d d d d d d d d d d d d d d d d d d d d d d d d d d d d d d d d "
         "-name llama-server)\n$S -m a.gguf --nope\n",
         ""},
        {"bench.bat", "set \"A=-m a.gguf -fa 1\"\r\nllama-bench.exe %A% >> \"%OUT%\\a b.md\" 2>&1\r\n", ""},
        {"run.cmd", "llama-server -m a.gguf -c 4096 >log.txt & echo started\r\n", ""},
        {"README.md", "```bash\nllama-cli -m ~/m/<\xe6\xa8\xa1\xe5\x9e\x8b.gguf> -n 100\n```\n", ""},
        {"README.md",
         "Fine-tuned and compressed, a.gguf shrinks from ~7 GB to 2.4 GB.\n\n```sh\nllama-cli -m "
         "a.gguf\n```\n",
         ""},
        /* whose llama.cpp it is, nobody knows */
        {"run.sh", "docker run someone/llama-cpp:server-cuda -m /a.gguf --nope\n", ""},
        {"compose.yml",
         "services:\n  llama:\n    image: quay.io/x/llama-fast:v3\n    command: -m /a.gguf --nope 3\n", ""},
        {"run.sh",
         "git clone -b fast https://github.com/someone/llama.cpp-fast.git l\nl/build/bin/llama-server -m "
         "a.gguf --nope\n",
         ""},
        {"run.sh", "docker run ghcr.io/x/beellama.cpp:v1 -m /a.gguf -fa sometimes\n", ""},
        {"run.sh", "/opt/turboquant/bin/llama-server -m a.gguf --nope\n", ""},
        /* names that are looked for, what a program printed, what its tests make up */
        {"launch.py", "names = [\"llama-server\", \"server\", \"llama_cpp_server\"]\n", ""},
        {"README.md", "```\nllama-server version 0.0.0 (built with cc)\n```\n", ""},
        {"README.md", "```\nllama-bench -m a.gguf -fa [0|1]\n```\n", ""},
        {"test_launch.py", "run([\"llama-server\", \"-m\", \"a.gguf\", \"--nope\"])\n", ""},
        /* what is told of one's own runs, and what a figure is for */
        {"README.md", "I rebuilt it, added layers and now can use `-b 4096 -ub 4096`.\n", ""},
        {"README.md", "Always try `-b 4096 -ub 4096`: it reads prompts at three times the speed.\n", ""},
        {"README.md", "Not tried: I always use `exps=CPU` on this rig.\n", ""},
        /* windows and chat in prose */
        {"README.md", "Dense prose about sparse models, with 16 GB of RAM on a GPU.\n", ""},
    };
    CHECK(quiet);
}

/* What a tree clones, a script of it says: neither its documents nor its examples do. */
static void a_fork_is_cloned_by_what_runs(void **state) {
    (void)state;
    static const char clone[] = "git clone https://github.com/x/ik_llama.cpp\n";
    static const struct {
        const char *name, *text, *want;
    } cases[] = {
        {"setup.sh", clone, ""},
        {"README.md", "Or try git clone https://github.com/x/ik_llama.cpp\n", "F01 run.sh:1:24\n"},
        {"examples/setup.sh", clone, "F01 run.sh:1:24\n"},
        {"setup.sh", "git clone https://github.com/x/llama.cpp-parsers\n", ""},
        {"setup.sh", "git clone https://github.com/x/Cargo_llama.cpp.git\n", ""},
        {"setup.sh", "git clone https://github.com/x/llama-cpp-python\n", "F01 run.sh:1:24\n"},
        {"setup.sh", "git clone https://github.com/x/go-llama.cpp.git\n", "F01 run.sh:1:24\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const tree_file files[] = {
            {"run.sh", "llama-server -m a.gguf --nope\n"}, {cases[i].name, cases[i].text}, {NULL, NULL}};
        const char *got = found_in(files);
        if (strcmp(got, cases[i].want)) fail_msg("%s: %sfinds %s", cases[i].name, cases[i].text, got);
    }
}

static void their_neighbours_are_found(void **state) {
    (void)state;
    static const trap loud[] = {
        {"run.sh", "llama-server -m a.gguf -b 2048 -ub 2048\n", "L05 run.sh:1\n"},
        {"run.sh", "llama-server -m e.gguf --embeddings -c 8192\n", "L09 run.sh:1\n"},
        {"run.sh", "llama-server -m a.gguf --fit on -ngl 99\n", "L07 run.sh:1\n"},
        {"run.sh", "llama-server -m a.gguf --fit on -ot exps=CPU\n", "L12 run.sh:1\n"},
        {"run.sh", "llama-server -m a.gguf -c 8192 -np 4\n", "L15 run.sh:1\n"},
        {"run.sh", "llama-server -m a.gguf -fa off -ctk q8_0 -ctv q8_0\n", "L16 run.sh:1\n"},
        {"compose.yml",
         "services:\n  llama:\n    image: ghcr.io/ggml-org/llama.cpp:server-cuda\n    command: -m a.gguf\n",
         "L14 compose.yml:3\n"},
        {"compose.yml",
         "services:\n  llama:\n    image: ghcr.io/ggerganov/llama.cpp:latest-cuda\n    entrypoint: "
         "/app/llama-server\n"
         "    command: -m a.gguf\n",
         "L14 compose.yml:3\n"},
        {"Dockerfile",
         "FROM ghcr.io/ggml-org/llama.cpp:server-cuda-b8022\nENV LLAMA_ARG_N_GPU_LAYERS=99\nCMD [\"-m\", "
         "\"a.gguf\"]\n",
         "L07 Dockerfile:2\n"},
        {".env", "LLAMA_ARG_MODEL=a.gguf\nLLAMA_ARG_BATCH=2048\nLLAMA_ARG_UBATCH=2048\n", "L05 .env:3\n"},
        {"models.conf", "[a]\nMODEL=a.gguf\nEXTRA_ARGS=-b 2048 -ub 2048 -ot exps=CPU\n",
         "L05 models.conf:3\n"},
        {"models.conf",
         "# -ub 2048: long prompts are read faster\n[a]\nMODEL=a.gguf\nEXTRA_ARGS=-b 2048 -ub 2048 -ot "
         "exps=CPU\n",
         ""},
        {"Dockerfile", "FROM ghcr.io/ggml-org/llama.cpp:server-cuda\nENV A=1\nCMD [\"-m\", \"a.gguf\"]\n",
         "L14 Dockerfile:1\n"},
        {"README.md", "```sh\nllama-server -m a.gguf -b 2048 -ub 2048\n```\n", "L05 README.md:2\n"},
        {"run.sh",
         "curl -LO "
         "https://github.com/ggml-org/llama.cpp/releases/download/b8299/llama-b8299-bin-ubuntu-x64.zip\n"
         "/opt/llama/llama-server -m a.gguf --spec-draft-n-max 2\n",
         "F03 run.sh:2:35\n"},
        {"launch.py", "run([\"llama-server\", \"-m\", \"a.gguf\", \"--nope\"])\n", "F01 launch.py:1:39\n"},
        {"README.md", "Always try `-b 4096 -ub 4096`.\n", "L05 README.md:1\n"},
        {"swap.yaml", "models:\n  a:\n    cmd: llama-server -m a.gguf --port ${PORT} --webui llamacpp\n",
         "F05 swap.yaml:3:56\n"},
        {"x.nix",
         "{ ExecStart = \"${lib.getExe' llama-cpp \"llama-server\"} -m r.gguf -c 8192 --rerank\"; }\n",
         "L09 x.nix:1\n"},
        {"run.sh", "S=\"$(command -v llama-server)\"\n\"$S\" -m a.gguf --nope\n", "F01 run.sh:2:16\n"},
        {"run.sh", "S=$(find \"$D\" -type f -name llama-server -print)\n$S -m a.gguf --nope\n",
         "F01 run.sh:2:14\n"},
        {"run.sh",
         "S=$(find \"$A\" \"$B\" -maxdepth 4 -type f -perm -u+x -not -path '*/old/*' -name llama-server | "
         "head -1)\n"
         "\"$S\" -m a.gguf --nope\n",
         "F01 run.sh:2:16\n"},
        {"run.sh", "docker run ghcr.io/ggml-org/llama.cpp:server-b8022 -m /a.gguf --nope\n",
         "F01 run.sh:1:63\n"},
        {"run.sh", "git clone https://github.com/ggml-org/llama.cpp\nllama-server -m a.gguf --nope\n",
         "F01 run.sh:2:24\n"},
        {"run.cmd", "cd /d x && llama-server -m a.gguf --nope ^> b 2>nul | more\r\n",
         "F01 run.cmd:1:35\nF05 run.cmd:1:45\n"},
        {"run.sh",
         "if [ -n \"$1\" ]; then export \"C=4096\"; fi\nunset C\nllama-server -m a.gguf -c \"$C\"\n",
         "F11 run.sh:3:24\n"},
        {"run.sh", "llama-cli -m a.gguf -cnv\n", "F02 run.sh:1:21\n"},
        {"run.sh", "/opt/b8651-cuda/llama-server -m a.gguf --load-mode none\n", "F03 run.sh:1:40\n"},
        {"b.sh", "llama-bench -m a.gguf -dio 0\n", "F02 b.sh:1:23\n"},
        {"run.cmd",
         "for %%I in (\"%~dp0..\") do set \"ROOT=%%~fI\"\r\nset "
         "\"SERVER=%ROOT%\\b10502\\llama-server.exe\"\r\n"
         "\"%SERVER%\" -m a.gguf --nope\r\n",
         "F01 run.cmd:3:22\n"},
        {"llama.service", "[Service]\nExecStart=/usr/bin/llama-server -m a.gguf -c 8192 -np 4\n",
         "L15 llama.service:2\n"},
    };
    CHECK(loud);
}

/* A script that makes options of an .env file's names reads it, not llama-server; one for another engine is
 * none of ours. */
static void settings_of_scripts_are_theirs(void **state) {
    (void)state;
    static const char settings[] = "LLAMA_ARG_MODEL=a.gguf\nLLAMA_ARG_BATCH_SIZE=4096\n";
    const tree_file alone[] = {{"configs/a.env", settings}, {NULL, NULL}};
    assert_string_equal(found_in(alone), "F18 configs/a.env:2:22\n");
    const tree_file read[] = {{"configs/a.env", settings},
                              {"bench.sh",
                               "#!/bin/bash\nwhile IFS== read -r key value; do\n  case $key in\n"
                               "    LLAMA_ARG_BATCH_SIZE) ARGS+=\" -b $value\" ;;\n  esac\ndone < $1\n"
                               "llama-server $ARGS\n"},
                              {NULL, NULL}};
    assert_string_equal(found_in(read), "");
    const tree_file other[] = {{"configs/ik-llama-a.env", settings}, {NULL, NULL}};
    assert_string_equal(found_in(other), "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(traps_are_left_alone),
        cmocka_unit_test(a_fork_is_cloned_by_what_runs),
        cmocka_unit_test(their_neighbours_are_found),
        cmocka_unit_test(settings_of_scripts_are_theirs),
    };
    return cmocka_run_group_tests(tests, tree_set_up, tree_tear_down);
}
