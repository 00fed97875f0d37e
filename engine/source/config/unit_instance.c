/* A unit with its drop-ins, and the instances of a template NAME@.service that a tree speaks of: drop-ins of
 * one instance, EnvironmentFile=.../%i.env whose files are there, DefaultInstance= (systemd.unit(5)). */
#include "source/config/unit.h"
#include "base/file.h"

#include <string.h>

/* What stands in the place of %i when a name is the pattern with something there; NULL when it is not. */
static const char *between(llw_arena *arena, const char *pattern, const char *name) {
    const char *at = strstr(pattern, "%i");
    size_t before = (size_t)(at - pattern), behind = strlen(at + 2), len = strlen(name);
    bool fits =
        len > before + behind && !strncmp(name, pattern, before) && !strcmp(name + len - behind, at + 2);
    return fits ? llw_arena_strndup(arena, name + before, len - before - behind) : NULL;
}

enum { MAX_INSTANCES = 64 };

static void add_instance(const char *list[MAX_INSTANCES], size_t *n, const char *one) {
    if (!one || !*one || strlen(one) > 200 || strchr(one, '/') || *n == MAX_INSTANCES) return;
    size_t at = *n;
    for (size_t i = 0; i < *n; i++)
        if (!strcmp(list[i], one)) return;
    for (; at && strcmp(list[at - 1], one) > 0; at--) list[at] = list[at - 1];
    list[at] = one;
    ++*n;
}

/* A file of the tree that may be what a path names on the machine: beside the unit, or in a directory of that
 * name. */
static bool may_be(const llw_config_file *file, const char *path, const llw_config_file *service) {
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) : 0;
    const char *directory = llw_path_name(file->directory);
    if (file->example) return false;
    if (!strcmp(file->directory, service->directory)) return true;
    return *directory && len > strlen(directory) && path[len - strlen(directory) - 1] == '/' &&
           !strncmp(path + len - strlen(directory), directory, strlen(directory));
}

/* Instances that the tree speaks of: those with drop-ins, those whose EnvironmentFile is there, and
 * DefaultInstance. Sorted by name. */
static size_t instances_of(llw_unit *u, const char *template, const llw_config_file *const *drop_ins,
                           size_t n, const char *out[MAX_INSTANCES]) {
    const char *at = strchr(template, '@');
    size_t found = 0;
    const char *named = llw_arena_printf(u->r->arena, "%.*s@%%i%s.d", (int)(at - template), template, at + 1);
    for (size_t i = 0; i < n; i++)
        add_instance(out, &found, between(u->r->arena, named, llw_path_name(drop_ins[i]->directory)));
    for (size_t i = 0; i < u->n; i++) {
        const llw_unit_line *l = &u->lines[i];
        const char *text = llw_rich_show(u->r->arena, &l->value), *name = llw_path_name(text);
        if (!strcmp(l->key, "DefaultInstance")) add_instance(out, &found, text);
        const char *first = strstr(name, "%i");
        if (strcmp(l->key, "EnvironmentFile") || !first || strchr(first + 2, '%')) continue;
        const llw_config_file *file;
        for (size_t k = 0; (file = llw_config_set_next(u->set, LLW_CONFIG_ENV, &k)) != NULL;)
            if (may_be(file, text, l->file))
                add_instance(out, &found, between(u->r->arena, name, file->name));
    }
    return found;
}

/* Of two drop-ins of one name the instance's counts, wherever the other one lies. */
static bool is_masked(const llw_config_file *const *drop_ins, size_t n, size_t i, const char *own) {
    for (size_t k = 0; k < n; k++)
        if (k != i && !strcmp(drop_ins[k]->name, drop_ins[i]->name) &&
            !strcmp(llw_path_name(drop_ins[k]->directory), own) &&
            strcmp(llw_path_name(drop_ins[i]->directory), own))
            return true;
    return false;
}

/* The unit as `instance`, or as it stands when that is NULL. */
static void run_as(llw_config_reader *r, llw_config_set *set, const llw_config_file *file,
                   const llw_config_file *const *drop_ins, size_t n, const char *instance,
                   const char *label) {
    llw_unit u = {.r = r, .set = set, .name = {file->name, instance}, .label = label};
    const char *at = strchr(file->name, '@');
    const char *own = at && instance ? llw_arena_printf(r->arena, "%.*s@%s%s.d", (int)(at - file->name),
                                                        file->name, instance, strchr(at, '.'))
                                     : NULL;
    llw_unit_read(&u, file);
    for (size_t i = 0; i < n; i++) {
        const char *directory = llw_path_name(drop_ins[i]->directory), *other = strchr(directory, '@');
        bool others = own && other && other[1] != '.' && strcmp(directory, own);
        if (!others && (!own || !is_masked(drop_ins, n, i, own))) llw_unit_read(&u, drop_ins[i]);
    }
    llw_unit_service(&u);
    llw_unit_container(&u);
}

bool llw_unit_takes_file(llw_arena *arena, const llw_config_file *service, const llw_config_file *env) {
    static const char key[] = "EnvironmentFile=", ours[] = "llama";
    const char *end = service->bytes + service->len;
    if (!memmem(service->bytes, service->len, ours, sizeof ours - 1)) return false;
    for (const char *at = service->bytes;
         (at = memmem(at, (size_t)(end - at), key, sizeof key - 1)) != NULL;) {
        at += sizeof key - 1;
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        const char *path = llw_arena_strndup(arena, at, (size_t)((stop ? stop : end) - at));
        const char *name = llw_path_name(path);
        bool fits = !strcmp(name, env->name) || (strstr(name, "%i") && between(arena, name, env->name));
        if (fits && may_be(env, path, service)) return true;
    }
    return false;
}

void llw_front_unit(llw_config_reader *r, llw_config_set *set, const llw_config_file *file,
                    const llw_config_file *const *drop_ins, size_t n) {
    const char *at = strchr(file->name, '@'), *dot = at ? strchr(at, '.') : NULL;
    const char *instances[MAX_INSTANCES];
    if (!dot || dot != at + 1) {
        const char *own =
            dot ? llw_arena_strndup(r->arena, at + 1, (size_t)(dot - at - 1)) : NULL; /* llm@a.service */
        run_as(r, set, file, drop_ins, n, own, "");
        return;
    }
    llw_unit u = {.r = r, .set = set, .name = {file->name, NULL}};
    llw_unit_read(&u, file);
    size_t found = instances_of(&u, file->name, drop_ins, n, instances);
    for (size_t i = 0; i < found; i++) run_as(r, set, file, drop_ins, n, instances[i], instances[i]);
    if (!found) run_as(r, set, file, NULL, 0, NULL, "");
}
