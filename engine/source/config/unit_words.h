/* Words of a systemd unit's values, by systemd.syntax(7) and systemd.unit(5) of systemd 252. */
#ifndef LLW_SOURCE_UNIT_WORDS_H
#define LLW_SOURCE_UNIT_WORDS_H

#include "source/config/parts.h"

typedef struct llw_unit_name {
    const char
        *file; /* x.service, x@.service of a template, x@a.service of an instance with a file of its own */
    const char *instance; /* what %i is; NULL when nobody knows */
} llw_unit_name;

/* One word from *at on, unquoted, escapes of C read; false at the end. *bare says that it was neither quoted
 * nor escaped. Unbalanced quotes make systemd leave the line out. */
bool llw_unit_word(llw_config_reader *r, const llw_rich *in, size_t *at, llw_rich *out, bool *bare,
                   bool *unbalanced);
/* %% is a percent sign, %p and %i what stands before and behind the @ of the unit's name, %I the latter
 * unescaped, %n and %N the name; of others only the running system knows what they are. */
llw_rich llw_unit_specifiers(llw_config_reader *r, const llw_unit_name *u, const llw_rich *in);

#endif
