/* Compares a tensor table with tensor_needs.def, whose conditions and shapes are small C-like expressions
 * over hyper-parameters: x is layer 0's or the model's, x_i that of layer i, @stem whether blk.i.stem.weight
 * is there, #stem its type, "?" what nobody knows. A tensor that is there must have a row that can hold for
 * it, and the shape of one that does; a NEEDED one whose condition holds must be there. */
#include "predict/needs.h"
#include "predict/plan.h"

#include "base/text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum need { NEED_MAY, NEED_NEEDED } need;

typedef struct need_row {
    llw_weight_id id;
    llw_suffix suffix;
    need need;
    const char *condition, *shape, *architectures;
} need_row;

static const need_row rows[] = {
#define LLW_NEED(id, suffix, need, condition, shape, architectures)                                          \
    {LLW_W_##id, LLW_##suffix, NEED_##need, condition, shape, architectures},
#include "predict/tensor_needs.def"
#undef LLW_NEED
};
enum { ROWS = sizeof rows / sizeof *rows, MOST_ROWS = 256 };

/* The rows of one architecture, those of a tensor behind each other (the table is sorted), and its tensors.
 */
typedef struct checker {
    llw_plan plan;
    int64_t layer;
    const need_row *row[MOST_ROWS];
    int n_rows;
    const llw_tensor **tensor[LLW_WEIGHT_IDS][LLW_SUFFIXES + 1]; /* NULL, or [layer + 1] */
    const char *failed;
} checker;

static const llw_tensor *tensor_of(const checker *c, int64_t layer, llw_weight_id id, llw_suffix suffix) {
    const llw_tensor **layers = c->tensor[id][suffix];
    return layers ? layers[layer + 1] : NULL;
}

static void keep_tensor(checker *c, const llw_tensor_name *name, const llw_tensor *t) {
    const llw_tensor ***layers = &c->tensor[name->id][name->suffix];
    if (!*layers)
        *layers = llw_arena_alloc(c->plan.arena, (size_t)(c->plan.hparams.n_layer_all + 1) * sizeof **layers);
    (*layers)[name->layer + 1] = t;
}

/* ---- names ---- */

typedef struct number {
    int64_t n;
    bool known;
} number;

static number known(int64_t n) {
    return (number){n, true};
}

typedef struct hparam_name {
    const char *text, *key; /* the header key that it is; "" when it is computed */
    int64_t (*get)(const llw_hparams *h, int layer);
} hparam_name;

/* name, header key, value; layer is 0 unless the name ends in _i. */
#define NAMES(X)                                                                                             \
    X(embd, "embedding_length", h->n_embd)                                                                   \
    X(embd_out, "embedding_length_out", h->n_embd_out)                                                       \
    X(vocab, "tokenizer.ggml.tokens", h->n_vocab)                                                            \
    X(layers, "", h->n_layer)                                                                                \
    X(ctx_train, "context_length", h->n_ctx_train)                                                           \
    X(heads, "attention.head_count", h->layer[i].heads)                                                      \
    X(kv_heads, "attention.head_count_kv", h->layer[i].kv_heads)                                             \
    X(head_k, "attention.key_length", llw_hparams_head_k(h, i))                                              \
    X(head_v, "attention.value_length", llw_hparams_head_v(h, i))                                            \
    X(k_gqa, "", llw_hparams_head_k(h, i) * h->layer[i].kv_heads)                                            \
    X(v_gqa, "", llw_hparams_head_v(h, i) * h->layer[i].kv_heads)                                            \
    X(rot, "rope.dimension_count", h->layer[i].windowed ? h->rot_swa : h->rot)                               \
    X(longrope, "rope.scaling.type", h->longrope)                                                            \
    X(ff, "feed_forward_length", h->layer[i].ff)                                                             \
    X(ff_exp, "expert_feed_forward_length", h->layer[i].ff_exp)                                              \
    X(ff_shexp, "expert_shared_feed_forward_length", h->ff_shexp)                                            \
    X(experts, "expert_count", h->experts)                                                                   \
    X(experts_used, "expert_used_count", h->layer[i].experts_used)                                           \
    X(experts_shared, "expert_shared_count", h->experts_shared)                                              \
    X(dense_lead, "leading_dense_block_count", h->dense_lead)                                                \
    X(recurrent, "", h->layer[i].recurrent)                                                                  \
    X(windowed, "", h->layer[i].windowed)                                                                    \
    X(indexed, "", h->layer[i].indexed)                                                                      \
    X(mla, "", h->mla)                                                                                       \
    X(head_k_mla, "attention.key_length_mla", h->mla ? h->head_k_mla : llw_hparams_head_k(h, 0))             \
    X(head_v_mla, "attention.value_length_mla", h->mla ? h->head_v_mla : llw_hparams_head_v(h, 0))           \
    X(head_k_mla_swa, "attention.key_length_mla_swa", h->head_k_mla_swa)                                     \
    X(head_v_mla_swa, "attention.value_length_mla_swa", h->head_v_mla_swa)                                   \
    X(lora_q, "attention.q_lora_rank", h->lora_q)                                                            \
    X(lora_kv, "attention.kv_lora_rank", h->lora_kv)                                                         \
    X(lora_kv_swa, "attention.kv_lora_rank_swa", h->lora_kv_swa)                                             \
    X(ssm_conv, "ssm.conv_kernel", h->ssm_conv)                                                              \
    X(ssm_inner, "ssm.inner_size", h->ssm_inner)                                                             \
    X(ssm_state, "ssm.state_size", h->ssm_state)                                                             \
    X(ssm_dt_rank, "ssm.time_step_rank", h->ssm_dt_rank)                                                     \
    X(ssm_groups, "ssm.group_count", h->ssm_groups)                                                          \
    X(kda_head, "kda.head_dim", h->kda_head)                                                                 \
    X(wkv_head, "wkv.head_size", h->wkv_head)                                                                \
    X(shortconv, "shortconv.l_cache", h->shortconv)                                                          \
    X(indexer_heads, "attention.indexer.head_count", h->indexer_heads)                                       \
    X(indexer_head, "attention.indexer.key_length", h->indexer_head)                                         \
    X(indexer_top_k, "attention.indexer.top_k", h->indexer_top_k)                                            \
    X(hyper, "hyper_connection.count", h->hyper)                                                             \
    X(hash_layers, "hash_layer_count", h->hash_layers)                                                       \
    X(out_groups, "attention.output_group_count", h->out_groups)                                             \
    X(out_lora, "attention.output_lora_rank", h->out_lora)

#define GETTER(id, key, value)                                                                               \
    static int64_t get_##id(const llw_hparams *h, int i) {                                                   \
        (void)i;                                                                                             \
        return (int64_t)(value);                                                                             \
    }
