/* llwhy why FILE:LINE: which link of a chain of configuration files really sets a value. */
#include "cli/lint.h"
#include "base/file.h"
#include "explain/chain.h"
#include "render/chain.h"

#include <string.h>

static const char *normal(llw_arena *arena, const char *path) {
    char *out = llw_arena_strdup(arena, path), *to = out;
    for (const char *at = path; *at;) {
        bool start = at == path || at[-1] == '/';
        if (start && at[0] == '.' && at[1] == '/')
            at += 2;
        else if (start && at != path && *at == '/')
            at++;
        else
            *to++ = *at++;
    }
    *to = 0;
    return out;
}

static const char *above(llw_arena *arena, const char *path) {
    const char *slash = strrchr(path, '/');
    if (!slash) return "";
    return slash == path ? "/" : llw_arena_strndup(arena, path, (size_t)(slash - path));
}

/* The project that a file belongs to: the nearest directory with a .git or .llwhy.yaml, else the file's own.
 */
static const char *root_of(llw_arena *arena, const char *file) {
    enum { MOST = 12 };
    const char *own = above(arena, file), *directory = own;
    for (int i = 0; i < MOST; i++) {
        const char *git = llw_path_join(arena, directory, ".git");
        if (llw_file_is_directory(git) || llw_file_is_regular(git) ||
            llw_file_is_regular(llw_path_join(arena, directory, ".llwhy.yaml")))
            return directory;
        if (!*directory || !strcmp(directory, "/") || !strcmp(directory, "..")) break;
        directory = above(arena, directory);
    }
    return own;
}

/* What would have been an answer: the lines of the file that set something. */
static void teach(llw_app *app, const llw_lint_pass *pass, const char *file, int line) {
    llw_chains all = {0};
    llw_chains_find(pass->run, file, 0, app->arena, &all);
    const llw_lines_file *text = llw_lines_get(pass->lines, file);
    llw_text lines = {0};
    int last = 0, told = 0;
    for (int n = 1; (size_t)n <= text->n && told < 12; n++)
        for (size_t i = 0; i < all.n && last != n; i++)
            for (size_t k = 0; k < all.items[i].n_links && last != n; k++)
                if (all.items[i].links[k].here && all.items[i].links[k].line == n) {
                    llw_text_addf(&lines, told++ ? ", %d" : "%d", n);
                    last = n;
                }
    if ((size_t)line > text->n)
        llw_app_complain(app, LLW_EXIT_USAGE, "%s has %zu lines: there is no line %d", file, text->n, line);
    else if (told)
        llw_app_complain(app, LLW_EXIT_USAGE,
                         "%s:%d sets nothing of a launch of llama.cpp; these lines do: %s", file, line,
                         llw_text_str(&lines));
    else
        llw_app_complain(app, LLW_EXIT_USAGE,
                         "%s:%d sets nothing: no launch of llama.cpp takes a value from this file", file,
                         line);
    llw_text_fini(&lines);
}

static void answer(llw_app *app, llw_lint_pass *pass, const char *file, int line) {
    llw_chains chains = {0};
    llw_findings here = {0};
    llw_chains_find(pass->run, file, line, app->arena, &chains);
    for (size_t i = 0; i < pass->findings.n; i++) {
        const llw_finding *f = &pass->findings.items[i];
        if (!strcmp(f->file, file) && f->line == line) llw_findings_add(&here, app->arena, *f);
    }
    if (!chains.n && !here.n) {
        teach(app, pass, file, line);
        return;
    }
    const llw_line_report report = {.run = pass->run,
                                    .file = file,
                                    .line = line,
                                    .lines = pass->lines,
                                    .chains = &chains,
                                    .findings = &here,
                                    .all = llw_option_given(&app->options, LLW_OPT_ALL)};
    llw_text out = {0};
    if (app->json)
        llw_render_line_json(&out, &report);
    else
        llw_render_line_text(&out, &app->style, &report);
    llw_app_print(app, &out);
}

bool llw_why_is_line(llw_app *app, const char *word, const char **file, int *line) {
    int column = 0;
    return llw_place_split(app->arena, word, file, line, &column) && *line > 0;
}

int llw_command_why_line(llw_app *app, const char *file, int line) {
    file = normal(app->arena, file);
    if (!llw_file_is_regular(file))
        return llw_app_complain(app, LLW_EXIT_INPUT, "%s: there is no such file", file), app->code;
    const char *root = root_of(app->arena, file);
    app->options.words = llw_arena_alloc(app->arena, sizeof *app->options.words);
    app->options.words[0] = *root ? root : ".";
    app->options.n_words = 1;
    llw_linting lint;
    llw_lint_pass pass = {0};
    if (!llw_lint_start(app, LLW_LEVEL_NOTE, &lint)) return app->code;
    if (llw_lint_pass_run(&lint, true, &pass)) answer(app, &pass, file, line);
    llw_lint_pass_end(&pass);
    return app->code;
}
