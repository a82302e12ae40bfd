#include "net/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>

#define KEY_MAX 4096
#define ROOM 8192                        /* of a key's own mapping: white space and the end of a file besides */
#define REDACTED_FROM 8                  /* bytes: "1" or "none", for a server that asks for some key, is no secret and an answer */
#define NAME_LIKE_KEY 20                 /* a name from this length on may be a key in the wrong place */

extern char **environ;

struct secret {
	char *source;                    /* "env NAME", "file PATH": taken before is taken already */
	char *room;                      /* ROOM bytes, zeros to a forked child, not in a core dump */
	size_t at, n;                    /* the key within them */
};

struct lh_secrets { struct secret *secret; size_t n, cap; };

int lh_secrets_new(struct lh_secrets **out, struct lh_error *err)
{
	*out = calloc(1, sizeof **out);
	return *out ? 0 : lh_nomem(err);
}

static void drop(struct secret *s)
{
	if (s->room) {
		explicit_bzero(s->room, ROOM);
		munmap(s->room, ROOM);
	}
	free(s->source);
	*s = (struct secret){ 0 };
}

void lh_secrets_free(struct lh_secrets *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n; i++)
		drop(&s->secret[i]);
	free(s->secret);
	free(s);
}

/* ---- what may be said of a source ---- */

/* A name of capitals is a variable's; another of some length, without a folder or an ending, may be the key
 * itself, given in the wrong place. */
static bool tells(const char *name)
{
	size_t n = strlen(name);
	return n < NAME_LIKE_KEY || strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") == n;
}

static const char *say_variable(const char *name) { return tells(name) ? name : "(name not shown: it may be a key itself)"; }
static const char *say_file(const char *path) { return strpbrk(path, "/.") || tells(path) ? path : "(name not shown: it may be a key itself)"; }

static bool variable_name(const char *name)
{
	size_t n = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789");
	return n && !name[n] && (name[0] < '0' || name[0] > '9');
}

/* ---- taking ---- */

static int make_room(struct secret *s, struct lh_error *err)
{
	s->room = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (s->room == MAP_FAILED) {
		s->room = NULL;
		return lh_nomem(err);
	}
	if (madvise(s->room, ROOM, MADV_WIPEONFORK) || madvise(s->room, ROOM, MADV_DONTDUMP))
		return lh_fail(err, LH_E_IO, "this system cannot hide keys from child processes and core dumps: madvise: %s", strerror(errno));
	return 0;
}

static int known(const struct lh_secrets *s, const char *source)
{
	for (size_t i = 0; i < s->n; i++)
		if (!strcmp(s->secret[i].source, source))
			return (int)i;
	return -1;
}

/* The next place, empty; it counts once s->n is raised. */
static int place(struct lh_secrets *s, const char *source, struct secret **out, struct lh_error *err)
{
	int rc = lh_array_more(&s->secret, &s->cap, s->n + 1, sizeof *s->secret, err);
	if (rc)
		return rc;
	*out = &s->secret[s->n];
	**out = (struct secret){ .source = lh_str_dup(lh_str_of(source)) };
	return (*out)->source ? make_room(*out, err) : lh_nomem(err);
}

/* The bytes [0, n) of the room are what was found; what is wrong with them, or NULL. */
static const char *settle(struct secret *s, size_t n)
{
	struct lh_str key = lh_str_trim((struct lh_str){ s->room, n });
	if (!key.n)
		return "is empty";
	if (key.n > KEY_MAX)
		return "is longer than 4096 bytes, which no key is";
	for (size_t i = 0; i < key.n; i++)
		if ((unsigned char)key.p[i] <= ' ' || key.p[i] == 0x7F)
			return "holds a blank or a control character, which no key does";
	s->at = (size_t)(key.p - s->room);
	s->n = key.n;
	return NULL;
}

