/* json/tree.h - the nodes of a text that the scan has found good (private to the room).
 *
 * cJSON's own parser asks for memory for every node, key and string, and gives each back: that was most of
 * what reading a short reply costs. Here nodes and strings lie in one piece, whose size the scan knows. */
#ifndef LH_JSON_TREE_H
#define LH_JSON_TREE_H

#include "base/text.h"

#include <cjson/cJSON.h>

/* `values`: as many as the scan counted. One free() of the root is the end of all; NULL: out of memory. Of a node
 * only type, string, valuestring, valuedouble, child and next are set: cJSON may look into it, but not change or free it. */
cJSON *lh_tree_build(struct lh_str text, size_t values);

#endif
