/* Which front end a file is for: by its name, and where a name says little, by what it holds. */
#include "source/config/front.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static bool has_prefix(const char *text, const char *prefix) {
    return !strncasecmp(text, prefix, strlen(prefix));
}

static bool has_suffix(const char *text, const char *suffix) {
    size_t n = strlen(text), m = strlen(suffix);
    return n > m && !strcasecmp(text + n - m, suffix);
}

bool llw_config_is_example(const char *path) {
    static const char *const words[] = {"example", "sample", "template", ".dist"};
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    for (size_t i = 0; i < 4; i++) {
        if (i == 2 && slash && slash - path >= 10 && !strncmp(slash - 10, "/templates", 10))
            continue; /* a chart's */
        if (strcasestr(name, words[i])) return true;
    }
    for (size_t i = 0; i < 3; i++) { /* examples/, env-templates/ */
        const char *found = strcasestr(path, words[i]);
        bool chart =
            found && i == 2 && (found == path || found[-1] == '/') && !strncmp(found, "templates/", 10);
        if (found && found < name && !chart) return true;
    }
    return false;
}

/* A program's own tests: what they start is made up. */
static bool is_test(const char *name) {
    return has_suffix(name, "_test.py") || (has_prefix(name, "test_") && has_suffix(name, ".py")) ||
           !strcasecmp(name, "conftest.py");
}

static const struct {
    const char *prefix, *suffix; /* of the name, in any case; "" for any */
    llw_config_kind kind;
    bool sniff; /* what it holds has to agree */
} names[] = {
    {"Dockerfile.", "", LLW_CONFIG_DOCKERFILE, false},
    {"", ".dockerfile", LLW_CONFIG_DOCKERFILE, false},
    {".env.", "", LLW_CONFIG_ENV, false},
    {"", ".env", LLW_CONFIG_ENV, false},
    {"Modelfile", "", LLW_CONFIG_MODELFILE, true},
    {"", ".modelfile", LLW_CONFIG_MODELFILE, true},
    {"Procfile", "", LLW_CONFIG_PROCFILE, true},
    {"", ".plist", LLW_CONFIG_LAUNCHD, true},
    {"", ".conf", LLW_CONFIG_INI, false},
    {"", ".ini", LLW_CONFIG_INI, false},
    {"", ".service", LLW_CONFIG_UNIT, true},
    {"", ".container", LLW_CONFIG_UNIT, true},
    {"", ".sh", LLW_CONFIG_SCRIPT, true},
    {"", ".bash", LLW_CONFIG_SCRIPT, true},
    {"", ".zsh", LLW_CONFIG_SCRIPT, true},
    {"", ".command", LLW_CONFIG_SCRIPT, true},
    {".bashrc", "", LLW_CONFIG_SCRIPT, true},
    {".bash_aliases", "", LLW_CONFIG_SCRIPT, true},
    {".zshrc", "", LLW_CONFIG_SCRIPT, true},
    {"Taskfile.y", "", LLW_CONFIG_TASKFILE, true},
    {".gitlab-ci.", "", LLW_CONFIG_GITLAB, true},
    {"package.json", "", LLW_CONFIG_PACKAGE, true},
    {"devcontainer.json", "", LLW_CONFIG_DEVCONTAINER, true},
    {".devcontainer.json", "", LLW_CONFIG_DEVCONTAINER, true},
    {"tasks.json", "", LLW_CONFIG_EDITOR, true},
    {"kustomization", "", LLW_CONFIG_KUSTOMIZE, true},
    {"", ".yaml", LLW_CONFIG_YAML, true},
    {"", ".yml", LLW_CONFIG_YAML, true},
    {"", ".yaml.gotmpl", LLW_CONFIG_YAML, true},
    {"", ".ps1", LLW_CONFIG_POWERSHELL, true},
    {"", ".psm1", LLW_CONFIG_POWERSHELL, true},
    {"", ".nix", LLW_CONFIG_NIX, true},
    {"Makefile", "", LLW_CONFIG_MAKEFILE, true},
    {"GNUmakefile", "", LLW_CONFIG_MAKEFILE, true},
    {"", ".mk", LLW_CONFIG_MAKEFILE, true},
    {"justfile", "", LLW_CONFIG_JUSTFILE, true},
    {".justfile", "", LLW_CONFIG_JUSTFILE, true},
    {"", ".just", LLW_CONFIG_JUSTFILE, true},
    {"", ".bat", LLW_CONFIG_BATCH, true},
    {"", ".cmd", LLW_CONFIG_BATCH, true},
    {"", ".py", LLW_CONFIG_PYTHON, true},
    {"", ".md", LLW_CONFIG_DOCUMENT, true},
    {"", ".markdown", LLW_CONFIG_DOCUMENT, true},
    {"", ".mdc", LLW_CONFIG_DOCUMENT, true}, /* rules of an editor's assistant */
};

