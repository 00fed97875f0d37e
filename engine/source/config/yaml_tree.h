/* A YAML document as a tree whose nodes know their line and column: for files whose places matter.
 *
 * Built from libyaml's events under caps of our own (bytes, events, depth, documents); an alias is a node
 * that points at what it names, so nothing is multiplied. Everything lives in the arena given. */
#ifndef LLW_SOURCE_YAML_TREE_H
#define LLW_SOURCE_YAML_TREE_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    LLW_YAML_MAX_BYTES = 4 << 20,
    LLW_YAML_MAX_EVENTS = 200000,
    LLW_YAML_MAX_DEPTH = 64,
    LLW_YAML_MAX_SCALAR = 1 << 20,
    LLW_YAML_MAX_DOCUMENTS = 256,
};

typedef enum llw_yaml_kind { LLW_YAML_SCALAR, LLW_YAML_LIST, LLW_YAML_MAP } llw_yaml_kind;

typedef struct llw_yaml {
    llw_yaml_kind kind;
    const char *key; /* of each child of a map; else NULL */
    int key_line, key_column;
    const char *text; /* of a scalar */
    size_t len;
    bool plain;               /* a scalar without quotes: null, ~, yes and numbers are what they look like */
    bool block;               /* a | or > scalar */
    int line, column;         /* of the value, from 1 */
    int end_line, end_column; /* behind its last character */
    int n;                    /* children */
    const char *anchor;
    const char *tag;                 /* one of the file's own, such as !reset; NULL */
    struct llw_yaml *target;         /* of an alias, never one itself; look through llw_yaml_follow */
    const struct llw_yaml *original; /* of a copy (config/yaml_patch.h): the node of a file that it was */
    const struct llw_yaml *under;    /* of a copy: what a patch put it over; NULL */
    struct llw_yaml *first, *last, *next, *parent;
} llw_yaml;

/* The first document. LLW_ERR_INPUT with the line when it is no YAML. The first key given twice in one map
 * (of up to 1000 keys) is noted: *twice is the second, or NULL. */
llw_rc llw_yaml_parse(llw_arena *arena, const char *path, const char *bytes, size_t len, llw_yaml **root,
                      const llw_yaml **twice, llw_err *err);
/* Every document of a file; those in front of a broken one are kept, whatever is returned. Empty documents
 * are left out. */
llw_rc llw_yaml_parse_all(llw_arena *arena, const char *path, const char *bytes, size_t len,
                          llw_yaml *roots[LLW_YAML_MAX_DOCUMENTS], size_t *n, const llw_yaml **twice,
                          llw_err *err);

/* The node itself, or what its alias names; NULL for NULL. */
const llw_yaml *llw_yaml_follow(const llw_yaml *node);
/* The topmost node of the file that a node was written in. O(its depth). */
const llw_yaml *llw_yaml_root(const llw_yaml *node);
/* A map's value by key, also through << merges; the last of equal keys. NULL when absent or no map. */
const llw_yaml *llw_yaml_get(const llw_yaml *map, const char *key);
/* A plain ~, null or nothing; also what is not there. */
bool llw_yaml_is_null(const llw_yaml *node);
/* The scalar's text, or otherwise when it is absent, no scalar, or a plain null. */
const char *llw_yaml_string(const llw_yaml *node, const char *otherwise);

/* A comment follows on the line where the plain scalar ends, as in "llama.cpp #7389": what stands behind the
 * # was hardly meant to be lost. `bytes` are the `len` that were parsed; O(len). */
bool llw_yaml_is_cut(const char *bytes, size_t len, const llw_yaml *node);

#endif
