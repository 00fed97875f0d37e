/* The vocabulary: kinds and attributes as numbers, generated from schema.def. */
#ifndef LLW_FACT_SCHEMA_H
#define LLW_FACT_SCHEMA_H

#include "fact/value.h"

#include <stddef.h>

typedef enum llw_kind {
    LLW_KIND_NONE,
#define LLW_KIND(kind, meaning) LLW_KIND_##kind,
#define LLW_ATTR(kind, attribute, type, knob, meaning, how)
#include "fact/schema.def"
#undef LLW_KIND
#undef LLW_ATTR
    LLW_KINDS
} llw_kind;

/* LLW_model_file_bytes, LLW_launch_ubatch, ... */
typedef enum llw_attr {
    LLW_ATTR_NONE,
#define LLW_KIND(kind, meaning)
#define LLW_ATTR(kind, attribute, type, knob, meaning, how) LLW_##kind##_##attribute,
#include "fact/schema.def"
#undef LLW_KIND
#undef LLW_ATTR
    LLW_ATTRS
} llw_attr;

typedef struct llw_attr_info {
    llw_kind kind;
    const char *name;
    llw_type type;
    bool knob;
    const char *meaning; /* one sentence, no full stop */
    const char *how;     /* what gets it when missing; "" when derived */
} llw_attr_info;

const llw_attr_info *llw_attr_get(llw_attr attr);
const char *llw_kind_name(llw_kind kind);
const char *llw_kind_meaning(llw_kind kind);

/* LLW_KIND_NONE / LLW_ATTR_NONE when there is none of that name. */
llw_kind llw_kind_find(const char *name);
llw_attr llw_attr_find(llw_kind kind, const char *name);
/* The attribute of that kind whose name is nearest (edit distance at most 3), for "did you mean"; or NULL. */
const char *llw_attr_nearest(llw_kind kind, const char *name);

#endif
