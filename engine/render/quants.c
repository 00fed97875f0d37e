/* Quantisations, a line each. */
#include "render/quants.h"
#include "render/jsontext.h"

#include <jansson.h>
#include <string.h>

static const char *where(const llw_quant *q, char buf[LLW_NUMBER_MAX + 16]) {
    char number[LLW_NUMBER_MAX];
    switch (q->place) {
    case LLW_QUANT_UNKNOWN: return "not known";
    case LLW_QUANT_NOWHERE: return "does not fit";
    case LLW_QUANT_GPU: return q->certain ? "on the GPUs" : "on the GPUs, just";
    case LLW_QUANT_HOST: return q->certain ? "in RAM" : "in RAM, just";
    case LLW_QUANT_PARTLY: break;
    }
    snprintf(buf, LLW_NUMBER_MAX + 16, "%s in RAM", llw_format_bytes(number, q->on_host));
    return buf;
}

static void line_text(llw_text *out, const llw_style *style, const llw_quant *q, bool chosen) {
    enum { COLUMN = 32 };
    static const llw_ink inks[] = {[LLW_QUANT_UNKNOWN] = LLW_DIM,
                                   [LLW_QUANT_NOWHERE] = LLW_RED,
                                   [LLW_QUANT_PARTLY] = LLW_YELLOW,
                                   [LLW_QUANT_GPU] = LLW_GREEN,
                                   [LLW_QUANT_HOST] = LLW_GREEN};
    char size[LLW_NUMBER_MAX] = "?", context[LLW_NUMBER_MAX] = "", held[LLW_NUMBER_MAX + 16], speed[40] = "";
    llw_text place = {0};
    if (q->bytes >= 0) llw_format_bytes(size, q->bytes);
    if (q->context >= 0) llw_format_count(context, q->context);
    if (q->speed_low >= 0) snprintf(speed, sizeof speed, "%.0f to %.0f t/s", q->speed_low, q->speed_high);
    llw_text_addf(out, "%s %-16s %10s  ", chosen ? ">" : " ", *q->tag ? q->tag : "(no tag)", size);
    if (q->place == LLW_QUANT_UNKNOWN) {
        llw_text_add(&place, "not known: ");
        llw_text_add_safe(&place, q->problem, strlen(q->problem), false);
        llw_wrap(out, style, llw_text_str(&place), COLUMN, COLUMN);
        llw_text_add(out, "\n");
    } else {
        llw_text_addf(&place, "%-18s", where(q, held));
        llw_paint(out, style, inks[q->place], llw_text_str(&place));
        llw_text line = {0};
        llw_text_addf(&line, " %9s  %-15s%s", context, speed, q->cached ? " here already" : "");
        while (line.len && line.bytes[line.len - 1] == ' ') line.bytes[--line.len] = 0;
        llw_text_addf(out, "%s\n", llw_text_str(&line));
        llw_text_fini(&line);
    }
    llw_text_fini(&place);
}

static void choice_text(llw_text *out, const llw_style *style, const llw_quants_report *r) {
    llw_text t = {0};
    char buf[LLW_NUMBER_MAX];
    const llw_quant *c = r->choice;
    const char *name = c ? *c->tag ? c->tag : c->path : "";
    if (!c)
        llw_text_add(&t, "None of them can be placed on this machine.");
    else if (c->place == LLW_QUANT_PARTLY)
        llw_text_addf(&t, "None has every layer on the GPUs; the largest that loads is %s. ", name);
    else
        llw_text_addf(&t, "The largest that is wholly %s is %s, with a context of %s. ",
                      c->place == LLW_QUANT_HOST ? "in RAM" : "on the GPUs", name,
                      llw_format_count(buf, c->context));
    if (c) llw_text_addf(&t, "The reasons and flags: llwhy %s%s%s", r->repo, *c->tag ? ":" : "/", name);
    llw_wrap(out, style, llw_text_str(&t), 0, 0);
    llw_text_addf(out, "\nRead from headers alone: %s came over the network.\n",
                  llw_format_bytes(buf, r->fetched));
    llw_text_fini(&t);
}

void llw_render_quants_text(llw_text *out, const llw_style *style, const llw_quants_report *r) {
    llw_text title = {0};
    llw_text_addf(&title, "%s: %zu model%s, placed on %s", r->repo, r->n, r->n == 1 ? "" : "s", r->machine);
    llw_wrap(out, style, llw_text_str(&title), 0, 2);
    llw_text_fini(&title);
    llw_text_addf(out, "\n  %-16s %10s  %-18s %9s  %s\n", "", "size", "layers", "context", "speed");
    for (size_t i = 0; i < r->n; i++) line_text(out, style, &r->quants[i], &r->quants[i] == r->choice);
    choice_text(out, style, r);
}

static json_t *count(int64_t n) {
    return n < 0 ? json_null() : json_integer(n);
}

static json_t *real(double x) {
    return x < 0 ? json_null() : json_real(x);
}

static json_t *quant_json(const llw_quant *q) {
    json_t *o = json_object();
    json_object_set_new(o, "tag", llw_json_string(q->tag));
    json_object_set_new(o, "path", llw_json_string(q->path));
    json_object_set_new(o, "parts", json_integer(q->parts));
    json_object_set_new(o, "bytes", count(q->bytes));
    json_object_set_new(o, "cached", q->cached ? llw_json_string(q->cached) : json_null());
    json_object_set_new(o, "place", json_string(llw_quant_place_name(q->place)));
    json_object_set_new(o, "problem", llw_json_string(q->problem));
    json_object_set_new(o, "certain", json_boolean(q->certain));
    json_object_set_new(o, "context", count(q->context));
    json_object_set_new(o, "context_trained", count(q->trained));
    json_object_set_new(o, "weights_on_host", count(q->on_host));
    json_object_set_new(o, "flags", llw_json_string(q->flags));
    json_object_set_new(o, "speed_low", real(q->speed_low));
    json_object_set_new(o, "speed_high", real(q->speed_high));
    return o;
}

void llw_render_quants_json(llw_text *out, const llw_quants_report *r) {
    json_t *root = json_object(), *list = json_array();
    json_object_set_new(root, "schema", json_string("llwhy.quants/1"));
    json_object_set_new(root, "repository", llw_json_string(r->repo));
    json_object_set_new(root, "machine", llw_json_string(r->machine));
    for (size_t i = 0; i < r->n; i++) json_array_append_new(list, quant_json(&r->quants[i]));
    json_object_set_new(root, "quants", list);
    json_object_set_new(root, "choice", r->choice ? llw_json_string(r->choice->tag) : json_null());
    json_object_set_new(root, "fetched_bytes", json_integer(r->fetched));
    llw_json_dump(out, root);
}
