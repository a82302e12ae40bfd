/* base/hash.h - a fast 64-bit content hash, and SHA-256 (FIPS 180-4) for naming files. */
#ifndef LH_BASE_HASH_H
#define LH_BASE_HASH_H

#include "base/text.h"

/* Not cryptographic; the same on every machine; part of the run file (view hashes). */
uint64_t lh_hash(uint64_t seed, struct lh_str s);

struct lh_sha256 { uint32_t h[8]; uint64_t bytes; unsigned char block[64]; };
void lh_sha256_init(struct lh_sha256 *s);
void lh_sha256_add(struct lh_sha256 *s, const void *bytes, size_t n);
/* Lower-case hex, 64 characters and a NUL. */
void lh_sha256_hex(struct lh_sha256 *s, char out[65]);
/* Of a whole file. */
int lh_sha256_file(const char *path, char out[65], struct lh_error *err) LH_CHECKED;

#endif
