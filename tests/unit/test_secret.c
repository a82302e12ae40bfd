/* Keys: taken, refused, hidden from children, written over. */
#include "check.h"
#include "net/secret.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define KEY "sk-test-0123456789abcdef"

static struct lh_secrets *fresh(void)
{
	struct lh_secrets *s;
	struct lh_error err = { 0 };
	CHECK_INT(lh_secrets_new(&s, &err), 0);
	return s;
}

static int take(struct lh_secrets *s, const char *name, const char *value)
{
	struct lh_error err = { 0 };
	int index;
	setenv(name, value, 1);
	CHECK_INT(lh_secrets_take_env(s, name, &index, &err), 0);
	return index;
}

static void test_take(void)
{
	struct lh_secrets *s = fresh();
	int a = take(s, "LH_A_KEY", KEY), b = take(s, "LH_B_KEY", "  other-key\n");
	CHECK(lh_str_is(lh_secrets_peek(s, a), KEY));
	CHECK(lh_str_is(lh_secrets_peek(s, b), "other-key"));
	CHECK_INT(lh_secrets_peek(s, -1).n, 0);
	CHECK_INT(lh_secrets_peek(s, 2).n, 0);
	CHECK_INT(lh_secrets_peek(NULL, 0).n, 0);
	/* Two models may name one variable, also after it was scrubbed. */
	unsetenv("LH_A_KEY");
	struct lh_error err = { 0 };
	int again;
	CHECK_INT(lh_secrets_take_env(s, "LH_A_KEY", &again, &err), 0);
	CHECK_INT(again, a);
	unsetenv("LH_B_KEY");
	lh_secrets_free(s);
	lh_secrets_free(NULL);
}

/* The key's own bytes, read in a forked child. */
static void test_child_sees_zeros(void)
{
	struct lh_secrets *s = fresh();
	int i = take(s, "LH_A_KEY", KEY);
	struct lh_str key = lh_secrets_peek(s, i);
	pid_t child = fork();
	if (!child) {
		int seen = 0;
		for (size_t at = 0; at < key.n; at++)
			seen |= key.p[at];
		_exit(seen ? 1 : 0);
	}
	int status = -1;
	CHECK(child > 0 && waitpid(child, &status, 0) == child);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	CHECK(lh_str_is(lh_secrets_peek(s, i), KEY));
	unsetenv("LH_A_KEY");
	lh_secrets_free(s);
}

static void test_not_in_core_dumps(void)
{
	struct lh_secrets *s = fresh();
	struct lh_str key = lh_secrets_peek(s, take(s, "LH_A_KEY", KEY));
	char line[512];
	bool within = false, hidden = false;
	FILE *maps = fopen("/proc/self/smaps", "r");
	while (maps && fgets(line, sizeof line, maps)) {
		unsigned long from, to;
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			within = (unsigned long)key.p >= from && (unsigned long)key.p < to;
		if (within && !strncmp(line, "VmFlags:", 8))
			hidden = strstr(line, " dd") && strstr(line, " wf");     /* do not dump, wipe on fork */
	}
	if (maps)
		fclose(maps);
	CHECK(!maps || hidden);
	unsetenv("LH_A_KEY");
	lh_secrets_free(s);
}

static bool environ_holds(const char *what)
{
	static char all[1 << 20];
	int fd = open("/proc/self/environ", O_RDONLY);
	ssize_t n = fd < 0 ? 0 : read(fd, all, sizeof all);
	if (fd >= 0)
		close(fd);
	return n > 0 && memmem(all, (size_t)n, what, strlen(what));
}

/* Only what stood in the environment from the start is in /proc, so this runs in a program started anew. */
static int scrubbed(void)
{
	struct lh_secrets *s = fresh();
	struct lh_error err = { 0 };
	int index;
	CHECK(environ_holds("first-" KEY) && environ_holds("second-" KEY) && environ_holds("kept-" KEY) && environ_holds("plain-value"));
	CHECK_INT(lh_secrets_take_env(s, "LH_FIRST_KEY", &index, &err), 0);
	lh_secret_scrub((const char *const[]){ "LH_ODD", NULL }, (const char *const[]){ "LH_KEPT_TOKEN", NULL });
	CHECK(!environ_holds("first-") && !environ_holds("second-") && !environ_holds("odd-"));
	CHECK(!getenv("LH_FIRST_KEY") && !getenv("LH_SECOND_SECRET") && !getenv("LH_ODD"));
	CHECK(environ_holds("kept-" KEY) && getenv("LH_KEPT_TOKEN"));
	CHECK(environ_holds("plain-value") && getenv("LH_PLAIN"));
	CHECK(lh_str_is(lh_secrets_peek(s, index), "first-" KEY));
	lh_secret_scrub(NULL, NULL);
	CHECK(!environ_holds("kept-") && !getenv("LH_KEPT_TOKEN"));
	lh_secrets_free(s);
	return check_done();
}

