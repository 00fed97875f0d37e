/* One Compose service over another: override files, extends and include all merge like that.
 *
 * By compose-go override/merge.go, override/uncity.go and loader/reset.go (July 2026): command and entrypoint
 * are replaced, by null too; of build each key is; environment, env_file, volumes, devices and profiles grow,
 * and of two entries for the same name, path or target the later one counts; !reset and !override take away
 * what lies below. */
#include "source/config/parts.h"

#include <string.h>

/* An array with the items of another one behind its own. */
static void *joined(llw_arena *arena, const void *a, size_t n, const void *b, size_t m, size_t size) {
    char *out = llw_arena_alloc(arena, (n + m + 1) * size);
    if (n) memcpy(out, a, n * size);
    if (m) memcpy(out + n * size, b, m * size);
    return out;
}

static void merge_command(llw_arena *arena, llw_command *out, const llw_command *below, bool given) {
    if (!given) {
        *out = *below;
        return;
    }
    if (!below->given || !out->given) return; /* null takes the other one away */
    llw_command *copy = llw_arena_alloc(arena, sizeof *copy);
    *copy = *below;
    out->before = copy;
}

static void merge_image(llw_arena *arena, llw_rich *out, const llw_rich *below) {
    if (!out->n) {
        *out = *below;
        return;
    }
    if (!below->n) return;
    llw_token *lost = llw_arena_alloc(arena, sizeof *lost);
    *lost = llw_rich_token(arena, below, NULL);
    *out = llw_rich_over(arena, out, lost);
}

/* A path that both name is read once, where the first one stood, as the later one says. */
static void merge_env_files(llw_arena *arena, llw_service *out, const llw_service *below) {
    llw_env_file *all =
        joined(arena, below->env_files, below->n_env_files, out->env_files, out->n_env_files, sizeof *all);
    size_t n = below->n_env_files;
    for (size_t i = below->n_env_files; i < below->n_env_files + out->n_env_files; i++) {
        size_t k = 0;
        while (k < n && (strcmp(all[k].path, all[i].path) || strcmp(all[k].directory, all[i].directory))) k++;
        all[k] = all[i];
        n += k == n;
    }
    out->env_files = all;
    out->n_env_files = out->env_file_capacity = n;
}

static void merge_gpus(llw_arena *arena, llw_service *out, const llw_service *below) {
    llw_gpu_request *all = joined(arena, below->gpus, below->n_gpus, out->gpus, out->n_gpus, sizeof *all);
    size_t n = 0;
    for (size_t i = 0; i < below->n_gpus + out->n_gpus; i++)
        if (i >= below->n_gpus || !(out->taken & all[i].key)) all[n++] = all[i];
    out->gpus = all;
    out->n_gpus = out->gpu_capacity = n;
}

llw_service llw_config_merge_service(llw_arena *arena, const llw_service *below, const llw_service *above) {
    llw_service out = *above;
    unsigned taken = above->taken;
    if (!(taken & LLW_SERVICE_IMAGE)) merge_image(arena, &out.image, &below->image);
    if (!(taken & LLW_SERVICE_BUILD)) {
        out.builds = above->builds || below->builds;
        if (!above->context) out.context = below->context;
        if (!above->context) out.context_directory = below->context_directory;
        if (!above->dockerfile && !above->inline_dockerfile) {
            out.dockerfile = below->dockerfile;
            out.inline_dockerfile = below->inline_dockerfile;
        }
    }
    if (!(taken & LLW_SERVICE_ENTRYPOINT))
        merge_command(arena, &out.entrypoint, &below->entrypoint, above->given & LLW_SERVICE_ENTRYPOINT);
    if (!(taken & LLW_SERVICE_COMMAND))
        merge_command(arena, &out.command, &below->command, above->given & LLW_SERVICE_COMMAND);
    if (!(taken & LLW_SERVICE_ENVIRONMENT)) {
        out.environment = joined(arena, below->environment, below->n_environment, above->environment,
                                 above->n_environment, sizeof *out.environment);
        out.n_environment = out.environment_capacity = below->n_environment + above->n_environment;
    }
    if (!(taken & LLW_SERVICE_VOLUMES)) {
        out.mounts =
            joined(arena, below->mounts, below->n_mounts, above->mounts, above->n_mounts, sizeof *out.mounts);
        out.n_mounts = out.mount_capacity = below->n_mounts + above->n_mounts;
    }
    if (!(taken & LLW_SERVICE_PROFILES)) {
        out.profiles = joined(arena, below->profiles, below->n_profiles, above->profiles, above->n_profiles,
                              sizeof *out.profiles);
        out.n_profiles = out.profile_capacity = below->n_profiles + above->n_profiles;
    }
    if (!(taken & LLW_SERVICE_ENV_FILE)) merge_env_files(arena, &out, below);
    merge_gpus(arena, &out, below);
    if (!out.memory.n && !(taken & (LLW_SERVICE_DEPLOY | LLW_SERVICE_MEM_LIMIT))) out.memory = below->memory;
    out.given |= below->given;
    if (!above->image.n && !above->builds) {
        out.names_llama |= below->names_llama;
        out.other_engine = below->other_engine;
    }
    return out;
}
