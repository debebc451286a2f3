/* The guest program in C: the same work as guest.js and guest.py.
 *
 * Built as a static Linux program, where it reads a line and writes a line; as a WebAssembly module,
 * where the host writes the request into `tonnage_buffer` and calls `tonnage_answer`; with TONNAGE_WASI,
 * as one that reads and writes lines through WASI whenever `tonnage_serve` is called; and, with
 * TONNAGE_COMPONENT, as the inside of a component that exports `answer`, as guest.wit has it.
 * Needs no C library but for memory and, where there are lines, for reading and writing.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define REQUEST_BYTES (64 * 1024)

static char buffer[REQUEST_BYTES];
static char reply[128];
static unsigned char *kept;
static uint64_t kept_bytes;

/* ------------------------------------------------------------------------- a small JSON reader */

struct reader {
    const char *at;
    const char *end;
    int failed;
};

static void skip_space(struct reader *in) {
    while (in->at < in->end && (*in->at == ' ' || *in->at == '\t' || *in->at == '\n' || *in->at == '\r')) in->at++;
}

static int take(struct reader *in, char c) {
    skip_space(in);
    if (in->at < in->end && *in->at == c) {
        in->at++;
        return 1;
    }
    return 0;
}

static void expect(struct reader *in, char c) {
    if (!take(in, c)) in->failed = 1;
}

/* The bytes between the quotes. Escapes are passed over, not resolved: no name here has any. */
static const char *string(struct reader *in, size_t *length) {
    expect(in, '"');
    const char *start = in->at;
    while (in->at < in->end && *in->at != '"') in->at += *in->at == '\\' ? 2 : 1;
    if (in->at >= in->end) {
        in->failed = 1;
        *length = 0;
        return start;
    }
    *length = (size_t)(in->at - start);
    in->at++;
    return start;
}

static uint64_t number(struct reader *in) {
    uint64_t value = 0;
    skip_space(in);
    if (in->at >= in->end || *in->at < '0' || *in->at > '9') in->failed = 1;
    while (in->at < in->end && *in->at >= '0' && *in->at <= '9') value = value * 10 + (uint64_t)(*in->at++ - '0');
    return value;
}

static int is(const char *text, size_t length, const char *word) {
    return strlen(word) == length && memcmp(text, word, length) == 0;
}

/* Passes over any value. */
static void skip_value(struct reader *in) {
    size_t length;
    skip_space(in);
    if (in->at >= in->end) {
        in->failed = 1;
    } else if (*in->at == '"') {
        string(in, &length);
    } else if (*in->at == '{' || *in->at == '[') {
        char close = *in->at == '{' ? '}' : ']';
        int named = close == '}';
        in->at++;
        if (take(in, close)) return;
        do {
            if (named) {
                string(in, &length);
                expect(in, ':');
            }
            skip_value(in);
        } while (!in->failed && take(in, ','));
        expect(in, close);
    } else {
        while (in->at < in->end && !strchr(",]} \t\r\n", *in->at)) in->at++;
    }
}

/* ------------------------------------------------------------------------------------- the work */

struct result {
    uint64_t count;
    uint64_t total;
    uint32_t checksum;
};

static void item(struct reader *in, struct result *result) {
    const char *sku = "";
    size_t sku_length = 0;
    uint64_t quantity = 0;
    uint64_t price = 0;
    expect(in, '{');
    do {
        size_t length;
        const char *key = string(in, &length);
        expect(in, ':');
        if (is(key, length, "sku")) sku = string(in, &sku_length);
        else if (is(key, length, "quantity")) quantity = number(in);
        else if (is(key, length, "price")) price = number(in);
        else skip_value(in);
    } while (!in->failed && take(in, ','));
    expect(in, '}');
    if (quantity == 0) return;
    result->count++;
    result->total += quantity * price;
    for (size_t i = 0; i < sku_length; i++) result->checksum = (result->checksum ^ (unsigned char)sku[i]) * 16777619u;
}

static struct result transform(uint32_t nonce, const char *text, size_t length, int *failed) {
    struct reader in = {text, text + length, 0};
    struct result result = {0, 0, 2166136261u ^ nonce};
    expect(&in, '{');
    do {
        size_t key_length;
        const char *key = string(&in, &key_length);
        expect(&in, ':');
        if (is(key, key_length, "items")) {
            expect(&in, '[');
            do item(&in, &result);
            while (!in.failed && take(&in, ','));
            expect(&in, ']');
        } else {
            skip_value(&in);
        }
    } while (!in.failed && take(&in, ','));
    expect(&in, '}');
    result.checksum = (result.checksum ^ (uint32_t)result.total) * 16777619u;
    *failed |= in.failed;
    return result;
}

