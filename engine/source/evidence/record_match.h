/* How a record stands to a launch: what of it was the same when it was measured.
 *
 * The record's flags are read as llama.cpp would read them, into facts of their own, and compared slot by
 * slot with the launch: so an alias, a variable and a default that say the same are the same. */
#ifndef LLW_SOURCE_RECORD_MATCH_H
#define LLW_SOURCE_RECORD_MATCH_H

#include "fact/flags.h"
#include "fact/record.h"

/* A record with its flags read. */
typedef struct llw_read_record {
    const llw_record *record;
    llw_facts *facts;  /* NULL when its flags are not known */
    llw_entity launch; /* in them */
    int64_t order;     /* of its build; -1 */
    int64_t number;    /* of a build called bN; -1 */
} llw_read_record;

/* What was the same; 1 yes, 0 no, -1 not known. */
typedef struct llw_match {
    int build, placement, machine, driver, settings;
    const char *differs; /* the first thing that was not, as the end of a sentence; "" */
    const char *besides; /* all such things but the build; "" */
} llw_match;

/* Reads the record's flags into `scratch`. */
void llw_record_read_flags(llw_arena *arena, const llw_record *record, const llw_flags *flags,
                           llw_facts *scratch, llw_read_record *out);

/* The launch's model must be the record's (fact/record.h llw_record_is_model). */
void llw_record_match(llw_arena *arena, const llw_read_record *record, const llw_facts *facts,
                      llw_entity launch, llw_match *out);

/* Whether the record is of the facts' machine by its GPUs: 1 yes, 0 no, -1 not known. */
int llw_record_on_machine(const llw_record *record, const llw_facts *facts);

/* The flag that keeps --fit from placing layers where they do not all fit: "-ngl 99", "-ot exps=CPU"; ""
 * when there is none, fit is off, or what it did is on record and was not to give up. */
const char *llw_record_stops_fit(llw_arena *arena, const llw_read_record *record);
/* Whether it was to be placed by fit: the flag is among its words, or its label says so. */
bool llw_record_means_fit(const llw_record *record);

#endif
