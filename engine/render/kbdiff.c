/* Changed answers for people and for programs. */
#include "render/kbdiff.h"
#include "render/jsontext.h"

#include <string.h>

enum { SHOWN = 20 };

static void say(llw_text *out, const llw_style *style, const char *mark, llw_ink ink,
                const llw_kb_answer *answer) {
    llw_text line = {0};
    llw_text_add(out, "  ");
    llw_paint(out, style, ink, mark);
    llw_text_addf(out, "%*s", 9 - (int)strlen(mark), "");
    if (answer->level) llw_text_addf(&line, "%s %s ", answer->code, llw_level_name(answer->level));
    llw_text_add(&line, answer->what);
    llw_text_add(&line, ": ");
    llw_text_add_safe(&line, answer->text, strlen(answer->text), false);
    llw_wrap(out, style, llw_text_str(&line), 11, 13);
    llw_text_add(out, "\n");
    llw_text_fini(&line);
}

static void case_text(llw_text *out, const llw_style *style, const llw_kb_case_diff *diff) {
    llw_text name = {0};
    llw_text_add_safe(&name, diff->of->name, strlen(diff->of->name), false);
    llw_paint(out, style, LLW_BOLD, llw_text_str(&name));
    llw_text_add(out, "\n");
    llw_text_fini(&name);
    for (size_t i = 0; i < diff->n; i++) {
        const llw_kb_change *c = &diff->changes[i];
        if (c->was) say(out, style, c->is ? "was" : "gone", LLW_RED, c->was);
        if (c->is) say(out, style, c->was ? "now" : "new", LLW_GREEN, c->is);
    }
}

void llw_render_kbdiff_text(llw_text *out, const llw_style *style, const llw_kb_diff *diff, bool all) {
    size_t shown = all || diff->n_cases <= SHOWN ? diff->n_cases : SHOWN, n = diff->n_cases + diff->n_same;
    for (size_t i = 0; i < shown; i++) case_text(out, style, &diff->cases[i]);
    if (shown < diff->n_cases) llw_text_addf(out, "(%zu more cases; --all)\n", diff->n_cases - shown);
    if (!diff->n_cases)
        llw_text_addf(out, "All %zu cases are answered alike.\n", n);
    else
        llw_text_addf(out,
                      "%zu of %zu cases are answered otherwise: %zu answers gone, %zu new, %zu changed.\n",
                      diff->n_cases, n, diff->n_gone, diff->n_come, diff->n_changed);
}

static json_t *answer_json(const llw_kb_answer *answer) {
    if (!answer) return json_null();
    json_t *o = json_object();
    json_object_set_new(o, "code", *answer->code ? llw_json_string(answer->code) : json_null());
    json_object_set_new(o, "level", answer->level ? json_string(llw_level_name(answer->level)) : json_null());
    json_object_set_new(o, "text", llw_json_string(answer->text));
    return o;
}

void llw_render_kbdiff_json(llw_text *out, const llw_kb_diff *diff) {
    json_t *root = json_object(), *cases = json_array();
    for (size_t i = 0; i < diff->n_cases; i++) {
        json_t *one = json_object(), *changes = json_array();
        for (size_t k = 0; k < diff->cases[i].n; k++) {
            const llw_kb_change *c = &diff->cases[i].changes[k];
            const llw_kb_answer *any = c->is ? c->is : c->was;
            json_t *o = json_object();
            json_object_set_new(o, "what", llw_json_string(any->what));
            json_object_set_new(o, "about", llw_json_string(any->about));
            json_object_set_new(o, "was", answer_json(c->was));
            json_object_set_new(o, "is", answer_json(c->is));
            json_array_append_new(changes, o);
        }
        json_object_set_new(one, "case", llw_json_string(diff->cases[i].of->name));
        json_object_set_new(one, "changes", changes);
        json_array_append_new(cases, one);
    }
    json_object_set_new(root, "schema", json_string("llwhy.kb-diff/1"));
    json_object_set_new(root, "a", llw_json_string(diff->a));
    json_object_set_new(root, "b", llw_json_string(diff->b));
    json_object_set_new(root, "cases", json_integer((json_int_t)(diff->n_cases + diff->n_same)));
    json_object_set_new(root, "gone", json_integer((json_int_t)diff->n_gone));
    json_object_set_new(root, "new", json_integer((json_int_t)diff->n_come));
    json_object_set_new(root, "changed", json_integer((json_int_t)diff->n_changed));
    json_object_set_new(root, "changes", cases);
    llw_json_dump(out, root);
}
