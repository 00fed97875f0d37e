#include "predict/repack.h"

#include "base/data.h"
#include "base/table.h"
#include "fact/ggml_type.h"

#include <stdlib.h>
#include <string.h>

typedef struct row {
    llw_repack_kind kind;
    char needs[16];
    uint32_t type;
    bool experts; /* also mul_mat_id */
    bool there;   /* the processor that was asked about last has what it needs */
    int64_t rows, row, block, grows;
} row;

enum { ROWS = 64 };
static row table[ROWS];
static size_t n_rows;
static unsigned loaded; /* the generation of the data that was read */
static char asked[256]; /* the features of the processor that was asked about last */

static int64_t number(const llw_table *t, size_t at, const char *column) {
    return strtoll(llw_table_cell(t, at, llw_table_column(t, column)), NULL, 10);
}

static const char *text(const llw_table *t, size_t at, const char *column) {
    return llw_table_cell(t, at, llw_table_column(t, column));
}

static void load(void) {
    if (loaded == llw_data_generation()) return;
    loaded = llw_data_generation();
    n_rows = 0;
    *asked = 0;
    llw_arena *arena = llw_arena_new();
    llw_table t;
    llw_err err;
    bool read = llw_table_read(arena, "models/repack.tsv", &t, &err) == LLW_OK;
    for (size_t i = 0; read && i < t.n_rows && n_rows < ROWS; i++) {
        int type = llw_ggml_type_find(text(&t, i, "type"));
        if (type < 0) continue;
        row *r = &table[n_rows++];
        *r = (row){.kind = strcmp(text(&t, i, "buffer"), "AMX") ? LLW_REPACK_CPU : LLW_REPACK_AMX,
                   .type = (uint32_t)type,
                   .experts = strstr(text(&t, i, "operations"), "mul_mat_id") != NULL,
                   .rows = number(&t, i, "rows"),
                   .row = number(&t, i, "row"),
                   .block = number(&t, i, "block"),
                   .grows = number(&t, i, "grows")};
        strncpy(r->needs, text(&t, i, "needs"), sizeof r->needs - 1);
    }
    llw_arena_free(arena);
}

/* "avx2" among "avx2,avx512". */
static bool has(const char *features, const char *feature) {
    size_t len = strlen(feature);
    for (const char *at = features; (at = strstr(at, feature)); at += len)
        if ((at == features || at[-1] == ',') && (!at[len] || at[len] == ',')) return true;
    return false;
}

/* Every tensor asks about the same processor. */
static void look_at(const char *features) {
    if (*asked && !strcmp(asked, features)) return;
    for (size_t i = 0; i < n_rows; i++) table[i].there = has(features, table[i].needs);
    *asked = 0;
    if (strlen(features) < sizeof asked) strcpy(asked, features);
}

static bool takes(const row *r, llw_op op, const llw_tensor *t) {
    if (t->type != r->type) return false;
    bool flat = t->dims[2] * t->dims[3] == 1,
         matrix = op == LLW_OP_MUL_MAT && (flat || r->kind == LLW_REPACK_AMX);
    bool experts = op == LLW_OP_MUL_MAT_ID && r->experts && t->dims[2] > 1 && t->dims[3] == 1;
    return (matrix || experts) && t->dims[1] % r->rows == 0 && t->dims[0] % r->row == 0;
}

/* Types that no processor's code takes are left alone, whatever the processor: floats but f16, and the
 * i-quants. */
static bool may_be_taken(llw_op op, const llw_tensor *t) {
    static const char *const others[] = {"q5_K", "q6_K", "q8_0", "q1_0"}; /* on Arm */
    if (op != LLW_OP_MUL_MAT && op != LLW_OP_MUL_MAT_ID) return false;
    for (size_t i = 0; i < n_rows; i++)
        if (takes(&table[i], op, t)) return true;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (llw_ggml_type_find(others[i]) == (int)t->type) return t->dims[1] % 4 == 0;
    return false;
}

static int64_t pad(int64_t bytes) {
    enum { ALIGNMENT = 32 }; /* TENSOR_ALIGNMENT, of the CPU's buffers as well as of AMX's */
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

llw_repack_kind llw_repack_of(const llw_plan *plan, llw_place place, llw_op op, const llw_tensor *tensor,
                              int64_t *grows) {
    const llw_launch *launch = plan->launch;
    *grows = 0;
    bool pinned = place == LLW_PLACE_PINNED && !launch->no_host;
    if (!llw_place_is_host(place) || pinned || !launch->repack) return LLW_REPACK_NONE;
    load();
    if (!launch->cpu) return may_be_taken(op, tensor) ? LLW_REPACK_UNKNOWN : LLW_REPACK_NONE;
    look_at(launch->cpu);
    for (size_t i = 0; i < n_rows; i++) {
        const row *r = &table[i];
        if (!r->there || !takes(r, op, tensor)) continue;
        /* ggml_backend_amx_get_alloc_size: of several matrices only the first one's rows are counted */
        int64_t length = llw_ggml_row_bytes(r->type, tensor->dims[0]) + tensor->dims[0] / r->block * r->grows;
        bool packed = r->kind == LLW_REPACK_AMX && r->block > 1;
        if (packed) *grows = pad(length * tensor->dims[1]) - pad(tensor->bytes);
        return r->kind;
    }
    return LLW_REPACK_NONE;
}
