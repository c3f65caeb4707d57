/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Thin wrappers of jansson: no NULL is ever handed on.
 */
#ifndef IMANS_JSON_H
#define IMANS_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

/* Leaves with IMANS_ERROR if @j could not be made. */
json_t *json_check(json_t *j);
/* Both take over the reference to @value. */
void json_put(json_t *object, const char *key, json_t *value);
void json_push(json_t *array, json_t *value);
/* Text of unknown origin, escaped. */
void json_put_text(json_t *object, const char *key, const char *text);
void json_put_hex(json_t *object, const char *key, const uint8_t *data,
		  size_t len);
json_t *json_base64(const void *data, size_t len);
void json_put_base64(json_t *object, const char *key, const void *data,
		     size_t len);
/* Print @root and a newline on stdout, drop it. */
void json_finish(json_t *root, size_t flags);
/*
 * The same into file @path, for nobody else to read; NULL is stdout. False,
 * with the reason printed.
 */
bool json_write(json_t *root, const char *path);

#endif
