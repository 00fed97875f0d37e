/* What Markdown is taken to say: passages with their places, claims and the models they are about, what is
 * history. */
#include "torture.h"
#include "source/prose/markdown.h"

static const char profile[] = "[glm-q4]\nMODEL=GLM-4.7-Flash/GLM-4.7-Flash-Q4_K_M.gguf\nCTX_SIZE=8192\n"
                              "[glm-q8]\nMODEL=GLM-4.7-Flash/GLM-4.7-Flash-Q8_0.gguf\nCTX_SIZE=8192\n"
                              "[oss]\nMODEL=GPT-OSS-120b/gpt-oss-120b-F16.gguf\nCTX_SIZE=8192\n";

/* --- passages --- */

static const char *passages_of(const char *bytes) {
    static char told[4096];
    llw_arena *arena = llw_arena_new();
    llw_document d;
    llw_text out = {0};
    llw_markdown_read(arena, bytes, strlen(bytes), llw_link_new(arena, "X.md", "document", false), &d);
    for (size_t i = 0; i < d.n; i++) {
        const llw_passage *p = &d.items[i];
        static const char *const kinds[] = {"text", "heading", "item", "cell", "code"};
        llw_text_addf(&out, "%s%s", p->quoted ? "quoted " : "", kinds[p->kind]);
        if (*p->info) llw_text_addf(&out, "(%s)", p->info);
        if (p->text.n)
            llw_text_addf(&out, " %d:%d", p->text.chars[p->lead].line, p->text.chars[p->lead].column);
        if (p->heading < d.n && p->heading != i) llw_text_addf(&out, " under %zu", p->heading);
        if (p->parent != i) llw_text_addf(&out, " in %zu", p->parent);
        llw_text_add(&out, " ");
        for (size_t k = 0; k < p->text.n; k++)
            llw_text_addn(&out, p->text.chars[k].byte == '\n' ? "|" : &p->text.chars[k].byte, 1);
        llw_text_add(&out, "\n");
    }
    snprintf(told, sizeof told, "%s", llw_text_str(&out));
    llw_text_fini(&out);
    llw_arena_free(arena);
    return told;
}

static void passages_know_their_places(void **state) {
    (void)state;
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"# A\n\nOne *two*\nthree.\n", "heading 1:3 A\ntext 3:1 under 0 One two|three.\n"},
        {"- a\n  - b `x`\n- c\n", "item 1:3 a\nitem 2:5 in 0 b `x`\nitem 3:3 c\n"},
        {"> said\n\nours\n", "quoted text 1:3 said\ntext 3:1 ours\n"},
        {"| M | Size |\n|---|---|\n| X | 3 GB |\n",
         "cell 1:3 M\ncell 1:7 Size\ncell 3:3 X\ncell 3:7 X: Size: 3 GB\n"},
        {"```sh\nllama-server -c 1\n```\n", "code(sh) 2:1 llama-server -c 1|\n"},
        {"~~old 3 GB~~ new\n", "text 1:13  new\n"},
        {"---\nname: x\n---\n# T\n", "heading 4:3 T\n"},
        {"\xe2\x80\x9cit is dense\xe2\x80\x9d\n", "text 1:1 \"it is dense\"\n"},
        {"<!-- dense -->\n\nx\n", "text 3:1 x\n"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *got = passages_of(cases[i].text);
        if (strcmp(got, cases[i].want))
            fail_msg("%s is read as\n%s\nnot as\n%s", cases[i].text, got, cases[i].want);
    }
}

/* --- claims --- */