llw_config_kind llw_config_kind_of(const char *name, bool *sniff) {
    static const char *const suffixes[] = {".example", ".sample", ".template", ".dist"};
    char base[256];
    size_t len = strlen(name);
    *sniff = false;
    if (!len || len >= sizeof base || is_test(name)) return LLW_CONFIG_NONE;
    memcpy(base, name, len + 1);
    for (size_t i = 0; i < 4; i++)
        if (has_suffix(base, suffixes[i])) base[strlen(base) - strlen(suffixes[i])] = 0;
    bool yaml = has_suffix(base, ".yml") || has_suffix(base, ".yaml");
    if (yaml && strcasestr(base, "compose")) return LLW_CONFIG_COMPOSE;
    if (!strcasecmp(base, "Dockerfile") || !strcasecmp(base, "Containerfile")) return LLW_CONFIG_DOCKERFILE;
    if (!strcmp(base, ".env")) return LLW_CONFIG_ENV;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (*names[i].prefix ? !has_prefix(base, names[i].prefix) : !has_suffix(base, names[i].suffix))
            continue;
        *sniff = names[i].sniff;
        return names[i].kind;
    }
    *sniff = true; /* a file without an ending may be a script, but git's and the like of .dockerignore */
    bool list = has_prefix(base, ".git") || (*base == '.' && has_suffix(base, "ignore"));
    return list || strchr(base + 1, '.') ? LLW_CONFIG_NONE : LLW_CONFIG_SCRIPT;
}

/* --- what it holds --- */

static bool holds(const char *bytes, size_t len, const char *word) {
    return memmem(bytes, len, word, strlen(word)) != NULL;
}

/* Anything that starts llama.cpp says so in one of these. */
static bool speaks_of_llama(const char *bytes, size_t len) {
    return holds(bytes, len, "llama") || holds(bytes, len, "LLAMA") || holds(bytes, len, ".gguf");
}

/* A program of llama.cpp's, an image or a model is named, or another file that may name one. Cheap, and most
 * scripts that only speak of llama.cpp end here. */