static char *write_number(char *out, uint64_t value, char after) {
    char digits[20];
    int n = 0;
    do digits[n++] = (char)('0' + value % 10);
    while (value /= 10);
    while (n) *out++ = digits[--n];
    *out++ = after;
    return out;
}

/* Answers the request in the buffer, `nonce rounds touch document`, into the reply.
 * Returns its length, or 0 if the request makes no sense. */
static size_t answer(size_t length) {
    struct reader in = {buffer, buffer + length, 0};
    uint32_t nonce = (uint32_t)number(&in);
    uint64_t rounds = number(&in);
    uint64_t touch = number(&in);
    skip_space(&in);
    if (touch > kept_bytes) {
        kept = realloc(kept, touch);
        if (!kept) return 0;
        /* A byte in each page, and not the same one: pages that are alike could be merged. */
        for (uint64_t at = 0; at < touch; at += 512) kept[at] = (unsigned char)((at / 512 + nonce) | 1);
        kept_bytes = touch;
    }
    struct result result = {0, 0, nonce};
    int failed = in.failed;
    for (uint64_t round = 0; round < rounds && !failed; round++)
        result = transform(result.checksum, in.at, (size_t)(in.end - in.at), &failed);
    if (failed) return 0;
    char *out = write_number(reply, nonce, ' ');
    out = write_number(out, result.count, ' ');
    out = write_number(out, result.total, ' ');
    out = write_number(out, result.checksum, '\n');
    return (size_t)(out - reply);
}

#if defined(TONNAGE_COMPONENT)

/* Of WASI 0.2. The host notes the moment too: it is the first thing an instance does. */
__attribute__((import_module("wasi:clocks/monotonic-clock@0.2.0"), import_name("now"))) uint64_t now(void);

/* Room for what is handed in: there is one request at a time. */
__attribute__((export_name("cabi_realloc"))) void *cabi_realloc(void *old, size_t old_size, size_t align, size_t size) {
    (void)align;
    if (old || old_size || size > REQUEST_BYTES) __builtin_trap();
    return buffer;
}

/* A text comes as its place and length, and goes back as the place of those two. */
__attribute__((export_name("answer"))) const uint32_t *component_answer(const char *request, uint32_t length) {
    static int begun;
    static uint32_t text[2];
    if (!begun) now();
    begun = 1;
    text[1] = request == buffer ? (uint32_t)answer(length) : 0;
    text[0] = (uint32_t)(uintptr_t)reply;
    return text;
}

#elif defined(__wasm__) && !defined(TONNAGE_WASI)

/* The host notes the moment: it is the first thing an instance does. */
__attribute__((import_module("tonnage"), import_name("ready"))) void tonnage_ready(void);

__attribute__((export_name("tonnage_buffer"))) char *tonnage_buffer(void) {
    tonnage_ready();
    return buffer;
}

__attribute__((export_name("tonnage_answer"))) uint32_t tonnage_answer(uint32_t length) {
    size_t replied = length <= REQUEST_BYTES ? answer(length) : 0;
    memcpy(buffer, reply, replied);
    return (uint32_t)replied;
}

#else

#include <time.h>
#include <unistd.h>

static int write_all(const char *bytes, size_t length) {
    while (length) {
        ssize_t n = write(1, bytes, length);
        if (n <= 0) return 0;
        bytes += n;
        length -= (size_t)n;
    }
    return 1;
}

static int say_ready(void) {
    struct timespec now;
    char ready[64] = "ready ";
    clock_gettime(CLOCK_MONOTONIC, &now);
    char *end = write_number(ready + 6, (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec, '\n');
    return write_all(ready, (size_t)(end - ready));
}

/* Answers every line until there are no more. Returns 0, or what went wrong. */
static int serve(void) {
    size_t have = 0;
    for (;;) {
        ssize_t n = read(0, buffer + have, REQUEST_BYTES - have);
        if (n <= 0) return n < 0;
        have += (size_t)n;
        char *end_of_line;
        while ((end_of_line = memchr(buffer, '\n', have))) {
            size_t line = (size_t)(end_of_line - buffer);
            size_t length = answer(line);
            if (!length || !write_all(reply, length)) return 3;
            have -= line + 1;
            memmove(buffer, end_of_line + 1, have);
        }
        if (have == REQUEST_BYTES) return 2;
    }
}

#ifdef TONNAGE_WASI

/* Called again, it goes on with what has come in since. */
__attribute__((export_name("tonnage_serve"))) int tonnage_serve(void) {
    static int begun;
    if (!begun && !say_ready()) return 1;
    begun = 1;
    return serve();
}

#else

int main(void) {
    return say_ready() ? serve() : 1;
}

#endif
#endif
