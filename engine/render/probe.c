/* Probes for people: which server it was, one line a prompt, the verdict. */
#include "render/probe.h"

#include <string.h>

static const llw_ink verdict_inks[] = {
    [LLW_PROBE_PROVEN] = LLW_GREEN, [LLW_PROBE_BROKEN] = LLW_RED, [LLW_PROBE_INCOMPLETE] = LLW_YELLOW};
static const llw_ink outcome_inks[] = {[LLW_PROBE_PASSED] = LLW_GREEN,
                                       [LLW_PROBE_FAILED] = LLW_RED,
                                       [LLW_PROBE_SKIPPED] = LLW_DIM,
                                       [LLW_PROBE_INTERRUPTED] = LLW_YELLOW};

static void add_part(llw_text *line, const char *before, const char *text) {
    if (!text || !*text) return;
    if (line->len) llw_text_add(line, " · ");
    llw_text_add(line, before);
    llw_text_add_safe(line, text, strlen(text), false);
}

static void add_count(llw_text *line, const char *before, int64_t n, const char *after) {
    char number[LLW_NUMBER_MAX];
    if (n < 0) return;
    llw_text_addf(line, "%s%s%s%s", line->len ? " · " : "", before, llw_format_count(number, n), after);
}

static void add_wrapped(llw_text *out, const llw_style *style, llw_text *line, int at, int indent) {
    llw_wrap(out, style, llw_text_str(line), at, indent);
    llw_text_add(out, "\n");
    llw_text_fini(line);
}

static void server_text(llw_text *out, const llw_style *style, const llw_probe *p) {
    llw_text line = {0};
    add_part(&line, "", p->url);
    add_part(&line, "llama.cpp ", p->build ? p->build : p->build_info);
    if (p->build_info && !p->build)
        llw_text_add(&line, " (which build that is, --llama VERSION can say)");
    else if (p->build_info && strncmp(p->build_info, p->build, strlen(p->build)) != 0)
        add_part(&line, "it calls itself ", p->build_info);
    else if (p->commit)
        llw_text_addf(&line, " (%s)", p->commit);
    add_part(&line, "", p->model ? p->model : p->model_path);
    add_part(&line, "", p->file_type);
    add_count(&line, "context ", p->context, "");
    add_count(&line, "", p->slots, p->slots == 1 ? " slot" : " slots");
    add_wrapped(out, style, &line, 0, 2);
    add_part(&line, "profile ", p->profile);
    add_part(&line, "with ", p->placement);
    for (size_t i = 0; i < p->n_devices; i++) add_part(&line, "", p->devices[i]);
    if (p->devices && !p->n_devices) add_part(&line, "", "no GPU");
    add_part(&line, "driver ", p->driver);
    if (!line.len) return;
    llw_text_add(out, "  ");
    add_wrapped(out, style, &line, 2, 4);
}

static void numbers(llw_text *line, const llw_probe_trial *t) {
    char number[LLW_NUMBER_MAX];
    if (t->at_once > 1) llw_text_addf(line, "%d at once, ", (int)t->at_once);
    if (t->prompt >= 0)
        llw_text_addf(line, "%s%s tokens%s", t->counted == LLW_PROBE_ESTIMATED ? "about " : "",
                      llw_format_count(number, t->prompt), t->at_once > 1 ? " each" : "");
    if (t->outcome != LLW_PROBE_PASSED) return;
    if (t->prompt_speed >= 0) llw_text_addf(line, " read at %.1f t/s", t->prompt_speed);
    if (t->generated >= 0) llw_text_addf(line, ", %s written", llw_format_count(number, t->generated));
    if (t->generated_speed >= 0) llw_text_addf(line, " at %.1f t/s", t->generated_speed);
    if (t->first_token >= 0) llw_text_addf(line, ", the first after %.2f s", t->first_token);
}

static void trial_text(llw_text *out, const llw_style *style, const llw_probe_trial *t) {
    enum { COLUMN = 21 };
    llw_text word = {0}, line = {0};
    llw_text_addf(&word, "%-11s", llw_probe_outcome_name(t->outcome));
    llw_text_addf(out, "  %-6s ", t->name);
    llw_paint(out, style, outcome_inks[t->outcome], llw_text_str(&word));
    llw_text_fini(&word);
    llw_text_add(out, " ");
    numbers(&line, t);
    if (*t->detail) {
        if (line.len) llw_text_add(&line, ": ");
        llw_text_add_safe(&line, t->detail, strlen(t->detail), false);
    }
    add_wrapped(out, style, &line, COLUMN, COLUMN);
}

static void verdict_text(llw_text *out, const llw_style *style, const llw_probe *p) {
    static const char *const words[] = {
        [LLW_PROBE_PROVEN] = "Proven", [LLW_PROBE_BROKEN] = "Broken", [LLW_PROBE_INCOMPLETE] = "Not proven"};
    llw_arena *arena = llw_arena_new();
    llw_probe_verdict verdict = llw_probe_judge(p);
    const char *summary = llw_probe_summary(p, arena);
    llw_text line = {0};
    llw_text_add(&line, ": ");
    llw_text_add_safe(&line, summary, strlen(summary), false);
    llw_text_add(&line, ".");
    llw_paint(out, style, verdict_inks[verdict], words[verdict]);
    add_wrapped(out, style, &line, (int)strlen(words[verdict]), 2);
    llw_arena_free(arena);
}

void llw_render_probes_text(llw_text *out, const llw_style *style, const llw_probe *probes, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (i) llw_text_add(out, "\n");
        server_text(out, style, &probes[i]);
        for (size_t k = 0; k < probes[i].n_trials; k++) trial_text(out, style, &probes[i].trials[k]);
        verdict_text(out, style, &probes[i]);
    }
}
