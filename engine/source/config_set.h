/* The configuration files under one path: found, read once, looked up by path in O(1). */
#ifndef LLW_SOURCE_CONFIG_SET_H
#define LLW_SOURCE_CONFIG_SET_H

#include "source/config_front.h"

typedef struct llw_config_entry {
    llw_config_file file;
    llw_config_kind kind;
    bool emit; /* its launches are wanted; else it only completes others */
    bool parsed_docker, parsed_services;
    llw_dockerfile docker;
    llw_service *services;
    size_t n_services;
} llw_config_entry;

struct llw_config_set {
    const char *root; /* nothing above it is opened */
    const char *real; /* its real path */
    llw_arena *arena;
    llw_config_entry **items; /* in the order in which they were found */
    size_t n, capacity;
    llw_config_entry **slots; /* a power of two of them, at most half full; by path */
    size_t n_slots;
    size_t bytes;
};

llw_config_entry *llw_config_set_entry(const llw_config_set *set, const char *path);
/* Reads a file into the set; `sniff` leaves out what does not hold what its name says. NULL when it is left
 * out. */
llw_config_entry *llw_config_set_load(llw_config_reader *r, llw_config_set *set, const char *path,
                                      llw_config_kind kind, bool sniff, bool emit);
/* Every configuration file of a directory; with `below` of those below it too, and their launches are wanted.
 */
void llw_config_set_walk(llw_config_reader *r, llw_config_set *set, const char *root, bool below);

/* Whether a file, followed through links, lies under the root. */
bool llw_config_is_inside(const llw_config_set *set, const char *path);
/* directory + name without leaving the root: NULL for absolute names and those that go up. */
const char *llw_config_inside(llw_arena *arena, const char *directory, const char *name);
/* NAME.service.d holds what changes NAME.service. */
bool llw_config_in_drop_in(const char *directory);

#endif
