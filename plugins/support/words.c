/* support/words.c - the built-in word list, word files, and words made up where more are needed. */
#include "support/words.h"

#include <stdlib.h>
#include <string.h>

/* The order is part of every sample: append, never reorder. */
const char *const fam_words[] = {
	"about", "above", "abuse", "actor", "acute", "admit", "adopt", "adult", "after", "again", "agent",
	"agree", "ahead", "alarm", "album", "alert", "alike", "alive", "allow", "alone", "along", "alter",
	"angel", "anger", "angle", "angry", "apart", "apple", "apply", "arena", "argue", "arise", "armor",
	"array", "arrow", "aside", "asset", "audio", "audit", "avoid", "award", "aware", "badge", "baker",
	"basic", "basin", "basis", "batch", "beach", "beard", "beast", "begin", "being", "below", "bench",
	"berry", "birth", "black", "blade", "blame", "blank", "blast", "blaze", "bleak", "blend", "bless",
	"blind", "block", "blood", "bloom", "board", "boast", "bonus", "boost", "booth", "bound", "brain",
	"brake", "brand", "brass", "brave", "bread", "break", "breed", "brick", "bride", "brief", "bring",
	"brisk", "broad", "broom", "brown", "brush", "build", "bunch", "burst", "buyer", "cabin", "cable",
	"camel", "candy", "canoe", "cargo", "carry", "carve", "catch", "cause", "cedar", "chain", "chair",
	"chalk", "charm", "chart", "chase", "cheap", "check", "cheek", "cheer", "chess", "chest", "chief",
	"child", "chill", "china", "choir", "chord", "civic", "civil", "claim", "class", "clean", "clear",
	"clerk", "click", "cliff", "climb", "clock", "close", "cloth", "cloud", "clown", "coach", "coast",
	"cobra", "cocoa", "color", "coral", "couch", "count", "court", "cover", "craft", "crane", "crash",
	"cream", "creek", "crest", "crime", "crisp", "cross", "crowd", "crown", "cruel", "crush", "curve",
	"cycle", "daily", "dairy", "daisy", "dance", "dealt", "debut", "decay", "delay", "delta", "dense",
	"depth", "diary", "digit", "diner", "dirty", "ditch", "doubt", "dozen", "draft", "drain", "drama",
	"dream", "dress", "drift", "drill", "drink", "drive", "drums", "eager", "eagle", "early", "earth",
	"easel", "eight", "elbow", "elder", "elect", "elite", "empty", "enemy", "enjoy", "enter", "entry",
	"equal", "error", "essay", "event", "every", "exact", "exist", "extra", "fable", "faith", "false",
	"fancy", "favor", "feast", "fence", "ferry", "fever", "fiber", "field", "fifth", "fifty", "fight",
	"final", "flame", "flash", "fleet", "flesh", "float", "flock", "flood", "floor", "flour", "fluid",
	"flute", "focus", "force", "forge", "forty", "forum", "found", "frame", "fresh", "front", "frost",
	"fruit", "funny", "gamma", "giant", "glass", "globe", "glory", "glove", "grace", "grade", "grain",
	"grand", "grant", "grape", "graph", "grass", "great", "green", "greet", "grief", "group", "grove",
	"guard", "guess", "guest", "guide", "habit", "happy", "harsh", "haven", "heart", "heavy", "hedge",
	"hello", "heron", "hinge", "hobby", "honey", "honor", "horse", "hotel", "house", "human", "humor",
	"hurry", "ideal", "image", "index", "inner", "input", "irony", "ivory", "jelly", "jewel", "joint",
	"judge", "juice", "knife", "knock", "label", "labor", "large", "laser", "later", "laugh", "layer",
	"learn", "lease", "leave", "legal", "lemon", "level", "lever", "light", "limit", "linen", "liver",
	"local", "lodge", "logic", "loose", "lotus", "lower", "loyal", "lucky", "lunar", "lunch", "magic",
	"major", "maker", "mango", "maple", "march", "marsh", "match", "maybe", "mayor", "medal", "melon",
	"mercy", "merit", "metal", "meter", "midst", "might", "minor", "mixed", "model", "money", "month",
	"moral", "motor", "mount", "mouse", "mouth", "movie", "music", "naive", "nerve", "never", "night",
	"noble", "noise", "north", "novel", "nurse", "ocean", "offer", "olive", "onion", "opera", "orbit",
	"order", "organ", "other", "otter", "outer", "owner", "paint", "panel", "panic", "paper", "party",
	"pasta", "patch", "pause", "peace", "peach", "pearl", "penny", "phase", "phone", "photo", "piano",
	"piece", "pilot", "pinch", "pitch", "pixel", "place", "plain", "plane", "plant", "plate", "plaza",
	"point", "polar", "porch", "pound", "power", "press", "price", "pride", "prime", "print", "prize",
	"proof", "proud", "pulse", "punch", "pupil", "purse", "queen", "quest", "quick", "quiet", "quilt",
	"quote", "radar", "radio", "raise", "ranch", "range", "rapid", "ratio", "razor", "reach", "react",
	"ready", "realm", "rebel", "relax", "reply", "rider", "ridge", "rifle", "right", "rigid", "rinse",
	"rival", "river", "roast", "robin", "robot", "rocky", "rough", "round", "route", "royal", "rural",
	"salad", "salsa", "salty", "sandy", "satin", "sauce", "scale", "scarf", "scene", "scent", "scope",
	"score", "scout", "seven", "shade", "shape", "share", "shark", "sharp", "sheep", "sheet", "shelf",
	"shell", "shine", "shirt", "shock", "shore", "short", "shown", "sight", "silky", "skate", "skill",
	"skirt", "slate", "sleep", "slice", "slide", "slope", "small", "smart", "smile", "smoke", "snack",
	"snail", "solar", "solid", "solve", "sound", "south", "space", "spare", "spark", "speak", "speed",
	"spell", "spend", "spice", "spoon", "sport", "spray", "squad", "stack", "staff", "stage", "stair",
	"stamp", "stand", "start", "state", "steam", "steel", "steep", "stern", "stick", "still", "stone",
	"stool", "store", "storm", "story", "stove", "straw", "study", "sugar", "suite", "sunny", "super",
	"surge", "swamp", "sweet", "swift", "swing", "sword", "table", "taste", "teach", "tempo", "thank",
	"theme", "thick", "thing", "think", "third", "thorn", "three", "throw", "tiger", "tight", "toast",
	"today", "token", "topic", "torch", "total", "touch", "tower", "trace", "track", "trade", "trail",
	"train", "treat", "trend", "trial", "tribe", "trout", "truck", "trust", "truth", "tulip", "uncle",
	"under", "union", "unity", "upper", "urban", "usual", "valid", "value", "vapor", "vault", "verse",
	"video", "visit", "vital", "vivid", "vocal", "voice", "voter", "wagon", "waist", "waste", "watch",
	"water", "wheat", "wheel", "where", "white", "whole", "width", "windy", "woman", "world", "worry",
	"worth", "wrist", "write", "wrong", "yacht", "yield", "young", "youth", "zebra",
};

