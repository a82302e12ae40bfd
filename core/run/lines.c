/* Live models: keys, endpoints, agents' processes, paces. */
#include "run/desk_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

extern char **environ;

/* ---- keys ---- */

static int take_key(struct lh_desk *d, const struct lh_line *l, int *index, struct lh_error *err)
{
	struct lh_key_source k;
	lh_model_key(l->model, &k);
	*index = -1;
	if (k.file)
		return lh_secrets_take_file(d->secrets, k.file, index, err);
	if (!k.env)
		return 0;
	struct lh_error why = { 0 };
	int rc = lh_secrets_take_env(d->secrets, k.env, index, &why);
	if (rc == LH_E_MISSING)
		rc = d->s.experiment->skip_without_key ? LH_E_SKIPPED : LH_E_USAGE;
	return rc ? lh_fail(err, rc, "model %s needs a key: %s", lh_model_name(l->model), why.text) : 0;
}

/* ---- endpoints ---- */

#define OTHER_FILES 64                   /* descriptors besides connections: the run file, plugins, workers, libcurl's own */

/* A connection is a descriptor, and shells allow 1,024 of these unless told otherwise; the system allows more. */
static int make_room(int64_t connections, struct lh_error *err)
{
	struct rlimit r;
	rlim_t need = (rlim_t)connections + OTHER_FILES;
	if (getrlimit(RLIMIT_NOFILE, &r) || r.rlim_cur >= need)
		return 0;
	if (r.rlim_max < need)
		return lh_fail(err, LH_E_USAGE, "--concurrency %lld needs %llu open files, and this system allows %llu (ulimit -Hn): lower --concurrency, or have that raised",
			(long long)connections, (unsigned long long)need, (unsigned long long)r.rlim_max);
	r.rlim_cur = need;
	return setrlimit(RLIMIT_NOFILE, &r) ? lh_fail(err, LH_E_IO, "the limit of open files cannot be raised to %llu: %s", (unsigned long long)need, strerror(errno)) : 0;
}

static int open_http(struct lh_desk *d, struct lh_line *l, struct lh_error *err)
{
	struct lh_endpoint_spec spec;
	int rc = d->http ? 0 : make_room(d->s.experiment->concurrency, err);
	if (!rc && !d->http)
		rc = lh_http_new(d->s.loop, d->secrets, &d->http, err);
	if (rc)
		return rc;
	lh_model_endpoint(l->model, &spec);
	rc = take_key(d, l, &spec.key, err);
	if (!rc)
		rc = lh_endpoint_open(d->http, &spec, &l->endpoint, err);
	if (!rc)
		snprintf(l->host, sizeof l->host, "%s", lh_endpoint_host(l->endpoint));
	return rc;
}

/* ---- agents ---- */

static bool named(const char *entry, const char *const *names)
{
	size_t n = strcspn(entry, "=");
	for (; names && *names; names++)
		if (strlen(*names) == n && !strncmp(entry, *names, n))
			return true;
	return false;
}

static void free_names(char **names)
{
	for (size_t i = 0; names && names[i]; i++)
		free(names[i]);
	free(names);
}

/* This process's environment without keys and what looks like one, but with what the user passes on by name. A copy:
 * the keys among them are about to be wiped. */
static char **agent_env(const char *const *pass, const char *const *keys)
{
	size_t n = 0, kept = 0;
	while (environ[n])
		n++;
	char **out = calloc(n + 1, sizeof *out);
	for (size_t i = 0; out && i < n; i++) {
		char name[128];
		snprintf(name, sizeof name, "%.*s", (int)strcspn(environ[i], "="), environ[i]);
		bool secret = lh_secret_name(name) || named(environ[i], keys);
		if (secret && !named(environ[i], pass))
			continue;
		if (!(out[kept++] = lh_str_dup(lh_str_of(environ[i])))) {
			free_names(out);
			return NULL;
		}
	}
	return out;
}

