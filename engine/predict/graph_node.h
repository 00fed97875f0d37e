/* How graph_*.c make nodes. Private to them; builders write with the operations of graph.h. */
#ifndef LLW_PREDICT_GRAPH_NODE_H
#define LLW_PREDICT_GRAPH_NODE_H

#include "predict/graph.h"

/* A node of that shape, contiguous; `view` NULL or the tensor in whose memory it lies, `offset` bytes on
 * (ggml_new_tensor_impl). An impossible shape fails the graph. */
llw_node *llw_node_new(llw_graph *g, llw_op op, int type, const int64_t ne[4], llw_node *view,
                       int64_t offset);
/* Of a's shape and type, with a as its first source. */
llw_node *llw_node_like(llw_graph *g, llw_op op, llw_node *a);
/* In a's memory, with a's strides. */
llw_node *llw_node_view_of(llw_graph *g, llw_op op, llw_node *a);

#endif
