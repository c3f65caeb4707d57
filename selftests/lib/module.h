/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_MODULE_H
#define SELFTESTS_MODULE_H

#define IMA_NS_DIR "/sys/kernel/security/ima_ns"

/* Rules of init that other tests load name its usual PCRs, 11 and 12. */
#define MODULE_PCRS "pcr_boot=8 pcr_anchor=9"

/*
 * Loads ima_ns.ko with these parameters.  It is what $IMA_NS_KO names, or stands
 * beside the test.  Returns 0 or a negative errno: -ENOENT if there is no such
 * file.
 */
int module_load(const char *parameters);

/* Unloads it, once nothing is left that it knows of.  0 or a negative errno. */
int module_unload(void);

#endif
