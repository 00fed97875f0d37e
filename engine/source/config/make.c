/* Makefiles and justfiles: each recipe as the shell runs it.
 *
 * make: a line that starts with a tab belongs to the target above it; @, - and + in front are taken away,
 * variables are put in (make_variables.c), $$ is a dollar sign, and every line has a shell of its own unless
 * .ONESHELL is there. just: indented lines, {{NAME}}. */
#include "source/config/make.h"

#include <string.h>

enum { MAX_LAUNCHES = 200, ENV_COST = 12 /* of r->copies, for each variable of a shell */ };

typedef struct recipes {
    llw_make make;
    llw_rich text;
    const char *target;
    int target_line;
    llw_scope env, env_of_all; /* of the target's recipe; of one that has nothing for itself */
    llw_front_launch *items;
    size_t n;
} recipes;

static void run(recipes *m, const llw_rich *script) {
    llw_start_site site = {.file = m->make.file->path,
                           .directory = m->make.file->directory,
                           .set = m->make.set,
                           .default_origin = "shell default"};
    llw_config_reader *r = m->make.r;
    if (r->copies < m->env.n * ENV_COST) {
        llw_config_unread(r, site.file, script->chars[0].line, "exported variables and recipes are too many");
        return;
    }
    r->copies -= m->env.n * ENV_COST;
    llw_starts starts = {0};
    size_t unread = r->out->n_unread;
    llw_rich *text = llw_arena_alloc(r->arena, sizeof *text);
    llw_make_expand(&m->make, script, text);
    llw_shell_script(r, &site, text, NULL, &m->env, &starts);
    if (!starts.n) r->out->n_unread = unread;
    for (size_t i = 0; i < starts.n && m->n < MAX_LAUNCHES; i++)
        m->items[m->n++] = (llw_front_launch){
            .start = &starts.items[i], .name = m->target ? m->target : "", .from = m->target_line};
}

/* A line of a recipe without what tells make how to run it. */
static llw_rich command_of(const llw_rich *line) {
    llw_rich bare = llw_rich_trim(line);
    size_t skip = 0;
    while (skip < bare.n && strchr("@-+ \t", bare.chars[skip].byte)) skip++;
    return llw_rich_slice(&bare, skip, bare.n);
}

/* One recipe line with those it goes on in; with one shell for all, every line of it. */
static llw_rich recipe(recipes *m, const llw_rich *first, size_t *at) {
    llw_rich out = {0}, line = *first, bare = llw_rich_trim(first);
    bool whole = m->make.one_shell ||
                 (m->make.just && bare.n > 1 && bare.chars[0].byte == '#' && bare.chars[1].byte == '!');
    for (;;) {
        bare = out.n ? llw_rich_trim(&line) : command_of(&line);
        llw_rich_append(m->make.r->arena, &out, &bare);
        bool more = llw_make_goes_on(&bare);
        size_t ahead = *at;
        llw_rich following = llw_make_line(&m->text, &ahead);
        if (ahead == *at || (!more && !(whole && llw_make_is_recipe(&m->make, &following)))) return out;
        llw_char end = bare.n ? bare.chars[bare.n - 1] : line.n ? line.chars[0] : (llw_char){0};
        end.byte = '\n';
        end.unknown = false;
        llw_rich_push(m->make.r->arena, &out, end);
        line = following;
        *at = ahead;
    }
}

static void head(recipes *m, const llw_rich *line) {
    llw_rich first;
    const char *targets = llw_make_rule(&m->make, line, &first);
    if (!targets) return;
    m->target = targets;
    m->target_line = line->chars[0].line;
    m->env = llw_make_enter(&m->make, targets) ? llw_make_environment(&m->make) : m->env_of_all;
    first = command_of(&first);
    if (first.n) run(m, &first);
}

void llw_front_recipes(llw_config_reader *r, llw_config_set *set, const llw_config_file *file, bool just) {
    recipes m = {.make = {.r = r, .set = set, .file = file, .just = just},
                 .text = llw_config_text(r, file, just ? "justfile" : "Makefile"),
                 .items = llw_arena_alloc(r->arena, MAX_LAUNCHES * sizeof *m.items)};
    llw_make_read(&m.make, &m.text);
    m.env = m.env_of_all = llw_make_environment(&m.make);
    for (size_t at = 0; at < m.text.n;) {
        llw_rich line = llw_make_line(&m.text, &at);
        if (llw_make_is_recipe(&m.make, &line)) {
            llw_rich script = recipe(&m, &line, &at);
            if (script.n) run(&m, &script);
            continue;
        }
        llw_rich bare = llw_rich_trim(&line);
        if (bare.n && bare.chars[0].byte != '#') head(&m, &bare);
    }
    llw_front_emit(r, file, m.items, m.n);
}
