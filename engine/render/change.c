/* Changes that reach a goal, cheapest first: what each comes to, costs, and brings. */
#include "render/change.h"
#include "render/difference.h"
#include "render/jsontext.h"

#include <stdlib.h>
#include <string.h>

enum { SHOWN = 5, INDENT = 5 };

static void line(llw_text *out, const llw_style *style, const char *text) {
    llw_text_addf(out, "%*s", INDENT, "");
    llw_wrap(out, style, text, INDENT, INDENT + 2);
    llw_text_add(out, "\n");
}

/* "CUDA0 keeps 76.5 MiB free, CUDA1 1.90 GiB; 120 to 180 tokens per second". */
static const char *outcome(llw_text *t, const llw_remedy *r) {
    const llw_decision *d = &r->d.after;
    char buf[LLW_NUMBER_MAX];
    int n = 0;
    for (size_t i = 0; i < d->n_devices; i++) {
        const llw_device_line *l = &d->devices[i];
        if (!l->known || (!strcmp(l->name, "Host") && d->n_devices > 1) || l->left < 0) continue;
        llw_text_addf(t, n++ ? ", %s %s" : "%s keeps %s free", l->name, llw_format_bytes(buf, l->left));
    }
    for (size_t i = 0; i < r->d.n_figures; i++) {
        const llw_figure *f = &r->d.figures[i];
        bool told = f->attr == LLW_launch_n_ctx || f->attr == LLW_launch_weights_on_host ||
                    f->attr == LLW_launch_n_seq;
        if (told && strcmp(f->before, "unknown"))
            llw_text_addf(t, "%s%s %s instead of %s", t->len ? "; " : "", f->name, f->after, f->before);
    }
    if (!r->certain) llw_text_add(t, "; by the point estimate of the compute buffer, so try it");
    return llw_text_str(t);
}

static bool is_brought(const llw_finding_change *f) {
    return f->kind == LLW_COME && f->level > LLW_LEVEL_NOTE;
}

/* Which of the changes above brings a finding of that rule too; 0 for none. */
static size_t told_before(const llw_remedy *all, size_t n, const char *rule) {
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < all[i].d.n_findings; k++)
            if (is_brought(&all[i].d.findings[k]) && !strcmp(all[i].d.findings[k].rule, rule)) return i + 1;
    return 0;
}

static void brings(llw_text *t, const llw_remedy *all, size_t at) {
    const llw_difference *d = &all[at].d;
    for (size_t i = 0; i < d->n_findings; i++) {
        const llw_finding_change *f = &d->findings[i];
        if (!is_brought(f)) continue;
        size_t before = told_before(all, at, f->rule);
        llw_text_add(t, t->len ? "; " : "brings ");
        if (before)
            llw_text_addf(t, "the %s of %zu [%s]", llw_level_name(f->level), before, f->code);
        else
            llw_text_addf(t, "%s: %s [%s]", llw_level_name(f->level), f->text, f->code);
    }
}

static void remedy(llw_text *out, const llw_style *style, const llw_remedy *all, size_t at) {
    const llw_remedy *r = &all[at];
    llw_text t = {0};
    llw_text_addf(out, "  %zu  ", at + 1);
    llw_text_addf(&t, "%s", r->said);
    if (*r->code) llw_text_addf(&t, "   [%s]", r->code);
    llw_wrap(out, style, llw_text_str(&t), INDENT, INDENT + 2);
    llw_text_add(out, "\n");
    llw_text_fini(&t);
    line(out, style, outcome(&t, r));
    llw_text_fini(&t);
    llw_text_addf(&t, "the price: %s", r->costs);
    line(out, style, llw_text_str(&t));
    llw_text_fini(&t);
    if (*r->limit) {
        llw_text_addf(&t, "less does not do: %s", r->limit);
        line(out, style, llw_text_str(&t));
        llw_text_fini(&t);
    }
    if (*r->d.after.survival && !*r->d.before.survival) line(out, style, r->d.after.survival);
    brings(&t, all, at);
    if (t.len) line(out, style, llw_text_str(&t));
    llw_text_fini(&t);
}

static void in_vain(llw_text *out, const llw_style *style, const llw_changes *c) {
    llw_text t = {0};
    char buf[LLW_NUMBER_MAX];
    bool memory = false; /* it is memory that lacks */
    for (size_t i = 0; i < c->n_attempts; i++) memory |= *c->attempts[i].device != 0;
    for (size_t i = 0; memory && i < c->n_attempts; i++) {
        const llw_attempt *a = &c->attempts[i];
        if (!*a->device && strncmp(a->words, "-c", 2)) continue;
        llw_text_addf(&t, "%s%s", t.len ? "; " : "Not enough by itself: ", a->words);
        if (*a->device) llw_text_addf(&t, " (%s %s short)", a->device, llw_format_mib(buf, a->short_bytes));
    }
    if (!t.len) return;
    llw_wrap(out, style, llw_text_str(&t), 0, 2);
    llw_text_add(out, ".\n");
    llw_text_fini(&t);
}

