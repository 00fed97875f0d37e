/* Values: making, comparing and printing them. */
#include "fact/value.h"

#include <math.h>
#include <string.h>

llw_value llw_unknown(llw_type type) {
    return (llw_value){.type = type};
}

llw_value llw_flag(bool flag) {
    return (llw_value){.type = LLW_FLAG, .known = true, .as.flag = flag};
}

llw_value llw_count(int64_t count) {
    return (llw_value){.type = LLW_COUNT, .known = true, .as.count = count};
}

llw_value llw_bytes(int64_t bytes) {
    return (llw_value){.type = LLW_BYTES, .known = true, .as.count = bytes};
}

llw_value llw_real(double real) {
    return (llw_value){.type = LLW_REAL, .known = isfinite(real), .as.real = real};
}

llw_value llw_number(llw_type type, double number) {
    llw_value v = {.type = type, .known = isfinite(number)};
    if (!llw_type_is_integer(type))
        v.as.real = number;
    else if (v.known && fabs(number) < 9.2e18)
        v.as.count = (int64_t)llround(number);
    else
        v.known = false;
    return v;
}

llw_value llw_string(llw_type type, const char *text) {
    return (llw_value){.type = type, .known = text != NULL, .as.text = text};
}

llw_value llw_ref(llw_entity entity) {
    return (llw_value){.type = LLW_REF, .known = entity != 0, .as.ref = entity};
}

bool llw_type_is_integer(llw_type type) {
    return type == LLW_COUNT || type == LLW_BYTES;
}

bool llw_type_is_real(llw_type type) {
    return type == LLW_REAL || type == LLW_RATE || type == LLW_SECONDS;
}

bool llw_type_is_text(llw_type type) {
    return type == LLW_TEXT || type == LLW_PATH || type == LLW_VERSION || type == LLW_LIST;
}

const char *llw_type_name(llw_type type) {
    static const char *const name[] = {"flag", "count", "bytes",   "real", "rate", "seconds",
                                       "text", "path",  "version", "list", "ref"};
    return name[type];
}

bool llw_value_equal(llw_value a, llw_value b) {
    if (!a.known || !b.known || a.type != b.type) return false;
    if (a.type == LLW_FLAG) return a.as.flag == b.as.flag;
    if (a.type == LLW_REF) return a.as.ref == b.as.ref;
    if (llw_type_is_integer(a.type)) return a.as.count == b.as.count;
    if (llw_type_is_real(a.type)) return !(a.as.real < b.as.real) && !(a.as.real > b.as.real);
    return !strcmp(a.as.text, b.as.text);
}

void llw_value_print(llw_text *out, llw_value value) {
    char buf[LLW_NUMBER_MAX];
    if (!value.known) {
        llw_text_add(out, "unknown");
        return;
    }
    switch (value.type) {
    case LLW_FLAG: llw_text_add(out, value.as.flag ? "yes" : "no"); break;
    case LLW_COUNT: llw_text_add(out, llw_format_count(buf, value.as.count)); break;
    case LLW_BYTES: llw_text_add(out, llw_format_bytes(buf, value.as.count)); break;
    case LLW_REAL: llw_text_addf(out, "%.4g", value.as.real); break;
    case LLW_RATE: llw_text_addf(out, "%.4g GB/s", value.as.real / 1e9); break;
    case LLW_SECONDS: llw_text_addf(out, "%.3g s", value.as.real); break;
    case LLW_REF: llw_text_addf(out, "#%u", value.as.ref); break;
    case LLW_TEXT:
    case LLW_PATH:
    case LLW_VERSION:
    case LLW_LIST: llw_text_add_safe(out, value.as.text, strlen(value.as.text), false); break;
    }
}
