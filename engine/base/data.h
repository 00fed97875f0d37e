/* The data llwhy knows by heart: rules.d, lessons and models, from a stack of directories over what is
 * compiled in.
 *
 * A later directory adds to an earlier one or overrides it by the same file name: compiled-in data, the
 * installed data directory, /etc/llwhy, $XDG_CONFIG_HOME/llwhy, the project's .llwhy, directories given by
 * hand. The stack is set up once at start and only read afterwards. Bytes returned live as long as the
 * program or the arena given. */
#ifndef LLW_BASE_DATA_H
#define LLW_BASE_DATA_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct llw_builtin {
    const char *name;           /* "models/gpus.tsv" */
    const unsigned char *bytes; /* NUL-terminated after len */
    size_t len;
} llw_builtin;

/* A file that was read before it is asked for: "rules.d/90-ours.lua". */
typedef struct llw_data_file {
    const char *name;
    const char *bytes; /* NUL-terminated after len */
    size_t len;
} llw_data_file;

/* The table that the build generates from rules.d, lessons and models; sorted by name. */
extern const llw_builtin llw_builtins[];
extern const size_t llw_n_builtins;

/* Adds a directory whose sub-directories rules.d, lessons and models override what came before. One that is
 * not there now is passed over. */
void llw_data_push(const char *directory);
/* The same for a directory that counts as these files, sorted by name, whatever lies there by now; borrowed
 * until llw_data_reset. */
void llw_data_push_files(const char *directory, const llw_data_file *files, size_t n);
/* Passes over a file of a directory from now on, by its path as llw_data_read tells it: what lies below it
 * counts. */
void llw_data_withhold(const char *path);
/* The directories pushed so far, from far to near. */
size_t llw_data_directories(const char *const **out);
/* Whether anything lies over what is compiled in. */
bool llw_data_is_overlaid(void);
/* Forgets all pushed directories. */
void llw_data_reset(void);
/* Forgets them; until llw_data_reset rules and lessons are those of this directory alone. A table of models/
 * that it lacks is the compiled-in one, so that a tree of an older llwhy answers too. */
void llw_data_alone(const char *directory);
/* A number that changes with the stack: who keeps what was read asks whether it still is what would be read.
 */
unsigned llw_data_generation(void);

/* Reads "models/gpus.tsv" from the topmost place that has it. *path says where: a file's path, or the name
 * itself when compiled in. LLW_ERR_NOTHING when no place has it. */
llw_rc llw_data_read(llw_arena *arena, const char *name, const char **bytes, size_t *len, const char **path,
                     llw_err *err);

/* The bytes that are compiled in under this name, whatever lies over them; NULL when there are none. */
const llw_builtin *llw_data_builtin(const char *name);

/* Whether these are the bytes that are compiled in under this name, wherever they were read. */
bool llw_data_is_builtin(const char *name, const char *bytes, size_t len);

/* Names "rules.d/05-ub-is-not-b.lua" of all files right under a folder ("rules.d") ending in suffix, sorted,
 * each once. */
void llw_data_list(llw_arena *arena, const char *folder, const char *suffix, char ***names, size_t *count);

#endif
