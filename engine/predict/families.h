/* The builders of graphs, one for each family of architectures, and what several of them share. */
#ifndef LLW_PREDICT_FAMILIES_H
#define LLW_PREDICT_FAMILIES_H

#include "predict/blocks.h"

void llw_build_deepseek2(llw_graph *g);
void llw_build_gpt_oss(llw_graph *g);
void llw_build_qwen3next(llw_graph *g);
void llw_build_stack(llw_graph *g);
void llw_build_plain(llw_graph *g); /* what is built of an architecture whose graph is not known */
void llw_build_gemma3n(llw_graph *g);
void llw_build_gemma4(llw_graph *g);
void llw_build_mamba(llw_graph *g);
void llw_build_nemotron_h(llw_graph *g);
void llw_build_bert(llw_graph *g);
void llw_build_hrm(llw_graph *g);
void llw_build_dsa(llw_graph *g);
void llw_build_kda(llw_graph *g);
void llw_build_minimax_01(llw_graph *g);
void llw_build_minimax_m3(llw_graph *g);
void llw_build_hy_v4(llw_graph *g);
void llw_build_rwkv(llw_graph *g);
void llw_build_deepseek4(llw_graph *g);

#endif
