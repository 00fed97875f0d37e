/* Prints options of llama.cpp. */
#include "render/flags.h"

#include <string.h>

static bool takes_value(const llw_flag_row *row) {
    return row->kind != LLW_FLAG_PLAIN && row->kind != LLW_FLAG_SWITCH && row->kind != LLW_FLAG_EXIT;
}

static bool is_called(const llw_flag_row *row, const char *word) {
    if (!strcmp(word, row->env) || !strcmp(word, row->neg_env)) return *word != 0;
    for (size_t i = 0; i < row->n_names; i++)
        if (!strcmp(row->names[i], word)) return true;
    for (size_t i = 0; i < row->n_neg_names; i++)
        if (!strcmp(row->neg_names[i], word)) return true;
    return false;
}

/* What stands behind the option. */
static void add_value(llw_text *out, const llw_flag_row *row) {
    static const char *const words[] = {[LLW_FLAG_INT] = "N",
                                        [LLW_FLAG_REAL] = "X",
                                        [LLW_FLAG_TEXT] = "TEXT",
                                        [LLW_FLAG_PAIR] = "A B",
                                        [LLW_FLAG_PAIRS] = "A,B",
                                        [LLW_FLAG_ONOFF] = "on|off",
                                        [LLW_FLAG_BIT] = "0|1",
                                        [LLW_FLAG_ONOFFAUTO] = "on|off|auto",
                                        [LLW_FLAG_LAYERS] = "N|auto|all",
                                        [LLW_FLAG_CACHE] = "TYPE",
                                        [LLW_FLAG_FLOATS] = "X,X,...",
                                        [LLW_FLAG_MIBS] = "MIB,MIB,...",
                                        [LLW_FLAG_DEVICES] = "GPU,...",
                                        [LLW_FLAG_OVERRIDES] = "PATTERN=BUFFER,...",
                                        [LLW_FLAG_LONG] = "N",
                                        [LLW_FLAG_CHOICES] = "",
                                        [LLW_FLAG_KV] = "KEY=TYPE:VALUE",
                                        [LLW_FLAG_REMOVED] = "",
                                        [LLW_FLAG_CHOICE] = ""};
    if (!takes_value(row)) return;
    if (row->kind == LLW_FLAG_CHOICE || row->kind == LLW_FLAG_CHOICES)
        llw_text_addf(out, " %s", row->choices);
    else if (words[row->kind] && *words[row->kind])
        llw_text_addf(out, " %s", words[row->kind]);
}

static void add_names(llw_text *out, const llw_flag_row *row) {
    for (size_t i = 0; i < row->n_names; i++) llw_text_addf(out, "%s%s", i ? ", " : "", row->names[i]);
    add_value(out, row);
    for (size_t i = 0; i < row->n_neg_names; i++)
        llw_text_addf(out, "%s%s", i ? ", " : "; off: ", row->neg_names[i]);
}

static const char *from_to(llw_arena *arena, const llw_flag_row *row) {
    const char *from = *row->since_version ? llw_build_and_day(arena, row->since_version) : NULL;
    const char *to = *row->until_version ? llw_build_and_day(arena, row->until_version) : NULL;
    if (row->kind == LLW_FLAG_REMOVED)
        return llw_arena_printf(arena, "refused from %s on", from ? from : "the first build we know");
    if (from && to) return llw_arena_printf(arena, "from %s on, gone by %s", from, to);
    if (from) return llw_arena_printf(arena, "from %s on", from);
    if (to) return llw_arena_printf(arena, "gone by %s", to);
    return "in every build that we know";
}

static void add_line(llw_text *out, const llw_style *style, const char *label, const char *text) {
    llw_text_addf(out, "  %-10s", label);
    llw_wrap(out, style, text, 12, 12);
    llw_text_add(out, "\n");
}

