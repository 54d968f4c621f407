/*
 * control.c - what messages carry beside their bytes: addresses, an interface, descriptors.
 *
 * Happy path:  SEND_MESSAGE passes descriptors of one file; RECEIVE_MESSAGE brings others of the
 *              same, which are looked at and closed.
 * Failures:    whatever is not as it was sent is an offence.
 */
#include "control.h"

#include "instance.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

int pnd_control_begin(struct pnd_engine *engine)
{
    engine->passed = memfd_create("passed", MFD_CLOEXEC);
    return engine->passed < 0 ? -errno : 0;
}

void pnd_control_end(struct pnd_engine *engine)
{
    if (engine->passed >= 0)
        (void)close(engine->passed);
    engine->passed = -1;
}

static uint8_t *control_memory(const struct pnd_engine *engine, const struct pnd_task *task)
{
    const struct pnd_engine_pool *pool = &engine->pools[task->step->pool_index];
    uint64_t slot = engine->ledger.contexts[task - engine->tasks].pool_slot;
    return pool->control_memory + slot * pool->control_bytes;
}

static void fill(const struct pnd_engine *engine, uint32_t pass_count, struct cmsghdr *header)
{
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(pass_count * sizeof(int));
    for (uint32_t i = 0; i < pass_count; i++)
        memcpy(CMSG_DATA(header) + i * sizeof(int), &engine->passed, sizeof(int));
}

int pnd_control_set(struct pnd_engine *engine, const struct pnd_task *task)
{
    uint32_t byte_count = task->step->control_bytes;
    if (byte_count == 0)
        return engine->subject->context_set_control(task->context, NULL, 0);
    uint8_t *memory = control_memory(engine, task);
    memset(memory, 0, byte_count);
    if (task->step->pass_count > 0)
        fill(engine, task->step->pass_count, (struct cmsghdr *)(void *)memory);
    return engine->subject->context_set_control(task->context, memory, byte_count);
}

static bool is_passed(const struct pnd_engine *engine, int descriptor)
{
    struct stat ours = {0};
    struct stat theirs = {0};
    return fstat(engine->passed, &ours) == 0 && fstat(descriptor, &theirs) == 0 &&
           ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino &&
           (fcntl(descriptor, F_GETFD) & FD_CLOEXEC) != 0;
}

/* Takes the descriptors of one header. Returns how many. */
static uint32_t take(struct pnd_engine *engine, struct cmsghdr *header)
{
    uint32_t count = (uint32_t)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    for (uint32_t i = 0; i < count; i++) {
        int descriptor = -1;
        memcpy(&descriptor, CMSG_DATA(header) + i * sizeof(int), sizeof(int));
        (void)pnd_referee_hold(&engine->referee, PND_RULE_MESSAGE, is_passed(engine, descriptor),
                               "descriptor %d is not of the file passed, or not close-on-exec",
                               descriptor);
        (void)close(descriptor);
    }
    return count;
}

static bool is_descriptors(const struct msghdr *all, const struct cmsghdr *header)
{
    size_t at = (size_t)((const uint8_t *)header - (const uint8_t *)all->msg_control);
    return header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
           header->cmsg_len >= CMSG_LEN(0) && header->cmsg_len <= all->msg_controllen - at;
}

static uint32_t take_all(struct pnd_engine *engine, const struct pnd_task *task,
                         const struct pendio_message *message)
{
    uint32_t count = 0;
    if (!pnd_referee_hold(&engine->referee, PND_RULE_MESSAGE,
                          message->control_bytes <= task->step->control_bytes,
                          "%llu bytes of control data in memory of %u",
                          (unsigned long long)message->control_bytes, task->step->control_bytes) ||
        message->control_bytes == 0)
        return 0;
    struct msghdr all = {.msg_control = control_memory(engine, task),
                         .msg_controllen = message->control_bytes};
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&all); header != NULL;
         header = CMSG_NXTHDR(&all, header))
        if (is_descriptors(&all, header))
            count += take(engine, header);
    return count;
}

/* Where a message was sent to is told without the port. */
static bool same_address(const struct pendio_endpoint *a, const struct pendio_endpoint *b,
                         bool with_port)
{
    struct sockaddr_in6 first = {0};
    struct sockaddr_in6 second = {0};
    if (a->byte_count != b->byte_count || a->byte_count == 0)
        return false;
    if (with_port)
        return memcmp(a->address, b->address, a->byte_count) == 0;
    memcpy(&first, a->address, a->byte_count < sizeof first ? a->byte_count : sizeof first);
    memcpy(&second, b->address, b->byte_count < sizeof second ? b->byte_count : sizeof second);
    first.sin6_port = second.sin6_port = 0; /* at the same place in both families */
    return memcmp(&first, &second, sizeof first) == 0;
}

static bool came_from(const struct pnd_engine *engine, int32_t index,
                      const struct pendio_endpoint *seen, bool with_port)
{
    return index == PND_PLAN_NONE ||
           same_address(&engine->endpoints[index].address, seen, with_port);
}

static void expect_message(struct pnd_engine *engine, const struct pnd_task *task,
                           const struct pendio_message *message, uint32_t descriptor_count)
{
    char place[160] = "";
    const struct pnd_plan_expectation *expect = &task->step->expect;
    bool sender = came_from(engine, expect->sender_index, &message->sender, true);
    bool destination = came_from(engine, expect->destination_index, &message->destination, false);
    bool interface = !expect->loopback || message->interface_index == if_nametoindex("lo");
    bool descriptors = !expect->check_descriptors || descriptor_count == expect->descriptors;
    if (!sender || !destination || !interface || !descriptors)
        pnd_instance_describe(engine, task->instance, task->step, place, sizeof place);
    (void)pnd_referee_hold(&engine->referee, PND_RULE_EXPECTED_MESSAGE,
                           sender && destination && interface && descriptors,
                           "%s: %s sender, %s destination, interface %u, %u descriptors", place,
                           sender ? "right" : "another", destination ? "right" : "another",
                           message->interface_index, descriptor_count);
}

void pnd_control_verify(struct pnd_engine *engine, const struct pnd_task *task,
                        const struct pendio_completion *completion)
{
    struct pendio_message message = {.size = sizeof message};
    if (task->step->operation != PENDIO__OPERATION__RECEIVE_MESSAGE || completion->error != 0)
        return;
    (void)engine->subject->context_message(task->context, &message);
    uint32_t descriptor_count = take_all(engine, task, &message);
    if (!engine->stopping)
        expect_message(engine, task, &message, descriptor_count);
}
