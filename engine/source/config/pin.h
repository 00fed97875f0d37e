/* Where a project fixes the llama.cpp that it builds or downloads: a submodule's commit, what a Dockerfile, a
 * script or a CI file clones and checks out, the release it fetches, a variable LLAMA_CPP_VERSION.
 *
 * A launch that names no image runs it; so a submodule that moved is a build that moved. */
#ifndef LLW_SOURCE_CONFIG_PIN_H
#define LLW_SOURCE_CONFIG_PIN_H

#include "source/config/parts.h"

typedef struct llw_config_pin {
    const char *version; /* b8022, v0.5.0 or a commit */
    const char *origin;  /* submodule, checkout, release or variable */
    const char *place;
    const char *file, *directory;
} llw_config_pin;

/* Looks through a file's text. */
void llw_config_pins_in(llw_config_reader *r, const char *file, const char *directory, const char *bytes,
                        size_t len);
/* The submodules of the repository that `root` is in. */
void llw_config_pins_of_git(llw_config_reader *r, const char *root);

/* What holds for a launch of that file: pins in the file itself, then of its directory, then of those above
 * it, then anywhere; the nearest ones, when they agree. NULL otherwise. */
const llw_config_pin *llw_config_pin_of(const llw_config_reader *r, const char *file, const char *directory);

#endif
