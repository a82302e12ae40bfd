/* Texts for a terminal, held to their golden files and to what no terminal may get. LH_UPDATE_GOLDEN=1 rewrites the
 * files; whoever does that reads them before committing. */
#ifndef LH_TESTS_REPORT_GOLDEN_H
#define LH_TESTS_REPORT_GOLDEN_H

#include "check.h"

#include "base/utf8.h"
#include "report/report.h"

/* tests/unit/golden/PREFIX_NAME.txt */
static inline void check_golden(const char *prefix, const char *name, const struct lh_buf *got)
{
	char path[512];
	struct lh_buf want;
	struct lh_error err = { 0 };
	snprintf(path, sizeof path, "%s/tests/unit/golden/%s_%s.txt", LH_SOURCE_DIR, prefix, name);
	lh_buf_init(&want, 1 << 22);
	if (getenv("LH_UPDATE_GOLDEN")) {
		FILE *file = fopen(path, "wb");
		CHECK(file && fwrite(got->p, 1, got->n, file) == got->n);
		if (file)
			fclose(file);
	} else if (lh_file_read(path, &want, &err)) {
		printf("%s\n", err.text);
		CHECK(!"the golden file can be read");
	} else {
		CHECK_TEXT(got->p, want.p);
	}
	lh_buf_fini(&want);
}

/* No line wider than the terminal, none ending in a space, nothing a terminal would obey. */
static inline void check_lines(const struct lh_buf *text, const struct lh_report_style *style)
{
	struct lh_str rest = lh_buf_str(text);
	while (rest.n) {
		const char *nl = memchr(rest.p, '\n', rest.n);
		CHECK(nl != NULL);
		if (!nl)
			break;
		struct lh_str line = { rest.p, (size_t)(nl - rest.p) };
		if (!style->colour && lh_utf8_columns(line) > style->columns)
			printf("too wide (%d): %.*s\n", lh_utf8_columns(line), LH_ARG(line));
		CHECK(style->colour || lh_utf8_columns(line) <= style->columns);
		CHECK(line.n == 0 || line.p[line.n - 1] != ' ');
		for (size_t i = 0; i < line.n; i++)
			CHECK((style->colour && line.p[i] == '\x1b') || ((unsigned char)line.p[i] >= 0x20 && line.p[i] != 0x7f));
		for (size_t i = 0; !style->unicode && i < line.n; i++)
			CHECK((unsigned char)line.p[i] < 0x80);
		rest = (struct lh_str){ nl + 1, rest.n - line.n - 1 };
	}
	CHECK_INT(lh_utf8_bad_at(lh_buf_str(text)), text->n);
}

#endif
