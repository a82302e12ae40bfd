/* When a server wants to be asked again: RFC 9110, 10.2.3 and 5.6.7, and the milliseconds that some model
 * providers send. */
#include "net/retry.h"

#include <stdio.h>
#include <string.h>

/* What is longer says nothing more, and sums of times stay far from overflow. */
#define MOST_S (366 * INT64_C(86400))

/* Digits, and a fraction which some servers write; in millionths of the unit. -1: something else. */
static int64_t millionths(struct lh_str s)
{
	int64_t v = 0, place = 1000000;
	bool point = false;
	size_t digits = 0;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		if (c == '.' && !point && digits) {
			point = true;
			continue;
		}
		if (c < '0' || c > '9')
			return -1;
		digits++;
		if (point)
			v += (c - '0') * (place /= 10);
		else if (v < INT64_MAX / 100)
			v = v * 10 + (c - '0') * INT64_C(1000000);
	}
	return digits ? v : -1;
}

static int month_of(const char *name)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	for (int i = 0; i < 12; i++)
		if (memcmp(names + 3 * i, name, 3) == 0)
			return i + 1;
	return 0;
}

/* Days since 1970-01-01 in the Gregorian calendar: a year begins in March, so that leap days come last. */
static int64_t days(int64_t year, int month, int day)
{
	year -= month <= 2;
	int64_t in_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return 365 * year + year / 4 - year / 100 + year / 400 + in_year - 719468;
}

struct date { int year, day, hour, minute, second; char month[4]; };

/* Two digits mean the nearest such year, at most 50 ahead (RFC 9110, 5.6.7). */
static int whole_year(int year, int64_t now_s)
{
	int now = 1970 + (int)(now_s / 31556952);
	year += now / 100 * 100;
	return year > now + 50 ? year - 100 : year <= now - 50 ? year + 100 : year;
}

static bool read_date(const char *text, struct date *d, int64_t now_s)
{
	char weekday[10], zone[4];
	int end = 0, n = (int)strlen(text);
	if (sscanf(text, "%3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d %3[GMT]%n", weekday, &d->day, d->month, &d->year, &d->hour, &d->minute, &d->second, zone, &end) == 8 && end == n)
		return true;
	if (sscanf(text, "%9[A-Za-z], %2d-%3[A-Za-z]-%2d %2d:%2d:%2d %3[GMT]%n", weekday, &d->day, d->month, &d->year, &d->hour, &d->minute, &d->second, zone, &end) == 8 && end == n) {
		d->year = whole_year(d->year, now_s);
		return true;
	}
	return sscanf(text, "%3[A-Za-z] %3[A-Za-z] %2d %2d:%2d:%2d %4d%n", weekday, d->month, &d->day, &d->hour, &d->minute, &d->second, &d->year, &end) == 7 && end == n;
}

/* Seconds since 1970 (0: before) of an HTTP date in one of its three forms; -1: none. */
static int64_t date_s(struct lh_str s, int64_t now_s)
{
	char text[48];
	struct date d;
	if (s.n >= sizeof text || memchr(s.p, 0, s.n))
		return -1;
	memcpy(text, s.p, s.n);
	text[s.n] = 0;
	if (!read_date(text, &d, now_s) || strlen(d.month) != 3)
		return -1;
	int month = month_of(d.month);
	if (!month || d.year < 1900 || d.day < 1 || d.day > 31 || d.hour < 0 || d.hour > 23 || d.minute < 0 || d.minute > 59 || d.second < 0 || d.second > 60)
		return -1;
	int64_t at = days(d.year, month, d.day) * 86400 + d.hour * 3600 + d.minute * 60 + d.second;
	return at < 0 ? 0 : at;
}

int64_t lh_retry_after_us(struct lh_str value, bool milliseconds, int64_t now_s)
{
	value = lh_str_trim(value);
	int64_t v = millionths(value);
	if (v < 0) {
		int64_t at = milliseconds ? -1 : date_s(value, now_s);
		if (at < 0)
			return -1;
		v = at <= now_s ? 0 : at - now_s > MOST_S ? MOST_S * 1000000 : (at - now_s) * 1000000;
	} else if (milliseconds) {
		v /= 1000;
	}
	return v > MOST_S * 1000000 ? MOST_S * 1000000 : v;
}
