/* Reads a load log: its lines, who says them, and the loads they make up. */
#include "source/log/log.h"
#include "base/file.h"
#include "base/text.h"
#include "source/log/state.h"

#include <stdio.h>
#include <string.h>

static llw_log_stream *stream_of(llw_log_reader *r, const llw_log_line *line) {
    if (line->system && r->last) return r->last; /* systemd and the kernel speak of who spoke last */
    for (int i = 0; i < r->n_streams; i++)
        if (strlen(r->streams[i].key) == line->key.len &&
            !memcmp(r->streams[i].key, line->key.at, line->key.len))
            return r->last = &r->streams[i];
    if (r->n_streams == LLW_LOG_STREAMS) return r->last;
    llw_log_stream *s = &r->streams[r->n_streams++];
    s->key = llw_log_copy(r->arena, line->key);
    llw_load_init(&s->process);
    return r->last = s;
}

static void read_line(llw_log_reader *r, const char *bytes, size_t len) {
    char buffer[LLW_LOG_LINE];
    llw_log_line line;
    llw_log_unwrap(bytes, len, buffer, &line);
    if (!line.text.len) return;
    llw_log_recognise(&line);
    bool program = line.server || line.cli || line.bench || line.ollama;
    bool marked = line.level == 'W' || line.level == 'E';
    if (line.event == LLW_LOG_E_NONE && !program && !marked) return;
    if (line.event == LLW_LOG_E_NONE && !program && !r->last) return;
    llw_log_stream *s = stream_of(r, &line);
    if (marked && s->entry) {
        s->entry->load.n_warnings += line.level == 'W';
        s->entry->load.n_errors += line.level == 'E';
    }
    if (line.event || program) llw_log_apply(r, s, &line);
}

/* --- what the lines are in: Markdown, strings of JSON --- */

static bool is_fence(const char *bytes, size_t len) {
    size_t n = 0;
    while (n < len && (bytes[n] == ' ' || bytes[n] == '>' || bytes[n] == '\t')) n++;
    return len - n >= 3 && (!memcmp(bytes + n, "```", 3) || !memcmp(bytes + n, "~~~", 3));
}

static size_t line_length(const char *bytes, size_t len) {
    const char *end = memchr(bytes, '\n', len);
    return end ? (size_t)(end - bytes) : len;
}

static bool prints_load(const char *bytes, size_t len) {
    char buffer[LLW_LOG_LINE];
    llw_log_line line;
    llw_log_unwrap(bytes, len, buffer, &line);
    if (!line.text.len) return false;
    llw_log_recognise(&line);
    return line.event == LLW_LOG_E_META || llw_log_of_a_load(line.event);
}

/* Whether the text is prose with the log in fenced blocks: then its words of errors are no log. A raw log may
 * hold fences, too, in prompts and templates, but its loads stand outside them. */
static bool in_fences(const char *bytes, size_t len) {
    bool inside = false, found = false;
    if (!memmem(bytes, len, "```", 3) && !memmem(bytes, len, "~~~", 3)) return false;
    for (size_t at = 0; at < len;) {
        size_t n = line_length(bytes + at, len - at);
        if (is_fence(bytes + at, n))
            inside = !inside;
        else if (prints_load(bytes + at, n)) {
            if (!inside) return false;
            found = true;
        }
        at += n + 1;
    }
    return found;
}

/* A line that holds a whole log as a string of JSON, its line ends written as \n. */
static bool read_string(llw_log_reader *r, const char *bytes, size_t len) {
    enum { LEAST = 3 };
    size_t from = 0, ends = 0;
    while (from < len && (bytes[from] == ' ' || bytes[from] == '\t')) from++;
    if (from == len || (bytes[from] != '"' && bytes[from] != '{')) return false;
    size_t start = 0;
    for (size_t i = from; i + 1 < len && ends < LEAST; i++) {
        if (bytes[i] == '"' && !ends) start = i + 1;
        ends += bytes[i] == '\\' && bytes[i + 1] == 'n';
    }
    if (ends < LEAST || !start) return false;
    for (size_t used; start < len && bytes[start] != '"'; start += used) {
        char text[LLW_LOG_LINE];
        size_t n = llw_log_unescape(bytes + start, len - start, text, sizeof text, &used);
        read_line(r, text, n);
        if (!used) break;
    }
    return true;
}

