/* LocalAI's model YAML: what its llama.cpp backend makes of it.
 *
 * By core/config/model_config.go, core/backend/options.go and backend/cpp/llama-cpp/grpc-server.cpp
 * params_parse (2026): batch is -b and -ub both; of options, each NAME:VALUE is cut at the second colon too,
 * and a NAME without a value is true; what is no number leaves the default. Where the file gives no
 * context_size, batch or gpu_layers, LocalAI chooses by its version and the hardware: they are unknown. */
#include "source/config/front.h"
#include "source/launch/argv_reader.h"
#include "source/config/yaml_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef struct localai {
    llw_config_reader *r;
    const llw_config_file *file;
    llw_yaml_text text;
    const llw_link *link;
    llw_words *words;
} localai;

typedef enum kind { VALUE, NUMBER, SWITCH, ON_OFF } kind;

typedef struct key {
    const char *name, *flag, *off; /* off: the flag for false; NULL when there is none */
    kind kind;
} key;

/* Of the file itself. */
static const key keys[] = {{"context_size", "-c", NULL, VALUE},
                           {"gpu_layers", "-ngl", NULL, VALUE},
                           {"batch", "-b", NULL, VALUE},
                           {"batch", "-ub", NULL, VALUE},
                           {"threads", "-t", NULL, VALUE},
                           {"tensor_split", "-ts", NULL, VALUE},
                           {"main_gpu", "-mg", NULL, VALUE},
                           {"flash_attention", "-fa", NULL, VALUE},
                           {"cache_type_k", "-ctk", NULL, VALUE},
                           {"cache_type_v", "-ctv", NULL, VALUE},
                           {"mmproj", "--mmproj", NULL, VALUE},
                           {"draft_model", "-md", NULL, VALUE},
                           {"no_kv_offloading", "-nkvo", NULL, SWITCH},
                           {"embeddings", "--embedding", NULL, SWITCH},
                           {"reranking", "--reranking", NULL, SWITCH}};

/* Of options. */
static const key options[] = {{"parallel", "-np", NULL, NUMBER},
                              {"n_parallel", "-np", NULL, NUMBER},
                              {"n_ubatch", "-ub", NULL, NUMBER},
                              {"ubatch", "-ub", NULL, NUMBER},
                              {"fit", "--fit", NULL, ON_OFF},
                              {"fit_params", "--fit", NULL, ON_OFF},
                              {"fit_target", "--fit-target", NULL, VALUE},
                              {"fit_params_target", "--fit-target", NULL, VALUE},
                              {"fit_ctx", "--fit-ctx", NULL, NUMBER},
                              {"fit_params_min_ctx", "--fit-ctx", NULL, NUMBER},
                              {"split_mode", "-sm", NULL, VALUE},
                              {"sm", "-sm", NULL, VALUE},
                              {"device", "--device", NULL, VALUE},
                              {"devices", "--device", NULL, VALUE},
                              {"override_tensor", "-ot", NULL, VALUE},
                              {"tensor_buft_overrides", "-ot", NULL, VALUE},
                              {"swa_full", "--swa-full", NULL, SWITCH},
                              {"no_op_offload", "--no-op-offload", "--op-offload", SWITCH},
                              {"kv_unified", "--kv-unified", "--no-kv-unified", SWITCH},
                              {"unified_kv", "--kv-unified", "--no-kv-unified", SWITCH}};

static void add(localai *l, const char *text, int line, int column) {
    llw_rich one = {0};
    llw_rich_read(l->r->arena, &one, text, strlen(text), line, column, l->link);
    for (size_t i = 0; i < one.n; i++) one.chars[i].column = column;
    llw_words_push(l->r->arena, l->words, one);
}

static void add_unknown(localai *l, const char *flag, int line, int column) {
    llw_rich unknown = {0};
    llw_char at = {.line = line, .column = column, .link = l->link};
    llw_rich_unknown(l->r->arena, &unknown, &at, l->link);
    if (flag) add(l, flag, line, column);
    llw_words_push(l->r->arena, l->words, unknown);
}

