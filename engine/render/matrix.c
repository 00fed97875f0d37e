/* Renders pairs of models and machines. */
#include "render/matrix.h"
#include "render/jsontext.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- a line --- */

static void put_flag(json_t *o, const char *key, const llw_facts *facts, llw_entity e, llw_attr attr) {
    bool flag = false;
    json_object_set_new(o, key, llw_facts_flag(facts, e, attr, &flag) ? json_boolean(flag) : json_null());
}

static void put_count(json_t *o, const char *key, const llw_facts *facts, llw_entity e, llw_attr attr) {
    int64_t n = 0;
    json_object_set_new(o, key, llw_facts_count(facts, e, attr, &n) ? json_integer(n) : json_null());
}

static void put_real(json_t *o, const char *key, const llw_facts *facts, llw_entity e, llw_attr attr) {
    double x = 0;
    json_object_set_new(o, key,
                        llw_facts_real(facts, e, attr, &x) ? json_real(round(x * 10) / 10) : json_null());
}

static const char *verdict(const llw_facts *facts, llw_entity launch) {
    const char *refused = "";
    bool loads = false;
    if (llw_facts_text(facts, launch, LLW_launch_refused, &refused) && *refused) return "refused";
    llw_entity model = llw_facts_ref(facts, launch, LLW_launch_model);
    if (model && llw_facts_text(facts, model, LLW_model_refusal, &refused)) return "refused";
    if (!llw_facts_flag(facts, launch, LLW_launch_loads, &loads)) return "unknown";
    return loads ? "loads" : "does not load";
}

static json_t *left_json(const llw_facts *facts, llw_entity launch) {
    json_t *left = json_object();
    for (llw_entity p = 0; (p = llw_facts_next(facts, LLW_KIND_placement, p));) {
        const char *device = "";
        if (llw_facts_ref(facts, p, LLW_placement_launch) == launch &&
            llw_facts_text(facts, p, LLW_placement_device, &device))
            put_count(left, device, facts, p, LLW_placement_left);
    }
    return left;
}

static json_t *findings_json(const llw_run *run) {
    json_t *list = json_array();
    for (size_t i = 0; i < run->n_nodes; i++) {
        const llw_node *node = &run->nodes[i];
        if (node->state != LLW_FIRED || !node->rule->find.n_pieces || node->rule->level <= LLW_LEVEL_NOTE)
            continue;
        json_t *o = json_object();
        json_object_set_new(o, "code", llw_json_string(node->rule->lesson->code));
        json_object_set_new(o, "rule", llw_json_string(node->rule->id));
        json_object_set_new(o, "level", json_string(llw_level_name(node->rule->level)));
        json_array_append_new(list, o);
    }
    return list;
}

void llw_render_matrix_line(llw_text *out, const llw_run *run, llw_entity launch, const char *model,
                            const char *machine, const char *error) {
    json_t *o = json_object();
    json_object_set_new(o, "schema", json_string(LLW_MATRIX_SCHEMA));
    json_object_set_new(o, "model", llw_json_string(model));
    json_object_set_new(o, "machine", llw_json_string(machine));
    if (error)
        json_object_set_new(o, "error", llw_json_string(error));
    else {
        const llw_facts *f = run->facts;
        json_object_set_new(o, "build",
                            llw_json_string(llw_facts_id(f, llw_facts_ref(f, launch, LLW_launch_build))));
        json_object_set_new(o, "verdict", json_string(verdict(f, launch)));
        put_flag(o, "meets_target", f, launch, LLW_launch_meets_target);
        put_flag(o, "survives", f, launch, LLW_launch_survives);
        put_count(o, "context", f, launch, LLW_launch_n_ctx);
        put_count(o, "weights_in_ram", f, launch, LLW_launch_weights_on_host);
        put_real(o, "speed_low", f, launch, LLW_launch_speed_low);
        put_real(o, "speed_high", f, launch, LLW_launch_speed_high);
        json_object_set_new(o, "left", left_json(f, launch));
        json_object_set_new(o, "findings", findings_json(run));
    }
    char *text = json_dumps(o, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(6));
    if (text) llw_text_addf(out, "%s\n", text);
    free(text);
    json_decref(o);
}

/* --- the table --- */

typedef struct row {
    const char *model, *machine, *verdict, *context, *left, *speed, *findings;
} row;

typedef struct table {
    llw_arena *arena;
    row *rows;
    size_t n, capacity;
    size_t loads, fails, unknown, errors;
} table;

static const char *text_of(const table *t, const json_t *o, const char *key) {
    const char *text = json_string_value(json_object_get(o, key));
    llw_text safe = {0};
    llw_text_add_safe(&safe, text ? text : "", text ? strlen(text) : 0, false);
    const char *copy = llw_arena_strdup(t->arena, llw_text_str(&safe));
    llw_text_fini(&safe);
    return copy;
}

