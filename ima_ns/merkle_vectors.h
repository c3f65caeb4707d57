/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hashes that merkle_kunit.c knows from elsewhere
 */

#ifndef _IMA_NS_MERKLE_VECTORS_H
#define _IMA_NS_MERKLE_VECTORS_H

/* As printed by "sha256sum </dev/null". */
static const char empty_root[] =
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/*
 * Of id 0x0102030405060708, seq 2, the salt 0x00, 0x01, ... 0x1f and the acc
 * 0x20, 0x21, ... 0x3f, calculated with Python's hashlib.
 */
static const char namespace_leaf[] =
	"358fd8ba0a2935b13f3fbc18c7be372eebbd4d984c57ad59b3cd6384919d7d0c";

/*
 * The reference data of Certificate Transparency, as in merkle_tree_test.cc of
 * google/certificate-transparency: eight leaves, whose hash there is
 * SHA-256(0x00 || data), the roots over the first n of them, and some of the
 * paths.  RFC 9162 has no numbers, but the same trees.  All were calculated
 * anew with Python's hashlib.
 */
static const char *const ct_leaves[] = {
	"",
	"00",
	"10",
	"2021",
	"3031",
	"40414243",
	"5051525354555657",
	"606162636465666768696a6b6c6d6e6f",
};

static const char *const ct_roots[] = {
	"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
	"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
	"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
	"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
	"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
	"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
	"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
	"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};

static const struct {
	unsigned int slot;
	unsigned int n;
	const char *hash[3];
} ct_paths[] = {
	{ 0, 1, { NULL } },
	{ 2, 3, {
	"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125" } },
	{ 1, 5, {
	"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
	"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
	"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b" } },
	{ 0, 8, {
	"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
	"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
	"6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4" } },
	{ 5, 8, {
	"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
	"ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
	"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7" } },
};

#endif /* _IMA_NS_MERKLE_VECTORS_H */