static void apply(localai *l, const key *k, const llw_rich *value, int line, int column) {
    const char *text = llw_rich_show(l->r->arena, value);
    bool on = llw_is_truthy(text) || !strcasecmp(text, "yes"),
         off = llw_is_falsey(text) || !strcasecmp(text, "no");
    switch (k->kind) {
    case NUMBER: /* what is none leaves the default */
        if (!strspn(text + (*text == '-'), "0123456789")) return;
        /* fall through */
    case VALUE:
        if (!value->n) return;
        add(l, k->flag, line, column);
        llw_words_push(l->r->arena, l->words, *value);
        break;
    case ON_OFF:
        if (!on && !off) return; /* the default stays */
        add(l, k->flag, line, column);
        add(l, on ? "on" : "off", line, column);
        break;
    case SWITCH:
        if (on) add(l, k->flag, line, column);
        if (off && k->off) add(l, k->off, line, column);
        break;
    }
}

/* NAME:VALUE, cut at the next colon as strtok does. */
static void option(localai *l, const llw_yaml *node) {
    llw_rich text = llw_yaml_rich(&l->text, node, l->link);
    size_t name = 0, end;
    while (name < text.n && text.chars[name].byte != ':') name++;
    for (end = name + 1; end < text.n && text.chars[end].byte != ':'; end++) {
    }
    llw_rich key_text = llw_rich_slice(&text, 0, name), value = llw_rich_slice(&text, name + 1, end);
    const char *key_name = llw_rich_show(l->r->arena, &key_text);
    if (*key_name == '-') {
        add_unknown(l, NULL, node->line, node->column); /* a flag of llama-server as it is */
        return;
    }
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        if (strcmp(options[i].name, key_name)) continue;
        if (!value.n && options[i].kind >= SWITCH) {
            const char *yes = "true";
            llw_rich_read(l->r->arena, &value, yes, strlen(yes), node->line, node->column, l->link);
        }
        if (end < text.n)
            llw_config_problem(
                l->r, LLW_F_OTHERWISE, LLW_PROBLEM_RISK,
                llw_place(l->r->arena, l->file->path, text.chars[end].line, text.chars[end].column), key_name,
                "write the value without a colon",
                "LocalAI ends the value of %.40s at this colon: %.60s is all it gets", key_name,
                llw_rich_show(l->r->arena, &value));
        apply(l, &options[i], &value, node->line, node->column);
        return;
    }
}

/* llama.cpp is the backend: named, or LocalAI's guess for a GGUF file. */
static bool is_ours(const llw_yaml *root, const char *model) {
    const char *backend = llw_yaml_string(llw_yaml_get(root, "backend"), "");
    size_t len = strlen(model);
    if (!*backend) return len > 5 && !strcasecmp(model + len - 5, ".gguf");
    return !strcmp(backend, "llama") || !strcmp(backend, "llama-stable") ||
           strcasestr(backend, "llama-cpp") || strcasestr(backend, "llama.cpp") ||
           !strcmp(backend, "llama-grammar");
}

/* Whole numbers of the Go structs: yaml.v3 keeps the whole part of a fraction (decode.go) and says nothing.
 */
static void tell_fractions(localai *l, const llw_yaml *map, const char *const *names, size_t n) {
    for (size_t i = 0; i < n; i++) {
        const llw_yaml *node = llw_yaml_get(map, names[i]);
        if (!node || node->kind != LLW_YAML_SCALAR || !node->plain) continue;
        char *end = NULL;
        double value = strtod(node->text, &end);
        if (end == node->text || *end || !(fabs(value) < 1e15) || value == trunc(value)) continue;
        llw_config_problem(l->r, LLW_F_OTHERWISE, LLW_PROBLEM_RISK,
                           llw_place(l->r->arena, l->file->path, node->line, node->column), names[i],
                           llw_arena_printf(l->r->arena, "write a whole number, or leave %s out", names[i]),
                           "LocalAI keeps the whole part of a fraction here: %s is %.0f, not %.40s", names[i],
                           trunc(value), node->text);
    }
}

/* A number of the file as LocalAI hands it on: the whole part of a fraction. */
static llw_rich number_of(localai *l, const llw_yaml *node) {
    llw_rich value = llw_yaml_rich(&l->text, node, l->link);
    if (!node->plain || !*node->text || strspn(node->text, "0123456789.-") != node->len) return value;
    const char *point = strchr(node->text, '.');
    return point && point > node->text ? llw_rich_slice(&value, 0, (size_t)(point - node->text)) : value;
}

