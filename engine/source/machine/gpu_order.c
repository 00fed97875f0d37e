/* CUDA_VISIBLE_DEVICES and CUDA_DEVICE_ORDER.
 *
 * Source: CUDA C++ Programming Guide 13, "CUDA Environment Variables": an invalid entry hides itself and all
 * behind it; an empty value hides everything; UUIDs may be cut short while they stay unique. What a repeated
 * entry does is not documented. */
#include "source/machine/gpu_order.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool same_text(const char *a, const char *b) {
    return a && b && !strcmp(a, b);
}

static bool all_alike(const llw_gpu_list *list) {
    for (size_t i = 1; i < list->count; i++)
        if (!same_text(list->gpus[0].name, list->gpus[i].name) || list->gpus[0].total != list->gpus[i].total)
            return false;
    return true;
}

/* Adds a card; false when it is there already. */
static bool add(llw_gpu_order *out, int gpu, const char *name) {
    for (size_t i = 0; i < out->count; i++)
        if (name ? same_text(out->names[i], name) : out->gpus[i] == gpu && !out->names[i]) return false;
    out->gpus[out->count] = gpu;
    out->names[out->count++] = name;
    return true;
}

/* The position of the card whose UUID starts so; -1 none, -2 several, -3 cannot be told. */
static int by_uuid(const llw_gpu_list *list, const char *prefix, size_t len) {
    int found = -1;
    for (size_t i = 0; i < list->count; i++) {
        if (!list->gpus[i].uuid) return -3;
        if (strncasecmp(list->gpus[i].uuid, prefix, len)) continue;
        if (found >= 0) return -2;
        found = (int)i;
    }
    return found;
}

static int by_number(const llw_gpu_list *list, const char *entry) {
    char *end = NULL;
    errno = 0;
    long n = strtol(entry, &end, 10);
    return end == entry || errno || n < 0 || (size_t)n >= list->count ? -1 : (int)n;
}

static llw_gpu_order uncertain(llw_gpu_order out, const char *why) {
    out.certain = false;
    out.why = why;
    return out;
}

/* Reads one entry after the other until one is invalid. */
static llw_gpu_order pick(llw_gpu_list *list, const char *visible, llw_gpu_order out, bool numbers_certain,
                          const char *numbers_why) {
    bool numbered = false, open = false;
    for (const char *at = visible; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
        while (isspace((unsigned char)*at)) at++;
        size_t len = strcspn(at, ",");
        while (len && isspace((unsigned char)at[len - 1])) len--;
        char *entry = llw_arena_strndup(list->arena, at, len < LLW_GPU_TEXT_MAX ? len : LLW_GPU_TEXT_MAX);
        int gpu = -1;
        const char *name = NULL;
        if (!strncasecmp(entry, "MIG-", 4)) {
            name = entry;
        } else if (!strncasecmp(entry, "GPU-", 4)) {
            gpu = by_uuid(list, entry, strlen(entry));
            if (gpu == -3)
                return uncertain(out, "CUDA_VISIBLE_DEVICES names UUIDs and a card's UUID is unknown");
        } else {
            gpu = by_number(list, entry);
            numbered = numbered || gpu >= 0;
        }
        if (gpu < 0 && !name) {
            llw_gpu_list_note(
                list, "CUDA_VISIBLE_DEVICES=%.200s: \"%.100s\" %s; CUDA hides it and every entry behind it",
                visible, entry, gpu == -2 ? "fits several cards" : "is no card of this machine");
            break;
        }
        if (out.count == LLW_GPU_READ_MAX) break;
        if (!add(&out, gpu, name)) {
            open = true;
            llw_gpu_list_note(list, "CUDA_VISIBLE_DEVICES=%.200s names \"%.100s\" twice: name each card once",
                              visible, entry);
        }
    }
    if (open) return uncertain(out, "CUDA_VISIBLE_DEVICES names a card twice");
    if (numbered && !numbers_certain) return uncertain(out, numbers_why);
    out.why = "CUDA_VISIBLE_DEVICES";
    return out;
}

llw_gpu_order llw_gpu_order_find(llw_gpu_list *list, const char *visible, const char *order) {
    llw_gpu_order out = {.certain = true, .why = ""};
    out.gpus = llw_arena_alloc(list->arena, LLW_GPU_READ_MAX * sizeof *out.gpus);
    out.names = llw_arena_alloc(list->arena, LLW_GPU_READ_MAX * sizeof *out.names);
    bool by_bus = same_text(order, "PCI_BUS_ID"), alike = all_alike(list);
    const char *open =
        "the cards differ and CUDA_DEVICE_ORDER is not PCI_BUS_ID: CUDA numbers the fastest first, by a "
        "rule that is not published";
    if (order && !by_bus && strcmp(order, "FASTEST_FIRST"))
        llw_gpu_list_note(list, "CUDA_DEVICE_ORDER=%.100s is neither PCI_BUS_ID nor FASTEST_FIRST", order);
    if (visible) return pick(list, visible, out, by_bus || alike, open);
    for (size_t i = 0; i < list->count; i++) add(&out, (int)i, NULL);
    if (!by_bus && !alike) return uncertain(out, open);
    out.why = list->count < 2 ? "the only card"
              : by_bus        ? "CUDA_DEVICE_ORDER=PCI_BUS_ID"
                              : "all cards are alike";
    return out;
}
