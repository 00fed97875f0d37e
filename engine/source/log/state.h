/* What a log's reader remembers between lines. Used by log.c and its parts alone. */
#ifndef LLW_SOURCE_LOG_STATE_H
#define LLW_SOURCE_LOG_STATE_H

#include "source/log/match.h"

enum { LLW_LOG_STREAMS = 32, LLW_LOG_BREAKDOWN = 24 };

typedef struct llw_log_share { /* a row of the memory breakdown */
    const char *device;
    int64_t model, context, compute, unaccounted; /* bytes; unaccounted -1 */
    int line;
} llw_log_share;

typedef struct llw_log_slot { /* what the server says of its slots */
    int64_t cells;            /* context that one may use; 0: not told */
    int64_t whole;            /* what it was capped from; 0 */
    bool divided; /* by the number of slots, as builds did before November 2025 or where the cache is not
                     shared */
    bool begun;   /* the lines are there that would tell of a cap */
    int line;
} llw_log_slot;

/* A load while it is being read. */
typedef struct llw_log_entry {
    llw_load load;
    bool dropped;       /* a dry load of --fit after all */
    bool meta, loading; /* its header was read; it was announced */
    bool awaited;       /* ... by the program that starts its process, which has said nothing yet */
    bool n_ctx_seen;    /* of the current context */
    bool banner;        /* llama-cli has shown what it runs */
    bool exited;        /* the program ended or said that it does; what it falls over then is still its own */
    bool vague;         /* the reason it crashed for is only a place in the source */
    int crash_line, fail_line;
    llw_log_share breakdown[LLW_LOG_BREAKDOWN];
    int n_breakdown;
    int64_t prompt; /* tokens of the request at work; -1 */
    llw_log_slot slot;
    struct llw_log_entry *beside; /* of a draft: the load it drafts for; else NULL */
} llw_log_entry;

/* The lines of one service, unit or container. */
typedef struct llw_log_stream {
    const char *key;
    llw_load process;        /* what was said before any load: build, devices */
    llw_log_entry *entry;    /* the load at work, or NULL */
    llw_log_entry *main;     /* while a draft model is loaded beside it: the one that serves; else NULL */
    llw_log_entry *spare[2]; /* loads beyond LLW_LOG_LOADS, the last two */
    int turn;
    const char *backend; /* CUDA, ROCm */
    bool fitting;        /* between the first and the last line of --fit: what is loaded now is dry */
    bool dry;            /* so is this one, by its own words */
    bool router;         /* llama-server as a router: it listens without a model */
    int found_line;  /* GPUs were found since the load at work said its last: the next process may have begun;
                        0 */
    int pinned_line; /* last line on pinned memory that was not there, which stops nothing */
} llw_log_stream;

typedef struct llw_log_reader {
    llw_arena *arena;
    llw_log *log;
    llw_log_stream streams[LLW_LOG_STREAMS];
    int n_streams;
    llw_log_stream *last; /* that spoke last */
    llw_log_entry **entries;
    size_t n_entries, entry_capacity;
} llw_log_reader;

/* log/apply.c: what a line means for its stream. */
void llw_log_apply(llw_log_reader *r, llw_log_stream *s, const llw_log_line *line);
/* Lines that only a load prints, besides its header. */
bool llw_log_of_a_load(llw_log_event event);
/* The load at work, made when there is none. */
llw_log_entry *llw_log_entry_get(llw_log_reader *r, llw_log_stream *s) __attribute__((returns_nonnull));
/* log/log.c: whether that is a load of its own. */
bool llw_log_counts(const llw_log_entry *e);
/* What was said before belongs to a process that is gone. */
void llw_log_new_process(llw_log_stream *s);
/* CUDA of CUDA0: what the stream's GPUs are called, as far as it has said. */
const char *llw_log_backend(llw_arena *arena, const llw_log_stream *s);

/* log/record.c: what the record of a load is made of. */
/* A load or process with nothing known. */
void llw_load_init(llw_load *load);
/* The device of that name, made when there is room; NULL otherwise. "Host" and host buffers give the host. */
llw_log_device *llw_log_device_get(llw_arena *arena, llw_load *load, const char *name);
/* CUDA0 of CUDA0_Split, Host of CPU_Mapped. */
const char *llw_log_device_name(llw_arena *arena, llw_log_text buffer);
/* A copy of a text from outside, at most 300 bytes. */
const char *llw_log_copy(llw_arena *arena, llw_log_text text);
int64_t llw_log_bytes(double amount, int64_t unit);
/* Bytes of GiB and its like, a count of B and its like; 0 for anything else. */
int64_t llw_log_unit(llw_log_text unit);
void llw_log_evidence(llw_load *load, int line);

/* log/context.c: buffers, the context. */
void llw_log_add_buffer(llw_log_reader *r, llw_log_entry *e, llw_log_text name, llw_log_part part,
                        int64_t bytes, int64_t precision);
bool llw_log_apply_context(llw_log_reader *r, llw_log_stream *s, const llw_log_line *line);

/* log/ollama.c: Ollama's own lines. */
bool llw_log_apply_ollama(llw_log_reader *r, llw_log_stream *s, const llw_log_line *line);

/* log/trouble.c: fit, memory, crashes, failures. False when the event is none of these. */
bool llw_log_apply_trouble(llw_log_reader *r, llw_log_stream *s, const llw_log_line *line);

/* log/service.c: slots, requests and their speed. False when the event is none of these. */
bool llw_log_apply_service(llw_log_reader *r, llw_log_stream *s, const llw_log_line *line);
/* The context as the slots tell it, where nothing better did. */
void llw_log_settle_slots(llw_log_entry *entry);

/* log/end.c: sums, outcome. */
void llw_log_finish(llw_arena *arena, llw_log_entry *entry);
/* Adds what a draft takes to the load it drafts for; both are finished. */
void llw_log_add_draft(llw_arena *arena, llw_log_entry *e);
/* log/findings.c */
void llw_log_find(llw_arena *arena, llw_load *load);

#endif
