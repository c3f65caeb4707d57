// SPDX-License-Identifier: GPL-2.0-or-later
#include "base64.h"

static const char digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Four characters, @pad of them "=" at the end, to 3 - @pad bytes. */
static bool decode_group(const char *text, int pad, uint8_t *out)
{
	uint32_t bits = 0;
	int i;

	for (i = 0; i < 4; i++) {
		int v = i < 4 - pad ? value_of(text[i]) : 0;

		if (v < 0)
			return false;
		bits = bits << 6 | (uint32_t)v;
	}
	for (i = 0; i < 3; i++)
		out[i] = (uint8_t)(bits >> (16 - 8 * i));
	/* What the padding leaves over must be zero. */
	for (i = 3 - pad; i < 3; i++)
		if (out[i])
			return false;
	return true;
}

bool base64_decode(const char *text, size_t len, struct buf *out)
{
	size_t start = out->len, i;

	if (len % 4)
		return false;
	buf_add(out, "", 0);
	for (i = 0; i < len; i += 4) {
		bool last = i + 4 == len;
		int pad = !last || text[i + 3] != '=' ? 0 :
			  text[i + 2] != '=' ? 1 : 2;
		uint8_t bytes[3];

		if (!decode_group(text + i, pad, bytes)) {
			out->len = start;
			out->data[start] = 0;
			return false;
		}
		buf_add(out, bytes, (size_t)(3 - pad));
	}
	return true;
}

char *base64_encode(const void *data, size_t len)
{
	char *text = xmalloc((len + 2) / 3 * 4 + 1), *out = text;
	const uint8_t *p = data;
	size_t i;

	for (i = 0; i < len; i += 3) {
		size_t n = len - i < 3 ? len - i : 3;
		uint32_t bits = (uint32_t)p[i] << 16;

		bits |= n > 1 ? (uint32_t)p[i + 1] << 8 : 0;
		bits |= n > 2 ? p[i + 2] : 0;
		*out++ = digits[bits >> 18];
		*out++ = digits[bits >> 12 & 63];
		*out++ = n > 1 ? digits[bits >> 6 & 63] : '=';
		*out++ = n > 2 ? digits[bits & 63] : '=';
	}
	*out = '\0';
	return text;
}
