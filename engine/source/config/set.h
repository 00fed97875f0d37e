/* The configuration files under one path: found, read once, looked up by path in O(1). */
#ifndef LLW_SOURCE_CONFIG_SET_H
#define LLW_SOURCE_CONFIG_SET_H

#include "source/config/front.h"

typedef struct llw_config_entry {
    llw_config_file file;
    llw_config_kind kind;
    bool emit;     /* its launches are wanted; else it only completes others */
    bool namesake; /* another file of the set has the same name */
    bool patch;    /* of a kustomization: no manifest of its own */
    bool parsed_docker, parsed_services, parsed_project;
    llw_dockerfile docker;
    struct llw_kustomization *kustomization; /* NULL: not read yet */
    llw_service *services;                   /* of the file alone */
    size_t n_services;
    llw_service *project; /* with the files above, below and beside it (config/compose_project.c) */
    size_t n_project;
} llw_config_entry;

struct llw_config_set {
    const char *root; /* nothing above it is opened */
    const char *real; /* its real path */
    llw_arena *arena;
    llw_config_entry **items; /* in the order in which they were found */
    size_t n, capacity;
    llw_config_entry **slots, **names; /* a power of two of them, at most half full: by path, by name */
    size_t n_slots;
    size_t bytes;
    size_t moved; /* bytes of files that an include sees from another directory */
};

llw_config_entry *llw_config_set_entry(const llw_config_set *set, const char *path);
/* Reads a file into the set; `sniff` leaves out what does not hold what its name says. NULL when it is left
 * out. */
llw_config_entry *llw_config_set_load(llw_config_reader *r, llw_config_set *set, const char *path,
                                      llw_config_kind kind, bool sniff, bool emit);
/* The same for a file whose text is at hand; it is copied. */
llw_config_entry *llw_config_set_add(llw_config_reader *r, llw_config_set *set,
                                     const llw_config_input *input);
/* Every configuration file of a directory; with `below` of those below it too, and their launches are wanted.
 */
void llw_config_set_walk(llw_config_reader *r, llw_config_set *set, const char *root, bool below);

/* Whether a file, followed through links, lies under the root. */
bool llw_config_is_inside(const llw_config_set *set, const char *path);
/* directory + name without the . and .. of name: NULL for absolute names and those that go above the
 * directory's first part. Whether it lies under the root is for the caller to ask. */
const char *llw_config_inside(llw_arena *arena, const char *directory, const char *name);
/* The services of the project that a Compose file begins, or that it completes when it cannot run alone. */
const llw_service *llw_config_project(llw_config_reader *r, llw_config_set *set, llw_config_entry *e,
                                      size_t *n);
/* The file that Compose reads in a directory without being told one; NULL. */
llw_config_entry *llw_config_usual(const llw_config_set *set, const char *directory);
/* A file that is read with another one before it: it starts nothing by itself. */
bool llw_config_is_override(llw_config_reader *r, const llw_config_set *set, const llw_config_entry *e);
/* The Dockerfile of an entry, read once. */
const llw_dockerfile *llw_config_docker(llw_config_reader *r, llw_config_entry *e);
/* Launches of models.conf-style profiles, of .env files, and of the services of a Compose file. */
void llw_chain_conf(llw_config_reader *r, llw_config_set *set, const llw_config_file *file);
void llw_chain_env(llw_config_reader *r, llw_config_set *set, const llw_config_file *file);
void llw_chain_compose(llw_config_reader *r, llw_config_set *set, llw_config_entry *e);
/* The models that a Compose file lets Docker Model Runner start. */
void llw_compose_models(llw_config_reader *r, const llw_config_file *file);
/* NAME.service.d holds what changes NAME.service. */
bool llw_config_in_drop_in(const char *directory);

#endif
