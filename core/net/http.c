/* Requests in, exchanges out: what happens to a slot from send to give_back. */
#include "net/http_parts.h"

#include "base/clock.h"

#include <assert.h>
#include <stdlib.h>

static int make_share(struct lh_http *h, struct lh_error *err)
{
	h->share = h->curl.share_init();
	if (!h->share || h->curl.share_setopt(h->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS) != CURLSHE_OK)
		return lh_nomem(err);
	return 0;
}

int lh_http_new(struct lh_loop *loop, const struct lh_secrets *secrets, struct lh_http **out, struct lh_error *err)
{
	*out = NULL;
	struct lh_http *h = calloc(1, sizeof *h);
	if (!h)
		return lh_nomem(err);
	int rc = lh_curl_open(&h->curl, err);
	if (rc) {
		free(h);
		return rc;
	}
	h->loop = loop;
	h->secrets = secrets;
	h->now_us = lh_clock_mono_us();
	if ((rc = make_share(h, err)))
		lh_http_free(h);
	else
		*out = h;
	return rc;
}

void lh_http_free(struct lh_http *h)
{
	if (!h)
		return;
	for (size_t i = 0; i < h->shards; i++)
		lh_shard_free(h->shard[i]);
	for (struct lh_lane *l = h->lanes, *next; l; l = next) {
		next = l->next;
		lh_endpoint_free(h, (struct lh_endpoint *)(uintptr_t)l->to);
	}
	h->curl.share_cleanup(h->share);
	lh_curl_close(&h->curl);
	free(h->shard);
	free(h->due);
	free(h->sock);
	free(h->bucket);
	free(h->heap);
	free(h);
}

static void finish(struct lh_slot *s)
{
	struct lh_http *h = s->shard->lane->http;
	lh_heap_drop(h, s);
	lh_secrets_redact(h->secrets, &s->reply);      /* whole: once it is read and cut, half a key may be left */
	s->x.latency_us = s->started_us ? (s->x.fault ? h->now_us : s->last_us) - s->started_us : 0;
	s->x.body = lh_buf_str(&s->reply);
	s->state = LH_SLOT_DONE;
	lh_list_put(&h->done, s);
}

/* Takes it from libcurl; a transfer that is not complete takes its connection along. */
static void detach(struct lh_slot *s)
{
	struct lh_http *h = s->shard->lane->http;
	long status = 0;
	h->curl.easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &status);
	s->x.status = (int)status;
	h->curl.multi_remove_handle(s->shard->multi, s->easy);
	s->shard->active--;
	s->shard->lane->active--;
}

static void stop_waiting(struct lh_slot *s)
{
	lh_list_drop(&s->shard->lane->waiting, s);
	s->shard->lane->http->waiting--;
}

/* Those that waited for the host's address share what came of asking for it. */
static void fail_waiting(struct lh_lane *lane)
{
	for (struct lh_slot *s; (s = lane->waiting.first); ) {
		stop_waiting(s);
		lh_slot_fail_late(s, LH_FAULT_RESOLVE);
		finish(s);
	}
}

static void complete(struct lh_slot *s, CURLcode code)
{
	struct lh_lane *lane = s->shard->lane;
	if (code != CURLE_OK)
		lh_slot_fail(s, code);
	detach(s);
	finish(s);
	if (s->x.fault == LH_FAULT_RESOLVE && !lane->found)
		fail_waiting(lane);
}

static void collect(struct lh_http *h)
{
	for (struct lh_shard *d; (d = h->dirty); ) {
		CURLMsg *m;
		int left;
		h->dirty = d->next_dirty;
		d->dirty = false;
		while ((m = h->curl.multi_info_read(d->multi, &left))) {
			struct lh_slot *s = NULL;
			CURLcode code = m->data.result;        /* the message ends with remove_handle */
			h->curl.easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &s);
			complete(s, code);
		}
	}
}

/* A connection is likely to be idle where more are open than in use. */
static bool may_start(const struct lh_slot *s)
{
	const struct lh_lane *lane = s->shard->lane;
	if (s->shard->sockets > s->shard->active)
		return true;
	if (!lane->to->numeric && !lane->found && lane->active)
		return false;          /* or each would start a thread that asks for the same name */
	return lane->http->fresh < LH_FRESH_MOST;
}

static int64_t due_of(const struct lh_slot *s)
{
	int64_t idle = s->idle_us ? s->last_us + s->idle_us : INT64_MAX;
	return idle < s->end_us ? idle : s->end_us;
}

static CURLMcode start(struct lh_slot *s)
{
	struct lh_http *h = s->shard->lane->http;
	h->fresh += s->shard->sockets <= s->shard->active;
	CURLMcode code = h->curl.multi_add_handle(s->shard->multi, s->easy);
	if (code != CURLM_OK)
		return code;
	s->state = LH_SLOT_ACTIVE;
	s->started_us = s->last_us = lh_clock_mono_us();
	s->shard->active++;
	s->shard->lane->active++;
	h->counts.requests++;
	return code;
}

static void start_waiting(struct lh_http *h)
{
	for (struct lh_lane *lane = h->waiting ? h->lanes : NULL; lane; lane = lane->next)
		for (struct lh_slot *s; (s = lane->waiting.first) && may_start(s); ) {
			stop_waiting(s);
			if (start(s) == CURLM_OK)
				continue;
			lh_slot_fail(s, CURLE_OUT_OF_MEMORY);
			finish(s);
		}
}

