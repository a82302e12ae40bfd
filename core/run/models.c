/* Models of an experiment: opened, priced, and kept from what a stranger's file may not ask for. */
#include "run/experiment.h"

#include "json/reader.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- leave ---- */

static struct lh_str value_of(const struct lh_spec *s, const char *key)
{
	for (int i = 0; i < s->count; i++)
		if (lh_str_is(s->key[i], key))
			return s->value[i];
	return LH_STR("");
}

static bool host_allowed(const struct lh_experiment *e, struct lh_str host)
{
	for (int i = 0; i < e->allowed_hosts.count; i++)
		if (lh_str_is(host, e->allowed_hosts.item[i]))
			return true;
	return false;
}

/* A file that came from elsewhere may name models; where requests and keys go, and what is executed, is for
 * whoever runs it to allow. */
static int check_leave(const struct lh_experiment *e, const struct lh_spec *s, struct lh_error *err)
{
	if (e->models.origin != LH_FROM_FILE)
		return 0;
	if (lh_str_is(s->name, "process"))
		return e->allow_process ? 0 : lh_fail(err, LH_E_USAGE, "the experiment file starts a command (process:%.*s): allow it by --allow-process, if you trust it", LH_ARG(s->bare));
	struct lh_str url = value_of(s, "base_url"), host;
	bool https, named = url.n || value_of(s, "key_env").n || value_of(s, "key_file").n;
	char text[2048];
	snprintf(text, sizeof text, "%.*s", LH_ARG(url));
	if (!named)
		return 0;
	if (url.n && !lh_url_host(text, &https, &host))
		return lh_fail(err, LH_E_USAGE, "base_url=%s is no http or https address", text);
	if (!url.n)
		host = lh_str_is(s->name, "anthropic") ? LH_STR("api.anthropic.com") : LH_STR("api.openai.com");
	return host_allowed(e, host) ? 0 : lh_fail(err, LH_E_USAGE, "the experiment file names where requests or keys go: allow it by --allow-endpoint %.*s, if you trust it", LH_ARG(host));
}

/* ---- prices ---- */

static int64_t microusd(const struct lh_json *j, const char *name)
{
	double v = lh_json_number(lh_json_get(j, name));
	return v >= 0 && v < 1e6 ? (int64_t)llround(v * 1e6) : -1;
}

static int read_prices(const char *path, struct lh_str kind, struct lh_str bare, struct lh_prices *out, struct lh_error *err)
{
	struct lh_buf text, name;
	struct lh_json *root = NULL;
	lh_buf_init(&text, 4 << 20);
	lh_buf_init(&name, 4096);
	int rc = lh_file_read(path, &text, err);
	if (!rc)
		rc = lh_json_parse(lh_buf_str(&text), path, 1, &root, err);
	if (!rc && lh_json_type(root) != LH_JSON_OBJECT)
		rc = lh_fail(err, LH_E_DATA, "%s: an object is needed, {\"MODEL\": {\"input\": 0.25, \"cached_input\": 0.025, \"output\": 2}}", path);
	lh_buf_put_str(&name, bare);
	const struct lh_json *j = rc ? NULL : lh_json_get(root, name.p ? name.p : "");
	lh_buf_clear(&name);
	lh_buf_printf(&name, "%.*s:%.*s", LH_ARG(kind), LH_ARG(bare));
	if (!j && !rc)
		j = lh_json_get(root, name.p);
	if (!j && !rc && !bare.n) {              /* "sim" has no model's name */
		lh_buf_clear(&name);
		lh_buf_put_str(&name, kind);
		j = lh_json_get(root, name.p);
	}
	if (j) {
		*out = (struct lh_prices){ microusd(j, "input"), microusd(j, "cached_input"), microusd(j, "output") };
		if (out->in < 0 || out->out < 0)
			rc = lh_fail(err, LH_E_DATA, "%s: %s: \"input\" and \"output\" are needed, in $ a million tokens", path, name.p);
	}
	lh_json_free(root);
	lh_buf_fini(&text);
	lh_buf_fini(&name);
	return rc;
}

