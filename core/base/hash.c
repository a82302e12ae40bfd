#include "base/hash.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static uint64_t load64(const char *p)
{
	uint64_t v = 0;
	for (int i = 7; i >= 0; i--)
		v = v << 8 | (unsigned char)p[i];
	return v;
}

static uint64_t fold(uint64_t a, uint64_t b)
{
	unsigned __int128 m = (unsigned __int128)a * b;
	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

uint64_t lh_hash(uint64_t seed, struct lh_str s)
{
	uint64_t h = seed ^ 0xA0761D6478BD642Fu ^ (uint64_t)s.n;
	const char *p = s.p;
	size_t n = s.n;
	for (; n >= 8; n -= 8, p += 8)
		h = fold(h ^ load64(p), 0xE7037ED1A0B428DBu);
	if (n) {
		char tail[8] = { 0 };
		memcpy(tail, p, n);
		h = fold(h ^ load64(tail), 0x8EBC6AF09C88C6E3u);
	}
	return fold(h ^ 0x589965CC75374CC3u, 0x1D8E4E27C47D124Fu);
}

static const uint32_t K[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rot(uint32_t x, int n) { return x >> n | x << (32 - n); }

static void compress(uint32_t h[8], const unsigned char *p)
{
	uint32_t w[64], v[8];
	for (int i = 0; i < 16; i++)
		w[i] = (uint32_t)p[4 * i] << 24 | (uint32_t)p[4 * i + 1] << 16 | (uint32_t)p[4 * i + 2] << 8 | p[4 * i + 3];
	for (int i = 16; i < 64; i++) {
		uint32_t a = w[i - 15], b = w[i - 2];
		w[i] = w[i - 16] + (rot(a, 7) ^ rot(a, 18) ^ a >> 3) + w[i - 7] + (rot(b, 17) ^ rot(b, 19) ^ b >> 10);
	}
	memcpy(v, h, sizeof v);
	for (int i = 0; i < 64; i++) {
		uint32_t s1 = rot(v[4], 6) ^ rot(v[4], 11) ^ rot(v[4], 25);
		uint32_t t1 = v[7] + s1 + ((v[4] & v[5]) ^ (~v[4] & v[6])) + K[i] + w[i];
		uint32_t s0 = rot(v[0], 2) ^ rot(v[0], 13) ^ rot(v[0], 22);
		uint32_t t2 = s0 + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
		memmove(v + 1, v, 7 * sizeof *v);
		v[4] += t1;
		v[0] = t1 + t2;
	}
	for (int i = 0; i < 8; i++)
		h[i] += v[i];
}

void lh_sha256_init(struct lh_sha256 *s)
{
	static const uint32_t start[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };
	memset(s, 0, sizeof *s);
	memcpy(s->h, start, sizeof start);
}

void lh_sha256_add(struct lh_sha256 *s, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;
	while (n) {
		size_t at = s->bytes % 64, take = 64 - at < n ? 64 - at : n;
		memcpy(s->block + at, p, take);
		s->bytes += take;
		p += take;
		n -= take;
		if (s->bytes % 64 == 0)
			compress(s->h, s->block);
	}
}

void lh_sha256_hex(struct lh_sha256 *s, char out[65])
{
	unsigned char length[8], pad[64] = { 0x80 };
	for (int i = 0; i < 8; i++)
		length[i] = (unsigned char)(s->bytes * 8 >> (56 - 8 * i));
	lh_sha256_add(s, pad, 1 + (119 - s->bytes % 64) % 64);
	lh_sha256_add(s, length, 8);
	for (int i = 0; i < 8; i++)
		snprintf(out + 8 * i, 9, "%08x", (unsigned)s->h[i]);
}

int lh_sha256_file(const char *path, char out[65], struct lh_error *err)
{
	out[0] = 0;
	FILE *f = fopen(path, "rbe");
	if (!f)
		return lh_fail(err, LH_E_IO, "%s: %s", path, strerror(errno));
	struct lh_sha256 s;
	char chunk[1 << 14];
	lh_sha256_init(&s);
	for (size_t n; (n = fread(chunk, 1, sizeof chunk, f)) > 0;)
		lh_sha256_add(&s, chunk, n);
	int rc = ferror(f) ? lh_fail(err, LH_E_IO, "%s: cannot be read", path) : 0;
	fclose(f);
	if (!rc)
		lh_sha256_hex(&s, out);
	return rc;
}