static int begin(struct lh_slot *s, struct lh_error *err)
{
	struct lh_http *h = s->shard->lane->http;
	if (s->shard->lane->waiting.first || !may_start(s)) {
		s->state = LH_SLOT_WAITING;
		lh_list_put(&s->shard->lane->waiting, s);
		h->waiting++;
		return 0;
	}
	CURLMcode code = start(s);
	return code == CURLM_OK ? 0 : lh_fail(err, LH_E_FAILED, "HTTP: libcurl: %s", h->curl.multi_strerror(code));
}

int lh_http_send(struct lh_http *h, const struct lh_http_request *r, struct lh_error *err)
{
	struct lh_slot *s;
	if (lh_table_find(h, r->id))
		return lh_fail(err, LH_E_INTERNAL, "request %llu is in flight already", (unsigned long long)r->id);
	int rc = lh_slot_get(r->to->lane, &s, err);
	if (rc)
		return rc;
	if ((rc = lh_slot_fill(s, r, err)) || (rc = begin(s, err))) {
		lh_slot_put_back(s);
		return rc;
	}
	lh_table_put(h, s);
	int64_t due = due_of(s);
	if (due != INT64_MAX)
		lh_heap_put(h, s, due);
	h->in_flight++;
	h->counts.bytes_out += (int64_t)r->body.n;
	return 0;
}

void lh_http_cancel(struct lh_http *h, uint64_t id)
{
	struct lh_slot *s = lh_table_find(h, id);
	if (!s)
		return;
	if (s->state == LH_SLOT_ACTIVE)
		detach(s);
	else if (s->state == LH_SLOT_WAITING)
		stop_waiting(s);
	else
		lh_list_drop(&h->done, s);
	lh_heap_drop(h, s);
	lh_table_drop(h, s);
	lh_slot_put_back(s);
	h->in_flight--;
}

int lh_http_in_flight(const struct lh_http *h)
{
	return h->in_flight;
}

/* Something of a long upload went out since the last look? libcurl tells of that only when asked. */
static bool uploading(struct lh_slot *s)
{
	curl_off_t had = s->uploaded;
	s->shard->lane->http->curl.easy_getinfo(s->easy, CURLINFO_SIZE_UPLOAD_T, &s->uploaded);
	return s->uploaded > had;
}

/* The heap holds when a slot was to be looked at; bytes that came since have moved its deadline. */
static void look_at(struct lh_http *h, struct lh_slot *s)
{
	bool connected = lh_slot_connected(s);
	if (h->now_us < s->end_us && h->now_us - s->last_us >= s->idle_us && (!connected || uploading(s)))
		s->last_us = h->now_us;        /* the time to connect has a limit of its own */
	if (due_of(s) > h->now_us) {
		lh_heap_put(h, s, due_of(s));
		return;
	}
	if (s->state == LH_SLOT_WAITING)
		stop_waiting(s);
	else
		detach(s);
	lh_slot_fail_late(s, !connected ? LH_FAULT_CONNECT : h->now_us >= s->end_us ? LH_FAULT_TIMEOUT : LH_FAULT_IDLE);
	finish(s);
}

static void expire(struct lh_http *h)
{
	while (h->heap_n && h->heap[1]->due_us <= h->now_us)
		look_at(h, h->heap[1]);
}

static void kick_due(struct lh_http *h)
{
	for (size_t i = 0; i < h->shards; i++)
		if (h->due[i] <= h->now_us) {
			h->due[i] = INT64_MAX;
			lh_shard_kick(h->shard[i], CURL_SOCKET_TIMEOUT, 0);
		}
}

int64_t lh_http_due_us(const struct lh_http *h)
{
	int64_t due = h->heap_n ? h->heap[1]->due_us : INT64_MAX;
	for (size_t i = 0; i < h->shards; i++)
		due = h->due[i] < due ? h->due[i] : due;
	for (const struct lh_lane *lane = h->waiting ? h->lanes : NULL; lane; lane = lane->next)
		if (lane->waiting.first && (lane->to->numeric || lane->found || !lane->active))
			return 0;
	return h->dirty ? 0 : due;
}

int lh_http_step(struct lh_http *h, struct lh_error *err)
{
	h->now_us = lh_clock_mono_us();
	h->fresh = 0;
	kick_due(h);
	collect(h);
	expire(h);
	start_waiting(h);
	return h->broken.code ? lh_fail(err, h->broken.code, "%s", h->broken.text) : 0;
}

bool lh_http_take(struct lh_http *h, struct lh_exchange *out)
{
	struct lh_slot *s = h->done.first;
	if (!s)
		return false;
	lh_list_drop(&h->done, s);
	lh_table_drop(h, s);
	s->state = LH_SLOT_TAKEN;
	s->x.carrier = s;
	h->in_flight--;
	*out = s->x;
	return true;
}

void lh_http_give_back(struct lh_http *h, const struct lh_exchange *x)
{
	(void)h;
	struct lh_slot *s = x->carrier;
	assert(s && s->state == LH_SLOT_TAKEN);
	lh_slot_put_back(s);
}

void lh_http_counts(const struct lh_http *h, struct lh_http_counts *out)
{
	*out = h->counts;
}
