/*
 * allocations.c - counts this process's allocations between begin and end, libc's own included.
 *
 * Happy path:  malloc and its relatives are defined here, so that the dynamic linker gives them to
 *              every caller in the process, libc among them; each counts and forwards to glibc.
 * Failures:    none of its own. Under address or thread sanitizer, which bring their own malloc,
 *              their hooks count instead.
 */
#include "allocations.h"

#include "sanitized.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

static bool counting;
static uint64_t allocation_count;

static void count_one(void)
{
    if (counting)
        allocation_count++;
}

#if PND_SANITIZED

int __sanitizer_install_malloc_and_free_hooks(void (*allocated)(const volatile void *, size_t),
                                              void (*freed)(const volatile void *))
    __attribute__((weak));

static void hook_allocated(const volatile void *memory, size_t byte_count)
{
    (void)memory;
    (void)byte_count;
    count_one();
}

static void hook_freed(const volatile void *memory)
{
    (void)memory;
}

static void install(void)
{
    static bool installed;
    if (!installed && __sanitizer_install_malloc_and_free_hooks != NULL)
        (void)__sanitizer_install_malloc_and_free_hooks(hook_allocated, hook_freed);
    installed = true;
}

#else

#define EXPORTED __attribute__((visibility("default"), used))

void *__libc_malloc(size_t byte_count);
void *__libc_calloc(size_t count, size_t byte_count);
void *__libc_realloc(void *memory, size_t byte_count);
void *__libc_memalign(size_t alignment, size_t byte_count);
void __libc_free(void *memory);

EXPORTED void *malloc(size_t byte_count);
EXPORTED void *calloc(size_t count, size_t byte_count);
EXPORTED void *realloc(void *memory, size_t byte_count);
EXPORTED void *memalign(size_t alignment, size_t byte_count);
EXPORTED void *aligned_alloc(size_t alignment, size_t byte_count);
EXPORTED int posix_memalign(void **ret_memory, size_t alignment, size_t byte_count);
EXPORTED void free(void *memory);

void *malloc(size_t byte_count)
{
    count_one();
    return __libc_malloc(byte_count);
}

void *calloc(size_t count, size_t byte_count)
{
    count_one();
    return __libc_calloc(count, byte_count);
}

void *realloc(void *memory, size_t byte_count)
{
    count_one();
    return __libc_realloc(memory, byte_count);
}

void *memalign(size_t alignment, size_t byte_count)
{
    count_one();
    return __libc_memalign(alignment, byte_count);
}

void *aligned_alloc(size_t alignment, size_t byte_count)
{
    return memalign(alignment, byte_count);
}

int posix_memalign(void **ret_memory, size_t alignment, size_t byte_count)
{
    if (alignment < sizeof(void *) || (alignment & (alignment - 1)) != 0)
        return EINVAL;
    void *memory = memalign(alignment, byte_count);
    if (memory == NULL)
        return ENOMEM;
    *ret_memory = memory;
    return 0;
}

void free(void *memory)
{
    __libc_free(memory);
}

static void install(void)
{
}

#endif

void pnd_allocations_begin(void)
{
    install();
    counting = true;
}

void pnd_allocations_end(void)
{
    counting = false;
}

uint64_t pnd_allocations_count(void)
{
    return allocation_count;
}
