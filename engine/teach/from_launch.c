/* Questions for any launch: does it load, what does it take, what would you change, and what if the context
 * doubles. */
#include "teach/from_launch.h"
#include "teach/assess.h"

#include <string.h>

/* The lesson that has most to say about the launch; the decision tree when none has anything. */
static const char *strongest_lesson(const llw_scene *scene) {
    const llw_node *best = NULL;
    for (size_t i = 0; i < scene->run->n_nodes; i++) {
        const llw_node *node = &scene->run->nodes[i];
        if (node->state == LLW_FIRED && node->rule->find.n_pieces && node->rule->level > LLW_LEVEL_NONE &&
            llw_node_concerns(scene->run, node, scene->launch) &&
            (!best || node->rule->level > best->rule->level))
            best = node;
    }
    return best ? best->rule->lesson->id : "00-decision-tree";
}

/* Keeps the question when the engine has an answer; of flags only when there is something to mend. */
static bool add(llw_stage *stage, llw_case *c, llw_ask ask, llw_err *err) {
    const char *answer = "";
    ask.unit = ask.unit ? ask.unit : "";
    if (ask.kind == LLW_ASK_LINE && !stage->c->setting.n_files) return false;
    if (llw_solve(stage, &ask, &answer, err) != LLW_OK) return false;
    if (ask.kind == LLW_ASK_FLAGS && !strcmp(answer, "nothing")) return false;
    c->asks[c->n_asks++] = ask;
    return true;
}

static llw_texts one_text(llw_arena *arena, const char *text) {
    llw_texts out = {.items = llw_arena_alloc(arena, sizeof *out.items), .n = 1};
    out.items[0] = text;
    return out;
}

static void add_questions(llw_stage *stage, const llw_scene *scene, llw_case *c, llw_err *err) {
    llw_arena *arena = stage->arena;
    int64_t context = 0;
    add(stage, c,
        (llw_ask){.id = "loads",
                  .kind = LLW_ASK_YES_NO,
                  .question = "Does this launch load?",
                  .slot = "launch.loads",
                  .hints = one_text(
                      arena, "Weights, KV cache and compute buffer against what is free on each card.")},
        err);
    add(stage, c,
        (llw_ask){
            .id = "compute",
            .kind = LLW_ASK_NUMBER,
            .question = "How large is the compute buffer on CUDA0?",
            .slot = "CUDA0.compute",
            .unit = "MiB",
            .hints = one_text(
                arena, "-ub sizes it; so does the length of the context where attention is not flash.")},
        err);
    add(stage, c,
        (llw_ask){.id = "need",
                  .kind = LLW_ASK_NUMBER,
                  .question = "How much memory does it want on all GPUs together?",
                  .slot = "launch.gpu_need",
                  .unit = "GiB",
                  .hints = one_text(arena, "Most of it is weights: begin with the file's size.")},
        err);
    add(stage, c,
        (llw_ask){.id = "line",
                  .kind = LLW_ASK_LINE,
                  .question = "Which line would you look at first?",
                  .hints = one_text(arena, "A value may stand in a file that others inherit.")},
        err);
    add(stage, c,
        (llw_ask){.id = "plan",
                  .kind = LLW_ASK_FLAGS,
                  .question = "What would you change about it?",
                  .hints = one_text(arena, "Is there memory that buys nothing?")},
        err);
    if (llw_facts_count(scene->run->facts, scene->launch, LLW_launch_n_ctx, &context) && context > 0) {
        llw_ask ask = {.id = "twice", .kind = LLW_ASK_YES_NO, .what_if = true, .slot = "launch.loads"};
        ask.question = llw_arena_printf(
            arena, "With twice the context, -c %lld, and nothing else changed: does it load?",
            (long long)(2 * context));
        ask.change.with = llw_case_words(arena, llw_arena_printf(arena, "-c %lld", (long long)(2 * context)));
        add(stage, c, ask, err);
    }
}

llw_rc llw_case_from_launch(const llw_kb *kb, llw_arena *arena, const llw_case_setting *setting,
                            const char *where, llw_case *out, llw_err *err) {
    enum { QUESTIONS = 6 };
    *out = (llw_case){.id = "from-file",
                      .file = where,
                      .lesson = "00-decision-tree",
                      .title = llw_arena_printf(arena, "The launch of %s", where),
                      .own = true,
                      .brief = "Say what it does before the engine does.",
                      .source = where,
                      .minutes = 5,
                      .setting = *setting};
    out->asks = llw_arena_alloc(arena, QUESTIONS * sizeof *out->asks);
    llw_stage stage = {.kb = kb, .c = out, .arena = arena};
    const llw_scene *scene = NULL;
    llw_rc rc = llw_stage_scene(&stage, NULL, NULL, &scene, err);
    if (rc != LLW_OK) return rc;
    if (scene->argv.refused) {
        rc =
            llw_fail(err, LLW_ERR_NOTHING, where, 0, "llama.cpp would not start it: %s", scene->argv.refused);
        llw_stage_close(&stage);
        return rc;
    }
    static const char *const slots[] = {"model.file_bytes", "model.layers", "model.attention",
                                        "model.experts", "launch.ubatch"};
    out->facts.items = llw_arena_alloc(arena, sizeof slots);
    for (size_t i = 0; i < sizeof slots / sizeof *slots; i++) {
        llw_entity e;
        llw_attr a;
        if (llw_scene_slot(scene, slots[i], &e, &a) && llw_facts_value(scene->run->facts, e, a).known)
            out->facts.items[out->facts.n++] = slots[i];
    }
    out->lesson = strongest_lesson(scene);
    add_questions(&stage, scene, out, err);
    llw_stage_close(&stage);
    return out->n_asks ? LLW_OK : LLW_ERR_NOTHING; /* err has the last reason */
}