/* The tightest GPU; RAM where there is none. */
static const char *left_text(const table *t, const json_t *left) {
    const char *device;
    json_t *value;
    int64_t least = INT64_MAX;
    char n[LLW_NUMBER_MAX];
    size_t gpus = json_object_size(left) - (json_object_get(left, "Host") != NULL);
    json_object_foreach((json_t *)left, device, value) {
        if (gpus && !strcmp(device, "Host")) continue;
        if (!json_is_integer(value)) return "?";
        if (json_integer_value(value) < least) least = json_integer_value(value);
    }
    return least == INT64_MAX ? "?" : llw_arena_strdup(t->arena, llw_format_bytes(n, least));
}

static const char *findings_text(const table *t, const json_t *findings) {
    llw_text out = {0};
    size_t i;
    json_t *finding;
    json_array_foreach(findings, i, finding) {
        const char *code = text_of(t, finding, "code");
        if (!strstr(llw_text_str(&out), code)) llw_text_addf(&out, "%s%s", out.len ? " " : "", code);
    }
    const char *copy = llw_arena_strdup(t->arena, llw_text_str(&out));
    llw_text_fini(&out);
    return copy;
}

static bool add_row(table *t, const json_t *o) {
    const char *schema = json_string_value(json_object_get(o, "schema"));
    if (!schema || strcmp(schema, LLW_MATRIX_SCHEMA)) return false;
    void *items = t->rows;
    row *r = llw_arena_push(t->arena, &items, &t->n, &t->capacity, sizeof *r);
    char n[LLW_NUMBER_MAX];
    t->rows = items;
    *r = (row){text_of(t, o, "model"), text_of(t, o, "machine"), text_of(t, o, "verdict"), "", "", "", ""};
    if (json_object_get(o, "error")) {
        r->verdict = "error";
        r->findings = text_of(t, o, "error");
        t->errors++;
        return true;
    }
    const json_t *low = json_object_get(o, "speed_low"), *high = json_object_get(o, "speed_high"),
                 *context = json_object_get(o, "context");
    if (json_is_integer(context))
        r->context = llw_arena_strdup(t->arena, llw_format_count(n, json_integer_value(context)));
    r->left = left_text(t, json_object_get(o, "left"));
    bool loads = !strcmp(r->verdict, "loads");
    if (loads && json_is_number(low) && json_is_number(high))
        r->speed = llw_arena_printf(t->arena, "%.0f-%.0f", json_number_value(low), json_number_value(high));
    r->findings = findings_text(t, json_object_get(o, "findings"));
    t->loads += loads;
    t->fails += !strcmp(r->verdict, "does not load") || !strcmp(r->verdict, "refused");
    t->unknown += !strcmp(r->verdict, "unknown");
    return true;
}

static void print_rows(llw_text *out, const table *t) {
    static const row heads = {"model", "machine", "verdict", "context", "left", "t/s", "findings"};
    enum { COLUMNS = sizeof(row) / sizeof(char *) };
    int width[COLUMNS] = {0};
    for (size_t i = 0; i <= t->n; i++) {
        const char *const *cells = (const char *const *)(i ? &t->rows[i - 1] : &heads);
        for (int c = 0; c < COLUMNS; c++)
            if ((int)llw_text_width(cells[c]) > width[c]) width[c] = (int)llw_text_width(cells[c]);
    }
    for (size_t i = 0; i <= t->n; i++) {
        const char *const *cells = (const char *const *)(i ? &t->rows[i - 1] : &heads);
        size_t start = out->len;
        for (int c = 0; c < COLUMNS; c++)
            llw_text_addf(out, "%s%s%*s", c ? "  " : "", cells[c], width[c] - (int)llw_text_width(cells[c]),
                          "");
        while (out->len > start && out->bytes[out->len - 1] == ' ') out->bytes[--out->len] = 0;
        llw_text_add(out, "\n");
    }
}

size_t llw_render_matrix_table(llw_text *out, const llw_style *style, const char *lines, size_t len) {
    table t = {.arena = llw_arena_new()};
    size_t strange = 0;
    for (size_t at = 0; at < len;) {
        size_t end = at;
        while (end < len && lines[end] != '\n') end++;
        if (end > at) {
            json_t *o = json_loadb(lines + at, end - at, 0, NULL);
            if (!o || !add_row(&t, o)) strange++;
            json_decref(o);
        }
        at = end + 1;
    }
    print_rows(out, &t);
    llw_text_addf(out, "%zu pair%s: %zu load, %zu do not, %zu unknown", t.n, t.n == 1 ? "" : "s", t.loads,
                  t.fails, t.unknown);
    llw_text_addf(out, t.errors ? ", %zu could not be read\n" : "\n", t.errors);
    (void)style;
    llw_arena_free(t.arena);
    return strange;
}
