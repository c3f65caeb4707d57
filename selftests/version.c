// SPDX-License-Identifier: GPL-2.0-only
/*
 * A program that says which of its versions runs: it exits with the byte behind
 * the mark, which tests set in copies of it (lib/scratch.h).
 */
static const volatile char mark[] = "SELFTESTS_VERSION=\0";

int main(void)
{
	return mark[sizeof("SELFTESTS_VERSION=") - 1];
}
