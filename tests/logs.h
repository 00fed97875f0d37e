/* Fixtures of load logs for tests. */
#ifndef LLW_TESTS_LOGS_H
#define LLW_TESTS_LOGS_H

#include "base/file.h"
#include "base/text.h"
#include "source/log/log.h"

#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define LOG_FIXTURES LLW_SOURCE_DIR "/tests/fixtures/logs/"

static inline char *log_bytes(llw_arena *arena, const char *name, size_t *len) {
    char *bytes = NULL;
    llw_err err = {0};
    const char *path = llw_arena_printf(arena, LOG_FIXTURES "%s", name);
    if (llw_file_read(arena, path, 1 << 20, &bytes, len, &err) != LLW_OK) fail_msg("%s: %s", path, err.text);
    return bytes;
}

static inline llw_log log_fixture(llw_arena *arena, const char *name) {
    size_t len = 0;
    char *bytes = log_bytes(arena, name, &len);
    llw_log log;
    llw_log_parse(arena, name, bytes, len, &log);
    return log;
}

static inline llw_log log_text(llw_arena *arena, const char *text) {
    llw_log log;
    llw_log_parse(arena, "test.log", text, strlen(text), &log);
    return log;
}

/* The line that a header is read by. */
#define HEADER                                                                                               \
    "llama_model_loader: loaded meta data with 1 key-value pairs and 2 tensors from m.gguf (version GGUF "   \
    "V3)\n"

static inline const llw_load *only(const llw_log *log) {
    assert_int_equal(log->n_loads, 1);
    return &log->loads[0];
}

/* Bytes of a figure in MiB as llama.cpp prints it. */
static inline int64_t mib(double n) {
    return llround(n * 1048576);
}

/* "R01 R07" */
static inline const char *log_codes(llw_arena *arena, const llw_load *load) {
    llw_text t = {0};
    for (int i = 0; i < load->n_findings; i++)
        llw_text_addf(&t, "%s%s", i ? " " : "", load->findings[i].code);
    const char *kept = llw_arena_strdup(arena, llw_text_str(&t));
    llw_text_fini(&t);
    return kept;
}

#endif
