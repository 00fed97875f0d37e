/* The fact base: a hash from slots to claims, layered over a parent. */
#include "fact/facts.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The attributes of one kind are numbered one after the other: where they start, from 0 on, and how many. */
enum {
#define LLW_KIND(kind, meaning) BASE_##kind, BEFORE_##kind = BASE_##kind - 1,
#define LLW_ATTR(kind, attribute, type, knob, meaning, how) AT_##kind##_##attribute,
#include "fact/schema.def"
#undef LLW_KIND
#undef LLW_ATTR
    BASE_END
};
static const int base_of[LLW_KINDS + 1] = {0,
#define LLW_KIND(kind, meaning) BASE_##kind,
#define LLW_ATTR(kind, attribute, type, knob, meaning, how)
#include "fact/schema.def"
#undef LLW_KIND
#undef LLW_ATTR
                                           BASE_END};

typedef struct entity_row {
    llw_kind kind;
    uint32_t next; /* place + 1 of the next one of its kind in this layer; 0: none */
    const char *id;
    const struct llw_model *model;
    llw_claim **claims; /* of each attribute of its kind, the best first; NULL: of none */
} entity_row;

typedef struct known_name {
    uint32_t hash, place; /* of an entity, from 1 on; 0: empty */
} known_name;

typedef struct slot {  /* of an entity of a parent */
    uint64_t key;      /* entity << 16 | attribute; 0 is empty */
    llw_claim *claims; /* the best first */
} slot;

struct llw_facts {
    const llw_facts *parent;
    llw_entity first; /* ids of this layer start after it */
    llw_arena *arena;
    entity_row *entities;
    size_t n_entities, entity_capacity;
    uint32_t first_of[LLW_KINDS], last_of[LLW_KINDS]; /* place + 1; 0: none of that kind */
    known_name *names;                                /* hash from kind and id to entities */
    size_t name_capacity;                             /* a power of two */
    slot *slots; /* claims on what parents hold; those on this layer's entities stand in their rows */
    size_t n_slots, slot_capacity; /* capacity is a power of two */
    const char *latest;            /* string that was interned: many claims in a row have one origin */
    const char **strings;
    size_t n_strings, string_capacity;
    const char **notes;
    size_t n_notes, note_capacity;
};

bool llw_claim_is_predicted(const llw_claim *claim) {
    return claim->grade == LLW_GRADE_PREDICTED ||
           (claim->grade == LLW_GRADE_WHATIF && !strcmp(claim->origin, "predicted"));
}

const char *llw_grade_name(llw_grade grade) {
    static const char *const name[] = {"default",       "prose",        "model card", "predicted", "file",
                                       "configuration", "launch flags", "process",    "measured",  "what-if"};
    return name[grade];
}

llw_facts *llw_facts_new(void) {
    llw_arena *arena = llw_arena_new();
    llw_facts *facts = llw_arena_alloc(arena, sizeof *facts);
    facts->arena = arena;
    return facts;
}

llw_facts *llw_facts_overlay(const llw_facts *parent) {
    llw_facts *facts = llw_facts_new();
    facts->parent = parent;
    facts->first = llw_facts_max(parent);
    return facts;
}

void llw_facts_free(llw_facts *facts) {
    if (!facts) return;
    free(facts->entities);
    llw_arena_free(facts->arena);
}

llw_arena *llw_facts_arena(llw_facts *facts) {
    return facts->arena;
}

static uint64_t hash_bytes(const char *s) {
    uint64_t h = 1469598103934665603u;
    for (; *s; s++) h = (h ^ (unsigned char)*s) * 1099511628211u;
    return h;
}

static uint64_t hash_key(uint64_t key) {
    key *= 0x9e3779b97f4a7c15u;
    return key ^ key >> 29;
}

/* A copy that is shared by all equal strings of this layer. */
static const char *intern(llw_facts *facts, const char *s) {
    if (!*s) return "";
    if (facts->latest && !strcmp(facts->latest, s)) return facts->latest;
    if (facts->n_strings * 2 >= facts->string_capacity) {
        size_t old = facts->string_capacity, want = old ? old * 2 : 8;
        const char **grown = llw_arena_alloc(facts->arena, want * sizeof *grown);
        for (size_t i = 0; i < old; i++) {
            if (!facts->strings[i]) continue;
            size_t at = hash_bytes(facts->strings[i]) & (want - 1);
            while (grown[at]) at = (at + 1) & (want - 1);
            grown[at] = facts->strings[i];
        }
        facts->strings = grown;
        facts->string_capacity = want;
    }
    size_t at = hash_bytes(s) & (facts->string_capacity - 1);
    for (; facts->strings[at]; at = (at + 1) & (facts->string_capacity - 1))
        if (!strcmp(facts->strings[at], s)) return facts->latest = facts->strings[at];
    facts->n_strings++;
    return facts->latest = facts->strings[at] = llw_arena_strdup(facts->arena, s);
}