static int read_variable(struct secret *s, const char *name, struct lh_error *err)
{
	const char *value = getenv(name);
	if (!value || !*value)                   /* empty is how some systems say that there is none */
		return lh_fail(err, LH_E_MISSING, "the variable %s, which should hold a key, is %s", say_variable(name), value ? "empty" : "not set");
	size_t n = strnlen(value, ROOM);
	memcpy(s->room, value, n);
	const char *wrong = settle(s, n);
	return wrong ? lh_fail(err, LH_E_DATA, "the variable %s, which should hold a key, %s", say_variable(name), wrong) : 0;
}

static int fill_room(struct secret *s, int fd, size_t *n)
{
	for (*n = 0; *n < ROOM;) {
		ssize_t got = read(fd, s->room + *n, ROOM - *n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return errno;
		if (!got)
			break;
		*n += (size_t)got;
	}
	return 0;
}

static int read_key_file(struct secret *s, const char *path, struct lh_error *err)
{
	size_t n = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int failed = fd < 0 ? errno : fill_room(s, fd, &n);
	if (fd >= 0)
		close(fd);
	if (failed)
		return lh_fail(err, LH_E_IO, "the key file %s cannot be read: %s", say_file(path), strerror(failed));
	const char *wrong = settle(s, n);
	return wrong ? lh_fail(err, LH_E_DATA, "the key file %s %s", say_file(path), wrong) : 0;
}

static int take(struct lh_secrets *s, const char *kind, const char *name, int *index,
	int (*find)(struct secret *, const char *, struct lh_error *), struct lh_error *err)
{
	struct lh_buf source;
	struct secret *at = NULL;
	lh_buf_init(&source, 1 << 16);
	lh_buf_printf(&source, "%s %s", kind, name);
	int rc = lh_buf_ok(&source, err);
	*index = rc ? -1 : known(s, source.p);
	if (!rc && *index < 0) {
		rc = place(s, source.p, &at, err);
		if (!rc)
			rc = find(at, name, err);
		if (!rc)
			*index = (int)s->n++;
		else if (at)
			drop(at);
	}
	lh_buf_fini(&source);
	return rc;
}

int lh_secrets_take_env(struct lh_secrets *s, const char *name, int *index, struct lh_error *err)
{
	*index = -1;
	if (!variable_name(name))
		return lh_fail(err, LH_E_USAGE, "a key is named by its variable, such as OPENAI_API_KEY; what was given is no variable's name (and is not shown: it may be a key itself)");
	return take(s, "env", name, index, read_variable, err);
}

int lh_secrets_take_file(struct lh_secrets *s, const char *path, int *index, struct lh_error *err)
{
	return take(s, "file", path, index, read_key_file, err);
}

int lh_secrets_count(const struct lh_secrets *s) { return s ? (int)s->n : 0; }

struct lh_str lh_secrets_peek(const struct lh_secrets *s, int index)
{
	if (!s || index < 0 || (size_t)index >= s->n)
		return LH_STR("");
	return (struct lh_str){ s->secret[index].room + s->secret[index].at, s->secret[index].n };
}

/* ---- redacting ---- */

/* How much of the text is this byte, as it is or as JSON may write it ("\/", "\u002f"); 0: it is another. */
static size_t byte_at(struct lh_str text, char c)
{
	if (!text.n || text.p[0] == c)
		return text.n > 0;
	if (text.p[0] != '\\' || text.n < 2)
		return 0;
	if (text.p[1] == c)
		return 2;
	char hex[5] = { 0 };
	if (text.p[1] != 'u' || text.n < 6)
		return 0;
	memcpy(hex, text.p + 2, 4);
	return strspn(hex, "0123456789abcdefABCDEF") == 4 && strtoul(hex, NULL, 16) == (unsigned char)c ? 6 : 0;
}

/* Length of this key where the text begins with it, else 0. */
static size_t one_at(struct lh_str key, struct lh_str text)
{
	size_t at = 0;
	for (size_t i = 0; i < key.n; i++) {
		size_t n = byte_at((struct lh_str){ text.p + at, text.n - at }, key.p[i]);
		if (!n)
			return 0;
		at += n;
	}
	return at;
}

/* Length of the longest key that begins here; 0: none does. */
static size_t key_at(const struct lh_secrets *s, struct lh_str text)
{
	size_t most = 0;
	for (size_t i = 0; i < s->n; i++) {
		struct lh_str key = lh_secrets_peek(s, (int)i);
		size_t n = key.n >= REDACTED_FROM ? one_at(key, text) : 0;
		most = n > most ? n : most;
	}
	return most;
}

void lh_secrets_mask(const struct lh_secrets *s, struct lh_str bytes)
{
	for (size_t at = 0; s && s->n && at < bytes.n;) {
		size_t n = key_at(s, (struct lh_str){ bytes.p + at, bytes.n - at });
		memset((char *)(uintptr_t)(bytes.p + at), '*', n);
		at += n ? n : 1;
	}
}

/* In place: it never grows, so it cannot fail. */
void lh_secrets_redact(const struct lh_secrets *s, struct lh_buf *text)
{
	size_t to = 0, had = text->n;
	if (!s || !s->n)
		return;
	for (size_t at = 0; at < had;) {
		size_t n = key_at(s, (struct lh_str){ text->p + at, had - at });
		size_t put = 5;
		if (n)
			memcpy(text->p + to, "[key]", put);
		else
			text->p[to] = text->p[at], put = n = 1;
		to += put;
		at += n;
	}
	if (to == had)
		return;
	explicit_bzero(text->p + to, had - to);
	text->n = to;
}

/* ---- the environment ---- */

static bool ends(const char *name, const char *word)
{
	size_t n = strlen(name), w = strlen(word);
	return n >= w && !strcasecmp(name + n - w, word);
}

bool lh_secret_name(const char *name)
{
	static const char *const at_end[] = { "_KEY", "TOKEN", "_PASS", "_PWD", "_PAT", "_AUTH", "_COOKIE", NULL };
	static const char *const anywhere[] = { "APIKEY", "API_KEY", "ACCESS_KEY", "PRIVATE_KEY", "SECRET", "PASSWORD", "PASSWD",
		"PASSPHRASE", "CREDENTIAL", "AUTH_TOKEN", "ACCESS_TOKEN", "API_TOKEN", NULL };
	if (!strcasecmp(name, "KEY"))
		return true;
	for (int i = 0; at_end[i]; i++)
		if (ends(name, at_end[i]))
			return true;
	for (int i = 0; anywhere[i]; i++)
		if (strcasestr(name, anywhere[i]))
			return true;
	return false;
}

static bool listed(const char *const *names, const char *name)
{
	for (; names && *names; names++)
		if (!strcmp(*names, name))
			return true;
	return false;
}

/* The first variable to be scrubbed, its name in a copy; NULL: none is left. */
static char *next_secret(const char *const *also, const char *const *keep)
{
	for (char **e = environ; e && *e; e++) {
		const char *equals = strchr(*e, '=');
		char *name = equals ? lh_str_dup((struct lh_str){ *e, (size_t)(equals - *e) }) : NULL;
		if (name && (lh_secret_name(name) || listed(also, name)) && !listed(keep, name))
			return name;
		free(name);
	}
	return NULL;
}

/* A name may stand there more than once. */
static void wipe(const char *name)
{
	size_t n = strlen(name);
	for (char **e = environ; e && *e; e++)
		if (!strncmp(*e, name, n) && (*e)[n] == '=')
			explicit_bzero(*e + n + 1, strlen(*e + n + 1));
}

void lh_secret_scrub(const char *const *also, const char *const *keep)
{
	for (char *name; (name = next_secret(also, keep)) != NULL; free(name)) {
		wipe(name);
		if (unsetenv(name)) {            /* "": not one that can be unset; it holds nothing any more */
			free(name);
			return;
		}
	}
}
