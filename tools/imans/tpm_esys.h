/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ESYS context behind a struct tpm, for files that speak to a TPM
 * themselves.
 */
#ifndef IMANS_TPM_ESYS_H
#define IMANS_TPM_ESYS_H

#include <tss2/tss2_esys.h>

#include "tpm.h"

ESYS_CONTEXT *tpm_esys(struct tpm *t);

#endif