static void tell_claim(llw_text *out, const llw_facts *f, llw_entity c) {
    const llw_claim *text = llw_facts_best(f, c, LLW_claim_text);
    const char *about = "", *belief = "";
    bool flag = false;
    int64_t n = 0;
    double speed = 0;
    llw_facts_text(f, c, LLW_claim_about, &about);
    llw_text_addf(out, "%s %s", tree_short(text->place), about);
    llw_entity model = llw_facts_ref(f, c, LLW_claim_model);
    const char *id = model ? llw_facts_id(f, model) : "", *slash = strrchr(id, '/');
    if (model) llw_text_addf(out, " %s", slash ? slash + 1 : id);
    if (llw_facts_flag(f, c, LLW_claim_says_moe, &flag)) llw_text_add(out, flag ? " moe" : " dense");
    if (llw_facts_count(f, c, LLW_claim_bytes, &n)) llw_text_addf(out, " %.1f GB", (double)n / 1e9);
    if (llw_facts_flag(f, c, LLW_claim_says_fits_one_gpu, &flag)) llw_text_add(out, flag ? " yes" : " no");
    if (llw_facts_flag(f, c, LLW_claim_says_fits_gpus, &flag)) llw_text_add(out, " all");
    if (llw_facts_count(f, c, LLW_claim_card_memory, &n))
        llw_text_addf(out, " card %lld MiB", (long long)n >> 20);
    if (llw_facts_real(f, c, LLW_claim_speed, &speed)) llw_text_addf(out, " %g t/s", speed);
    if (llw_facts_flag(f, c, LLW_claim_estimated, &flag) && flag) llw_text_add(out, " estimated");
    if (llw_facts_flag(f, c, LLW_claim_filed_as_measured, &flag) && flag) llw_text_add(out, " as measured");
    if (llw_facts_text(f, c, LLW_claim_belief, &belief)) llw_text_addf(out, " %s", belief);
    if (llw_facts_flag(f, c, LLW_claim_tests_long_prompt, &flag))
        llw_text_add(out, flag ? " tried" : " untried");
    llw_text_add(out, "\n");
}

static const char *claims_of(const char *name, const char *text, const char *conf) {
    static char told[4096];
    const tree_file files[] = {{name, text}, {conf ? "models.conf" : NULL, conf}, {NULL, NULL}};
    tree_make(files);
    llw_facts *facts = llw_facts_new();
    llw_config_options options = {.flags = &tree_flags};
    llw_config_result result = {0};
    llw_text out = {0};
    assert_int_equal(llw_source_config(facts, tree_box, &options, &result, NULL), LLW_OK);
    for (llw_entity c = 0; (c = llw_facts_next(facts, LLW_KIND_claim, c));) tell_claim(&out, facts, c);
    snprintf(told, sizeof told, "%s", llw_text_str(&out));
    llw_text_fini(&out);
    llw_facts_free(facts);
    tree_clear();
    return told;
}

static void check(const char *name, const char *text, const char *conf, const char *want) {
    const char *got = claims_of(name, text, conf);
    if (strcmp(got, want)) fail_msg("%s says\n%s\nnot\n%s\nin\n%s", name, got, want, text);
}

