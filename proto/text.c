/*
 * text.c - error lines, UTF-8 and base64.
 *
 * - An error line is built by appending; what does not fit is cut between two characters, and
 *   control characters out of the input become blanks.
 * - UTF-8 is checked after table 3-7 of the Unicode standard.
 */
#include "text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { NAME_LIMIT = 160 };

/* Well-formed sequences by first byte; bytes after the second are 80..BF. */
static const struct sequence {
    uint8_t first_low, first_high, second_low, second_high;
    size_t byte_count;
} sequences[] = {
    {0x01, 0x7F, 0x00, 0x00, 1}, {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3},
    {0xE1, 0xEC, 0x80, 0xBF, 3}, {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3},
    {0xF0, 0xF0, 0x90, 0xBF, 4}, {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4},
};

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void pnd_text_add(struct pnd_message_error *error, const char *format, ...)
{
    size_t used = strlen(error->text);
    size_t room = sizeof(error->text) - used;
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(error->text + used, room, format, arguments);
    va_end(arguments);

    if (length >= 0 && (size_t)length >= room)
        pnd_text_cut(error->text, sizeof(error->text) - 1);
    for (char *at = error->text + used; *at != '\0'; at++) {
        if ((unsigned char)*at < ' ' || *at == 0x7F)
            *at = ' ';
    }
}

const char *pnd_text_tail(const char *name)
{
    size_t length = strlen(name);
    if (length <= NAME_LIMIT)
        return name;
    const char *tail = name + (length - NAME_LIMIT);
    while (((unsigned char)*tail & 0xC0) == 0x80)
        tail++;
    return tail;
}

void pnd_text_cut(char *text, size_t limit)
{
    static const char mark[] = "...";

    if (strlen(text) < limit)
        return;
    size_t end = limit - strlen(mark);
    while (end > 0 && ((unsigned char)text[end] & 0xC0) == 0x80)
        end--;
    memcpy(text + end, mark, sizeof(mark));
}

static size_t sequence_length(const uint8_t *at, size_t left)
{
    for (size_t i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++) {
        const struct sequence *sequence = &sequences[i];
        if (at[0] < sequence->first_low || at[0] > sequence->first_high)
            continue;
        if (sequence->byte_count > left)
            return 0;
        if (sequence->byte_count > 1 &&
            (at[1] < sequence->second_low || at[1] > sequence->second_high))
            return 0;
        for (size_t next = 2; next < sequence->byte_count; next++) {
            if ((at[next] & 0xC0) != 0x80)
                return 0;
        }
        return sequence->byte_count;
    }
    return 0;
}

bool pnd_text_is_valid(const void *text, size_t byte_count)
{
    const uint8_t *at = text;
    while (byte_count > 0) {
        size_t length = sequence_length(at, byte_count);
        if (length == 0)
            return false;
        at += length;
        byte_count -= length;
    }
    return true;
}

size_t pnd_text_base64_length(size_t byte_count)
{
    return (byte_count + 2) / 3 * 4;
}

void pnd_text_to_base64(const uint8_t *bytes, size_t byte_count, char *ret_text)
{
    char *out = ret_text;
    for (size_t i = 0; i < byte_count; i += 3) {
        size_t left = byte_count - i;
        uint32_t group = (uint32_t)bytes[i] << 16;
        group |= left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0;
        group |= left > 2 ? (uint32_t)bytes[i + 2] : 0;
        *out++ = digits[group >> 18];
        *out++ = digits[(group >> 12) & 63];
        *out++ = '=';
        *out++ = '=';
        if (left > 1)
            out[-2] = digits[(group >> 6) & 63];
        if (left > 2)
            out[-1] = digits[group & 63];
    }
    *out = '\0';
}

static int digit_value(char digit)
{
    if (digit == '-')
        digit = '+';
    if (digit == '_')
        digit = '/';
    const char *found = memchr(digits, digit, sizeof(digits) - 1);
    return found != NULL ? (int)(found - digits) : -EBADMSG;
}

int64_t pnd_text_from_base64(const char *text, uint8_t *ret_bytes)
{
    size_t length = strlen(text);
    while (length > 0 && length % 4 != 1 && text[length - 1] == '=')
        length--;
    if (length % 4 == 1)
        return -EBADMSG;

    uint32_t group = 0;
    uint8_t *out = ret_bytes;
    for (size_t i = 0; i < length; i++) {
        int value = digit_value(text[i]);
        if (value < 0)
            return -EBADMSG;
        group = group << 6 | (uint32_t)value;
        if (i % 4 != 0)
            *out++ = (uint8_t)(group >> (6 - 2 * (i % 4)));
    }
    return out - ret_bytes;
}
