/* Proofs as nested lists: a line that rests on others is a <details>, so it folds without a script. */
#include "render/html.h"

#include "render/render.h"

/* A mark is read aloud as a word. */
static void add_mark(llw_text *out, llw_mark mark) {
    static const char *const signs[] = {"", "✓", "✗", "?"}, *const words[] = {"", "holds", "does not hold",
                                                                              "unknown"};
    if (mark != LLW_MARK_NONE)
        llw_text_addf(out, "<span class=\"%s\" role=\"img\" aria-label=\"%s\">%s</span> ",
                      mark == LLW_MARK_YES  ? "good"
                      : mark == LLW_MARK_NO ? "bad"
                                            : "warn",
                      words[mark], signs[mark]);
}

static void add_line(llw_text *out, const llw_proof_line *line) {
    add_mark(out, line->mark);
    llw_text_add(out, llw_proof_lead(line->kind));
    llw_html_prose(out, line->text);
    if (!*line->origin) return;
    llw_text_add(out, " <span class=\"origin\">[");
    llw_html_add(out, line->origin);
    llw_text_add(out, "]</span>");
}

/* Lines deeper than the first two levels start folded. */
static void add_proof(llw_text *out, const llw_proof *proof) {
    int open = 0; /* lists that are open */
    enum { SHOWN = 2, MOST = 64 };
    int depth_of[MOST];
    for (size_t i = 0; i < proof->n_lines; i++) {
        const llw_proof_line *line = &proof->lines[i];
        while (open && depth_of[open - 1] >= line->depth) {
            llw_text_add(out, "</ul></details></li>\n");
            open--;
        }
        bool parent = i + 1 < proof->n_lines && proof->lines[i + 1].depth > line->depth && open < MOST;
        llw_text_add(out, parent
                              ? line->depth < SHOWN ? "<li><details open><summary>" : "<li><details><summary>"
                              : "<li>");
        add_line(out, line);
        if (parent) {
            llw_text_add(out, "</summary><ul>\n");
            depth_of[open++] = line->depth;
        } else {
            llw_text_add(out, "</li>\n");
        }
    }
    while (open--) llw_text_add(out, "</ul></details></li>\n");
}

void llw_html_reasons(llw_text *out, const llw_run *run, const llw_decision *d) {
    static const char *const ink[] = {"", "", "warn", "warn", "bad"};
    llw_arena *arena = llw_arena_new();
    llw_text_add(out, "<ul class=\"tree\">\n");
    for (size_t i = 0; i < d->n_reasons; i++) {
        const llw_reason *r = &d->reasons[i];
        llw_proof proof;
        llw_proof_node(run, r->node, arena, &proof);
        llw_text_addf(out, "<li><details%s><summary><span class=\"level %s\">%s</span> ", i ? "" : " open",
                      ink[r->level], llw_level_name(r->level));
        llw_html_prose(out, r->text);
        llw_text_add(out, " <span class=\"code\">[");
        llw_html_add(out, r->code);
        llw_text_add(out, "]</span></summary><ul>\n");
        if (proof.n_lines && proof.lines[0].kind == LLW_LINE_CLAIM) { /* the claim is the summary itself */
            proof.lines++;
            proof.n_lines--;
        }
        add_proof(out, &proof);
        llw_text_add(out, "</ul></details></li>\n");
    }
    llw_text_add(out, "</ul>\n");
    llw_arena_free(arena);
}
