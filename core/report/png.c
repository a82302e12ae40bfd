/* PNG, second edition (ISO/IEC 15948), colour type 3 at 4 bits; zlib (RFC 1950) with stored blocks (RFC 1951, 3.2.4). */
#include "report/png.h"

#include <assert.h>
#include <string.h>

enum { STORED_MOST = 65535, CHUNK = 12, FIXED = 8 + CHUNK + 13 + CHUNK + 3 * LH_PNG_COLOURS + CHUNK + LH_PNG_COLOURS + CHUNK + CHUNK };

static size_t row_bytes(int width) { return 1 + ((size_t)width + 1) / 2; }
static size_t raw_bytes(int width, int height) { return row_bytes(width) * (size_t)height; }

static size_t zlib_bytes(size_t raw)
{
	size_t blocks = (raw + STORED_MOST - 1) / STORED_MOST;
	return 2 + raw + 5 * blocks + 4;
}

size_t lh_png_size(int width, int height)
{
	size_t n = FIXED + zlib_bytes(raw_bytes(width, height));
	return sizeof "data:image/png;base64," + (n + 2) / 3 * 4;
}

static void put_u32(struct lh_buf *b, uint32_t v)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		lh_buf_putc(b, (char)(v >> shift));
}

static uint32_t crc32_of(const char *p, size_t n)
{
	uint32_t crc = 0xFFFFFFFFu;
	for (size_t i = 0; i < n; i++) {
		crc ^= (uint8_t)p[i];
		for (int k = 0; k < 8; k++)
			crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
	}
	return ~crc;
}

static uint32_t adler32_of(const uint8_t *p, size_t n)
{
	uint32_t a = 1, b = 0;
	for (size_t i = 0; i < n; i++) {
		a = (a + p[i]) % 65521;
		b = (b + a) % 65521;
	}
	return b << 16 | a;
}

/* Ends the chunk whose type was written at `from`, behind room for its length. */
static void end_chunk(struct lh_buf *b, size_t from)
{
	if (b->failed)
		return;
	uint32_t n = (uint32_t)(b->n - from - 4);
	for (int i = 0; i < 4; i++)
		b->p[from - 4 + (size_t)i] = (char)(n >> (24 - 8 * i));
	put_u32(b, crc32_of(b->p + from, b->n - from));
}

static size_t begin_chunk(struct lh_buf *b, const char *type)
{
	put_u32(b, 0);
	lh_buf_puts(b, type);
	return b->n - 4;
}

/* Rows, each behind its filter byte, two pixels a byte. */
static void put_rows(struct lh_buf *raw, const uint8_t *pixel, int width, int height)
{
	for (int y = 0; y < height; y++) {
		const uint8_t *row = pixel + (size_t)y * (size_t)width;
		lh_buf_putc(raw, 0);
		for (int x = 0; x < width; x += 2)
			lh_buf_putc(raw, (char)(row[x] << 4 | (x + 1 < width ? row[x + 1] : 0)));
	}
}

static void put_zlib(struct lh_buf *b, const struct lh_buf *raw)
{
	lh_buf_put(b, "\x78\x01", 2);
	for (size_t at = 0; at < raw->n; at += STORED_MOST) {
		size_t left = raw->n - at, n = left < STORED_MOST ? left : STORED_MOST;
		const char head[] = { (char)(left <= STORED_MOST), (char)n, (char)(n >> 8), (char)~n, (char)(~n >> 8) };
		lh_buf_put(b, head, sizeof head);
		lh_buf_put(b, raw->p + at, n);
	}
	put_u32(b, adler32_of((const uint8_t *)raw->p, raw->n));
}

static void put_palette(struct lh_buf *b, const struct lh_png_colour *palette)
{
	size_t from = begin_chunk(b, "PLTE");
	for (int i = 0; i < LH_PNG_COLOURS; i++)
		lh_buf_put(b, (const uint8_t[]){ palette[i].r, palette[i].g, palette[i].b }, 3);
	end_chunk(b, from);
	from = begin_chunk(b, "tRNS");
	for (int i = 0; i < LH_PNG_COLOURS; i++)
		lh_buf_putc(b, (char)palette[i].a);
	end_chunk(b, from);
}

static void put_file(struct lh_buf *b, const struct lh_buf *raw, int width, int height, const struct lh_png_colour *palette)
{
	lh_buf_put(b, "\x89PNG\r\n\x1a\n", 8);
	size_t from = begin_chunk(b, "IHDR");
	put_u32(b, (uint32_t)width);
	put_u32(b, (uint32_t)height);
	lh_buf_put(b, "\x04\x03\0\0\0", 5);
	end_chunk(b, from);
	put_palette(b, palette);
	from = begin_chunk(b, "IDAT");
	put_zlib(b, raw);
	end_chunk(b, from);
	end_chunk(b, begin_chunk(b, "IEND"));
}

static void put_base64(struct lh_buf *out, const uint8_t *p, size_t n)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	for (size_t i = 0; i < n; i += 3) {
		uint32_t v = (uint32_t)p[i] << 16 | (i + 1 < n ? (uint32_t)p[i + 1] << 8 : 0) | (i + 2 < n ? p[i + 2] : 0);
		char four[] = { digits[v >> 18], digits[v >> 12 & 63], i + 1 < n ? digits[v >> 6 & 63] : '=', i + 2 < n ? digits[v & 63] : '=' };
		lh_buf_put(out, four, 4);
	}
}

void lh_png_put(struct lh_buf *out, const uint8_t *pixel, int width, int height, const struct lh_png_colour palette[LH_PNG_COLOURS])
{
	struct lh_buf raw, file;
	assert(width > 0 && height > 0);
	lh_buf_init(&raw, out->max);
	lh_buf_init(&file, out->max);
	put_rows(&raw, pixel, width, height);
	put_file(&file, &raw, width, height, palette);
	if (raw.failed || file.failed) {
		out->failed = raw.failed ? raw.failed : file.failed;
	} else {
		lh_buf_puts(out, "data:image/png;base64,");
		put_base64(out, (const uint8_t *)file.p, file.n);
	}
	lh_buf_fini(&raw);
	lh_buf_fini(&file);
}