static void test_scrub(const char *self)
{
	char *const argv[] = { (char *)self, (char *)"scrubbed", NULL };
	char *const env[] = { (char *)"LH_FIRST_KEY=first-" KEY, (char *)"LH_PLAIN=plain-value", (char *)"LH_SECOND_SECRET=second-" KEY,
		(char *)"LH_ODD=odd-" KEY, (char *)"LH_KEPT_TOKEN=kept-" KEY, (char *)"NO_EQUALS_KEY", (char *)"LH_SECOND_SECRET=second-" KEY, NULL };
	pid_t child = fork();
	if (!child) {
		execve("/proc/self/exe", argv, env);
		_exit(9);
	}
	int status = -1;
	CHECK(child > 0 && waitpid(child, &status, 0) == child);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void test_names(void)
{
	static const char *const secret[] = { "OPENAI_API_KEY", "openai_api_key", "GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "DB_PASSWORD",
		"PGPASSWORD", "MYSQL_PWD", "GOOGLE_APPLICATION_CREDENTIALS", "OPENAI_API_KEY_2", "CLIENT_SECRET", "TOKEN", "KEY", "NPM_AUTH_TOKEN", "OPENAI_APIKEY" };
	static const char *const plain[] = { "PATH", "HOME", "PWD", "OLDPWD", "LANG", "TOKENIZERS_PARALLELISM", "MONKEY", "OPENAI_BASE_URL", "KEYBOARD", "", "SSH_AUTH_SOCK", "COLORTERM" };
	for (size_t i = 0; i < sizeof secret / sizeof *secret; i++)
		CHECK(lh_secret_name(secret[i]));
	for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
		CHECK(!lh_secret_name(plain[i]));
}

/* ---- refusals ---- */

static void refuse_env(const char *name, const char *value, int code, const char *part)
{
	struct lh_secrets *s = fresh();
	struct lh_error err = { 0 };
	int index;
	if (value)
		setenv(name, value, 1);
	CHECK_INT(lh_secrets_take_env(s, name, &index, &err), code);
	CHECK_INT(index, -1);
	CHECK_HAS(err.text, part);
	CHECK(!strstr(err.text, "sk-test") && !strstr(err.text, "AIzaSy"));
	if (value)
		unsetenv(name);
	lh_secrets_free(s);
}

static void test_refused_variables(void)
{
	static char long_key[4098];
	memset(long_key, 'k', 4097);
	refuse_env("LH_NOT_SET_KEY", NULL, LH_E_MISSING, "LH_NOT_SET_KEY");
	refuse_env("LH_A_KEY", "", LH_E_MISSING, "LH_A_KEY, which should hold a key, is empty");
	refuse_env("LH_A_KEY", " \t\n", LH_E_DATA, "is empty");
	refuse_env("LH_A_KEY", "sk-test one", LH_E_DATA, "blank");
	refuse_env("LH_A_KEY", "sk-test\r\nHost: evil", LH_E_DATA, "control character");
	refuse_env("LH_A_KEY", "sk-test\x7f", LH_E_DATA, "control character");
	refuse_env("LH_A_KEY", long_key, LH_E_DATA, "4096");
	refuse_env("sk-test-0123", NULL, LH_E_USAGE, "variable");
	refuse_env("", NULL, LH_E_USAGE, "variable");
	refuse_env("AIzaSyD0123456789abcdefghij", NULL, LH_E_MISSING, "not shown");
	long_key[4096] = 0;
	struct lh_secrets *s = fresh();
	CHECK_INT(lh_secrets_peek(s, take(s, "LH_A_KEY", long_key)).n, 4096);
	unsetenv("LH_A_KEY");
	lh_secrets_free(s);
}

static int take_file(const char *path, const char *content, size_t n, struct lh_secrets *s, int *index, struct lh_error *err)
{
	FILE *f = fopen(path, "wb");
	CHECK(f && fwrite(content, 1, n, f) == n);
	fclose(f);
	*err = (struct lh_error){ 0 };
	int rc = lh_secrets_take_file(s, path, index, err);
	unlink(path);
	CHECK(!strstr(err->text, "sk-test"));
	return rc;
}

static void test_files(const char *folder)
{
	static char large[10000];
	char path[3][300];
	struct lh_error err;
	int index;
	struct lh_secrets *s = fresh();
	for (int i = 0; i < 3; i++)
		snprintf(path[i], sizeof path[i], "%s/key%d", folder, i);
	memset(large, 'k', sizeof large);
	CHECK_INT(take_file(path[0], "\n " KEY "\r\n", sizeof KEY + 3, s, &index, &err), 0);
	CHECK(lh_str_is(lh_secrets_peek(s, index), KEY));
	CHECK_INT(take_file(path[1], "", 0, s, &index, &err), LH_E_DATA);
	CHECK_HAS(err.text, "is empty");
	CHECK_INT(index, -1);
	CHECK_INT(take_file(path[1], "sk-test\nsk-test\n", 16, s, &index, &err), LH_E_DATA);
	CHECK_INT(take_file(path[1], "sk-test\0x", 9, s, &index, &err), LH_E_DATA);
	CHECK_INT(take_file(path[1], large, sizeof large, s, &index, &err), LH_E_DATA);
	CHECK_INT(take_file(path[2], large, 4096, s, &index, &err), 0);
	CHECK_INT(lh_secrets_peek(s, index).n, 4096);
	err = (struct lh_error){ 0 };
	CHECK_INT(lh_secrets_take_file(s, path[1], &index, &err), LH_E_IO);
	CHECK_HAS(err.text, "key1 cannot be read: No such file");
	err = (struct lh_error){ 0 };
	CHECK_INT(lh_secrets_take_file(s, folder, &index, &err), LH_E_IO);
	err = (struct lh_error){ 0 };
	CHECK_INT(lh_secrets_take_file(s, KEY, &index, &err), LH_E_IO);      /* the key itself where its file should be */
	CHECK(!strstr(err.text, "sk-test"));
	lh_secrets_free(s);
}

/* ---- redacting ---- */

static void redacted(const struct lh_secrets *s, const char *text, const char *want)
{
	struct lh_buf b;
	lh_buf_init(&b, 1 << 16);
	lh_buf_puts(&b, text);
	lh_secrets_redact(s, &b);
	CHECK(!b.failed);
	CHECK_TEXT(b.p, want);
	CHECK_INT(b.n, strlen(want));
	lh_buf_fini(&b);
}

static void test_redact(void)
{
	struct lh_secrets *s = fresh();
	redacted(s, "nothing is known: " KEY, "nothing is known: " KEY);
	take(s, "LH_A_KEY", KEY);
	take(s, "LH_B_KEY", KEY "-longer");
	take(s, "LH_C_KEY", "zqx");
	redacted(s, "no key here", "no key here");
	redacted(s, KEY, "[key]");
	redacted(s, "Bearer " KEY ", again " KEY KEY ".", "Bearer [key], again [key][key].");
	redacted(s, "the longest counts: " KEY "-longer!", "the longest counts: [key]!");
	redacted(s, "cut short: sk-test-0123456789abcde", "cut short: sk-test-0123456789abcde");
	redacted(s, "too short for a secret: zqx.", "too short for a secret: zqx.");
	take(s, "LH_D_KEY", "a/b+cdef\"");
	redacted(s, "a/b+cdef\" a\\/b+cdef\\\" a\\u002fb\\u002Bcdef\\u0022.", "[key] [key] [key].");
	redacted(s, "a\\/b+cde a\\u002fb+ a\\u00", "a\\/b+cde a\\u002fb+ a\\u00");
	redacted(NULL, KEY, KEY);
	struct lh_buf empty;
	lh_buf_init(&empty, 16);
	lh_secrets_redact(s, &empty);
	CHECK_INT(empty.n, 0);
	/* No part of a key stays behind the end. */
	struct lh_buf b;
	lh_buf_init(&b, 1 << 10);
	lh_buf_puts(&b, "x" KEY);
	lh_secrets_redact(s, &b);
	CHECK(!memmem(b.p, b.cap < sizeof KEY + 1 ? b.cap : sizeof KEY + 1, "abcdef", 6));
	lh_buf_fini(&b);
	for (const char *name = "ABCD"; *name; name++) {
		char variable[] = "LH_?_KEY";
		variable[3] = *name;
		unsetenv(variable);
	}
	lh_secrets_free(s);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "scrubbed"))
		return scrubbed();
	char folder[] = "/tmp/test_secret_XXXXXX";
	CHECK(mkdtemp(folder) != NULL);
	test_take();
	test_child_sees_zeros();
	test_not_in_core_dumps();
	test_scrub(argv[0]);
	test_names();
	test_refused_variables();
	test_files(folder);
	test_redact();
	rmdir(folder);
	return check_done();
}
