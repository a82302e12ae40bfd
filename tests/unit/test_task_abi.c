/* Plugins that are wrong: each is refused, or found out by the conformance test, with a message of its
 * own. And the published structs, byte for byte. */
#include "check.h"
#include "task/task.h"

#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIXTURE(name) LH_BINARY_DIR "/tests/abi/" name ".so"

/* ---- Refusals ---------------------------------------------------------------------------------- */

static void test_refusals(void)
{
	static const struct { const char *name, *says, *todo; } cases[] = {
		{ "no_symbol", "exports no symbol longhaul_plugin", "see longhaul/task.h" },
		{ "not_data", "is not a struct lh_plugin", "const data" },
		{ "bad_magic", "begins with 1122334455667788", "rebuild" },
		{ "other_major", "was built for task ABI 2.0, and this program has 1.0", "update longhaul, or rebuild" },
		{ "newer_minor", "was built for task ABI 1.7, which is newer than this program's 1.0", "update longhaul, or rebuild" },
		{ "short_struct", "struct lh_plugin has 48 bytes, ABI 1.0 has 56", "rebuild" },
		{ "short_task", "struct lh_task_v1 has 112 bytes, ABI 1.0 has 120", "rebuild" },
		{ "missing_interface", "get_interface(\"longhaul.task/1\") gave NULL", "is missing" },
		{ "missing_function", "the required function canonical is NULL", "longhaul.task/1" },
		{ "short_thoughts", "struct lh_thoughts_v1 says that it has 0 bytes, and it has 16", ".struct_size = sizeof(struct lh_thoughts_v1)" },
		{ "missing_explain", "explain is NULL in its longhaul.thoughts/1", "gives NULL for the whole interface" },
		{ "no_version", "declares no version", "one line of printable ASCII" },
		{ "bad_name", "its name is not of the form [a-z][a-z0-9_]*", "at most 40" },
		{ "bad_default", "the declared default: keys=500 is out of range: 1 to 100", "bad_default" },
		{ "absent", "No such file", "absent" },
	};
	struct lh_registry *r;
	CHECK_INT(lh_registry_new(&r, NULL), 0);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char path[512];
		struct lh_error err = { 0 };
		const struct lh_family *f;
		snprintf(path, sizeof path, FIXTURE("%s"), cases[i].name);
		CHECK_INT(lh_registry_open(r, path, &f, &err), LH_E_PLUGIN);
		CHECK(f == NULL);
		CHECK_HAS(err.text, path);
		CHECK_HAS(err.text, cases[i].says);
		CHECK_HAS(err.text, cases[i].todo);
	}
	CHECK_INT(lh_registry_count(r), 0);
	lh_registry_free(r);
}

static void test_taken(void)
{
	struct lh_registry *r;
	struct lh_error err = { 0 };
	const struct lh_family *f, *again;
	CHECK_INT(lh_registry_new(&r, NULL), 0);
	CHECK_INT(lh_registry_find(r, LH_STR("kv_sum"), &f, &err), 0);
	CHECK_INT(lh_registry_open(r, LH_BINARY_DIR "/plugins/../plugins/kv_sum.so", &again, &err), 0);
	CHECK(again == f);
	CHECK_INT(lh_registry_open(r, FIXTURE("taken"), &again, &err), LH_E_PLUGIN);
	CHECK_HAS(err.text, "the name kv_sum is taken by " LH_BINARY_DIR "/plugins/kv_sum.so");
	CHECK_INT(lh_registry_count(r), 1);
	lh_registry_free(r);
}

/* ---- Files and folders ------------------------------------------------------------------------- */

static char folder[64];

static const char *in_folder(const char *name)
{
	static char path[128];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	return path;
}

static void copy(const char *from, const char *to)
{
	FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
	char bytes[65536];
	CHECK(in && out);
	for (size_t n; in && out && (n = fread(bytes, 1, sizeof bytes, in)) > 0; )
		fwrite(bytes, 1, n, out);
	if (in)
		fclose(in);
	if (out)
		fclose(out);
	chmod(to, 0755);
}

