/* What the readers of configuration files share. config.c finds files and pairs them, config/kind.c knows
 * which reader a file is for; one file for each format; config/start.c and config/container.c go from
 * commands to the program they start, shell.h reads scripts; config/front.c and config/launch.c make
 * launches; prose/claims.c reads comments. */
#ifndef LLW_SOURCE_CONFIG_PARTS_H
#define LLW_SOURCE_CONFIG_PARTS_H

#include "source/config/config.h"
#include "source/shell/scope.h"

typedef struct llw_config_file {
    const char *path, *name, *directory; /* name is the last part of path */
    char *bytes;
    size_t len;
    bool example;
    struct llw_config_kept *kept; /* its text, while it is read again and again; NULL for a part of a file */
} llw_config_file;

struct llw_config_router;
struct llw_config_map;

/* What was too much. */
typedef struct llw_left_out {
    const char *file; /* where the first of them stands */
    int line;
    size_t n;
} llw_left_out;

void llw_config_leave_out(llw_left_out *left, const char *file, int line);

typedef struct llw_config_reader {
    llw_facts *facts;
    llw_arena *arena; /* of the file that is read; kept when something came of it (config.c) */
    const llw_config_options *options;
    const llw_flags *flags;
    llw_config_result *out;
    bool on_paper; /* files are at hand as text: nothing is looked for on this machine */
    size_t budget; /* of expansions: LLW_EXPAND_BUDGET at the start */
    char **known;  /* names of the known models, once they were asked for */
    size_t n_known;
    size_t copies, reread; /* of variables, of script bytes in loops and branches: LLW_SHELL_BUDGET and
                              _REREAD at first */
    int shells;            /* scripts inside scripts that are being read */
    size_t nested,
        nested_in_all; /* commands read in those: for the file whose launches are looked for, for all */
    size_t emission;   /* counts the files that launches were looked for in: each has its arena */
    struct llw_gpu_table *cards;       /* models/gpus.tsv, once it was asked for */
    struct llw_config_router *routers; /* servers started with --models-preset */
    size_t n_routers, router_capacity;
    struct llw_config_map *maps; /* ConfigMaps of the manifests, once somebody asked */
    size_t n_maps, map_capacity;
    bool maps_read;
    struct llw_kustomize *kustomize;      /* which of them take which manifests, once somebody asked */
    struct llw_config_with_env *with_env; /* services that are told with a .env */
    size_t n_with_env, with_env_capacity;
    struct llw_helm_use *helm_uses; /* commands that install charts */
    size_t n_helm_uses, helm_use_capacity;
    struct llw_config_pin *pins; /* where the project fixes its llama.cpp */
    size_t n_pins, pin_capacity;
    struct llw_ubatch_reason *ubatch_reasons; /* what documents give a reason for */
    size_t n_ubatch_reasons, ubatch_reason_capacity;
    llw_left_out unheard, unstarted; /* statements and launches that were too many */
    struct llw_meanings *meanings;   /* of names in running text, once a document was read */
    const char *fork;                /* of llama.cpp, that some file of the tree clones; NULL */
    size_t n_parsed;                 /* Compose files, Dockerfiles, kustomizations and their patches */
} llw_config_reader;

enum {
    LLW_SHELL_BUDGET = 1 << 22, /* of variables copied */
    LLW_SHELL_REREAD = 1 << 21, /* of bytes read again; each becomes a llw_char */
    LLW_SHELL_DEPTH = 4         /* of sh -c 'sh -c ...' */
};

