/* Judging a line of a configuration: right where a finding stands that the question is about; half right on
 * another link of its chain, or where something else is found; the places are the engine's own. */
#include "explain/finding.h"
#include "teach/answer.h"
#include "teach/assess_parts.h"

#include <string.h>

typedef struct spot {
    const char *file;
    int line;
} spot;

/* ---- the lines of a scene's files ---- */

static const llw_config_input *file_of(const llw_scene *scene, const char *path) {
    for (size_t i = 0; i < scene->n_files; i++)
        if (!strcmp(scene->files[i].path, path)) return &scene->files[i];
    return NULL;
}

/* Line `line` without its blanks in front; "" when there is none. */
static const char *line_text(llw_arena *arena, const llw_config_input *file, int line) {
    const char *at = file ? file->bytes : "";
    for (int i = 1; i < line && *at; i++) at += strcspn(at, "\n"), at += *at == '\n';
    at += strspn(at, " \t");
    return llw_arena_strndup(arena, at, strcspn(at, "\r\n"));
}

static int lines_of(const llw_config_input *file) {
    int n = 0;
    for (const char *at = file->bytes; *at; n++) at += strcspn(at, "\n"), at += *at == '\n';
    return n;
}

static void say_spot(llw_judging *j, const llw_scene *scene, llw_text *t, spot s) {
    const char *text = line_text(j->arena, file_of(scene, s.file), s.line);
    llw_text_addf(t, "%s:%d", s.file, s.line);
    if (*text) llw_text_addf(t, ", \"%s\"", text);
}

/* ---- what was found, and where ---- */

static bool is_asked_for(const llw_judging *j, const llw_finding *f) {
    if (j->ask->finds) return !strcmp(f->rule, j->ask->finds);
    bool asked = !strcmp(f->lesson, j->c->lesson);
    for (size_t i = 0; i < j->c->also.n; i++) asked |= !strcmp(f->lesson, j->c->also.items[i]);
    return asked;
}

/* A finding stands on one line; where its rule would change several values, on each of theirs as well. */
static void add_tried(llw_judging *j, const llw_scene *scene, const llw_finding *f, llw_findings *out) {
    const llw_rule *rule = f->node->rule;
    for (size_t i = 0; i < rule->n_tries; i++) {
        const llw_setting *s = &rule->tries[i];
        llw_entity entity = f->node->binding[s->variable];
        const llw_claim *best = llw_facts_best(scene->run->facts, entity, s->attr);
        llw_result values[LLW_EXPR_MAX_BYTES];
        llw_finding there = *f;
        llw_run_eval(scene->run, f->node, &s->value, values);
        llw_value to = llw_result_value(values[s->value.n_nodes - 1], llw_attr_get(s->attr)->type);
        if (best && best->grade != LLW_GRADE_DEFAULT && !llw_value_equal(to, best->value) &&
            llw_place_split(j->arena, best->place, &there.file, &there.line, &there.column) &&
            (there.line != f->line || strcmp(there.file, f->file)) && file_of(scene, there.file))
            llw_findings_add(out, j->arena, there);
    }
}

/* Findings about the launch that stand on a line of the files; those that are asked for first. */
static size_t collect(llw_judging *j, const llw_scene *scene, llw_findings *out) {
    llw_findings all = {0};
    size_t asked = 0;
    llw_findings_collect(scene->run, llw_config_place_of, (void *)(uintptr_t)scene->config, j->arena, &all);
    for (int turn = 0; turn < 2; turn++) {
        for (size_t i = 0; i < all.n; i++) {
            const llw_finding *f = &all.items[i];
            bool ours = f->node && f->line && file_of(scene, f->file) && f->level >= LLW_LEVEL_NOTE &&
                        llw_node_concerns(scene->run, f->node, scene->launch);
            if (!ours || is_asked_for(j, f) != !turn || (turn && f->level < LLW_LEVEL_WASTE)) continue;
            llw_findings_add(out, j->arena, *f);
            add_tried(j, scene, f, out);
        }
        if (!turn) asked = out->n;
    }
    return asked;
}

static bool stands_at(const llw_finding *f, spot s) {
    return f->line == s.line && !strcmp(f->file, s.file);
}

/* ---- judging ---- */

/* By its path, or by the end of it. */
static bool is_called(const char *path, const char *name) {
    size_t n = strlen(path), m = strlen(name);
    return n >= m && !strcmp(path + n - m, name) && (n == m || path[n - m - 1] == '/');
}

/* FILE:LINE, or the line alone where there is one file. */
static bool read_spot(llw_judging *j, const llw_scene *scene, spot *out) {
    char name[256];
    const llw_config_input *file = NULL;
    if (!llw_answer_place(j->out->typed, name, sizeof name, &out->line)) {
        j->out->reason =
            llw_arena_printf(j->arena, "name a line as FILE:LINE, such as %s:3", scene->files[0].path);
        return false;
    }
    for (size_t i = 0; i < scene->n_files && !file; i++)
        if (*name ? is_called(scene->files[i].path, name) : scene->n_files == 1) file = &scene->files[i];
    if (!file) {
        j->out->reason = *name ? llw_arena_printf(j->arena, "there is no file %s", name)
                               : "there are several files: name one of them, FILE:LINE";
        return false;
    }
    int lines = lines_of(file);
    if (out->line < 1 || out->line > lines) {
        j->out->reason = llw_arena_printf(j->arena, "%s has %d lines", file->path, lines);
        return false;
    }
    out->file = file->path;
    return true;
}

