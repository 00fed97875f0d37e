/* Podman's .container files (podman-systemd.unit(5)): what [Container] starts. */
#include "source/config/unit.h"
#include "base/file.h"

#include <string.h>

static const llw_unit_line *last_of(const llw_unit *u, const char *section, const char *key) {
    const llw_unit_line *found = NULL;
    for (size_t i = 0; i < u->n; i++)
        if (!strcmp(u->lines[i].section, section) && !strcmp(u->lines[i].key, key)) found = &u->lines[i];
    return found;
}

static llw_command words_of(llw_unit *u, const llw_unit_line *l) {
    llw_command out = {.given = l != NULL};
    llw_rich word;
    bool bare, unbalanced = false;
    for (size_t at = 0; l && llw_unit_word(u->r, &l->value, &at, &word, &bare, &unbalanced);)
        llw_words_push(u->r->arena, &out.words, llw_unit_specifiers(u->r, &u->name, &word));
    return out;
}

static void add_mount(llw_unit *u, llw_lowered *low, const llw_unit_line *l) {
    const char *text = llw_rich_show(u->r->arena, &l->value), *colon = strchr(text, ':');
    if (!colon || colon[1] != '/') return;
    const char *source = llw_arena_strndup(u->r->arena, text, (size_t)(colon - text));
    while (source[0] == '.' && source[1] == '/') source += 2;
    void *items = low->mounts;
    llw_mount *m = llw_arena_push(u->r->arena, &items, &low->n_mounts, &low->mount_capacity, sizeof *m);
    low->mounts = items;
    *m =
        (llw_mount){llw_arena_strndup(u->r->arena, colon + 1, strcspn(colon + 1, ":")),
                    strchr("/~%", *source) ? source : llw_path_join(u->r->arena, l->file->directory, source)};
}

/* A command line behind a key that Podman does not know (podman-systemd.unit(5)): Exec= misspelt. */
static void tell_unknown_exec(llw_unit *u) {
    static const char *const takers[] = {"Exec", "Entrypoint", "HealthCmd", "HealthStartupCmd", "PodmanArgs"};
    for (size_t i = 0; i < u->n; i++) {
        const llw_unit_line *l = &u->lines[i];
        bool known = !*l->key || strcmp(l->section, "Container") != 0;
        for (size_t k = 0; k < sizeof takers / sizeof *takers; k++) known |= !strcmp(l->key, takers[k]);
        llw_command c = known ? (llw_command){0} : words_of(u, l);
        if (c.words.n < 2 || !c.words.items[1].n || c.words.items[1].chars[0].byte != '-') continue;
        const char *program = llw_rich_show(u->r->arena, &c.words.items[0]);
        if (strncmp(llw_path_name(program), "llama-", 6)) continue;
        llw_config_problem(u->r, LLW_F_FILE_REFUSED, LLW_PROBLEM_WRONG,
                           llw_place(u->r->arena, l->file->path, l->line, 1), l->key, "write Exec",
                           "Podman makes no unit of this file: [Container] has no key %.40s", l->key);
    }
}

static void run(llw_unit *u) {
    const llw_unit_line *image = last_of(u, "Container", "Image"), *exec = last_of(u, "Container", "Exec");
    if (!image) return;
    llw_scope env = llw_unit_environment(u, "Container");
    const char *name = llw_rich_show(u->r->arena, &image->value);
    llw_container c = {.image = name,
                       .place = llw_rich_token(u->r->arena, &image->value, NULL),
                       .entrypoint = words_of(u, last_of(u, "Container", "Entrypoint")),
                       .command = words_of(u, exec),
                       .ours = strcasestr(name, "llama") && !strcasestr(name, "ollama") &&
                               !strcasestr(name, "ik_llama")};
    const llw_config_file *file = exec ? exec->file : image->file;
    llw_start_site site = {.file = file->path,
                           .directory = file->directory,
                           .set = u->set,
                           .default_origin = "shell default",
                           .tells = true};
    llw_start *start = llw_arena_alloc(u->r->arena, sizeof *start);
    llw_container_start(u->r, &site, &c, &env, &start->low);
    if (!start->low.runs) return;
    for (size_t i = 0; i < u->n; i++)
        if (!strcmp(u->lines[i].section, "Container") && !strcmp(u->lines[i].key, "Volume"))
            add_mount(u, &start->low, &u->lines[i]);
    const llw_unit_line *at = exec ? exec : image;
    start->file = file->path;
    start->line = at->line;
    start->column = 1;
    start->last_line = at->last_line;
    llw_front_emit(u->r, file, &(llw_front_launch){.start = start, .name = u->label}, 1);
}

void llw_unit_container(llw_unit *u) {
    tell_unknown_exec(u);
    run(u);
}