static void documents_claim_what_people_mean(void **state) {
    (void)state;
    static const struct {
        const char *text, *want;
    } cases[] = {
        /* the plan behind lessons 1, 3 and 4 */
        {"#### GLM Flash Q4 and Q8\n\nGLM is a dense model, left to FIT.\n- Q4 (~8 GB weights) fits easily.\n"
         "- Q8 (~16 GB weights) fits on RTX 4090 alone.\n",
         "X.md:3:10 architecture GLM-4.7-Flash-Q4_K_M.gguf dense\nX.md:4:7 size GLM-4.7-Flash-Q4_K_M.gguf "
         "8.0 GB\n"
         "X.md:5:7 size GLM-4.7-Flash-Q8_0.gguf 16.0 GB\n"
         "X.md:5:23 fits GLM-4.7-Flash-Q8_0.gguf yes card 24564 MiB\n"},
        {"| Model | Size | GPU |\n|---|---|---|\n| GLM-4.7 Flash Q8_0 | 30 GB | fits in VRAM |\n",
         "X.md:3:24 size GLM-4.7-Flash-Q8_0.gguf 30.0 GB\nX.md:3:32 fits GLM-4.7-Flash-Q8_0.gguf all\n"},
        {"GPT-OSS 120B is a dense model.", "X.md:1:19 architecture gpt-oss-120b-F16.gguf dense\n"},
        /* a procedure in one paragraph, and a mention that is none */
        {"To update llama.cpp pull the new image and ask it something.", "X.md:1:44 update untried\n"},
        {"To update llama.cpp pull the new image.", ""},
        {"To update llama.cpp pull the new image, then ask it something with a long prompt.",
         "X.md:1:46 update tried\n"},
        /* of another model, of no model, of several */
        {"GLM is fine. Llama-3.3-70B is a dense model.", ""},
        {"GPT-OSS 120B: model tested on a Mac Studio M3 Ultra (96 GB).", ""},
        {"GPT-OSS 120B (6-bit MLX): model of 22 GB.", ""},
        {"The tool handles GLM MoE (106B, 30B) as well.", ""},
        {"GLM is 4.5 times as fast as, or more, over the dense 27B models.", ""},
        {"GLM reads prompts slower than the other one's sliding-window MoE at this size.", ""},
        {"GPT-OSS 120B, and a dense 40B beside it.", ""},
        {"A dense model reads every weight.", ""},
        {"GPT-OSS 120B is a coding model: 80B total / 3B ACTIVE MoE.", ""},
        {"GPT-OSS 120B: the card that owns the layer's dense", ""},
        {"GPT-OSS 120B beside the 22B video weights (7 GB).", ""},
        /* whose it is, nobody can tell */
        {"## GPT-OSS 120B\n\nIt needs two cards. A dense model.\n", ""},
        {"## GPT-OSS 120B\n\nThe second card hosts the ~4.5 GB director, a GGUF file.\n", ""},
        {"## GPT-OSS\n\nA dense 27B streams all of it.\n", ""},
        {"JetBrains Mellum2 12B MoE, GPT-OSS 120B and others.\n", ""},
        {"One had a 14B dense model, the other, in another room, had GPT-OSS.\n", ""},
        {"| Name | What |\n|---|---|\n| `chat` | nearly as good as `oss`, a dense model |\n", ""},
        {"| Name | What |\n|---|---|\n| `oss` | Other7 12B (dense) |\n", ""},
        {"| Role | Why |\n|---|---|\n| light | Came from GPT-OSS. A dense model of 4B. |\n", ""},
        {"| Name | What |\n|---|---|\n| `oss` | a dense model |\n",
         "X.md:3:13 architecture gpt-oss-120b-F16.gguf dense\n"},
        {"Our oss is a dense model.\n", ""},
        {"Our `oss` is a dense model.\n", "X.md:1:16 architecture gpt-oss-120b-F16.gguf dense\n"},
        {"| Tag | Size |\n|---|---|\n| `gpt-oss:20b` | 14 GB |\n", ""},
        {"| Tag | Size |\n|---|---|\n| `gpt-oss:120b` | 65 GB |\n",
         "X.md:3:20 size gpt-oss-120b-F16.gguf 65.0 GB\n"},
        /* memory, sums and differences */
        {"GPT-OSS 120B F16 is the model of the 64 GB tier.", ""},
        {"GPT-OSS 120B F16: which quant fits 128 GB?", ""},
        {"GPT-OSS 120B F16, all files. Total: 90 GB.", ""},
        {"GPT-OSS 120B F16 and the other file are 8 GB apart.", ""},
        /* of another size */
        {"GPT-OSS 120B is slow. Go back to the 35B-A3B MoE.", ""},
        {"GPT-OSS 120B is slow. It is a 120B MoE.", "X.md:1:36 architecture gpt-oss-120b-F16.gguf moe\n"},
        {"GPT-OSS 120B: dense 120B weights wouldn't fit, but with MoE they may stay in RAM.", ""},
        {"GLM and the like: the file has 18 GB.", ""},
        {"# GLM Flash against GPT-OSS\n\nIt is a dense model.\n", ""},
        {"The 26B of Gemma-9-26B is a dense model.", ""},
        /* a table of other things under a model's name */
        {"## GPT-OSS 120B\n\n| What | Size |\n|---|---|\n| KV cache | 1,224 MiB |\n| Compute buffer | 3,187 "
         "MiB |\n",
         ""},
        {"| Model | Disk size | Cumulative |\n|---|---|---|\n| GPT-OSS 120B | 65 GB | 83 GB |\n",
         "X.md:3:18 size gpt-oss-120b-F16.gguf 65.0 GB\n"},
        /* history, quotations, lessons */
        {"## History\n\nGLM is a dense model.\n", ""},
        {"## 2026-02-15\n\nGLM is a dense model.\n", ""},
        {"## Lessons\n\n### GLM\n\nGLM is a dense model.\n", ""},
        {"> GLM is a dense model.\n", ""},
        {"Our notes said \"GLM is a dense model\".", ""},
        {"~~GLM is a dense model.~~\n", ""},
        {"**What happened:** GLM is a dense model, we wrote.\n", ""},
        {"Previous: GLM is a dense model.\n", ""},
        {"GLM was taken for a dense model.", ""},
        {"```\nGLM is a dense model\n```\n", ""},
        /* measurements */
        {"## Measured\n\nGLM Q8: ~40-50 t/s.\n\nGLM Q4: 140 t/s.\n",
         "X.md:3:9 speed GLM-4.7-Flash-Q8_0.gguf 40 t/s estimated as measured\n"
         "X.md:5:9 speed GLM-4.7-Flash-Q4_K_M.gguf 140 t/s as measured\n"},
        /* old beliefs */
        {"Always set `-b 2048 -ub 2048`.", "X.md:1:13 belief ub-equals-b\n"},
        {"Never set `-b 2048 -ub 2048`.", ""},
        {"Set `-b 512 -ub 512` for short prompts.", ""},
        {"FIT auto-distributes and doesn't handle expert priorities.",
         "X.md:1:1 belief fit-ignores-experts\n"},
        {"MoE models always need exps=CPU.", "X.md:1:1 belief moe-means-cpu\n"},
        {"MoE models need exps=CPU only if they do not fit.", ""},
        {"You should git clone -b 2048 it.", ""},
        /* ways of updating */
        {"## Updating llama.cpp\n\n```sh\ngit pull\ncmake --build build\n```\n", "X.md:4:1 update untried\n"},
        {"**Update llama.cpp:**\n\n1. `git pull`\n2. Smoke test: one request\n", "X.md:4:4 update untried\n"},
        {"## Updating llama.cpp\n\n`git pull`, then a long prompt on every model.\n",
         "X.md:3:2 update tried\n"},
        {"## Updating llama.cpp\n\nIt is updated now and then.\n", ""},
        {"## Updating llama.cpp\n\nPackages have no git fetch/build updater, and no git pull, at all.\n", ""},
        {"## Updating the web page\n\n`git pull`\n", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check("X.md", cases[i].text, profile, cases[i].want);
}

static void known_models_are_met_by_name(void **state) {
    (void)state;
    check("README.md", "GLM-4.7-Flash is a dense model, its GGUF has 16 GB at Q8_0.", NULL,
          "README.md:1:20 architecture glm-4.7-flash-q4_k_m dense\nREADME.md:1:46 size glm-4.7-flash-q8_0 "
          "16.0 GB\n");
    check("README.md", "GLM-4.7-Flash as a GGUF has 16 GB at Q4.", NULL, ""); /* which Q4, nobody can tell */
    check("README.md", "Qwen3-Coder-Next is a dense model.", NULL,
          "README.md:1:23 architecture qwen3-coder-next-q4_k_m dense\n");
    /* others of their families, whom nobody knows */
    static const char *const others[] = {
        "Qwen3-0.6B is a dense model.",
        "Qwen3 32B is a dense model.",
        "Qwen3.5-27B-A3B, an MoE model, has 16 GB at Q6_K.",
        "Llama 3.1 70B: the Q4_K_M file has 42 GB.",
        "Llama 2 7B: the Q4_K_M file has 3.8 GB.",
        "Llama 4 Scout 109B: the Q8_0 file has 110 GB.",
        "Llama 3.3 70B Instruct: the Q8_0 file has 75 GB.",
        "GLM: the Q8_0 file has 16 GB.",
        "Qwen3: the Q4_K_M file has 9 GB.",
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) check("README.md", others[i], NULL, "");
    check("README.md", "Llama 3.1 8B: the Q4_K_M file has 42 GB.", NULL,
          "README.md:1:35 size llama-3.1-8b-q4_k_m 42.0 GB\n");
}

/* A short name means what is started here, and not another size or version of it. */
static void names_of_what_is_started(void **state) {
    (void)state;
    static const char llama[] = "[l]\nMODEL=Llama-3.1-8B-Instruct-Q4_K_M.gguf\n",
                      next[] = "[n]\nMODEL=Qwen3-Coder-Next-Q4_K_M.gguf\n";
    static const struct {
        const char *text, *conf, *want;
    } cases[] = {
        {"Llama is an MoE model.", llama, "X.md:1:13 architecture Llama-3.1-8B-Instruct-Q4_K_M.gguf moe\n"},
        {"Llama 3.1 8B is an MoE model.", llama,
         "X.md:1:20 architecture Llama-3.1-8B-Instruct-Q4_K_M.gguf moe\n"},
        {"Llama 3.3 70B is a dense model.", llama, ""},
        {"Llama 4 Scout 109B is an MoE model.", llama, ""},
        {"Llama 3.1 70B has 42 GB at Q4_K_M.", llama, ""},
        {"Qwen3 32B is a dense model.", next, ""},
        {"Qwen3-Coder 30B is a dense model.", next, ""},
        /* llama-bench's table calls a model by its architecture */
        {"| model | size | backend |\n|---|---|---|\n| llama 8B Q4_K - Medium | 42 GiB | CUDA |\n", llama,
         ""},
        {"ggml_vulkan: one\n| model | size |\n| ---: | --- |\n| llama 8B Q4_K - Medium | 42 GiB |\n", llama,
         ""},
        /* sizes of something else, and a word that says something else */
        {"Llama 3.1 8B (minimum 16 GB recommended).", llama, ""},
        {"Llama 3.1 8B: the KV cache size drops to 0.4 GB.", llama, ""},
        {"For Llama 3.1 8B models, 24 GB is tight.", llama, ""},
        {"Llama 3.1 8B weights are for a GTX 1060 6 GB / GTX 1080 8 GB.", llama, ""},
        {"Llama 3.1 8B wrote this: no, that makes it too dense.", llama, ""},
        {"Llama 3.1 8B Q4_K_M: not worth it on 16 GB.", llama, ""},
        {"Llama 3.1 8B: regular (dense) model offloading puts layers on a GPU.", llama, ""},
        {"Llama 3.1 8B: a dense model needs all of them, only a few for MoE.", llama, ""},
        {"## Llama 3.1 8B\n\n| What | 35B-A3B Q4_K_M |\n|---|---|\n| Experts | 256 experts |\n", llama, ""},
        {"Qwen3-Coder-Next 80B is a dense model.", next,
         "X.md:1:27 architecture Qwen3-Coder-Next-Q4_K_M.gguf dense\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check("X.md", cases[i].text, cases[i].conf, cases[i].want);
}

static void history_is_no_claim(void **state) {
    (void)state;
    static const char text[] = "GLM is a dense model.\n";
    static const char *const quiet[] = {
        "CHANGELOG.md",       "docs/lessons_learned.md", "lessons/01-card.md",    "archive/PLAN.md",
        "plans/done/PLAN.md", "docs/2026-02-15_plan.md", "README_modelcard_x.md", "node_modules/x/README.md"};
    for (size_t i = 0; i < sizeof quiet / sizeof *quiet; i++) check(quiet[i], text, profile, "");
    static const char *const live[] = {"AGENTS.md", ".claude/agents/gpu.md",
                                       ".github/copilot-instructions.md", "docs/plan.md",
                                       ".cursor/rules/llama.mdc"};
    for (size_t i = 0; i < sizeof live / sizeof *live; i++) {
        char want[160];
        snprintf(want, sizeof want, "%s:1:10 architecture GLM-4.7-Flash-Q4_K_M.gguf dense\n", live[i]);
        check(live[i], text, profile, want);
    }
}

static void commands_of_a_document_are_launches(void **state) {
    (void)state;
    tree_check_one("README.md", "# Run\n\n```bash\n$ llama-server -m x.gguf -b 2048 -ub 2048\n```\n",
                   "README.md: model=x.gguf (document README.md:4:19) batch=2,048 (document README.md:4:29) "
                   "ubatch=2,048 "
                   "(document README.md:4:38)\n");
    tree_check_one("README.md", "```bash\nllama-server -m <model> [options]\n```\n", "");
    tree_check_one("README.md", "```\nllama-server \xe2\x86\x92 answers\n```\n", "");
    tree_check_one("README.md", "```\n\xe2\x94\x9c\xe2\x94\x80 x.ps1  (llama-bench -d)\n```\n", "");
    tree_check_one("README.md", "```yaml\ncommand: llama-server -ub 2048\n```\n", "");
    tree_check_one("README.md", "> ```bash\n> llama-server -ub 2048\n> ```\n", "");
    tree_check_one("README.md", "## Old\n\n```bash\nllama-server -ub 2048\n```\n", "");
}

/* Whether the launch of -b 2048 -ub 2048 beside that document has a reason. */
static bool has_reason(const char *text) {
    const tree_file files[] = {
        {"run.sh", "llama-server -m x.gguf -b 2048 -ub 2048\n"}, {"docs/bench.md", text}, {NULL, NULL}};
    tree_make(files);
    tree t = tree_read(tree_box);
    bool has = false;
    for (size_t i = 0; i < t.out.n_launches; i++)
        if (strstr(t.out.launches[i].file, "run.sh"))
            llw_facts_flag(t.facts, t.out.launches[i].launch, LLW_launch_ubatch_reason, &has);
    tree_end(&t);
    tree_clear();
    return has;
}

/* A gain of the very value, measured by whoever keeps the tree; no recommendation, and no figure beside it.
 */
static void a_gain_measured_elsewhere_is_a_reason(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool has;
    } cases[] = {
        {"Qwen3 8B reads prompts of 4,000 tokens: `-ub 2048` gave +38%.\n", true},
        {"Raising `--ubatch-size` from 512 to 2048 made prefill 1.4x faster on this GGUF.\n", true},
        {"GGUF: a micro-batch of 2,048 was the measured optimum.\n", true},
        {"| GGUF | -ub 512 | -ub 2048 |\n|---|---|---|\n| small | 700 t/s | 910 t/s (+30%) |\n", true},
        {"| Option | GGUF | Why |\n|---|---|---|\n| `-ub` | 2048 | +6 % over 1024; ubatch 2048 |\n", true},
        {"Qwen3 GGUF: `-ub 1024` gave +15%.\n", false},
        {"For a GGUF of experts use `-b 2048 -ub 2048`.\n", false},
        {"The GGUF ran at 31 t/s with `-b 2048 -ub 2048`.\n", false},
        {"The GGUF: `-ub 2048` gave 910 t/s where 512 gave 960 t/s, -5%.\n", false},
        {"The GGUF: `-ub 2048`. A new driver gave +20%.\n", false},
        {"The GGUF, with `-ub 512`: 2048 t/s (+20%).\n", false},
        {"The GGUF, with `-ub 512`, 2048 tok/s (+20%).\n", false},
        {"The GGUF, with `-ub 512`: 2048 of them (+20%).\n", false},
        {"The GGUF: `-ub 512/1024/2048` gave up to +20%.\n", true},
        {"The GGUF: `-ub 512, 2,048` gave up to +20%.\n", true},
        {"The GGUF: `-ub 512` \xe2\x86\x92 `2048` gave +20%.\n", true},
        {"The GGUF: `-ub 512` to 2048 gave +20%.\n", true},
        {"```\n# GGUF, -ub 2048: +38%\n```\n", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (has_reason(cases[i].text) != cases[i].has) fail_msg("%s", cases[i].text);
}

#define CARD "---\nbase_model: zai-org/GLM-4.7-Flash\npipeline_tag: text-generation\n---\n# GLM-4.7-Flash\n\n"

/* A card states what its own reader finds; of another model, in comparisons and round figures nothing. */
static void cards_are_claims_of_their_model(void **state) {
    (void)state;
    check("GLM-4.7-Flash.md", CARD "GLM-4.7-Flash is a dense model with 128 experts.\n", profile,
          "GLM-4.7-Flash.md:7:37 experts GLM-4.7-Flash-Q4_K_M.gguf\n"
          "GLM-4.7-Flash.md:7:15 architecture GLM-4.7-Flash-Q4_K_M.gguf dense\n");
    check("X.md", "---\nbase_model: zai-org/GLM-4.7-Flash\n---\nIt is a dense model.\n", profile,
          "X.md:4:4 architecture GLM-4.7-Flash-Q4_K_M.gguf dense\n");
    check("GLM-4.7-Flash.md", CARD "It supports a context length of 1,048,576 tokens.\n", NULL,
          "GLM-4.7-Flash.md:7:15 context glm-4.7-flash-q4_k_m\n");
    check("GLM-4.7-Flash.md", CARD "A context length of 1M tokens with YaRN. Context length: 200K.\n",
          profile, "");
    check("GLM-4.7-Flash.md", CARD "Unlike dense models, it needs 128 experts less. It runs at 42 t/s.\n",
          profile, "");
    check("Foo-9B.md", "---\nbase_model: foo/Foo-9B\n---\n# Foo-9B\n\nIt is a dense model of 36 layers.\n",
          profile, "");
    check("GLM-4.7-Flash.md", CARD "```bash\nllama-server -m GLM-4.7-Flash-Q8_0.gguf -ngl 99\n```\n", NULL,
          "");
}

/* Whole files in a block are examples like commands are; parts of files, forms and history are none. */
static void files_in_a_document_are_launches(void **state) {
    (void)state;
    static const char compose[] = "```yaml\nservices:\n  llm:\n    image: "
                                  "ghcr.io/ggml-org/llama.cpp:server\n    command: -c ${CTX:-7}\n```\n";
    char text[600];
    const tree_file files[] = {{"README.md", compose}, {".env", "CTX=9\n"}, {NULL, NULL}};
    tree_check(files, "", "README.md:llm: ctx=7 (Compose default README.md:5:24)\n");
    snprintf(text, sizeof text, "## Old\n\n%s", compose);
    tree_check_one("README.md", text, "");
    tree_check_one(
        "README.md",
        "1. swap\n\n   ```yml\n   models:\n     a:\n       cmd: llama-server -m a.gguf -c 5\n   ```\n",
        "README.md:a: model=a.gguf (llama-swap cmd README.md:6:29) ctx=5 (llama-swap cmd "
        "README.md:6:39)\n");
    tree_check_one("README.md", "```ini\n[a]\nmodel = a.gguf\nctx-size = 5\nubatch-size = 6\n```\n",
                   "README.md:a: model=a.gguf (preset README.md:3:9) ctx=5 (preset README.md:4:12) ubatch=6 "
                   "(preset README.md:5:15)\n");
    /* one after the other, of the same name: each its own */
    snprintf(text, sizeof text, "%s\n%s", compose, compose);
    tree_check_one("README.md", text,
                   "README.md:llm: ctx=7 (Compose default README.md:5:24)\n"
                   "README.md:llm#2: ctx=7 (Compose default README.md:12:24)\n");
    tree_check_one("README.md", "```ini\n[a]\nn_gpu = 5\n```\n", "");
    tree_check_one("README.md",
                   "```yaml\n  llm:\n    image: ghcr.io/ggml-org/llama.cpp:server\n    command: -c 1\n```\n",
                   "");
    tree_check_one(
        "README.md",
        "```yaml\nservices:\n  llm:\n    build: .\n    command: llama-server -c <context> -m a.gguf\n```\n",
        "");
}

/* Sizes in the tables of a card are those of its model's files; which memory they need is none. */
static void tables_of_a_card_give_sizes(void **state) {
    (void)state;
    check("GLM-4.7-Flash.md",
          CARD "| Name | Quant | File size | Max RAM required |\n|---|---|---|---|\n"
               "| [GLM-4.7-Flash-Q8_0.gguf](https://x.y/z) | Q8_0 | 16.3 GB | 18.9 GB |\n"
               "| [GLM-4.7-Flash-Q6_K.gguf](https://x.y/z) | Q6_K | 24.6 GB | 27.1 GB |\n",
          profile,
          "GLM-4.7-Flash.md:9:46 quantisation GLM-4.7-Flash-Q8_0.gguf\nGLM-4.7-Flash.md:9:53 size "
          "GLM-4.7-Flash-Q8_0.gguf 16.3 GB\n");
    check("GLM-4.7-Flash.md",
          CARD "| Quant | Size |\n|---|---|\n| Q8_0 | 16.3 GB |\n\nThe Q8_0 file has 12 GB.\n", profile,
          "GLM-4.7-Flash.md:9:10 size GLM-4.7-Flash-Q8_0.gguf 16.3 GB\n");
    /* of another model: its base is named, and it is not the one that is started */
    check("README.md",
          "---\nbase_model: zai-org/GLM-4.7-Flash\n---\n# Other-9B-GGUF\n\n| Quant | Size |\n|---|---|\n| "
          "Q8_0 | 9.3 GB "
          "|\n",
          profile, "");
}

static void what_a_file_is_said_to_be_quantised_to(void **state) {
    (void)state;
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"We serve `models/GLM-4.7-Flash-Q8_0.gguf` (Q4_K_M).",
         "X.md:1:44 quantisation GLM-4.7-Flash-Q8_0.gguf\n"},
        {"GLM-4.7-Flash-Q4_K_M.gguf is the Q4_K_M one.",
         "X.md:1:34 quantisation GLM-4.7-Flash-Q4_K_M.gguf\n"},
        {"| File | Quant type |\n|---|---|\n| GLM-4.7-Flash-Q8_0.gguf | Q4_K_M |\n",
         "X.md:3:29 quantisation GLM-4.7-Flash-Q8_0.gguf\n"},
        {"GLM-4.7-Flash-Q8_0.gguf (Q8_0 or Q4_K_M) is better than Q4_K_M.", ""},
        {"Other-Q8_0.gguf (Q4_K_M) lies there.", ""},
        {"| File | Faster than |\n|---|---|\n| GLM-4.7-Flash-Q8_0.gguf | F16 |\n", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check("X.md", cases[i].text, profile, cases[i].want);
}

static void hostile_documents_do_no_harm(void **state) {
    (void)state;
    static const char *const pieces[] = {"- ",      "\n\n", "> ", "|",  "```\n",        "`",
                                         "GLM Q8 ", "\"",   "**", "# ", "\xe2\x80\x9c", ""};
    tree_torture("X.md",
                 "# GLM\n\n- GLM is a dense model\n  - `-b 2048` 16 GB\n\n| a | Size |\n|---|---|\n| GLM Q8 "
                 "| 16 GB |\n\n"
                 "```sh\nllama-server -c 1\n```\n> q\n\n```yaml\nservices:\n  a:\n    image: "
                 "ghcr.io/ggml-org/llama.cpp:server\n    command: -c 1\n```\n- x\n  ```ini\n  [a]\n  model = "
                 "a.gguf\n  c = 1\n  ```\n",
                 pieces, sizeof pieces / sizeof *pieces, 300);
    tree_torture("GLM-4.7-Flash.md", CARD "GLM-4.7-Flash is a dense model with 128 experts.\n- 12 layers\n",
                 pieces, sizeof pieces / sizeof *pieces, 150);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passages_know_their_places),
        cmocka_unit_test(documents_claim_what_people_mean),
        cmocka_unit_test(known_models_are_met_by_name),
        cmocka_unit_test(names_of_what_is_started),
        cmocka_unit_test(history_is_no_claim),
        cmocka_unit_test(commands_of_a_document_are_launches),
        cmocka_unit_test(files_in_a_document_are_launches),
        cmocka_unit_test(a_gain_measured_elsewhere_is_a_reason),
        cmocka_unit_test(cards_are_claims_of_their_model),
        cmocka_unit_test(tables_of_a_card_give_sizes),
        cmocka_unit_test(what_a_file_is_said_to_be_quantised_to),
        cmocka_unit_test(hostile_documents_do_no_harm),
    };
    return cmocka_run_group_tests(tests, tree_set_up, tree_tear_down);
}
