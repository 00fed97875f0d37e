/* llama.cpp's own list of devices.
 *
 * Source: common/arg.cpp common_print_available_devices (v0.5.0): "  NAME: DESCRIPTION (N MiB, M MiB free)".
 */
#include "source/machine/gpu_listing.h"
#include "base/number.h"
#include "base/process.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OUTPUT_CAP = 1 << 20, DEVICES_MAX = 256 };

/* The number that ends at *end, skipping back over it; -1 when there is none. */
static int64_t number_before(const char *start, const char **end) {
    const char *at = *end;
    while (at > start && isdigit((unsigned char)at[-1])) at--;
    if (at == *end || *end - at > 9) return -1;
    int64_t value = 0;
    for (const char *p = at; p < *end; p++) value = value * 10 + (*p - '0');
    *end = at;
    return value;
}

static bool step_back(const char *start, const char **end, const char *word) {
    size_t len = strlen(word);
    if ((size_t)(*end - start) < len || memcmp(*end - len, word, len)) return false;
    *end -= len;
    return true;
}

/* One line, read from its end: the description may hold anything. */
static bool read_line(llw_arena *arena, const char *line, const char *end, llw_gpu_listed *out) {
    const char *colon = NULL;
    while (line < end && (*line == ' ' || *line == '\t')) line++;
    while (end > line && isspace((unsigned char)end[-1])) end--;
    for (const char *p = line; p + 1 < end && !colon; p++)
        if (p[0] == ':' && p[1] == ' ') colon = p;
    if (!colon || colon == line || colon - line > 128) return false;
    if (!step_back(colon, &end, " MiB free)")) return false;
    int64_t free = number_before(colon, &end);
    if (free < 0 || !step_back(colon, &end, " MiB, ")) return false;
    int64_t total = number_before(colon, &end);
    if (total < 0 || !step_back(colon, &end, " (") || end < colon + 2) return false;
    *out = (llw_gpu_listed){llw_arena_strndup(arena, line, (size_t)(colon - line)),
                            llw_arena_strndup(arena, colon + 2, (size_t)(end - colon - 2)), total * LLW_MIB,
                            free * LLW_MIB};
    return true;
}

llw_rc llw_gpu_listing_parse(llw_arena *arena, const char *text, size_t len, llw_gpu_listed **devices,
                             size_t *count, llw_err *err) {
    static const char head[] = "Available devices:";
    *devices = NULL;
    *count = 0;
    const char *at = memmem(text, len, head, sizeof head - 1), *end = text + len;
    if (!at) return llw_fail(err, LLW_ERR_INPUT, "", 0, "there is no line \"%s\"", head);
    void *items = NULL;
    size_t capacity = 0;
    while ((at = memchr(at, '\n', (size_t)(end - at))) && *count < DEVICES_MAX) {
        at++;
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        llw_gpu_listed device;
        if (!read_line(arena, at, stop ? stop : end, &device) || device.total == 0) continue;
        if (device.free > device.total) device.free = -1;
        llw_gpu_listed *place = llw_arena_push(arena, &items, count, &capacity, sizeof *place);
        *place = device;
    }
    *devices = items;
    return LLW_OK;
}

llw_rc llw_gpu_listing_read(llw_arena *arena, const char *program, const char *const *env, double seconds,
                            llw_gpu_listed **devices, size_t *count, llw_err *err) {
    const char *const argv[] = {program, "--list-devices", NULL};
    llw_process p;
    llw_rc rc = llw_process_run(arena, argv, env, OUTPUT_CAP, seconds, &p, err);
    if (rc != LLW_OK) return rc;
    if (p.timed_out)
        return llw_fail(err, LLW_ERR_SYSTEM, program, 0, "--list-devices did not end within %g s", seconds);
    if (p.truncated) return llw_fail(err, LLW_ERR_SYSTEM, program, 0, "--list-devices printed without end");
    if (p.exit_code != 0)
        return llw_fail(err, LLW_ERR_SYSTEM, program, 0, "--list-devices failed with %s %d",
                        p.signal ? "signal" : "code", p.signal ? p.signal : p.exit_code);
    rc = llw_gpu_listing_parse(arena, p.out, p.len, devices, count, err);
    if (rc != LLW_OK && err) snprintf(err->file, sizeof err->file, "%s --list-devices", program);
    return rc;
}
