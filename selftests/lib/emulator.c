// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <endian.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "emulator.h"

#define HEADER 10
#define RC_FAILURE 0x101
#define RC_RETRY 0x922
#define RC_DOING_SELFTEST 0x802

struct packet {
	uint8_t data[4096];
	uint32_t len;
};

static void put(struct packet *p, uint64_t value, int bytes)
{
	while (bytes--)
		p->data[p->len++] = value >> bytes * 8;
}

static void put_bytes(struct packet *p, uint8_t value, int count)
{
	memset(p->data + p->len, value, count);
	p->len += count;
}

static uint32_t get(const struct packet *p, uint32_t at, int bytes)
{
	uint32_t value = 0;

	while (bytes--)
		value = value << 8 | (at < p->len ? p->data[at] : 0), at++;
	return value;
}

static int digest_bytes(uint16_t bank)
{
	switch (bank) {
	case 0x04:
		return 20;
	case 0x0c:
		return 48;
	case 0x0d:
		return 64;
	default:
		return 32;
	}
}

/* Which PCR a TPMS_PCR_SELECTION with one bit selects. */
static int selected_pcr(const struct packet *in, uint32_t at)
{
	int pcr;

	for (pcr = 0; pcr < 24; pcr++)
		if (get(in, at + pcr / 8, 1) & 1 << pcr % 8)
			return pcr;
	return 0;
}

static void read_pcr(const struct emulator_plan *plan, const struct packet *in,
		     struct packet *out)
{
	uint16_t bank = get(in, HEADER + 4, 2);
	int pcr = selected_pcr(in, HEADER + 7);

	put(out, 1, 4);
	put(out, 1, 4);
	put(out, bank, 2);
	put(out, 3, 1);
	if (plan->no_pcrs & 1u << pcr) {
		put(out, 0, 3);
		put(out, 0, 4);
		return;
	}
	put(out, get(in, HEADER + 7, 3), 3);
	put(out, 1, 4);
	put(out, digest_bytes(bank), 2);
	if (!plan->short_pcr_read)
		put_bytes(out, pcr, digest_bytes(bank));
}

static void capability(const struct emulator_plan *plan,
		       const struct packet *in, struct packet *out)
{
	/* The ordinal, the handles it takes << 25, one it returns << 28. */
	static const uint32_t commands[] = {
		CC_CONTEXT_LOAD | 1u << 28,
		CC_CONTEXT_SAVE | 1u << 25,
		CC_FLUSH_CONTEXT | 1u << 25,
		CC_START_AUTH_SESSION | 2u << 25 | 1u << 28,
		CC_GET_CAPABILITY,
		CC_PCR_READ,
		CC_PCR_EXTEND | 1u << 25,
	};
	const uint32_t count = sizeof(commands) / sizeof(commands[0]);
	uint32_t i;

	put(out, 0, 1);
	put(out, get(in, HEADER, 4), 4);
	switch (get(in, HEADER, 4)) {
	case 2:
		put(out, count, 4);
		for (i = 0; i < count; i++)
			put(out, commands[i], 4);
		break;
	case 5:
		put(out, plan->nr_banks, 4);
		for (i = 0; i < plan->nr_banks; i++) {
			put(out, plan->banks[i], 2);
			put(out, plan->select_size, 1);
			put_bytes(out, 0xff, 3);
		}
		break;
	default:
		put(out, 1, 4);
		put(out, get(in, HEADER + 4, 4), 4);
		put(out, count, 4);
	}
}

static void answer_tpm2(const struct emulator_plan *plan,
			const struct packet *in, struct packet *out)
{
	switch (get(in, 6, 4)) {
	case CC_GET_CAPABILITY:
		capability(plan, in, out);
		break;
	case CC_PCR_READ:
		read_pcr(plan, in, out);
		break;
	case CC_CONTEXT_LOAD:
		put(out, 0x02000000, 4);
		break;
	case CC_CONTEXT_SAVE:
		put(out, 1, 8);
		put(out, get(in, HEADER, 4), 4);
		put(out, 0x40000007, 4);
		put(out, plan->blob_size, 2);
		put_bytes(out, 0, 16);
		break;
	case CC_START_AUTH_SESSION:
		put(out, 0x02000000, 4);
		put(out, 16, 2);
		put_bytes(out, 0, 16);
		break;
	}
}

static void answer_tpm1(const struct emulator_plan *plan,
			const struct packet *in, struct packet *out)
{
	switch (get(in, 6, 4)) {
	case 101:
		switch (get(in, HEADER + 8, 4)) {
		case 0x101:
			put(out, 4, 4);
			put(out, plan->nr_pcrs, 4);
			break;
		case 0x115:
			put(out, 16, 4);
			put(out, 750000, 4);
			put(out, 2000000, 4);
			put(out, 750000, 4);
			put(out, 750000, 4);
			break;
		case 0x120:
			put(out, 12, 4);
			/* 0xffffffff us are 4294 s. */
			put(out, plan->busy_selftest ? 50000 : UINT32_MAX, 4);
			put(out, plan->busy_selftest ? 50000 : UINT32_MAX, 4);
			put(out, plan->busy_selftest ? 50000 : UINT32_MAX, 4);
			break;
		default:
			put(out, 4, 4);
			put(out, 0, 4);
		}
		break;
	case ORD_PCR_READ:
		put_bytes(out, get(in, HEADER, 4), 20);
		break;
	case ORD_PCR_EXTEND:
		put_bytes(out, get(in, HEADER, 4), 20);
		break;
	}
}

