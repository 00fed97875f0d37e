/* The front ends: each reads one kind of configuration file and adds its launches.
 *
 * A front end says nothing of files that start something else, and lists as unread what it cannot read of
 * files that start llama.cpp. All take what they read from one file and, through the set, from files beside
 * it. */
#ifndef LLW_SOURCE_CONFIG_FRONT_H
#define LLW_SOURCE_CONFIG_FRONT_H

#include "source/config/parts.h"

typedef enum llw_config_kind {
    LLW_CONFIG_NONE,
    LLW_CONFIG_INI,    /* models.conf and its kin */
    LLW_CONFIG_PRESET, /* a router's */
    LLW_CONFIG_ENV,
    LLW_CONFIG_COMPOSE,
    LLW_CONFIG_DOCKERFILE,
    LLW_CONFIG_SCRIPT,
    LLW_CONFIG_UNIT,
    LLW_CONFIG_DROP_IN, /* NAME.service.d/x.conf: read with its unit */
    LLW_CONFIG_YAML,    /* until what it holds says which */
    LLW_CONFIG_SWAP,
    LLW_CONFIG_KUBERNETES,
    LLW_CONFIG_KUSTOMIZE, /* read with the manifests that it takes */
    LLW_CONFIG_LOCALAI,
    LLW_CONFIG_MODELFILE,
    LLW_CONFIG_POWERSHELL,
    LLW_CONFIG_BATCH,
    LLW_CONFIG_NIX,
    LLW_CONFIG_MAKEFILE,
    LLW_CONFIG_JUSTFILE,
    LLW_CONFIG_PYTHON,
    LLW_CONFIG_ACTIONS, /* these hold commands: config/commands.c */
    LLW_CONFIG_GITLAB,
    LLW_CONFIG_TASKFILE,
    LLW_CONFIG_PACKAGE,
    LLW_CONFIG_DEVCONTAINER,
    LLW_CONFIG_EDITOR,
    LLW_CONFIG_SKY,
    LLW_CONFIG_SUPERVISOR, /* and these: config/managers.c */
    LLW_CONFIG_PROCFILE,
    LLW_CONFIG_LAUNCHD,
    LLW_CONFIG_DOCUMENT, /* Markdown: it starts nothing and says much */
} llw_config_kind;

/* By the name; *sniff says that what the file holds has to agree. */
llw_config_kind llw_config_kind_of(const char *name, bool *sniff);
/* Whether a YAML file says which charts are installed: an Application of Argo CD, releases of helmfile. */
bool llw_declares_chart(const char *bytes, size_t len);
/* The kind after a look at its bytes, or LLW_CONFIG_NONE. One pass over them. */
llw_config_kind llw_config_kind_by_content(llw_config_kind kind, const char *name, const char *bytes,
                                           size_t len);
bool llw_config_is_example(const char *path);

/* One launch of a file. */
typedef struct llw_front_launch {
    const llw_start *start;
    const char
        *name; /* of a service, model or recipe: the launch is FILE:NAME; "" makes it FILE, FILE:#2 ... */
    int line, column; /* of its definition; 0: where the start stands */
    int from, to;     /* lines that speak of it; 0: those of the start */
    bool infrastructure;
    bool apart; /* the lines of its start are its own: nobody takes anything over from them */
} llw_front_launch;

/* Adds launches, and what comments of the file say about them. Starts in other files (sourced, or scripts
 * that are started) keep their places. Returns how many there are now. */
size_t llw_front_emit(llw_config_reader *r, const llw_config_file *file, const llw_front_launch *items,
                      size_t n);
/* The same for starts alone. */
size_t llw_front_starts(llw_config_reader *r, const llw_config_file *file, const llw_starts *starts);

/* Tells of $NAME and ~/ in words that are started without a shell. `who` starts them. */
void llw_front_no_shell(llw_config_reader *r, const llw_words *words, const char *who, const char *advice);
/* NAME=VALUE as one text; false when it is none. Empty values are kept. */
bool llw_front_split_setting(llw_arena *arena, const llw_rich *text, const char **name, llw_rich *value);

void llw_front_kubernetes(llw_config_reader *r, llw_config_set *set, const llw_config_file *file);
/* What a kustomization that nobody takes changes in the manifests that it builds. */
void llw_front_kustomize(llw_config_reader *r, llw_config_set *set, const llw_config_file *file);
/* The charts that commands of a file install, once all commands are known. */
void llw_front_charts(llw_config_reader *r, llw_config_set *set, const llw_config_file *file);
void llw_front_modelfile(llw_config_reader *r, const llw_config_file *file);
void llw_front_localai(llw_config_reader *r, const llw_config_file *file);
/* A Makefile or justfile. */
void llw_front_recipes(llw_config_reader *r, llw_config_set *set, const llw_config_file *file, bool just);
void llw_front_powershell(llw_config_reader *r, llw_config_set *set, const llw_config_file *file);
void llw_front_nix(llw_config_reader *r, llw_config_set *set, const llw_config_file *file);
void llw_front_batch(llw_config_reader *r, llw_config_set *set, const llw_config_file *file);
void llw_front_python(llw_config_reader *r, const llw_config_file *file);
void llw_front_script(llw_config_reader *r, llw_config_set *set, const llw_config_file *file);
void llw_front_swap(llw_config_reader *r, llw_config_set *set, const llw_config_file *file);
/* A workflow, task runner's or editor's file. */
void llw_front_commands(llw_config_reader *r, llw_config_set *set, const llw_config_file *file,
                        llw_config_kind kind);
/* A process manager's. */
void llw_front_manager(llw_config_reader *r, llw_config_set *set, const llw_config_file *file,
                       llw_config_kind kind);
/* An .ini of llama-server's router. False when it is none; `only_ask` adds nothing. */
bool llw_front_preset(llw_config_reader *r, const llw_config_file *file, bool only_ask);
/* Whether a unit that starts llama.cpp reads its variables from that file, by the file's name. */
bool llw_unit_takes_file(llw_arena *arena, const llw_config_file *service, const llw_config_file *env);
/* A unit with its drop-ins in the order in which they apply; a template with those of its instances. */
void llw_front_unit(llw_config_reader *r, llw_config_set *set, const llw_config_file *file,
                    const llw_config_file *const *drop_ins, size_t n);

#endif