int lh_prices_read(const char *path, const char *model, struct lh_prices *out, struct lh_error *err)
{
	struct lh_spec s;
	*out = (struct lh_prices){ -1, -1, -1 };
	int rc = lh_spec_parse(lh_str_of(model), "model", &s, err);
	if (rc)
		return rc;
	rc = read_prices(path, s.name, s.bare, out, err);
	lh_spec_fini(&s);
	return rc;
}

static int set_prices(const struct lh_experiment *e, const struct lh_spec *s, struct lh_model *m, struct lh_error *err)
{
	struct lh_prices p = { -1, -1, -1 };
	int rc = e->price_file ? read_prices(e->price_file, s->name, s->bare, &p, err) : 0;
	if (rc)
		return rc;
	lh_model_set_prices(m, &p);
	lh_model_prices(m, &p);
	if (e->max_cost_microusd && (p.in < 0 || p.out < 0))
		return lh_fail(err, LH_E_USAGE, "--max-cost needs the prices of %s: give --price FILE, or price_in=… and price_out=… ($ a million tokens) in its spec", lh_model_name(m));
	return 0;
}

static int open_spec(const struct lh_experiment *e, int i, bool live_only, struct lh_model **out, struct lh_error *err)
{
	bool given = i < e->models.count;
	struct lh_spec s;
	int rc = lh_spec_parse(lh_str_of(given ? e->models.item[i] : LH_DEMONSTRATION_MODEL), "model", &s, err);
	if (rc)
		return rc;
	if (!live_only || lh_model_kind_live(s.name)) {
		rc = check_leave(e, &s, err);
		if (!rc)
			rc = lh_model_open(s.name, s.bare, s.key, s.value, s.count, given ? e->models.base_dir[i] : NULL, out, err);
		if (!rc && lh_model_carrier(*out))
			rc = set_prices(e, &s, *out, err);
	}
	lh_spec_fini(&s);
	return rc;
}

int lh_experiment_model(const struct lh_experiment *e, int i, bool live_only, struct lh_model **out, struct lh_error *err)
{
	*out = NULL;
	int rc = open_spec(e, i, live_only, out, err);
	if (rc) {
		lh_model_free(*out);
		*out = NULL;
	}
	return rc;
}

char **lh_experiment_key_names(const struct lh_experiment *e)
{
	e = e->search ? e->search : e;           /* the keys of its other stages are no less secret */
	char **names = calloc((size_t)e->models.count + 1, sizeof *names);
	int n = 0;
	for (int i = 0; names && i < e->models.count; i++) {
		struct lh_spec s;
		if (lh_spec_parse(lh_str_of(e->models.item[i]), "model", &s, NULL))
			continue;
		struct lh_str name = value_of(&s, "key_env");
		if (name.n && (names[n] = lh_str_dup(name)))
			n++;
		lh_spec_fini(&s);
	}
	return names;
}

/* ---- trust ---- */

static bool all_plain(const struct lh_list *l, bool (*ours)(struct lh_str name))
{
	bool all = true;
	for (int i = 0; i < l->count && all; i++) {
		struct lh_spec s;
		if (lh_spec_parse(lh_str_of(l->item[i]), "", &s, NULL))
			return false;
		all = ours(s.name);
		lh_spec_fini(&s);
	}
	return all;
}

static bool simulated(struct lh_str name) { return !lh_model_kind_live(name); }

bool lh_experiment_live(const struct lh_experiment *e) { return !all_plain(&e->models, simulated); }

/* A name, not a path: it is found in the folders that were installed, where no others are named. */
static bool plain(struct lh_str name) { return !memchr(name.p, '/', name.n) && !memchr(name.p, '.', name.n); }

static bool is_set(const char *variable)
{
	const char *v = getenv(variable);
	return v && *v;
}

bool lh_experiment_trusted(const struct lh_experiment *e)
{
	return !e->plugins.count && !is_set("LONGHAUL_PLUGIN_PATH") && !is_set("LONGHAUL_POLICY_PATH") &&
		all_plain(&e->models, simulated) && all_plain(&e->tasks, plain) && all_plain(&e->policies, plain);
}
