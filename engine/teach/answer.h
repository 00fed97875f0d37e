/* What a learner typed, as a value: numbers with their units, yes and no, letters of choices, places. */
#ifndef LLW_TEACH_ANSWER_H
#define LLW_TEACH_ANSWER_H

#include "rule/expr.h"

#include <stddef.h>

/* "897 MiB", "0.9 GiB", "131,072", "3.6 billion", "128k", "17 %": in bytes, or the plain number. `unit` is
 * taken when none is written. False when it is no number, or its unit is none of `kind`'s. */
bool llw_answer_number(const char *text, llw_unit kind, const char *unit, double *out);
/* A number said in a unit: "897.0 MiB", "64". An unknown word of a unit stands behind the number as it is. */
char *llw_answer_write(char buf[80], double number, llw_unit kind, const char *unit);
/* Whether a word is a unit for that kind of number, or a name that only stands behind one ("tokens"). */
bool llw_answer_unit_known(llw_unit kind, const char *unit);

bool llw_answer_yes_no(const char *text, bool *out);

/* "b", "2", "a, c": marks the choices picked in a mask. False when something else stands there or nothing is
 * picked. */
bool llw_answer_choices(const char *text, size_t n, unsigned *picked);
/* "c a b", "c, a, b", "cab": every choice once, in that order. */
bool llw_answer_order(const char *text, size_t n, size_t *order);
/* "models.conf:12", "models.conf:12:5", "12" (name becomes ""): false when it is none. */
bool llw_answer_place(const char *text, char *name, size_t size, int *line);

#endif