NAMES(GETTER)
#define NAME(id, key, value) {#id, key, get_##id},
static const hparam_name names[] = {NAMES(NAME)};

static const hparam_name *find_name(const char *text, size_t len) {
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (*names[i].text == *text && !strncmp(names[i].text, text, len) && !names[i].text[len])
            return &names[i];
    return NULL;
}

/* ---- expressions: C's precedence over ?: || && == != < <= > >= + - * / ! ---- */

typedef struct parser {
    const checker *c;
    const char *at;
} parser;

/* NOLINTBEGIN(misc-no-recursion): as deep as a row of tensor_needs.def, which is compiled in */
static number ternary(parser *p);

static bool take(parser *p, const char *sign) {
    size_t n = strlen(sign);
    if (strncmp(p->at, sign, n)) return false;
    p->at += n;
    return true;
}

static size_t word_length(const char *text) {
    size_t n = 0;
    while (isalnum((unsigned char)text[n]) || text[n] == '_' || text[n] == '.') n++;
    return n;
}

/* The weight of that name, of this layer or of none; false when no weight has the name. */
static bool read_weight(parser *p, const llw_tensor **out) {
    char full[96];
    size_t n = word_length(p->at);
    snprintf(full, sizeof full, "%s%.*s", p->c->layer < 0 ? "" : "blk.0.", (int)n, p->at);
    p->at += n;
    llw_weight_id id = llw_tensor_name_parse(full).id;
    if (id) *out = tensor_of(p->c, p->c->layer, id, LLW_WEIGHT);
    return id != LLW_W_UNKNOWN;
}

static number presence(parser *p) {
    const llw_tensor *t = NULL;
    return read_weight(p, &t) ? known(t != NULL) : (number){0};
}

static number type_of(parser *p) {
    const llw_tensor *t = NULL;
    return read_weight(p, &t) ? known(t ? (int64_t)t->type : -1) : (number){0};
}

