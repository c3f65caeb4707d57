/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Test results in TAP: one line each, the plan at the end.
 */
#ifndef TESTS_TAP_H
#define TESTS_TAP_H

#include <stdbool.h>

/* Prints the line; returns @good, so that a test can stop when it makes sense. */
bool ok(bool good, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool is_text(const char *got, const char *want, const char *what);
bool is_hex(const void *got, const char *want, const char *what);
/* A line that is no result. */
void note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Prints the plan; for main() to return: 0 if all were good. */
int tap_done(void);

#endif
