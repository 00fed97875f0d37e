/* Every predicted figure can be asked why, down to header keys, flags, machine facts and llama.cpp's own
 * numbers. */
#include "explain/decision.h"
#include "explain/proof.h"
#include "infer/run.h"
#include "render/render.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "launches.h"

static llw_kb *kb;

typedef struct asked {
    llw_facts *facts;
    llw_run *run;
    llw_entity launch;
    llw_arena *arena;
} asked;

static asked ask(const char *llama, const char *model, const char *args, const char *cards) {
    asked a = {.facts = llw_facts_new(), .arena = llw_arena_new()};
    a.launch = launch_of(a.facts, llama, "server", model, args, cards, 51.2).entity;
    a.run = llw_run_new(kb, a.facts);
    return a;
}

static void done(asked *a) {
    llw_run_free(a->run);
    llw_facts_free(a->facts);
    llw_arena_free(a->arena);
}

static char *text_of(const llw_proof *proof, const llw_run *run) {
    (void)run;
    llw_text t = {0};
    llw_style style = {.width = 200};
    llw_render_proof_text(&t, &style, proof, -1, true);
    char *text = strdup(llw_text_str(&t));
    llw_text_fini(&t);
    return text;
}

static bool is_about_facts(const llw_proof_line *line) {
    return line->kind == LLW_LINE_FACT || line->kind == LLW_LINE_ARITHMETIC ||
           line->kind == LLW_LINE_CONDITION;
}

/* A line with nothing under it must say where it was read; "predicted" says only who claims it. */
static void ends_are_read(const asked *a, llw_entity entity, llw_attr attr) {
    llw_proof proof;
    llw_proof_slot(a->run, entity, attr, a->arena, &proof);
    for (size_t i = 0; i < proof.n_lines; i++) {
        const llw_proof_line *line = &proof.lines[i];
        bool end = i + 1 == proof.n_lines || proof.lines[i + 1].depth <= line->depth ||
                   proof.lines[i + 1].kind == LLW_LINE_MECHANISM;
        if (!end || !is_about_facts(line)) continue;
        if (*line->origin && strcmp(line->origin, "predicted") != 0) continue;
        char *text = text_of(&proof, a->run);
        fail_msg("%s.%s ends in '%s' [%s]:\n%s", llw_facts_id(a->run->facts, entity),
                 llw_attr_get(attr)->name, line->text, line->origin, text);
    }
}

static void all_ends_are_read(const char *llama, const char *model, const char *args, const char *cards) {
    asked a = ask(llama, model, args, cards);
    size_t asked_of = 0;
    for (llw_entity e = 1; e <= llw_facts_max(a.run->facts); e++) {
        llw_kind kind = llw_facts_kind(a.run->facts, e);
        if (kind != LLW_KIND_placement && kind != LLW_KIND_launch) continue;
        for (int attr = 1; attr < LLW_ATTRS; attr++) {
            const llw_claim *best = llw_attr_get((llw_attr)attr)->kind == kind
                                        ? llw_facts_best(a.run->facts, e, (llw_attr)attr)
                                        : NULL;
            if (!best || llw_attr_get((llw_attr)attr)->type == LLW_REF || attr == LLW_placement_device)
                continue;
            ends_are_read(&a, e, (llw_attr)attr);
            asked_of++;
        }
    }
    assert_true(asked_of > 40);
    done(&a);
}

static const char both[] = "24564:23671:1008,16303:12761:896", one[] = "24564:23671:1008";