static void headline(llw_text *t, const llw_changes *c) {
    const char *goal = c->reach->said;
    if (c->reached && c->wished)
        llw_text_addf(t, "\"%s\" loads, and nothing else has to change.", goal);
    else if (c->reached)
        llw_text_addf(t, "Nothing has to change: this launch %s.",
                      c->reach->kind == LLW_REACH_CLEARS ? "has no such finding" : goal);
    else if (!c->known && c->now->verdict == LLW_VERDICT_REFUSED)
        llw_text_addf(t, "%s Correct that first; what else would have to change shows then.",
                      c->now->verdict_text);
    else if (!c->known)
        llw_text_addf(t, "What would have to change is not known. %s", c->now->verdict_text);
    else if (!c->n && c->reach->kind == LLW_REACH_CLEARS)
        llw_text_addf(t,
                      "No change is known that %s: neither what the lesson says to try nor a flag that its "
                      "conditions read does it alone.",
                      goal);
    else if (!c->n)
        llw_text_addf(t,
                      "No change of the flags, alone or two together, no other file here and no single card "
                      "reaches it: %s.",
                      goal);
    else if (c->wished)
        llw_text_addf(t, "For \"%s\", each of these is enough; the cheapest for you comes first:", goal);
    else if (c->reach->kind == LLW_REACH_CLEARS)
        llw_text_addf(t, "To be rid of %s, each of these is enough; the cheapest for you comes first:",
                      c->reach->rule ? c->reach->rule->id : c->reach->lesson->code);
    else
        llw_text_addf(t, "So that it %s, each of these is enough; the cheapest for you comes first:", goal);
}

void llw_render_changes_text(llw_text *out, const llw_style *style, const llw_changes *c, bool all) {
    llw_text t = {0};
    headline(&t, c);
    llw_wrap(out, style, llw_text_str(&t), 0, 2);
    llw_text_add(out, "\n");
    llw_text_fini(&t);
    size_t shown = all || c->n <= SHOWN ? c->n : SHOWN;
    for (size_t i = 0; i < shown; i++) remedy(out, style, c->found, i);
    if (shown < c->n) llw_text_addf(out, "  … %zu more, --all\n", c->n - shown);
    if (c->reach->kind != LLW_REACH_CLEARS) in_vain(out, style, c);
    llw_flatten(out, style);
}

/* ---- JSON ---- */

static const char *cost_name(int loss) {
    static const char *const names[LLW_COSTS] = {
        "nothing", "prompt-speed", "users", "context", "precision", "speed", "file", "download", "card"};
    return names[loss];
}

static json_t *remedy_json(const llw_remedy *r) {
    json_t *o = json_object(), *words = json_array();
    for (size_t i = 0; i < r->n_words; i++) json_array_append_new(words, llw_json_string(r->words[i]));
    json_object_set_new(o, "change", llw_json_string(r->said));
    json_object_set_new(o, "words", words);
    json_object_set_new(o, "costs", json_string(cost_name(r->loss)));
    json_object_set_new(o, "costs_text", llw_json_string(r->costs));
    json_object_set_new(o, "limit", llw_json_string(r->limit));
    json_object_set_new(o, "lesson", *r->code ? llw_json_string(r->code) : json_null());
    json_object_set_new(o, "certain", json_boolean(r->certain));
    llw_difference_json(o, &r->d);
    return o;
}

void llw_render_changes_json(llw_text *out, const llw_changes *c) {
    json_t *root = json_object(), *found = json_array(), *attempts = json_array();
    for (size_t i = 0; i < c->n; i++) json_array_append_new(found, remedy_json(&c->found[i]));
    for (size_t i = 0; i < c->n_attempts; i++) {
        json_t *o = json_object();
        json_object_set_new(o, "change", llw_json_string(c->attempts[i].words));
        json_object_set_new(o, "device", llw_json_string(c->attempts[i].device));
        json_object_set_new(o, "short", json_integer(c->attempts[i].short_bytes));
        json_array_append_new(attempts, o);
    }
    json_object_set_new(root, "schema", json_string("llwhy.change/1"));
    json_object_set_new(root, "goal", llw_json_string(c->reach->said));
    json_object_set_new(root, "known", json_boolean(c->known));
    json_object_set_new(root, "reached", json_boolean(c->reached));
    json_object_set_new(root, "changes", found);
    json_object_set_new(root, "not_enough", attempts);
    llw_json_dump(out, root);
}
