/* models.conf-style INI and .env files. */
#include "source/config/parts.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* The line that starts at `at`: its length without the end, and where the next one starts. */
static size_t line_at(const char *bytes, size_t len, size_t at, size_t *next) {
    size_t n = 0;
    while (at + n < len && bytes[at + n] != '\n' && bytes[at + n] != '\r') n++;
    *next = at + n;
    if (*next < len) *next += bytes[*next] == '\r' && *next + 1 < len && bytes[*next + 1] == '\n' ? 2 : 1;
    return n;
}

static size_t skip_mark(const llw_config_file *file) {
    return file->len >= 3 && !memcmp(file->bytes, "\xef\xbb\xbf", 3) ? 3 : 0;
}

static size_t blanks(const char *text, size_t len) {
    size_t n = 0;
    while (n < len && (text[n] == ' ' || text[n] == '\t')) n++;
    return n;
}

static bool is_key(const char *text, size_t len) {
    if (!len || !(isalpha((unsigned char)*text) || *text == '_')) return false;
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)text[i]) && !strchr("_-.", text[i])) return false;
    return true;
}

static llw_ini_section *new_section(llw_config_reader *r, void **items, size_t *n, size_t *capacity,
                                    const char *name, size_t len, int line, int column) {
    llw_ini_section *s = llw_arena_push(r->arena, items, n, capacity, sizeof *s);
    *s = (llw_ini_section){
        .name = llw_arena_strndup(r->arena, name, len), .line = line, .column = column, .last_line = line};
    return s;
}

static void add_entry(llw_config_reader *r, llw_ini_section *s, const char *key, size_t key_len,
                      const char *value, size_t value_len, int line, int column, const llw_link *link) {
    void *items = s->entries;
    llw_ini_entry *e = llw_arena_push(r->arena, &items, &s->n, &s->capacity, sizeof *e);
    s->entries = items;
    *e = (llw_ini_entry){.key = llw_arena_strndup(r->arena, key, key_len), .line = line};
    llw_rich_read(r->arena, &e->value, value, value_len, line, column, link);
    e->value = llw_rich_trim(&e->value);
}

llw_ini_section *llw_config_ini(llw_config_reader *r, const llw_config_file *file, size_t *n) {
    enum { MAX_SECTIONS = 2000 };
    void *items = NULL;
    size_t capacity = 0, next = 0;
    int line = 0;
    const llw_link *link = llw_link_new(r->arena, file->path, "profile", true);
    *n = 0;
    for (size_t at = skip_mark(file); at < file->len; at = next) {
        size_t len = line_at(file->bytes, file->len, at, &next);
        const char *text = file->bytes + at;
        line++;
        size_t lead = blanks(text, len);
        while (len > lead && isspace((unsigned char)text[len - 1])) len--;
        if (lead == len || text[lead] == '#' || text[lead] == ';') continue;
        if (text[lead] == '[') {
            if (text[len - 1] != ']' || len - lead < 3) {
                llw_config_unread(r, file->path, line, "a section name is not closed: write [name]");
                if (*n < MAX_SECTIONS)
                    new_section(r, &items, n, &capacity, text + lead, len - lead, line, (int)lead + 1)
                        ->broken = true;
                continue;
            }
            if (*n == MAX_SECTIONS) {
                llw_config_unread(r, file->path, line, "there are more than %d sections", MAX_SECTIONS);
                break;
            }
            new_section(r, &items, n, &capacity, text + lead + 1, len - lead - 2, line, (int)lead + 2);
            continue;
        }
        const char *equals = memchr(text + lead, '=', len - lead);
        size_t key = equals ? (size_t)(equals - text) : 0, key_end = key;
        while (key_end > lead && isspace((unsigned char)text[key_end - 1])) key_end--;
        if (!equals || !is_key(text + lead, key_end - lead)) {
            if (*n)
                llw_config_unread(r, file->path, line,
                                  "the line is neither KEY=VALUE, [section] nor a # comment");
            continue;
        }
        if (!*n) continue;
        llw_ini_section *s = &((llw_ini_section *)items)[*n - 1];
        s->last_line = line;
        int column = 1;
        for (size_t i = 0; i <= key; i++) column += ((unsigned char)text[i] & 0xc0) != 0x80;
        add_entry(r, s, text + lead, key_end - lead, text + key + 1, len - key - 1, line, column, link);
    }
    return items;
}

