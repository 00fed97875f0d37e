/* Configuration files lowered into launches: every setting with the file, line and column of the link that
 * really sets it.
 *
 * Formats: models.conf-style INI, .env, Compose, Dockerfile, shell scripts. The chain is followed as it runs:
 * profile -> generated .env -> Compose default -> Dockerfile ENV -> CMD, last option wins; what lost on the
 * way stays as rival claims of the slot (origin and place of each), so that a finding names the link that
 * counts. Grade is LLW_GRADE_CONFIG.
 *
 * Launches made, with their ids:
 * - FILE:profile: a section of an INI file that has a MODEL, through the Compose service and Dockerfile
 * beside it
 * - FILE:service: a Compose service that runs llama.cpp, with its defaults alone, where the .env beside it
 * says nothing to it
 * - FILE: a .env file through the Compose service beside it; a Dockerfile that runs llama.cpp
 *
 * launch.infrastructure marks a layer count in a Dockerfile, Compose file, manifest or example, and one that
 * several launches take from one place; launch.inherited that others get it from there, which nobody does of
 * what a service or container says of itself; launch.example examples and templates,
 * launch.reason_given whether a comment says why the placement was chosen. What comments and descriptions say
 * about a model becomes `claim` entities; text in quotes, of the past or of lessons, and commented-out
 * profiles say nothing.
 *
 * A model named in a file is looked for beside the file, in models/, and where Compose mounts it; one that is
 * not there but is known by its name (models/known) has the facts of that; else the entity stands
 * without facts. Nothing is run, no variable of the caller's environment is read, links to directories are
 * not followed. Everything may be hostile: what cannot be read is listed with its line and left out. */
#ifndef LLW_SOURCE_CONFIG_H
#define LLW_SOURCE_CONFIG_H

#include "base/error.h"
#include "fact/facts.h"
#include "source/launch/argv.h"

typedef struct llw_config_options {
    llw_entity build; /* 0: the newest known; an image tag, or the commit of a submodule or checkout, says
                         better unless build_given */
    bool build_given;
    const char *models_directory; /* where models lie besides models/ and the mounts; NULL for nowhere */
    const llw_flags *flags;       /* NULL: loaded here */
    const char *model; /* a GGUF file, or the name of a known model, that every launch is read with; NULL: the
                        * one it names */
} llw_config_options;

/* A configuration file as text. `wanted`: its launches are; else it only completes others. */
typedef struct llw_config_input {
    const char *path, *bytes;
    size_t len;
    bool wanted;
} llw_config_input;

typedef struct llw_unread {
    const char *file;
    int line; /* 0 when the whole file is meant */
    const char *why;
} llw_unread;

typedef struct llw_config_launch {
    llw_entity launch;
    llw_entity model; /* 0 when none is named */
    const char *file; /* where it is defined */
    int line, column;
    const char *name;      /* of the profile or service; "" for a whole file */
    bool infrastructure;   /* its layer count stands where launch.infrastructure says */
    bool inherited;        /* ... and others take it from there */
    bool own_layers;       /* its layer count stands in its own service or container */
    llw_argv_result argv;  /* problems of its words; places are file:line:column */
    const llw_token *args; /* the words llama.cpp gets, without the program's name */
    size_t n_args;
    const llw_env *env; /* and the variables it reads */
    size_t n_env;
} llw_config_launch;

typedef struct llw_config_result {
    llw_config_launch *launches;
    size_t n_launches, launch_capacity;
    llw_unread *unread;
    size_t n_unread, unread_capacity;
    size_t n_looked; /* directory entries, while it goes on */
    size_t n_files;  /* read as configuration */
    const char **files;
    size_t file_capacity;
    llw_config_input *inputs; /* of the last path: all that was read, and what only completes it */
    size_t n_inputs;
    size_t n_claims;
    llw_flag_problem *problems; /* of the files themselves: what systemd, a router or Compose makes of them */
    size_t n_problems, problem_capacity;
} llw_config_result;

enum {
    LLW_CONFIG_MAX_FILES = 20000,    /* configuration files under one path */
    LLW_CONFIG_MAX_ENTRIES = 200000, /* directory entries looked at */
    LLW_CONFIG_MAX_DEPTH = 16,       /* directories below the one given */
    LLW_CONFIG_MAX_BYTES = 4 << 20,  /* of one file */
    LLW_CONFIG_MAX_LAUNCHES = 800,
    LLW_CONFIG_MAX_CLAIMS = 350,
};

/* Where a launch of `result` (an llw_config_result) is defined; a llw_launch_place of explain/finding.h. */
bool llw_config_place_of(void *result, llw_entity launch, const char **file, int *line, int *column);

/* Reads a file, or every configuration file under a directory (versions, packages, builds and copies of
 * llama.cpp's sources are left out). A file given by name whose format is none of ours, and a path that is
 * not there, are LLW_ERR_INPUT. Results live in the fact base's arena. May be called for several paths:
 * launches of equal ids are read once. */
llw_rc llw_source_config(llw_facts *facts, const char *path, const llw_config_options *options,
                         llw_config_result *out, llw_err *err);

/* The same for files that are at hand as text: no file of this machine is opened but options->model. Their
 * paths are names only, relative to one another. */
llw_rc llw_source_config_inputs(llw_facts *facts, const llw_config_input *inputs, size_t n,
                                const llw_config_options *options, llw_config_result *out, llw_err *err);

#endif
