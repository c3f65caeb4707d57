/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_MODULE_H
#define SELFTESTS_MODULE_H

#include <stdbool.h>

/* Its directory in init's securityfs. */
#define MODULE_DIR "/sys/kernel/security/ima_ns"

/* For tests beside which others have rules of init, for 9, 11, 12, 14 and 15. */
#define MODULE_PCRS "pcr_boot=8 pcr_anchor=13"

/* Loads $IMANS_MODULE with parameters "name=value ...".  0 or -errno. */
int module_load(const char *parameters);

/* Unloads it, if nothing needs it.  0 or a negative errno. */
int module_unload(void);

/* The same, but waits for namespaces that are about to end. */
int module_unload_soon(void);

/* Loads it, after unloading one that a test left behind.  0 or a negative errno. */
int module_reload(const char *parameters);

bool module_is_loaded(void);

#endif