const llw_ini_entry *llw_ini_get(const llw_ini_section *section, const char *key) {
    const llw_ini_entry *found = NULL;
    for (size_t i = 0; i < section->n; i++)
        if (!strcmp(section->entries[i].key, key)) found = &section->entries[i];
    return found && found->value.n ? found : NULL;
}

static bool names_model(llw_config_reader *r, const char *path) {
    size_t len = strlen(path);
    return (len > 5 && !strcasecmp(path + len - 5, ".gguf")) || llw_config_known_name(r, path);
}

bool llw_ini_is_profile(llw_config_reader *r, const llw_config_file *file, const llw_ini_section *section) {
    static const char *const beside[] = {"EXTRA_ARGS", "ARGS", "N_GPU_LAYERS", "CTX_SIZE"};
    const llw_ini_entry *model = section->broken ? NULL : llw_ini_get(section, "MODEL");
    const char *path = model ? llw_rich_text(r->arena, &model->value) : NULL;
    if (!path || !*path) return false;
    for (size_t i = 0; i < sizeof beside / sizeof *beside; i++)
        if (llw_ini_get(section, beside[i])) return true;
    return !strncasecmp(file->name, "models.", 7) || names_model(r, path);
}

const llw_ini_entry *llw_ini_misspelt_model(llw_config_reader *r, const llw_ini_section *section) {
    if (section->broken || llw_ini_get(section, "MODEL")) return NULL;
    for (size_t i = 0; i < section->n; i++) {
        const char *path = strcasecmp(section->entries[i].key, "MODEL")
                               ? NULL
                               : llw_rich_text(r->arena, &section->entries[i].value);
        if (path && *path && names_model(r, path)) return &section->entries[i];
    }
    return NULL;
}

/* --- .env, by Compose's rules --- */

typedef struct env_reader {
    llw_config_reader *r;
    const llw_config_file *file;
    llw_scope scope;
    const llw_link *link;
    const char *origin;
    int line;
    bool strange; /* a line was no setting */
} env_reader;

/* The closing quote from `at` on, over line ends; len when there is none. A backslash protects in double
 * quotes. */
static size_t closing_quote(const llw_config_file *file, size_t at, char quote) {
    for (; at < file->len; at++) {
        if (file->bytes[at] == '\\' && quote == '"') {
            at++;
            continue;
        }
        if (file->bytes[at] == quote) return at;
    }
    return file->len;
}

static void unescape(env_reader *e, llw_rich *value) {
    llw_rich out = {0};
    for (size_t i = 0; i < value->n; i++) {
        llw_char c = value->chars[i];
        if (c.byte == '\\' && i + 1 < value->n) {
            char next = value->chars[i + 1].byte;
            const char *meant = strchr("nrt\\\"", next);
            if (meant && next) {
                c.byte = "\n\r\t\\\""[meant - "nrt\\\""];
                i++;
            }
        }
        llw_rich_push(e->r->arena, &out, c);
    }
    *value = out;
}

static void expand(env_reader *e, llw_rich *value) {
    llw_expander ex = {.scope = &e->scope,
                       .dialect = LLW_DIALECT_COMPOSE,
                       .default_origin = e->origin,
                       .budget = &e->r->budget};
    *value = llw_scope_expand(e->r->arena, &ex, value);
    if (ex.error) llw_config_unread(e->r, e->file->path, ex.error_line, "%s", ex.error);
}

static int columns(const char *text, size_t len) {
    int n = 1;
    for (size_t i = 0; i < len; i++) n += ((unsigned char)text[i] & 0xc0) != 0x80;
    return n;
}

