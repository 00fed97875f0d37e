/* Hugging Face: names, caches, the list of a repository's files. */
#include "source/remote/hub.h"
#include "base/file.h"
#include "base/text.h"

#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    MAX_LIST = 8 << 20, /* bytes of one page of a list */
    MAX_PAGES = 20,
    MAX_REF = 256,
    MAX_DEPTH = 4
};

/* ---- names ---- */

bool llw_hub_is_name(const char *word) {
    return !strncmp(word, "hf:", 3);
}

/* Length of a name of letters, digits and ._- that begins with a letter or digit. */
static size_t name_length(const char *at) {
    size_t n = 0;
    while (isalnum((unsigned char)at[n]) || (n && at[n] && strchr("._-", at[n]))) n++;
    return n;
}

llw_rc llw_hub_read_name(llw_arena *arena, const char *word, llw_hub_name *out, llw_err *err) {
    const char *at = word + 3;
    size_t owner = name_length(at), repo = at[owner] == '/' ? name_length(at + owner + 1) : 0;
    *out = (llw_hub_name){.revision = "main"};
    if (!owner || !repo || owner + repo > 250)
        return llw_fail(err, LLW_ERR_INPUT, "", 0,
                        "'%.100s' is no name on Hugging Face: it is hf:OWNER/REPO, hf:OWNER/REPO:QUANT or "
                        "hf:OWNER/REPO/FILE.gguf",
                        word);
    out->repo = llw_arena_strndup(arena, at, owner + 1 + repo);
    at += owner + 1 + repo;
    if (*at == '@') {
        size_t n = name_length(at + 1);
        out->revision = llw_arena_strndup(arena, at + 1, n);
        at += n + 1;
    }
    if (*at == ':' && name_length(at + 1) && !at[1 + name_length(at + 1)])
        out->quant = llw_arena_strdup(arena, at + 1);
    else if (*at == '/' && at[1] && !strstr(at, ".."))
        out->file = llw_arena_strdup(arena, at + 1);
    else if (*at || !*out->revision)
        return llw_fail(err, LLW_ERR_INPUT, "", 0,
                        "'%.100s': what stands behind OWNER/REPO is :QUANT or /FILE.gguf", word);
    return LLW_OK;
}

const char *llw_hub_endpoint(void) {
    const char *given = getenv("HF_ENDPOINT");
    return given && *given ? given : "https://huggingface.co";
}

/* A path with what an address cannot hold written %XX. */
static const char *escaped(llw_arena *arena, const char *path) {
    llw_text out = {0};
    for (const char *c = path; *c; c++)
        if (isalnum((unsigned char)*c) || strchr("-._~/", *c))
            llw_text_addn(&out, c, 1);
        else
            llw_text_addf(&out, "%%%02X", (unsigned char)*c);
    const char *text = llw_arena_strdup(arena, llw_text_str(&out));
    llw_text_fini(&out);
    return text;
}

static const char *endpoint(llw_arena *arena) {
    const char *given = llw_hub_endpoint();
    size_t len = strlen(given);
    while (len && given[len - 1] == '/') len--;
    return llw_arena_strndup(arena, given, len);
}

const char *llw_hub_address(llw_arena *arena, const llw_hub_name *name, const char *file) {
    return llw_arena_printf(arena, "%s/%s/resolve/%s/%s", endpoint(arena), name->repo, name->revision,
                            escaped(arena, file));
}

/* ---- which file ---- */

/* gguf_filename_is_model of common/download.cpp, v0.5.0; adapters are left out too. */
static bool is_model(const char *path) {
    static const char *const others[] = {"mmproj", "imatrix", "mtp-", "eagle3-", "dflash-", "dspark-"};
    const char *name = llw_path_name(path);
    size_t len = strlen(name);
    if (len < 6 || strcmp(name + len - 5, ".gguf") != 0) return false;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strstr(name, others[i])) return false;
    return true;
}

/* The path without .gguf and part numbers: its length; *number and *count of the part (1 of 1). */
static size_t stem(const char *path, int *number, int *count) {
    size_t len = strlen(path) - strlen(".gguf");
    *number = *count = 1;
    int used = 0, a = 0, b = 0;
    if (len > 15 && sscanf(path + len - 15, "-%5d-of-%5d%n", &a, &b, &used) == 2 && used == 15 && b > 0) {
        *number = a;
        *count = b;
        return len - 15;
    }
    return len;
}