static const entity_row *entity_get(const llw_facts *facts, llw_entity id) {
    while (facts && id <= facts->first) facts = facts->parent;
    assert(facts && id > 0 && id - facts->first <= facts->n_entities);
    return &facts->entities[id - facts->first - 1];
}

llw_entity llw_facts_max(const llw_facts *facts) {
    return facts->first + (llw_entity)facts->n_entities;
}

llw_kind llw_facts_kind(const llw_facts *facts, llw_entity id) {
    return id ? entity_get(facts, id)->kind : LLW_KIND_NONE;
}

const char *llw_facts_id(const llw_facts *facts, llw_entity id) {
    return id ? entity_get(facts, id)->id : "none";
}

static uint32_t name_hash(llw_kind kind, const char *id) {
    uint64_t h = 1469598103934665603u ^ (uint64_t)kind;
    for (; *id; id++) h = (h ^ (unsigned char)*id) * 1099511628211u;
    return (uint32_t)(h ^ h >> 32);
}

/* Where the name stands in this layer's table, or the empty place for it; the table is never full. */
static known_name *name_find(const llw_facts *facts, uint32_t hash, llw_kind kind, const char *id) {
    size_t at = hash & (facts->name_capacity - 1);
    for (const known_name *n; (n = &facts->names[at])->place; at = (at + 1) & (facts->name_capacity - 1)) {
        if (n->hash != hash) continue;
        const entity_row *e = &facts->entities[n->place - 1];
        if (e->kind == kind && !strcmp(e->id, id)) break;
    }
    return &facts->names[at];
}

static llw_entity find_hashed(const llw_facts *facts, uint32_t hash, llw_kind kind, const char *id) {
    for (const llw_facts *f = facts; f; f = f->parent) {
        uint32_t place = f->name_capacity ? name_find(f, hash, kind, id)->place : 0;
        if (place) return f->first + place;
    }
    return 0;
}

llw_entity llw_facts_find(const llw_facts *facts, llw_kind kind, const char *id) {
    return find_hashed(facts, name_hash(kind, id), kind, id);
}

static void name_put(llw_facts *facts, known_name n) {
    size_t at = n.hash & (facts->name_capacity - 1);
    while (facts->names[at].place) at = (at + 1) & (facts->name_capacity - 1);
    facts->names[at] = n;
}

static void name_add(llw_facts *facts, known_name n) {
    if (facts->n_entities * 2 >= facts->name_capacity) {
        const known_name *old = facts->names;
        size_t n_old = facts->name_capacity;
        facts->name_capacity = n_old ? n_old * 2 : 32;
        facts->names = llw_arena_alloc(facts->arena, facts->name_capacity * sizeof *old);
        for (size_t i = 0; i < n_old; i++)
            if (old[i].place) name_put(facts, old[i]);
    }
    name_put(facts, n);
}

llw_entity llw_facts_entity(llw_facts *facts, llw_kind kind, const char *id) {
    uint32_t hash = name_hash(kind, id);
    llw_entity found = find_hashed(facts, hash, kind, id);
    if (found) return found;
    if (facts->n_entities == facts->entity_capacity) {
        facts->entity_capacity = facts->entity_capacity ? facts->entity_capacity * 2 : 16;
        facts->entities = llw_xrealloc(facts->entities, facts->entity_capacity * sizeof *facts->entities);
    }
    facts->entities[facts->n_entities++] = (entity_row){.kind = kind, .id = llw_arena_strdup(facts->arena, id)};
    uint32_t place = (uint32_t)facts->n_entities, *last = &facts->last_of[kind];
    *(*last ? &facts->entities[*last - 1].next : &facts->first_of[kind]) = place;
    *last = place;
    name_add(facts, (known_name){hash, place});
    return llw_facts_max(facts);
}

llw_entity llw_facts_next(const llw_facts *facts, llw_kind kind, llw_entity after) {
    assert(!after || llw_facts_kind(facts, after) == kind);
    llw_entity found = 0; /* in the oldest layer that has one */
    for (const llw_facts *f = facts; f; f = f->parent) {
        bool inside = after > f->first;
        uint32_t place = inside ? f->entities[after - f->first - 1].next : f->first_of[kind];
        if (place) found = f->first + place;
        if (inside) break;
    }
    return found;
}

