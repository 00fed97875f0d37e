/* Every front end, on the fixture of each format: cut at every byte and with pieces of all grammars put in,
 * what it reads still holds (torture.h). A format that is added to the fixtures takes part by itself. */
#include "torture.h"
#include "base/file.h"
#include "source/config/front.h"

#define FORMATS LLW_SOURCE_DIR "/tests/fixtures/lint/05-ub-is-not-b"
#define CHAIN LLW_SOURCE_DIR "/tests/fixtures/lint/chain/mistake"

static const char *const pieces[] = {"\n",          "\\\n",    "\"",          "'",
                                     "$(",          "${",      "}}",          ")",
                                     "[",           "]",       "{",           "#",
                                     "\t",          "=",       ":",           "- ",
                                     "&a ",         "*a",      "<<: *a\n",    "`",
                                     "\xff",        "\0",      "@",           ";",
                                     "||",          "&&",      "$",           "\\",
                                     "<<EOF\n",     "---\n",   "| ",          "if ",
                                     "fi",          "; then ", "ENV ",        "CMD ",
                                     "\r",          "-1",      "%i",          "FROM ",
                                     "-ot ",        "-c ",     "99999999999", "llama-server ",
                                     "\xe2\x80\xae"};
enum { N_PIECES = sizeof pieces / sizeof *pieces };

static char *text_of(llw_arena *arena, const char *path) {
    char *text = NULL;
    size_t len = 0;
    assert_int_equal(llw_file_read(arena, path, 1 << 16, &text, &len, NULL), LLW_OK);
    return text;
}

/* The mistake of every format is one launch with -ub 1024, its repair one without. */
static void every_format_is_read(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    char **formats = NULL;
    size_t n = 0;
    assert_int_equal(llw_directory_list(arena, FORMATS, &formats, &n, NULL), LLW_OK);
    for (size_t i = 0; i < 2 * n; i++) {
        const char *path =
            llw_arena_printf(arena, FORMATS "/%s/%s", formats[i / 2], i % 2 ? "repair" : "mistake");
        tree t = tree_read(path);
        int64_t ubatch = 0;
        if (t.out.n_launches != 1) fail_msg("%s: %zu launches", path, t.out.n_launches);
        llw_facts_count(t.facts, t.out.launches[0].launch, LLW_launch_ubatch, &ubatch);
        if (ubatch != (i % 2 ? 512 : 1024)) fail_msg("%s: -ub %lld", path, (long long)ubatch);
        tree_end(&t);
    }
    llw_arena_free(arena);
}

/* A front end without a fixture would not be tortured. */
static void every_front_end_has_a_fixture(void **state) {
    (void)state;
    bool seen[LLW_CONFIG_DOCUMENT + 1] = {0};
    llw_arena *arena = llw_arena_new();
    char **formats = NULL;
    size_t n = 0;
    assert_int_equal(llw_directory_list(arena, FORMATS, &formats, &n, NULL), LLW_OK);
    for (size_t i = 0; i < n; i++) {
        tree t = tree_read(llw_arena_printf(arena, FORMATS "/%s/mistake", formats[i]));
        for (size_t k = 0; k < t.out.n_files; k++) {
            const char *slash = strrchr(t.out.files[k], '/');
            bool sniff = false;
            llw_config_kind kind = llw_config_kind_of(slash + 1, &sniff);
            char *text = text_of(arena, t.out.files[k]);
            seen[sniff ? llw_config_kind_by_content(kind, slash + 1, text, strlen(text)) : kind] = true;
        }
        tree_end(&t);
    }
    /* the first are told apart by what lies around them: an .ini is a router's or supervisord's */
    static const llw_config_kind others[] = {LLW_CONFIG_PRESET, LLW_CONFIG_SUPERVISOR, LLW_CONFIG_DROP_IN,
                                             LLW_CONFIG_YAML, LLW_CONFIG_KUSTOMIZE};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) seen[others[i]] = true;
    for (int kind = LLW_CONFIG_INI; kind < LLW_CONFIG_DOCUMENT; kind++)
        if (!seen[kind]) fail_msg("no fixture is of kind %d (config/front.h)", kind);
    llw_arena_free(arena);
}

