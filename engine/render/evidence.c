/* Renders the ledger. */
#include "render/evidence.h"
#include "render/jsontext.h"

#include <math.h>
#include <string.h>

/* --- in words --- */

static void add_sep(llw_text *out, size_t start) {
    if (out->len > start) llw_text_add(out, "; ");
}

static void test_words(llw_text *out, const llw_record_test *t) {
    char n[LLW_NUMBER_MAX];
    if (t->slots > 1) llw_text_addf(out, "%d at once: ", (int)t->slots);
    if (t->prompt_tokens > 0)
        llw_text_addf(out, "a prompt of %s tokens ", llw_format_count(n, t->prompt_tokens));
    else
        llw_text_add(out, t->prompt_tokens == 0 ? "no prompt " : "a prompt of unknown length ");
    if (t->passed == 0)
        llw_text_add(out, "failed");
    else
        llw_text_add(out, t->answer_tokens == 0 ? "read, no token asked for" : "answered");
    if (t->speed >= 0) llw_text_addf(out, " at %.1f tokens a second", t->speed);
    if (t->prompt_speed >= 0) llw_text_addf(out, ", read at %.1f", t->prompt_speed);
    if (t->note && *t->note) {
        llw_text_add(out, " (");
        llw_text_add_safe(out, t->note, strlen(t->note), false);
        llw_text_add(out, ")");
    }
}

static void buffer_words(llw_text *out, const llw_record_buffer *b) {
    char n[LLW_NUMBER_MAX];
    const struct {
        const char *name;
        int64_t bytes;
    } parts[] = {{"weights", b->weights}, {"KV", b->kv}, {"compute", b->compute}};
    llw_text_add_safe(out, b->device ? b->device : "?", strlen(b->device ? b->device : "?"), false);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (parts[i].bytes >= 0)
            llw_text_addf(out, " %s %s", parts[i].name, llw_format_mib(n, parts[i].bytes));
    if (b->grew >= 0) llw_text_addf(out, " and %s more at the end", llw_format_mib(n, b->grew));
}

void llw_record_words(llw_text *out, const llw_record *r) {
    size_t start = out->len;
    if (r->outcome) llw_text_add_safe(out, r->outcome, strlen(r->outcome), false);
    for (size_t i = 0; i < r->n_buffers; i++) {
        add_sep(out, start);
        buffer_words(out, &r->buffers[i]);
    }
    for (size_t i = 0; i < r->n_tests; i++) {
        add_sep(out, start);
        test_words(out, &r->tests[i]);
    }
    if (r->solved >= 0)
        llw_text_addf(out, "%s%d of %d solved", out->len > start ? "; " : "", (int)r->solved,
                      (int)r->problems);
}

void llw_record_flags(llw_text *out, const llw_record *r) {
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./+=,:@%";
    for (size_t i = 0; i < r->n_flags; i++) {
        const char *word = r->flags[i];
        if (i) llw_text_add(out, " ");
        if (*word && strspn(word, safe) == strlen(word)) {
            llw_text_add(out, word);
            continue;
        }
        llw_text_add(out, "'");
        for (const char *c = word; *c; c++) {
            if (*c == '\'')
                llw_text_add(out, "'\\''");
            else
                llw_text_add_safe(out, c, 1, false);
        }
        llw_text_add(out, "'");
    }
}

/* --- text --- */

static void add_paragraph(llw_text *out, const llw_style *style, llw_text *text) {
    if (text->len) {
        llw_text_add(out, "    ");
        llw_wrap(out, style, llw_text_str(text), 4, 4);
        llw_text_add(out, "\n");
    }
    llw_text_fini(text);
}

static void machine_words(llw_text *out, const llw_record *r) {
    if (!r->machine) return;
    llw_text_add(out, " on ");
    llw_text_add_safe(out, r->machine, strlen(r->machine), false);
    for (size_t i = 0; i < r->n_gpus; i++) {
        const char *name = r->gpus[i].name ? r->gpus[i].name : "a GPU";
        llw_text_add(out, i ? " + " : " (");
        llw_text_add_safe(out, name, strlen(name), false);
    }
    if (r->n_gpus && r->driver) llw_text_addf(out, ", driver %s", r->driver);
    if (r->n_gpus) llw_text_add(out, ")");
}

static void record_text(llw_text *out, const llw_style *style, const llw_record *r) {
    llw_text head = {0}, words = {0}, flags = {0}, end = {0};
    const char *model = r->model_file ? r->model_file : r->about;
    llw_text_addf(&head, "%-10.10s  %s  ", r->date ? r->date : "", llw_record_kind_name(r->kind));
    if (r->build) llw_text_addf(&head, "%s  ", r->build);
    llw_text_add_safe(&head, model ? model : "", model ? strlen(model) : 0, false);
    machine_words(&head, r);
    llw_wrap(out, style, llw_text_str(&head), 0, 4);
    llw_text_add(out, "\n");
    llw_text_fini(&head);
    if (r->profile) {
        llw_text_add(&flags, "profile ");
        llw_text_add_safe(&flags, r->profile, strlen(r->profile), false);
        llw_text_add(&flags, "  ");
    }
    llw_record_flags(&flags, r);
    add_paragraph(out, style, &flags);
    llw_record_words(&words, r);
    add_paragraph(out, style, &words);
    llw_text_addf(&end, "%.8s  %s:%d", r->id ? r->id : "no id", r->path ? r->path : "", r->line);
    if (r->label) {
        llw_text_add(&end, "  called ");
        llw_text_add_safe(&end, r->label, strlen(r->label), false);
    }
    if (r->corrected)
        llw_text_addf(&end, "  its flags are corrected by %s:%d", r->corrected->path, r->corrected->line);
    add_paragraph(out, style, &end);
}