const uint32_t fam_word_count = sizeof fam_words / sizeof *fam_words;

const char *fam_key_fault(struct lh_text t)
{
	if (t.size == 0)
		return "is empty";
	if (t.size > FAM_WORD_MAX)
		return "is longer than 64 bytes";
	if (!fam_is_text(t))
		return "is not plain UTF-8 text";
	if (!fam_equal(t, fam_trim(t)))
		return "has white space at an end";
	for (size_t i = 0; i < t.size; i++)
		if (strchr(",\"\\<>", t.bytes[i]))
			return "holds one of the characters , \" \\ < >";
	return NULL;
}

void fam_list_fini(struct fam_list *list)
{
	free(list->bytes);
	free(list->word);
	*list = (struct fam_list){ 0 };
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The word that stands twice in the list, or NULL. */
static const char *repeated(const struct fam_list *list)
{
	const char **sorted = malloc(list->count * sizeof *sorted + 1), *found = NULL;
	if (!sorted)
		return NULL;
	memcpy(sorted, list->word, list->count * sizeof *sorted);
	qsort(sorted, list->count, sizeof *sorted, by_text);
	for (uint32_t i = 1; i < list->count && !found; i++)
		if (strcmp(sorted[i - 1], sorted[i]) == 0)
			found = sorted[i];
	free(sorted);
	return found;
}

/* Number n as seven letters, consonant and vowel in turn: 20·5·20·5·20·5·20 words, none of which has
 * the five letters of a built-in one. Stepping by a number prime to that spreads neighbours apart. */
static void make_word(uint32_t n, char out[8])
{
	static const char consonants[] = "bcdfghjklmnpqrstvwyz", vowels[] = "aeiou";
	uint64_t v = (uint64_t)n * 7368787 % 20000000;
	for (int i = 0; i < 7; i++) {
		uint64_t base = i % 2 ? 5 : 20;
		out[i] = i % 2 ? vowels[v % base] : consonants[v % base];
		v /= base;
	}
	out[7] = 0;
}

int32_t fam_list_builtin(const struct lh_host *host, uint32_t count, struct fam_list *out)
{
	uint32_t made = count > fam_word_count ? count - fam_word_count : 0;
	*out = (struct fam_list){ .count = fam_word_count + made };
	out->word = calloc(out->count, sizeof *out->word);
	out->bytes = calloc(made + 1u, 8);
	if (!out->word || !out->bytes) {
		fam_list_fini(out);
		return fam_fail(host, "out of memory");
	}
	memcpy(out->word, fam_words, sizeof fam_words);
	for (uint32_t i = 0; i < made; i++) {
		make_word(i + 1, out->bytes + 8 * i);
		out->word[fam_word_count + i] = out->bytes + 8 * i;
	}
	return LH_TASK_OK;
}

/* Cuts the copied file into lines; *line is where it stopped. */
static const char *cut(struct fam_list *out, struct lh_text text, uint32_t *line)
{
	char *p = out->bytes, *end = p + text.size;
	if (text.size >= 3 && memcmp(p, "\xEF\xBB\xBF", 3) == 0)
		p += 3;
	for (*line = 1; p < end; ++*line) {
		char *stop = memchr(p, '\n', (size_t)(end - p));
		if (!stop)
			stop = end;
		size_t n = (size_t)(stop - p);
		if (n && p[n - 1] == '\r')
			n--;
		if (n) {
			const char *fault = fam_key_fault((struct lh_text){ p, n });
			if (fault)
				return fault;
			p[n] = 0;
			out->word[out->count++] = p;
		}
		p = stop + 1;
	}
	return NULL;
}

static int32_t check_list(const struct lh_host *host, const char *name, const char *path, uint32_t count, const struct fam_list *list)
{
	const char *twice = repeated(list);
	if (twice)
		return fam_fail(host, "%s=%s: the word '%s' stands there twice", name, path, twice);
	if (list->count < count)
		return fam_fail(host, "%s=%s: %u words, but the dictionary needs %u (keys=%u): give a longer list or fewer keys",
			name, path, list->count, count, count);
	return LH_TASK_OK;
}

int32_t fam_list_file(const struct lh_host *host, const char *name, const char *path, uint32_t count, struct fam_list *out)
{
	*out = (struct fam_list){ 0 };
	struct lh_text text;
	if (host->read_file(host->context, path, &text))
		return LH_TASK_FAILED;
	if (text.size > 64u << 20)
		return fam_fail(host, "%s=%s: larger than 64 MB", name, path);
	size_t lines = 1;
	for (size_t i = 0; i < text.size; i++)
		lines += text.bytes[i] == '\n';
	out->bytes = malloc(text.size + 1);
	out->word = malloc(lines * sizeof *out->word);
	uint32_t line = 0;
	int32_t rc;
	if (out->bytes && out->word) {
		memcpy(out->bytes, text.bytes, text.size);
		out->bytes[text.size] = 0;
		const char *fault = cut(out, text, &line);
		rc = fault ? fam_fail(host, "%s=%s: line %u: the word %s", name, path, line, fault) : check_list(host, name, path, count, out);
	} else {
		rc = fam_fail(host, "out of memory");
	}
	if (rc)
		fam_list_fini(out);
	return rc;
}
