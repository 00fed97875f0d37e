/* docker inspect, docker image inspect and docker ps. */
#include "source/machine/container.h"
#include "base/process.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum { MAX_OUTPUT = 4 << 20, MAX_ID = 80, MAX_VARIABLES = 2048 };

static llw_rc run(llw_arena *arena, const char *docker, const char *const *words, double seconds,
                  llw_process *p, llw_err *err) {
    llw_rc rc = llw_process_run(arena, words, NULL, MAX_OUTPUT, seconds, p, err);
    if (rc != LLW_OK) return rc;
    if (p->timed_out) return llw_fail(err, LLW_ERR_NOTHING, docker, 0, "did not answer within %g s", seconds);
    if (p->exit_code || p->truncated)
        return llw_fail(err, LLW_ERR_NOTHING, docker, 0,
                        "%s failed (is the daemon running, and may you ask it?)", words[1]);
    return LLW_OK;
}

static const char *text(llw_arena *arena, const json_t *object, const char *key) {
    const char *value = json_string_value(json_object_get(object, key));
    return value ? llw_arena_strdup(arena, value) : NULL;
}

static const char *const *strings(llw_arena *arena, const json_t *array) {
    size_t n = json_array_size(array) < MAX_VARIABLES ? json_array_size(array) : MAX_VARIABLES, kept = 0;
    const char **out = llw_arena_alloc(arena, (n + 1) * sizeof *out);
    for (size_t i = 0; i < n; i++) {
        const char *value = json_string_value(json_array_get(array, i));
        if (value) out[kept++] = llw_arena_strdup(arena, value);
    }
    return out;
}

/* The first element of the array that inspect prints. */
static json_t *first_of(const llw_process *p) {
    json_t *list = json_loadb(p->out, p->len, 0, NULL), *first = json_incref(json_array_get(list, 0));
    json_decref(list);
    return first;
}

/* Docker's ids and names; anything else is not handed to it. */
static bool good_id(const char *id) {
    size_t len = strlen(id);
    return len && len <= MAX_ID && id[0] != '-' &&
           strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-:") == len;
}

llw_rc llw_container_inspect(llw_arena *arena, const char *docker, const char *id, double seconds,
                             llw_container *out, llw_err *err) {
    *out = (llw_container){.id = llw_arena_strdup(arena, id)};
    if (!docker) docker = "docker";
    if (!*docker) return llw_fail(err, LLW_ERR_NOTHING, "docker", 0, "was not asked");
    if (!good_id(id)) return llw_fail(err, LLW_ERR_INPUT, "docker", 0, "'%.80s' is no container", id);
    const char *const ask[] = {docker, "inspect", "--type", "container", id, NULL};
    llw_process p;
    llw_rc rc = run(arena, docker, ask, seconds, &p, err);
    if (rc != LLW_OK) return rc;
    json_t *container = first_of(&p), *config = json_object_get(container, "Config");
    if (!json_is_object(config)) {
        json_decref(container);
        return llw_fail(err, LLW_ERR_NOTHING, docker, 0, "inspect printed no container");
    }
    const char *name = json_string_value(json_object_get(container, "Name"));
    out->name = llw_arena_strdup(arena, name ? name + (*name == '/') : id);
    out->image = text(arena, config, "Image");
    out->pid = (long)json_integer_value(json_object_get(json_object_get(container, "State"), "Pid"));
    out->env = strings(arena, json_object_get(config, "Env"));
    const char *image = json_string_value(json_object_get(container, "Image"));
    const char *asked = image && good_id(image) ? llw_arena_strdup(arena, image) : NULL;
    json_decref(container);
    if (!asked) return LLW_OK;
    const char *const ask_image[] = {docker, "inspect", "--type", "image", asked, NULL};
    if (run(arena, docker, ask_image, seconds, &p, NULL) != LLW_OK) return LLW_OK;
    json_t *of_image = first_of(&p), *image_config = json_object_get(of_image, "Config");
    if (json_is_object(image_config)) out->image_env = strings(arena, json_object_get(image_config, "Env"));
    json_decref(of_image);
    return LLW_OK;
}

llw_rc llw_container_of_port(llw_arena *arena, const char *docker, int port, double seconds, const char **id,
                             llw_err *err) {
    if (!docker) docker = "docker";
    if (!*docker) return llw_fail(err, LLW_ERR_NOTHING, "docker", 0, "was not asked");
    const char *filter = llw_arena_printf(arena, "publish=%d/tcp", port);
    const char *const ask[] = {docker, "ps", "--no-trunc", "--quiet", "--filter", filter, NULL};
    llw_process p;
    llw_rc rc = run(arena, docker, ask, seconds, &p, err);
    if (rc != LLW_OK) return rc;
    size_t len = strcspn(p.out, "\r\n");
    *id = llw_arena_strndup(arena, p.out, len);
    if (!len) return llw_fail(err, LLW_ERR_NOTHING, docker, 0, "no container publishes port %d", port);
    return LLW_OK;
}

const char *llw_container_value(const char *const *env, const char *name) {
    size_t len = strlen(name);
    for (; env && *env; env++)
        if (!strncmp(*env, name, len) && (*env)[len] == '=') return *env + len + 1;
    return NULL;
}