static const char *say_spots(llw_judging *j, const llw_scene *scene, const llw_findings *found,
                             size_t asked) {
    llw_text t = {0};
    for (size_t i = 0; i < asked; i++) {
        spot s = {found->items[i].file, found->items[i].line};
        bool before = false;
        for (size_t k = 0; k < i; k++) before |= stands_at(&found->items[k], s);
        if (before) continue;
        llw_text_add(&t, t.len ? "; or " : "");
        say_spot(j, scene, &t, s);
    }
    return llw_judge_keep(j, &t);
}

/* What the engine knows of a line where nothing stands that was asked for. */
static void judge_other(llw_judging *j, const llw_findings *found, size_t asked, spot said) {
    const llw_finding *main = &found->items[0];
    for (size_t i = asked; i < found->n; i++)
        if (stands_at(&found->items[i], said)) {
            j->out->score = LLW_SCORE_HALF;
            j->out->reason = llw_arena_printf(j->arena, "There it is another matter: %s (%s). Here: %s.",
                                              found->items[i].message, found->items[i].code, main->message);
            return;
        }
    for (size_t i = 0; i < asked; i++)
        for (size_t k = 0; k < found->items[i].n_steps; k++) {
            const llw_finding_step *step = &found->items[i].steps[k];
            bool head = !strncmp(step->text, "launch ", 7);
            if (head || step->line != said.line || strcmp(step->file, said.file)) continue;
            bool lost = strstr(step->text, ", replaced");
            j->out->score = LLW_SCORE_HALF;
            j->out->reason = llw_arena_printf(j->arena,
                                              lost ? "What stands there is overruled (%s). %s."
                                                   : "That line plays a part (%s). %s.",
                                              step->text, main->message);
            return;
        }
    j->out->reason = llw_arena_printf(j->arena, "Nothing is found on that line. %s.", main->message);
}

/* A mistake that is recognised by the slot that is set on the line that was named. */
static llw_rc recognise(llw_judging *j, const llw_scene *scene, spot said) {
    for (size_t i = 0; i < j->ask->n_mistakes; i++) {
        const llw_mistake *m = &j->ask->mistakes[i];
        llw_entity entity;
        llw_attr attr;
        const char *file = "";
        int line = 0, column = 0;
        if (m->when.answer) {
            const llw_claim *best = llw_scene_slot(scene, m->when.answer, &entity, &attr)
                                        ? llw_facts_best(scene->run->facts, entity, attr)
                                        : NULL;
            if (!best || !llw_place_split(j->arena, best->place, &file, &line, &column) ||
                line != said.line || strcmp(file, said.file))
                continue;
        }
        llw_truth truth = LLW_FALSE;
        llw_rc rc = llw_scene_holds(scene, &m->when, j->c->file, &truth, j->err);
        if (rc != LLW_OK) return rc;
        if (truth != LLW_TRUE) continue;
        j->out->misconception = llw_misconception_find(j->misconceptions, m->misconception);
        return LLW_OK;
    }
    return LLW_OK;
}

llw_rc llw_judge_line(llw_judging *j) {
    const llw_scene *scene = NULL;
    llw_findings found = {0};
    spot said;
    llw_rc rc = llw_stage_scene(j->stage, &j->ask->change, NULL, &scene, j->err);
    if (rc != LLW_OK) return rc;
    if (!scene->config)
        return llw_fail(j->err, LLW_ERR_INPUT, j->c->file, j->ask->line,
                        "'%s' asks for a line: the case needs files", j->ask->id);
    size_t asked = collect(j, scene, &found);
    if (!asked)
        return llw_fail(j->err, LLW_ERR_NOTHING, j->c->file, j->ask->line,
                        "the engine finds nothing of that kind on a line of the files ('%s')", j->ask->id);
    j->out->truth = say_spots(j, scene, &found, asked);
    j->out->answer = llw_arena_printf(j->arena, "%s:%d", found.items[0].file, found.items[0].line);
    j->out->understood = read_spot(j, scene, &said);
    if (!j->out->understood) return LLW_OK;
    llw_text t = {0};
    say_spot(j, scene, &t, said);
    j->out->said = llw_judge_keep(j, &t);
    for (size_t i = 0; i < asked; i++)
        if (stands_at(&found.items[i], said)) {
            j->out->score = LLW_SCORE_RIGHT;
            j->out->reason = llw_arena_printf(j->arena, "%s.", found.items[i].message);
            return LLW_OK;
        }
    judge_other(j, &found, asked, said);
    return recognise(j, scene, said);
}
