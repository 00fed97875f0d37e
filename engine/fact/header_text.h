/* A model header as lines of text: how known models and saved facts keep it.
 *
 * Metadata, one key a line, in the file's order:
 *     general.name string GLM-4.7-Flash
 *     tokenizer.chat_template string(15234) first 4096 bytes ...     (the full length, when the text was cut)
 *     deepseek2.block_count u32 47
 *     tokenizer.ggml.token_type i32[154880] 154880*1                 (count*value; nothing after ] when not
 * kept) tokenizer.ggml.tokens strings 154880 1612211                   (count and bytes of all; not kept)
 *     general.tags strings 2 12 text chat\x20code                    (the same, kept)
 * Tensors, in the file's order; consecutive lines with {layers} are one block, written layer by layer; a line
 * "-" separates two blocks: output.weight q8_0 2048x154880 blk.{0-46}.attn_norm.weight f32 2048
 *     blk.{1-46}.ffn_down_exps.weight q8_0 1536x2048x64
 * In names and texts \n, \t, \\ and \xHH stand for themselves; a blank inside a name is \x20, an empty one
 * "". */
#ifndef LLW_FACT_HEADER_TEXT_H
#define LLW_FACT_HEADER_TEXT_H

#include "base/arena.h"
#include "fact/model.h"

enum { LLW_HEADER_LAYERS = 1024, LLW_HEADER_LINES = 1 << 20, LLW_HEADER_TENSORS = 1 << 20 };

/* One metadata line. Returns NULL, or what is wrong with it. With `whole`, arrays too long to be kept are
 * kept as well (for writing the file out). */
const char *llw_header_read_meta(llw_arena *arena, const char *line, bool whole, llw_meta *out);
char *llw_header_write_meta(llw_arena *arena, const llw_meta *meta);

/* All tensor lines; fills tensors and n_tensors (part 0, no offsets yet: llw_model_place). Returns NULL, or
 * what is wrong, with *line the index of the line at fault. */
const char *llw_header_read_tensors(llw_arena *arena, const char *const *lines, size_t n, llw_model *out,
                                    size_t *line);
/* The lines of tensors[from, to), packed as far as their order allows. */
void llw_header_write_tensors(llw_arena *arena, const llw_model *model, size_t from, size_t to, char ***lines,
                              size_t *n);

#endif
