/* Filler text: exact lengths, plain English, questions and answers that speak of the same. To read some:
 * test_filler QUESTION_BYTES ANSWER_BYTES COUNT */
#include "check.h"
#include "transcript/filler.h"

#include <ctype.h>

static struct lh_buf question, answer;

static void make(uint64_t seed, size_t n, size_t m)
{
	lh_buf_clear(&question);
	lh_buf_clear(&answer);
	lh_filler_pair(lh_random_stream(seed, 3, 5, LH_FOR_HISTORY, 0), n, m, &question, &answer);
}

/* What is wrong with a text of n bytes that should end in `end`, or NULL. */
static const char *fault(const struct lh_buf *b, size_t n, char end)
{
	const char *s = b->p;
	if (b->n != n || (s && s[n]))
		return "length";
	for (size_t i = 0; i < n; i++) {
		char c = s[i], next = i + 1 < n ? s[i + 1] : 0;
		bool mark = c == '.' || c == '?' || c == ',';
		if (!isalpha((unsigned char)c) && !mark && c != ' ' && c != '\'')
			return "character";
		if (c == ' ' && (i == 0 || !isalpha((unsigned char)next)))
			return "space";
		if (mark && next && next != ' ')
			return "no space behind a mark";
		if (c == '\'' && next != 's')
			return "apostrophe";
		if ((c == '.' || c == '?') && next && !isupper((unsigned char)s[i + 2]))
			return "small letter at the beginning of a sentence";
	}
	if (n && s[n - 1] != end)
		return "end";
	return n > 1 && !isupper((unsigned char)s[0]) ? "small letter at the beginning" : NULL;
}

static void check_pair(uint64_t seed, size_t n, size_t m)
{
	make(seed, n, m);
	const char *in_question = fault(&question, n, '?'), *in_answer = fault(&answer, m, '.');
	if (in_question || in_answer)
		printf("seed %d, %zu and %zu bytes: %s\n%s\n%s\n", (int)seed, n, m, in_question ? in_question : in_answer, question.p, answer.p);
	CHECK(!in_question && !in_answer);
	/* Where there is room, questions are whole. */
	CHECK(n < 15 || (!strstr(question.p, "And ") && !strstr(question.p, " or ")));
}

static void test_lengths(void)
{
	for (size_t n = 0; n <= 400; n++)
		for (size_t m = 0; m <= 400; m += n < 150 ? 1 : 7)
			check_pair(n + m, n, m);
	for (uint64_t seed = 1; seed <= 40; seed++)
		for (size_t n = 0; n <= 400; n++)
			check_pair(seed, n, n * (size_t)seed % 401);
	check_pair(1, 5, 100000);
	check_pair(1, 100000, 20);
	check_pair(1, 100000, 100000);
}

/* ---- Words ------------------------------------------------------------------------------------- */

/* Whether the word, in small letters, is a key of the built-in families: of their list, or made up as words.c does. */
static bool is_key(const char *word, const char *list)
{
	char quoted[80];
	snprintf(quoted, sizeof quoted, "\"%s\"", word);
	if (strstr(list, quoted))
		return true;
	size_t n = strlen(word);
	for (size_t i = 0; i < n; i++)
		if (!strchr(i % 2 ? "aeiou" : "bcdfghjklmnpqrstvwyz", word[i]))
			return false;
	return n == 7;
}

/* A line of the dictionary in the middle of what is to be unrelated would not be that. */
static void test_no_word_is_a_key(void)
{
	struct lh_buf list;
	lh_buf_init(&list, 1 << 20);
	CHECK_INT(lh_file_read(LH_SOURCE_DIR "/plugins/support/words.c", &list, NULL), 0);
	CHECK(is_key("apple", list.p) && is_key("zebra", list.p) && is_key("badifog", list.p) && !is_key("goat", list.p));
	int words = 0;
	for (uint64_t seed = 0; seed < 20; seed++) {
		make(seed, 20000, 20000);
		const struct lh_buf *sides[] = { &question, &answer };
		for (int side = 0; side < 2; side++) {
			char word[64];
			size_t size = 0;
			for (size_t i = 0; i <= sides[side]->n; i++) {
				char c = sides[side]->p[i];
				if (isalpha((unsigned char)c) && size < sizeof word - 1) {
					word[size++] = (char)tolower((unsigned char)c);
					continue;
				}
				word[size] = 0;
				if (size && is_key(word, list.p)) {
					printf("%s is a key\n", word);
					CHECK(false);
				}
				words += size > 0;
				size = 0;
			}
		}
	}
	CHECK(words > 100000);
	lh_buf_fini(&list);
}

