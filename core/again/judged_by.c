#include "again/judged_by.h"

#include "base/hash.h"
#include "json/reader.h"
#include "json/writer.h"

#include <stdio.h>
#include <string.h>

static void cut(char *to, size_t size, struct lh_str s) { snprintf(to, size, "%.*s", LH_ARG(s)); }

/* A family that differs, once. */
static void note_family(const struct lh_judged_by *r, const struct lh_json *was, const struct lh_family *is)
{
	struct lh_rescored *what = r->what;
	struct lh_str sha256 = lh_json_str(lh_json_get(was, "sha256"));
	if (lh_str_is(sha256, lh_family_sha256(is)))
		return;
	for (int i = 0; i < what->families; i++)
		if (!strcmp(what->family[i].name, lh_family_name(is)) && lh_str_is(sha256, what->family[i].was_sha256))
			return;
	if (what->families == (int)(sizeof what->family / sizeof *what->family))
		return;
	struct lh_rescored_family *f = &what->family[what->families++];
	cut(f->name, sizeof f->name, lh_str_of(lh_family_name(is)));
	cut(f->was_version, sizeof f->was_version, lh_json_str(lh_json_get(was, "version")));
	cut(f->is_version, sizeof f->is_version, lh_str_of(lh_family_version(is)));
	cut(f->was_sha256, sizeof f->was_sha256, sha256);
	cut(f->is_sha256, sizeof f->is_sha256, lh_str_of(lh_family_sha256(is)));
}

static int find_family(const struct lh_judged_by *r, struct lh_str name, const struct lh_family **out, struct lh_error *err)
{
	struct lh_error why = { 0 };
	int rc = lh_registry_find(r->registry, name, out, &why);
	bool unsaid = rc == LH_E_USAGE && !strstr(why.text, "--plugin");
	return rc ? lh_fail(err, rc, "%s%s", why.text, unsaid ? "; --plugin FILE names one" : "") : 0;
}

static int put_plugins(const struct lh_judged_by *r, struct lh_jw *w, const struct lh_json *plugins, struct lh_buf *by, struct lh_error *err)
{
	lh_jw_open(w, '[');
	for (const struct lh_json *p = lh_json_first(plugins); p; p = lh_json_next(p)) {
		const struct lh_family *f;
		int rc = find_family(r, lh_json_str(lh_json_get(p, "name")), &f, err);
		if (rc)
			return rc;
		note_family(r, p, f);
		lh_buf_printf(by, ", %s %s", lh_family_name(f), lh_family_version(f));
		lh_jw_open(w, '{');
		lh_jw_key(w, "name"), lh_jw_text(w, lh_family_name(f));
		lh_jw_key(w, "version"), lh_jw_text(w, lh_family_version(f));
		lh_jw_key(w, "sha256"), lh_jw_text(w, lh_family_sha256(f));
		lh_jw_close(w);
	}
	lh_jw_close(w);
	return 0;
}

/* The sources with the plugins of today; by: their names and versions. */
static int put_sources(const struct lh_judged_by *r, struct lh_buf *out, struct lh_buf *by, struct lh_error *err)
{
	struct lh_json *was;
	struct lh_jw w;
	if (lh_json_parse(r->run->sources, "sources", 1, &was, NULL))
		return lh_fail(err, LH_E_DAMAGED, "the sources of run %lld cannot be read", (long long)r->run->id);
	int rc = 0;
	lh_jw_init(&w, out, false);
	lh_jw_open(&w, '{');
	for (const struct lh_json *v = lh_json_first(was); v && !rc; v = lh_json_next(v)) {
		lh_jw_key_str(&w, lh_json_key(v));
		if (lh_str_is(lh_json_key(v), "plugins"))
			rc = put_plugins(r, &w, v, by, err);
		else
			lh_jw_node(&w, v);
	}
	lh_jw_close(&w);
	lh_json_free(was);
	return rc ? rc : lh_buf_ok(out, err);
}

/* The settings with a note, once, that every report shows. */
static void put_settings(const struct lh_judged_by *r, struct lh_str by, struct lh_buf *out)
{
	struct lh_jw w;
	struct lh_buf notes;
	struct lh_str was = lh_json_str(lh_json_get(r->settings, "notes"));
	lh_buf_init(&notes, LH_JOURNAL_TEXT_MAX);
	lh_buf_put_str(&notes, was);
	lh_buf_puts(&notes, was.n && was.p[was.n - 1] != '\n' ? "\n" : "");
	size_t from = notes.n;
	lh_buf_printf(&notes, "Outcomes were computed again from what was said, by longhaul %s%.*s.\n", LH_VERSION, LH_ARG(by));
	bool there = was.n && memmem(was.p, was.n, notes.p + from, notes.n - from);
	lh_jw_init(&w, out, false);
	lh_jw_open(&w, '{');
	for (const struct lh_json *v = lh_json_first(r->settings); v; v = lh_json_next(v))
		if (!lh_str_is(lh_json_key(v), "notes"))
			lh_jw_key_str(&w, lh_json_key(v)), lh_jw_node(&w, v);
	lh_jw_key(&w, "notes");
	lh_jw_str(&w, there ? was : lh_buf_str(&notes));
	lh_jw_close(&w);
	lh_buf_fini(&notes);
}

static int restate(const struct lh_judged_by *r, struct lh_str sources, struct lh_str by, struct lh_error *err)
{
	struct lh_buf settings;
	struct lh_sha256 sum;
	char config_sha256[65];
	bool same = lh_str_equal(sources, r->run->sources);
	if (!r->journal)
		return 0;
	lh_buf_init(&settings, LH_JOURNAL_TEXT_MAX);
	put_settings(r, by, &settings);
	lh_sha256_init(&sum);                    /* as lh_plan_make() does */
	lh_sha256_add(&sum, r->run->config.p, r->run->config.n);
	lh_sha256_add(&sum, sources.p, sources.n);
	lh_sha256_hex(&sum, config_sha256);
	struct lh_restated now = { same ? r->run->config_sha256 : lh_str_of(config_sha256), sources, lh_buf_str(&settings) };
	int rc = lh_buf_ok(&settings, err);
	if (!rc)
		rc = lh_journal_restate_run(r->journal, r->run->id, &now, err);
	lh_buf_fini(&settings);
	return rc;
}

int lh_judged_by_today(const struct lh_judged_by *r, struct lh_error *err)
{
	struct lh_buf sources, by;
	lh_buf_init(&sources, LH_JOURNAL_TEXT_MAX);
	lh_buf_init(&by, 1 << 16);
	int rc = put_sources(r, &sources, &by, err);
	if (!rc)
		rc = restate(r, lh_buf_str(&sources), lh_buf_str(&by), err);
	lh_buf_fini(&sources);
	lh_buf_fini(&by);
	return rc;
}