static void every_format_survives_what_is_cut_or_mixed_up(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    char **formats = NULL, **files = NULL;
    size_t n = 0, m = 0;
    assert_int_equal(llw_directory_list(arena, FORMATS, &formats, &n, NULL), LLW_OK);
    assert_true(n >= 28);
    for (size_t i = 0; i < n; i++) {
        const char *directory = llw_arena_printf(arena, FORMATS "/%s/mistake", formats[i]);
        assert_int_equal(llw_directory_list(arena, directory, &files, &m, NULL), LLW_OK);
        for (size_t k = 0; k < m; k++) {
            const char *path = llw_path_join(arena, directory, files[k]);
            char **inner = NULL;
            size_t n_inner = 0;
            if (llw_file_is_directory(path)) { /* .devcontainer, .vscode */
                assert_int_equal(llw_directory_list(arena, path, &inner, &n_inner, NULL), LLW_OK);
                assert_int_equal(n_inner, 1);
                path = llw_path_join(arena, path, inner[0]);
            }
            tree_torture(strrchr(path, '/') + 1, text_of(arena, path), pieces, N_PIECES, 150);
        }
    }
    llw_arena_free(arena);
}

/* Files that lean on each other, one of them broken. */
static void a_chain_survives_a_broken_link(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    tree_file files[] = {{"models.conf", NULL},
                         {"docker-compose.yml", NULL},
                         {"Dockerfile", NULL},
                         {".env.example", NULL},
                         {NULL, NULL}};
    for (size_t i = 0; files[i].name; i++)
        files[i].text = text_of(arena, llw_path_join(arena, CHAIN, files[i].name));
    for (size_t i = 0; files[i].name; i++) tree_torture_in(files, i, pieces, N_PIECES, 60);
    llw_arena_free(arena);
}

/* Formats of several files, in the order in which each is broken. */
static const tree_file chart[] = {
    {"c/Chart.yaml", "apiVersion: v2\nname: llm\nversion: 1.0.0\nappVersion: server-cuda-b8022\n"},
    {"c/values.yaml", "image: ghcr.io/ggml-org/llama.cpp\nctx: 4096\nargs: [-ub, '256']\n"},
    {"c/templates/d.yaml",
     "apiVersion: v1\nkind: Pod\nmetadata: {name: {{ .Chart.Name }}}\nspec:\n  containers:\n"
     "  - name: server\n    image: \"{{ .Values.image }}:{{ .Chart.AppVersion }}\"\n    args:\n"
     "    - -c\n    - {{ .Values.ctx | quote }}\n{{- with .Values.args }}\n"
     "    {{- toYaml . | nindent 4 }}\n{{- end }}\n{{ if .Values.x }}\n    - -b\n{{ end }}\n"},
    {"install.sh", "#!/bin/sh\nhelm upgrade -i box ./c -f c/prod.yaml --set ctx=8192,args={-ub,512}\n"},
    {"c/prod.yaml", "ctx: 16384\n"},
    {NULL, NULL}};
static const tree_file kustomized[] = {
    {"b/kustomization.yaml",
     "resources: [pod.yaml]\nconfigMapGenerator:\n- name: env\n  literals: [LLAMA_ARG_CTX_SIZE=1]\n"},
    {"b/pod.yaml",
     "apiVersion: v1\nkind: Pod\nmetadata: {name: llm}\nspec:\n  containers:\n  - name: server\n"
     "    image: ghcr.io/ggml-org/llama.cpp:server\n    args: [-ngl, '99']\n"
     "    envFrom: [{configMapRef: {name: env}}]\n"},
    {"p/kustomization.yaml",
     "resources: [../b]\npatches:\n- path: x.yaml\n- target: {kind: Pod}\n  patch: |-\n"
     "    - op: replace\n      path: /spec/containers/0/args/1\n      value: '7'\n"
     "images: [{name: ghcr.io/ggml-org/llama.cpp, newTag: server-cuda-b8022}]\n"},
    {"p/x.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: llm}\nspec:\n  containers:\n  - name: server\n"
                 "    env: [{name: LLAMA_ARG_UBATCH, value: '256'}]\n"},
    {NULL, NULL}};
