/* JUnit as the schema of Jenkins has it, which is the strictest of those in use: properties in suites only, and no
 * attributes of a case but its name and class. */
#include "ci/ci.h"

#include "ci/neutral.h"
#include "ci/parts.h"
#include "report/gate_report.h"
#include "report/single_turn_report.h"

#include <inttypes.h>

enum { TEXT = 1 << 22 };

enum end { PASSED, FAILED, ERROR, SKIPPED, ENDS };

struct counts { int of[ENDS]; };

/* One case: what it is called, and what became of it. */
struct kase {
	struct lh_str class_name, name;
	enum end end;
	const char *type;
	struct lh_str message, text;     /* text: lines */
};

static void put_attribute(struct lh_buf *out, const char *name, struct lh_str value)
{
	lh_buf_printf(out, " %s=\"", name);
	lh_ci_xml(out, value);
	lh_buf_putc(out, '"');
}

static void put_case(const struct kase *k, struct lh_buf *out)
{
	static const char *const element[ENDS] = { NULL, "failure", "error", "skipped" };
	lh_buf_puts(out, "    <testcase");
	put_attribute(out, "classname", k->class_name);
	put_attribute(out, "name", k->name);
	lh_buf_puts(out, ">\n");
	if (element[k->end]) {
		lh_buf_printf(out, "      <%s", element[k->end]);
		put_attribute(out, "type", lh_str_of(k->type));
		put_attribute(out, "message", k->message);
		lh_buf_putc(out, '>');
		lh_ci_xml_lines(out, k->text);
		lh_buf_printf(out, "</%s>\n", element[k->end]);
	} else {
		lh_buf_puts(out, "      <system-out>");
		lh_ci_xml_lines(out, k->text.n ? k->text : k->message);
		lh_buf_puts(out, "</system-out>\n");
	}
	lh_buf_puts(out, "    </testcase>\n");
}

/* ---- ends ---- */

/* A run that did not come to its end is never green, whatever there is of it. */
static enum end condition_end(const struct lh_ci *ci, const struct lh_report_condition *c, const char **type)
{
	if (!lh_ci_done(ci->report))
		return *type = "infrastructure", ERROR;
	if (!lh_ci_observed(c) && !c->cause_count)
		return *type = "not_run", SKIPPED;
	if (c->result->policy_errors)
		return *type = "policy", FAILED;
	if (c->result->censored)
		return *type = "infrastructure", ERROR;
	return PASSED;
}

static enum end gate_end(const struct lh_ci *ci, const struct lh_report_gate *g, const char **type)
{
	static const enum end ends[LH_CI_ENDS] = { PASSED, FAILED, SKIPPED, ERROR };
	static const char *const types[LH_CI_ENDS] = { "", "gate", "inconclusive", "infrastructure" };
	enum lh_ci_end end = lh_ci_gate_end(ci, g);
	*type = types[end];
	return ends[end];
}

static struct counts count(const struct lh_ci *ci, int condition)
{
	struct counts n = { { 0 } };
	const char *type;
	n.of[condition_end(ci, &ci->report->condition[condition], &type)]++;
	for (int i = 0; i < ci->report->gate_count; i++)
		if (ci->report->gate[i].condition == condition)
			n.of[gate_end(ci, &ci->report->gate[i], &type)]++;
	return n;
}

/* ---- texts ---- */

static void put_figures(const struct lh_report_condition *c, struct lh_buf *out)
{
	struct lh_ci_figure f[LH_CI_FIGURES];
	int n = lh_ci_figures(c, f);
	for (int i = 0; i < n; i++)
		if (!lh_figure_is_none(&f[i].figure))
			lh_buf_printf(out, "%s: %s%s%s%s%s\n", f[i].name, f[i].figure.value, *f[i].figure.tail ? " " : "", f[i].figure.tail, *f[i].unit ? " " : "", f[i].unit);
}

static void put_message(const struct lh_ci *ci, const struct lh_report_condition *c, struct lh_buf *out)
{
	const struct lh_report_run *run = &ci->report->run;
	int n = c->result->policy_errors;
	if (!lh_ci_done(ci->report)) {
		lh_buf_puts(out, "the run is not done: ");
		lh_buf_put_str(out, run->cause.n ? run->cause : run->status);
		lh_buf_puts(out, n || c->result->censored || !lh_ci_observed(c) ? "; " : "");
	}
	if (!lh_ci_observed(c) && !c->cause_count)
		lh_buf_puts(out, "nothing was run under this condition");
	if (n)
		lh_buf_printf(out, "in %d of %d samples the policy itself failed", n, c->result->samples);
	if (n && c->result->censored)
		lh_buf_puts(out, "; ");
	lh_ci_censored_sentence(c, out);
}

