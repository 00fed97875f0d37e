/* Do two names mean the same model? "unsloth/GLM-4.7-Flash-GGUF" and "glm-4.7-flash-q8_0.gguf" do, "GLM-4.7"
 * does not.
 *
 * A name is cut into words. Words of packaging (quantisation, publisher, "instruct", dates) do not count;
 * sizes count where both names have them; all other words must be the same on both sides. */
#ifndef LLW_SOURCE_CARD_NAME_H
#define LLW_SOURCE_CARD_NAME_H

#include <stdbool.h>
#include <stddef.h>

typedef enum llw_naming { LLW_NAMES_NOTHING, LLW_NAMES_OTHER, LLW_NAMES_SAME } llw_naming;

/* What `name` says about the model called `model`: nothing when it holds no model's name at all. A path
 * counts by its last component. */
llw_naming llw_card_name(const char *name, const char *model);

/* The same for running text: the best word of it that looks like a model's name. */
llw_naming llw_card_name_in(const char *text, size_t len, const char *model);

/* The same for a name in running speech: a short form ("Qwen", "GLM-4.7") means the model as well. */
llw_naming llw_card_name_short(const char *name, size_t len, const char *model);

/* The sizes that a name states: 30B-A3B is 30e9 and 3e9; 0 for one it does not state, and for 8x7B. */
typedef struct llw_name_sizes {
    double params, active;
} llw_name_sizes;

llw_name_sizes llw_card_name_sizes(const char *name, size_t len);

/* Whether two names say the same with nothing left out: the same words but those of packaging, and the sizes
 * of the one in the other. */
bool llw_card_name_whole(const char *name, size_t len, const char *model);

/* True when a word of the text names a sibling: a model that starts with the same word but is another one. */
bool llw_card_names_sibling(const char *text, size_t len, const char *model);

#endif