static void refused(const char *path, const char *says)
{
	struct lh_registry *r;
	struct lh_error err = { 0 };
	const struct lh_family *f;
	CHECK_INT(lh_registry_new(&r, NULL), 0);
	if (says) {
		CHECK_INT(lh_registry_open(r, path, &f, &err), LH_E_PLUGIN);
		CHECK_HAS(err.text, says);
	} else {
		CHECK_INT(lh_registry_open(r, path, &f, &err), 0);
		CHECK_TEXT(err.text, "");
	}
	lh_registry_free(r);
}

static void test_files(void)
{
	char path[128], other[128];
	snprintf(path, sizeof path, "%s", in_folder("good.so"));
	copy(FIXTURE("good"), path);
	refused(path, NULL);
	chmod(path, 0757);
	refused(path, "it can be written by everybody");
	chmod(path, 0755);
	chmod(folder, 0777);
	refused(path, "its folder can be written by everybody");
	refused(path, "chmod go-w");
	chmod(folder, 01777);                           /* as /tmp is */
	refused(path, NULL);
	chmod(folder, 0755);
	refused(folder, "not a regular file");
	mkfifo(in_folder("pipe.so"), 0600);
	refused(in_folder("pipe.so"), "not a regular file");
	unlink(in_folder("pipe.so"));
	snprintf(other, sizeof other, "%s", in_folder("text.so"));
	FILE *f = fopen(other, "w");
	CHECK(f && fputs("no shared object", f) >= 0 && fclose(f) == 0);
	chmod(other, 0644);
	refused(other, "cannot be loaded");
	unlink(other);
	if (chown(path, (uid_t)-1, 54321) == 0) {       /* root's privilege; a group that nobody has */
		chmod(path, 0775);
		refused(path, "it can be written by its group");
		chmod(path, 0755);
	}
	/* A hard link is the same file. */
	struct lh_registry *r;
	const struct lh_family *a, *b;
	snprintf(other, sizeof other, "%s", in_folder("link.so"));
	CHECK_INT(link(path, other), 0);
	CHECK_INT(lh_registry_new(&r, NULL), 0);
	CHECK_INT(lh_registry_open(r, path, &a, NULL), 0);
	CHECK_INT(lh_registry_open(r, other, &b, NULL), 0);
	CHECK(a == b);
	lh_registry_free(r);
	unlink(other);
	unlink(path);
}

/* ---- The search path --------------------------------------------------------------------------- */

static int refusals_seen;

static void note_refusal(void *user, const char *path, const char *why)
{
	refusals_seen++;
	if (strstr(path, "other_major.so"))
		*(bool *)user = strstr(why, "task ABI 2.0") != NULL;
}

