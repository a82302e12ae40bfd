/* run/parcel.h - what crosses between supervisor and worker, as bytes.
 *
 * One description serves both ways: a parcel either packs what a field holds or fills it. Texts that
 * were unpacked lie in the frame. Same machine, same program: numbers go as they lie in memory. A worker
 * is not trusted: whatever a frame holds, unpacking stays inside it, and `bad` tells. */
#ifndef LH_RUN_PARCEL_H
#define LH_RUN_PARCEL_H

#include "model/model.h"
#include "run/outlet.h"
#include "run/outline.h"

#define LH_FRAME_MAX (256u << 20)        /* bytes; a reply and its blob fit */

struct lh_parcel {
	struct lh_buf *out;                      /* packing; NULL: unpacking */
	struct lh_str in;
	bool bad;
};

void lh_parcel_int(struct lh_parcel *p, int64_t *v);
void lh_parcel_real(struct lh_parcel *p, double *v);
void lh_parcel_bool(struct lh_parcel *p, bool *v);
void lh_parcel_str(struct lh_parcel *p, struct lh_str *s);
/* A text of its own: unpacked, it is the receiver's to free; NULL stays NULL. */
void lh_parcel_text(struct lh_parcel *p, char **text);

void lh_parcel_message(struct lh_parcel *p, struct lh_message_row *r);
void lh_parcel_call(struct lh_parcel *p, struct lh_call_row *r);
void lh_parcel_episode(struct lh_parcel *p, struct lh_episode_row *r);
/* But for the body, of which `offset` and the size cross. */
void lh_parcel_order(struct lh_parcel *p, struct lh_order *o, int64_t *offset);
/* Unpacked into an initialised reply; its buffers get copies. */
void lh_parcel_reply(struct lh_parcel *p, struct lh_reply *r);
void lh_parcel_outline(struct lh_parcel *p, struct lh_outline *o);
bool lh_parcel_ok(const struct lh_parcel *p);            /* whole, and nothing behind it */

/* ---- frames: kind and length in front ---- */

enum lh_frame {
	LH_FRAME_OPEN = 1, LH_FRAME_ANSWER, LH_FRAME_DROP,                     /* to a worker */
	LH_FRAME_OUTLINE, LH_FRAME_MESSAGE, LH_FRAME_CALL, LH_FRAME_EPISODE, LH_FRAME_ORDER, LH_FRAME_FAULT   /* from one */
};
/* Begins a frame in b; the end fills the length in. */
size_t lh_frame_begin(struct lh_buf *b, enum lh_frame kind);
void lh_frame_end(struct lh_buf *b, size_t at);
/* The next whole frame at *at in b, behind which *at is put; false: there is none yet, or (*bad) none can be. */
bool lh_frame_next(struct lh_str b, size_t *at, enum lh_frame *kind, struct lh_parcel *out, bool *bad);

#endif
