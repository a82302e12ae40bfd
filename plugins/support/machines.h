/* support/machines.h - the machines of the families of operations, for families of one part and for mixtures. Each has a setting, and a mix of
 * operations to begin with. */
#ifndef LH_SUPPORT_MACHINES_H
#define LH_SUPPORT_MACHINES_H

#include "support/verbs.h"

/* A running total, to which numbers from 1 to `max` are added and from which they are subtracted. */
#define FAM_TOTAL_OPS "add+subtract"
extern const struct fam_machine fam_total;
struct fam_setting fam_total_setting(int64_t max);

/* At most `depth` numbers from 0 to modulus - 1. */
#define FAM_STACK_OPS "push:4+pop:2+dup+swap+rot+add+sub"
extern const struct fam_machine fam_stack;
struct fam_setting fam_stack_setting(uint32_t depth, int64_t modulus);

/* At most `length` numbers from 0 to `max`. */
#define FAM_QUEUE_OPS "enqueue:3+jump+dequeue:3+rotate:2+reverse"
extern const struct fam_machine fam_queue;
struct fam_setting fam_queue_setting(uint32_t length, int64_t max);

/* `counters` of them, changed by amounts from 1 to `max`; they stop at `limit` and its negative. */
#define FAM_COUNTERS_MAX 26
#define FAM_COUNTERS_OPS "increment:3+decrement:3+transfer:2+copy+reset+swap"
extern const struct fam_machine fam_counters;
struct fam_setting fam_counters_setting(uint32_t counters, int64_t max, int64_t limit);

/* At most `length` letters of the first `letters` of the alphabet, which are given, not looked up. */
#define FAM_STRING_OPS "insert:2+delete:2+replace:2+swap+reverse+rotate"
extern const struct fam_machine fam_string;
struct fam_setting fam_string_setting(uint32_t length, int64_t letters);

#endif
