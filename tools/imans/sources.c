// SPDX-License-Identifier: GPL-2.0-or-later
#include "sources.h"
#include "tpm.h"

bool sources_are_live(const struct sources *src)
{
	return src->tcti || src->sysfs || src->tpm12 || src->vpcr;
}

bool sources_are_there(const struct sources *src)
{
	return src->given.n || sources_are_live(src);
}

/* A value of a PCR nobody asked for is left out. */
static void filter(struct pcr_set *s, const struct sources *src,
		   uint64_t judged)
{
	size_t i, n = 0;

	for (i = 0; i < s->n; i++)
		if ((judged >> s->v[i].pcr & 1) &&
		    (!src->bank || src->bank == s->v[i].bank))
			s->v[n++] = s->v[i];
	s->n = n;
}

bool sources_gather(struct sources *src, uint64_t wanted, uint64_t judged,
		    struct pcr_set *s)
{
	uint32_t pcrs = (uint32_t)wanted & ((1u << PCR_COUNT) - 1);
	size_t i;

	s->n = 0;
	for (i = 0; i < src->given.n; i++)
		pcr_set_add(s, src->given.v[i].pcr, src->given.v[i].bank,
			    src->given.v[i].value, "given");
	if (src->vpcr && !pcr_read_vpcr(src->vpcr, s, &src->acc))
		return false;
	if (src->sysfs && pcrs &&
	    !pcr_read_sysfs(src->sysfs, src->bank, pcrs, s))
		return false;
	if (src->tpm12 && pcrs && !tpm12_read_pcrs(src->tpm12, pcrs, s))
		return false;
	if (src->tcti && pcrs) {
		struct tpm *t = tpm_open(src->tcti);
		bool ok = t && tpm_read_pcrs(t, src->bank, pcrs, s);

		tpm_close(t);
		if (!ok)
			return false;
	}
	filter(s, src, judged);
	return true;
}
