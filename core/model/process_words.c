#include "model/process.h"

#include <stdlib.h>
#include <string.h>

struct splitting {
	struct lh_str from;
	size_t at;
	char *to;                        /* the next byte of the word */
	struct lh_error *err;
};

static bool blank(char c) { return c == ' ' || c == '\t'; }

static int unclosed(struct splitting *s, char quote)
{
	return lh_fail(s->err, LH_E_USAGE, "model process: the %s quote of the command is not closed: %.*s", quote == '"' ? "double" : "single", LH_ARG(s->from));
}

/* Within "…" a backslash quotes only what would be special there. */
static bool quotes_next(const struct splitting *s, char quote)
{
	return quote == '"' && s->from.p[s->at] == '\\' && s->at + 1 < s->from.n && strchr("\"\\$`", s->from.p[s->at + 1]);
}

static int take_quoted(struct splitting *s, char quote)
{
	for (s->at++; s->at < s->from.n && s->from.p[s->at] != quote; s->at++) {
		if (quotes_next(s, quote))
			s->at++;
		*s->to++ = s->from.p[s->at];
	}
	return s->at++ < s->from.n ? 0 : unclosed(s, quote);
}

static int take_word(struct splitting *s)
{
	int rc = 0;
	while (!rc && s->at < s->from.n && !blank(s->from.p[s->at])) {
		char c = s->from.p[s->at];
		if (c == '"' || c == '\'') {
			rc = take_quoted(s, c);
			continue;
		}
		if (c == '\\' && ++s->at == s->from.n)
			return lh_fail(s->err, LH_E_USAGE, "model process: the command ends with a backslash: %.*s", LH_ARG(s->from));
		*s->to++ = s->from.p[s->at++];
	}
	*s->to++ = 0;
	return rc;
}

static int check(struct lh_str command, struct lh_error *err)
{
	for (size_t i = 0; i < command.n; i++)
		if ((unsigned char)command.p[i] < ' ' && command.p[i] != '\t')
			return lh_fail(err, LH_E_USAGE, "model process: control characters have no place in a command");
	return 0;
}

int lh_process_words(struct lh_str command, char ***words, struct lh_error *err)
{
	size_t most = command.n / 2 + 2, n = 0;  /* a word has a byte, and a blank behind it */
	*words = NULL;
	int rc = check(command, err);
	if (rc)
		return rc;
	char **word = malloc(most * sizeof *word + command.n + most);
	if (!word)
		return lh_nomem(err);
	struct splitting s = { .from = command, .to = (char *)(word + most), .err = err };
	for (;;) {
		while (s.at < command.n && blank(command.p[s.at]))
			s.at++;
		if (rc || s.at == command.n)
			break;
		word[n++] = s.to;
		rc = take_word(&s);
	}
	word[n] = NULL;
	if (!rc && (!n || !word[0][0]))
		rc = lh_fail(err, LH_E_USAGE, "model process needs a command: process:\"python3 agent.py\"");
	if (rc)
		free(word);
	else
		*words = word;
	return rc;
}