/* One KEY=VALUE at [at, at + len); returns where the next line starts (quoted values may run on). */
static size_t read_entry(env_reader *e, size_t at, size_t len, size_t next) {
    const char *text = e->file->bytes + at;
    size_t lead = blanks(text, len), from = lead;
    if (len - from > 7 && !strncmp(text + from, "export ", 7))
        from += 7 + blanks(text + from + 7, len - from - 7);
    size_t key = from;
    while (key < len && (isalnum((unsigned char)text[key]) || strchr("_.-", text[key]))) key++;
    size_t sign = key + blanks(text + key, len - key);
    if (sign == len && is_key(text + from, key - from))
        return next; /* KEY alone: from the caller's environment */
    if (sign == len || (text[sign] != '=' && text[sign] != ':') || !is_key(text + from, key - from)) {
        if (lead < len && text[lead] == ':') e->strange = true; /* : "${KEY:=VALUE}", for a shell to source */
        /* told once, and of a file that has to do with llama.cpp: others have their own grammars */
        if (!e->strange && (memmem(e->file->bytes, e->file->len, "llama", 5) ||
                            memmem(e->file->bytes, e->file->len, "LLAMA", 5)))
            llw_config_unread(e->r, e->file->path, e->line, "the line is neither KEY=VALUE nor a # comment");
        e->strange = true;
        return next;
    }
    size_t start = sign + 1 + blanks(text + sign + 1, len - sign - 1);
    llw_rich value = {0};
    llw_token place = {.place = llw_place(e->r->arena, e->file->path, e->line, columns(text, start)),
                       .origin = e->origin};
    char quote = start < len ? text[start] : 0;
    if (quote == '"' || quote == '\'') {
        size_t close = closing_quote(e->file, at + start + 1, quote);
        if (close >= e->file->len) {
            llw_config_unread(e->r, e->file->path, e->line,
                              "a quote is not closed: Compose refuses the file");
            return next;
        }
        llw_rich_read(e->r->arena, &value, e->file->bytes + at + start + 1, close - at - start - 1, e->line,
                      columns(text, start + 1), e->link);
        if (quote == '"') {
            expand(e, &value);
            unescape(e, &value);
        }
        for (size_t i = at + start; i < close; i++) e->line += e->file->bytes[i] == '\n';
        size_t rest = close;
        line_at(e->file->bytes, e->file->len, rest, &next);
    } else {
        size_t end = start;
        while (end < len &&
               !(text[end] == '#' && end > start && (text[end - 1] == ' ' || text[end - 1] == '\t')))
            end++;
        if (start < len && text[start] == '#') end = start;
        llw_rich_read(e->r->arena, &value, text + start, end - start, e->line, columns(text, start), e->link);
        value = llw_rich_trim(&value);
        expand(e, &value);
    }
    llw_scope_assign(&e->scope, llw_arena_strndup(e->r->arena, text + from, key - from), &value, place);
    return next;
}

llw_scope llw_config_env(llw_config_reader *r, const llw_config_file *file, const char *origin) {
    env_reader e = {.r = r,
                    .file = file,
                    .scope = {.arena = r->arena},
                    .link = llw_link_new(r->arena, file->path, origin, true),
                    .origin = origin};
    size_t next = 0;
    for (size_t at = skip_mark(file); at < file->len; at = next) {
        size_t len = line_at(file->bytes, file->len, at, &next), lead = blanks(file->bytes + at, len);
        e.line++;
        if (lead == len || file->bytes[at + lead] == '#') continue;
        next = read_entry(&e, at, len, next);
    }
    return e.scope;
}

/* docker run --env-file and Compose's format: raw (docker/cli pkg/kvfile): what stands behind the = counts as
 * it is, quotes, blanks and $ too. */
llw_scope llw_config_env_raw(llw_config_reader *r, const llw_config_file *file, const char *origin) {
    llw_scope scope = {.arena = r->arena};
    const llw_link *link = llw_link_new(r->arena, file->path, origin, true);
    size_t next = 0;
    int line = 0;
    for (size_t at = skip_mark(file); at < file->len; at = next) {
        size_t len = line_at(file->bytes, file->len, at, &next), lead = blanks(file->bytes + at, len);
        const char *text = file->bytes + at;
        line++;
        if (lead == len || text[lead] == '#') continue;
        const char *sign = memchr(text + lead, '=', len - lead);
        size_t key = sign ? (size_t)(sign - text) : len;
        if (!sign || !is_key(text + lead, key - lead))
            continue; /* docker takes it from its own environment */
        llw_rich value = {0};
        llw_token place = {.place = llw_place(r->arena, file->path, line, columns(text, key + 1)),
                           .origin = origin};
        llw_rich_read(r->arena, &value, sign + 1, len - key - 1, line, columns(text, key + 1), link);
        llw_scope_assign(&scope, llw_arena_strndup(r->arena, text + lead, key - lead), &value, place);
    }
    return scope;
}
