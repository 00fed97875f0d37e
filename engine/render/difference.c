/* What differs between two runs, as text. */
#include "render/difference.h"
#include "explain/words.h"

#include <stdlib.h>
#include <string.h>

enum { LABEL = 10 };

/* A paragraph behind a label in a column of its own. */
static void row(llw_text *out, const llw_style *style, const char *label, const char *text) {
    llw_text_addf(out, "  %-*s", LABEL, label);
    llw_wrap(out, style, text, LABEL + 2, LABEL + 4);
    llw_text_add(out, "\n");
}

static void head(llw_text *out, const llw_style *style, const char *title) {
    llw_paint(out, style, LLW_BOLD, title);
    llw_text_add(out, "\n");
}

/* ---- memory ---- */

/* Bytes in MiB; negative ones nobody knows. */
static const char *mib(char buf[LLW_NUMBER_MAX], int64_t bytes) {
    return bytes < 0 ? "unknown" : llw_format_mib(buf, bytes);
}

static void say_part(llw_text *t, const char *name, int64_t before, int64_t after) {
    char was_text[LLW_NUMBER_MAX], is_text[LLW_NUMBER_MAX];
    const char *was = mib(was_text, before), *is = mib(is_text, after);
    if (!strcmp(was, is)) return; /* a log rounds */
    llw_text_addf(t, "%s%s %s → %s", t->len ? ", " : "", name, was, is);
}

static void say_left(llw_text *t, const llw_device_line *line) {
    char buf[LLW_NUMBER_MAX];
    if (!line->known)
        llw_text_add(t, "unknown");
    else
        llw_text_addf(t, "%s %s", llw_format_mib(buf, llabs(line->left)), line->left < 0 ? "short" : "free");
}

static void say_new_device(llw_text *t, const llw_device_line *line) {
    char buf[3][LLW_NUMBER_MAX];
    llw_text_addf(t, "weights %s, KV %s, compute %s; ", llw_format_mib(buf[0], line->weights),
                  llw_format_mib(buf[1], line->kv), llw_format_mib(buf[2], line->compute));
    say_left(t, line);
}

static void say_device(llw_text *t, const llw_device_pair *pair) {
    const llw_device_line *x = pair->before, *y = pair->after;
    if (!x || !y) {
        if (!y) {
            llw_text_add(t, "no longer used");
            return;
        }
        llw_text_addf(t, "%s: ", *y->gpu ? y->gpu : "one more card");
        say_new_device(t, y);
        return;
    }
    if (strcmp(x->gpu, y->gpu)) llw_text_addf(t, "%s → %s", *x->gpu ? x->gpu : "?", *y->gpu ? y->gpu : "?");
    say_part(t, "memory free before", x->free, y->free);
    say_part(t, "weights", x->weights, y->weights);
    say_part(t, "KV", x->kv, y->kv);
    say_part(t, "compute", x->compute, y->compute);
    llw_text was = {0}, is = {0};
    say_left(&was, x);
    say_left(&is, y);
    if (strcmp(llw_text_str(&was), llw_text_str(&is)))
        llw_text_addf(t, "%s%s → %s", t->len ? "; " : "", llw_text_str(&was), llw_text_str(&is));
    llw_text_fini(&was);
    llw_text_fini(&is);
}

static void devices(llw_text *out, const llw_style *style, const llw_difference *d) {
    for (size_t i = 0; i < d->n_devices; i++) {
        llw_text t = {0};
        say_device(&t, &d->devices[i]);
        if (t.len) row(out, style, d->devices[i].name, llw_text_str(&t));
        llw_text_fini(&t);
    }
}

/* ---- figures, findings, lessons ---- */

static void figures(llw_text *out, const llw_style *style, const llw_difference *d) {
    llw_text t = {0};
    for (size_t i = 0; i < d->n_figures; i++)
        llw_text_addf(&t, "%s%s: %s → %s", t.len ? " · " : "", d->figures[i].name, d->figures[i].before,
                      d->figures[i].after);
    if (t.len) row(out, style, "also", llw_text_str(&t));
    llw_text_fini(&t);
}

static size_t next_word(const char **at, const char **word) {
    *at += strspn(*at, " ");
    *word = *at;
    size_t len = strcspn(*at, " ");
    *at += len;
    return len;
}

/* The sentence as it is now, with what its words were where they differ: "CUDA0 is 142.5 (was 372.0) MiB
 * short". False when it is another sentence altogether. */
static bool say_changed(llw_text *t, const char *label, const char *was, const char *is) {
    size_t words = 0, other = 0;
    size_t start = t->len;
    const char *x = was, *y = is, *word, *old;
    while (*y) {
        size_t len = next_word(&y, &word), old_len = next_word(&x, &old);
        if (!len) break;
        bool same = len == old_len && !strncmp(word, old, len);
        llw_text_addf(t, "%s%.*s", t->len > start ? " " : "", (int)len, word);
        if (!same) llw_text_addf(t, " (%s %.*s)", label, (int)old_len, old);
        words++;
        other += !same;
    }
    return !*(x + strspn(x, " ")) && other * 3 < words;
}

static void finding(llw_text *out, const llw_style *style, const llw_finding_change *f) {
    llw_text t = {0}, inside = {0};
    bool merged = *f->was && say_changed(&inside, "was", f->was, f->text);
    llw_text_addf(&t, "%s: %s [%s]", llw_level_name(f->level), merged ? llw_text_str(&inside) : f->text,
                  f->code);
    llw_text_fini(&inside);
    row(out, style, llw_change_kind_name(f->kind), llw_text_str(&t));
    llw_text_fini(&t);
    if (*f->reason) {
        llw_text_addf(&t, "because %s", f->reason);
        row(out, style, "", llw_text_str(&t));
        llw_text_fini(&t);
    }
    if (*f->was && !merged) {
        llw_text_addf(&t, "was: %s", f->was);
        row(out, style, "", llw_text_str(&t));
    }
    llw_text_fini(&t);
}

