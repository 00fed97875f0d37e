/* Makefiles and justfiles: each recipe as the shell runs it.
 *
 * make: @, - and + in front are taken away, variables are put in (make_variables.c), $$ is a dollar sign, and
 * every line has a shell of its own unless .ONESHELL is there. just: indented lines, {{NAME}}. */
#include "source/config/make.h"

#include <string.h>

enum { MAX_LAUNCHES = 200, ENV_COST = 12 /* of r->copies, for each variable of a shell */ };

typedef struct running {
    llw_make make;
    llw_scope of_all,
        env; /* what the shell of a target without its own finds; what that of the one at hand does */
    bool all_readable, readable;
    llw_front_launch *items;
    size_t n, n_left_out;
} running;

/* Goes to a recipe's targets: their variables, and their shell's. */
static void enter(running *x, const llw_make_recipe *recipe) {
    llw_make *m = &x->make;
    x->env = x->of_all;
    x->readable = x->all_readable;
    if (!llw_make_enter(m, recipe->any ? "" : recipe->targets)) return;
    x->readable = m->r->copies >= x->of_all.n * ENV_COST;
    if (!x->readable) return;
    m->r->copies -= x->of_all.n;
    x->readable = llw_make_environment(m, &x->env);
}

/* $(Q)llama-server: Q is @ or nothing, as V says; what else would stand there makes no program's name. */
static llw_rich without_quiet(const llw_rich *command) {
    static const char program[] = "llama-";
    if (command->n < sizeof program || !command->chars[0].unknown) return *command;
    for (size_t i = 0; program[i]; i++)
        if (command->chars[i + 1].unknown || command->chars[i + 1].byte != program[i]) return *command;
    return llw_rich_slice(command, 1, command->n);
}

static void keep(running *x, const llw_make_recipe *recipe, const llw_starts *starts) {
    for (size_t i = 0; i < starts->n; i++) {
        if (x->n < MAX_LAUNCHES)
            x->items[x->n++] =
                (llw_front_launch){.start = &starts->items[i], .name = recipe->targets, .from = recipe->line};
        else if (!x->n_left_out++)
            llw_config_unread(x->make.r, recipe->file->path, recipe->line, "there are more than %d launches",
                              MAX_LAUNCHES);
    }
}

/* Starts the shell: false when that is too much to be read. */
static bool run_shell(running *x, const llw_make_recipe *recipe, const llw_rich *script) {
    llw_config_reader *r = x->make.r;
    llw_start_site site = {.file = recipe->file->path,
                           .directory = recipe->file->directory,
                           .set = x->make.set,
                           .default_origin = "shell default"};
    if (r->copies < x->env.n * ENV_COST) return false;
    r->copies -= x->env.n * ENV_COST;
    llw_starts starts = {0};
    size_t unread = r->out->n_unread;
    llw_rich *text = llw_arena_alloc(r->arena, sizeof *text);
    *text = x->make.just ? *script : without_quiet(script);
    llw_shell_script(r, &site, text, NULL, &x->env, &starts);
    if (!starts.n) r->out->n_unread = unread;
    keep(x, recipe, &starts);
    return true;
}

/* A recipe with its variables put in: as a whole, or line by line. */
static bool run_text(running *x, const llw_make_recipe *recipe, const llw_rich *text) {
    if (x->make.just) return run_shell(x, recipe, text);
    llw_rich script = {0};
    for (size_t at = 0; at < text->n;) {
        bool at_start = !at || !x->make.one_shell;
        llw_rich line = llw_make_line(text, &at);
        line = llw_make_command(&line, at_start ? recipe->prefix : ' ');
        if (!x->make.one_shell && !run_shell(x, recipe, &line)) return false;
        if (!x->make.one_shell) continue;
        llw_rich_append(x->make.r->arena, &script, &line);
        if (at < text->n) llw_rich_push(x->make.r->arena, &script, text->chars[at - 1]);
    }
    return !x->make.one_shell || run_shell(x, recipe, &script);
}

static void run(running *x, const llw_make_recipe *recipe) {
    const char *why = recipe->torn ? "a condition decides what one shell runs"
                                   : "exported variables and recipes are too many";
    llw_rich expanded = {0};
    if (!recipe->torn && x->readable) llw_make_expand(&x->make, &recipe->script, &expanded);
    if (!recipe->torn && x->readable && run_text(x, recipe, &expanded)) return;
    if (memmem(recipe->file->bytes, recipe->file->len, "llama", strlen("llama")))
        llw_config_unread(x->make.r, recipe->file->path, recipe->line, "%s", why);
}

void llw_front_recipes(llw_config_reader *r, llw_config_set *set, const llw_config_file *file, bool just) {
    running x = {.make = {.r = r, .set = set, .file = file, .just = just},
                 .items = llw_arena_alloc(r->arena, MAX_LAUNCHES * sizeof *x.items)};
    llw_scope *const scopes[] = {&x.make.variables, &x.make.simple,    &x.make.overridden,
                                 &x.make.exported,  &x.make.hidden,    &x.make.parents,
                                 &x.make.of_target, &x.make.of_nobody, &x.make.unseen};
    for (size_t i = 0; i < sizeof scopes / sizeof *scopes; i++) scopes[i]->arena = r->arena;
    llw_rich text = llw_config_text(r, file, just ? "justfile" : "Makefile");
    (just ? llw_make_read_just : llw_make_read)(&x.make, &text);
    x.all_readable = llw_make_environment(&x.make, &x.of_all);
    for (size_t i = 0; i < x.make.n_recipes; i++) {
        const llw_make_recipe *recipe = &x.make.recipes[i];
        if (!i || recipe[-1].targets != recipe->targets) enter(&x, recipe);
        run(&x, recipe);
    }
    llw_front_emit(r, file, x.items, x.n);
}