/* "Ida saw Ida." */
static bool meets_himself(const char *verb)
{
	char before[16], after[16];
	for (const char *at = strstr(answer.p, verb); at; at = strstr(at + 1, verb)) {
		const char *name = at;
		while (name > answer.p && isalpha((unsigned char)name[-1]))
			name--;
		snprintf(before, sizeof before, "%.*s", (int)(at - name), name);
		at += strlen(verb);
		snprintf(after, sizeof after, "%.*s", (int)strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"), at);
		if (strcmp(before, after) == 0) {
			printf("%s%s%s\n", before, verb, after);
			return true;
		}
	}
	return false;
}

static void test_nobody_meets_himself(void)
{
	for (uint64_t seed = 0; seed < 10; seed++) {
		make(seed, 5, 100000);
		CHECK(!meets_himself(" saw ") && !meets_himself(" met ") && !meets_himself(" and "));
	}
}

/* ---- One fact ---------------------------------------------------------------------------------- */

/* The answer's first sentence. */
static struct lh_str first_sentence(void)
{
	const char *end = memchr(answer.p, '.', answer.n);
	return (struct lh_str){ answer.p, end ? (size_t)(end - answer.p) + 1 : answer.n };
}

static void test_answers_answer(void)
{
	int colours = 0, seen = 0;
	for (uint64_t seed = 0; seed < 4000; seed++) {
		make(seed, 27 + seed % 5, 30 + seed % 40);
		struct lh_str first = first_sentence();
		const char *about = question.p + strlen("What colour is ");
		if (strncmp(question.p, "What colour is ", strlen("What colour is ")) == 0) {
			size_t size = strcspn(about, "?");              /* Mira's boat */
			CHECK(first.n > size + 4 && strncmp(first.p, about, size) == 0 && strncmp(first.p + size, " is ", 4) == 0);
			colours++;
		}
		about = question.p + strlen("Who saw ");
		if (strncmp(question.p, "Who saw ", strlen("Who saw ")) == 0 && memchr(first.p, ' ', first.n)) {
			size_t size = strcspn(about, "?");              /* Ida, or Ida in Rome */
			CHECK(first.n > size + 5 && strncmp(first.p + first.n - size - 1, about, size) == 0);
			seen++;
		}
	}
	CHECK(colours > 50 && seen > 50);
}

/* What a made history says is made of these: a change here changes what runs made before mean. */
static void test_some(void)
{
	static const struct { size_t n, m; const char *question, *answer; } cases[] = {
		{ 0, 3, "", "Mo." },
		{ 1, 20, "?", "Cy made soup for Lu." },
		{ 2, 2, "E?", "E." },
		{ 5, 20, "Rolf?", "Rolf has a gold bed." },
		{ 12, 7, "And Abigail?", "Indeed." },
		{ 27, 24, "Who met Frederik in Lisbon?", "It was Carla. Ed saw Mo." },
		{ 70, 30, "Jocelyn's fox likes ham. Valentina fed the hen. When was Rosa in Riga?",
			"On Thursday. Cy met Di in Ely." },
		{ 25, 90, "When did Simon go to Nis?",
			"Simon went to Nis on Thursday. Felix met Bob in Porto. Elisabeth met Winifred in Brussels." },
		{ 110, 130, "Jo and Nathaniel live in Ottawa. Nadine met Oscar in Honolulu. Emil's stork likes rye. When did Ty go to Oslo?",
			"Ty went to Oslo on Sunday. Valentina's cap is maroon. Keiko's cup is red. Fay lost the turquoise washbasin in Venice on Wednesday." },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		make(i, cases[i].n, cases[i].m);
		CHECK_TEXT(question.p, cases[i].question);
		CHECK_TEXT(answer.p, cases[i].answer);
	}
}

/* ---- Streams and buffers ----------------------------------------------------------------------- */

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

static int different(char (*texts)[128], size_t count)
{
	int n = 1;
	qsort(texts, count, sizeof *texts, by_text);
	for (size_t i = 1; i < count; i++)
		n += strcmp(texts[i - 1], texts[i]) != 0;
	return n;
}

/* Of 2,000 pairs, how many are different: at lengths that one-step turns have, and at longer ones. */
static void test_variety(void)
{
	static const struct { size_t n, m; int questions, answers; } cases[] = { { 5, 20, 60, 1000 }, { 12, 20, 300, 1000 }, { 30, 40, 1700, 1900 } };
	static char q[2000][128], a[2000][128];
	for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
		for (size_t i = 0; i < 2000; i++) {
			make(i, cases[c].n, cases[c].m);
			snprintf(q[i], sizeof q[i], "%s", question.p);
			snprintf(a[i], sizeof a[i], "%s", answer.p);
		}
		int questions = different(q, 2000), answers = different(a, 2000);
		if (questions < cases[c].questions || answers < cases[c].answers)
			printf("%zu and %zu bytes: %d questions, %d answers\n", cases[c].n, cases[c].m, questions, answers);
		CHECK(questions >= cases[c].questions);
		CHECK(answers >= cases[c].answers);
	}
}

