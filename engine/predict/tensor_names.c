/* Takes tensor names apart through a hash of the known ones. */
#include "predict/tensor_names.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static const llw_tensor_info infos[LLW_WEIGHT_IDS] = {
    [LLW_W_UNKNOWN] = {"", LLW_SCOPE_GLOBAL, LLW_CLASS_REPEATING, LLW_OP_MUL_MAT},
#define LLW_TENSOR(id, scope, name, layer_class, op)                                                         \
    [LLW_W_##id] = {name, LLW_SCOPE_##scope, LLW_CLASS_##layer_class, LLW_OP_##op},
#include "predict/tensor_names.def"
#undef LLW_TENSOR
};

const llw_tensor_info *llw_tensor_info_get(llw_weight_id id) {
    return &infos[id < LLW_WEIGHT_IDS ? id : LLW_W_UNKNOWN];
}

enum { SLOTS = 1024, NAME_MAX_LEN = 96 };
static uint16_t slots[SLOTS]; /* ids, 0 = free; filled on first use and never changed */
static bool filled;

static uint32_t hash(llw_tensor_scope scope, const char *name, size_t len) {
    uint32_t h = 2166136261u ^ (uint32_t)scope;
    for (size_t i = 0; i < len; i++) h = (h ^ (unsigned char)name[i]) * 16777619u;
    return h ^ h >> 15;
}

static void fill(void) {
    for (uint32_t id = 1; id < LLW_WEIGHT_IDS; id++) {
        uint32_t at = hash(infos[id].scope, infos[id].name, strlen(infos[id].name)) % SLOTS;
        while (slots[at]) at = (at + 1) % SLOTS;
        slots[at] = (uint16_t)id;
    }
    filled = true;
}

static llw_weight_id find(llw_tensor_scope scope, const char *name, size_t len) {
    if (!filled) fill();
    for (uint32_t at = hash(scope, name, len) % SLOTS; slots[at]; at = (at + 1) % SLOTS) {
        const llw_tensor_info *info = &infos[slots[at]];
        if (info->scope == scope && !strncmp(info->name, name, len) && !info->name[len])
            return (llw_weight_id)slots[at];
    }
    return LLW_W_UNKNOWN;
}

/* "blk.12." at *name: the layer, and *name moves behind it; -1 when it does not start so. */
static int take_layer(const char **name, const char *prefix) {
    size_t len = strlen(prefix);
    if (strncmp(*name, prefix, len)) return -1;
    const char *p = *name + len;
    int layer = 0, digits = 0;
    for (; *p >= '0' && *p <= '9' && digits < 6; p++, digits++) layer = layer * 10 + (*p - '0');
    if (!digits || *p != '.') return -1;
    *name = p + 1;
    return layer;
}

llw_tensor_name llw_tensor_name_parse(const char *name) {
    static const struct {
        const char *prefix;
        llw_tensor_scope scope;
    } scopes[] = {{"blk.", LLW_SCOPE_BLOCK},
                  {"enc.blk.", LLW_SCOPE_ENCODER},
                  {"dec.blk.", LLW_SCOPE_DECODER},
                  {"convnext.", LLW_SCOPE_CONVNEXT},
                  {"posnet.", LLW_SCOPE_POSNET}};
    llw_tensor_name out = {LLW_W_UNKNOWN, LLW_WEIGHT, -1};
    llw_tensor_scope scope = LLW_SCOPE_GLOBAL;
    for (size_t i = 0; i < sizeof scopes / sizeof *scopes && out.layer < 0; i++)
        if ((out.layer = take_layer(&name, scopes[i].prefix)) >= 0) scope = scopes[i].scope;
    size_t len = strlen(name);
    if (len > NAME_MAX_LEN) return out;
    static const struct {
        const char *text;
        llw_suffix suffix;
    } suffixes[] = {{".weight", LLW_WEIGHT},       {".bias", LLW_BIAS},
                    {".scale", LLW_SCALE},         {".input_scale", LLW_SUFFIX_OTHER},
                    {".lora_a", LLW_SUFFIX_OTHER}, {".lora_b", LLW_SUFFIX_OTHER}};
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        size_t n = strlen(suffixes[i].text);
        if (len <= n || strcmp(name + len - n, suffixes[i].text)) continue;
        out.suffix = suffixes[i].suffix;
        out.id = find(scope, name, len - n);
        return out;
    }
    out.id = find(scope, name, len);
    return out;
}
