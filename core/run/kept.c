/* Replies that are paid for and whose episodes are in other processes: kept until the episode's own row says the same
 * and more. Nearly always that is a matter of a millisecond, and writing them at once would be writing each twice. */
#include "run/desk_impl.h"

#include "base/clock.h"
#include "run/parcel.h"

#include <stdlib.h>

#define KEPT_US 20000                    /* then it is written as it is: a kill of this process loses no more */
#define ROW_MAX (1u << 28)
#define SPARE_BYTES 65536                /* memory that serves the next one; more is given back */

struct lh_kept {
	struct lh_kept *next;                    /* in order of coming */
	struct lh_kept *same;                    /* of the same slot */
	struct lh_waiting w;                     /* what the order was; its row, and the reply behind it */
	int64_t at_us;
	bool over;                               /* nothing is to be written any more */
};

static struct lh_kept *take_spare(struct lh_desk *d)
{
	struct lh_kept *k = d->spare_kept;
	if (k)
		d->spare_kept = k->next;
	else
		k = calloc(1, sizeof *k);
	return k;
}

static void put_spare(struct lh_desk *d, struct lh_kept *k)
{
	if (k->w.row.cap > SPARE_BYTES)
		lh_buf_fini(&k->w.row);
	k->next = d->spare_kept;
	d->spare_kept = k;
}

int lh_kept_put(struct lh_desk *d, struct lh_waiting *w, const struct lh_reply *reply, struct lh_error *err)
{
	struct lh_kept *k = d->journal ? take_spare(d) : NULL;
	struct lh_open *o = lh_agenda_at(d, w->slot);
	if (!k)
		return d->journal ? lh_nomem(err) : 0;
	struct lh_buf used = k->w.row;
	*k = (struct lh_kept){ .w = *w, .at_us = lh_clock_mono_us(), .same = o->kept };
	w->row = used;                           /* its memory serves the next order */
	k->w.row.max = ROW_MAX;
	struct lh_parcel p = { .out = &k->w.row };
	struct lh_reply copy = *reply;           /* packing reads only */
	lh_parcel_reply(&p, &copy);
	o->kept = k;
	if (d->last_kept)
		d->last_kept->next = k;
	else
		d->first_kept = k;
	d->last_kept = k;
	return lh_buf_ok(&k->w.row, err);
}

static int write_out(struct lh_desk *d, struct lh_kept *k, struct lh_error *err)
{
	if (k->over)
		return 0;
	k->over = true;
	return lh_ledger_reply(d, &k->w, NULL, err);
}

void lh_kept_settled(struct lh_desk *d, uint32_t slot, int64_t turn, int64_t seq)
{
	struct lh_kept **at = &lh_agenda_at(d, slot)->kept;
	for (struct lh_kept *k; (k = *at); at = &k->same)
		if (k->w.turn == turn && k->w.seq == seq) {
			k->over = true;
			*at = k->same;
			return;
		}
}

int lh_kept_write_slot(struct lh_desk *d, uint32_t slot, struct lh_error *err)
{
	struct lh_open *o = lh_agenda_at(d, slot);
	int rc = 0;
	for (struct lh_kept *k = o->kept; k && !rc; k = k->same)
		rc = write_out(d, k, err);
	o->kept = NULL;
	return rc;
}

/* The oldest leaves its slot's list too, where it still is in one: there it came first, so it is the last. */
static void leave(struct lh_desk *d, const struct lh_kept *gone)
{
	struct lh_open *o = lh_agenda_at(d, gone->w.slot);
	for (struct lh_kept **at = o ? &o->kept : NULL; at && *at; at = &(*at)->same)
		if (*at == gone) {
			*at = gone->same;
			return;
		}
}

int lh_kept_write(struct lh_desk *d, int64_t until_us, struct lh_error *err)
{
	int rc = 0;
	for (struct lh_kept *k; !rc && (k = d->first_kept) && (k->over || k->at_us <= until_us - KEPT_US);) {
		leave(d, k);
		rc = write_out(d, k, err);
		d->first_kept = k->next;
		if (!d->first_kept)
			d->last_kept = NULL;
		put_spare(d, k);
	}
	return rc;
}

int64_t lh_kept_due_us(const struct lh_desk *d)
{
	return d->first_kept ? d->first_kept->at_us + KEPT_US : INT64_MAX;
}

static void free_list(struct lh_kept *k)
{
	for (struct lh_kept *next; k; k = next) {
		next = k->next;
		lh_buf_fini(&k->w.row);
		free(k);
	}
}

void lh_kept_fini(struct lh_desk *d)
{
	free_list(d->first_kept);
	free_list(d->spare_kept);
}
