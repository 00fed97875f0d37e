/* The reasons of a decision as a graph in Graphviz' language: verdict, findings, conditions, facts. */
#include "render/html.h"

#include "explain/proof.h"

#include <string.h>

enum { LABEL = 240, MOST = 64 };

/* A quoted label: what steers a terminal is made visible, what would end the string or start an escape is
 * escaped. */
static void add_quoted(llw_text *out, const char *text) {
    llw_text safe = {0};
    llw_text_add_safe(&safe, text, strlen(text), false);
    const char *bytes = llw_text_str(&safe);
    size_t column = 0;
    llw_text_add(out, "\"");
    for (size_t i = 0; bytes[i]; i++, column++) {
        if (i >= LABEL && ((unsigned char)bytes[i] & 0xc0) != 0x80) {
            llw_text_add(out, "…");
            break;
        }
        if (column > 36 && bytes[i] == ' ') {
            llw_text_add(out, "\\n");
            column = 0;
            continue;
        }
        if (bytes[i] == '"' || bytes[i] == '\\') llw_text_add(out, "\\");
        llw_text_addn(out, &bytes[i], 1);
    }
    llw_text_add(out, "\"");
    llw_text_fini(&safe);
}

static void node(llw_text *out, size_t id, const char *text, const char *origin, const char *look) {
    llw_text label = {0};
    llw_text_add(&label, text);
    if (*origin) llw_text_addf(&label, " [%s]", origin);
    llw_text_addf(out, "  n%zu [label=", id);
    add_quoted(out, llw_text_str(&label));
    llw_text_addf(out, "%s];\n", look);
    llw_text_fini(&label);
}

static const char *look_of(const llw_proof_line *line) {
    switch (line->kind) {
    case LLW_LINE_CONDITION: return line->mark == LLW_MARK_NO ? ", color=red" : ", color=darkgreen";
    case LLW_LINE_RIVAL: return ", style=dashed";
    case LLW_LINE_MISSING: return ", color=orange";
    case LLW_LINE_ARITHMETIC: return ", shape=note";
    default: return "";
    }
}

static size_t proof_graph(llw_text *out, const llw_proof *proof, size_t reason, size_t next) {
    size_t above[MOST] = {[0] = reason};
    for (size_t i = 1; i < proof->n_lines; i++) { /* the first line is the reason itself */
        const llw_proof_line *line = &proof->lines[i];
        int depth = line->depth < 1 ? 1 : line->depth < MOST ? line->depth : MOST - 1;
        node(out, next, line->text, line->origin, look_of(line));
        llw_text_addf(out, "  n%zu -> n%zu;\n", next, above[depth - 1]);
        for (int k = depth; k < MOST; k++) above[k] = next;
        next++;
    }
    return next;
}

void llw_render_decision_dot(llw_text *out, const llw_decision *d) {
    static const char *const look[] = {"", ", color=gray", ", color=orange", ", color=orange", ", color=red"};
    llw_arena *arena = llw_arena_new();
    llw_text_add(
        out, "digraph llwhy {\n  rankdir=RL;\n  node [shape=box, fontname=\"sans-serif\", fontsize=11];\n");
    node(out, 0, d->verdict_text, "", ", shape=octagon, penwidth=2");
    size_t next = 1;
    for (size_t i = 0; i < d->n_reasons; i++) {
        const llw_reason *r = &d->reasons[i];
        llw_proof proof;
        llw_proof_node(d->run, r->node, arena, &proof);
        size_t reason = next++;
        node(out, reason, r->text, r->code, look[r->level]);
        llw_text_addf(out, "  n%zu -> n0;\n", reason);
        next = proof_graph(out, &proof, reason, next);
    }
    llw_text_add(out, "}\n");
    llw_arena_free(arena);
}