static int open_pool(struct lh_desk *d, struct lh_line *l, struct lh_error *err)
{
	struct lh_pool_spec spec;
	const char *const *pass;
	lh_model_pool(l->model, &spec, &pass);
	char **keys = lh_experiment_key_names(d->s.experiment);
	l->env = keys ? agent_env(pass, (const char *const *)keys) : NULL;
	free_names(keys);
	if (!l->env)
		return lh_nomem(err);
	spec.env = (const char *const *)l->env;
	spec.log_fd = d->log_fd;
	spec.reply_most = l->carry.reply_most;
	snprintf(l->host, sizeof l->host, "%s", lh_model_name(l->model));
	return lh_pool_new(d->s.loop, &spec, &l->pool, err);
}

/* Agents' stderr goes beside the run file. */
static int open_log(struct lh_desk *d, struct lh_error *err)
{
	char name[4096];
	if (!d->path || d->temporary || d->log_fd >= 0)
		return 0;
	snprintf(name, sizeof name, "%s.agents.log", d->path);
	d->log_fd = open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	return d->log_fd >= 0 ? 0 : lh_fail(err, LH_E_IO, "%s, where agents' messages go, cannot be written", name);
}

/* ---- pace ---- */

/* One pace a host: models behind it share its limits. */
static int open_pace(struct lh_desk *d, struct lh_line *l, struct lh_error *err)
{
	const struct lh_experiment *e = d->s.experiment;
	for (struct lh_line *other = d->line; other < l; other++)
		if (other->pace && !strcmp(other->host, l->host)) {
			l->pace = other->pace;
			return 0;
		}
	struct lh_pace_settings s = { .most = (int)e->concurrency, .rps = e->rps, .tpm = e->tpm };
	l->owns_pace = true;
	return lh_pace_new(&s, &l->pace, err);
}

static int open_line(struct lh_desk *d, int i, struct lh_error *err)
{
	struct lh_line *l = &d->line[i];
	int rc = lh_experiment_model(d->s.experiment, i, true, &l->model, err);
	if (rc || !l->model)
		return rc;
	l->carrier = lh_model_carrier(l->model);
	lh_model_carry(l->model, &l->carry);
	if (d->s.experiment->timeout_ms)
		l->carry.timeout_ms = d->s.experiment->timeout_ms;
	rc = l->carrier == LH_CARRIER_HTTP ? open_http(d, l, err) : open_log(d, err);
	if (!rc && l->carrier == LH_CARRIER_POOL)
		rc = open_pool(d, l, err);
	return rc ? rc : open_pace(d, l, err);
}

/* Taken, they need not stand any more where other processes of this user can read them. */
static void wipe_keys(const struct lh_experiment *e)
{
	char **names = e->alone ? lh_experiment_key_names(e) : NULL;
	if (names)
		lh_secret_scrub((const char *const *)names, NULL);
	free_names(names);
}

/* Other processes of this user, workers among them, may not look into this one once it holds a key; nor does it leave a
 * core. (Under the sanitizer, whose leak check looks in from a process of its own, they may.) */
static void hide(const struct lh_desk *d)
{
#if !defined(__SANITIZE_ADDRESS__)
	if (lh_secrets_count(d->secrets) && d->s.isolated)
		prctl(PR_SET_DUMPABLE, 0);
#else
	(void)d;
#endif
}

int lh_lines_open(struct lh_desk *d, struct lh_error *err)
{
	int n = d->s.experiment->models.count;
	lh_retry_quota_init(&d->quota);
	d->line = calloc((size_t)n + 1, sizeof *d->line);
	if (!d->line)
		return lh_nomem(err);
	if (!lh_experiment_live(d->s.experiment))
		return 0;
	int rc = lh_secrets_new(&d->secrets, err);
	while (d->lines < n && !rc)
		rc = open_line(d, d->lines++, err);
	if (!rc)
		wipe_keys(d->s.experiment);
	hide(d);
	return rc;
}

void lh_lines_close(struct lh_desk *d)
{
	for (int i = 0; i < d->lines; i++)
		lh_pool_free(d->line[i].pool);
	lh_http_free(d->http);
	for (int i = 0; i < d->lines; i++) {
		struct lh_line *l = &d->line[i];
		if (l->owns_pace)
			lh_pace_free(l->pace);
		lh_model_free(l->model);
		free(l->ready.at);
		free_names(l->env);
	}
	free(d->line);
	lh_secrets_free(d->secrets);
	if (d->log_fd >= 0)
		close(d->log_fd);
}
