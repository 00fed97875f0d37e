/* Records of the ledger: their fields as tables, and whether one is of a given model or build. */
#include "fact/record.h"
#include "fact/build.h"
#include "fact/model.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char *const kind_names[LLW_RECORD_KINDS] = {"probe", "log", "bench", "run", "correction"};

const char *llw_record_kind_name(llw_record_kind kind) {
    return kind_names[kind];
}

bool llw_record_kind_find(const char *name, llw_record_kind *out) {
    for (int k = 0; k < LLW_RECORD_KINDS; k++)
        if (!strcmp(kind_names[k], name)) {
            *out = (llw_record_kind)k;
            return true;
        }
    return false;
}

#define LLW_RECORD_FIELD(section, key, member, type, meaning)                                                \
    {section, #key, LLW_FIELD_##type, offsetof(llw_record, member), meaning},
const llw_field llw_record_fields[] = {
#include "fact/record.def"
    {NULL, NULL, LLW_FIELD_TEXT, 0, NULL}};

#define LLW_CARD_FIELD(key, type, meaning)                                                                   \
    {"gpus", #key, LLW_FIELD_##type, offsetof(llw_record_card, key), meaning},
const llw_field llw_card_fields[] = {
#include "fact/record.def"
    {NULL, NULL, LLW_FIELD_TEXT, 0, NULL}};

#define LLW_BUFFER_FIELD(key, type, meaning)                                                                 \
    {"buffers", #key, LLW_FIELD_##type, offsetof(llw_record_buffer, key), meaning},
const llw_field llw_buffer_fields[] = {
#include "fact/record.def"
    {NULL, NULL, LLW_FIELD_TEXT, 0, NULL}};

#define LLW_TEST_FIELD(key, type, meaning)                                                                   \
    {"tests", #key, LLW_FIELD_##type, offsetof(llw_record_test, key), meaning},
const llw_field llw_test_fields[] = {
#include "fact/record.def"
    {NULL, NULL, LLW_FIELD_TEXT, 0, NULL}};

static void set_unknown(void *thing, const llw_field *fields) {
    for (const llw_field *f = fields; f->key; f++) {
        char *at = (char *)thing + f->offset;
        switch (f->type) {
        case LLW_FIELD_TEXT: memcpy(at, &(const char *){NULL}, sizeof(const char *)); break;
        case LLW_FIELD_COUNT:
        case LLW_FIELD_BYTES: memcpy(at, &(int64_t){-1}, sizeof(int64_t)); break;
        case LLW_FIELD_REAL: memcpy(at, &(double){-1}, sizeof(double)); break;
        case LLW_FIELD_FLAG: memcpy(at, &(int){-1}, sizeof(int)); break;
        }
    }
}

void llw_record_init(llw_record *record, llw_record_kind kind) {
    memset(record, 0, sizeof *record);
    record->kind = kind;
    set_unknown(record, llw_record_fields);
}

void llw_record_card_init(llw_record_card *card) {
    memset(card, 0, sizeof *card);
    set_unknown(card, llw_card_fields);
}

void llw_record_buffer_init(llw_record_buffer *buffer) {
    memset(buffer, 0, sizeof *buffer);
    set_unknown(buffer, llw_buffer_fields);
}

void llw_record_test_init(llw_record_test *test) {
    memset(test, 0, sizeof *test);
    set_unknown(test, llw_test_fields);
}

llw_record_card *llw_record_add_card(llw_record *record) {
    if (record->n_gpus == LLW_RECORD_GPUS) return NULL;
    llw_record_card *card = &record->gpus[record->n_gpus++];
    llw_record_card_init(card);
    return card;
}

llw_record_buffer *llw_record_add_buffer(llw_record *record) {
    if (record->n_buffers == LLW_RECORD_BUFFERS) return NULL;
    llw_record_buffer *buffer = &record->buffers[record->n_buffers++];
    llw_record_buffer_init(buffer);
    return buffer;
}

llw_record_test *llw_record_add_test(llw_record *record) {
    if (record->n_tests == LLW_RECORD_TESTS) return NULL;
    llw_record_test *test = &record->tests[record->n_tests++];
    llw_record_test_init(test);
    return test;
}

const char *llw_record_place(llw_arena *arena, const llw_record *record) {
    return record->path ? llw_arena_printf(arena, "%s:%d", record->path, record->line) : "a new record";
}

const char *llw_record_day(llw_arena *arena, const llw_record *record) {
    return record->date && strlen(record->date) >= 10 ? llw_arena_strndup(arena, record->date, 10)
                                                      : "an unknown day";
}

const llw_record_test *llw_record_speed_test(const llw_record *record) {
    const llw_record_test *best = NULL;
    for (size_t i = 0; i < record->n_tests; i++) {
        const llw_record_test *t = &record->tests[i];
        if (t->speed <= 0 || t->passed == 0 || t->slots > 1) continue;
        if (!best || t->answer_tokens > best->answer_tokens ||
            (t->answer_tokens == best->answer_tokens && t->prompt_tokens < best->prompt_tokens))
            best = t;
    }
    return best;
}

double llw_record_speed(const llw_record *record) {
    const llw_record_test *test = llw_record_speed_test(record);
    return test ? test->speed : -1;
}

const char *llw_model_stem(llw_arena *arena, const char *path) {
    const char *slash = strrchr(path, '/'), *back = strrchr(slash ? slash : path, '\\');
    const char *name = back ? back + 1 : slash ? slash + 1 : path;
    size_t len = strlen(name);
    if (len > 5 && !strcasecmp(name + len - 5, ".gguf")) len -= 5;
    static const char part[] = "-00001-of-00000";
    if (len > sizeof part - 1) {
        const char *tail = name + len - (sizeof part - 1);
        bool split = tail[0] == '-' && !strncmp(tail + 6, "-of-", 4);
        for (int i = 1; split && i < 6; i++)
            split = isdigit((unsigned char)tail[i]) && isdigit((unsigned char)tail[i + 9]);
        if (split) len -= sizeof part - 1;
    }
    return llw_arena_strndup(arena, name, len);
}

/* FNV-1a, 64 bits: it tells files apart, it does not defend against anybody. */
static uint64_t hash(uint64_t h, const void *bytes, size_t len) {
    const unsigned char *b = bytes;
    for (size_t i = 0; i < len; i++) h = (h ^ b[i]) * UINT64_C(0x100000001b3);
    return h;
}

const char *llw_model_hash(llw_arena *arena, const llw_model *model) {
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    if (model->architecture) h = hash(h, model->architecture, strlen(model->architecture) + 1);
    for (size_t i = 0; i < model->n_tensors; i++) {
        const llw_tensor *t = &model->tensors[i];
        char shape[128];
        int n = snprintf(shape, sizeof shape, "%" PRIu32 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 ";",
                         t->type, t->dims[0], t->dims[1], t->dims[2], t->dims[3]);
        h = hash(h, t->name, strlen(t->name) + 1);
        h = hash(h, shape, (size_t)n);
    }
    return llw_arena_printf(arena, "%016" PRIx64, h);
}

void llw_model_identify(llw_arena *arena, const llw_facts *facts, llw_entity model, llw_model_identity *out) {
    const char *path = NULL;
    const llw_model *header = llw_facts_model(facts, model);
    if (!llw_facts_text(facts, model, LLW_model_path, &path) || !path || !*path)
        path = llw_facts_id(facts, model);
    *out =
        (llw_model_identity){llw_model_stem(arena, path), header ? llw_model_hash(arena, header) : NULL, -1};
    llw_facts_count(facts, model, LLW_model_file_bytes, &out->bytes);
}

bool llw_record_is_model(llw_arena *arena, const llw_record *record, const llw_model_identity *model) {
    if (!record->model_file || strcasecmp(model->stem, llw_model_stem(arena, record->model_file)))
        return false;
    if (model->header && record->model_header) return !strcmp(model->header, record->model_header);
    return model->bytes < 0 || record->model_bytes < 0 || model->bytes == record->model_bytes;
}

static bool is_commit(const char *text) {
    size_t len = strlen(text);
    return len >= 7 && strspn(text, "0123456789abcdef") == len;
}

static bool same_commit(const char *a, const char *b) {
    if (!a || !b || !is_commit(a) || !is_commit(b)) return false;
    size_t n = strlen(a) < strlen(b) ? strlen(a) : strlen(b);
    return !strncmp(a, b, n);
}

int llw_record_is_build(llw_arena *arena, const llw_record *record, const char *version) {
    llw_build a, b;
    if (!record->build || !version || !*version) return false;
    if (!strcmp(record->build, version) || same_commit(record->build, version) ||
        same_commit(record->commit, version))
        return true;
    bool known = llw_build_read(arena, record->build, &a, NULL) == LLW_OK &&
                 llw_build_read(arena, version, &b, NULL) == LLW_OK;
    if (!known) {
        bool commit = is_commit(version), its = record->commit || is_commit(record->build);
        return commit && !its ? -1 : 0;
    }
    return !strcmp(a.version, b.version) || (a.exact && b.exact && a.order == b.order);
}