/* Notes that something was not read. Each place and reason once. */
void llw_config_unread(llw_config_reader *r, const char *file, int line, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Adds to the problems of the files: `subject` is the key or word concerned, `place` FILE:LINE:COLUMN. */
void llw_config_problem(llw_config_reader *r, llw_flag_code code, llw_problem_level level, const char *place,
                        const char *subject, const char *advice, const char *fmt, ...)
    __attribute__((format(printf, 7, 8)));

/* --- what a file says --- */

typedef struct llw_ini_entry {
    const char *key;
    llw_rich value;
    int line;
} llw_ini_entry;

typedef struct llw_ini_section {
    const char *name;
    int line, column, last_line;
    bool broken; /* its head cannot be read: what stands in it belongs to nobody */
    llw_ini_entry *entries;
    size_t n, capacity;
} llw_ini_section;

/* Sections in file order; entries before the first section are left out. */
llw_ini_section *llw_config_ini(llw_config_reader *r, const llw_config_file *file, size_t *n);
/* The last entry of that key with a value, or NULL. */
const llw_ini_entry *llw_ini_get(const llw_ini_section *section, const char *key);
/* A section that names a model the way models.conf does: a GGUF file, a known model, or anything where the
 * file's name or the keys beside it say that it is one. */
bool llw_ini_is_profile(llw_config_reader *r, const llw_config_file *file, const llw_ini_section *section);
/* The key of a section that is MODEL but for its case and stands for one, or NULL. */
const llw_ini_entry *llw_ini_misspelt_model(llw_config_reader *r, const llw_ini_section *section);
/* The known model that a file name stands for: with or without .gguf and part number; NULL for none. */
const char *llw_config_known_name(llw_config_reader *r, const char *path);

/* The variables of a .env file; ${...} sees those above it. `origin` names who set them. */
llw_scope llw_config_env(llw_config_reader *r, const llw_config_file *file, const char *origin);
/* The same where nothing but the first = has a meaning: docker run --env-file. */
llw_scope llw_config_env_raw(llw_config_reader *r, const llw_config_file *file, const char *origin);

/* A CMD, ENTRYPOINT, command or entrypoint: a script for /bin/sh, or words. */
typedef struct llw_command {
    bool given, shell;
    llw_rich script;
    llw_words words;
    int line;
    const struct llw_command *before; /* the one that it replaced; NULL */
} llw_command;

/* A COPY or ADD: a source relative to the context and where it goes, or a text that the Dockerfile itself
 * holds. */
typedef struct llw_copy {
    const char *inside, *outside;
    const llw_rich *text; /* of a here-document; NULL */
} llw_copy;

typedef struct llw_dockerfile {
    llw_scope env;
    llw_command entrypoint, command;
    const llw_copy *copies;
    size_t n_copies;
    const char *workdir;   /* NULL: the base image's */
    const char *image;     /* of the last stage's FROM, NULL for scratch or a stage that cannot be named */
    int line;              /* of the CMD or ENTRYPOINT that counts */
    int from;              /* of the FROM whose image it is */
    const char *directory; /* the file's: scripts it copies lie there */
} llw_dockerfile;

void llw_config_dockerfile(llw_config_reader *r, const llw_config_file *file, llw_dockerfile *out);

/* --- what runs --- */

/* What a container, pod, unit or variable lets a program use (config/limits.c). */
typedef struct llw_limits {
    bool gpus_said, memory_said;
    int64_t gpus;           /* how many it sees: LLW_ALL_GPUS, or LLW_GPUS_NOT_KNOWN */
    const char *const *ids; /* which of them, by index or UUID, where the file says it */
    size_t n_ids;
    int64_t memory; /* bytes of RAM; -1 when that is not known */
    llw_token gpus_place, memory_place;
} llw_limits;

enum { LLW_ALL_GPUS = -1, LLW_GPUS_NOT_KNOWN = -2 };

/* "8g", "16Gi", "512M" or bytes; -1 for anything else. `binary`: K, M and G are powers of 1024, as Docker and
 * systemd have them; else of 1000 and Ki, Mi and Gi of 1024, as Kubernetes does. */
int64_t llw_limits_bytes(const char *text, bool binary);
/* "0,1" of --gpus device=..., device_ids and *_VISIBLE_DEVICES. */
void llw_limits_ids(llw_arena *arena, llw_limits *limits, const char *text, llw_token place);
/* What the variables of a launch hide: CUDA_VISIBLE_DEVICES and its kin narrow what the container shows. */
void llw_limits_variables(llw_arena *arena, const llw_scope *env, llw_limits *limits);
/* As facts of the launch. */
void llw_limits_claim(llw_facts *facts, llw_entity launch, const llw_limits *limits);

/* A directory of a container and what it is outside. */
typedef struct llw_mount {
    const char *inside, *outside; /* /models, DIRECTORY/models */
} llw_mount;

typedef struct llw_lowered {
    bool runs; /* a llama.cpp program was found */
    llw_program program;
    llw_token program_token;
    bool self_built; /* it lies in somebody's own build tree */
    llw_words words; /* its arguments */
    llw_scope env;
    const char *version;       /* of llama.cpp, by the tag of the image it runs in; NULL */
    const char *version_place; /* of the image's name; NULL */
    const char *image;         /* the official image it runs in; NULL */
    const char *stranger;      /* an image of somebody else that it runs in; NULL */
    llw_token image_place;
    llw_mount *mounts; /* of that container */
    size_t n_mounts, mount_capacity;
    llw_limits limits;
} llw_lowered;

/* A router that was found: its presets are read with what it says itself. */
typedef struct llw_config_router {
    const char *preset; /* the file it names */
    llw_lowered low;
} llw_config_router;

/* How a file beside another one is found; NULL when it is not there. */
typedef struct llw_config_set llw_config_set;
const llw_config_file *llw_config_set_find(llw_config_reader *r, llw_config_set *set, const char *directory,
                                           const char *name);
/* The same, and if it is not there, below the directories above that one: "$ROOT/lib/x.sh". */
const llw_config_file *llw_config_set_find_above(llw_config_reader *r, llw_config_set *set,
                                                 const char *directory, const char *name);
/* The only file of that name, wherever it lies; NULL when there is none or several have it. */
const llw_config_file *llw_config_set_find_named(const llw_config_set *set, const char *name);
/* The files of an llw_config_kind, one after the other; *at starts at 0. NULL behind the last. */
const llw_config_file *llw_config_set_next(const llw_config_set *set, int kind, size_t *at);

/* What is known of a container's files. */
typedef struct llw_inside {
    const llw_mount *mounts;
    size_t n_mounts;
    const llw_dockerfile *docker; /* NULL */
    const char *context;          /* directory of its build; NULL when nobody names it */
} llw_inside;

/* Where a command stands that may start llama.cpp. */
typedef struct llw_start_site {
    const char *file;
    const char *directory;      /* what it sources and starts by a relative name is looked for here */
    llw_config_set *set;        /* NULL: nothing is looked up */
    const char *default_origin; /* who wrote the text behind :- ("shell default") */
    bool tells;                 /* a script that cannot be read is told: a container or service starts it */
    const llw_inside *inside;   /* of the container that it runs in; NULL */
    const struct llw_start_site *by; /* the script that starts this one; NULL */
} llw_start_site;

/* The file of the tree that a path inside the site's container is, by mounts and COPY; NULL when none is
 * known. */
const llw_config_file *llw_config_inside_file(llw_config_reader *r, const llw_start_site *site,
                                              const char *path);
/* The text that the Dockerfile itself writes to a path; NULL. */
const llw_rich *llw_config_inside_text(llw_config_reader *r, const llw_start_site *site, const char *path);

/* One start of llama.cpp that was found. */
typedef struct llw_start {
    llw_lowered low;
    const char *file; /* of the command */
    int line, column, last_line;
    const char *argument; /* the $1 with which the script comes here; NULL */
    bool unlikely;        /* only when a variable is set that nobody sets */
} llw_start;

typedef struct llw_starts {
    llw_start *items;
    size_t n, capacity;
} llw_starts;

enum { LLW_MAX_STARTS = 1000 };

/* A file as text whose bytes know their places; \r\n counts as \n. */
llw_rich llw_config_text(llw_config_reader *r, const llw_config_file *file, const char *origin);

/* That of a script, or of a .env that one sources: made once for all that run it from one file. */
const llw_rich *llw_config_script_text(llw_config_reader *r, const llw_config_file *file);
struct llw_config_kept *llw_config_kept_new(llw_arena *arena);

/* A text inside a file as a file of its own, of the same path, whose lines and columns are those of the outer
 * one: blanks stand for what is around it. NULL when too much was read already. */
llw_config_file *llw_config_embedded(llw_config_reader *r, const llw_config_file *in, const llw_rich *text);

/* Reads a shell script on paper and adds every start of llama.cpp (shell.h says how). `arguments` are its $1
 * and so on; NULL when nobody knows them. `env` is the environment it gets. */
void llw_shell_script(llw_config_reader *r, const llw_start_site *site, const llw_rich *script,
                      const llw_words *arguments, const llw_scope *env, llw_starts *out);
/* The same for a command string: the one start that counts, or none. */
void llw_shell_run(llw_config_reader *r, const char *file, const llw_rich *script, const llw_words *arguments,
                   llw_scope *env, llw_lowered *out);

/* Words as a process is started with them: unwraps exec, nohup, env, sudo, numactl and the like, sh -c,
 * scripts that lie in the set, docker and podman run. Places of the starts are left 0 for the caller when it
 * knows better. */
void llw_start_words(llw_config_reader *r, const llw_start_site *site, const llw_words *words,
                     const llw_scope *given, llw_starts *out);
/* The words are a shell or ssh that reads its commands from a here-document. */
bool llw_start_reads_commands(llw_arena *arena, const llw_words *words);

/* entrypoint + command as a container engine joins them. */
void llw_config_lower(llw_config_reader *r, const llw_start_site *site, const llw_command *entrypoint,
                      const llw_command *command, const llw_scope *env, llw_lowered *out);

/* docker, podman, nerdctl; and the words behind that name: run, create and exec are unwrapped. */
bool llw_container_engine(const char *name);
void llw_container_words(llw_config_reader *r, const llw_start_site *site, const llw_words *words,
                         const llw_scope *env, llw_starts *out);

/* A container that runs: `image` is what it is made from, `entrypoint` and `command` what was given besides
 * (not expanded any further). Where nobody gave an ENTRYPOINT it is the image's own, if it is an official
 * one. `ours` says that something around it speaks of llama.cpp, so that options alone are enough. */
typedef struct llw_container {
    const char *image; /* NULL when it is not known */
    llw_token place;   /* of the image's name */
    llw_command entrypoint, command;
    bool ours;
} llw_container;

void llw_container_start(llw_config_reader *r, const llw_start_site *site, const llw_container *container,
                         const llw_scope *env, llw_lowered *out);

/* What an official image runs by its tag (ghcr.io/ggml-org/llama.cpp:server-cuda-b8022): false when it is
 * none of them. `version` receives b8022 or NULL, `tools` says that the first argument selects the program
 * (:full). */
bool llw_config_image(llw_arena *arena, const char *image, llw_program *program, const char **version,
                      bool *tools);

/* Whether an image's tag or digest names one build: :server-cuda-b8022, @sha256:... */
bool llw_config_image_pinned(const char *image);

/* The variables of models.conf and its kin (MODEL, CTX_SIZE, N_GPU_LAYERS, EXTRA_ARGS ...) as llama-server's
 * words, for when there is no CMD that says how they are used: config/launch.c has the table. */
void llw_config_words_of_variables(llw_config_reader *r, const llw_scope *scope, llw_lowered *out);

/* --- launches --- */

typedef struct llw_launch_spec {
    const char *id, *name;
    const llw_config_file *file;
    int line, column;
    const llw_lowered *lowered;
    const char *version; /* of llama.cpp, by an image tag; NULL */
    const char *version_place;
    bool infrastructure, example;
    const struct llw_service *service; /* of Compose; NULL */
    int own_from, own_to;              /* the lines of a container of a manifest; 0: not that */
    const char *directory;             /* models are looked for from here */
    const llw_mount *mounts;
    size_t n_mounts;
} llw_launch_spec;

/* The line of a place FILE:LINE:COLUMN in that file; 0 when it is in another. */
int llw_config_line_in(const llw_config_file *file, const char *place);

/* NULL when there are too many, or the id was read before. */
llw_config_launch *llw_config_add_launch(llw_config_reader *r, const llw_launch_spec *spec);

/* --- Compose --- */

typedef struct llw_setting_text {
    const char *name; /* of a variable; NULL when `text` is NAME=VALUE or NAME as a whole */
    llw_rich text;    /* not expanded */
    bool null;        /* given without a value: taken from the caller's environment */
} llw_setting_text;

typedef struct llw_env_file {
    const char *path, *directory; /* the path as seen from there */
    int line;
    bool optional, raw;
} llw_env_file;

/* An entry of gpus: or deploy.resources.reservations.devices. */
typedef struct llw_gpu_request {
    unsigned key;   /* LLW_SERVICE_GPUS or _DEPLOY */
    llw_rich count; /* "all", a number or ${...}; empty when none is given */
    llw_words ids;
    int line, column;
} llw_gpu_request;

/* Keys of a service that a file above another one may take away with !reset and !override. */
typedef enum llw_service_key {
    LLW_SERVICE_IMAGE = 1 << 0,
    LLW_SERVICE_BUILD = 1 << 1,
    LLW_SERVICE_ENTRYPOINT = 1 << 2,
    LLW_SERVICE_COMMAND = 1 << 3,
    LLW_SERVICE_ENVIRONMENT = 1 << 4,
    LLW_SERVICE_ENV_FILE = 1 << 5,
    LLW_SERVICE_VOLUMES = 1 << 6,
    LLW_SERVICE_DEPLOY = 1 << 7,
    LLW_SERVICE_GPUS = 1 << 8,
    LLW_SERVICE_MEM_LIMIT = 1 << 9,
    LLW_SERVICE_PROFILES = 1 << 10,
    LLW_SERVICE_MODELS = 1 << 11,
} llw_service_key;

typedef struct llw_service {
    const char *name;
    const llw_config_file *file; /* that defines it */
    int line, column, last_line;
    unsigned given, taken; /* llw_service_key: what the file says; what it takes away from those below */
    llw_rich image;        /* not expanded */
    bool builds;
    const char *context, *dockerfile, *context_directory; /* of its build */
    const llw_config_file
        *inline_dockerfile;          /* dockerfile_inline: its lines stand where they do in the file */
    llw_command entrypoint, command; /* not expanded; `shell` says that it is one string still to be split */
    llw_setting_text *environment;
    size_t n_environment, environment_capacity;
    llw_env_file *env_files;
    size_t n_env_files, env_file_capacity;
    llw_mount *mounts;
    size_t n_mounts, mount_capacity;
    const char **profiles;
    size_t n_profiles, profile_capacity;
    const char *extends, *extends_file; /* the service that it builds on; in that file, NULL for its own */
    int extends_line;
    llw_gpu_request *gpus;
    size_t n_gpus, gpu_capacity;
    llw_rich memory;                 /* of mem_limit or deploy.resources.limits; not expanded */
    const struct llw_service *under; /* what it was merged over, in another file of the project; NULL */
    bool included;                   /* as another file of the project has it: that one starts it, too */
    bool otherwise;                  /* ... but not like this: include changed its variables or directory */
    const llw_scope *variables; /* of include's env_file, for ${...} that the project does not set; NULL */
    bool names_llama;           /* name, container_name or image speaks of llama.cpp */
    bool other_engine;          /* ... of another engine */
} llw_service;

/* The services of one file as they stand there. Relative names are seen from `directory`. */
llw_service *llw_config_compose(llw_config_reader *r, const llw_config_file *file, const char *directory,
                                size_t *n);
/* A service as a .env beside it starts it. */
typedef struct llw_config_with_env {
    const llw_service *service;
    const llw_config_file *env;
    llw_config_launch launch;
} llw_config_with_env;

/* One service over another, as Compose merges files: what is a list or map grows, all else is replaced. */
llw_service llw_config_merge_service(llw_arena *arena, const llw_service *below, const llw_service *above);

/* The service as it runs with these variables for ${...}. `docker` may be NULL. `version` is llama.cpp's by
 * the image's tag, or NULL. env_files are looked up in `set`; one that is not there is `stand_in`, when that
 * is its example. */
void llw_config_service(llw_config_reader *r, const llw_service *service, const llw_scope *variables,
                        const llw_dockerfile *docker, llw_config_set *set, const llw_config_file *stand_in,
                        llw_lowered *out, const char **version);

/* --- comments --- */

/* Lines of a file that speak of one launch; without a launch, of something that was not read: what is said
 * right above it is said of nothing else. */
typedef struct llw_comment_target {
    int from, to; /* lines of its definition; comments right above belong to it too */
    llw_config_launch *launch;
} llw_comment_target;

/* Claims what comments say about models, and launch.reason_given of every target. `texts` are descriptions
 * inside the files, each with the index of its target. */
typedef struct llw_comment_text {
    llw_rich text;
    size_t target;
} llw_comment_text;

/* One thing that a sentence states. */
struct llw_phrase;
typedef struct llw_said {
    const llw_config_file *file;
    const llw_rich *sentence;
    const struct llw_phrase *phrase;
    llw_entity model, launch; /* 0 for none */
    const char *origin;       /* "comment", "document" */
    bool sourced;
    bool filed_as_measured;
} llw_said;

/* The claim as an entity, 0 when there are too many or it was made before. */
llw_entity llw_config_claim(llw_config_reader *r, const llw_said *said);

/* What documents say about the models of the launches that were read: claims like those of comments, old
 * beliefs, procedures of updating. Call it when all launches are known. */
void llw_config_document(llw_config_reader *r, llw_config_set *set, const llw_config_file *file);

/* Where a sentence ends in prose: at . ! ? before a blank, at an empty line, at a bullet and where the next
 * line is indented further. */
bool llw_prose_ends(const llw_rich *text, size_t i);

/* "GLM" starts like glm-4.7-flash does; "flash" and "next" are ordinary words. */
bool llw_config_starts_like_model(const char *name, size_t len, const char *model);

/* Whether a name in running speech means the launch's model, with nothing in it that speaks against that. */
bool llw_config_names_model(llw_config_reader *r, const char *text, size_t len,
                            const llw_config_launch *launch);

/* Whether the phrase at that byte of a sentence speaks of another model than the launch's; `before` is the
 * paragraph up to the sentence. */
bool llw_config_other_model(llw_config_reader *r, const llw_rich *before, const llw_rich *sentence, size_t at,
                            const llw_config_launch *launch);

void llw_config_comments(llw_config_reader *r, const llw_config_file *file, const llw_comment_target *targets,
                         size_t n_targets, const llw_comment_text *texts, size_t n_texts);

#endif