static bool may_start_llama(const char *bytes, size_t len) {
    static const char *const words[] = {
        "llama-server", "llama-cli", "llama-bench", "llama-fit-params", ".gguf", "llama.cpp:", "LLAMA_ARG",
        "/server",      "/main",     "-hf",         "source ",          "\n. ",  ".sh"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (holds(bytes, len, words[i])) return true;
    return false;
}

/* The word at the start of a line, blanks in front of it allowed up to `indent`. */
static bool line_starts(const char *bytes, size_t len, const char *word, size_t indent) {
    size_t n = strlen(word);
    for (const char *at = bytes; (at = memmem(at, len - (size_t)(at - bytes), word, n)) != NULL; at++) {
        const char *back = at;
        size_t blanks = 0;
        while (back > bytes && back[-1] == ' ' && blanks <= indent) {
            back--;
            blanks++;
        }
        if (blanks <= indent && (back == bytes || back[-1] == '\n')) return true;
    }
    return false;
}

/* A document that may say something about models and machines. */
static bool speaks_of_models(const char *bytes, size_t len) {
    static const char *const words[] = {"GGUF",   "VRAM",  "GPU", "t/s", "tokens",
                                        "expert", "dense", "MoE", " GB", "-ub"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (holds(bytes, len, words[i])) return true;
    return speaks_of_llama(bytes, len);
}

/* It installs a chart: which one, what it says. */
static bool installs_chart(const char *bytes, size_t len) {
    return holds(bytes, len, "helm ") &&
           (holds(bytes, len, "--set") || holds(bytes, len, "--values") || holds(bytes, len, "-f "));
}

bool llw_declares_chart(const char *bytes, size_t len) {
    return (holds(bytes, len, "argoproj.io/") && holds(bytes, len, "path:")) ||
           (line_starts(bytes, len, "releases:", 0) && holds(bytes, len, "chart:"));
}

static llw_config_kind kind_of_yaml(const char *bytes, size_t len) {
    if (line_starts(bytes, len, "releases:", 0) && holds(bytes, len, "chart:")) return LLW_CONFIG_KUBERNETES;
    if (line_starts(bytes, len, "apiVersion:", 0) && line_starts(bytes, len, "kind:", 0))
        return LLW_CONFIG_KUBERNETES;
    if (line_starts(bytes, len, "models:", 0) && holds(bytes, len, "cmd:")) return LLW_CONFIG_SWAP;
    if (line_starts(bytes, len, "services:", 0) &&
        (holds(bytes, len, "image:") || holds(bytes, len, "build:")))
        return LLW_CONFIG_COMPOSE;
    if (line_starts(bytes, len, "jobs:", 0) && holds(bytes, len, "steps:")) return LLW_CONFIG_ACTIONS;
    if (line_starts(bytes, len, "runs:", 0) && holds(bytes, len, "steps:")) return LLW_CONFIG_ACTIONS;
    if (line_starts(bytes, len, "run:", 0) && line_starts(bytes, len, "resources:", 0)) return LLW_CONFIG_SKY;
    if (line_starts(bytes, len, "parameters:", 0) && holds(bytes, len, "model:")) return LLW_CONFIG_LOCALAI;
    return LLW_CONFIG_NONE;
}

static bool is_shell_script(const char *bytes, size_t len) {
    if (len < 3 || memcmp(bytes, "#!", 2)) return false;
    const char *end = memchr(bytes, '\n', len);
    size_t n = end ? (size_t)(end - bytes) : len;
    return n < 200 && holds(bytes, n, "sh") && !holds(bytes, n, "pwsh") && !holds(bytes, n, "fish");
}

llw_config_kind llw_config_kind_by_content(llw_config_kind kind, const char *name, const char *bytes,
                                           size_t len) {
    if (memchr(bytes, 0, len < 4096 ? len : 4096)) return LLW_CONFIG_NONE; /* a program */
    switch (kind) {
    case LLW_CONFIG_YAML: /* of a chart's template the values may say it */
        return speaks_of_llama(bytes, len) || holds(bytes, len, ".Values.") || installs_chart(bytes, len) ||
                       llw_declares_chart(bytes, len)
                   ? kind_of_yaml(bytes, len)
                   : LLW_CONFIG_NONE;
    case LLW_CONFIG_SCRIPT: {
        bool named = strchr(name + 1, '.') != NULL || *name == '.';
        if (!named && !is_shell_script(bytes, len)) return LLW_CONFIG_NONE;
        if (has_prefix(name, "test") && (holds(bytes, len, "mock") || holds(bytes, len, "MOCK")))
            return LLW_CONFIG_NONE; /* a program's own tests */
        bool ours = speaks_of_llama(bytes, len) && may_start_llama(bytes, len);
        return ours || installs_chart(bytes, len) ? kind : LLW_CONFIG_NONE;
    }
    case LLW_CONFIG_KUSTOMIZE: /* what it is about the manifests say */
        return holds(bytes, len, "images:") || holds(bytes, len, "configMapGenerator:") ||
                       holds(bytes, len, "resources:") || holds(bytes, len, "patches")
                   ? kind
                   : LLW_CONFIG_NONE;
    case LLW_CONFIG_DOCUMENT: return speaks_of_models(bytes, len) ? kind : LLW_CONFIG_NONE;
    case LLW_CONFIG_MODELFILE:
        return line_starts(bytes, len, "FROM", 0) || line_starts(bytes, len, "from", 0) ? kind
                                                                                        : LLW_CONFIG_NONE;
    case LLW_CONFIG_UNIT: /* a document about a unit may have its name */
        return speaks_of_llama(bytes, len) && !line_starts(bytes, len, "```", 0) ? kind : LLW_CONFIG_NONE;
    default: return speaks_of_llama(bytes, len) || installs_chart(bytes, len) ? kind : LLW_CONFIG_NONE;
    }
}
