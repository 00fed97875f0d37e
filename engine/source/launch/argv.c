/* Walking the words of a llama.cpp command line. */
#include "source/launch/argv.h"
#include "base/secret.h"
#include "fact/build.h"
#include "fact/launch_words.h"
#include "source/config/fork.h"
#include "source/launch/argv_reader.h"
#include "source/launch/template.h"

#include <stdio.h>
#include <string.h>

/* arg.cpp replaces _ by - in words that start with --, and in no other. */
static const char *spelling_of(const char *word, char buffer[MAX_SPELLING]) {
    size_t len = strlen(word);
    if (strncmp(word, "--", 2) || len >= MAX_SPELLING) return word;
    memcpy(buffer, word, len + 1);
    for (char *at = buffer; *at; at++)
        if (*at == '_') *at = '-';
    return buffer;
}

static const llw_flag_row *active(llw_reader *r, const char *spelling, bool *negative) {
    const llw_flag_row *row = llw_flag_find(r->flags, spelling, r->in->program, r->order, negative);
    return row ? row : llw_flag_maybe(r->flags, spelling, r->in->program, r->order, negative);
}

/* Taken out in the build at hand, which nobody named: an older one may well run, and read it. */
static bool may_be_read(const llw_reader *r, const llw_flag_row *row) {
    return !r->version && row && row->until <= r->order && llw_flag_of_program(row, r->in->program) &&
           row->kind != LLW_FLAG_REMOVED;
}

static const char *advice_for_unknown(llw_reader *r, const char *spelling) {
    const char *near = llw_flag_nearest(r->flags, spelling, r->in->program, r->order);
    return near ? llw_arena_printf(r->arena, "did you mean %s?", near)
                : "leave it out; llama-server --help lists what this build takes";
}

/* How an option that nobody knows is shown: of --name=value the name, for the value may be anybody's. */
static const char *shown_option(llw_reader *r, const char *spelling) {
    size_t name = strcspn(spelling, "=");
    return *spelling == '-' && spelling[name]
               ? llw_arena_printf(r->arena, "%.*s=...", (int)(name < QUOTE ? name : QUOTE), spelling)
               : spelling;
}

static bool behind_secret(const llw_reader *r, const llw_token *token) {
    ptrdiff_t at = token - r->in->args;
    return llw_secret_place(at > 0 ? token[-1].text : NULL, at > 1 ? token[-2].text : NULL);
}

/* A CMD in shell form behind an ENTRYPOINT in exec form is three words of one place: config/start.c. */
static bool is_shell_form(const llw_token *token, const llw_token *next) {
    return next && next->text && !strcmp(token->text, "/bin/sh") && !strcmp(next->text, "-c") &&
           token->place && next->place && !strcmp(token->place, next->place);
}

/* ["-c", "100"] of the words of a command; NULL when it needs a shell, is long or may hold a secret. */
static const char *as_list(llw_arena *arena, const char *words) {
    enum { LONGEST = 200 };
    const char *list = "";
    if (!words || strlen(words) > LONGEST || strpbrk(words, "\"'\\$`;&|<>()*?#~\n")) return NULL;
    for (const char *at = words + strspn(words, " \t"); *at; at += strspn(at, " \t")) {
        size_t len = strcspn(at, " \t");
        if (llw_secret_name(at, len)) return NULL;
        list = llw_arena_printf(arena, "%s%s\"%.*s\"", list, *list ? ", " : "", (int)len, at);
        at += len;
    }
    return llw_arena_printf(arena, "[%s]", list);
}

static size_t report_shell_form(llw_reader *r, const llw_use *use, const llw_token *next) {
    bool has_words = next + 1 < r->in->args + r->in->n_args;
    const char *list = has_words ? as_list(r->arena, next[1].text) : NULL;
    llw_reader_refuse(
        r, LLW_F_WORD, use,
        llw_arena_printf(r->arena, "write a list of words: CMD %s",
                         list ? list : "[\"--option\", \"value\"]"),
        "%s ends here: a CMD that is no list reaches it as /bin/sh -c \"...\", and '/bin/sh' is no "
        "option of it%.*s",
        llw_reader_program(r), 0, "");
    return has_words ? 2 : 1;
}

/* Reports a word that is no option of this program and build. Returns how many words after it belong to it.
 */
