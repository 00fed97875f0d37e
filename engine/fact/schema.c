/* The vocabulary's table and look-ups by name. */
#include "fact/schema.h"
#include "base/distance.h"

#include <string.h>

static const llw_attr_info attrs[LLW_ATTRS] = {
#define LLW_KIND(kind, meaning)
#define LLW_ATTR(kind, attribute, type, knob, meaning, how)                                                  \
    [LLW_##kind##_##attribute] = {LLW_KIND_##kind, #attribute, LLW_##type, knob, meaning, how},
#include "fact/schema.def"
#undef LLW_KIND
#undef LLW_ATTR
};

static const char *const kinds[LLW_KINDS][2] = {
    [LLW_KIND_NONE] = {"none", "nothing"},
#define LLW_KIND(kind, meaning) [LLW_KIND_##kind] = {#kind, meaning},
#define LLW_ATTR(kind, attribute, type, knob, meaning, how)
#include "fact/schema.def"
#undef LLW_KIND
#undef LLW_ATTR
};

const llw_attr_info *llw_attr_get(llw_attr attr) {
    return &attrs[attr];
}

const char *llw_kind_name(llw_kind kind) {
    return kinds[kind][0];
}

const char *llw_kind_meaning(llw_kind kind) {
    return kinds[kind][1];
}

llw_kind llw_kind_find(const char *name) {
    for (int k = 1; k < LLW_KINDS; k++)
        if (!strcmp(kinds[k][0], name)) return (llw_kind)k;
    return LLW_KIND_NONE;
}

llw_attr llw_attr_find(llw_kind kind, const char *name) {
    for (int a = 1; a < LLW_ATTRS; a++)
        if (attrs[a].kind == kind && *attrs[a].name == *name && !strcmp(attrs[a].name, name))
            return (llw_attr)a;
    return LLW_ATTR_NONE;
}

const char *llw_attr_nearest(llw_kind kind, const char *name) {
    llw_nearest n = {.to = name, .best = 4};
    for (int a = 1; a < LLW_ATTRS; a++)
        if (attrs[a].kind == kind) llw_nearest_try(&n, attrs[a].name);
    return n.name;
}
