/*
 * system.c - processes that a run begins and waits for, signals that it sends itself and takes.
 *
 * Happy path:  SPAWN forks a process that sleeps and ends, with nothing of the run's left open in
 *              it; CHILD tells its status. RAISE sends a blocked signal; CATCH_SIGNAL takes it.
 * Failures:    a process that cannot be begun is an offence against the end of the run.
 */
#include "system.h"

#include "expect.h"
#include "instance.h"
#include "names.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SECOND_NS UINT64_C(1000000000)

static void block_signals_of(const struct pnd_plan_block *block)
{
    sigset_t set;
    (void)sigemptyset(&set);
    for (uint32_t i = 0; i < block->step_count; i++)
        if (block->steps[i].operation == PENDIO__OPERATION__CATCH_SIGNAL)
            (void)sigaddset(&set, (int)block->steps[i].number);
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
}

void pnd_system_begin(const struct pnd_plan *plan)
{
    for (uint32_t i = 0; i < plan->actor_count; i++)
        for (uint32_t j = 0; j < plan->actors[i].block_count; j++)
            block_signals_of(&plan->actors[i].blocks[j]);
}

/* In the new process: only system calls, for it shares everything else with its parent's past. */
static _Noreturn void live(const struct pnd_plan_step *step, pid_t parent)
{
    struct timespec left = {(time_t)(step->after_ns / SECOND_NS),
                            (long)(step->after_ns % SECOND_NS)};
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(0);                                     /* it died before we could ask to be told */
    (void)syscall(SYS_close_range, 0U, UINT_MAX, 0U); /* else its copies keep connections open */
    while (nanosleep(&left, &left) < 0 && errno == EINTR) {
    }
    if (step->number != 0) {
        sigset_t set;
        (void)sigfillset(&set);
        (void)signal((int)step->number, SIG_DFL);
        (void)sigprocmask(SIG_UNBLOCK, &set, NULL);
        (void)kill(getpid(), (int)step->number);
    }
    _exit((int)step->exit_code);
}

/* Whether there is a status, or will be one, that nobody took yet. */
static bool can_be_waited_for(pid_t process)
{
    siginfo_t info;
    return process > 0 && waitid(P_PID, (id_t)process, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

static void end_process(struct pnd_instance *instance)
{
    pid_t process = instance->process;
    instance->process = 0;
    if (!can_be_waited_for(process))
        return;
    (void)kill(process, SIGKILL);
    (void)waitpid(process, NULL, 0);
}

enum pnd_step_verdict pnd_step_spawn(struct pnd_engine *engine, struct pnd_instance *instance,
                                     const struct pnd_plan_step *step)
{
    char place[160];
    end_process(instance); /* the one before, if nobody waited for it to the end */
    pid_t parent = getpid();
    pid_t process = fork();
    if (process == 0)
        live(step, parent);
    (void)pnd_referee_hold(
        &engine->referee, PND_RULE_FINISHED, process > 0, "%s: no process could be begun (%s)",
        pnd_instance_describe(engine, instance, step, place, sizeof place), pnd_names_error(errno));
    instance->process = process > 0 ? process : 0;
    return PND_STEP_NEXT;
}

enum pnd_step_verdict pnd_step_raise(struct pnd_engine *engine, struct pnd_instance *instance,
                                     const struct pnd_plan_step *step)
{
    (void)instance;
    (void)engine;
    for (uint32_t i = 0; i < step->times; i++)
        (void)kill(getpid(), (int)step->number);
    return PND_STEP_NEXT;
}

static void verify_child(struct pnd_engine *engine, struct pnd_instance *instance,
                         const struct pendio_completion *completion)
{
    bool told = completion->error == 0;
    bool there = can_be_waited_for(instance->process);
    bool right = told ? !there : there || completion->error == -ECHILD;
    (void)pnd_referee_hold(&engine->referee, PND_RULE_CHILD, right,
                           "CHILD ended with %s and the process can%s be waited for",
                           pnd_names_error(completion->error), there ? "" : "not");
    if (told)
        instance->process = 0;
}

static void verify_signal(struct pnd_engine *engine, const struct pnd_start *start,
                          const struct pnd_plan_step *step,
                          const struct pendio_completion *completion)
{
    struct signalfd_siginfo info = {0};
    if (completion->error != 0)
        return;
    if (completion->bytes >= sizeof info && start->byte_count >= sizeof info)
        memcpy(&info, start->memory, sizeof info);
    bool complete = completion->bytes == 0
                        ? start->byte_count < sizeof info
                        : completion->bytes == sizeof info && info.ssi_signo == step->number &&
                              info.ssi_pid == (uint32_t)getpid();
    (void)pnd_referee_hold(
        &engine->referee, PND_RULE_SIGNAL, completion->value == step->number && complete,
        "CATCH_SIGNAL of %u told %llu, and in %llu bytes signal %u of process %u", step->number,
        (unsigned long long)completion->value, (unsigned long long)completion->bytes,
        info.ssi_signo, info.ssi_pid);
}

void pnd_system_verify(struct pnd_engine *engine, const struct pnd_task *task,
                       const struct pnd_start *start, const struct pendio_completion *completion)
{
    if (start->operation == PENDIO_OPERATION_CHILD)
        verify_child(engine, task->instance, completion);
    else if (start->operation == PENDIO_OPERATION_SIGNAL)
        verify_signal(engine, start, task->step, completion);
}

void pnd_system_end(struct pnd_engine *engine)
{
    for (uint32_t i = 0; i < engine->instance_used; i++)
        end_process(&engine->instances[i]);
}
