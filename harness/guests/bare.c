/* The guest program without an operating system below it: guest.c, and the few functions of a C
 * library that it calls.
 *
 * Runs in ring 3 of a virtual machine that has nothing but memory, whose addresses are physical ones.
 * A call to the host is the address of a `struct call`, written to a port; when the program goes on,
 * the host has put the result into it. The host enters at `start` with the end of memory as the
 * argument and the stack below it.
 */
#include "guest.c"

/* The same in harness/src/technology/microvm/guest.rs. */
#define PORT 0x7c
#define STACK_BYTES (64 * 1024)

enum { CALL_EXIT, CALL_CLOCK, CALL_READ, CALL_WRITE };

/* What the host answers to a read instead of a length, where it wants to know that the program runs:
 * it is to ask again. */
#define AGAIN (-1)

struct call {
    uint64_t number;
    uint64_t address;
    uint64_t length;
    int64_t result;
};

static int64_t call(uint64_t number, const void *address, uint64_t length) {
    struct call call = {number, (uintptr_t)address, length, 0};
    __asm__ volatile("outl %0, %1" : : "a"((uint32_t)(uintptr_t)&call), "N"(PORT) : "memory");
    return *(volatile int64_t *)&call.result;
}

ssize_t read(int file, void *bytes, size_t length) {
    int64_t got;
    (void)file;
    while ((got = call(CALL_READ, bytes, length)) == AGAIN) {}
    return got;
}

ssize_t write(int file, const void *bytes, size_t length) {
    (void)file;
    return call(CALL_WRITE, bytes, length);
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    (void)clock;
    int64_t nanoseconds = call(CALL_CLOCK, 0, 0);
    now->tv_sec = nanoseconds / 1000000000;
    now->tv_nsec = nanoseconds % 1000000000;
    return 0;
}

void *memcpy(void *restrict to, const void *restrict from, size_t length) {
    char *out = to;
    const char *in = from;
    while (length--) *out++ = *in++;
    return to;
}

void *memmove(void *to, const void *from, size_t length) {
    char *out = to;
    const char *in = from;
    if (out <= in) return memcpy(to, from, length);
    while (length--) out[length] = in[length];
    return to;
}

void *memchr(const void *bytes, int wanted, size_t length) {
    const unsigned char *at = bytes;
    for (; length--; at++)
        if (*at == (unsigned char)wanted) return (void *)at;
    return 0;
}

int memcmp(const void *one, const void *other, size_t length) {
    const unsigned char *a = one, *b = other;
    for (; length--; a++, b++)
        if (*a != *b) return *a - *b;
    return 0;
}

size_t strlen(const char *text) {
    const char *end = text;
    while (*end) end++;
    return (size_t)(end - text);
}

char *strchr(const char *text, int wanted) {
    for (;; text++) {
        if (*text == (char)wanted) return (char *)text;
        if (!*text) return 0;
    }
}

/* Where memory that nobody has begins (from the linker) and ends. */
extern char heap[];
static char *heap_next = heap;
static char *heap_end;

/* Nothing is ever given back, which the program does not do either. */
void *realloc(void *old, size_t length) {
    size_t old_length = old ? ((size_t *)old)[-2] : 0;
    size_t room = (length + 31) & ~(size_t)15;
    if (room < length || room > (size_t)(heap_end - heap_next)) return 0;
    size_t *block = (size_t *)heap_next;
    heap_next += room;
    block[0] = length;
    memcpy(block + 2, old, old_length < length ? old_length : length);
    return block + 2;
}

__attribute__((section(".text.start"), noreturn)) void start(char *end_of_memory) {
    heap_end = end_of_memory - STACK_BYTES;
    for (;;) call(CALL_EXIT, 0, (uint64_t)main());
}
