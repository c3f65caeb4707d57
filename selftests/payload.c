// SPDX-License-Identifier: GPL-2.0-only
/* What the tests run: linked statically, so that it opens no library. */
int main(void)
{
	return 0;
}
