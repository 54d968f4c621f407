/*
 * main.c - what somebody builds with an installed pendio: a loop that lets a millisecond pass.
 */
#include <pendio/pendio.h>

int main(void)
{
    struct pendio_completion record = {.bytes = 0};
    struct pendio_context *context;
    struct pendio_loop *loop;
    struct pendio_pool *pool;

    if (pendio_loop_create(NULL, &loop) < 0 || pendio_pool_create(loop, NULL, &pool) < 0 ||
        pendio_pool_get(pool, &context) < 0 || pendio_timer(context, 1000000) != PENDIO_PENDING)
        return 1;
    while (record.context != context)
        if (pendio_loop_turn(loop, -1, &record, 1) < 0)
            return 1;
    return pendio_loop_destroy(loop, -1, NULL);
}