/* The last part of a stem behind - or ., as get_gguf_split_info takes it: [-.]([A-Z0-9_]+)$ */
static const char *tag_of(llw_arena *arena, const char *path, size_t len) {
    size_t at = len;
    while (at && (isalnum((unsigned char)path[at - 1]) || path[at - 1] == '_')) at--;
    if (!at || at == len || !strchr("-.", path[at - 1])) return "";
    char *tag = llw_arena_strndup(arena, path + at, len - at);
    for (char *c = tag; *c; c++) *c = (char)toupper((unsigned char)*c);
    return tag;
}

/* Whether a path holds the tag with - or . behind it, in any case: find_best_model's pattern. */
static bool has_tag(const char *path, const char *tag) {
    size_t len = strlen(tag);
    for (const char *at = path; *at; at++)
        if (!strncasecmp(at, tag, len) && at[len] && strchr("-.", at[len])) return true;
    return false;
}

const llw_hub_model *llw_hub_find(const llw_hub_name *name, const llw_hub_model *models, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (name->file    ? !strcmp(models[i].path, name->file)
            : name->quant ? has_tag(models[i].path, name->quant)
                          : n == 1)
            return &models[i];
    return NULL;
}

/* Adds a file to the models: a new one, or a part of one that is there. */
static void add_file(llw_arena *arena, const char *path, int64_t bytes, llw_hub_model **models, size_t *n,
                     size_t *capacity) {
    int number = 1, count = 1, other_number = 1, other_count = 1;
    size_t len = stem(path, &number, &count);
    for (size_t i = 0; count > 1 && i < *n; i++) {
        llw_hub_model *m = &(*models)[i];
        if (stem(m->path, &other_number, &other_count) != len || other_count != count ||
            strncmp(m->path, path, len) != 0)
            continue;
        if (number < other_number) m->path = llw_arena_strdup(arena, path);
        m->bytes = m->bytes < 0 || bytes < 0 ? -1 : m->bytes + bytes;
        m->whole = ++m->parts == count;
        return;
    }
    void *items = *models;
    llw_hub_model *m = llw_arena_push(arena, &items, n, capacity, sizeof *m);
    *models = items;
    *m = (llw_hub_model){.tag = tag_of(arena, path, len),
                         .path = llw_arena_strdup(arena, path),
                         .parts = 1,
                         .bytes = bytes,
                         .whole = count == 1};
}

/* ---- caches ---- */

/* The GGUF files under a directory, as models whose paths begin with it. */
/* NOLINTNEXTLINE(misc-no-recursion): at most MAX_DEPTH deep */
static void list_directory(llw_arena *arena, const char *directory, int depth, llw_hub_model **models,
                           size_t *n, size_t *capacity) {
    char **names = NULL;
    size_t count = 0;
    if (depth > MAX_DEPTH || llw_directory_list(arena, directory, &names, &count, NULL) != LLW_OK) return;
    for (size_t i = 0; i < count; i++) {
        const char *path = llw_path_join(arena, directory, names[i]);
        if (llw_file_is_directory(path))
            list_directory(arena, path, depth + 1, models, n, capacity);
        else if (is_model(path) && llw_file_is_regular(path))
            add_file(arena, path, -1, models, n, capacity);
    }
}

static const char *found_in(llw_arena *arena, const char *directory, const char *prefix,
                            const llw_hub_name *name) {
    llw_hub_model *models = NULL;
    size_t n = 0, capacity = 0;
    list_directory(arena, directory, 0, &models, &n, &capacity);
    for (size_t i = 0; i < n; i++) {
        const char *inside = models[i].path + strlen(directory) + 1;
        size_t len = strlen(prefix);
        if (strncmp(inside, prefix, len) != 0 || !models[i].whole) continue;
        inside += len;
        if (name->file ? !strcmp(inside, name->file) : name->quant && has_tag(inside, name->quant))
            return models[i].path;
    }
    return NULL;
}

/* OWNER/REPO with another separator. */
static const char *joined(llw_arena *arena, const char *repo, const char *between) {
    const char *slash = strchr(repo, '/');
    return llw_arena_printf(arena, "%.*s%s%s", (int)(slash - repo), repo, between, slash + 1);
}