static void test_search(void)
{
	struct lh_registry *r;
	struct lh_error err = { 0 };
	const struct lh_family *f;
	char path[256];
	copy(FIXTURE("good"), in_folder("good.so"));
	copy(FIXTURE("other_major"), in_folder("other_major.so"));
	copy(FIXTURE("flooding"), in_folder("misnamed.so"));
	snprintf(path, sizeof path, "/nowhere::%s", folder);
	setenv("LONGHAUL_PLUGIN_PATH", path, 1);

	CHECK_INT(lh_registry_new(&r, NULL), 0);
	CHECK_INT(lh_registry_find(r, LH_STR("good"), &f, &err), 0);
	CHECK_TEXT(lh_family_path(f), in_folder("good.so"));
	CHECK_INT((int)strlen(lh_family_sha256(f)), 64);
	CHECK_INT(lh_registry_find(r, LH_STR("kv_sum"), &f, &err), 0);      /* the build tree's */
	CHECK_TEXT(lh_family_path(f), LH_BINARY_DIR "/plugins/kv_sum.so");
	CHECK_INT(lh_registry_count(r), 2);
	CHECK_TEXT(lh_family_name(lh_registry_at(r, 0)), "good");
	CHECK(lh_registry_at(r, 2) == NULL);

	CHECK_INT(lh_registry_find(r, LH_STR("kv_sun"), &f, &err), LH_E_USAGE);
	CHECK_HAS(err.text, "no task family is called 'kv_sun'; did you mean 'kv_sum'?");
	err.code = 0;
	CHECK_INT(lh_registry_find(r, LH_STR("./kv.so"), &f, &err), LH_E_USAGE);
	CHECK_HAS(err.text, "--plugin FILE");
	err.code = 0;
	CHECK_INT(lh_registry_find(r, LH_STR("quite_another_thing"), &f, &err), LH_E_USAGE);
	CHECK_HAS(err.text, "longhaul list tasks");
	err.code = 0;
	CHECK_INT(lh_registry_find(r, LH_STR("other_major"), &f, &err), LH_E_PLUGIN);
	err.code = 0;
	CHECK_INT(lh_registry_find(r, LH_STR("misnamed"), &f, &err), LH_E_PLUGIN);
	CHECK_HAS(err.text, "holds the family flooding");

	bool told = false;
	CHECK_INT(lh_registry_open_all(r, note_refusal, &told, NULL), 0);
	CHECK(told);
	CHECK(lh_registry_count(r) >= 3);
	lh_registry_free(r);
	unsetenv("LONGHAUL_PLUGIN_PATH");
	unlink(in_folder("good.so"));
	unlink(in_folder("other_major.so"));
	unlink(in_folder("misnamed.so"));
}

/* Run as PREFIX/bin/find: an installation that was moved finds the plugins beside it, and no others. */
static int find_beside(void)
{
	struct lh_registry *r;
	struct lh_error err = { 0 };
	const struct lh_family *f = NULL;
	int rc = lh_registry_new(&r, &err);
	if (!rc)
		rc = lh_registry_find(r, LH_STR("good"), &f, &err);
	printf("%s\n", rc ? err.text : lh_family_path(f));
	rc = rc || lh_registry_open_all(r, NULL, NULL, &err) || lh_registry_count(r) != 1;
	lh_registry_free(r);
	return rc;
}

static void test_beside(void)
{
	static const char *const made[] = { "bin", "lib", "lib/some-triple", "lib/some-triple/longhaul", "lib/some-triple/longhaul/plugins" };
	char line[512] = "", command[256];
	for (size_t i = 0; i < 5; i++)
		CHECK_INT(mkdir(in_folder(made[i]), 0755), 0);
	copy(FIXTURE("good"), in_folder("lib/some-triple/longhaul/plugins/good.so"));
	copy("/proc/self/exe", in_folder("bin/find"));
	snprintf(command, sizeof command, "%s beside", in_folder("bin/find"));
	FILE *p = popen(command, "r");
	CHECK(p && fgets(line, sizeof line, p));
	CHECK_INT(p ? pclose(p) : -1, 0);
	line[strcspn(line, "\n")] = 0;
	CHECK_TEXT(line, in_folder("lib/some-triple/longhaul/plugins/good.so"));
	unlink(in_folder("lib/some-triple/longhaul/plugins/good.so"));
	unlink(in_folder("bin/find"));
	for (size_t i = 5; i-- > 0; )
		rmdir(in_folder(made[i]));
}

/* ---- The conformance test ---------------------------------------------------------------------- */

static int conform(const char *path, struct lh_buf *out)
{
	struct lh_registry *r;
	struct lh_error err = { 0 };
	int failed = -1;
	lh_buf_init(out, 1 << 20);
	CHECK_INT(lh_registry_new(&r, NULL), 0);
	CHECK_INT(lh_task_check(r, path, NULL, NULL, 0, &(struct lh_check_options){ .seed = 7, .samples = 4, .steps = 12, .call_ms = 400 },
		out, &failed, &err), 0);
	CHECK_TEXT(err.text, "");
	CHECK_INT(lh_registry_count(r), 0);             /* the plugin ran elsewhere */
	lh_registry_free(r);
	return failed;
}

