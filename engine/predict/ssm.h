/* Layers with a recurrent state: Mamba, Mamba 2, short convolutions. Private to predict/. */
#ifndef LLW_PREDICT_SSM_H
#define LLW_PREDICT_SSM_H

#include "predict/blocks.h"

/* One layer's mixer: x normed, [n_embd, n_tokens] in and out. */
typedef llw_node *llw_mixer(llw_graph *g, const llw_recurrent *inputs, llw_node *x, int il);

llw_mixer llw_mixer_mamba, llw_mixer_mamba2, llw_mixer_plamo2, llw_mixer_shortconv;

#endif