static void test_again(void)
{
	struct lh_buf q, a;
	lh_buf_init(&q, 1000);
	lh_buf_init(&a, 1000);
	for (size_t n = 0; n < 300; n += 7)
		for (size_t m = 0; m < 300; m += 11) {
			struct lh_random r = lh_random_stream(9, 3, 5, LH_FOR_HISTORY, 0);
			make(9, n, m);
			lh_buf_clear(&q);
			lh_buf_clear(&a);
			lh_buf_puts(&q, "Q: ");
			lh_buf_puts(&a, "A: ");
			lh_filler_pair(r, n, m, &q, NULL);
			lh_filler_pair(r, n, m, NULL, &a);
			CHECK(q.n == n + 3 && memcmp(q.p, "Q: ", 3) == 0 && memcmp(q.p + 3, question.p ? question.p : "", n) == 0);
			CHECK(a.n == m + 3 && memcmp(a.p, "A: ", 3) == 0 && memcmp(a.p + 3, answer.p ? answer.p : "", m) == 0);
		}
	/* Where a buffer is too small it says so, holds what it held, and the other is written. */
	lh_buf_fini(&q);
	lh_buf_init(&q, 20);
	lh_buf_puts(&q, "Q: ");
	lh_buf_clear(&a);
	make(1, 18, 40);
	lh_filler_pair(lh_random_stream(1, 3, 5, LH_FOR_HISTORY, 0), 18, 40, &q, &a);
	CHECK_INT(q.failed, LH_E_LIMIT);
	CHECK_TEXT(q.p, "Q: ");
	CHECK_TEXT(a.p, answer.p);
	lh_buf_fini(&q);
	lh_buf_fini(&a);
}

static void show(size_t n, size_t m, int count)
{
	for (int i = 0; i < count; i++) {
		make((uint64_t)i, n, m);
		printf("%s\n    %s\n", question.p, answer.p);
	}
}

int main(int argc, char **argv)
{
	lh_buf_init(&question, 1 << 20);
	lh_buf_init(&answer, 1 << 20);
	if (argc == 4) {
		show((size_t)atoi(argv[1]), (size_t)atoi(argv[2]), atoi(argv[3]));
	} else {
		test_lengths();
		test_no_word_is_a_key();
		test_nobody_meets_himself();
		test_answers_answer();
		test_some();
		test_variety();
		test_again();
	}
	lh_buf_fini(&question);
	lh_buf_fini(&answer);
	return argc == 4 ? 0 : check_done();
}