static void add_row(llw_text *out, const llw_style *style, llw_arena *arena, const llw_flags_question *q,
                    const llw_flag_row *row) {
    llw_text names = {0};
    add_names(&names, row);
    llw_paint(out, style, LLW_BOLD, llw_text_str(&names));
    llw_text_add(out, "\n");
    llw_text_fini(&names);
    const char *builds = from_to(arena, row);
    bool negative = false;
    bool here = llw_flag_active(row, q->program, q->build->order);
    bool otherwise = !here && row->n_names &&
                     llw_flag_find(q->flags, row->names[0], q->program, q->build->order, &negative);
    if (otherwise && *row->until_version && !*row->since_version)
        builds = llw_arena_printf(arena, "before %s", llw_build_and_day(arena, row->until_version));
    else if (!here && !otherwise && llw_flag_of_program(row, q->program))
        builds = llw_arena_printf(arena, "%s; llama-%s of %s does not have it", builds,
                                  llw_program_name(q->program), q->build->version);
    add_line(out, style, "builds", builds);
    add_line(out, style, "programs", row->programs);
    if (*row->env)
        add_line(out, style, "variable",
                 *row->neg_env
                     ? llw_arena_printf(arena, "%s; %s turns it off by being there", row->env, row->neg_env)
                     : row->env);
    if (*row->default_text) add_line(out, style, "default", row->default_text);
    if (row->append) add_line(out, style, "repeated", "every one counts");
    if (row->secret) add_line(out, style, "secret", "llwhy neither keeps nor shows its value");
    bool gone = *row->until_version || row->kind == LLW_FLAG_REMOVED;
    if (*row->note) add_line(out, style, gone ? "instead" : "note", row->note);
}

static size_t list(llw_text *out, const llw_flags_question *q) {
    size_t n = 0;
    for (size_t i = 0; i < q->flags->n_rows; i++) {
        const llw_flag_row *row = &q->flags->rows[i];
        bool here = llw_flag_active(row, q->program, q->build->order) && row->kind != LLW_FLAG_REMOVED;
        if (!here && !(q->all && llw_flag_of_program(row, q->program))) continue;
        llw_text names = {0};
        add_names(&names, row);
        llw_text_addf(out, "%s %-60s %s\n", here ? " " : "-", llw_text_str(&names), row->env);
        llw_text_fini(&names);
        n++;
    }
    llw_text_addf(out, "%zu options of llama-%s %s%s; llwhy flags -ub tells one\n", n,
                  llw_program_name(q->program), q->build->version,
                  q->all ? ", with - those of other builds" : "");
    return n;
}

static int rank_of(const llw_flag_row *row, const llw_flags_question *q) {
    if (!llw_flag_of_program(row, q->program)) return 2;
    return llw_flag_active(row, q->program, q->build->order) ? 0 : 1;
}

size_t llw_render_flags(llw_text *out, const llw_style *style, llw_arena *arena,
                        const llw_flags_question *q) {
    size_t n = 0;
    if (!q->n_words) return list(out, q);
    for (size_t w = 0; w < q->n_words; w++) {
        size_t before = n;
        for (int rank = 0; rank < 3;
             rank++) { /* what this build has, what others have, what other programs have */
            if (rank == 2 && n > before && !q->all) continue;
            for (size_t i = 0; i < q->flags->n_rows; i++) {
                const llw_flag_row *row = &q->flags->rows[i];
                if (rank_of(row, q) != rank || !is_called(row, q->words[w])) continue;
                if (n++) llw_text_add(out, "\n");
                add_row(out, style, arena, q, row);
            }
        }
    }
    return n;
}

void llw_render_flags_update(llw_text *out, const llw_style *style, const llw_flags_update *update,
                             const char *version, size_t n_options, const char *directory) {
    static const char *const heads[] = {[LLW_FLAG_ADDED] = "New to the table",
                                        [LLW_FLAG_ENDED] = "No longer there",
                                        [LLW_FLAG_OTHER] = "Otherwise than in the table",
                                        [LLW_FLAG_EARLIER] = "There earlier than the table says"};
    llw_text_addf(out, "%zu options of %s read.\n", n_options, version);
    for (int kind = LLW_FLAG_ADDED; kind <= LLW_FLAG_EARLIER; kind++) {
        llw_text names = {0};
        for (size_t i = 0; i < update->n_changes; i++) {
            const llw_flag_change *c = &update->changes[i];
            if ((int)c->kind == kind)
                llw_text_addf(&names, "%s%s%s%s", names.len ? "; " : "", c->name, *c->what ? ": " : "",
                              c->what);
        }
        if (names.len) {
            llw_paint(out, style, LLW_BOLD, heads[kind]);
            llw_text_add(out, "\n  ");
            llw_wrap(out, style, llw_text_str(&names), 2, 2);
            llw_text_add(out, "\n");
        }
        llw_text_fini(&names);
    }
    if (!update->n_changes && !update->builds)
        llw_text_add(out, "The table says the same; nothing was written.\n");
    else
        llw_text_addf(out, "%s/flags.tsv%s%s%s written. llwhy takes %s from there.\n", directory,
                      update->builds ? " and " : "", update->builds ? directory : "",
                      update->builds ? "/builds.tsv" : "", update->builds ? "them" : "it");
}