static void every_figure_ends_in_what_was_read(void **state) {
    (void)state;
    all_ends_are_read("v0.5.0", "glm-4.7-flash-q8_0", "-c 131072 -ctk q8_0 -ctv q8_0", both);
    all_ends_are_read("b8022", "glm-4.7-flash-q8_0",
                      "-c 131072 -ngl 99 --fit off -ub 1024 -ot blk\\.([0-9]|[12][0-9])\\.=CUDA0", both);
    all_ends_are_read("v0.5.0", "gpt-oss-120b-mxfp4", "-c 65536 -ncmoe 24 -ngl 99", both);
    all_ends_are_read("2026-05-04", "qwen3-next-80b-a3b-q5_k_m", "-np 2", both);
    all_ends_are_read("v0.5.0", "gemma-3-4b-q4_k_m", "-c 16384 -sm none -mg 1", both);
    all_ends_are_read("v0.5.0", "gemma-4-e4b-q4_k_m", "-c 16384", one);
    all_ends_are_read("v0.5.0", "llama-3.1-8b-q4_k_m", "-ngl 12 -nkvo -fa off", one);
    all_ends_are_read("v0.5.0", "granite-4.0-h-tiny-q4_k_m", "", one);
    all_ends_are_read("v0.5.0", "deepseek-v2-lite-q4_k_m", "-ts 3,1", both);
    all_ends_are_read("v0.5.0", "qwen3-8b-q4_k_m", "", "");
}

static void says(const char *llama, const char *model, const char *args, llw_attr attr, const char *device,
                 const char *const *words) {
    asked a = ask(llama, model, args, both);
    llw_entity entity = a.launch;
    if (device) {
        char id[64];
        snprintf(id, sizeof id, "argv@%s", device);
        entity = llw_facts_find(a.run->facts, LLW_KIND_placement, id);
    }
    llw_proof proof;
    llw_proof_slot(a.run, entity, attr, a.arena, &proof);
    char *text = text_of(&proof, a.run);
    for (; *words; words++)
        if (!strstr(text, *words)) fail_msg("no '%s' in\n%s", *words, text);
    free(text);
    done(&a);
}

static void the_cache_down_to_its_keys(void **state) {
    (void)state;
    says("v0.5.0", "glm-4.7-flash-q8_0", "-c 131072 -ctk q8_0 -ctv q8_0", LLW_placement_kv, "CUDA0",
         (const char *const[]){"-c = 131,072",
                               "attention.kv_lora_rank = 512 [gguf deepseek2.attention.kv_lora_rank]",
                               "rope.dimension_count = 64", "block_count = 47", "[set by --fit]",
                               "34 bytes for a block of 32 numbers", NULL});
    says("v0.5.0", "gemma-3-4b-q4_k_m", "-c 16384 -np 2 -kvu", LLW_placement_kv, "CUDA0",
         (const char *const[]){"the window of 1024 tokens x 2 sequences + 512 tokens of a micro-batch",
                               "attention.sliding_window = 1,024 [gguf gemma3.attention.sliding_window]",
                               "-np = 2", NULL});
    says("v0.5.0", "qwen3-next-80b-a3b-q5_k_m", "-c 8192 -np 3", LLW_placement_kv, "CUDA0",
         (const char *const[]){"ssm.inner_size = 4,096 [gguf qwen3next.ssm.inner_size]", "-np 3", NULL});
}

static void the_compute_buffer_at_its_fullest(void **state) {
    (void)state;
    says("v0.5.0", "glm-4.7-flash-q8_0", "-c 131072 -ctk q8_0 -ctv q8_0", LLW_placement_compute, "CUDA0",
         (const char *const[]){"fullest at FLASH_ATTN_EXT", "F16 copies of the layer's K and V",
                               "copy of the attention mask", "512: tokens computed at once", "-ub = 512",
                               "attention.head_count = 20", NULL});
    says("2026-05-04", "llama-3.1-8b-q4_k_m", "-c 8192 -sm none", LLW_placement_compute, "CUDA0",
         (const char *const[]){"MUL_MAT with output.weight, 128256 x 512 f32",
                               "128,256: tokens of the vocabulary", NULL});
}