/* ---- suites ---- */

static void put_property(struct lh_buf *out, const char *name, struct lh_str value)
{
	lh_buf_printf(out, "      <property name=\"%s\"", name);
	put_attribute(out, "value", value);
	lh_buf_puts(out, "/>\n");
}

static void put_number(struct lh_buf *out, const char *name, int64_t n)
{
	lh_buf_printf(out, "      <property name=\"%s\" value=\"%" PRId64 "\"/>\n", name, n);
}

static void put_figure_properties(const struct lh_report_condition *c, struct lh_buf *out)
{
	struct lh_ci_figure f[LH_CI_FIGURES];
	int n = lh_ci_figures(c, f);
	for (int i = 0; i < n; i++) {
		if (lh_figure_is_none(&f[i].figure))
			continue;
		put_property(out, f[i].name, lh_str_of(f[i].figure.value));
		if (!*f[i].figure.tail)
			continue;
		lh_buf_printf(out, "      <property name=\"%s interval\" value=\"%s\"/>\n", f[i].name, f[i].figure.tail);
	}
}

static void put_properties(const struct lh_ci *ci, const struct lh_report_condition *c, struct lh_buf *out)
{
	const struct lh_report_run *run = &ci->report->run;
	lh_buf_puts(out, "    <properties>\n");
	put_property(out, "longhaul version", run->version);
	put_property(out, "configuration sha256", run->config_sha256);
	put_property(out, "status", run->status);
	for (int i = 0; i < ci->report->note_count; i++)
		put_property(out, "note", lh_str_of(ci->report->notes[i]));
	lh_buf_printf(out, "      <property name=\"seed\" value=\"%" PRIu64 "\"/>\n", run->seed);
	put_property(out, "task", c->task);
	put_property(out, "task parameters", c->task_params);
	put_property(out, "model", c->model);
	put_property(out, "model options", c->model_options);
	put_property(out, "policy", c->policy);
	put_property(out, "policy options", c->policy_options);
	put_property(out, "oracle", c->oracle ? LH_STR("yes") : LH_STR("no"));
	put_property(out, "history", c->history);
	put_number(out, "samples", c->result->samples);
	put_number(out, "censored", c->result->censored);
	put_number(out, "turns", c->result->turns);
	put_number(out, "steps per turn", c->result->steps_per_turn);
	put_figure_properties(c, out);
	lh_buf_puts(out, "    </properties>\n");
}

struct texts { struct lh_buf class_name, name, message, text; };

static void clear(struct texts *t)
{
	lh_buf_clear(&t->name);
	lh_buf_clear(&t->message);
	lh_buf_clear(&t->text);
}

static void put_texts(struct texts *t, enum end end, const char *type, struct lh_buf *out)
{
	struct kase k = { lh_buf_str(&t->class_name), lh_buf_str(&t->name), end, type, lh_buf_str(&t->message), lh_buf_str(&t->text) };
	put_case(&k, out);
	if (t->name.failed || t->message.failed || t->text.failed)
		out->failed = LH_E_LIMIT;
}

static void put_condition_case(const struct lh_ci *ci, int condition, struct texts *t, struct lh_buf *out)
{
	const struct lh_report_condition *c = &ci->report->condition[condition];
	const char *type = "";
	enum end end = condition_end(ci, c, &type);
	clear(t);
	lh_ci_condition_name(ci->report, condition, &t->name);
	put_message(ci, c, &t->message);
	put_figures(c, &t->text);
	lh_ci_causes(c, &t->text);
	put_texts(t, end, type, out);
}

static void put_gate_case(const struct lh_ci *ci, int gate, struct texts *t, struct lh_buf *out)
{
	const struct lh_report_gate *g = &ci->report->gate[gate];
	const char *type = "";
	enum end end = gate_end(ci, g, &type);
	clear(t);
	lh_ci_gate_name(ci->report, gate, &t->name);
	lh_gate_sentence(ci->report, g, &lh_ci_style, &t->message);
	lh_ci_causes(&ci->report->condition[g->condition], &t->text);
	if (end == PASSED) {                     /* says why it passed */
		lh_buf_clear(&t->text);
		lh_buf_put_str(&t->text, lh_buf_str(&t->message));
	}
	put_texts(t, end, type, out);
}

/* A dot would be read as the end of a package's name. */
static void put_class(const struct lh_report_condition *c, struct lh_buf *out)
{
	lh_buf_puts(out, "longhaul.");
	for (size_t i = 0; i < c->task.n; i++)
		lh_buf_putc(out, c->task.p[i] == '.' ? '_' : c->task.p[i]);
}