static void findings(llw_text *out, const llw_style *style, const llw_difference *d) {
    for (int kind = LLW_GONE; kind <= LLW_CHANGED; kind++)
        for (size_t i = 0; i < d->n_findings; i++)
            if ((int)d->findings[i].kind == kind) finding(out, style, &d->findings[i]);
    for (size_t i = 0; i < d->n_lessons; i++) {
        const llw_lesson_change *l = &d->lessons[i];
        llw_text t = {0};
        if (l->after == LLW_UNDECIDED)
            llw_text_addf(&t, "%s can no longer be judged: %s", l->lesson->code, l->text);
        else
            llw_text_addf(&t, "%s was undecided and can be judged: it %s", l->lesson->code,
                          l->after == LLW_FIRED ? "has something to say" : "has nothing to say");
        row(out, style, "lesson", llw_text_str(&t));
        llw_text_fini(&t);
    }
}

static bool nothing_differs(const llw_difference *d) {
    return !d->n_devices && !d->n_figures && !d->n_findings && !d->n_lessons &&
           !strcmp(d->before.verdict_text, d->after.verdict_text);
}

void llw_render_what_if_text(llw_text *out, const llw_style *style, const llw_difference *d,
                             const char *said) {
    llw_text t = {0};
    llw_text_addf(&t, "What if: %s", said);
    head(out, style, llw_text_str(&t));
    llw_text_fini(&t);
    for (size_t i = 0; i < d->n_inputs; i++)
        llw_text_addf(&t, "%s%s %s → %s", i ? " · " : "", d->inputs[i].name, d->inputs[i].before,
                      d->inputs[i].after);
    bool same = !strcmp(d->before.verdict_text, d->after.verdict_text);
    row(out, style, "changes",
        d->n_inputs ? llw_text_str(&t)
        : same      ? "nothing: that is how it is"
                    : "no value that could be read");
    llw_text_fini(&t);
    if (same) {
        row(out, style, "verdict", nothing_differs(d) ? "the same in everything" : "the same");
        row(out, style, "", d->after.verdict_text);
    } else {
        row(out, style, "now", d->before.verdict_text);
        row(out, style, "then", d->after.verdict_text);
    }
    if (d->after.verdict == LLW_VERDICT_REFUSED) { /* figures of what does not start say nothing */
        llw_flatten(out, style);
        return;
    }
    if (*d->after.uncertainty) row(out, style, "", d->after.uncertainty);
    if (*d->after.survival && strcmp(d->after.survival, d->before.survival))
        row(out, style, "", d->after.survival);
    devices(out, style, d);
    figures(out, style, d);
    findings(out, style, d);
    llw_flatten(out, style);
}

static void contrasted_finding(llw_text *out, const llw_style *style, const llw_difference *d,
                               const llw_finding_change *f) {
    const char *only = f->kind == LLW_GONE ? d->a.name : d->b.name;
    llw_text t = {0}, both = {0};
    bool merged = *f->was && say_changed(&both, d->a.name, f->was, f->text);
    llw_text_addf(&t, "%s%s, %s: %s [%s]", f->kind == LLW_CHANGED ? "both" : "only ",
                  f->kind == LLW_CHANGED ? "" : only, llw_level_name(f->level),
                  merged ? llw_text_str(&both) : f->text, f->code);
    llw_text_fini(&both);
    row(out, style, "finding", llw_text_str(&t));
    llw_text_fini(&t);
    if (*f->was && !merged)
        llw_text_addf(&t, "%s: %s", d->a.name, f->was);
    else if (*f->reason)
        llw_text_addf(&t, "because %s", f->reason);
    if (t.len) row(out, style, "", llw_text_str(&t));
    llw_text_fini(&t);
}

void llw_render_contrast_text(llw_text *out, const llw_style *style, const llw_difference *d) {
    llw_text t = {0};
    llw_text_addf(&t, "%s against %s", d->a.name, d->b.name);
    head(out, style, llw_text_str(&t));
    llw_text_fini(&t);
    if (!d->n_inputs) row(out, style, "given", "nothing that is given differs");
    for (size_t i = 0; i < d->n_inputs; i++) {
        llw_text_addf(&t, "%s: %s · %s", d->inputs[i].name, d->inputs[i].before, d->inputs[i].after);
        row(out, style, i ? "" : "given", llw_text_str(&t));
        llw_text_fini(&t);
    }
    if (nothing_differs(d)) {
        row(out, style, "so", "nothing differs in what comes of it");
        row(out, style, "", d->after.verdict_text);
    } else if (!strcmp(d->before.verdict_text, d->after.verdict_text)) {
        row(out, style, "both", d->after.verdict_text);
    } else {
        llw_text_addf(&t, "%s: %s", d->a.name, d->before.verdict_text);
        row(out, style, "so", llw_text_str(&t));
        llw_text_fini(&t);
        llw_text_addf(&t, "%s: %s", d->b.name, d->after.verdict_text);
        row(out, style, "", llw_text_str(&t));
        llw_text_fini(&t);
    }
    devices(out, style, d);
    figures(out, style, d);
    for (size_t i = 0; i < d->n_findings; i++) contrasted_finding(out, style, d, &d->findings[i]);
    llw_flatten(out, style);
}