/* The tensors named at the peak, with the gaps, are the whole buffer. */
static void the_tensors_of_a_peak_add_up(void **state) {
    (void)state;
    llw_facts *facts = llw_facts_new();
    llw_launch launch = launch_of(facts, "v0.5.0", "server", "qwen3-30b-a3b-q4_k_m", "-c 32768", both, 0);
    llw_prediction p;
    llw_predict(&launch, llw_facts_arena(facts), true, &p);
    int figures = 0;
    for (size_t i = 0; i < p.n_steps; i++) {
        if (p.steps[i].result != LLW_placement_compute || p.steps[i].depth != 0) continue;
        double sum = 0;
        for (size_t k = i + 1; k < p.n_steps && p.steps[k].depth > 0; k++) {
            double n = 0, times = 1;
            char unit[8];
            if (p.steps[k].depth != 1) continue;
            if (sscanf(p.steps[k].text, "%lf x %lf %7[A-Za-z]:", &times, &n, unit) != 3) {
                times = 1;
                if (sscanf(p.steps[k].text, "%lf %7[A-Za-z]:", &n, unit) != 2) continue;
            }
            sum += times * n *
                   (unit[0] == 'G'   ? 1 << 30
                    : unit[0] == 'M' ? 1 << 20
                    : unit[0] == 'K' ? 1 << 10
                                     : 1);
        }
        assert_true(p.steps[i].value > 0);
        assert_true(sum > 0.98 * (double)p.steps[i].value && sum < 1.02 * (double)p.steps[i].value);
        figures++;
    }
    assert_int_equal(figures, 3);
    llw_facts_free(facts);
}

static void the_decision_says_what_falls_off_a_cliff(void **state) {
    (void)state;
    llw_decision d;
    asked a = ask("v0.5.0", "deepseek-v2-lite-q4_k_m", "-fa on -c 16384", one);
    llw_decide(a.run, a.launch, a.arena, &d);
    assert_non_null(strstr(d.speed, "-fa on sends attention to the processor"));
    done(&a);
    a = ask("2026-05-04", "gpt-oss-120b-mxfp4", "-c 8192 -ngl 99 --fit off -ot blk\\.3\\.=CUDA1,exps=CPU",
            both);
    llw_decide(a.run, a.launch, a.arena, &d);
    assert_non_null(strstr(d.speed, "-ot moved the weights"));
    done(&a);
    a = ask("v0.5.0", "deepseek-v2-lite-mla-q4_k_m", "-fa on -c 16384", one);
    llw_decide(a.run, a.launch, a.arena, &d);
    assert_null(strstr(d.speed, "flash attention"));
    done(&a);
}

/* flags-stop-fit would set five options, and only -ngl stands otherwise here. */
static void what_is_so_already_is_not_to_be_tried(void **state) {
    (void)state;
    asked a = ask("v0.5.0", "qwen3-next-80b-a3b-q5_k_m", "-c 262144 -ngl 99", both);
    size_t found = 0;
    for (size_t i = 0; i < a.run->n_nodes; i++) {
        const llw_node *node = &a.run->nodes[i];
        llw_proof proof;
        if (strcmp(node->rule->id, "flags-stop-fit") != 0 || node->state != LLW_FIRED) continue;
        llw_proof_node(a.run, node, a.arena, &proof);
        for (size_t k = 0; k < proof.n_lines; k++)
            if (proof.lines[k].kind == LLW_LINE_ADVICE) {
                assert_string_equal(proof.lines[k].text, "-ngl auto");
                found++;
            }
    }
    assert_int_equal(found, 1);
    done(&a);
}

int main(void) {
    kb = llw_kb_load(NULL, 0, NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_figure_ends_in_what_was_read),
        cmocka_unit_test(the_cache_down_to_its_keys),
        cmocka_unit_test(the_compute_buffer_at_its_fullest),
        cmocka_unit_test(the_tensors_of_a_peak_add_up),
        cmocka_unit_test(the_decision_says_what_falls_off_a_cliff),
        cmocka_unit_test(what_is_so_already_is_not_to_be_tried),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    llw_kb_free(kb);
    return failed;
}
