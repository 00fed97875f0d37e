/* Puts a sitting together: the brief from the case's slots, the chain from the run, the mechanism from the
 * story. */
#include "teach/transcript.h"
#include "base/data.h"
#include "explain/lessons.h"
#include "explain/words.h"

#include <stdio.h>
#include <string.h>

static const char *keep(llw_arena *arena, llw_text *text) {
    const char *copy = llw_arena_strdup(arena, llw_text_str(text));
    llw_text_fini(text);
    return copy;
}

/* Where a value was read; of the files of the case only that it stands there: which line may be asked for. */
static void say_origin(const llw_scene *scene, const llw_claim *claim, llw_text *out) {
    for (size_t i = 0; i < scene->n_files; i++) {
        size_t len = strlen(scene->files[i].path);
        if (strncmp(claim->place, scene->files[i].path, len) || claim->place[len] != ':') continue;
        llw_text_add(out, "the files above");
        return;
    }
    static const char known[] = "known model ";
    const char *key =
        !strncmp(claim->origin, known, sizeof known - 1) ? strstr(claim->origin, ".yaml") : NULL;
    if (key)
        llw_text_addf(out, key[5] ? "header%s" : "the file", key + 5);
    else
        llw_words_origin(out, claim);
}

static void add_fact(llw_transcript *t, const llw_scene *scene, const char *name) {
    llw_entity entity = 0;
    llw_attr attr = LLW_ATTR_NONE;
    llw_text text = {0}, origin = {0};
    if (!llw_scene_slot(scene, name, &entity, &attr)) return;
    const llw_claim *best = llw_facts_best(scene->run->facts, entity, attr);
    llw_words_slot(&text, scene->run, entity, attr);
    llw_text_add(&text, " = ");
    llw_words_value(&text, scene->run, attr, llw_facts_value(scene->run->facts, entity, attr));
    if (best) say_origin(scene, best, &origin);
    llw_brief_fact *fact = &t->facts[t->n_facts++];
    fact->slot = name;
    fact->text = keep(t->arena, &text);
    fact->origin = keep(t->arena, &origin);
}

static void list_cards(llw_transcript *t, const llw_scene *scene) {
    const llw_facts *facts = scene->run->facts;
    size_t n = 0;
    for (llw_entity g = 0; (g = llw_facts_next(facts, LLW_KIND_gpu, g));) n++;
    const char **cards = llw_arena_alloc(t->arena, (n + 1) * sizeof *cards);
    for (llw_entity g = 0; (g = llw_facts_next(facts, LLW_KIND_gpu, g));) {
        int64_t total = 0, free = 0;
        char a[LLW_NUMBER_MAX], b[LLW_NUMBER_MAX];
        const char *name = "";
        llw_facts_text(facts, g, LLW_gpu_name, &name);
        llw_facts_count(facts, g, LLW_gpu_total, &total);
        llw_facts_count(facts, g, LLW_gpu_free, &free);
        cards[t->n_cards++] = llw_arena_printf(
            t->arena, "%s%s%s: %s MiB of %s MiB free", llw_facts_id(facts, g), *name ? " " : "", name,
            llw_format_count(a, free >> 20), llw_format_count(b, total >> 20));
    }
    t->cards = cards;
}

static void write_command(llw_transcript *t, const llw_scene *scene) {
    llw_text text = {0};
    llw_text_add(&text, "llama-server");
    if (!scene->n_files) llw_text_addf(&text, " -m %s.gguf", t->c->setting.model);
    for (size_t i = 0; i < scene->words.n; i++) llw_case_quote(&text, scene->words.items[i]);
    t->command = keep(t->arena, &text);
}

/* What stands under "## Mechanism", up to the next heading. */
static const char *read_mechanism(llw_arena *arena, const char *lesson) {
    static const char heading[] = "\n## Mechanism\n";
    const char *bytes = NULL, *path = NULL;
    size_t len = 0;
    if (llw_data_read(arena, llw_arena_printf(arena, "lessons/%s.md", lesson), &bytes, &len, &path, NULL) !=
        LLW_OK)
        return "";
    const char *at = strstr(bytes, heading);
    if (!at) return "";
    at += sizeof heading - 1;
    at += strspn(at, "\n");
    const char *end = strstr(at, "\n## ");
    size_t n = end ? (size_t)(end - at) : strlen(at);
    while (n && at[n - 1] == '\n') n--;
    return llw_arena_strndup(arena, at, n);
}

