/* A thing that somebody stated about a model, as a claim in the fact base. */
#include "source/config/parts.h"
#include "source/prose/phrases.h"
#include "source/machine/gpu_table.h"

#include <ctype.h>
#include <string.h>

enum { MAX_TEXT = 200 };

bool llw_prose_ends(const llw_rich *text, size_t i) {
    char c = text->chars[i].byte, next = i + 1 < text->n ? text->chars[i + 1].byte : 0;
    if (strchr(".!?", c) && c) return !next || isspace((unsigned char)next);
    if (c != '\n') return false;
    size_t j = i + 1, indent = 0;
    while (j < text->n && (text->chars[j].byte == ' ' || text->chars[j].byte == '\t')) {
        j++;
        indent++;
    }
    if (j >= text->n || text->chars[j].byte == '\n') return true;
    bool bullet = (text->chars[j].byte == '-' || text->chars[j].byte == '*') && j + 1 < text->n &&
                  text->chars[j + 1].byte == ' ';
    return bullet || indent > 2;
}

/* What is quoted of a sentence: blanks once, not too long. */
static const char *sentence_text(llw_arena *arena, const llw_rich *s) {
    llw_text out = {0};
    bool gap = false;
    for (size_t i = 0; i < s->n; i++) {
        char b = s->chars[i].byte;
        if (isspace((unsigned char)b)) {
            gap = out.len > 0;
            continue;
        }
        if (gap) llw_text_add(&out, " ");
        gap = false;
        llw_text_addn(&out, &b, 1);
    }
    size_t len = out.len;
    if (len > MAX_TEXT) {
        len = MAX_TEXT;
        while (len && ((unsigned char)out.bytes[len] & 0xc0) == 0x80) len--;
    }
    while (len && strchr(".;,: ", out.bytes[len - 1])) len--;
    const char *text = llw_arena_strndup(arena, llw_text_str(&out), len);
    llw_text_fini(&out);
    return text;
}

/* Bytes of the card that a sentence names; 0 when nobody knows. */
static int64_t card_memory(llw_config_reader *r, const char *name) {
    llw_gpu_card card;
    if (!*name) return 0;
    if (!r->cards) {
        r->cards = llw_arena_alloc(r->arena, sizeof *r->cards);
        *r->cards = (llw_gpu_table){0};
        llw_gpu_table_load(r->arena, r->cards, NULL);
    }
    if (llw_gpu_table_find(r->cards, r->arena, name, -1, &card, NULL) != LLW_OK) return 0;
    return card.memory > 0 ? card.memory : 0;
}

/* Whether a name tells another size than that: "Qwen3.6-27B" against "35B". */
static bool is_another(const char *name, const char *size) {
    bool sized = false;
    for (const char *at = name; *size && (at = strpbrk(at, "0123456789")) != NULL;) {
        size_t n = strspn(at, "0123456789.");
        bool whole = at == name || !isalnum((unsigned char)at[-1]);
        if (whole && (at[n] == 'B' || at[n] == 'b')) {
            sized = true;
            if (n + 1 == strlen(size) && !strncmp(at, size, n)) return false;
        }
        at += n;
    }
    return sized;
}

llw_entity llw_config_claim(llw_config_reader *r, const llw_said *said) {
    if (!said->sentence->n) return 0;
    llw_facts *f = r->facts;
    const llw_phrase *p = said->phrase;
    const char *name = NULL;
    if ((p->says_kind || p->bytes) && said->model && llw_facts_text(f, said->model, LLW_model_name, &name) &&
        is_another(name, p->of_size))
        return 0;
    const llw_char *at = &said->sentence->chars[p->at < said->sentence->n ? p->at : 0];
    const char *place = llw_place(r->arena, said->file->path, at->line, at->column);
    const char *id = llw_arena_printf(r->arena, "%s %s %u", place, p->about, said->model);
    if (llw_facts_find(f, LLW_KIND_claim, id)) return 0;
    if (r->out->n_claims >= LLW_CONFIG_MAX_CLAIMS) {
        llw_config_leave_out(&r->unheard, said->file->path, at->line);
        return 0;
    }
    llw_entity e = llw_facts_entity(f, LLW_KIND_claim, id);
    r->out->n_claims++;
#define CLAIM(attr, value)                                                                                   \
    llw_facts_claim(f, e, LLW_claim_##attr, value, LLW_GRADE_PROSE, said->origin, place)
    if (said->model) CLAIM(model, llw_ref(said->model));
    if (said->launch) CLAIM(launch, llw_ref(said->launch));
    CLAIM(text, llw_string(LLW_TEXT, sentence_text(r->arena, said->sentence)));
    CLAIM(about, llw_string(LLW_TEXT, p->about));
    CLAIM(quant, llw_string(LLW_TEXT, p->quant));
    CLAIM(sourced, llw_flag(said->sourced));
    CLAIM(estimated, llw_flag(p->estimated));
    CLAIM(filed_as_measured, llw_flag(said->filed_as_measured));
    if (p->says_kind) CLAIM(says_moe, llw_flag(p->moe));
    if (p->bytes) CLAIM(bytes, llw_bytes(p->bytes));
    if (p->bytes_high) CLAIM(bytes_high, llw_bytes(p->bytes_high));
    if (p->bytes) CLAIM(counts_more, llw_flag(p->need));
    if (p->says_fits) CLAIM(says_fits_one_gpu, llw_flag(p->fits));
    if (p->fits_all) CLAIM(says_fits_gpus, llw_flag(true));
    int64_t memory = card_memory(r, p->card);
    if (memory) CLAIM(card_memory, llw_bytes(memory));
    if (p->count) CLAIM(count, llw_count(p->count));
    if (p->rate > 0) CLAIM(speed, llw_real(p->rate));
    if (p->rate > 0) CLAIM(digits, llw_count(p->digits));
#undef CLAIM
    return e;
}
