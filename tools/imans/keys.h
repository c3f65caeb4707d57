/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel's records say: "key=value key=value ..." in a fixed order.
 */
#ifndef IMANS_KEYS_H
#define IMANS_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEYS_MAX 16

/**
 * struct keys - the values of a text
 * @name:	the keys, NULL behind the last
 * @value:	in the same order, in @text
 */
struct keys {
	const char *const *name;
	char *value[KEYS_MAX];
	char *text;
};

/*
 * Exactly these keys in this order, one blank between them; else false, and
 * nothing is to be freed.
 */
bool keys_split(struct keys *k, const uint8_t *text, size_t len,
		const char *const *names);
void keys_free(struct keys *k);

/* The key must be one of them for value(), may be missing for has(). */
const char *keys_value(const struct keys *k, const char *key);
bool keys_has(const struct keys *k, const char *key);
bool keys_number(const struct keys *k, const char *key, uint64_t *out);
/* "sha256:HEX" */
bool keys_sha256(const struct keys *k, const char *key, uint8_t *out);
/* 64 hex digits, without the name of an algorithm. */
bool keys_hex32(const struct keys *k, const char *key, uint8_t *out);

#endif
