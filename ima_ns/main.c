// SPDX-License-Identifier: GPL-2.0-only
/*
 * ima_ns: binds the lists of all IMA namespaces into two PCRs of the machine's TPM
 *
 * PCR 11 says which namespaces began to execute programs, PCR 12 what their lists
 * were at each anchor, or with mode=concat what Container-IMA had there. See
 * Documentation/security/ima-ns.rst.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ima_ns_anchor.h>
#include <linux/module.h>
#include <linux/reboot.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uuid.h>

#include "anchor.h"

#define IMA_BOOT_MAX		2048
#define IMA_REGISTER_MAX	2048
#define IMA_PCR_TEXT_MAX	600

/* So often the TPM is asked for the last record. */
#define IMA_LAST_TRIES		3

static int pcr_boot = 11;
module_param(pcr_boot, int, 0444);
MODULE_PARM_DESC(pcr_boot, "PCR of the records of namespaces that begin (11)");

static int pcr_anchor = 12;
module_param(pcr_anchor, int, 0444);
MODULE_PARM_DESC(pcr_anchor, "PCR of the anchors (12)");

static char *mode = "merkle";
module_param(mode, charp, 0444);
MODULE_PARM_DESC(mode,
		 "merkle: anchors are entries with the root of a tree; concat: ima/cpcr and the formula of Container-IMA, without protection from replay (merkle)");

static char *anchor = "batch";
module_param(anchor, charp, 0444);
MODULE_PARM_DESC(anchor,
		 "batch: an anchor from time to time; sync: events wait for one (batch)");

static char *on_error = "deny";
module_param(on_error, charp, 0444);
MODULE_PARM_DESC(on_error,
		 "deny or log: what happens to an event whose anchor, or the first program whose record, the TPM does not take (deny)");

static unsigned int ms = 1000;
module_param(ms, uint, 0444);
MODULE_PARM_DESC(ms, "milliseconds until what is new is anchored (1000)");

static unsigned int events = 1000;
module_param(events, uint, 0444);
MODULE_PARM_DESC(events, "entries until what is new is anchored (1000)");

static unsigned int chain = IMA_CHAIN_LEN_DEFAULT;
module_param(chain, uint, 0444);
MODULE_PARM_DESC(chain, "anchors that one chain of tokens is for (65536)");

static char *adopt = "none";
module_param(adopt, charp, 0444);
MODULE_PARM_DESC(adopt,
		 "auto: whoever gets a mount namespace of the initial user namespace is adopted; none: who is told to be (none)");

/* What the two PCRs were before the first record, as all its records say. */
static char start_boot[IMA_PCR_TEXT_MAX];
static char start_anchor[IMA_PCR_TEXT_MAX];

/*
 * The record that says from where on, and until where, anchoring holds.  The
 * default PCR comes last: what is not in there was never complete.
 *
 * With mode=concat there is no chain, and no @token: the PCR of the anchors has
 * nothing that is in the list, so that whoever replays the list leaves it alone.
 */
static int ima_module_record(const char *name, unsigned int alive,
			     const u8 *token)
{
	const int pcrs[] = { pcr_boot, pcr_anchor, CONFIG_IMA_MEASURE_PCR_IDX };
	char text[2 * IMA_CHAIN_TOKEN_SIZE + 1] = "none";
	int i, tries, len, rc = 0;
	char *buf;

	buf = kmalloc(IMA_REGISTER_MAX, GFP_KERNEL);
	if (!buf)
		return -ENOMEM;

	if (token)
		snprintf(text, sizeof(text), "%*phN", IMA_CHAIN_TOKEN_SIZE,
			 token);
	len = scnprintf(buf, IMA_REGISTER_MAX,
			"boot_id=%pUb pcr_boot=%d pcr_anchor=%d start_boot=%s start_anchor=%s alive=%u chain=%u token=%s",
			&ima_ns_boot_id, pcr_boot, pcr_anchor, start_boot,
			start_anchor, alive, token ? chain : 0, text);
	if (len == IMA_REGISTER_MAX - 1)
		rc = -ENOSPC;

	for (i = 0; !rc && i < ARRAY_SIZE(pcrs); i++) {
		if (!token && pcrs[i] == pcr_anchor)
			continue;
		tries = 0;
		do
			rc = ima_ns_add_record(name, buf, len, pcrs[i]);
		while (rc == -EIO && pcrs[i] != CONFIG_IMA_MEASURE_PCR_IDX &&
		       ++tries < IMA_LAST_TRIES);
	}
	kfree(buf);
	return rc;
}