/* A load of which nothing was said but that its process ended is none. */
static bool worth(const llw_log_entry *e) {
    const llw_load *l = &e->load;
    bool said = l->path || l->n_buffers || l->n_ctx >= 0 || e->slot.cells || l->offloaded_line ||
                l->fit.state || l->loaded_line || l->oom.line || e->crash_line || e->fail_line ||
                l->architecture;
    return said && !e->dropped;
}

/* A draft of which the log says no more than its file is told with its target. */
static bool told_beside(const llw_log_entry *e) {
    const llw_load *l = &e->load;
    return e->beside && !e->meta && !l->n_buffers && l->n_ctx < 0 && !l->offloaded_line && !l->oom.line &&
           !e->crash_line && !e->fail_line;
}

bool llw_log_counts(const llw_log_entry *e) {
    return worth(e) && !told_beside(e);
}

static void finish(llw_log_reader *r) {
    llw_log *log = r->log;
    log->loads = llw_arena_alloc(r->arena, (r->n_entries + 1) * sizeof *log->loads);
    for (size_t i = 0; i < r->n_entries; i++)
        if (worth(r->entries[i])) llw_log_finish(r->arena, r->entries[i]);
    for (size_t i = 0; i < r->n_entries; i++)
        if (worth(r->entries[i]) && r->entries[i]->beside) llw_log_add_draft(r->arena, r->entries[i]);
    for (size_t i = 0; i < r->n_entries; i++) {
        if (!llw_log_counts(r->entries[i])) continue;
        llw_load *load = &log->loads[log->n_loads++];
        *load = r->entries[i]->load;
        if (load->source && !*load->source) load->source = NULL;
        llw_log_find(r->arena, load);
    }
    log->recognised = log->n_loads != 0;
    for (int i = 0; i < r->n_streams; i++) {
        const llw_log_stream *s = &r->streams[i];
        for (int k = 0; k < 2; k++) log->n_more += s->spare[k] && llw_log_counts(s->spare[k]);
        log->recognised |= s->process.build_line || s->process.program;
    }
}

void llw_log_parse(llw_arena *arena, const char *path, const char *bytes, size_t len, llw_log *out) {
    *out = (llw_log){.path = path};
    llw_log_reader *r = llw_arena_alloc(arena, sizeof *r);
    *r = (llw_log_reader){.arena = arena, .log = out};
    static const char *const marks[] = {"\xef\xbb\xbf", "\xff\xfe",
                                        "\xfe\xff"}; /* UTF-16's zero bytes fall out of each line */
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        size_t n = strlen(marks[i]);
        if (len < n || memcmp(bytes, marks[i], n)) continue;
        bytes += n;
        len -= n;
        break;
    }
    bool fenced = in_fences(bytes, len), inside = !fenced;
    for (size_t at = 0; at < len;) {
        size_t n = line_length(bytes + at, len - at);
        out->lines++;
        if (fenced && is_fence(bytes + at, n))
            inside = !inside;
        else if (inside && !read_string(r, bytes + at, n))
            read_line(r, bytes + at, n);
        at += n + 1;
    }
    finish(r);
}

/* Standard input, up to the same length as a file. */
static llw_rc read_stdin(llw_arena *arena, char **bytes, size_t *len, llw_err *err) {
    llw_text text = {0};
    char block[8192];
    for (size_t n; text.len <= LLW_LOG_BYTES && (n = fread(block, 1, sizeof block, stdin)) > 0;)
        llw_text_addn(&text, block, n);
    *len = text.len;
    *bytes = llw_arena_alloc(arena, text.len + 1);
    if (text.len) memcpy(*bytes, text.bytes, text.len);
    llw_text_fini(&text);
    return *len <= LLW_LOG_BYTES
               ? LLW_OK
               : llw_fail(err, LLW_ERR_INPUT, "standard input", 0,
                          "is longer than %d MiB: give the part with the load", LLW_LOG_BYTES >> 20);
}

llw_rc llw_log_read(llw_arena *arena, const char *path, llw_log *out, llw_err *err) {
    char *bytes = NULL;
    size_t len = 0;
    llw_rc rc = strcmp(path, "-") ? llw_file_read(arena, path, LLW_LOG_BYTES, &bytes, &len, err)
                                  : read_stdin(arena, &bytes, &len, err);
    if (rc != LLW_OK) return rc;
    llw_log_parse(arena, llw_arena_strdup(arena, path), bytes, len, out);
    if (out->recognised) return LLW_OK;
    return llw_fail(err, LLW_ERR_INPUT, path, 0,
                    "has no line in which llama.cpp tells how a load began, what it took or how it ended: "
                    "give the output of "
                    "llama-server from its start on");
}