static number primary(parser *p) {
    if (take(p, "(")) {
        number inner = ternary(p);
        take(p, ")");
        return inner;
    }
    if (take(p, "?")) return (number){0};
    if (take(p, "@")) return presence(p);
    if (take(p, "#")) return type_of(p);
    if (isdigit((unsigned char)*p->at)) {
        char *end;
        long n = strtol(p->at, &end, 10);
        p->at = end;
        return known(n);
    }
    size_t n = word_length(p->at);
    const char *word = p->at;
    p->at += n;
    if (n == 1 && *word == 'i') return known(p->c->layer);
    bool by_layer = n > 2 && !strncmp(word + n - 2, "_i", 2);
    const hparam_name *found = find_name(word, by_layer ? n - 2 : n);
    int layer = by_layer && p->c->layer >= 0 ? (int)p->c->layer : 0;
    return found ? known(found->get(&p->c->plan.hparams, layer)) : (number){0};
}

static number unary(parser *p) {
    if (!take(p, "!")) return primary(p);
    number x = unary(p);
    return (number){!x.n, x.known};
}

static number product(parser *p) {
    number x = unary(p);
    while (*p->at == '*' || *p->at == '/') {
        bool times = *p->at++ == '*';
        number y = unary(p);
        x.known = x.known && y.known && (times || y.n);
        if (!x.known) continue;
        if (!times)
            x.n /= y.n;
        else if (__builtin_mul_overflow(x.n, y.n, &x.n))
            x.known = false;
    }
    return x;
}

static number sum(parser *p) {
    number x = product(p);
    while (*p->at == '+' || *p->at == '-') {
        bool plus = *p->at++ == '+';
        number y = product(p);
        x.known = x.known && y.known &&
                  !(plus ? __builtin_add_overflow(x.n, y.n, &x.n) : __builtin_sub_overflow(x.n, y.n, &x.n));
    }
    return x;
}

static number comparison(parser *p) {
    number x = sum(p);
    for (;;) {
        const char *at = p->at;
        bool less = take(p, "<="), more = !less && take(p, ">="), same = !less && !more && take(p, "==");
        bool other = !less && !more && !same && take(p, "!=");
        bool below = at == p->at && take(p, "<");
        if (at == p->at && !take(p, ">")) return x;
        number y = sum(p);
        x = (number){less    ? x.n <= y.n
                     : more  ? x.n >= y.n
                     : same  ? x.n == y.n
                     : other ? x.n != y.n
                     : below ? x.n < y.n
                             : x.n > y.n,
                     x.known && y.known};
    }
}

/* Kleene: false and unknown is false. */
static number both(parser *p) {
    number x = comparison(p);
    while (take(p, "&&")) {
        number y = comparison(p);
        bool no = (x.known && !x.n) || (y.known && !y.n);
        x = (number){!no, no || (x.known && y.known)};
    }
    return x;
}

static number either(parser *p) {
    number x = both(p);
    while (take(p, "||")) {
        number y = both(p);
        bool yes = (x.known && x.n) || (y.known && y.n);
        x = (number){yes, yes || (x.known && y.known)};
    }
    return x;
}

static number ternary(parser *p) {
    number x = either(p);
    if (!take(p, "?")) return x;
    number yes = ternary(p);
    take(p, ":");
    number no = ternary(p);
    return !x.known ? (number){0} : x.n ? yes : no;
}
/* NOLINTEND(misc-no-recursion) */

static number evaluate(const checker *c, const char **text) {
    parser p = {c, *text};
    number x = ternary(&p);
    *text = p.at;
    return x;
}

/* ---- the check ---- */

typedef enum held { NOT_HELD, MAYBE_HELD, HELD } held;

static held holds(const checker *c, const need_row *row) {
    if (!*row->condition) return HELD;
    const char *text = row->condition;
    number x = evaluate(c, &text);
    return !x.known ? MAYBE_HELD : x.n ? HELD : NOT_HELD;
}

enum { ANY = -1 }; /* a dimension that is not known */

