/* docs/gpu-strategy-guide.md: the questions, and figures that the engine computes for every known model. */
#include "fact/build.h"
#include "render/document.h"
#include "infer/run.h"
#include "source/launch/argv.h"
#include "source/model/known.h"

#include <stdlib.h>
#include <string.h>

/* One card that holds everything, so that figures are of the model and not of a placement. */
static const int64_t card_total = INT64_C(1) << 40;

static const double GIB = 1073741824.0;

typedef struct guide {
    const llw_kb *kb;
    llw_arena *arena;
} guide;

/* What a launch of a known model with these flags takes on that card. */
typedef struct needs {
    bool known, exact;
    int64_t weights, cache, compute, trained;
    const char *label, *kind;
    int64_t file_bytes;
} needs;

static void describe(guide *g, const llw_facts *facts, llw_entity model, needs *out) {
    int64_t params = 0, active = 0, experts = 0, used = 0;
    bool moe = false;
    char buf[LLW_NUMBER_MAX], more[LLW_NUMBER_MAX];
    llw_facts_count(facts, model, LLW_model_params, &params);
    llw_facts_count(facts, model, LLW_model_params_active, &active);
    llw_facts_count(facts, model, LLW_model_experts, &experts);
    llw_facts_count(facts, model, LLW_model_experts_used, &used);
    llw_facts_count(facts, model, LLW_model_file_bytes, &out->file_bytes);
    llw_facts_count(facts, model, LLW_model_context_length, &out->trained);
    llw_facts_flag(facts, model, LLW_model_moe, &moe);
    out->kind = moe ? llw_arena_printf(g->arena, "%s, %lld of %lld experts, %s active",
                                       llw_format_params(buf, params), (long long)used, (long long)experts,
                                       llw_format_params(more, active))
                    : llw_arena_printf(g->arena, "%s, dense", llw_format_params(buf, params));
}

static needs ask(guide *g, const char *model_name, const char *const *words, size_t n_words) {
    needs out = {0};
    llw_err err = {0};
    llw_facts *facts = llw_facts_new();
    llw_entity model = 0, launch = llw_facts_entity(facts, LLW_KIND_launch, "argv"),
               gpu = llw_facts_entity(facts, LLW_KIND_gpu, "CUDA0");
    llw_facts_claim(facts, gpu, LLW_gpu_index, llw_count(0), LLW_GRADE_MEASURED, "guide", "");
    llw_facts_claim(facts, gpu, LLW_gpu_total, llw_bytes(card_total), LLW_GRADE_MEASURED, "guide", "");
    llw_facts_claim(facts, gpu, LLW_gpu_free, llw_bytes(card_total), LLW_GRADE_MEASURED, "guide", "");
    if (llw_source_known(facts, model_name, NULL, &model, &err) == LLW_OK &&
        llw_source_words(facts, launch, words, n_words, &err) == LLW_OK) {
        llw_facts_claim(facts, launch, LLW_launch_model, llw_ref(model), LLW_GRADE_FLAG, "guide", "");
        llw_run *run = llw_run_new(g->kb, facts);
        const llw_predicted *p = llw_run_predicted(run, launch);
        describe(g, facts, model, &out);
        if (p && p->rc == LLW_OK && p->fit.prediction.outcome == LLW_OUTCOME_OK &&
            p->fit.prediction.n_devices) {
            const llw_prediction *made = &p->fit.prediction;
            const llw_memory *m = &made->device[0];
            out.known = true;
            out.exact = m->compute_exact && m->weights_exact && m->context_exact;
            out.weights = m->weights;
            out.cache = m->context;
            out.compute = m->compute;
        }
        llw_run_free(run);
    }
    llw_facts_free(facts);
    return out;
}

static void questions(guide *g, llw_text *out) {
    llw_text_add(out,
                 "## The questions, in order\n\n"
                 "```\n"
                 "What is it, and how big? Header, card and the bytes of the file;     (L01 L03 L04)\n"
                 "not its name, and not what a comment says.\n"
                 "|\n"
                 "+-- Does one GPU hold weights, KV cache and compute buffer at the context wanted?\n"
                 "    | yes: all of it there, and no placement flags                     (L00)\n"
                 "    | no\n"
                 "    +-- Do all GPUs together?\n"
                 "        | yes: split over them; --fit does it, --fit-target for each card   (L07 L08)\n"
                 "        | no\n"
                 "        +-- Is it a mixture of experts?\n"
                 "            | yes: as many experts in RAM as do not fit; --fit does it      (L02)\n"
                 "            | no:  whole layers in RAM, and every token reads them: try a smaller\n"
                 "                   quantisation or context first                            (L17)\n"
                 "```\n\n"
                 "Without a GPU everything is in RAM, and nothing is asked. `llwhy MODEL` goes through the "
                 "questions for a machine. The rules behind the answers ([L00](lessons/L00.md)), in words of "
                 "the [facts](facts.md): `m` is the model, `l` the launch, and the answer is "
                 "`l.strategy`.\n\n"
                 "| answer | when all of these hold |\n|---|---|\n");
    const llw_lesson *tree = llw_kb_lesson(g->kb, "00-decision-tree");
    for (size_t i = 0; tree && i < tree->n_rules; i++) {
        const llw_rule *rule = &tree->rules[i];
        if (!rule->n_derives || rule->derives[0].attr != LLW_launch_strategy) continue;
        llw_text_add(out, "| ");
        llw_text_addf(out, "`%s`", rule->derives[0].value.text);
        llw_text_add(out, " | ");
        bool first = true;
        for (size_t c = 0; c < rule->n_conditions; c++) {
            if (rule->conditions[c].role != LLW_ROLE_WHEN) continue;
            llw_text_addf(out, "%s`%s`", first ? "" : ", ", rule->conditions[c].expr.text);
            first = false;
        }
        llw_text_add(out, " |\n");
    }
}

