/*
 * cached.c - reads that need not wait: of files, when the system has the data in its memory.
 *
 * Happy path:  alone on its handle, also in the turn before, and hits expected -> one system call
 *              that must not wait -> hit.
 * Failures:    a miss, or an error of whatever kind, is left to the ring; after misses fewer reads
 *              are tried, after a hit all are.
 */
#include "cached.h"

#include "transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/uio.h>

/* Reads left to the ring after the first miss in a row, and after so many that it grows no more. */
enum { LEAST_PAUSE = 4, LONGEST_PAUSE = 1024 };

/* O_DIRECT passes the cache by. */
static bool may_hit(struct pnd_handle *handle)
{
    if (handle->cache == PND_CACHE_UNKNOWN) {
        int flags = fcntl(handle->descriptor, F_GETFL);

        handle->cache = flags < 0 || (flags & O_DIRECT) ? PND_CACHE_NEVER : PND_CACHE_SOMETIMES;
    }
    return handle->cache == PND_CACHE_SOMETIMES;
}

/* Counts down the pause that a miss has brought. */
static bool is_expected(struct pnd_handle *handle)
{
    if (!may_hit(handle))
        return false;
    if (handle->cache_pause_left == 0)
        return true;
    handle->cache_pause_left--;
    return false;
}

static void learn(struct pnd_handle *handle, bool hit)
{
    uint16_t pause = handle->cache_pause;

    if (hit)
        pause = 0;
    else if (pause == 0)
        pause = LEAST_PAUSE;
    else if (pause < LONGEST_PAUSE)
        pause *= 2;
    handle->cache_pause = pause;
    handle->cache_pause_left = pause;
}

/*
 * Whoever reads again in the turn, without a wait between, is one reader; another context is a
 * second one, and they are to go together.
 */
static void count_readers(const struct pnd_context *context)
{
    struct pnd_handle *handle = context->handle;
    uint16_t turn = (uint16_t)context->loop->turn;
    uint16_t reader = pnd_context_number(context);

    if (handle->read_turn != turn) {
        handle->was_crowded = handle->is_crowded;
        handle->is_crowded = false;
        handle->read_turn = turn;
    } else if (handle->reader != 0 && handle->reader != reader) {
        handle->is_crowded = true;
    }
    handle->reader = reader;
}

/* Many at a time are cheaper by the ring. */
static bool is_alone(const struct pnd_handle *handle)
{
    return !handle->is_crowded && !handle->was_crowded && TAILQ_EMPTY(&handle->parallel) &&
           pnd_line_is_empty(&handle->receives) && handle->receives.undelivered_count == 0;
}

static bool may_try(const struct pnd_context *context)
{
    const struct pnd_handle *handle = context->handle;

    return context->policy != PENDIO_QUEUE && handle->kind == PND_KIND_FILE && is_alone(handle) &&
           context->piece_count <= PND_SHARE_COUNT && context->window.byte_count != 0 &&
           pnd_budget_is_left(context->loop, &handle->budget);
}

bool pnd_cached_try(struct pnd_context *context, uint64_t offset)
{
    struct pnd_handle *handle = context->handle;
    off_t position = offset == PENDIO_STREAMING ? -1 : (off_t)offset;
    struct pnd_share share;
    ssize_t byte_count;

    count_readers(context);
    if (!may_try(context) || !is_expected(handle))
        return false;
    share = pnd_transfer_share(context);
    byte_count =
        preadv2(handle->descriptor, share.pieces, (int)share.piece_count, position, RWF_NOWAIT);
    if (byte_count < 0 && errno == EOPNOTSUPP)
        handle->cache = PND_CACHE_NEVER; /* a file system that cannot tell */
    learn(handle, byte_count >= 0);
    if (byte_count < 0)
        return false;
    if (byte_count == 0)
        context->flags |= PENDIO_END_OF_STREAM;
    context->moved_bytes = (uint64_t)byte_count;
    return true;
}
