/* The chains of one line as text and JSON. */
#include "render/chain.h"
#include "explain/words.h"
#include "render/jsontext.h"
#include "render/lint_parts.h"

#include <string.h>

static void safe(llw_text *out, const char *text) {
    llw_text_add_safe(out, text, strlen(text), false);
}

static void flag(llw_text *out, llw_attr attr) {
    const char *name = llw_words_flag(attr);
    llw_text_add(out, attr == LLW_launch_model ? "-m" : name ? name : llw_attr_get(attr)->name);
}

/* What a link says, as somebody would write it. */
static void value(llw_text *out, const llw_line_report *report, const llw_chain *chain,
                  const llw_claim *claim) {
    const char *path;
    if (!claim->value.known)
        llw_text_add(out, "not known");
    else if (chain->attr == LLW_launch_model &&
             llw_facts_text(report->run->facts, claim->value.as.ref, LLW_model_path, &path))
        safe(out, path);
    else
        llw_words_value(out, report->run, chain->attr, claim->value);
}

static size_t longest_value(const llw_line_report *report, const llw_chain *chain) {
    size_t most = 0;
    for (size_t i = 0; i < chain->n_links; i++) {
        llw_text t = {0};
        value(&t, report, chain, chain->links[i].claim);
        if (strlen(llw_text_str(&t)) > most) most = strlen(llw_text_str(&t));
        llw_text_fini(&t);
    }
    return most < 40 ? most : 40;
}

static void tell_link(llw_text *out, const llw_style *style, const llw_line_report *report,
                      const llw_chain *chain, size_t i, size_t width) {
    const llw_chain_link *link = &chain->links[i];
    bool is_default = link->claim->grade == LLW_GRADE_DEFAULT;
    llw_text v = {0};
    value(&v, report, chain, link->claim);
    llw_text_add(out, i ? is_default ? "    default  " : "    lost     " : "    counts   ");
    llw_paint(out, style, i ? LLW_DIM : LLW_BOLD, llw_text_str(&v));
    for (size_t n = strlen(llw_text_str(&v)); n < width; n++) llw_text_add(out, " ");
    llw_text_fini(&v);
    llw_text_add(out, "  ");
    safe(out, link->claim->origin);
    if (*link->claim->place) {
        llw_text_add(out, is_default ? " of " : ", ");
        safe(out, link->claim->place);
    }
    if (link->here) llw_paint(out, style, LLW_CYAN, "   <- this line");
    llw_text_add(out, "\n");
}

static void tell_launches(llw_text *out, const llw_style *style, const llw_line_report *report,
                          const llw_chain *chain) {
    enum { SHOWN = 3 };
    llw_text t = {0};
    llw_text_add(&t, "in ");
    size_t n = report->all || chain->n_launches <= SHOWN + 1 ? chain->n_launches : SHOWN;
    for (size_t i = 0; i < n; i++) {
        if (i) llw_text_add(&t, i + 1 == n && n == chain->n_launches ? " and " : ", ");
        safe(&t, llw_facts_id(report->run->facts, chain->launches[i]));
    }
    if (n < chain->n_launches) llw_text_addf(&t, " and %zu more (--all)", chain->n_launches - n);
    llw_text_add(out, "    ");
    llw_wrap(out, style, llw_text_str(&t), 4, 6);
    llw_text_add(out, "\n");
    llw_text_fini(&t);
}

static void tell_chain(llw_text *out, const llw_style *style, const llw_line_report *report,
                       const llw_chain *chain) {
    const llw_chain_link *here = chain->links;
    while (!here->here) here++;
    llw_text head = {0};
    llw_text_add(&head, "  ");
    flag(&head, chain->attr);
    llw_text_add(&head, " ");
    value(&head, report, chain, here->claim);
    llw_paint(out, style, LLW_BOLD, llw_text_str(&head));
    llw_text_fini(&head);
    bool alone = chain->n_links == 1 || chain->links[1].claim->grade == LLW_GRADE_DEFAULT;
    llw_text_add(out, !chain->counts ? ": does not count, something stands over it\n"
                      : alone        ? ": counts, nobody else says otherwise\n"
                                     : ": counts, it stands over the others\n");
    tell_launches(out, style, report, chain);
    size_t width = longest_value(report, chain);
    for (size_t i = 0; i < chain->n_links; i++) tell_link(out, style, report, chain, i, width);
}

