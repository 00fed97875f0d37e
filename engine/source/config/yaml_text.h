/* The scalars of a YAML file as text whose words know where they stand.
 *
 * libyaml says where a scalar begins and ends; folding, escapes and quotes move its text about, so each word
 * is looked for between the two. O(bytes) for the file once, O(length) for a scalar. */
#ifndef LLW_SOURCE_YAML_TEXT_H
#define LLW_SOURCE_YAML_TEXT_H

#include "base/places.h"
#include "source/shell/rich.h"
#include "source/config/yaml_tree.h"

typedef struct llw_yaml_text {
    llw_arena *arena;
    const char *path, *bytes;
    size_t len;
    llw_places *places;
} llw_yaml_text;

void llw_yaml_text_init(llw_yaml_text *c, llw_arena *arena, const char *path, const char *bytes, size_t len);
/* A scalar's text; each of its words is placed where it is found, or where the scalar starts. */
llw_rich llw_yaml_rich(const llw_yaml_text *c, const llw_yaml *node, const llw_link *link);
/* A copy's text over what it was put over (`under`), each as `one` reads it: those are what lost. */
typedef llw_rich llw_yaml_reading(const void *context, const llw_yaml *node);
llw_rich llw_yaml_over(llw_arena *arena, const llw_yaml *node, llw_yaml_reading *one, const void *context);
/* The last line that belongs to a node. */
int llw_yaml_last_line(const llw_yaml *node);

#endif
