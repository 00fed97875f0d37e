/* Compares what llwhy says of headers (source/model/header_needs.h) and of tensor tables (predict/needs.h)
 * with whether llama.cpp loads them.
 *
 *   needs_check ORACLE_DIR [--models N] [--seed N] [--made ARCHITECTURE] [--verbose]
 *
 * Models are made up for one architecture after the other with the tensors that llama.cpp asks for, and then
 * damaged in one place: a tensor is left out, has another shape, or is one too many, a number of the
 * header is another, or a key is left out or has another type. Calling wrong what llama.cpp loads is an
 * error, and so is missing more than MOST_MISSED per cent of what it refuses. */
#include "ask.h"
#include "made.h"

#include "predict/needs.h"
#include "predict/predict.h"
#include "predict/tensor_names.h"
#include "source/model/header_needs.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_MISSED = 3 };

typedef enum damage {
    WHOLE,
    LEFT_OUT,
    RESHAPED,
    NONSENSE,
    STRANGER,
    RENUMBERED,
    KEY_LEFT_OUT,
    KEY_RETYPED,
    DAMAGES
} damage;
static const char *const damage_names[DAMAGES] = {"whole",
                                                  "a tensor left out",
                                                  "another shape",
                                                  "a name nobody knows",
                                                  "a tensor of another architecture",
                                                  "another number",
                                                  "a key left out",
                                                  "a key of another type"};

typedef struct tally {
    int asked, refused, found;
} tally;

typedef struct check {
    oracle oracle;
    const char *path;
    bool verbose;
    tally of[DAMAGES];
    int models, unusable, wrong;
} check;

static bool llama_loads(check *c, const llw_model *model, int64_t bytes, llw_arena *arena, const char **why) {
    *why = "";
    if (!oracle_write(c->path, model, bytes)) return false;
    oracle_forget(&c->oracle);
    json_t *answer = oracle_load(&c->oracle, c->path);
    bool loads = answer && !json_object_get(answer, "error");
    const char *said = answer ? json_string_value(json_object_get(answer, "complaints")) : "died";
    const char *error = strstr(said, "error loading model: ");
    *why = llw_arena_strndup(arena, error ? error : said, strcspn(error ? error : said, "\n"));
    json_decref(answer);
    return loads;
}

static llw_tensor *any_tensor(rng *r, const llw_model *model) {
    return &model->tensors[rng_below(r, (int)model->n_tensors)];
}

static void add_tensor(llw_model *model, const char *name, const llw_tensor *like) {
    model->tensors[model->n_tensors] = *like;
    model->tensors[model->n_tensors++].name = name;
}

static bool has_tensor(const llw_model *model, const char *name) {
    return llw_model_tensor(model, name) != NULL;
}

/* Counts that decide shapes or which tensors there are. */
static bool renumber(rng *r, llw_model *model, llw_arena *arena, const char **what) {
    static const char *const keys[] = {
        "embedding_length", "feed_forward_length",        "attention.head_count", "attention.head_count_kv",
        "expert_count",     "expert_feed_forward_length", "attention.key_length", "attention.value_length",
        "ssm.state_size",   "leading_dense_block_count",  "rope.dimension_count"};
    const char *key = rng_pick(r, keys, (int)(sizeof keys / sizeof *keys));
    const llw_meta *meta = llw_model_hparam(model, key);
    if (!meta || meta->type != LLW_GGUF_U32) return false;
    llw_meta *copy = llw_arena_alloc(arena, model->n_meta * sizeof *copy);
    memcpy(copy, model->meta, model->n_meta * sizeof *copy);
    copy[meta - model->meta].integer = rng_below(r, 3) ? meta->integer * 2 : 0;
    model->meta = copy;
    *what = key;
    return true;
}

/* One of the architecture's keys, or of the tokenizer's that are single values. */
static bool damage_key(rng *r, llw_model *model, bool retype, llw_arena *arena, const char **what) {
    int i = rng_below(r, (int)model->n_meta);
    llw_meta *meta = llw_arena_alloc(arena, model->n_meta * sizeof *meta);
    memcpy(meta, model->meta, model->n_meta * sizeof *meta);
    model->meta = meta;
    *what = meta[i].key;
    if (!strcmp(*what, "general.architecture") || !strncmp(*what, "split.", 6) ||
        meta[i].type == LLW_GGUF_ARRAY)
        return false;
    if (retype && meta[i].type == LLW_GGUF_I64) return false;
    if (retype)
        meta[i] = (llw_meta){.key = *what, .type = LLW_GGUF_I64, .integer = 1};
    else
        meta[i] = meta[--model->n_meta];
    return true;
}