static const tree_file service[] = {
    {"llm.service", "[Service]\nEnvironment=CTX=4096\nEnvironmentFile=-llm.env\nExecStart=/usr/bin/"
                    "llama-server -m a.gguf \\\n"
                    "  -c ${CTX} $MORE\n"},
    {"llm.env", "MORE=\"-ub 256\"\n"},
    {"llm.service.d/more.conf",
     "[Service]\nExecStart=\nExecStart=/usr/bin/llama-server -m a.gguf -c 1 $MORE\n"},
    {NULL, NULL}};
static const tree_file composed[] = {
    {"docker-compose.yml",
     "include: [more.yml]\nx-a: &a {command: -c 4096}\nservices:\n  llm:\n    <<: *a\n"
     "    image: ghcr.io/ggml-org/llama.cpp:server\n    env_file: [llm.env]\n    models: [m]\n"
     "models:\n  m: {model: ai/x, context_size: 4096, runtime_flags: [-ub, '256']}\n"},
    {"more.yml", "services:\n  two:\n    extends: {file: docker-compose.yml, service: llm}\n    command: "
                 "[-ub, '${U:-256}']\n"},
    {".env", "U=128\n"},
    {"llm.env", "LLAMA_ARG_CTX_SIZE=1\n"},
    {NULL, NULL}};
static const tree_file router[] = {
    {"run.sh", "#!/bin/sh\nllama-server --models-preset presets.ini -ngl 99\n"},
    {"presets.ini", "[*]\nc = 4096\n[a]\nmodel = a.gguf\nub = 256\n[b]\nmodel = b.gguf\nno-mmap = true\n"},
    {"supervisord.conf", "[program:llm]\ncommand=llama-server -m a.gguf -c %(ENV_C)s\nenvironment=C=\"1\"\n"},
    {NULL, NULL}};

static void formats_of_several_files_survive(void **state) {
    (void)state;
    static const tree_file *const trees[] = {chart, kustomized, service, composed, router};
    for (size_t i = 0; i < sizeof trees / sizeof *trees; i++) {
        tree_make(trees[i]);
        tree t = tree_read(tree_box);
        assert_true(t.out.n_launches > 0);
        tree_end(&t);
        tree_clear();
        for (size_t k = 0; trees[i][k].name; k++) tree_torture_in(trees[i], k, pieces, N_PIECES, 60);
    }
}