llw_rc llw_transcript_start(const llw_kb *kb, const llw_case *c, const llw_misconceptions *misconceptions,
                            llw_arena *arena, llw_transcript *out, llw_err *err) {
    *out = (llw_transcript){.stage = {.kb = kb, .c = c, .arena = arena},
                            .c = c,
                            .misconceptions = misconceptions,
                            .arena = arena,
                            .state = LLW_SILENT};
    out->lesson = llw_kb_lesson(kb, c->lesson);
    if (!out->lesson) return llw_fail(err, LLW_ERR_INPUT, c->file, 0, "there is no lesson '%s'", c->lesson);
    const llw_scene *scene = NULL;
    llw_rc rc = llw_stage_scene(&out->stage, NULL, NULL, &scene, err);
    if (rc != LLW_OK) return rc;
    out->facts = llw_arena_alloc(arena, (c->facts.n + 1) * sizeof *out->facts);
    for (size_t i = 0; i < c->facts.n; i++) add_fact(out, scene, c->facts.items[i]);
    list_cards(out, scene);
    write_command(out, scene);
    llw_lesson_line line;
    llw_lesson_judge(scene->run, out->lesson, scene->launch, arena, &line);
    if (line.node) {
        llw_proof_node(scene->run, line.node, arena, &out->proof);
        out->state = line.state;
    }
    out->mechanism = read_mechanism(arena, c->lesson);
    out->answers = llw_arena_alloc(arena, (c->n_asks + 1) * sizeof *out->answers);
    return LLW_OK;
}

void llw_transcript_end(llw_transcript *t) {
    llw_stage_close(&t->stage);
}

llw_rc llw_transcript_answer(llw_transcript *t, size_t ask, const char *typed, llw_err *err) {
    const char *plan = t->answers[ask].ask ? t->answers[ask].answer : "";
    llw_rc rc = llw_assess(&t->stage, &t->c->asks[ask], t->misconceptions, typed, &t->answers[ask], err);
    if (rc != LLW_OK || t->c->asks[ask].kind != LLW_ASK_FLAGS) return rc;
    if (!*plan) rc = llw_solve(&t->stage, &t->c->asks[ask], &plan, err);
    t->answers[ask].truth = t->answers[ask].answer = plan;
    return rc;
}

llw_score llw_transcript_score(const llw_transcript *t, size_t *right, size_t *asked) {
    llw_assessment *given = llw_arena_alloc(t->arena, (t->c->n_asks + 1) * sizeof *given);
    size_t n = 0;
    *right = 0;
    for (size_t i = 0; i < t->c->n_asks; i++) {
        if (!t->answers[i].ask) continue;
        given[n++] = t->answers[i];
        *right += t->answers[i].score == LLW_SCORE_RIGHT;
    }
    *asked = n;
    return llw_score_all(given, n);
}

/* Whether a question asks for just this slot. */
static bool is_asked(const llw_case *c, const char *thing, const char *attr) {
    for (size_t i = 0; i < c->n_asks; i++) {
        const char *slot = c->asks[i].slot ? c->asks[i].slot : "", *dot = strrchr(slot, '.');
        size_t len = strlen(thing);
        if (dot && (size_t)(dot - slot) == len && !strncmp(slot, thing, len) && !strcmp(dot + 1, attr))
            return true;
    }
    return false;
}

size_t llw_transcript_look_up(llw_transcript *t, const char *name, llw_text *out) {
    const llw_scene *scene = NULL;
    size_t n = 0;
    if (llw_stage_scene(&t->stage, NULL, NULL, &scene, NULL) != LLW_OK) return 0;
    const llw_facts *facts = scene->run->facts;
    for (llw_entity e = 1; e <= llw_facts_max(facts); e++) {
        llw_kind kind = llw_facts_kind(facts, e);
        for (int a = 1; a < LLW_ATTRS; a++) {
            const llw_attr_info *info = llw_attr_get((llw_attr)a);
            const llw_claim *best =
                info->kind == kind && info->type != LLW_REF ? llw_facts_best(facts, e, (llw_attr)a) : NULL;
            if (!best || !best->value.known || best->grade == LLW_GRADE_PREDICTED ||
                best->grade == LLW_GRADE_DEFAULT || *best->origin == 0)
                continue;
            const char *kind_name = llw_kind_name(kind), *dot = strchr(name, '.');
            size_t len = dot ? (size_t)(dot - name) : strlen(name);
            bool thing =
                (strlen(kind_name) == len && !strncmp(kind_name, name, len)) ||
                (strlen(llw_facts_id(facts, e)) == len && !strncmp(llw_facts_id(facts, e), name, len));
            if (!thing || (dot && strcmp(dot + 1, info->name)) || !strcmp(best->origin, "rule") ||
                is_asked(t->c, kind_name, info->name))
                continue;
            llw_text line = {0};
            llw_words_slot(&line, scene->run, e, (llw_attr)a);
            llw_text_add(&line, " = ");
            llw_words_value(&line, scene->run, (llw_attr)a, best->value);
            llw_text_addf(out, "  %s   [", llw_text_str(&line));
            say_origin(scene, best, out);
            llw_text_add(out, "]\n");
            llw_text_fini(&line);
            n++;
        }
    }
    return n;
}