static size_t report_unknown(llw_reader *r, const char *spelling, const llw_token *token,
                             const llw_token *next) {
    llw_use use = {NULL, spelling, token, false, false, LLW_ATTR_NONE};
    const char *program = llw_reader_program(r);
    bool negative = false;
    if (*spelling && !spelling[strspn(spelling, " \t")]) {
        llw_reader_refuse(
            r, LLW_F_WORD, &use,
            "take away what stands behind the backslash: it continues a line only at its very end",
            "%s ends here: a blank behind a backslash is a word of its own%.*s", program, 0, "");
        return 0;
    }
    if (is_shell_form(token, next)) return report_shell_form(r, &use, next);
    if (*spelling != '-' || !spelling[1]) {
        const char *word = behind_secret(r, token) ? "..." : spelling;
        use.spelling = word;
        llw_reader_refuse(r, LLW_F_WORD, &use, "put the option in front of it; quote a value that has spaces",
                          *spelling ? "%s ends here: '%.*s' is no option and belongs to none"
                                    : "%s ends here: an empty word%.*s",
                          program, QUOTE, word);
        return 0;
    }
    size_t name = strcspn(spelling, "=");
    char before[MAX_SPELLING];
    if (name < sizeof before && spelling[name]) {
        memcpy(before, spelling, name);
        before[name] = 0;
        const llw_flag_row *row = active(r, before, &negative);
        if (row) {
            const char *text = token->text + name + 1; /* as written: of the spelling only the name counts */
            use.spelling = before;
            use.attr = llw_reader_attr(row);
            llw_reader_refuse(r, LLW_F_EQUALS, &use,
                              row->secret ? "write the option and its value as two words"
                                          : llw_arena_printf(r->arena, "write %s %.*s", before, QUOTE, text),
                              "%s ends here: it does not know the form %s=", program, before);
            if (!row->secret && llw_flag_takes_value(row) && row->kind != LLW_FLAG_REMOVED) {
                llw_token value = {text, token->place, token->origin, NULL};
                llw_use meant = {row, row->names[0], &value, false, true, use.attr};
                llw_parsed p = llw_reader_value(r, &meant);
                if (p.taken)
                    llw_reader_set(r, &meant, p, r->in->args_grade ? r->in->args_grade : LLW_GRADE_FLAG);
            }
            return 0;
        }
    }
    const llw_flag_row *other = llw_flag_find_any(r->flags, spelling, r->in->program);
    size_t skip = next && next->text && *next->text != '-' ? 1 : 0;
    if (!other) {
        const char *shown = use.spelling = shown_option(r, spelling);
        /* its value, whatever it begins with */
        if (!strchr(spelling, '=') && llw_secret_name(spelling, strlen(spelling)))
            skip = next && (!next->text || !llw_flag_find_any(r->flags, next->text, r->in->program));
        if (strchr(spelling, '_') && strncmp(spelling, "--", 2)) {
            char dashed[MAX_SPELLING];
            snprintf(dashed, sizeof dashed, "%s", spelling);
            for (char *at = dashed; *at; at++)
                if (*at == '_') *at = '-';
            if (active(r, dashed, &negative)) {
                llw_reader_refuse(r, LLW_F_UNKNOWN, &use, llw_arena_printf(r->arena, "write %s", dashed),
                                  "%s ends here: it takes an underscore for a hyphen only behind two hyphens",
                                  program);
                return skip;
            }
        }
        const char *fork = llw_fork_of(spelling);
        if (fork) {
            llw_reader_report(r, LLW_F_UNKNOWN, LLW_PROBLEM_NOTE, &use, "fine there; leave it out elsewhere",
                              "%.*s is an option of %s: no build of llama.cpp has it", QUOTE, shown, fork);
            return skip;
        }
        if (r->in->stranger) {
            llw_reader_report(r, LLW_F_UNKNOWN, LLW_PROBLEM_NOTE, &use, advice_for_unknown(r, spelling),
                              "no build of llama.cpp has an option %.*s, and %.*s is not llama.cpp's own: "
                              "whether it takes that is not known",
                              QUOTE, shown, QUOTE, r->in->stranger);
            return skip;
        }
        llw_reader_refuse(r, LLW_F_UNKNOWN, &use, advice_for_unknown(r, spelling),
                          "%s ends here: it has no option %.*s", program, QUOTE, shown);
        return skip;
    }
    use.row = other;
    use.attr = llw_reader_attr(other);
    if (!llw_flag_of_program(other, r->in->program)) {
        char programs[64];
        snprintf(programs, sizeof programs, "%.*s", (int)strcspn(other->programs, ","), other->programs);
        bool server = llw_flag_of_program(other, LLW_PROGRAM_SERVER);
        llw_reader_refuse(r, LLW_F_OTHER_PROGRAM, &use, "leave it out",
                          "%s ends here: %.*s is an option of llama-%s", program, QUOTE, spelling,
                          strcmp(programs, "all") ? programs
                          : server                ? "server and llama-cli"
                                                  : "cli");
    } else if (r->order <= llw_flag_last_without(other)) {
        llw_reader_refuse(r, LLW_F_NOT_YET, &use, "update llama.cpp, or leave it out",
                          "%s of %s ends here: there is no %.*s before %s", program, r->version, QUOTE,
                          spelling, llw_build_and_day(r->arena, other->since_version));
    } else {
        llw_reader_removed(r, &use, other->until_version);
    }
    return !llw_flag_takes_value(other) || !next ? 0 : 1;
}