void llw_render_evidence_text(llw_text *out, const llw_style *style, const llw_evidence_report *report) {
    if (!report->directory) {
        llw_text_add(
            out, "There is no ledger here yet: llwhy record log FILE makes evidence/ (docs/evidence.md).\n");
        return;
    }
    for (size_t i = 0; i < report->n_records; i++) record_text(out, style, report->records[i]);
    llw_text_addf(out, "%zu of %zu record%s in %s\n", report->n_records, report->n_all,
                  report->n_all == 1 ? "" : "s", report->directory);
}

/* --- JSON --- */

static void add_fields(json_t *to, const void *thing, const llw_field *fields, const char *section) {
    for (const llw_field *f = fields; f->key; f++) {
        const char *at = (const char *)thing + f->offset, *text;
        int64_t n;
        double real;
        int flag;
        if (section && strcmp(section, f->section)) continue;
        switch (f->type) {
        case LLW_FIELD_TEXT:
            memcpy(&text, at, sizeof text);
            if (text) json_object_set_new(to, f->key, llw_json_string(text));
            break;
        case LLW_FIELD_COUNT:
        case LLW_FIELD_BYTES:
            memcpy(&n, at, sizeof n);
            if (n >= 0) json_object_set_new(to, f->key, json_integer(n));
            break;
        case LLW_FIELD_REAL:
            memcpy(&real, at, sizeof real);
            if (real >= 0) json_object_set_new(to, f->key, json_real(round(real * 1e6) / 1e6));
            break;
        case LLW_FIELD_FLAG:
            memcpy(&flag, at, sizeof flag);
            if (flag >= 0) json_object_set_new(to, f->key, json_boolean(flag));
            break;
        }
    }
}

static void add_list(json_t *to, const char *key, const void *items, size_t n, size_t size,
                     const llw_field *fields) {
    if (!n) return;
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) {
        json_t *o = json_object();
        add_fields(o, (const char *)items + i * size, fields, NULL);
        json_array_append_new(list, o);
    }
    json_object_set_new(to, key, list);
}

json_t *llw_record_json(const llw_record *r) {
    static const char *const sections[] = {"model", "machine", "load", "run"};
    json_t *o = json_object();
    json_object_set_new(o, "kind", json_string(llw_record_kind_name(r->kind)));
    if (r->path) {
        json_object_set_new(o, "file", llw_json_string(r->path));
        json_object_set_new(o, "line", json_integer(r->line));
    }
    add_fields(o, r, llw_record_fields, "");
    if (r->flags) {
        json_t *flags = json_array();
        for (size_t i = 0; i < r->n_flags; i++) json_array_append_new(flags, llw_json_string(r->flags[i]));
        json_object_set_new(o, "flags", flags);
    }
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
        json_t *section = json_object();
        add_fields(section, r, llw_record_fields, sections[i]);
        if (!strcmp(sections[i], "machine"))
            add_list(section, "gpus", r->gpus, r->n_gpus, sizeof *r->gpus, llw_card_fields);
        if (json_object_size(section)) json_object_set(o, sections[i], section);
        json_decref(section);
    }
    add_list(o, "buffers", r->buffers, r->n_buffers, sizeof *r->buffers, llw_buffer_fields);
    add_list(o, "tests", r->tests, r->n_tests, sizeof *r->tests, llw_test_fields);
    if (r->corrected && r->corrected->id)
        json_object_set_new(o, "corrected_by", llw_json_string(r->corrected->id));
    return o;
}

void llw_render_evidence_json(llw_text *out, const llw_evidence_report *report) {
    json_t *root = json_object(), *records = json_array(), *problems = json_array();
    json_object_set_new(root, "schema", json_string("llwhy.evidence-list/1"));
    json_object_set_new(root, "directory",
                        report->directory ? llw_json_string(report->directory) : json_null());
    for (size_t i = 0; i < report->n_records; i++)
        json_array_append_new(records, llw_record_json(report->records[i]));
    json_object_set_new(root, "records", records);
    for (size_t i = 0; i < report->n_problems; i++) {
        const llw_err *p = &report->problems[i];
        json_t *o = json_object();
        json_object_set_new(o, "file", llw_json_string(p->file));
        json_object_set_new(o, "line", json_integer(p->line));
        json_object_set_new(o, "text", llw_json_string(p->text));
        json_array_append_new(problems, o);
    }
    json_object_set_new(root, "problems", problems);
    llw_json_dump(out, root);
}
