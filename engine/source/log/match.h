/* One line of a log: its wrapping taken off, and which row of log/lines.def it is. Used by log.c alone.
 *
 * Nothing here allocates beyond the caller's buffer; texts are borrowed from it and not NUL-terminated. */
#ifndef LLW_SOURCE_LOG_MATCH_H
#define LLW_SOURCE_LOG_MATCH_H

#include "source/log/log.h"

enum { LLW_LOG_FIELDS = 10 };

typedef enum llw_log_event {
    LLW_LOG_E_NONE,
    LLW_LOG_E_JSON, /* the server's own JSON lines of 2023 and 2024 */
#define LLW_LOG_EVENT(event) LLW_LOG_E_##event,
#include "source/log/events.def"
#undef LLW_LOG_EVENT
} llw_log_event;

typedef struct llw_log_text {
    const char *at;
    size_t len;
} llw_log_text;

typedef struct llw_log_field {
    int64_t integer;
    double real;
    int decimals; /* digits behind the point */
    llw_log_text text;
} llw_log_field;

typedef struct llw_log_line {
    llw_log_text text;  /* without wrapping and colours */
    llw_log_text key;   /* who printed it: "name", "unit[pid]", "port"; empty when the log has one voice */
    llw_log_text ident; /* program of a journal line; empty */
    char level;         /* I W E D of llama.cpp's own prefix; 0 */
    bool system;        /* the kernel or systemd says it */
    llw_log_event event;
    llw_log_text where; /* the word before the message: llama_context */
    llw_log_field field[LLW_LOG_FIELDS];
    bool server, cli, bench, ollama; /* which program prints such a line */
} llw_log_line;

/* Takes the wrapping off. buffer has room for LLW_LOG_LINE bytes and must live as long as the line. */
void llw_log_unwrap(const char *bytes, size_t len, char *buffer, llw_log_line *line);

/* Takes the escapes of a JSON string off, up to the end of the line in it, of the string, or of out. *used:
 * bytes read. Returns the length written. */
size_t llw_log_unescape(const char *bytes, size_t len, char *out, size_t size, size_t *used);

bool llw_log_text_is(llw_log_text text, const char *word);
bool llw_log_text_starts(llw_log_text text, const char *part);

/* Finds the line's event and its fields. */
void llw_log_recognise(llw_log_line *line);

/* Matches a pattern (log/lines.def) at the start of a text. */
bool llw_log_match(const char *pattern, llw_log_text text, llw_log_field *field);

#endif