/* Whether the tensor may have this shape; want receives what is known of it. */
static bool shaped(const checker *c, const need_row *row, const llw_tensor *t, int64_t want[LLW_MAX_DIMS]) {
    const char *at = row->shape;
    for (int d = 0; d < LLW_MAX_DIMS; d++) want[d] = 1;
    if (!strcmp(at, "?")) return true;
    bool fits = true;
    for (int d = 0; d < LLW_MAX_DIMS && *at; d++) {
        number x = evaluate(c, &at);
        want[d] = x.known && x.n >= 0 ? x.n : ANY;
        if (*at == ',') at++;
    }
    for (int d = 0; d < LLW_MAX_DIMS; d++) fits = fits && (want[d] == ANY || want[d] == t->dims[d]);
    return fits;
}

static void add_shape(llw_text *text, const int64_t dims[LLW_MAX_DIMS]) {
    int n = LLW_MAX_DIMS;
    while (n > 1 && dims[n - 1] == 1) n--;
    for (int d = 0; d < n; d++)
        if (dims[d] != ANY)
            llw_text_addf(text, "%s%lld", d ? " x " : "", (long long)dims[d]);
        else
            llw_text_addf(text, "%sany", d ? " x " : "");
}

static void fail(checker *c, llw_text *text) {
    c->failed = llw_arena_strdup(c->plan.arena, llw_text_str(text));
    llw_text_fini(text);
}

/* The key that makes the first dimension in which the two differ; NULL when it is computed from several. */
static const hparam_name *differing_key(const need_row *row, const llw_tensor *t,
                                        const int64_t want[LLW_MAX_DIMS]) {
    const char *at = row->shape;
    for (int d = 0; d < LLW_MAX_DIMS && *at; d++) {
        size_t n = strcspn(at, ",");
        if (want[d] != ANY && want[d] != t->dims[d]) {
            const hparam_name *found = find_name(at, n > 2 && !strncmp(at + n - 2, "_i", 2) ? n - 2 : n);
            return found && *found->key ? found : NULL;
        }
        at += n + (at[n] == ',');
    }
    return NULL;
}

static void fail_shape(checker *c, const need_row *row, const llw_tensor *t,
                       const int64_t want[LLW_MAX_DIMS]) {
    llw_text text = {0};
    llw_text_addf(&text, "holds %s as ", t->name);
    add_shape(&text, t->dims);
    llw_text_add(&text, " where its header makes it ");
    add_shape(&text, want);
    const hparam_name *key = differing_key(row, t, want);
    if (key) llw_text_addf(&text, " (%s)", key->key);
    fail(c, &text);
}

static const char *full_name(const checker *c, const need_row *row, char *buf, size_t size) {
    const char *stem = llw_tensor_info_get(row->id)->name;
    const char *end = row->suffix == LLW_BIAS ? ".bias" : row->suffix == LLW_SCALE ? ".scale" : ".weight";
    if (c->layer < 0)
        snprintf(buf, size, "%s%s", stem, end);
    else
        snprintf(buf, size, "%sblk.%d.%s%s",
                 llw_tensor_info_get(row->id)->scope == LLW_SCOPE_ENCODER ? "enc." : "", (int)c->layer, stem,
                 end);
    return buf;
}

/* The rows [from, to) are those of one tensor; c->layer says of which layer. False when something is wrong.
 */
static bool check_tensor(checker *c, int from, int to) {
    const need_row *first = c->row[from], *wrong = NULL;
    const llw_tensor *t = tensor_of(c, c->layer, first->id, first->suffix);
    int64_t want[LLW_MAX_DIMS], wanted[LLW_MAX_DIMS] = {0};
    char buf[96];
    for (int i = from; i < to; i++) {
        const need_row *row = c->row[i];
        held h = holds(c, row);
        if (h == HELD && !t && row->need == NEED_NEEDED) {
            c->failed = llw_arena_printf(c->plan.arena, "lacks %s, which the architecture %s needs",
                                         full_name(c, row, buf, sizeof buf), c->plan.architecture->name);
            return false;
        }
        if (!t || h == NOT_HELD) continue;
        if (shaped(c, row, t, want)) return true;
        wrong = row;
        memcpy(wanted, want, sizeof wanted);
    }
    if (!t) return true;
    if (wrong)
        fail_shape(c, wrong, t, wanted);
    else
        c->failed = llw_arena_printf(c->plan.arena, "holds %s, for which the architecture %s has no use here",
                                     t->name, c->plan.architecture->name);
    return false;
}