/* huggingface_hub's layout: models--OWNER--REPO/refs/REVISION holds a commit, snapshots/COMMIT the files. */
static const char *in_hub_cache(llw_arena *arena, const char *cache, const llw_hub_name *name) {
    const char *repo =
        llw_path_join(arena, cache, llw_arena_printf(arena, "models--%s", joined(arena, name->repo, "--")));
    char *commit = NULL;
    size_t len = 0;
    const char *snapshot = name->revision;
    if (llw_file_read(arena, llw_arena_printf(arena, "%s/refs/%s", repo, name->revision), MAX_REF, &commit,
                      &len, NULL) == LLW_OK) {
        commit[strcspn(commit, "\r\n \t/")] = 0;
        snapshot = commit;
    }
    if (!*snapshot || strstr(snapshot, "..")) return NULL;
    return found_in(arena, llw_arena_printf(arena, "%s/snapshots/%s", repo, snapshot), "", name);
}

size_t llw_hub_caches(llw_arena *arena, const char *out[LLW_HUB_CACHES]) {
    static const char *const places[LLW_HUB_CACHES][2] = {{"LLAMA_CACHE", ""},
                                                          {"HF_HUB_CACHE", ""},
                                                          {"HUGGINGFACE_HUB_CACHE", ""},
                                                          {"HF_HOME", "hub"},
                                                          {"XDG_CACHE_HOME", "huggingface/hub"},
                                                          {"HOME", ".cache/huggingface/hub"}};
    size_t n = 0;
    for (size_t i = 0; i < LLW_HUB_CACHES; i++) {
        const char *base = getenv(places[i][0]);
        if (base && *base) out[n++] = *places[i][1] ? llw_path_join(arena, base, places[i][1]) : base;
    }
    return n;
}

/* common/common.cpp fs_get_cache_directory */
const char *llw_hub_old_cache(llw_arena *arena) {
    const char *own = getenv("LLAMA_CACHE"), *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    return own && *own     ? own
           : xdg && *xdg   ? llw_path_join(arena, xdg, "llama.cpp")
           : home && *home ? llw_path_join(arena, home, ".cache/llama.cpp")
                           : NULL;
}

const char *llw_hub_cached(llw_arena *arena, const llw_hub_name *name) {
    const char *caches[LLW_HUB_CACHES], *path = NULL, *old = llw_hub_old_cache(arena);
    size_t n = llw_hub_caches(arena, caches);
    for (size_t i = 0; !path && i < n; i++) path = in_hub_cache(arena, caches[i], name);
    if (!path && old && llw_file_is_directory(old)) /* OWNER_REPO_FILE */
        path = found_in(arena, old, llw_arena_printf(arena, "%s_", joined(arena, name->repo, "_")), name);
    return path;
}

/* ---- the hub ---- */

/* One page of /api/models/OWNER/REPO/tree/REVISION: [{type, path, size, lfs: {size}}, ...]. */
static llw_rc read_page(llw_remote *remote, const char *url, const char *text, size_t len,
                        llw_hub_model **models, size_t *n, size_t *capacity, llw_err *err) {
    json_t *page = json_loadb(text, len, 0, NULL), *item;
    size_t index;
    if (!json_is_array(page)) {
        json_decref(page);
        return llw_fail(err, LLW_ERR_INPUT, llw_http_public(remote->arena, url), 0,
                        "is no list of files: is HF_ENDPOINT right?");
    }
    json_array_foreach(page, index, item) {
        const char *path = json_string_value(json_object_get(item, "path"));
        const json_t *size = json_object_get(json_object_get(item, "lfs"), "size");
        if (!size) size = json_object_get(item, "size");
        if (path && is_model(path))
            add_file(remote->arena, path, json_is_integer(size) ? json_integer_value(size) : -1, models, n,
                     capacity);
    }
    json_decref(page);
    return LLW_OK;
}

llw_rc llw_hub_list(llw_remote *remote, const llw_hub_name *name, llw_hub_model **models, size_t *n,
                    llw_err *err) {
    size_t capacity = 0;
    const char *url = llw_arena_printf(remote->arena, "%s/api/models/%s/tree/%s?recursive=true",
                                       endpoint(remote->arena), name->repo, name->revision);
    *models = NULL;
    *n = 0;
    for (int i = 0; url && i < MAX_PAGES; i++) {
        const char *text = "", *next = NULL;
        size_t len = 0;
        llw_rc rc = llw_remote_text(remote, url, name->repo, MAX_LIST, &text, &len, &next, err);
        if (rc == LLW_OK) rc = read_page(remote, url, text, len, models, n, &capacity, err);
        if (rc != LLW_OK) return rc;
        url = next;
    }
    if (*n) return LLW_OK;
    return llw_fail(err, LLW_ERR_INPUT, "", 0,
                    "%s has no GGUF file: look for a repository with -GGUF in its name, or convert the model",
                    name->repo);
}