/* "on" and "1" of a switch are one value. */
static bool says_the_same(const llw_flag_row *row, const char *a, const char *b) {
    bool onoff = row->kind == LLW_FLAG_ONOFF || row->kind == LLW_FLAG_ONOFFAUTO;
    return !strcmp(a, b) ||
           (onoff && ((llw_is_truthy(a) && llw_is_truthy(b)) || (llw_is_falsey(a) && llw_is_falsey(b))));
}

static void note_repetition(llw_reader *r, const llw_use *use, const char *value) {
    llw_seen *seen = &r->seen[use->row - r->flags->rows];
    bool counts_all = use->row->append;
    if (seen->env)
        llw_reader_report(r, LLW_F_ENV_LOST, LLW_PROBLEM_NOTE, use, counts_all ? "" : "set it in one place",
                          counts_all ? "%s (%s) and %s both count" : "%s (%s) loses against %s", seen->env,
                          seen->env_place ? seen->env_place : "environment", use->spelling);
    if (seen->spelling && !counts_all && use->row->kind != LLW_FLAG_PLAIN &&
        use->row->kind != LLW_FLAG_EXIT) {
        bool same_spelling = !strcmp(seen->spelling, use->spelling);
        bool same_value = seen->text && value && says_the_same(use->row, seen->text, value);
        bool shown = !use->row->secret && seen->text && value;
        /* a default of the infrastructure that a profile overrides is how such chains are meant */
        bool layered = strcmp(seen->origin, use->token->origin ? use->token->origin : "");
        llw_reader_report(r, same_spelling ? LLW_F_REPEATED : LLW_F_REPEATED_ALIAS,
                          same_value || layered ? LLW_PROBLEM_NOTE : LLW_PROBLEM_RISK, use, "give it once",
                          "%s %.*s (%s) loses against %s %.*s", seen->spelling, shown ? QUOTE : 0,
                          shown ? seen->text : "", seen->place ? seen->place : "", use->spelling,
                          shown ? QUOTE : 0, shown ? value : "");
    }
    seen->spelling = llw_arena_strdup(r->arena, use->spelling);
    seen->place = use->token->place;
    seen->origin = use->token->origin ? use->token->origin : "";
    seen->text = value;
}

/* Whether some build takes the word as an option, be it one that this build does not have any more. */
static bool is_option(llw_reader *r, const char *text) {
    char buffer[MAX_SPELLING];
    bool negative = false;
    if (!text || *text != '-') return false;
    const char *spelling = spelling_of(text, buffer);
    return active(r, spelling, &negative) || llw_flag_find_any(r->flags, spelling, r->in->program);
}

