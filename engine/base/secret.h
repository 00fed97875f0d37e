/* What is secret in a text from outside: the one place that knows, asked by all who show or keep such a text.
 *
 * A secret is what belongs to a name that says so (--api-key K, HF_TOKEN=K, "Authorization: Bearer K"), the
 * user in an address and what its query names (https://user:password@host/?token=K), and a token that is
 * known by its form (hf_..., ghp_...). Stars replace it byte for byte, so that columns stay. Cost: one pass
 * over the text. */
#ifndef LLW_BASE_SECRET_H
#define LLW_BASE_SECRET_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>

/* Whether a name says that its value is a secret: --api-key, -hft, HF_TOKEN, apiKey, password, Authorization.
 * Hyphens and underscores are one. */
bool llw_secret_name(const char *name, size_t len);

/* Whether a word of a command line is a secret, or was written behind one, as its place says: one or two
 * words behind an option with a secret's name. Words that begin with a hyphen are options. Either may be
 * NULL. */
bool llw_secret_place(const char *before, const char *two_before);

/* Stars what is secret in addresses, and tokens known by their form: for any text. */
void llw_secret_star(char *text, size_t len);
/* Stars besides what stands behind a name, as shells, INI, YAML, JSON, Python, make and Dockerfiles write it,
 * on the same line or a later one: for the text of a whole file. */
void llw_secret_star_source(char *text, size_t len);

/* A copy after llw_secret_star. */
const char *llw_secret_shown(llw_arena *arena, const char *text);
/* A message that quotes words from outside, without secrets: llw_secret_star, and NAME=value. */
const char *llw_secret_hidden(llw_arena *arena, const char *text);
/* Words of a command line as they may be kept and shown: the value of a secret option is "(secret)", and of
 * --name=value, which llama.cpp never takes, only the name is left. A word that is NULL stays so. */
const char *const *llw_secret_words(llw_arena *arena, const char *const *words, size_t n);

#endif
