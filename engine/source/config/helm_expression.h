/* Expressions of Helm templates over the values of a chart: `.Values.a.b | default 1 | quote`. */
#ifndef LLW_SOURCE_HELM_EXPRESSION_H
#define LLW_SOURCE_HELM_EXPRESSION_H

#include "source/config/yaml_tree.h"

enum { LLW_HELM_MAX_WORDS = 16 };

typedef struct llw_helm_value {
    bool known;
    const llw_yaml *node; /* of the chart's files; NULL for a literal, or for what is not there */
    const char *literal;
    bool quoted;
} llw_helm_value;

/* What names mean where an action stands. */
typedef struct llw_helm_scope {
    llw_arena *arena;
    const llw_yaml *values, *chart;
    bool values_unclear; /* others may be given: the image is taken from them, all else is unknown */
    const llw_yaml *dot; /* inside with; NULL with dot_known false: the root, or nobody knows */
    bool dot_known, in_root;
    bool dot_is_each; /* inside range: the dot is every item of the list, one after the other */
} llw_helm_scope;

/* Words of an action: quoted strings and (...) are one each, a pipe is a word. */
size_t llw_helm_words(llw_arena *arena, const char *text, size_t len, const char *out[LLW_HELM_MAX_WORDS]);
llw_helm_value llw_helm_operand(const llw_helm_scope *scope, const char *word);
/* What an action puts in. */
llw_helm_value llw_helm_evaluate(const llw_helm_scope *scope, const char *const *words, size_t n);
bool llw_helm_truth(const llw_helm_scope *scope, const char *const *words, size_t n, bool *known);
/* As text; "" for what is not there, NULL for a list or map. */
const char *llw_helm_text(const llw_helm_value *value);

#endif
