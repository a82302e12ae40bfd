/* Runs a fuzz target over files, and over the files in folders: the corpus as a plain test. */
#include "base/text.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A copy of exactly the input's size, so that a read past its end is seen. */
static bool run_file(const char *path)
{
	struct lh_buf b;
	struct lh_error err = { 0 };
	lh_buf_init(&b, 64u << 20);
	uint8_t *copy = NULL;
	if (lh_file_read(path, &b, &err) == 0 && (copy = malloc(b.n ? b.n : 1))) {
		if (b.n)
			memcpy(copy, b.p, b.n);
		LLVMFuzzerTestOneInput(copy, b.n);
	} else {
		printf("%s\n", err.text);
	}
	bool ran = copy != NULL;
	free(copy);
	lh_buf_fini(&b);
	return ran;
}

static int run_folder(const char *path)
{
	int ran = 0;
	DIR *d = opendir(path);
	for (struct dirent *e; d && (e = readdir(d));) {
		char name[4096];
		if (e->d_name[0] == '.')
			continue;
		snprintf(name, sizeof name, "%s/%s", path, e->d_name);
		if (!run_file(name))
			exit(1);
		ran++;
	}
	if (d)
		closedir(d);
	return ran;
}

int main(int argc, char **argv)
{
	int ran = 0;
	for (int i = 1; i < argc; i++) {
		struct stat st;
		if (stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode))
			ran += run_folder(argv[i]);
		else if (run_file(argv[i]))
			ran++;
		else
			return 1;
	}
	printf("%d inputs\n", ran);
	return ran ? 0 : 1;                  /* a corpus that is not found must not pass */
}