static void put_suite(const struct lh_ci *ci, int condition, struct texts *t, struct lh_buf *out)
{
	struct counts n = count(ci, condition);
	lh_buf_clear(&t->class_name);
	put_class(&ci->report->condition[condition], &t->class_name);
	clear(t);
	lh_ci_condition_name(ci->report, condition, &t->name);
	lh_buf_puts(out, "  <testsuite");
	put_attribute(out, "name", lh_buf_str(&t->name));
	lh_buf_printf(out, " tests=\"%d\" failures=\"%d\" errors=\"%d\" skipped=\"%d\"", n.of[PASSED] + n.of[FAILED] + n.of[ERROR] + n.of[SKIPPED],
		n.of[FAILED], n.of[ERROR], n.of[SKIPPED]);
	if (ci->timing && ci->report->run.started.n)
		put_attribute(out, "timestamp", ci->report->run.started);
	lh_buf_puts(out, ">\n");
	put_properties(ci, &ci->report->condition[condition], out);
	put_condition_case(ci, condition, t, out);
	for (int i = 0; i < ci->report->gate_count; i++)
		if (ci->report->gate[i].condition == condition)
			put_gate_case(ci, i, t, out);
	lh_buf_puts(out, "  </testsuite>\n");
}

static const char head[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

static void put_root(const struct lh_ci *ci, struct lh_buf *out)
{
	struct counts all = { { 0 } };
	for (int i = 0; i < ci->report->count; i++) {
		struct counts n = count(ci, i);
		for (int e = 0; e < ENDS; e++)
			all.of[e] += n.of[e];
	}
	lh_buf_puts(out, head);
	lh_buf_printf(out, "<testsuites name=\"longhaul\" tests=\"%d\" failures=\"%d\" errors=\"%d\"", all.of[PASSED] + all.of[FAILED] + all.of[ERROR] + all.of[SKIPPED], all.of[FAILED], all.of[ERROR]);
	if (ci->timing)
		lh_buf_printf(out, " time=\"%.3f\"", ci->report->run.wall_s);
	lh_buf_puts(out, ">\n");
}

/* A search has a case for each task, model and policy; it fails nothing, but it may not be over. */
static void put_search(const struct lh_searches *s, struct texts *t, struct lh_buf *out)
{
	int open = 0;
	for (int i = 0; i < s->count; i++)
		open += s->of[i].end == LH_SEARCH_OPEN;
	lh_buf_printf(out, "%s<testsuites name=\"longhaul\" tests=\"%d\" failures=\"0\" errors=\"%d\">\n", head, s->count, open);
	lh_buf_printf(out, "  <testsuite name=\"single turn\" tests=\"%d\" failures=\"0\" errors=\"%d\" skipped=\"0\">\n", s->count, open);
	for (int i = 0; i < s->count; i++) {
		const struct lh_single_turn *of = &s->of[i];
		clear(t);
		lh_buf_clear(&t->class_name);
		lh_buf_puts(&t->class_name, "longhaul.single_turn");
		lh_buf_printf(&t->name, "%d: %s, %s, %s", i + 1, *of->policy_label ? of->policy_label : of->policy,
			*of->task_label ? of->task_label : of->task, *of->model_label ? of->model_label : of->model);
		lh_single_turn_sentence(s, of, &t->message);
		put_texts(t, of->end == LH_SEARCH_OPEN ? ERROR : PASSED, "infrastructure", out);
	}
	lh_buf_puts(out, "  </testsuite>\n</testsuites>\n");
}

void lh_ci_junit(const struct lh_ci *ci, struct lh_buf *out)
{
	struct texts t;
	lh_buf_init(&t.class_name, TEXT);
	lh_buf_init(&t.name, TEXT);
	lh_buf_init(&t.message, TEXT);
	lh_buf_init(&t.text, TEXT);
	if (ci->report->single_turn) {
		put_search(ci->report->single_turn, &t, out);
	} else {
		put_root(ci, out);
		for (int i = 0; i < ci->report->count; i++)
			put_suite(ci, i, &t, out);
		lh_buf_puts(out, "</testsuites>\n");
	}
	lh_buf_fini(&t.class_name);
	lh_buf_fini(&t.name);
	lh_buf_fini(&t.message);
	lh_buf_fini(&t.text);
}

void lh_ci_junit_skipped(struct lh_str reason, struct lh_buf *out)
{
	struct kase k = { LH_STR("longhaul"), LH_STR("run"), SKIPPED, "skipped", reason, LH_STR("") };
	lh_buf_printf(out, "%s<testsuites name=\"longhaul\" tests=\"1\" failures=\"0\" errors=\"0\">\n"
		"  <testsuite name=\"longhaul\" tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"1\">\n", head);
	put_case(&k, out);
	lh_buf_puts(out, "  </testsuite>\n</testsuites>\n");
}