/* The lines of one launch that are there are read as in the whole file; what stood behind is not made up. */
static void a_cut_file_says_what_its_first_lines_say(void **state) {
    (void)state;
    static const struct {
        const char *name, *text;
    } files[] = {
        {".env",
         "LLAMA_ARG_MODEL=x.gguf\nLLAMA_ARG_CTX_SIZE=4096\nLLAMA_ARG_UBATCH=256\nLLAMA_ARG_N_GPU_LAYERS=7\n"},
        {"models.conf", "[a]\nMODEL=x.gguf\nCTX_SIZE=4096\nEXTRA_ARGS=-ub 256\nN_GPU_LAYERS=7\n"},
        {"presets.ini", "[a]\nmodel = x.gguf\nc = 4096\nub = 256\nngl = 7\n"},
        {"Dockerfile",
         "FROM ghcr.io/ggml-org/llama.cpp:server\nENV LLAMA_ARG_MODEL=x.gguf\nENV LLAMA_ARG_CTX_SIZE=4096\n"
         "ENV LLAMA_ARG_UBATCH=256\nENV LLAMA_ARG_N_GPU_LAYERS=7\n"},
        {"docker-compose.yml",
         "services:\n  s:\n    image: ghcr.io/ggml-org/llama.cpp:server\n    command:\n      - -m\n      - "
         "x.gguf\n"
         "      - -c\n      - \"4096\"\n      - -ub\n      - \"256\"\n      - -ngl\n      - \"7\"\n"}};
    static const struct {
        llw_attr attr;
        int64_t value;
    } settings[] = {{LLW_launch_ctx, 4096}, {LLW_launch_ubatch, 256}, {LLW_launch_gpu_layers, 7}};
    for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
        const char *text = files[f].text;
        tree_make(NULL);
        int whole = 0;
        for (const char *end = text; (end = strchr(end, '\n')) != NULL; end++) {
            tree_write(files[f].name, text, (size_t)(end + 1 - text));
            tree t = tree_read(tree_path(files[f].name));
            int told = 0;
            for (size_t i = 0; t.out.n_launches && i < 3; i++) {
                const llw_claim *c = llw_facts_best(t.facts, t.out.launches[0].launch, settings[i].attr);
                if (!c || c->grade != LLW_GRADE_CONFIG) continue;
                if (!c->value.known || c->value.as.count != settings[i].value)
                    fail_msg("%s cut at byte %zu: %s", files[f].name, (size_t)(end - text), c->place);
                told++;
            }
            assert_true(told >= whole); /* another line takes nothing back */
            whole = told;
            tree_end(&t);
        }
        if (whole != 3) fail_msg("%s: %d of 3 settings are read", files[f].name, whole);
        tree_clear();
    }
}

/* Other programs have a -b, an -ngl and a --ctx-size of their own. */
static void what_belongs_to_others_stays_silent(void **state) {
    (void)state;
    static const tree_file others[] = {
        {"run.sh", "#!/bin/sh\n# for llama-server\ngit clone -b main https://x/llama.cpp\nsam -b 368,144 "
                   "-sm\ncurl -c x llama\n"},
        {"docker-compose.llama.yml",
         "services:\n  a:\n    image: vllm/vllm-openai\n    command: -c 1 -b 2 --model llama\n"},
        {"pod.yaml",
         "apiVersion: v1\nkind: Pod\nmetadata: {name: llama}\nspec:\n  containers:\n  - {name: llama, image: "
         "ollama/ollama, args: [\"-c\", \"1\"]}\n  - {name: b, image: vllm/vllm, args: [serve, llama, "
         "\"-b\"]}\n"},
        {"config.yaml", "models:\n  llama:\n    cmd: vllm serve llama -b 2048 -ub 2048\n"},
        {"model.yaml", "name: llama\nbackend: vllm\nparameters: {model: meta/llama}\ncontext_size: 1\n"},
        {"build.ps1",
         "git clone -b main llama.cpp\ncmake --build llama.cpp -c Release\n$a = @('-c', '1')\n& cmake @a\n"},
        {"Makefile",
         "CTX = 1\nllama:\n\tgit checkout -b llama\n\tpython -m llama_cpp.server --n_gpu_layers 99\n"},
        {"main.py", "# llama-server\nsubprocess.run(['git', 'clone', '-b', 'llama-server'])\nurl = "
                    "'http://llama-server:8080'\n"},
        {".gitattributes", "bin/llama-server text eol=lf\n"},
        {"app.service", "# llama-server\n[Service]\nExecStart=/usr/bin/ollama serve -b 1\n"},
        {NULL, NULL}};
    tree_check(others, "", "");
    tree_check_one("llama.py", "ap.add_argument('-c')\nCOMMANDS = ['llama', '-c', '1']\n", "");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_belongs_to_others_stays_silent),
                                       cmocka_unit_test(every_format_is_read),
                                       cmocka_unit_test(every_front_end_has_a_fixture),
                                       cmocka_unit_test(every_format_survives_what_is_cut_or_mixed_up),
                                       cmocka_unit_test(a_chain_survives_a_broken_link),
                                       cmocka_unit_test(formats_of_several_files_survive),
                                       cmocka_unit_test(a_cut_file_says_what_its_first_lines_say)};
    return cmocka_run_group_tests(tests, tree_set_up, tree_tear_down);
}