/* What is written where a client insists on some key: no secret. */
static bool is_placeholder(const char *text) {
    static const char *const words[] = {"",     "-",   "x",    "1",       "12345", "123456", "none", "null",
                                        "test", "key", "fake", "ignored", "empty", "local",  "llama"};
    static const char *const parts[] = {"dummy",      "placeholder", "example", "changeme", "change-me",
                                        "not-needed", "no-key",      "your-",   "your_",    "<"};
    for (size_t i = 0; text && i < sizeof words / sizeof *words; i++)
        if (!strcasecmp(text, words[i])) return true;
    for (size_t i = 0; text && i < sizeof parts / sizeof *parts; i++)
        if (strcasestr(text, parts[i])) return true;
    return false;
}

/* What is said of an option that older builds had without a value, or "". */
static const char *took_none_before(llw_reader *r, const llw_use *use) {
    const char *since = use->row->since_version;
    bool negative = false;
    const llw_flag_row *bare =
        *since ? llw_flag_find(r->flags, use->spelling, r->in->program, use->row->since - 1, &negative)
               : NULL;
    if (!bare || bare->kind != LLW_FLAG_PLAIN) return "";
    return llw_arena_printf(r->arena, "; before %s it took none", llw_build_and_day(r->arena, since));
}

/* An option stands where the value of USE belongs. Whether llama.cpp takes it as that value; one finding
 * tells it, at the option whose value is missing. */
static bool tell_swallowed(llw_reader *r, const llw_use *use, const llw_token *value) {
    llw_use read = *use;
    read.token = value;
    read.quiet = true;
    llw_parsed p = llw_reader_value(r, &read);
    bool taken = p.taken || !p.known;
    bool on = use->row->kind == LLW_FLAG_ONOFFAUTO || use->row->kind == LLW_FLAG_ONOFF;
    const char *advice =
        on ? llw_arena_printf(r->arena, "write %s on", use->spelling) : "give the option its value";
    const char *before = took_none_before(r, use);
    if (taken)
        llw_reader_report(r, LLW_F_SWALLOWED, LLW_PROBLEM_WRONG, use, advice,
                          "%s takes the option %.*s as its value%s", use->spelling, QUOTE, value->text,
                          before);
    else
        llw_reader_refuse(r, LLW_F_SWALLOWED, use, advice,
                          "%s ends here: %s takes the option %.*s as its value%s", llw_reader_program(r),
                          use->spelling, QUOTE, value->text, before);
    return taken;
}

/* A value that somebody is to fill in. */
static const llw_token *left_open(llw_reader *r, const llw_token *value) {
    llw_token *open = llw_arena_alloc(r->arena, sizeof *open);
    *open = *value;
    open->text = NULL;
    return open;
}

/* Where the value of a secret option may stand instead: a file, by an option of that name, or a variable. */
static const char *where_secret(llw_reader *r, const llw_flag_row *row) {
    const char *name = row->names[row->n_names - 1], *env = row->env;
    const char *file = llw_arena_printf(r->arena, "%s-file", name);
    if (llw_flag_find_any(r->flags, file, r->in->program))
        return llw_arena_printf(r->arena, "use %s, or the environment", file);
    for (size_t i = 0; !*env && i < r->flags->n_rows; i++) { /* llama-bench reads it as its default */
        const llw_flag_row *other = &r->flags->rows[i];
        if (other->n_names && !strcmp(other->names[other->n_names - 1], name)) env = other->env;
    }
    return *env ? llw_arena_printf(r->arena, "use the variable %s", env) : "take it out of the command line";
}

/* The option at i, which takes a value. Returns how many words it took. */
static size_t read_valued(llw_reader *r, const llw_flag_row *row, const char *spelling, size_t i,
                          llw_grade grade) {
    const llw_token *flag = &r->in->args[i];
    size_t want = row->kind == LLW_FLAG_PAIR ? 2 : 1;
    llw_use use = {row, spelling, flag, false, false, llw_reader_attr(row)};
    if (i + want >= r->in->n_args) {
        llw_reader_refuse(r, LLW_F_MISSING_VALUE, &use, "give a value, or leave the option out",
                          "%s ends here: %s is the last word and wants a value%s", llw_reader_program(r),
                          spelling, took_none_before(r, &use));
        return r->in->n_args - i - 1;
    }
    const llw_token *value = &r->in->args[i + 1];
    if (row->kind == LLW_FLAG_REMOVED) {
        llw_reader_removed(r, &use, row->since_version);
        return want;
    }
    if (row->secret && !is_placeholder(value->text))
        llw_reader_report(r, LLW_F_SECRET, LLW_PROBLEM_RISK, &use, where_secret(r, row),
                          "the value of %s can be read by every user of the machine", spelling);
    if (llw_is_template(value->text)) value = left_open(r, value);
    if (is_option(r, value->text) && !tell_swallowed(r, &use, value))
        return 0; /* refused: the rest is read as it was meant */
    use.token = value;
    note_repetition(r, &use, row->secret ? NULL : value->text);
    llw_reader_set_lost(r, &use, grade);
    llw_parsed p = llw_reader_value(r, &use);
    if (p.taken || !p.known) llw_reader_set(r, &use, p, grade);
    return want;
}