static slot *slot_find(const llw_facts *facts, uint64_t key) {
    if (!facts->slot_capacity) return NULL;
    size_t at = hash_key(key) & (facts->slot_capacity - 1);
    while (facts->slots[at].key && facts->slots[at].key != key) at = (at + 1) & (facts->slot_capacity - 1);
    return &facts->slots[at];
}

static uint64_t slot_key(llw_entity entity, llw_attr attr) {
    return (uint64_t)entity << 16 | (uint64_t)attr;
}

static slot *slot_get(llw_facts *facts, uint64_t key) {
    if (facts->n_slots * 2 >= facts->slot_capacity) {
        slot *old = facts->slots;
        size_t n = facts->slot_capacity;
        facts->slot_capacity = n ? n * 2 : 8;
        facts->slots = llw_arena_alloc(facts->arena, facts->slot_capacity * sizeof *old);
        for (size_t i = 0; i < n; i++)
            if (old[i].key) *slot_find(facts, old[i].key) = old[i];
    }
    slot *s = slot_find(facts, key);
    if (!s->key) {
        s->key = key;
        facts->n_slots++;
    }
    return s;
}

/* The higher wins; among equals the later claim. */
static int trust(const llw_claim *claim) {
    enum { ABOVE_ALL = LLW_GRADE_WHATIF + 1 };
    if (claim->value.known) return (int)claim->grade;
    return claim->grade == LLW_GRADE_WHATIF ? ABOVE_ALL : (int)claim->grade - ABOVE_ALL;
}

/* Where the claims of a slot start in this layer, or NULL when there is no place for them yet. */
static llw_claim **place_find(const llw_facts *facts, llw_entity entity, llw_attr attr) {
    if (entity > facts->first) {
        if (entity > llw_facts_max(facts)) return NULL; /* a child's */
        const entity_row *e = &facts->entities[entity - facts->first - 1];
        int at = (int)attr - 1 - base_of[e->kind];
        bool its = at >= 0 && at < base_of[e->kind + 1] - base_of[e->kind];
        return e->claims && its ? &e->claims[at] : NULL;
    }
    slot *s = facts->n_slots ? slot_find(facts, slot_key(entity, attr)) : NULL;
    return s ? &s->claims : NULL;
}

static llw_claim **place_get(llw_facts *facts, llw_entity entity, llw_attr attr) {
    if (entity <= facts->first) return &slot_get(facts, slot_key(entity, attr))->claims;
    entity_row *e = &facts->entities[entity - facts->first - 1];
    size_t n = (size_t)(base_of[e->kind + 1] - base_of[e->kind]);
    if (!e->claims) e->claims = llw_arena_alloc(facts->arena, n * sizeof(llw_claim *));
    return place_find(facts, entity, attr);
}

void llw_facts_claim(llw_facts *facts, llw_entity entity, llw_attr attr, llw_value value, llw_grade grade,
                     const char *origin, const char *place) {
    assert(entity && llw_attr_get(attr)->type == value.type);
    assert(llw_facts_kind(facts, entity) == llw_attr_get(attr)->kind);
    if (value.known && llw_type_is_text(value.type)) value.as.text = intern(facts, value.as.text);
    llw_claim *claim = llw_arena_alloc(facts->arena, sizeof *claim);
    place = intern(facts, place ? place : "");
    origin = intern(facts, origin);
    *claim = (llw_claim){value, grade, origin, place, NULL};
    llw_claim **at = place_get(facts, entity, attr);
    while (*at && trust(*at) > trust(claim)) at = &(*at)->next;
    claim->next = *at;
    *at = claim;
}

const llw_claim *llw_facts_best(const llw_facts *facts, llw_entity entity, llw_attr attr) {
    const llw_claim *best = NULL;
    for (const llw_facts *f = facts; f; f = f->parent) { /* later layers come first */
        llw_claim **claims = place_find(f, entity, attr);
        if (claims && *claims && (!best || trust(*claims) > trust(best))) best = *claims;
        if (entity > f->first) break; /* it did not exist before */
    }
    return best;
}

const llw_facts *llw_facts_parent(const llw_facts *layer) {
    return layer->parent;
}

bool llw_facts_next_slot(const llw_facts *layer, size_t *at, llw_entity *entity, llw_attr *attr) {
    for (; *at < layer->slot_capacity; ++*at) {
        uint64_t key = layer->slots[*at].key;
        if (!key) continue;
        *entity = (llw_entity)(key >> 16);
        *attr = (llw_attr)(key & 0xffff);
        ++*at;
        return true;
    }
    for (size_t n; (n = *at - layer->slot_capacity) < layer->n_entities * LLW_ATTRS; ++*at) {
        *entity = layer->first + (llw_entity)(n / LLW_ATTRS) + 1;
        *attr = (llw_attr)(n % LLW_ATTRS);
        const entity_row *e = &layer->entities[n / LLW_ATTRS];
        int place = (int)*attr - 1 - base_of[e->kind];
        if (!e->claims || place < 0 || place >= base_of[e->kind + 1] - base_of[e->kind] || !e->claims[place])
            continue;
        ++*at;
        return true;
    }
    return false;
}

