/* Ollama's Modelfile: FROM and PARAMETER, as Ollama starts llama-server with them.
 *
 * The grammar is parser/parser.go's: a command, in any case, at the start of a line; values up to the line's
 * end, in quotes, or in three of them over several lines; # starts a comment line. What becomes of the
 * parameters is llm/llama_server.go's since May 2026 (Ollama #16031: it starts llama-server): -c is num_ctx
 * for each of OLLAMA_NUM_PARALLEL slots, num_batch is -b and -ub, num_gpu is -ngl unless it is below 0,
 * main_gpu is -sm none -mg, use_mmap false is --load-mode none. Without num_ctx the context depends on the
 * machine; the KV type and flash attention are the server's, not the file's. */
#include "source/config/front.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { MAX_COMMANDS = 2000 };

typedef struct modelfile {
    llw_config_reader *r;
    const llw_config_file *file;
    llw_rich text;
    size_t at;
    const llw_link *link;
    llw_start start;
    bool has_from;
} modelfile;

static bool at_byte(const modelfile *m, size_t i, char byte) {
    return i < m->text.n && m->text.chars[i].byte == byte;
}

static void skip_blanks(modelfile *m) {
    while (at_byte(m, m->at, ' ') || at_byte(m, m->at, '\t')) m->at++;
}

static void skip_line(modelfile *m) {
    while (m->at < m->text.n && m->text.chars[m->at++].byte != '\n') {
    }
}

/* A word up to a blank or line end. */
static llw_rich word(modelfile *m) {
    size_t from = m->at;
    while (m->at < m->text.n && !isspace((unsigned char)m->text.chars[m->at].byte)) m->at++;
    return llw_rich_slice(&m->text, from, m->at);
}

static bool three_quotes(const modelfile *m, size_t i) {
    return at_byte(m, i, '"') && at_byte(m, i + 1, '"') && at_byte(m, i + 2, '"');
}

/* The rest of the line, or what stands in quotes. */
static llw_rich value(modelfile *m) {
    skip_blanks(m);
    size_t from = m->at;
    if (three_quotes(m, from)) {
        for (m->at += 3; m->at < m->text.n && !three_quotes(m, m->at); m->at++) {
        }
        llw_rich inner = llw_rich_slice(&m->text, from + 3, m->at);
        m->at = m->at + 3 < m->text.n ? m->at + 3 : m->text.n;
        return inner;
    }
    while (m->at < m->text.n && !at_byte(m, m->at, '\n')) m->at++;
    llw_rich line = llw_rich_slice(&m->text, from, m->at);
    line = llw_rich_trim(&line);
    bool quoted = line.n > 1 && line.chars[0].byte == '"' && line.chars[line.n - 1].byte == '"';
    return quoted ? llw_rich_slice(&line, 1, line.n - 1) : line;
}

/* --- parameters --- */

static void add(modelfile *m, const char *text, const llw_char *at, const llw_link *link) {
    llw_rich one = {0};
    llw_rich_read(m->r->arena, &one, text, strlen(text), at ? at->line : 0, at ? at->column : 0, link);
    for (size_t i = 0; i < one.n; i++) one.chars[i].column = one.chars[0].column;
    llw_words_push(m->r->arena, &m->start.low.words, one);
}

static void add_option(modelfile *m, const char *flag, const llw_rich *of) {
    add(m, flag, &of->chars[0], of->chars[0].link);
    llw_words_push(m->r->arena, &m->start.low.words, *of);
}

static bool is_whole_number(const char *text) {
    const char *digits = text + (*text == '-' || *text == '+');
    return *digits && strspn(digits, "0123456789") == strlen(digits) && strlen(digits) < 19;
}

static bool is_bool(const char *text) {
    static const char *const words[] = {"1", "t", "T", "TRUE",  "true",  "True",
                                        "0", "f", "F", "FALSE", "false", "False"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!strcmp(text, words[i])) return true;
    return false;
}

static void refuse(modelfile *m, const char *name, const llw_rich *of, const char *type, const char *advice) {
    llw_config_problem(m->r, LLW_F_FILE_REFUSED, LLW_PROBLEM_WRONG,
                       llw_place(m->r->arena, m->file->path, of->chars[0].line, of->chars[0].column), name,
                       advice, "ollama create refuses the file: %s takes %s, not %.40s", name, type,
                       llw_rich_show(m->r->arena, of));
}

