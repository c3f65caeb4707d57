/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Small helpers every command uses: exit codes, messages, buffers, hex.
 */
#ifndef IMANS_UTIL_H
#define IMANS_UTIL_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Exit codes of imans. Nothing else is ever returned, but CMD's in `run`. */
enum imans_exit {
	IMANS_OK = 0,		/* verified, or done */
	IMANS_FAILED = 1,	/* the verification failed */
	IMANS_ERROR = 2,	/* wrong usage, or the environment does not allow it */
};

/* A growing buffer; @data has one spare byte behind @len, always NUL. */
struct buf {
	uint8_t *data;
	size_t len;
	size_t cap;
};

/* Prefix of all messages, "imans" or "imans verify". */
void msg_set_prefix(const char *prefix);
void msg(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* As msg(), with ": " and the text of errno behind it. */
void msg_errno(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* These leave with IMANS_ERROR when memory is out. */
void *xmalloc(size_t n);
void *xcalloc(size_t n, size_t size);
void *xreallocarray(void *p, size_t n, size_t size);
char *xstrdup(const char *s);
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *xvasprintf(const char *fmt, va_list ap)
	__attribute__((format(printf, 1, 0)));

void buf_add(struct buf *b, const void *data, size_t len);
void buf_free(struct buf *b);

/*
 * Read @path to its end. The size a file system reports is not believed:
 * securityfs says 0. Returns 0, or -1 with errno set.
 */
int read_file(const char *path, struct buf *b);
/* The same from an open descriptor, from where it stands. */
int read_fd(int fd, struct buf *b);
/* Read @path as one line of text, the newline cut. NULL with errno set. */
char *read_line_file(const char *path);
/* Write @text to the existing file @path in one write(). 0 or -1 and errno. */
int write_file(const char *path, const char *text);
/* The same with what is no text. */
int write_file_data(const char *path, const void *data, size_t len);

/* Decimal number with nothing behind it and not above @max. */
bool parse_uint(const char *s, uint64_t max, uint64_t *out);

/* Hex of both cases to bytes; returns the number of bytes or -1. */
int hex_decode(const char *hex, size_t hexlen, uint8_t *out, size_t outlen);
void hex_encode(const uint8_t *in, size_t len, char *out);
void hex_print(FILE *f, const uint8_t *in, size_t len);

/*
 * Text of unknown origin made safe for a terminal and valid as UTF-8: control
 * characters, backslash and bytes that are not UTF-8 become \xNN.
 */
char *escape_text(const uint8_t *in, size_t len);
char *escape_string(const char *s);

/* Nothing but characters that ASCII prints; also true of nothing at all. */
bool all_printable(const uint8_t *p, size_t len);
bool all_bytes(const uint8_t *p, size_t len, uint8_t value);
uint32_t get_le32(const uint8_t *p);
void put_le32(uint8_t *p, uint32_t v);
void put_le64(uint8_t *p, uint64_t v);

/*
 * Wait for a sign of the process at the other end of the pipe @fd, and give one;
 * false if there is nobody any more.
 */
bool read_byte(int fd);
bool write_byte(int fd);

#endif