/* --- What IMA tells */

/* The text of the record of its first program; to be freed by the caller. */
static char *ima_module_describe(const struct ima_namespace *ns, bool late,
				 gfp_t gfp)
{
	char *buf, *text;
	int len;

	buf = kmalloc(IMA_BOOT_MAX, GFP_KERNEL);
	if (!buf)
		return ERR_PTR(-ENOMEM);

	len = ima_ns_describe(ns, buf, IMA_BOOT_MAX);
	if (len < 0) {
		kfree(buf);
		return ERR_PTR(len);
	}
	text = kasprintf(gfp, "%s kind=%s%s", buf, ima_ns_kind(ns),
			 late ? " late=1" : "");
	kfree(buf);
	return text ?: ERR_PTR(-ENOMEM);
}

static int ima_module_birth(struct ima_namespace *ns, u64 id, bool late,
			    gfp_t gfp, void **state)
{
	struct ima_anchored *anchored;
	char *boot;

	boot = ima_module_describe(ns, late, gfp);
	if (IS_ERR(boot))
		return PTR_ERR(boot);

	anchored = ima_anchored_alloc(ns, id, boot, gfp);
	if (IS_ERR(anchored)) {
		kfree(boot);
		return PTR_ERR(anchored);
	}

	/* It may have executed anything before. */
	if (late)
		ima_anchored_boot_late(anchored);
	*state = anchored;
	return 0;
}

static void ima_module_entry(void *state, u64 seq, const u8 *acc)
{
	ima_anchored_entry(state, seq, acc);
}

static int ima_module_wait(void *state, u64 seq)
{
	return ima_anchored_wait(state, seq);
}

static int ima_module_exec(void *state)
{
	return ima_anchored_boot(state);
}

static int ima_module_show(void *state, struct seq_file *m)
{
	return ima_anchored_show(state, m);
}

static void ima_module_death(void *state)
{
	ima_anchored_death(state);
}

static void ima_module_gone(void *state)
{
	ima_anchored_gone(state);
}

static int ima_module_begin(unsigned int alive)
{
	u8 start[IMA_CHAIN_TOKEN_SIZE];
	int rc;

	rc = ima_ns_print_pcr(pcr_boot, start_boot, sizeof(start_boot));
	if (rc < 0)
		return rc;
	rc = ima_ns_print_pcr(pcr_anchor, start_anchor, sizeof(start_anchor));
	if (rc < 0)
		return rc;
	ima_anchors.has_tpm = strcmp(start_anchor, "none");
	if (ima_anchors.config.concat)
		return ima_module_record("ima_ns_register", alive, NULL);
	rc = ima_chain_start(&ima_anchors.chain, start);
	return rc ?: ima_module_record("ima_ns_register", alive, start);
}

static int ima_module_end(const u8 *token)
{
	return ima_module_record("ima_ns_unregister", 0, token);
}

static struct ima_ns_ops ima_module_ops = {
	.owner = THIS_MODULE,
	.begin = ima_module_begin,
	.birth = ima_module_birth,
	.entry = ima_module_entry,
	.exec = ima_module_exec,
	.show = ima_module_show,
	.death = ima_module_death,
	.gone = ima_module_gone,
};

/* --- The end of the machine */

static const char *ima_module_reason;

static int ima_module_shutdown(void)
{
	char buf[64];
	int len;

	len = scnprintf(buf, sizeof(buf), "reason=%s seq=%llu",
			ima_module_reason, ima_anchors.seq);
	return ima_ns_add_record("ima_ns_shutdown", buf, len,
				 CONFIG_IMA_MEASURE_PCR_IDX);
}

/* What comes later would not be in the list that a kexec carries over. */
static int ima_module_reboot(struct notifier_block *nb, unsigned long action,
			     void *command)
{
	bool kexec = action == SYS_RESTART && command &&
		     !strcmp(command, "kexec reboot");

	if (ima_anchor_finish_all(kexec ? IMA_ANCHOR_KEXEC :
					  IMA_ANCHOR_REBOOT))
		pr_err("the last anchor could not be made\n");
	ima_module_reason = kexec ? "kexec" : "reboot";
	ima_anchors_close(ima_module_shutdown);
	return NOTIFY_DONE;
}

