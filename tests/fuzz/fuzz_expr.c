/* Expressions of rules: parsed in the scope of a usual rule. */
#include "fuzz.h"
#include "rule/expr.h"

#include <string.h>

static int find_function(void *context, const char *name, int *arity, const llw_unit **parameters,
                         llw_unit *result) {
    static const llw_unit plain[] = {LLW_UNIT_PLAIN, LLW_UNIT_BYTES};
    (void)context;
    if (strcmp(name, "area") != 0) return -1;
    *arity = 2;
    *parameters = plain;
    *result = LLW_UNIT_BYTES;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const lets[] = {"need", "ratio"};
    static const llw_unit units[] = {LLW_UNIT_BYTES, LLW_UNIT_PLAIN};
    static const bool predicts[] = {true, false};
    llw_scope scope = {.n_variables = 4,
                       .variable = {"l", "p", "m", "g"},
                       .kind = {LLW_KIND_launch, LLW_KIND_placement, LLW_KIND_model, LLW_KIND_gpu},
                       .n_lets = 2,
                       .let_names = lets,
                       .let_units = units,
                       .let_predicts = predicts,
                       .find_function = find_function};
    llw_arena *arena = llw_arena_new();
    llw_expr expr;
    llw_err err = {0};
    char *text = llw_arena_strndup(arena, (const char *)data, size);
    llw_expr_parse(arena, &scope, text, "rule.lua", 1, &expr, &err);
    llw_arena_free(arena);
    return 0;
}