static bool has_word(const char *words, const char *word) {
    size_t n = strlen(word);
    for (const char *at = words; (at = strstr(at, word)); at += n)
        if ((at == words || at[-1] == ' ') && (at[n] == ' ' || !at[n])) return true;
    return false;
}

/* Sorts the file's tensors into c->tensor; false with the first that no row of the architecture names. */
static bool collect(checker *c) {
    const llw_model *model = c->plan.model;
    bool listed[LLW_WEIGHT_IDS][LLW_SUFFIXES + 1] = {{false}};
    for (int i = 0; i < ROWS && c->n_rows < MOST_ROWS; i++)
        if (*rows[i].architectures == '*' || has_word(rows[i].architectures, c->plan.architecture->name)) {
            c->row[c->n_rows++] = &rows[i];
            listed[rows[i].id][rows[i].suffix] = true;
        }
    for (size_t i = 0; c->n_rows && i < model->n_tensors; i++) {
        const llw_tensor *t = &model->tensors[i];
        llw_tensor_name parsed = llw_tensor_name_parse(t->name);
        if (!parsed.id || !listed[parsed.id][parsed.suffix]) {
            c->failed = llw_arena_printf(c->plan.arena, "holds %s, which the architecture %s does not have",
                                         t->name, c->plan.architecture->name);
            return false;
        }
        if (parsed.layer < c->plan.hparams.n_layer_all) keep_tensor(c, &parsed, t);
    }
    return true;
}

/* A file that holds only the layers for multi-token prediction; the trunk is in another. */
static bool prediction_only(const checker *c) {
    return c->plan.hparams.n_layer_nextn > 0 && !tensor_of(c, 0, LLW_W_ATTN_NORM, LLW_WEIGHT);
}

static void check(checker *c) {
    const llw_hparams *h = &c->plan.hparams;
    for (int from = 0, to = 0; from < c->n_rows; from = to) {
        const need_row *row = c->row[from];
        bool needed = false;
        for (; to < c->n_rows && c->row[to]->id == row->id && c->row[to]->suffix == row->suffix; to++)
            needed = needed || c->row[to]->need == NEED_NEEDED;
        if (!needed && !c->tensor[row->id][row->suffix]) continue;
        llw_tensor_scope scope = llw_tensor_info_get(row->id)->scope;
        if (scope != LLW_SCOPE_GLOBAL && scope != LLW_SCOPE_BLOCK && scope != LLW_SCOPE_ENCODER) continue;
        int first = scope == LLW_SCOPE_GLOBAL ? -1 : 0,
            last = scope == LLW_SCOPE_GLOBAL ? -1 : h->n_layer - 1;
        for (c->layer = first; c->layer <= last; c->layer++)
            if (!check_tensor(c, from, to)) return;
    }
}

/* Architectures that rotate whole heads: llama_model_base::load_hparams, "invalid n_rot". */
static const char rotate_all[] = "llama deci falcon llama-embed";

static bool check_rotation(checker *c) {
    const llw_hparams *h = &c->plan.hparams;
    const char *name = c->plan.architecture->name;
    if (h->layer[0].heads <= 0 || h->rot == h->head_k || !has_word(rotate_all, name)) return true;
    c->failed = llw_arena_printf(c->plan.arena,
                                 "says rope.dimension_count %lld where the architecture %s rotates all of a "
                                 "head, which is %lld wide",
                                 (long long)h->rot, name, (long long)h->head_k);
    return false;
}

const char *llw_model_unmet(const llw_model *model, llw_arena *arena) {
    if (!model->architecture) return NULL;
    if (!model->n_tensors) return "holds no tensors";
    static const llw_launch none = {0};
    const char *failed = NULL;
    llw_arena *scratch = llw_arena_new();
    checker *c = llw_arena_alloc(scratch, sizeof *c);
    llw_prediction *prediction = llw_arena_alloc(scratch, sizeof *prediction);
    *c = (checker){.plan = {.launch = &none, .model = model, .arena = scratch, .out = prediction}};
    c->plan.architecture = llw_architecture_find(model->architecture);
    if (c->plan.architecture && llw_hparams_read(&c->plan) && c->plan.hparams.n_layer >= 1) {
        if (check_rotation(c) && collect(c) && !prediction_only(c)) check(c);
        if (c->failed) failed = llw_arena_strdup(arena, c->failed);
    }
    llw_arena_free(scratch);
    return failed;
}
