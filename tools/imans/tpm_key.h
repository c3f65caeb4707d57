/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a key of a TPM is, for tpm_key.c and tpm_quote.c alone.
 */
#ifndef IMANS_TPM_KEY_H
#define IMANS_TPM_KEY_H

#include <tss2/tss2_esys.h>

#include "tpm_quote.h"

/**
 * struct tpm_key - a key
 * @transient:	loaded here, to be flushed in the end
 */
struct tpm_key {
	ESYS_TR handle;
	bool transient;
	TPM2B_PUBLIC public;
};

#endif