static uint32_t result_of(struct emulator_plan *plan, int version, uint32_t cc)
{
	if (cc == plan->fail_cc)
		return RC_FAILURE;
	if (cc == plan->retry_cc && plan->retries) {
		if (plan->retries != EMULATOR_FOREVER)
			plan->retries--;
		return RC_RETRY;
	}
	if (version == 1 && cc == ORD_PCR_READ && plan->busy_selftest)
		return RC_DOING_SELFTEST;
	return 0;
}

static void set_length(struct packet *p)
{
	uint32_t len = htobe32(p->len);

	memcpy(p->data + 2, &len, sizeof(len));
}

/* Notes what a command is, before it is answered. */
static void note_command(struct emulator_plan *plan, int version,
			 const struct packet *in)
{
	uint32_t cc = get(in, 6, 4);

	plan->commands++;
	if (in->len > plan->longest)
		plan->longest = in->len;
	if (cc == (version == 2 ? CC_PCR_READ : ORD_PCR_READ))
		plan->pcr_reads++;
	if (version == 2 && cc == CC_START_AUTH_SESSION)
		plan->sessions++;
	if (cc != (version == 2 ? CC_PCR_EXTEND : ORD_PCR_EXTEND))
		return;
	plan->extend_pcr = get(in, HEADER, 4);
	/* Behind the handle the area of authorisations, which has its size. */
	plan->extend_digests = version == 2 ?
		get(in, HEADER + 8 + get(in, HEADER + 4, 4), 4) : 1;
	plan->extends++;
}

/* Makes junk of a complete response. */
static void spoil(struct packet *p, enum emulator_junk junk)
{
	switch (junk) {
	case JUNK_NOISE:
		for (p->len = 0; p->len < sizeof(p->data); p->len++)
			p->data[p->len] = p->len * 37 + 11;
		break;
	case JUNK_SHORT:
		p->len = 5;
		break;
	case JUNK_LONG:
		p->data[4] = 1;
		break;
	case JUNK_EMPTY:
		p->len = 0;
		break;
	}
}

static void serve(int fd, int version, struct emulator_plan *plan)
{
	struct packet in, out;
	uint32_t cc, rc;
	ssize_t n;

	for (;;) {
		n = read(fd, plan->use_buffer ? plan->buffer : in.data,
			 sizeof(in.data));
		/* The proxy does not restart it after SIGSTOP and SIGCONT. */
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		in.len = n;
		cc = get(&in, 6, 4);
		note_command(plan, version, &in);
		if (cc == plan->hold_cc) {
			plan->hold_cc = 0;
			usleep(plan->hold_ms * 1000);
		}
		rc = result_of(plan, version, cc);
		out.len = 0;
		/* A response has the tag of its command, in TPM 1.2 plus 3. */
		put(&out, version == 2 ? 0x8001 : 0xc4, 2);
		put(&out, 0, 4);
		put(&out, rc, 4);
		if (!rc && version == 2)
			answer_tpm2(plan, &in, &out);
		else if (!rc)
			answer_tpm1(plan, &in, &out);
		set_length(&out);
		if (cc == plan->junk_cc)
			spoil(&out, plan->junk);
		n = write(fd, out.data, out.len);
		if (n < 0)
			plan->write_errno = errno;
		else
			plan->answered++;
	}
}

int emulator_prepare(struct emulator *emulator)
{
	struct emulator_plan *plan;

	memset(emulator, 0, sizeof(*emulator));
	emulator->vtpm.server_fd = -1;
	emulator->vtpm.control_fd = -1;
	plan = mmap(NULL, sizeof(*plan), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (plan == MAP_FAILED)
		return -errno;
	plan->banks[0] = 0x04;
	plan->banks[1] = 0x0b;
	plan->nr_banks = 2;
	plan->select_size = 3;
	plan->blob_size = 16;
	plan->nr_pcrs = 24;
	emulator->plan = plan;
	return 0;
}

int emulator_start(struct emulator *emulator, int version)
{
	struct vtpm *vtpm = &emulator->vtpm;
	int ret = vtpm_start_silent(vtpm, version);

	if (ret)
		return ret;
	vtpm->emulator = fork();
	if (vtpm->emulator < 0)
		return -errno;
	if (!vtpm->emulator) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve(vtpm->server_fd, version, emulator->plan);
		_exit(0);
	}
	return 0;
}

void emulator_stop(struct emulator *emulator)
{
	if (emulator->vtpm.server_fd >= 0)
		vtpm_stop(&emulator->vtpm);
	if (emulator->plan)
		munmap(emulator->plan, sizeof(*emulator->plan));
	emulator->plan = NULL;
}