/* A damaged copy; false where the damage does not suit. */
static bool damaged(rng *r, damage d, llw_arena *arena, const llw_model *whole, llw_model *out,
                    const char **what) {
    *out = *whole;
    out->tensors = llw_arena_alloc(arena, (whole->n_tensors + 1) * sizeof *out->tensors);
    memcpy(out->tensors, whole->tensors, whole->n_tensors * sizeof *out->tensors);
    llw_tensor *t = any_tensor(r, out);
    *what = t->name;
    switch (d) {
    case LEFT_OUT: *t = out->tensors[--out->n_tensors]; return out->n_tensors > 0;
    case RESHAPED: t->dims[t->n_dims - 1] *= 2; return true;
    case NONSENSE:
        *what = llw_arena_printf(arena, "blk.%d.nonsense.weight", rng_below(r, 4));
        add_tensor(out, *what, t);
        return true;
    case STRANGER: {
        llw_weight_id id = (llw_weight_id)(1 + rng_below(r, LLW_WEIGHT_IDS - 1));
        const llw_tensor_info *info = llw_tensor_info_get(id);
        if (info->scope != LLW_SCOPE_BLOCK && info->scope != LLW_SCOPE_GLOBAL) return false;
        *what = info->scope == LLW_SCOPE_BLOCK
                    ? llw_arena_printf(arena, "blk.%d.%s.weight", rng_below(r, 4), info->name)
                    : llw_arena_printf(arena, "%s.weight", info->name);
        if (has_tensor(whole, *what)) return false;
        add_tensor(out, *what, t);
        return true;
    }
    case RENUMBERED: return renumber(r, out, arena, what);
    case KEY_LEFT_OUT:
    case KEY_RETYPED: return damage_key(r, out, d == KEY_RETYPED, arena, what);
    case WHOLE: return true;
    case DAMAGES: break;
    }
    return false;
}

static void try_one(check *c, rng *r, damage d, const llw_model *whole, llw_arena *arena, uint64_t seed) {
    llw_model model;
    const char *what = "", *why = "";
    int64_t bytes = 0;
    if (!damaged(r, d, arena, whole, &model, &what) || !case_place(&model, &bytes)) return;
    bool loads = llama_loads(c, &model, bytes, arena, &why);
    const char *unmet = llw_header_unmet(&model, true, arena);
    if (!unmet) unmet = llw_model_unmet(&model, arena);
    if (d == WHOLE && !loads) {
        c->unusable++;
        if (c->verbose) printf("seed %llu %s: %s\n", (unsigned long long)seed, model.architecture, why);
        return;
    }
    c->of[d].asked++;
    c->of[d].refused += !loads;
    c->of[d].found += !loads && unmet;
    c->wrong += loads && unmet;
    if ((loads && unmet) || (c->verbose && !loads && !unmet))
        printf("seed %llu %s, %s, %s: llama.cpp %s, here %s\n", (unsigned long long)seed, model.architecture,
               damage_names[d], what, loads ? "loads it" : why, unmet ? unmet : "nothing is said");
}

static void try_architecture(check *c, const char *name, uint64_t seed) {
    rng r = {seed};
    llw_arena *arena = llw_arena_new();
    llw_model model;
    int64_t bytes = 0;
    const char *why = "";
    c->models++;
    if (!oracle_make(&c->oracle, &r, name, c->path, arena, &model, &bytes, &why)) {
        c->unusable++;
        if (c->verbose) printf("seed %llu %s: %s\n", (unsigned long long)seed, name, why);
    } else {
        int before = c->unusable;
        try_one(c, &r, WHOLE, &model, arena, seed);
        for (damage d = LEFT_OUT; d < DAMAGES && c->unusable == before; d++)
            try_one(c, &r, d, &model, arena, seed);
    }
    llw_arena_free(arena);
}

int main(int argc, char **argv) {
    check c = {.oracle.directory = argc > 1 ? argv[1] : NULL};
    uint64_t seed = 1, models = 150;
    const char *made = NULL;
    for (int i = 2; i < argc; i++) {
        if (!strcmp(argv[i], "--verbose"))
            c.verbose = true;
        else if (!strcmp(argv[i], "--made") && i + 1 < argc)
            made = argv[++i];
        else if (!strcmp(argv[i], "--models") && i + 1 < argc)
            models = strtoull(argv[++i], NULL, 10);
        else if (!strcmp(argv[i], "--seed") && i + 1 < argc)
            seed = strtoull(argv[++i], NULL, 10);
    }
    if (!c.oracle.directory)
        return fputs("usage: needs_check ORACLE_DIR [--models N] [--seed N] [--made ARCHITECTURE] "
                     "[--verbose]\n",
                     stderr),
               2;
    if (!oracle_is_ready(c.oracle.directory)) return 2;
    signal(SIGPIPE, SIG_IGN);
    llw_arena *arena = llw_arena_new();
    c.path = llw_arena_printf(arena, "%s/needs-%ld.gguf", c.oracle.directory, (long)getpid());
    for (uint64_t i = 0; i < models; i++)
        try_architecture(&c, made ? made : made_architectures[i % (uint64_t)made_n_architectures],
                         seed * 1000003u + i);
    unlink(c.path);
    oracle_forget(&c.oracle);
    int refused = 0, found = 0;
    printf("%d models, %d of which llama.cpp does not take\n", c.models, c.unusable);
    for (damage d = WHOLE; d < DAMAGES; d++) {
        printf("%-33s %5d asked, %5d refused by llama.cpp, %5d found here\n", damage_names[d], c.of[d].asked,
               c.of[d].refused, c.of[d].found);
        refused += c.of[d].refused;
        found += c.of[d].found;
    }
    printf("called wrong though llama.cpp loads it: %d\n", c.wrong);
    llw_arena_free(arena);
    return c.wrong || !refused || (refused - found) * 100 > refused * MOST_MISSED;
}
