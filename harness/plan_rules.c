/*
 * plan_rules.c - the operations a step may name, and what each needs of its step.
 *
 * Happy path:  a row of the table.
 * Failures:    a number without a row is no operation.
 */
#include "plan_compile.h"

#include <pendio/pendio.h>

static const struct pnd_operation_rule rules[] = {
    [PENDIO__OPERATION__NOP] = {"NOP", PENDIO_OPERATION_NOP, 0},
    [PENDIO__OPERATION__TIMER] = {"TIMER", PENDIO_OPERATION_TIMER, 0},
    [PENDIO__OPERATION__ACCEPT] = {"ACCEPT", PENDIO_OPERATION_ACCEPT, PND_HANDLE | PND_INTO},
    [PENDIO__OPERATION__CONNECT] = {"CONNECT", PENDIO_OPERATION_CONNECT, PND_HANDLE | PND_ENDPOINT},
    [PENDIO__OPERATION__RECEIVE] = {"RECEIVE", PENDIO_OPERATION_RECEIVE, PND_HANDLE},
    [PENDIO__OPERATION__SEND] = {"SEND", PENDIO_OPERATION_SEND, PND_HANDLE},
    [PENDIO__OPERATION__RECEIVE_FROM] = {"RECEIVE_FROM", PENDIO_OPERATION_RECEIVE_FROM, PND_HANDLE},
    [PENDIO__OPERATION__SEND_TO] = {"SEND_TO", PENDIO_OPERATION_SEND_TO, PND_HANDLE},
    [PENDIO__OPERATION__OPEN] = {"OPEN", PENDIO_OPERATION_OPEN, PND_INTO | PND_ENDPOINT | PND_FILE},
    [PENDIO__OPERATION__READ] = {"READ", PENDIO_OPERATION_READ, PND_HANDLE},
    [PENDIO__OPERATION__WRITE] = {"WRITE", PENDIO_OPERATION_WRITE, PND_HANDLE},
    [PENDIO__OPERATION__CLOSE] = {"CLOSE", PENDIO_OPERATION_CLOSE, PND_HANDLE},
    [PENDIO__OPERATION__FSYNC] = {"FSYNC", PENDIO_OPERATION_FSYNC, PND_HANDLE},
    [PENDIO__OPERATION__TRUNCATE] = {"TRUNCATE", PENDIO_OPERATION_TRUNCATE, PND_HANDLE},
    [PENDIO__OPERATION__STAT] = {"STAT", PENDIO_OPERATION_STAT, PND_FILE},
    [PENDIO__OPERATION__RENAME] = {"RENAME", PENDIO_OPERATION_RENAME,
                                   PND_ENDPOINT | PND_FILE | PND_TARGET},
    [PENDIO__OPERATION__UNLINK] = {"UNLINK", PENDIO_OPERATION_UNLINK, PND_ENDPOINT | PND_FILE},
    [PENDIO__OPERATION__MKDIR] = {"MKDIR", PENDIO_OPERATION_MKDIR, PND_ENDPOINT | PND_FILE},
    [PENDIO__OPERATION__POLL] = {"POLL", PENDIO_OPERATION_POLL, PND_HANDLE},
    [PENDIO__OPERATION__DISCONNECT] = {"DISCONNECT", PENDIO_OPERATION_DISCONNECT, PND_HANDLE},
    [PENDIO__OPERATION__RECEIVE_MESSAGE] = {"RECEIVE_MESSAGE", PENDIO_OPERATION_RECEIVE_MESSAGE,
                                            PND_HANDLE},
    [PENDIO__OPERATION__SEND_MESSAGE] = {"SEND_MESSAGE", PENDIO_OPERATION_SEND_MESSAGE, PND_HANDLE},
    [PENDIO__OPERATION__SEND_PACKETS] = {"SEND_PACKETS", PENDIO_OPERATION_SEND_PACKETS, PND_HANDLE},
    [PENDIO__OPERATION__SPLICE] = {"SPLICE", PENDIO_OPERATION_SPLICE, PND_HANDLE | PND_FROM},
    [PENDIO__OPERATION__CHILD] = {"CHILD", PENDIO_OPERATION_CHILD, 0},
    [PENDIO__OPERATION__CONNECT_NAME] = {"CONNECT_NAME", PENDIO_OPERATION_CONNECT,
                                         PND_HANDLE | PND_ENDPOINT | PND_OR_INTO},
    [PENDIO__OPERATION__CATCH_SIGNAL] = {"CATCH_SIGNAL", PENDIO_OPERATION_SIGNAL, 0},
    [PENDIO__OPERATION__SOCKET] = {"SOCKET", 0, PND_INTO | PND_ENDPOINT},
    [PENDIO__OPERATION__BIND] = {"BIND", 0, PND_HANDLE | PND_ENDPOINT},
    [PENDIO__OPERATION__LISTEN] = {"LISTEN", 0, PND_HANDLE},
    [PENDIO__OPERATION__HALF_CLOSE] = {"HALF_CLOSE", 0, PND_HANDLE},
    [PENDIO__OPERATION__CANCEL] = {"CANCEL", 0, PND_CONTEXT},
    [PENDIO__OPERATION__POST] = {"POST", 0, 0},
    [PENDIO__OPERATION__GET] = {"GET", 0, PND_CONTEXT},
    [PENDIO__OPERATION__PUT] = {"PUT", 0, PND_CONTEXT},
    [PENDIO__OPERATION__CLOSE_NOW] = {"CLOSE_NOW", 0, PND_HANDLE},
    [PENDIO__OPERATION__PIPE] = {"PIPE", 0, PND_INTO | PND_WRITE_END},
    [PENDIO__OPERATION__AWAIT] = {"AWAIT", 0, 0},
    [PENDIO__OPERATION__SIGNAL] = {"SIGNAL", 0, PND_EVENT},
    [PENDIO__OPERATION__WAIT] = {"WAIT", 0, PND_EVENT},
    [PENDIO__OPERATION__PAUSE] = {"PAUSE", 0, 0},
    [PENDIO__OPERATION__SPAWN] = {"SPAWN", 0, 0},
    [PENDIO__OPERATION__RAISE] = {"RAISE", 0, 0},
};

const struct pnd_operation_rule *pnd_plan_rule(Pendio__Operation operation)
{
    unsigned int index = (unsigned int)operation;
    if (index >= sizeof rules / sizeof *rules || rules[index].name == NULL)
        return NULL;
    return &rules[index];
}

uint16_t pnd_plan_start(Pendio__Operation operation)
{
    const struct pnd_operation_rule *rule = pnd_plan_rule(operation);
    return rule != NULL ? rule->start : 0;
}

bool pnd_plan_is_start(Pendio__Operation operation)
{
    return pnd_plan_start(operation) != 0;
}

const char *pnd_plan_operation_name(Pendio__Operation operation)
{
    const struct pnd_operation_rule *rule = pnd_plan_rule(operation);
    return rule != NULL ? rule->name : "unknown";
}
