/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_TIMEOUT_H
#define SELFTESTS_TIMEOUT_H

#include "kselftest_harness.h"

/*
 * Put in front of every test by the Makefile: the harness gives a test thirty
 * seconds, which a debug kernel in an emulator on a busy host may need.
 */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 180

#endif
