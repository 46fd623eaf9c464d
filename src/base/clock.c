/* SPDX-License-Identifier: MIT */
#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

int64_t clock_monotonic_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t clock_now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

void clock_sleep_ms(uint32_t ms)
{
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    while (nanosleep(&t, &t) != 0 && errno == EINTR)
    {
    }
}

void clock_format(int64_t us, unsigned digits, char out[28])
{
    time_t seconds = (time_t)(us / 1000000);
    int fraction = (int)(us % 1000000);
    if (fraction < 0) /* before 1970 */
    {
        seconds--;
        fraction += 1000000;
    }
    struct tm tm;
    gmtime_r(&seconds, &tm);
    size_t len = strftime(out, 28, "%Y-%m-%dT%H:%M:%S", &tm);
    if (digits == 3)
    {
        snprintf(out + len, 28 - len, ".%03dZ", fraction / 1000);
    }
    else
    {
        snprintf(out + len, 28 - len, ".%06dZ", fraction);
    }
}

/* The system's random bytes; with none to be had (an early boot), the clock must do: they only keep identifiers apart. */
static void random_bytes(unsigned char *out, size_t n)
{
    if (getentropy(out, n) == 0)
    {
        return;
    }
    uint64_t x = (uint64_t)clock_now_us() * 0x9e3779b97f4a7c15ULL;
    for (size_t i = 0; i < n; i++)
    {
        x ^= x >> 12;
        x ^= x << 25;
        x ^= x >> 27;
        out[i] = (unsigned char)(x >> 32);
    }
}

uint32_t clock_random(uint32_t bound)
{
    uint32_t x = 0;
    random_bytes((unsigned char *)&x, sizeof x);
    return bound == 0 ? 0 : x % bound;
}

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdef";
    const char *at = c == '\0' ? NULL : strchr(digits, c);
    return at == NULL ? -1 : (int)(at - digits);
}

static int parse(const char *text, unsigned char out[16])
{
    size_t n = 0;
    for (; n < 16 && text[0] != '\0'; n++)
    {
        text += text[0] == '-';
        int high = hex_digit(text[0]), low = high < 0 ? -1 : hex_digit(text[1]);
        if (low < 0)
        {
            return 0;
        }
        out[n] = (unsigned char)(high * 16 + low);
        text += 2;
    }
    return n == 16 && text[0] == '\0';
}

static void clock_print(const unsigned char b[16], char out[37])
{
    snprintf(out, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2], b[3], b[4],
             b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}

/* The smallest UUIDv7 above b: count on in the 62 random bits behind the variant, then in the 60 before it. */
static void increment(unsigned char b[16])
{
    for (int i = 15; i >= 0; i--)
    {
        unsigned char keep = i == 8 ? 0xc0 : i == 6 ? 0xf0 : 0x00;
        unsigned char free_bits = (unsigned char)~keep;
        unsigned char next = (unsigned char)((b[i] + 1) & free_bits);
        b[i] = (unsigned char)((b[i] & keep) | next);
        if (next != 0)
        {
            return;
        }
    }
}

void uuid_next(const char *after, char out[37])
{
    unsigned char b[16], last[16];
    random_bytes(b, sizeof b);
    uint64_t ms = (uint64_t)clock_now_us() / 1000;
    for (int i = 5; i >= 0; i--, ms >>= 8)
    {
        b[i] = (unsigned char)ms;
    }
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x70);
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    if (after != NULL && parse(after, last) && memcmp(b, last, sizeof b) <= 0)
    {
        memcpy(b, last, sizeof b);
        increment(b);
    }
    clock_print(b, out);
}