/* The row of an option that the newest builds refuse, when nothing says that such a one runs: told, and read
 * as the older ones do. */
static const llw_flag_row *read_by_older(llw_reader *r, const char *spelling, const llw_token *token,
                                         bool *negative) {
    const llw_flag_row *row = llw_flag_find_any(r->flags, spelling, r->in->program);
    if (!may_be_read(r, row)) return NULL;
    llw_use use = {row, spelling, token, false, false, llw_reader_attr(row)};
    llw_reader_removed(r, &use, row->until_version);
    return llw_flag_find(r->flags, spelling, r->in->program, row->until - 1, negative);
}

/* The option at `first` with the words it took, so that it can be read again beside others; a secret is not
 * kept, nor what may be one. */
static void keep_refused(llw_reader *r, size_t first, size_t last) {
    const char *text = r->in->args[first].text;
    char buffer[MAX_SPELLING];
    const llw_flag_row *row =
        text ? llw_flag_find_any(r->flags, spelling_of(text, buffer), r->in->program) : NULL;
    if (text && !row && strchr(text, '=')) text = llw_arena_strndup(r->arena, text, strcspn(text, "=") + 1);
    if (text && *text != '-' && behind_secret(r, &r->in->args[first])) text = "...";
    llw_reader_keep_word(r, text, true);
    for (size_t i = first + 1; i <= last && row; i++)
        llw_reader_keep_word(r, row->secret ? "x" : r->in->args[i].text, false);
    llw_text_add(&r->refused_words, "\n");
}

/* The option at `first` with the words it took, so that what is offered can repeat it. */
static void keep_words(llw_reader *r, size_t first, size_t last) {
    const char *text = r->in->args[first].text;
    char buffer[MAX_SPELLING];
    const char *option = text ? spelling_of(text, buffer) : NULL;
    const llw_flag_row *row = option ? llw_flag_find_any(r->flags, option, r->in->program) : NULL;
    bool hidden = row ? row->secret : option && llw_secret_name(option, strlen(option));
    if (option && !row && strchr(option, '=')) option = shown_option(r, option);
    llw_launch_words_add(&r->words, r->arena, option, false, true);
    for (size_t i = first + 1; i <= last; i++)
        llw_launch_words_add(&r->words, r->arena, r->in->args[i].text, hidden, false);
}

/* Whether the option at i takes a value, and an option stands where that should be. */
static bool swallows(llw_reader *r, size_t i) {
    char buffer[MAX_SPELLING];
    bool negative = false;
    const char *text = r->in->args[i].text;
    const llw_flag_row *row = text ? active(r, spelling_of(text, buffer), &negative) : NULL;
    return row && llw_flag_takes_value(row) && is_option(r, r->in->args[i + 1].text);
}

/* The word at i; how many words behind it belong to it. */
static size_t read_word(llw_reader *r, size_t i) {
    llw_grade grade = r->in->args_grade ? r->in->args_grade : LLW_GRADE_FLAG;
    const llw_token *token = &r->in->args[i];
    char buffer[MAX_SPELLING];
    if (!token->text) {
        llw_use use = {NULL, "a word", token, false, false, LLW_ATTR_NONE};
        llw_reader_report(r, LLW_F_NOT_KNOWN, LLW_PROBLEM_NOTE, &use,
                          "set the variable where it can be read, or give it a default",
                          "a word of the command is not known: nobody who could be read sets it");
        return 0;
    }
    const char *spelling = spelling_of(token->text, buffer);
    bool negative = false;
    const llw_flag_row *row = active(r, spelling, &negative);
    if (!row) row = read_by_older(r, spelling, token, &negative);
    if (!row) return report_unknown(r, spelling, token, i + 1 < r->in->n_args ? token + 1 : NULL);
    if (llw_flag_takes_value(row)) return read_valued(r, row, spelling, i, grade);
    llw_use use = {row, spelling, token, false, false, llw_reader_attr(row)};
    if (row->kind == LLW_FLAG_EXIT) {
        r->out->exits = true;
        llw_reader_report(r, LLW_F_EXITS, LLW_PROBLEM_NOTE, &use, "",
                          "%s prints something and ends: %s loads no model", spelling, llw_reader_program(r));
        return 0;
    }
    note_repetition(r, &use, negative ? "off" : "on");
    llw_reader_set(
        r, &use,
        (llw_parsed){.taken = true, .known = true, .flag = !negative, .text = negative ? "off" : "on"},
        grade);
    return 0;
}