static void sizes(guide *g, llw_text *out, char **names, size_t n) {
    static const char *const contexts[] = {"8192", "32768", "131072"};
    char buf[LLW_NUMBER_MAX], ls[LLW_NUMBER_MAX];
    llw_text_add(
        out,
        "\n## Quick reference: real sizes\n\n"
        "Everything on one card, KV cache f16, -ub 512: weights, KV cache and compute buffer "
        "together. A card needs this much free, and what --fit-target keeps besides (1024 MiB unless told "
        "otherwise). Weights are those on the card: the token embedding stays in RAM. A dash: more than the "
        "model was trained for (one trained for less than 8192 is given at what it was trained for). ~: the "
        "compute buffer is an estimate.\n\n"
        "| model | what it is | file, as `ls -lh` prints it | trained context | weights on the card | -c "
        "8192 | -c 32768 "
        "| "
        "-c 131072 |\n|---|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < n; i++) {
        needs first = {0};
        llw_text cells = {0};
        for (int c = 0; c < 3; c++) {
            const char *words[] = {"-c", contexts[c], "--fit", "off", "-ngl", "all", "-np", "1"};
            needs one = ask(g, names[i], words, sizeof words / sizeof *words);
            bool beyond = one.known && one.trained < strtoll(contexts[c], NULL, 10);
            if (!c && beyond) {
                words[1] = "0"; /* the model's own */
                one = ask(g, names[i], words, sizeof words / sizeof *words);
            }
            if (!c) first = one;
            if (!one.known || (c && beyond)) {
                llw_text_add(&cells, " - |");
                continue;
            }
            llw_text_addf(&cells, " %s%.2f GiB", one.exact ? "" : "~",
                          (double)(one.weights + one.cache + one.compute) / GIB);
            llw_text_addf(&cells, beyond ? " at %s |" : " |", llw_format_count(buf, one.trained));
        }
        llw_text_addf(out, "| %s | %s | %s bytes, %s ", names[i], first.kind ? first.kind : "",
                      llw_format_count(buf, first.file_bytes), llw_format_ls(ls, first.file_bytes));
        llw_text_addf(out, "| %s | %.2f GiB |%s\n", llw_format_count(buf, first.trained),
                      (double)first.weights / GIB, llw_text_str(&cells));
        llw_text_fini(&cells);
    }
}

static void batches(guide *g, llw_text *out, char **names, size_t n) {
    static const char *const settings[][2] = {{"2048", "256"},  {"512", "512"},   {"2048", "512"},
                                              {"2048", "1024"}, {"2048", "2048"}, {"4096", "4096"}};
    enum { N = sizeof settings / sizeof *settings };
    llw_text_add(out, "\n## Batch size and VRAM\n\n");
    const llw_lesson *lesson = llw_kb_lesson(g->kb, "05-ub-is-not-b");
    if (lesson) llw_text_addf(out, "%s ([L05](lessons/L05.md)) ", lesson->claim);
    llw_text_add(out, "The compute buffer of each model with everything on one card, -c 32768 (or what the "
                      "model was trained for) and a KV cache "
                      "of f16, by -b / -ub:\n\n| model |");
    for (size_t s = 0; s < N; s++) llw_text_addf(out, " %s / %s |", settings[s][0], settings[s][1]);
    llw_text_add(out, "\n|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < n; i++) {
        const char *plain[] = {"-c", "32768"};
        int64_t trained = ask(g, names[i], plain, 2).trained;
        const char *ctx =
            trained && trained < 32768 ? llw_arena_printf(g->arena, "%lld", (long long)trained) : "32768";
        llw_text_addf(out, "| %s |", names[i]);
        for (size_t s = 0; s < N; s++) {
            const char *words[] = {"-c",  ctx, "--fit", "off",          "-ngl", "all",
                                   "-np", "1", "-b",    settings[s][0], "-ub",  settings[s][1]};
            needs one = ask(g, names[i], words, sizeof words / sizeof *words);
            char buf[LLW_NUMBER_MAX];
            if (one.known)
                llw_text_addf(out, " %s%s |", one.exact ? "" : "~", llw_format_mib(buf, one.compute));
            else
                llw_text_add(out, " - |");
        }
        llw_text_add(out, "\n");
    }
    llw_text_add(out, "\nWith layers or experts in RAM a larger -ub reads prompts faster, and an embedding "
                      "server needs its longest input in one "
                      "-ub: [L05](lessons/L05.md), [L09](lessons/L09.md).\n");
}

void llw_document_guide(llw_text *out, const llw_kb *kb, llw_arena *arena) {
    guide g = {kb, arena};
    char **names = NULL;
    size_t n = 0;
    llw_build build;
    llw_err err = {0};
    llw_known_list(arena, &names, &n);
    llw_text_add(out,
                 "# Which GPU gets what\n\nMade by `scripts/docs`: every figure is computed by the engine");
    if (llw_build_read(arena, NULL, &build, &err) == LLW_OK)
        llw_text_addf(out, ", for llama.cpp %s", build.version);
    llw_text_add(out, ".\n\n");
    questions(&g, out);
    sizes(&g, out, names, n);
    batches(&g, out, names, n);
}