const llw_claim *llw_facts_own_claims(const llw_facts *layer, llw_entity entity, llw_attr attr) {
    llw_claim **claims = place_find(layer, entity, attr);
    return claims ? *claims : NULL;
}

const llw_claim **llw_facts_claims(const llw_facts *facts, llw_entity entity, llw_attr attr, llw_arena *arena,
                                   size_t *n) {
    void *items = NULL;
    size_t count = 0, capacity = 0;
    for (const llw_facts *f = facts; f; f = f->parent) {
        for (const llw_claim *c = llw_facts_own_claims(f, entity, attr); c; c = c->next) {
            const llw_claim **place = llw_arena_push(arena, &items, &count, &capacity, sizeof *place);
            *place = c;
        }
    }
    /* insertion sort keeps later claims first among equals */
    const llw_claim **list = items;
    for (size_t i = 1; i < count; i++)
        for (size_t j = i; j && trust(list[j]) > trust(list[j - 1]); j--) {
            const llw_claim *swap = list[j];
            list[j] = list[j - 1];
            list[j - 1] = swap;
        }
    *n = count;
    return list;
}

llw_value llw_facts_value(const llw_facts *facts, llw_entity entity, llw_attr attr) {
    const llw_claim *best = entity ? llw_facts_best(facts, entity, attr) : NULL;
    return best ? best->value : llw_unknown(llw_attr_get(attr)->type);
}

bool llw_facts_conflict(const llw_facts *facts, llw_entity entity, llw_attr attr) {
    const llw_claim *seen = NULL;
    for (const llw_facts *f = facts; f; f = f->parent) {
        for (const llw_claim *c = llw_facts_own_claims(f, entity, attr); c; c = c->next) {
            if (!c->value.known || c->grade == LLW_GRADE_DEFAULT) continue;
            if (seen && !llw_value_equal(seen->value, c->value)) return true;
            seen = c;
        }
    }
    return false;
}

bool llw_facts_count(const llw_facts *facts, llw_entity entity, llw_attr attr, int64_t *out) {
    llw_value v = llw_facts_value(facts, entity, attr);
    assert(llw_type_is_integer(v.type));
    if (v.known) *out = v.as.count;
    return v.known;
}

bool llw_facts_real(const llw_facts *facts, llw_entity entity, llw_attr attr, double *out) {
    llw_value v = llw_facts_value(facts, entity, attr);
    assert(llw_type_is_real(v.type));
    if (v.known) *out = v.as.real;
    return v.known;
}

bool llw_facts_flag(const llw_facts *facts, llw_entity entity, llw_attr attr, bool *out) {
    llw_value v = llw_facts_value(facts, entity, attr);
    assert(v.type == LLW_FLAG);
    if (v.known) *out = v.as.flag;
    return v.known;
}

bool llw_facts_text(const llw_facts *facts, llw_entity entity, llw_attr attr, const char **out) {
    llw_value v = llw_facts_value(facts, entity, attr);
    assert(llw_type_is_text(v.type));
    if (v.known) *out = v.as.text;
    return v.known;
}

llw_entity llw_facts_ref(const llw_facts *facts, llw_entity entity, llw_attr attr) {
    llw_value v = llw_facts_value(facts, entity, attr);
    return v.known ? v.as.ref : 0;
}

void llw_facts_set_model(llw_facts *facts, llw_entity id, const struct llw_model *model) {
    assert(id > facts->first);
    facts->entities[id - facts->first - 1].model = model;
}

const struct llw_model *llw_facts_model(const llw_facts *facts, llw_entity id) {
    return id ? entity_get(facts, id)->model : NULL;
}

void llw_facts_note(llw_facts *facts, const char *fmt, ...) {
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    char *text = llw_arena_alloc(facts->arena, (size_t)(len < 0 ? 0 : len) + 1);
    if (len > 0) vsnprintf(text, (size_t)len + 1, fmt, again);
    va_end(again);
    void *items = facts->notes;
    const char **place =
        llw_arena_push(facts->arena, &items, &facts->n_notes, &facts->note_capacity, sizeof *place);
    facts->notes = items;
    *place = text;
}

size_t llw_facts_notes(const llw_facts *facts, const char *const **notes) {
    *notes = facts->notes;
    return facts->n_notes;
}