void llw_render_line_text(llw_text *out, const llw_style *style, const llw_line_report *report) {
    llw_text line = {0};
    safe(out, report->file);
    llw_text_addf(out, ":%d\n", report->line);
    if (llw_lint_quote(&line, report->findings, report->lines, report->file, report->line))
        llw_text_addf(out, "  %4d | %s\n", report->line, llw_text_str(&line));
    llw_text_fini(&line);
    for (size_t i = 0; i < report->chains->n; i++) tell_chain(out, style, report, &report->chains->items[i]);
    for (size_t i = 0; i < report->findings->n; i++) {
        const llw_finding *f = &report->findings->items[i];
        llw_text t = {0};
        llw_text_addf(&t, "lint says here: %s [%s] ", llw_level_name(f->level), f->code);
        safe(&t, f->message);
        llw_text_add(out, "  ");
        llw_wrap(out, style, llw_text_str(&t), 2, 4);
        llw_text_add(out, "\n");
        llw_text_fini(&t);
    }
}

/* --- JSON --- */

static json_t *number_or_null(int number) {
    return number ? json_integer(number) : json_null();
}

static json_t *link_json(const llw_line_report *report, const llw_chain *chain, size_t i) {
    const llw_chain_link *link = &chain->links[i];
    json_t *o = json_object();
    llw_text v = {0};
    value(&v, report, chain, link->claim);
    json_object_set_new(o, "value",
                        link->claim->value.known ? llw_json_string(llw_text_str(&v)) : json_null());
    llw_text_fini(&v);
    json_object_set_new(o, "counts", json_boolean(i == 0));
    json_object_set_new(o, "here", json_boolean(link->here));
    json_object_set_new(o, "origin", llw_json_string(link->claim->origin));
    json_object_set_new(o, "grade", llw_json_string(llw_grade_name(link->claim->grade)));
    json_object_set_new(o, "file", *link->file ? llw_json_string(link->file) : json_null());
    json_object_set_new(o, "line", number_or_null(link->line));
    json_object_set_new(o, "column", number_or_null(link->column));
    return o;
}

static json_t *chain_json(const llw_line_report *report, const llw_chain *chain) {
    json_t *o = json_object(), *launches = json_array(), *links = json_array();
    llw_text t = {0};
    flag(&t, chain->attr);
    json_object_set_new(o, "flag", llw_json_string(llw_text_str(&t)));
    llw_text_fini(&t);
    json_object_set_new(o, "attribute", json_string(llw_attr_get(chain->attr)->name));
    json_object_set_new(o, "counts", json_boolean(chain->counts));
    for (size_t i = 0; i < chain->n_launches; i++)
        json_array_append_new(launches,
                              llw_json_string(llw_facts_id(report->run->facts, chain->launches[i])));
    json_object_set_new(o, "launches", launches);
    for (size_t i = 0; i < chain->n_links; i++) json_array_append_new(links, link_json(report, chain, i));
    json_object_set_new(o, "links", links);
    return o;
}

void llw_render_line_json(llw_text *out, const llw_line_report *report) {
    json_t *root = json_object(), *values = json_array(), *findings = json_array();
    json_object_set_new(root, "schema", json_string("llwhy.line/1"));
    json_object_set_new(root, "file", llw_json_string(report->file));
    json_object_set_new(root, "line", json_integer(report->line));
    for (size_t i = 0; i < report->chains->n; i++)
        json_array_append_new(values, chain_json(report, &report->chains->items[i]));
    json_object_set_new(root, "values", values);
    for (size_t i = 0; i < report->findings->n; i++) {
        const llw_finding *f = &report->findings->items[i];
        json_t *o = json_object();
        json_object_set_new(o, "code", llw_json_string(f->code));
        json_object_set_new(o, "level", json_string(llw_level_name(f->level)));
        json_object_set_new(o, "column", number_or_null(f->column));
        json_object_set_new(o, "message", llw_json_string(f->message));
        json_array_append_new(findings, o);
    }
    json_object_set_new(root, "findings", findings);
    llw_json_dump(out, root);
}
