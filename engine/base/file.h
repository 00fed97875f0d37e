/* Reading files that may be anything: only regular files, never more than the caller's cap.
 *
 * A llw_file_read result belongs to the arena it was read into and is NUL-terminated after its last byte. */
#ifndef LLW_BASE_FILE_H
#define LLW_BASE_FILE_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Reads a whole regular file of at most cap bytes. A FIFO, device or directory, a longer file, and one that
 * shrinks meanwhile, are refused; of one that grows the bytes it had are read. LLW_ERR_NOTHING when there is
 * no such file. */
llw_rc llw_file_read(llw_arena *arena, const char *path, size_t cap, char **bytes, size_t *len, llw_err *err);

/* A what-if for files: until llw_file_pretend_nothing, llw_file_read gives these bytes for that file,
 * whatever the path it is read by. So an edit can be tried through every reader before it is written. The
 * bytes are borrowed. False when there is no such file. */
bool llw_file_pretend(const char *path, const char *bytes, size_t len);
void llw_file_pretend_nothing(void);

/* Writes a whole file: into a new one beside it, which then takes its place with its mode, so that nobody
 * ever sees a half. A link or anything but a regular file is refused. */
llw_rc llw_file_replace(const char *path, const char *bytes, size_t len, llw_err *err);
/* The same without waiting for the disk: for what may be lost. */
llw_rc llw_file_jot(const char *path, const char *bytes, size_t len, llw_err *err);
/* Adds to the end of a regular file, no link, which is made if needed. */
llw_rc llw_file_append(const char *path, const char *bytes, size_t len, llw_err *err);
/* Writes a file that is not there yet, whole or not at all. */
llw_rc llw_file_create(const char *path, const char *bytes, size_t len, llw_err *err);

bool llw_file_is_regular(const char *path);
bool llw_file_is_directory(const char *path);

/* directory + "/" + name, in the arena; name alone when directory is "" or ".". */
char *llw_path_join(llw_arena *arena, const char *directory, const char *name)
    __attribute__((returns_nonnull));
/* What stands behind the last slash: "b.gguf" of "a/b.gguf". A part of path. */
const char *llw_path_name(const char *path);
/* The same; path itself where that is empty. */
const char *llw_path_name_or_path(const char *path);
/* What stands before it, in the arena: "a" of "a/b.gguf", "/" of "/b.gguf", "" of "b.gguf". */
const char *llw_path_folder(llw_arena *arena, const char *path);
/* path as seen from a directory ("" for the current one): relative when it lies below, else absolute. */
const char *llw_path_relative(llw_arena *arena, const char *path, const char *directory);

/* How many directories stand above one ("" for the current one), links resolved, and no more than `most`:
 * that many also where it cannot be told. */
int llw_path_depth(const char *directory, int most);

/* Whether what is there (a link, and what it leads to) belongs to the user, the system, or the owner of a
 * directory `start` ("" for the current one): a question may be asked in somebody else's repository. False
 * when nothing is there. Who climbs from start to the directories above asks it of each, for anybody may put
 * a file into some of them. */
bool llw_path_is_ours(const char *start, const char *path);

/* Names in a directory (without . and ..), sorted by bytes, so that every order is the same everywhere. */
llw_rc llw_directory_list(llw_arena *arena, const char *path, char ***names, size_t *count, llw_err *err);

#endif
