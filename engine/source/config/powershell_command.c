/* Commands of PowerShell: their words, what Start-Process makes of its own, and what llama.cpp starts with.
 */
#include "source/config/powershell.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static bool is(llw_powershell *p, const llw_rich *one, const char *name) {
    return !strcasecmp(llw_rich_show(p->r->arena, one), name);
}

/* Elements with commas between them: what an option of Start-Process takes. */
static void comma_list(llw_powershell *p, llw_words *out) {
    for (;;) {
        llw_ps_skip(p, false);
        if (llw_ps_at_end(p)) return;
        size_t before = p->at;
        if (llw_ps_byte(p, p->at) == '@' && llw_ps_byte(p, p->at + 1) == '(') {
            p->at += 2;
            llw_ps_elements(p, true, out);
        } else if (!llw_ps_array_word(p, out)) {
            llw_words_push(p->r->arena, out, llw_ps_word(p, true));
        }
        llw_ps_skip(p, false);
        if (llw_ps_byte(p, p->at) != ',' || p->at == before) return;
        p->at++;
        llw_ps_skip(p, true);
    }
}

/* Start-Process: -FilePath or the first word is the program, -ArgumentList its words; one string is split by
 * Windows. */
static void start_process(llw_powershell *p, llw_words *words) {
    static const char *const valued[] = {
        "-workingdirectory", "-redirectstandardoutput", "-redirectstandarderror", "-windowstyle", "-verb",
        "-filepath"};
    llw_words arguments = {0};
    llw_rich program = {0};
    while (llw_ps_skip(p, false), !llw_ps_at_end(p)) {
        size_t before = p->at;
        llw_rich one = llw_ps_word(p, true);
        bool takes = false;
        for (size_t k = 0; k < sizeof valued / sizeof *valued; k++) takes |= is(p, &one, valued[k]);
        if (is(p, &one, "-argumentlist") || is(p, &one, "-args")) {
            comma_list(p, &arguments);
        } else if (takes) {
            bool file = is(p, &one, "-filepath");
            llw_ps_skip(p, false);
            one = llw_ps_word(p, true);
            if (file) program = one;
        } else if (one.n && one.chars[0].byte != '-') {
            if (!program.n)
                program = one;
            else
                llw_words_push(p->r->arena, &arguments, one);
        }
        if (p->at == before) p->at++;
    }
    if (arguments.n == 1) {
        llw_words split = {0};
        llw_words_split(p->r->arena, &arguments.items[0], &split);
        arguments = split;
    }
    llw_words_push(p->r->arena, words, program);
    for (size_t i = 0; i < arguments.n; i++) llw_words_push(p->r->arena, words, arguments.items[i]);
}

/* 2>&1, > FILE, *>> FILE (about_Redirection); false when none stands at p->at. */
static bool redirection(llw_powershell *p) {
    size_t i = p->at;
    i += strchr("123456*", llw_ps_byte(p, i)) && llw_ps_byte(p, i);
    if (llw_ps_byte(p, i) != '>') return false;
    while (llw_ps_byte(p, i) == '>') i++;
    p->at = i;
    if (llw_ps_byte(p, i) == '&') {
        p->at += 2;
    } else {
        llw_ps_skip(p, false);
        llw_ps_word(p, false);
    }
    if (p->at > p->text.n) p->at = p->text.n;
    return true;
}

void llw_ps_command(llw_powershell *p, size_t from) {
    llw_words words = {0};
    const char *first = llw_ps_lower(p, p->at, p->at + 13 < p->text.n ? p->at + 13 : p->text.n);
    bool starter = !strcmp(first, "start-process");
    if (starter) {
        p->at += 13;
        start_process(p, &words);
    }
    while (!starter && !llw_ps_at_end(p)) {
        size_t before = p->at;
        if (!redirection(p) && !llw_ps_array_word(p, &words))
            llw_words_push(p->r->arena, &words, llw_ps_word(p, false));
        if (p->at == before) p->at++;
        llw_ps_skip(p, false);
    }
    llw_scope env = {.arena = p->r->arena};
    for (size_t i = 0; i < p->env.n; i++)
        llw_scope_assign(&env, llw_arena_printf(p->r->arena, "%s", p->env.items[i].name + 4),
                         &p->env.items[i].value, p->env.items[i].token);
    for (size_t i = 0; i < env.n; i++) {
        char *name = llw_arena_strdup(p->r->arena, env.items[i].name);
        for (char *c = name; *c; c++) *c = (char)toupper((unsigned char)*c);
        env.items[i].name = name;
    }
    llw_start_site site = {.file = p->file->path,
                           .directory = p->file->directory,
                           .set = p->set,
                           .default_origin = "shell default"};
    size_t n = p->starts.n;
    llw_start_words(p->r, &site, &words, &env, &p->starts);
    for (; n < p->starts.n; n++) {
        llw_start *s = &p->starts.items[n];
        if (s->line) continue;
        s->file = p->file->path;
        s->line = p->text.chars[from].line;
        s->column = p->text.chars[from].column;
        s->last_line = p->text.chars[p->at < p->text.n ? p->at : p->text.n - 1].line;
    }
}
