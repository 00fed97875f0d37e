/* A value of the closed set of types that facts have. Unknown is a value: it is never a number.
 *
 * Text is borrowed: it belongs to whoever made the value (the fact base interns it when it is claimed). */
#ifndef LLW_FACT_VALUE_H
#define LLW_FACT_VALUE_H

#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum llw_type {
    LLW_FLAG,
    LLW_COUNT,   /* integer */
    LLW_BYTES,   /* integer, bytes */
    LLW_REAL,    /* ratio or measure without a unit of ours */
    LLW_RATE,    /* bytes per second */
    LLW_SECONDS, /* real */
    LLW_TEXT,
    LLW_PATH,
    LLW_VERSION,
    LLW_LIST, /* text, elements separated by commas as llama.cpp reads them */
    LLW_REF,  /* another entity */
} llw_type;

typedef uint32_t llw_entity; /* dense id within a fact base and its overlays; 0 is none */

typedef struct llw_value {
    llw_type type;
    bool known;
    union {
        bool flag;
        int64_t count; /* COUNT and BYTES */
        double real;   /* REAL, RATE, SECONDS */
        const char *text;
        llw_entity ref;
    } as;
} llw_value;

llw_value llw_unknown(llw_type type);
llw_value llw_flag(bool flag);
llw_value llw_count(int64_t count);
llw_value llw_bytes(int64_t bytes);
llw_value llw_real(double real);
llw_value llw_number(llw_type type, double number); /* any numeric type; rounds for COUNT and BYTES */
llw_value llw_string(llw_type type, const char *text);
llw_value llw_ref(llw_entity entity);

bool llw_type_is_integer(llw_type type); /* COUNT BYTES */
bool llw_type_is_real(llw_type type);    /* REAL RATE SECONDS */
bool llw_type_is_text(llw_type type);    /* TEXT PATH VERSION LIST */
const char *llw_type_name(llw_type type);

/* Same type, both known, same content. Two unknowns are not equal. */
bool llw_value_equal(llw_value a, llw_value b);

/* How a person reads it: 897.0 MiB, 131,072, yes/no, 1.01 TB/s, "unknown". A REF prints as #id; explain names
 * it. */
void llw_value_print(llw_text *out, llw_value value);

#endif
