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
    size_t n;
} running;

/* Goes to a recipe's targets: their variables, and their shell's. */
static void enter(running *x, const llw_make_recipe *recipe) {
    llw_make *m = &x->make;
    x->env = x->of_all;
    x->readable = x->all_readable;
    if (!llw_make_enter(m, recipe->targets ? recipe->targets : "")) return;
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

static void run(running *x, const llw_make_recipe *recipe) {
    llw_make *m = &x->make;
    llw_config_reader *r = m->r;
    llw_start_site site = {.file = recipe->file->path,
                           .directory = recipe->file->directory,
                           .set = m->set,
                           .default_origin = "shell default"};
    if (!x->readable || r->copies < x->env.n * ENV_COST) {
        if (memmem(recipe->file->bytes, recipe->file->len, "llama", strlen("llama")))
            llw_config_unread(r, site.file, recipe->line, "exported variables and recipes are too many");
        return;
    }
    r->copies -= x->env.n * ENV_COST;
    llw_starts starts = {0};
    size_t unread = r->out->n_unread;
    llw_rich expanded = {0}, *text = llw_arena_alloc(r->arena, sizeof *text);
    llw_make_expand(m, &recipe->script, &expanded);
    *text = expanded;
    if (!m->just) *text = llw_make_command(&expanded); /* $(Q)llama-server with Q = @ */
    if (!m->just) *text = without_quiet(text);
    llw_shell_script(r, &site, text, NULL, &x->env, &starts);
    if (!starts.n) r->out->n_unread = unread;
    for (size_t i = 0; i < starts.n && x->n < MAX_LAUNCHES; i++)
        x->items[x->n++] = (llw_front_launch){
            .start = &starts.items[i], .name = recipe->targets ? recipe->targets : "", .from = recipe->line};
}

void llw_front_recipes(llw_config_reader *r, llw_config_set *set, const llw_config_file *file, bool just) {
    running x = {.make = {.r = r, .set = set, .file = file, .just = just},
                 .items = llw_arena_alloc(r->arena, MAX_LAUNCHES * sizeof *x.items)};
    llw_rich text = llw_config_text(r, file, just ? "justfile" : "Makefile");
    llw_make_read(&x.make, &text);
    x.all_readable = llw_make_environment(&x.make, &x.of_all);
    const char *targets = NULL;
    for (size_t i = 0; i < x.make.n_recipes; i++) {
        const llw_make_recipe *recipe = &x.make.recipes[i];
        if (!i || recipe->targets != targets) enter(&x, recipe);
        targets = recipe->targets;
        run(&x, recipe);
    }
    llw_front_emit(r, file, x.items, x.n);
}