static void parameter(modelfile *m) {
    skip_blanks(m);
    llw_rich name_word = word(m), v = value(m);
    char name[32];
    if (!name_word.n || name_word.n >= sizeof name || !v.n) return;
    for (size_t i = 0; i <= name_word.n; i++)
        name[i] = i < name_word.n ? (char)tolower((unsigned char)name_word.chars[i].byte) : 0;
    static const struct {
        const char *name, *flag, *second;
        bool unless_negative;
    } numbers[] = {{"num_ctx", "-c", NULL, false},
                   {"num_batch", "-b", "-ub", false},
                   {"num_gpu", "-ngl", NULL, true},
                   {"main_gpu", "-mg", NULL, false},
                   {"num_thread", "-t", NULL, true}};
    const char *text = llw_rich_show(m->r->arena, &v);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (strcmp(name, numbers[i].name)) continue;
        if (!is_whole_number(text)) {
            refuse(m, name, &v, "a whole number",
                   strcmp(name, "num_gpu") ? "write the number" : "write -1 to leave it to Ollama");
            return;
        }
        if (numbers[i].unless_negative && *text == '-') return;
        if (!strcmp(name, "main_gpu")) {
            add(m, "-sm", &v.chars[0], m->link);
            add(m, "none", &v.chars[0], m->link);
        }
        add_option(m, numbers[i].flag, &v);
        if (numbers[i].second) add_option(m, numbers[i].second, &v);
        return;
    }
    if (strcmp(name, "use_mmap")) return;
    if (!is_bool(text))
        refuse(m, name, &v, "true or false", "write true or false");
    else if (strchr("0fF", *text)) {
        add(m, "--load-mode", &v.chars[0], m->link);
        add(m, "none", &v.chars[0], m->link);
    }
}

/* A model by its file; a name is one of Ollama's own library, whose file is not known here. */
static void from(modelfile *m, int line, int column) {
    llw_rich v = value(m);
    const char *text = llw_rich_show(m->r->arena, &v);
    size_t len = strlen(text);
    bool file = len > 5 && !strcasecmp(text + len - 5, ".gguf");
    if (!m->has_from) {
        m->start.line = line;
        m->start.column = column;
    }
    m->has_from |= v.n > 0;
    if (file) add_option(m, strcasestr(text, "mmproj") ? "--mmproj" : "-m", &v);
}

/* What Ollama adds where the file says nothing. */
static void add_defaults(modelfile *m) {
    static const char *const options[][2] = {{"-np", "1"}, {"-b", "512"}, {"-ub", "512"}, {"-c", NULL}};
    const llw_link *own = llw_link_new(m->r->arena, m->file->path, "Ollama default", false);
    const llw_char at = {.line = m->start.line, .column = m->start.column, .link = own};
    size_t n = m->start.low.words.n;
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        bool said = false;
        for (size_t k = 0; k < n; k++) said |= llw_rich_is(&m->start.low.words.items[k], options[i][0]);
        if (said) continue;
        add(m, options[i][0], &at, own);
        if (options[i][1]) {
            add(m, options[i][1], &at, own);
            continue;
        }
        llw_rich unknown = {0};
        llw_rich_unknown(m->r->arena, &unknown, &at, own);
        llw_words_push(m->r->arena, &m->start.low.words, unknown);
    }
}

static void command(modelfile *m) {
    size_t start = m->at;
    llw_rich name = word(m);
    const char *text = llw_rich_show(m->r->arena, &name);
    if (!strcasecmp(text, "from"))
        from(m, m->text.chars[start].line, m->text.chars[start].column);
    else if (!strcasecmp(text, "parameter"))
        parameter(m);
    else
        value(m); /* TEMPLATE and the like, over their lines */
    skip_line(m);
}

void llw_front_modelfile(llw_config_reader *r, const llw_config_file *file) {
    modelfile m = {.r = r,
                   .file = file,
                   .text = llw_config_text(r, file, "Modelfile"),
                   .link = llw_link_new(r->arena, file->path, "Modelfile", false),
                   .start = {.file = file->path, .line = 1, .column = 1}};
    m.start.low = (llw_lowered){.runs = true, .program = LLW_PROGRAM_SERVER, .env = {.arena = r->arena}};
    size_t problems = r->out->n_problems;
    for (int n = 0; n < MAX_COMMANDS && m.at < m.text.n; n++) {
        skip_blanks(&m);
        if (at_byte(&m, m.at, '\n') || at_byte(&m, m.at, '#'))
            skip_line(&m);
        else if (m.at < m.text.n)
            command(&m);
    }
    if (!m.has_from) {
        r->out->n_problems = problems;
        return;
    }
    add_defaults(&m);
    llw_front_launch item = {.start = &m.start,
                             .name = "",
                             .line = m.start.line,
                             .column = m.start.column,
                             .from = 1,
                             .to = m.text.n ? m.text.chars[m.text.n - 1].line : 1};
    llw_front_emit(r, file, &item, 1);
}
