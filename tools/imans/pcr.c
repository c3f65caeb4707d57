// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pcr.h"

void pcr_set_add(struct pcr_set *s, uint32_t pcr, const struct hash_alg *bank,
		 const uint8_t *value, const char *source)
{
	struct pcr_value *v;

	s->v = xreallocarray(s->v, s->n + 1, sizeof(*s->v));
	v = &s->v[s->n++];
	memset(v, 0, sizeof(*v));
	v->pcr = pcr;
	v->bank = bank;
	memcpy(v->value, value, bank->size);
	v->source = source;
}

void pcr_set_free(struct pcr_set *s)
{
	free(s->v);
	memset(s, 0, sizeof(*s));
}

bool pcr_parse_value(const char *text, struct pcr_set *s)
{
	const char *colon = strchr(text, ':'), *why;
	const struct hash_alg *bank;
	uint8_t value[HASH_MAX_SIZE];
	uint64_t pcr;
	char *number;
	bool ok;

	if (!colon) {
		msg("%s: N:ALGO:HEX expected", text);
		return false;
	}
	number = xstrdup(text);
	number[colon - text] = '\0';
	ok = parse_uint(number, PCR_COUNT - 1, &pcr);
	free(number);
	if (!ok) {
		msg("%s: no PCR number from 0 to %d", text, PCR_COUNT - 1);
		return false;
	}
	bank = hash_parse_digest(colon + 1, value, &why);
	if (!bank || !bank->tpm_id) {
		msg("%s: %s", text, bank ? "not a PCR bank" : why);
		return false;
	}
	pcr_set_add(s, (uint32_t)pcr, bank, value, "given");
	return true;
}

static bool read_sysfs_bank(const char *dir, const struct hash_alg *bank,
			    uint32_t pcrs, struct pcr_set *s)
{
	uint8_t value[HASH_MAX_SIZE];
	uint32_t i;

	for (i = 0; i < PCR_COUNT; i++) {
		char *path, *text;
		int n;

		if (!(pcrs >> i & 1))
			continue;
		path = xasprintf("%s/pcr-%s/%u", dir, bank->name, i);
		text = read_line_file(path);
		if (!text) {
			msg_errno("%s", path);
			free(path);
			return false;
		}
		n = hex_decode(text, strlen(text), value, sizeof(value));
		free(text);
		if (n != (int)bank->size) {
			msg("%s: not a %s value", path, bank->name);
			free(path);
			return false;
		}
		free(path);
		pcr_set_add(s, i, bank, value, "sysfs");
	}
	return true;
}

/* TPM 1.2 has one file: "PCR-10: 3A 4F ..." for each PCR. */
static bool parse_tpm1_line(char *line, uint32_t pcrs, struct pcr_set *s)
{
	uint8_t value[20];
	char hex[41];
	uint32_t i = 0;
	int pcr, skip = 0;
	char *p;

	if (sscanf(line, "PCR-%d:%n", &pcr, &skip) != 1 || !skip ||
	    pcr < 0 || pcr >= PCR_COUNT)
		return false;
	for (p = line + skip; *p; p++) {
		if (*p == ' ')
			continue;
		if (i == 40)
			return false;
		hex[i++] = *p;
	}
	if (i != 40 || hex_decode(hex, 40, value, sizeof(value)) != 20)
		return false;
	if (pcrs >> pcr & 1)
		pcr_set_add(s, (uint32_t)pcr, hash_by_name("sha1"), value,
			    "sysfs");
	return true;
}

static bool read_sysfs_tpm1(const char *path, uint32_t pcrs, struct pcr_set *s)
{
	struct buf b = { 0 };
	bool ok = true;
	char *line, *save;

	if (read_file(path, &b)) {
		msg_errno("%s", path);
		buf_free(&b);
		return false;
	}
	for (line = strtok_r((char *)b.data, "\n", &save); line && ok;
	     line = strtok_r(NULL, "\n", &save)) {
		ok = parse_tpm1_line(line, pcrs, s);
		if (!ok)
			msg("%s: not a line of PCR values: %.60s", path, line);
	}
	buf_free(&b);
	return ok;
}

bool pcr_read_sysfs(const char *dir, const struct hash_alg *bank,
		    uint32_t pcrs, struct pcr_set *s)
{
	const struct hash_alg *alg;
	bool ok = true, found = false;
	size_t i;
	char *path;

	for (i = 0; ok && (alg = hash_at(i)); i++) {
		if (!alg->tpm_id || (bank && bank != alg))
			continue;
		path = xasprintf("%s/pcr-%s", dir, alg->name);
		if (!access(path, F_OK)) {
			found = true;
			ok = read_sysfs_bank(dir, alg, pcrs, s);
		}
		free(path);
	}
	/* Older kernels show the PCRs of a TPM 1.2 in no other way. */
	path = xasprintf("%s/pcrs", dir);
	if (!found && !access(path, F_OK) && (!bank || bank->tpm_id == 0x0004)) {
		found = true;
		ok = read_sysfs_tpm1(path, pcrs, s);
	}
	free(path);
	if (!found) {
		msg("%s: no PCR values of %s there", dir,
		    bank ? bank->name : "any bank");
		return false;
	}
	return ok;
}

bool pcr_parse_acc(const char *text, struct vpcr_acc *acc)
{
	const char *blank = strchr(text, ' ');
	char *digest = xasprintf("%.*s", blank ? (int)(blank - text) : 0, text);
	uint8_t value[HASH_MAX_SIZE];
	const struct hash_alg *alg;
	const char *why;

	alg = hash_parse_digest(digest, value, &why);
	free(digest);
	if (!alg || strcmp(alg->name, "sha256") ||
	    !parse_uint(blank + 1, UINT64_MAX, &acc->entries))
		return false;
	memcpy(acc->value, value, sizeof(acc->value));
	return true;
}

/* "<pcr> <algo>:<hex>" or "acc sha256:<hex> <entries>" */
static bool parse_vpcr_line(char *line, struct pcr_set *s,
			    struct vpcr_acc *acc, bool *seen_acc)
{
	uint8_t value[HASH_MAX_SIZE];
	const struct hash_alg *alg;
	const char *first, *digest, *why;
	uint64_t pcr;

	if (*seen_acc)
		return false;
	if (!strncmp(line, "acc ", 4))
		return *seen_acc = pcr_parse_acc(line + 4, acc);
	first = strtok(line, " ");
	digest = strtok(NULL, " ");
	if (!first || !digest || strtok(NULL, " "))
		return false;
	alg = hash_parse_digest(digest, value, &why);
	if (!alg || !parse_uint(first, PCR_COUNT - 1, &pcr) || !alg->tpm_id)
		return false;
	pcr_set_add(s, (uint32_t)pcr, alg, value, "vpcr");
	return true;
}

bool pcr_read_vpcr(const char *path, struct pcr_set *s, struct vpcr_acc *acc)
{
	bool seen_acc = false, ok = true;
	struct buf b = { 0 };
	char *line, *save;

	if (read_file(path, &b)) {
		msg_errno("%s", path);
		buf_free(&b);
		return false;
	}
	for (line = strtok_r((char *)b.data, "\n", &save); line && ok;
	     line = strtok_r(NULL, "\n", &save)) {
		char *copy = xstrdup(line);

		ok = parse_vpcr_line(line, s, acc, &seen_acc);
		if (!ok)
			msg("%s: not a line of a vpcr file: %.100s", path,
			    copy);
		free(copy);
	}
	if (ok && !seen_acc) {
		msg("%s: no acc line at the end", path);
		ok = false;
	}
	buf_free(&b);
	return ok;
}
