/* Where the answer and the thoughts of a reply are, and that finding them takes linear time. */
#include "check.h"
#include "transcript/transcript.h"

#include <time.h>

#define NONE "-"                         /* no complete answer tag */

static const struct { const char *reply; bool thinks; const char *answer, *bare; } cases[] = {
	/* reply, does it think, content of the answer, the text without thoughts */
	{ "", false, NONE, "" },
	{ "42", false, NONE, "42" },
	{ "<answer>42</answer>", false, "42", "<answer>42</answer>" },
	{ "So: <answer> 42\n</answer>.", false, " 42\n", "So: <answer> 42\n</answer>." },
	{ "<answer></answer>", false, "", "<answer></answer>" },
	{ "<answer>1</answer><answer>2</answer>", false, "2", "<answer>1</answer><answer>2</answer>" },
	{ "<answer>1</answer> or <answer>2", false, "1", "<answer>1</answer> or <answer>2" },
	{ "<answer>1<answer>2</answer>", false, "2", "<answer>1<answer>2</answer>" },
	{ "<answer>1</answer></answer>", false, "1", "<answer>1</answer></answer>" },
	{ "</answer>1<answer>", false, NONE, "</answer>1<answer>" },
	{ "<ANSWER>1</ANSWER>", false, NONE, "<ANSWER>1</ANSWER>" },
	{ "<answer >1</answer>", false, NONE, "<answer >1</answer>" },
	{ "<answer>1</answer >", false, NONE, "<answer>1</answer >" },
	{ "<answer>a < b</answer>", false, "a < b", "<answer>a < b</answer>" },
	{ "<<answer>1</answer>>", false, "1", "<<answer>1</answer>>" },
	{ "<answer>1</answer><", false, "1", "<answer>1</answer><" },
	{ "<answe", false, NONE, "<answe" },
	/* thoughts */
	{ "<think>hm</think><answer>1</answer>", true, "1", "<answer>1</answer>" },
	{ "<think>hm</think> \r\n\t<answer>1</answer> ", true, "1", "<answer>1</answer> " },
	{ "<think><answer>1</answer></think>", true, NONE, "" },
	{ "<think><answer>1</answer></think><answer>2</answer>", true, "2", "<answer>2</answer>" },
	{ "<answer>1</answer><think><answer>2</answer></think>", true, "1", "<answer>1</answer>" },
	{ "<answer>1</answer><think><answer>2</answer>", true, "1", "<answer>1</answer>" },
	{ "<think>", true, NONE, "" },
	{ "a <think>cut", true, NONE, "a " },
	{ "a <think>b</think> c <think>d</think> e", true, NONE, "a c e" },
	{ "<answer>1<think>2</think></answer>", true, NONE, "<answer>1</answer>" },
	{ "<answer>1<think></answer>", true, NONE, "<answer>1" },
	/* the template opened the tag */
	{ "hm</think><answer>1</answer>", true, "1", "<answer>1</answer>" },
	{ "<answer>1</answer></think> ok", true, NONE, "ok" },
	{ "a</think>b</think> <answer>1</answer>", true, "1", "<answer>1</answer>" },
	{ "a</think> b <think>c</think> d", true, NONE, "b d" },
	{ "</think>", true, NONE, "" },
	/* nested: tags do not nest, and what closes none ends thoughts */
	{ "<think>a<think>b</think>c</think>d", true, NONE, "d" },
	{ "<think>a<think>b</think><answer>1</answer></think>", true, NONE, "" },
	{ "<think>a</think><answer>1</answer><think>b</think></think><answer>2</answer>", true, "2", "<answer>2</answer>" },
	{ "<think>a</think>\n<think>b</think>\nc", true, NONE, "c" },
	{ "<thi<think>x</think>nk>y", true, NONE, "<thi" "nk>y" },
	{ "< think>a</ think>", false, NONE, "< think>a</ think>" },
};

static void check_case(size_t i)
{
	struct lh_str s = lh_str_of(cases[i].reply);
	struct lh_answer a;
	struct lh_buf b;
	lh_buf_init(&b, 1 << 20);
	lh_answer_find(s, &a);
	bool answered = strcmp(cases[i].answer, NONE) != 0;
	lh_put_without_thoughts(&b, s);
	bool right = a.thinks == cases[i].thinks && a.answered == answered && lh_str_is(lh_buf_str(&b), cases[i].bare);
	if (answered)
		right = right && lh_str_is((struct lh_str){ s.p + a.content.at, a.content.n }, cases[i].answer)
			&& a.tag.at + 8 == a.content.at && a.tag.n == a.content.n + 17 && !memcmp(s.p + a.tag.at, "<answer>", 8);
	else
		right = right && !a.tag.n && !a.content.n && !a.tag.at && !a.content.at;
	if (!right)
		printf("  '%s': thinks %d, answer '%.*s', without thoughts '%s'\n", cases[i].reply, a.thinks,
			(int)a.content.n, s.p + a.content.at, b.p ? b.p : "");
	CHECK(right);
	lh_buf_fini(&b);
}