static struct notifier_block ima_module_reboot_nb = {
	.notifier_call = ima_module_reboot,
	.priority = INT_MAX,
};

/* --- Loading */

static int ima_module_config(struct ima_anchor_config *config)
{
	if (strcmp(mode, "merkle") && strcmp(mode, "concat")) {
		pr_err("mode=%s: neither merkle nor concat\n", mode);
		return -EINVAL;
	}
	if (strcmp(anchor, "batch") && strcmp(anchor, "sync")) {
		pr_err("anchor=%s: neither batch nor sync\n", anchor);
		return -EINVAL;
	}
	if (strcmp(adopt, "none") && strcmp(adopt, "auto")) {
		pr_err("adopt=%s: neither none nor auto\n", adopt);
		return -EINVAL;
	}
	if (strcmp(on_error, "deny") && strcmp(on_error, "log")) {
		pr_err("on_error=%s: neither deny nor log\n", on_error);
		return -EINVAL;
	}
	if (!ms || !events || !chain || chain > IMA_CHAIN_LEN_MAX) {
		pr_err("ms, events and chain are at least 1, chain at most %u\n",
		       IMA_CHAIN_LEN_MAX);
		return -EINVAL;
	}
	if (pcr_boot == pcr_anchor || pcr_boot < 0 || pcr_boot > 23 ||
	    pcr_anchor < 0 || pcr_anchor > 23) {
		pr_err("pcr_boot and pcr_anchor are two different PCRs, 0 to 23\n");
		return -EINVAL;
	}

	*config = (struct ima_anchor_config) {
		.pcr_boot = pcr_boot,
		.pcr_anchor = pcr_anchor,
		.ms = ms,
		.events = events,
		.chain = chain,
		.concat = !strcmp(mode, "concat"),
		.sync = !strcmp(anchor, "sync"),
		.deny = !strcmp(on_error, "deny"),
	};
	return 0;
}

static int __init ima_module_init(void)
{
	struct ima_anchor_config config;
	int rc;

	rc = ima_module_config(&config);
	if (rc)
		return rc;

	rc = ima_anchors_init(&config);
	if (rc)
		return rc;

	rc = ima_anchors_start();
	if (rc)
		goto destroy;

	rc = ima_anchor_files_create();
	if (rc)
		goto stop;

	ima_module_ops.adopt_all = !strcmp(adopt, "auto");
	ima_module_ops.pcrs = BIT(pcr_boot) | BIT(pcr_anchor);
	if (config.sync)
		ima_module_ops.wait = ima_module_wait;
	rc = ima_ns_register(&ima_module_ops);
	if (rc) {
		pr_err("cannot register: %d\n", rc);
		goto remove_files;
	}

	ima_anchor_files_open();
	register_reboot_notifier(&ima_module_reboot_nb);
	pr_info("%s in PCR %d, beginnings in PCR %d\n",
		config.concat ? "sums" : "anchors", pcr_anchor, pcr_boot);
	return 0;

remove_files:
	ima_anchors_stop();
	ima_anchors_forget();
	ima_anchor_files_remove();
	goto destroy;
stop:
	ima_anchors_stop();
destroy:
	ima_anchors_destroy();
	return rc;
}

static void __exit ima_module_exit(void)
{
	/* No namespace is left, so no proof is. */
	ima_anchor_files_remove();
	unregister_reboot_notifier(&ima_module_reboot_nb);
	ima_anchors_stop();
	/* The PCRs are ours until these are written. */
	if (ima_anchor_finish_all(IMA_ANCHOR_UNREGISTER) ||
	    ima_anchor_last(ima_module_end))
		pr_err("the list does not say that this is the end\n");
	ima_ns_unregister(&ima_module_ops);
	ima_anchors_forget();
	ima_anchor_files_end();
	ima_anchors_destroy();
}

late_initcall(ima_module_init);
module_exit(ima_module_exit);

MODULE_AUTHOR("Seed 51ca718b maintainers");
MODULE_DESCRIPTION("Binds the lists of IMA namespaces into PCRs of the TPM");
MODULE_VERSION("1");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(IMA_NS);