static void test_conformance(void)
{
	static const struct { const char *name, *says; } cases[] = {
		{ "other_major", "FAILED opens (symbol, versions, interface, declarations): plugin " },
		{ "failing_open", "FAILED samples open and close again: task failing_open, sample 0: the well is \\x1b[31mdry [run seed 7]" },
		{ "crashing", "FAILED apply is total on reached states: the plugin crashed with SIGSEGV (Segmentation fault) in apply(), "
			"sample 0, step 3 on \"6\" [run seed 7]" },
		{ "exiting", "FAILED ask gives text: the plugin ended the process (exit status 3) in ask(), sample 0, step 0 [run seed 7]" },
		{ "endless", "FAILED apply is total on reached states: the plugin did not return within 400 ms in apply(), sample 0, step 2 on \"3\"" },
		{ "lying_corrupt", "sample 0, step 0: corrupt() gave the right state back, where a wrong one is due: \"1\"" },
		{ "non_deterministic", "FAILED the same sample is the same task: sample 0, step 0: apply() gave " },
		{ "noisy", "sample 0, step 2: apply() gave a state that is not valid UTF-8: \"\\xff\\xfe\"" },
		{ "scribbling", "FAILED canonical leaves states as they are: the plugin crashed with SIGSEGV (Segmentation fault) in canonical()" },
		{ "overreading", "FAILED canonical leaves states as they are: the plugin crashed with SIGSEGV (Segmentation fault) in canonical()" },
		{ "flooding", "apply() gave a state longer than the 4096 bytes allowed" },
		{ "wrong_example", "an answer tag in the instructions holds \"f10\", which is neither a state nor a placeholder" },
		{ "wrong_example", "instructions() are worded differently for 1 and for 2 steps per turn" },
		{ "silent", "apply() failed and did not say why" },
		{ "tagged_thoughts", "FAILED explain gives text that ends in the state it leads to, right or wrong: task tagged_thoughts, sample 0, step 0: "
			"explain() gave text with '<' in it, which could be read as a tag: \"<answer>1</answer> From 0 to 1.\" [run seed 7]" },
		{ "drifting_thoughts", "FAILED explain gives the same text again: sample 0, step 0: explain() gave \"" },
		{ "honest_thoughts", "FAILED explain gives text that ends in the state it leads to, right or wrong: sample 0, step 0: explain() to \"" },
		{ "honest_thoughts", "does not end in that state: \"It is 1\"" },
		{ "wordy_thoughts", "explain() gave text longer than the 4096 bytes allowed" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char path[512];
		struct lh_buf out;
		snprintf(path, sizeof path, FIXTURE("%s"), cases[i].name);
		CHECK(conform(path, &out) > 0);
		CHECK_HAS(out.p, cases[i].says);
		lh_buf_fini(&out);
	}
	static const struct { const char *path, *thoughts; } sound[] = {
		{ FIXTURE("good"), "skipped explain gives the same text again: the family does not offer longhaul.thoughts/1\n" },
		{ FIXTURE("good"), "skipped tools answer the calls that a step needs, the same again: with these parameters the family offers no tools\n" },
		{ LH_BINARY_DIR "/plugins/kv_sum.so", "ok explain gives the same text again\n" },
	};
	for (size_t i = 0; i < sizeof sound / sizeof *sound; i++) {
		struct lh_buf out;
		CHECK_INT(conform(sound[i].path, &out), 0);
		CHECK_HAS(out.p, sound[i].thoughts);
		CHECK_HAS(out.p, "ok output that does not fit does no harm\n");
		CHECK(!strstr(out.p, "FAILED") && !strstr(out.p, "not decided"));
		lh_buf_fini(&out);
	}
}

/* ---- The published layout ---------------------------------------------------------------------- */

static void put_layout(struct lh_buf *b)
{
#define SIZE(type) lh_buf_printf(b, "%s %zu\n", #type, sizeof(struct type))
#define AT(type, field) lh_buf_printf(b, "%s.%s %zu\n", #type, #field, offsetof(struct type, field))
	SIZE(lh_text); AT(lh_text, bytes); AT(lh_text, size);
	SIZE(lh_host); AT(lh_host, struct_size); AT(lh_host, abi_minor); AT(lh_host, context); AT(lh_host, log); AT(lh_host, fail);
	AT(lh_host, put); AT(lh_host, random_bits); AT(lh_host, random_between); AT(lh_host, read_file); AT(lh_host, stream);
	SIZE(lh_param); AT(lh_param, name); AT(lh_param, type); AT(lh_param, reserved); AT(lh_param, initial); AT(lh_param, min);
	AT(lh_param, max); AT(lh_param, choices); AT(lh_param, help);
	SIZE(lh_value); AT(lh_value, integer); AT(lh_value, number); AT(lh_value, text);
	SIZE(lh_task_v1); AT(lh_task_v1, struct_size); AT(lh_task_v1, param_count); AT(lh_task_v1, params); AT(lh_task_v1, summary);
	AT(lh_task_v1, load); AT(lh_task_v1, unload); AT(lh_task_v1, samples); AT(lh_task_v1, open); AT(lh_task_v1, close);
	AT(lh_task_v1, instructions); AT(lh_task_v1, ask); AT(lh_task_v1, initial); AT(lh_task_v1, apply); AT(lh_task_v1, canonical);
	AT(lh_task_v1, corrupt); AT(lh_task_v1, max_steps);
	SIZE(lh_thoughts_v1); AT(lh_thoughts_v1, struct_size); AT(lh_thoughts_v1, reserved); AT(lh_thoughts_v1, explain);
	SIZE(lh_plugin); AT(lh_plugin, magic); AT(lh_plugin, abi_major); AT(lh_plugin, abi_minor); AT(lh_plugin, struct_size);
	AT(lh_plugin, reserved); AT(lh_plugin, name); AT(lh_plugin, version); AT(lh_plugin, license); AT(lh_plugin, get_interface);
	lh_buf_printf(b, "LH_TASK_OK %d\nLH_TASK_NO_STATE %d\nLH_TASK_FAILED %d\n", LH_TASK_OK, LH_TASK_NO_STATE, LH_TASK_FAILED);
	lh_buf_printf(b, "LH_PARAM_INTEGER %d\nLH_PARAM_NUMBER %d\nLH_PARAM_TEXT %d\nLH_PARAM_CHOICE %d\nLH_PARAM_FILE %d\n",
		LH_PARAM_INTEGER, LH_PARAM_NUMBER, LH_PARAM_TEXT, LH_PARAM_CHOICE, LH_PARAM_FILE);
	lh_buf_printf(b, "LH_ABI_MAGIC %llx\nLH_ABI_MAJOR %u\n", (unsigned long long)LH_ABI_MAGIC, LH_ABI_MAJOR);
#undef SIZE
#undef AT
}

/* Lines may be added to the file where fields were appended (and LH_ABI_MINOR raised) or an interface was published;
 * none may change.
 * The figures are those of machines with 64-bit pointers. */
static void test_layout(void)
{
	struct lh_buf is, was;
	struct lh_error err = { 0 };
	if (sizeof(void *) != 8)
		return;
	lh_buf_init(&is, 1 << 16);
	lh_buf_init(&was, 1 << 16);
	put_layout(&is);
	CHECK_INT(lh_file_read(LH_SOURCE_DIR "/tests/abi/layout.txt", &was, &err), 0);
	CHECK_TEXT(is.p, was.p);
	lh_buf_fini(&is);
	lh_buf_fini(&was);
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "beside") == 0)
		return find_beside();
	snprintf(folder, sizeof folder, "/tmp/longhaul-abi-XXXXXX");
	CHECK(mkdtemp(folder) != NULL);
	chmod(folder, 0755);
	test_refusals();
	test_taken();
	test_files();
	test_search();
	test_beside();
	test_conformance();
	test_layout();
	rmdir(folder);
	return check_done();
}