static void read_words(llw_reader *r) {
    for (size_t i = 0; i < r->in->n_args; i++) {
        size_t refused = r->n_refused, more = read_word(r, i), last = i + more;
        if (r->n_refused > refused) /* one that swallowed an option takes it along */
            keep_refused(r, i, more || i + 1 == r->in->n_args ? last : swallows(r, i) ? i + 1 : i);
        else
            keep_words(r, i, last);
        i = last;
    }
}

llw_rc llw_argv_read(llw_facts *facts, const llw_argv *in, llw_argv_result *out, llw_err *err) {
    llw_arena *arena = llw_facts_arena(facts);
    llw_flags loaded = {0};
    *out = (llw_argv_result){0};
    if (!in->flags) {
        llw_rc rc = llw_flags_load(&loaded, err);
        if (rc != LLW_OK) return rc;
    }
    out->build = in->build ? in->build : llw_build_claim(facts, NULL, LLW_GRADE_DEFAULT, "", "", err);
    llw_reader r = {.facts = facts,
                    .arena = arena,
                    .in = in,
                    .flags = in->flags ? in->flags : &loaded,
                    .out = out,
                    .mmap = true,
                    .bench_prompt = -1,
                    .bench_gen = -1,
                    .bench_pg = -1,
                    .bench_depth = -1};
    if (!out->build || !llw_facts_count(facts, out->build, LLW_build_order, &r.order))
        return out->build
                   ? llw_fail(err, LLW_ERR_INPUT, "", 0,
                              "the build's place among llama.cpp's builds is not known: give --llama VERSION")
                   : LLW_ERR_INPUT;
    r.version = llw_build_named(facts, out->build);
    llw_arena *scratch = llw_arena_new();
    out->problems = llw_arena_alloc(scratch, LLW_MAX_PROBLEMS * sizeof *out->problems);
    r.seen = llw_arena_alloc(scratch, (r.flags->n_rows + 1) * sizeof *r.seen);
    out->launch = llw_facts_entity(facts, LLW_KIND_launch, in->id);
    if (in->program != LLW_PROGRAM_BENCH) llw_reader_env(&r); /* llama-bench reads HF_TOKEN alone */
    read_words(&r);
    llw_reader_finish(&r);
    if (out->refused)
        llw_facts_claim(facts, out->launch, LLW_launch_refused, llw_string(LLW_TEXT, out->refused),
                        LLW_GRADE_PREDICTED, "llama.cpp's argument parser", "");
    if (r.refused_words.len)
        llw_facts_claim(facts, out->launch, LLW_launch_refused_words,
                        llw_string(LLW_LIST, llw_text_str(&r.refused_words)), LLW_GRADE_PREDICTED,
                        "llama.cpp's argument parser", "");
    if (r.words.len) /* what each word says has its own place and grade */
        llw_facts_claim(facts, out->launch, LLW_launch_words, llw_string(LLW_LIST, llw_text_str(&r.words)),
                        LLW_GRADE_PREDICTED, "llama.cpp's argument parser", "");
    llw_text_fini(&r.refused_words);
    llw_text_fini(&r.words);
    llw_flag_problem *problems = llw_arena_alloc(arena, (out->n_problems + 1) * sizeof *problems);
    memcpy(problems, out->problems, out->n_problems * sizeof *problems);
    out->problems = problems;
    llw_arena_free(scratch);
    return LLW_OK;
}
