/* A proof as an indented list, and the facts as a table. */
#include "render/render.h"
#include "explain/words.h"

#include <string.h>

static const char *mark_of(const llw_proof_line *line) {
    static const char *const marks[] = {
        [LLW_MARK_NONE] = "", [LLW_MARK_YES] = "✓ ", [LLW_MARK_NO] = "✗ ", [LLW_MARK_UNKNOWN] = "? "};
    return marks[line->mark];
}

const char *llw_proof_lead(llw_line_kind kind) {
    switch (kind) {
    case LLW_LINE_MECHANISM: return "because: ";
    case LLW_LINE_ADVICE: return "try: ";
    case LLW_LINE_SOURCE: return "from: ";
    default: return "";
    }
}

/* What a computed line rests on is not called computed again. */
static const char *lead_of(llw_line_kind kind, bool inside) {
    return kind != LLW_LINE_ARITHMETIC ? llw_proof_lead(kind) : inside ? "" : "computed: ";
}

void llw_render_proof_text(llw_text *out, const llw_style *style, const llw_proof *proof, int depth,
                           bool precise) {
    size_t hidden = 0;
    int computed = -1; /* depth of the computed line that this one stands under */
    for (size_t i = 0; i < proof->n_lines; i++) {
        const llw_proof_line *line = &proof->lines[i];
        bool inside = computed >= 0 && line->depth > computed;
        if (!inside) computed = line->kind == LLW_LINE_ARITHMETIC ? line->depth : -1;
        if (depth >= 0 && (line->depth > depth || line->minor)) {
            hidden++;
            continue;
        }
        llw_text t = {0};
        llw_text_addf(&t, "%s%s%s", mark_of(line), lead_of(line->kind, inside), line->text);
        if (*line->origin && (precise || line->kind != LLW_LINE_ARITHMETIC))
            llw_text_addf(&t, "   [%s]", line->origin);
        if (precise && *line->written) llw_text_addf(&t, "   [%s]", line->written);
        int indent = line->depth * 2;
        llw_text_addf(out, "%*s", indent, "");
        llw_wrap(out, style, llw_text_str(&t), indent, indent + 2);
        llw_text_add(out, "\n");
        llw_text_fini(&t);
    }
    if (hidden) llw_text_addf(out, "(%zu more line%s; --all)\n", hidden, hidden == 1 ? "" : "s");
    if (proof->weakest < LLW_GRADE_FILE)
        llw_text_addf(out, "The weakest thing this rests on is %s.\n",
                      proof->weakest == LLW_GRADE_PREDICTED ? "a predicted figure"
                      : proof->weakest == LLW_GRADE_CARD    ? "a model card"
                                                            : "something somebody wrote");
    llw_flatten(out, style);
}

void llw_render_facts_text(llw_text *out, const llw_style *style, const llw_run *run, llw_entity only,
                           bool rivals) {
    llw_arena *arena = llw_arena_new();
    for (llw_entity e = 1; e <= llw_facts_max(run->facts); e++) {
        if (only && e != only) continue;
        llw_kind kind = llw_facts_kind(run->facts, e);
        llw_text head = {0};
        llw_text_addf(&head, "%s ", llw_kind_name(kind));
        llw_text_add_safe(&head, llw_facts_id(run->facts, e), strlen(llw_facts_id(run->facts, e)), false);
        llw_paint(out, style, LLW_BOLD, llw_text_str(&head));
        llw_text_fini(&head);
        llw_text_add(out, "\n");
        for (int a = 1; a < LLW_ATTRS; a++) {
            if (llw_attr_get((llw_attr)a)->kind != kind) continue;
            size_t n = 0;
            const llw_claim **claims = llw_facts_claims(run->facts, e, (llw_attr)a, arena, &n);
            for (size_t i = 0; i < n && (i == 0 || rivals); i++) {
                llw_text value = {0}, origin = {0};
                llw_words_value(&value, run, (llw_attr)a, claims[i]->value);
                llw_words_origin(&origin, claims[i]);
                llw_text_addf(out, "  %-30s %-28s ", i ? "" : llw_attr_get((llw_attr)a)->name,
                              llw_text_str(&value));
                llw_paint(out, style, LLW_DIM, llw_text_str(&origin));
                llw_text_addf(out, " (%s)%s\n", llw_grade_name(claims[i]->grade), i ? " loses" : "");
                llw_text_fini(&value);
                llw_text_fini(&origin);
            }
        }
    }
    llw_arena_free(arena);
    llw_flatten(out, style);
}

void llw_render_schema_text(llw_text *out, const llw_style *style, const char *only) {
    for (int k = 1; k < LLW_KINDS; k++) {
        const char *kind = llw_kind_name((llw_kind)k);
        if (*only && strcmp(only, kind)) continue;
        llw_paint(out, style, LLW_BOLD, kind);
        llw_text_addf(out, ": %s\n", llw_kind_meaning((llw_kind)k));
        for (int a = 1; a < LLW_ATTRS; a++) {
            const llw_attr_info *info = llw_attr_get((llw_attr)a);
            if (info->kind != (llw_kind)k) continue;
            llw_text t = {0};
            llw_text_addf(&t, "%s%s%s", info->meaning, *info->how ? "; if missing: " : "", info->how);
            llw_text_addf(out, "  %-30s %-8s %-5s", info->name, llw_type_name(info->type),
                          info->knob ? "knob" : "");
            llw_wrap(out, style, llw_text_str(&t), 46, 46);
            llw_text_add(out, "\n");
            llw_text_fini(&t);
        }
    }
    llw_flatten(out, style);
}
