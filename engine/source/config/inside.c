/* Files of a container as the tree has them: what COPY put there, and what is mounted over it.
 *
 * COPY and ADD by moby/buildkit reference.md: a source is relative to the build context, a target to WORKDIR;
 * a target that is a directory takes the file's name, of a directory its content is copied. A context that
 * nobody names is the directory of the Dockerfile or one above it. */
#include "source/config/set.h"
#include "base/file.h"

#include <fnmatch.h>
#include <string.h>

/* What lies behind a directory in a path: "x.sh" of /scripts/x.sh in /scripts; "" for itself; NULL when it is
 * elsewhere. */
static const char *behind(const char *path, const char *directory) {
    size_t len = strlen(directory);
    while (len && directory[len - 1] == '/') len--;
    if (strncmp(path, directory, len)) return NULL;
    if (!path[len]) return "";
    return path[len] == '/' ? path + len + 1 : NULL;
}

static const llw_config_file *mounted(llw_config_reader *r, const llw_start_site *site, const char *path) {
    for (size_t i = site->inside->n_mounts; i-- > 0;) {
        const llw_mount *m = &site->inside->mounts[i];
        const char *rest = behind(path, m->inside);
        if (!rest) continue;
        const char *outside = *rest ? llw_path_join(r->arena, m->outside, rest) : m->outside;
        size_t directory = (size_t)(llw_path_name(outside) - outside);
        const char *above = llw_arena_strndup(r->arena, outside, directory);
        const llw_config_file *file = llw_config_set_find(r, site->set, above, llw_path_name(outside));
        if (file) return file;
    }
    return NULL;
}

/* The source of a COPY that puts a file there, as seen from its context; NULL when it does not. */
static const char *source_of(llw_arena *arena, const llw_copy *c, const char *path) {
    const char *rest = behind(path, c->inside), *last = llw_path_name(c->outside);
    if (!rest) return NULL;
    if (!*rest || !strcmp(rest, last)) return c->outside;
    if (!strpbrk(last, "*?[")) return llw_path_join(arena, c->outside, rest);
    if (fnmatch(last, rest, FNM_PATHNAME)) return NULL;
    return llw_arena_printf(arena, "%.*s%s", (int)(last - c->outside), c->outside, rest);
}

static const llw_config_file *copied(llw_config_reader *r, const llw_start_site *site, const char *path) {
    const llw_dockerfile *docker = site->inside->docker;
    for (size_t i = docker ? docker->n_copies : 0; i-- > 0;) {
        const llw_copy *c = &docker->copies[i];
        const char *outside = c->text ? NULL : source_of(r->arena, c, path);
        const char *context = site->inside->context ? site->inside->context : docker->directory;
        const llw_config_file *file =
            outside ? llw_config_set_find_above(r, site->set, context, outside) : NULL;
        if (file) return file;
    }
    return NULL;
}

static const char *absolute(llw_config_reader *r, const llw_inside *inside, const char *path) {
    if (*path == '/' || !strchr(path, '/') || !inside->docker || !inside->docker->workdir) return path;
    const char *whole = llw_config_inside(r->arena, inside->docker->workdir, path);
    return whole ? whole : path;
}

const llw_config_file *llw_config_inside_file(llw_config_reader *r, const llw_start_site *site,
                                              const char *path) {
    if (!site->inside || !site->set) return NULL;
    path = absolute(r, site->inside, path);
    if (*path != '/') return NULL;
    const llw_config_file *file = mounted(r, site, path);
    return file ? file : copied(r, site, path);
}

const llw_rich *llw_config_inside_text(llw_config_reader *r, const llw_start_site *site, const char *path) {
    const llw_dockerfile *docker = site->inside ? site->inside->docker : NULL;
    if (!docker) return NULL;
    path = absolute(r, site->inside, path);
    for (size_t i = docker->n_copies; i-- > 0;)
        if (docker->copies[i].text && !strcmp(docker->copies[i].inside, path)) return docker->copies[i].text;
    return NULL;
}
