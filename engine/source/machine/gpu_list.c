/* Readings of GPUs: a list that knows what cannot be. */
#include "source/machine/gpu_list.h"

#include <stdarg.h>
#include <stdio.h>

llw_gpu_list llw_gpu_list_start(llw_arena *arena, const char *origin) {
    return (llw_gpu_list){.arena = arena, .origin = origin};
}

llw_gpu_reading *llw_gpu_list_get(llw_gpu_list *list, int index) {
    for (size_t i = 0; i < list->count; i++)
        if (list->gpus[i].index == index) return &list->gpus[i];
    if (list->count == LLW_GPU_READ_MAX) return NULL;
    void *items = list->gpus;
    llw_gpu_reading *gpu = llw_arena_push(list->arena, &items, &list->count, &list->capacity, sizeof *gpu);
    list->gpus = items;
    *gpu = (llw_gpu_reading){.index = index,
                             .total = -1,
                             .free = -1,
                             .used = -1,
                             .reserved = -1,
                             .display = -1,
                             .mig = -1,
                             .ats = -1,
                             .processes = -1};
    return gpu;
}

void llw_gpu_list_note(llw_gpu_list *list, const char *fmt, ...) {
    if (list->n_notes == 64) return; /* a flood of complaints helps nobody */
    char text[1024];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    void *items = list->notes;
    const char **place =
        llw_arena_push(list->arena, &items, &list->n_notes, &list->note_capacity, sizeof *place);
    list->notes = items;
    *place = llw_arena_strdup(list->arena, text);
}

void llw_gpu_list_check(llw_gpu_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        llw_gpu_reading *g = &list->gpus[i];
        if (g->total == 0) {
            llw_gpu_list_note(list, "%s says GPU %d has 0 bytes of memory; taken as unknown", list->origin,
                              g->index);
            g->total = g->free = g->used = g->reserved = -1;
        }
        if (g->total > 0 && g->free > g->total) {
            llw_gpu_list_note(
                list, "%s says GPU %d has more memory free than it has; free memory is taken as unknown",
                list->origin, g->index);
            g->free = -1;
        }
        if (g->total > 0 && g->used > g->total) g->used = -1;
        if (g->total > 0 && g->reserved >= g->total) g->reserved = -1;
    }
}