static void test_appends_to_what_is_there(void)
{
	struct lh_buf b;
	lh_buf_init(&b, 100);
	lh_buf_puts(&b, "x ");
	lh_put_without_thoughts(&b, LH_STR("<think>a</think> b"));
	CHECK_TEXT(b.p, "x b");
	lh_buf_fini(&b);
}

/* ---- variants ---- */

static void test_variants(void)
{
	static const struct { int role; const char *text; unsigned variant; const char *want; } table[] = {
		{ LH_ASSISTANT, "<think>a</think> So <answer>1</answer>!", 0, "<think>a</think> So <answer>1</answer>!" },
		{ LH_ASSISTANT, "<think>a</think> So <answer>1</answer>!", LH_NO_NATIVE_THOUGHTS, "<think>a</think> So <answer>1</answer>!" },
		{ LH_ASSISTANT, "<think>a</think> So <answer>1</answer>!", LH_NO_TAG_THOUGHTS, "So <answer>1</answer>!" },
		{ LH_ASSISTANT, "<think>a</think> So <answer>1</answer>!", LH_ANSWER_ONLY, "<answer>1</answer>" },
		{ LH_ASSISTANT, "<think>a</think> So", LH_ANSWER_ONLY, "So" },
		{ LH_ASSISTANT, "So <answer>none</answer>.", LH_ANSWER_ONLY, "<answer>none</answer>" },
		{ LH_USER, "<think>a</think> So <answer>1</answer>!", LH_ANSWER_ONLY | LH_NO_TAG_THOUGHTS, "<think>a</think> So <answer>1</answer>!" },
		{ LH_SYSTEM, "<think>a</think>", LH_NO_TAG_THOUGHTS, "<think>a</think>" },
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct lh_buf b;
		lh_buf_init(&b, 1000);
		lh_put_variant(&b, (enum lh_role)table[i].role, lh_str_of(table[i].text), table[i].variant);
		CHECK_TEXT(b.p, table[i].want);
		lh_buf_fini(&b);
	}
}

/* ---- hostile texts ---- */

#define MANY (1u << 18)

/* A text of at least a quarter of a megabyte in which `unit` repeats, between `head` and `tail`. */
static struct lh_buf repeated(const char *head, const char *unit, const char *tail)
{
	struct lh_buf b;
	lh_buf_init(&b, 8u << 20);
	lh_buf_puts(&b, head);
	while (b.n < MANY)
		lh_buf_puts(&b, unit);
	lh_buf_puts(&b, tail);
	CHECK(!b.failed);
	return b;
}

/* A quadratic search would take minutes on all of these. */
static void test_linear_time(void)
{
	static const struct { const char *head, *unit, *tail; bool answered; } hostile[] = {
		{ "", "<answer>", "", false },
		{ "", "<answer>", "</answer>", true },
		{ "", "</answer>", "", false },
		{ "<answer>", "</answer>", "", true },
		{ "", "<answer></answer>", "", true },
		{ "", "<answer>1</answer><answer>", "", true },
		{ "", "<think>", "", false },
		{ "", "</think>", "", false },
		{ "", "</think>", "<answer>1</answer>", true },
		{ "<think>", "</think>", "<answer>1</answer>", true },
		{ "", "<think></think>", "<answer>1</answer>", true },
		{ "", "<think><think></think>", "<answer>1</answer>", true },
		{ "", "<think></think></think>", "", false },
		{ "", "<think></think><answer>1", "</answer>", true },
		{ "", "<answer><think></think>", "", false },
		{ "", "<", "", false },
		{ "", "<answer", "", false },
		{ "", "</thin", "", false },
	};
	clock_t start = clock();
	for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
		struct lh_buf b = repeated(hostile[i].head, hostile[i].unit, hostile[i].tail), bare;
		struct lh_answer a;
		lh_buf_init(&bare, 8u << 20);
		lh_answer_find(lh_buf_str(&b), &a);
		CHECK_INT(a.answered, hostile[i].answered);
		lh_put_without_thoughts(&bare, lh_buf_str(&b));
		CHECK(!bare.failed && bare.n <= b.n);
		lh_buf_fini(&b);
		lh_buf_fini(&bare);
	}
	printf("hostile texts: %.0f ms\n", 1e3 * (double)(clock() - start) / CLOCKS_PER_SEC);
}

int main(void)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check_case(i);
	test_appends_to_what_is_there();
	test_variants();
	test_linear_time();
	return check_done();
}