/* What LocalAI decides by itself. */
static void add_open(localai *l, const llw_yaml *root) {
    static const struct {
        const char *key, *flag;
    } open[] = {
        {"context_size", "-c"}, {"gpu_layers", "-ngl"}, {"batch", "-b"}, {"batch", "-ub"}, {NULL, "-np"}};
    for (size_t i = 0; i < sizeof open / sizeof *open; i++)
        if (!open[i].key || !llw_yaml_get(root, open[i].key)) add_unknown(l, open[i].flag, root->line, 1);
}

/* One that is said stands for the one that was not known. */
static void drop_unknown(localai *l) {
    llw_words kept = {0};
    for (size_t i = 0; i < l->words->n; i++) {
        const llw_rich *flag = &l->words->items[i];
        bool unknown = i + 1 < l->words->n && l->words->items[i + 1].n == 1 &&
                       l->words->items[i + 1].chars[0].unknown,
             again = false;
        for (size_t k = i + 2; unknown && k < l->words->n; k++)
            again |= llw_rich_is(&l->words->items[k], llw_rich_show(l->r->arena, flag));
        if (again)
            i++;
        else
            llw_words_push(l->r->arena, &kept, *flag);
    }
    *l->words = kept;
}

void llw_front_localai(llw_config_reader *r, const llw_config_file *file) {
    llw_yaml *root = NULL;
    const llw_yaml *twice = NULL;
    llw_err err = {0};
    if (llw_yaml_parse(r->arena, file->path, file->bytes, file->len, &root, &twice, &err) != LLW_OK) {
        llw_config_unread(r, file->path, err.line, "%s", err.text);
        return;
    }
    const llw_yaml *model = llw_yaml_get(llw_yaml_get(root, "parameters"), "model");
    if (!model || model->kind != LLW_YAML_SCALAR || !is_ours(root, model->text)) return;
    llw_start *start = llw_arena_alloc(r->arena, sizeof *start);
    *start = (llw_start){.file = file->path, .line = root->line, .column = 1};
    start->low = (llw_lowered){.runs = true, .program = LLW_PROGRAM_SERVER, .env = {.arena = r->arena}};
    localai l = {.r = r,
                 .file = file,
                 .link = llw_link_new(r->arena, file->path, "LocalAI", false),
                 .words = &start->low.words};
    llw_yaml_text_init(&l.text, r->arena, file->path, file->bytes, file->len);
    add_open(&l, root);
    llw_rich path = llw_yaml_rich(&l.text, model, l.link);
    bool remote = strstr(model->text, "://") != NULL;
    apply(&l, &(key){"model", remote ? "--model-url" : "-m", NULL, VALUE}, &path, model->line, model->column);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const llw_yaml *node = llw_yaml_get(root, keys[i].name);
        if (!node || node->kind != LLW_YAML_SCALAR || llw_yaml_is_null(node)) continue;
        llw_rich value = number_of(&l, node);
        apply(&l, &keys[i], &value, node->line, node->column);
    }
    const llw_yaml *list = llw_yaml_get(root, "options");
    for (const llw_yaml *item = list && list->kind == LLW_YAML_LIST ? list->first : NULL; item;
         item = item->next) {
        const llw_yaml *node = llw_yaml_follow(item);
        if (node && node->kind == LLW_YAML_SCALAR) option(&l, node);
    }
    drop_unknown(&l);
    static const char *const sampling[] = {"top_k", "seed", "max_tokens", "n_keep", "repeat_last_n"},
                             *const sizes[] = {"context_size", "gpu_layers", "threads", "batch", "n_draft"};
    tell_fractions(&l, llw_yaml_get(root, "parameters"), sampling, sizeof sampling / sizeof *sampling);
    tell_fractions(&l, root, sizes, sizeof sizes / sizeof *sizes);
    llw_front_launch item = {.start = start,
                             .name = llw_yaml_string(llw_yaml_get(root, "name"), ""),
                             .line = root->line,
                             .column = 1,
                             .from = 1,
                             .to = llw_yaml_last_line(root)};
    llw_front_emit(r, file, &item, 1);
}
