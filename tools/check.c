/*
 * check.c - `pendio check`: validates workloads without running them.
 *
 * Happy path:  decode -> what the schema alone can tell -> what the daemon says, if one listens ->
 *              what it will do, in words.
 * Failures:    the first thing wrong with a file is its one line; the next file is checked all the
 *              same.
 */
#include "command.h"
#include "content_hash.h"
#include "daemon.h"
#include "explain.h"
#include "input.h"
#include "interrupt.h"
#include "say.h"
#include "validate.h"

#include <errno.h>

static enum pnd_exit check_file(struct pnd_daemon *daemon, const struct pnd_options *options,
                                const char *file);
static int check_workload(struct pnd_daemon *daemon, const char *name, Pendio__Workload *workload);
static int ask(struct pnd_daemon *daemon, const char *name, Pendio__Workload *workload);

enum pnd_exit pnd_command_check(const struct pnd_options *options)
{
    struct pnd_daemon daemon = {0};
    int status = pnd_daemon_open_if_there(options, &daemon);
    if (status < 0)
        return pnd_daemon_exit(status);

    enum pnd_exit code = PND_EXIT_OK;
    for (int index = 0; index < options->file_count && pnd_interrupt_signal() == 0; index++) {
        enum pnd_exit one = check_file(&daemon, options, options->files[index]);
        code = one > code ? one : code;
        if (one == PND_EXIT_UNREACHABLE)
            break;
    }
    return code;
}

static enum pnd_exit check_file(struct pnd_daemon *daemon, const struct pnd_options *options,
                                const char *file)
{
    Pendio__Workload *workload = NULL;
    if (pnd_input_read_workload(file, &workload) < 0)
        return PND_EXIT_USAGE;

    const char *name = pnd_input_name(file);
    char hash[PND_CONTENT_HASH_BYTES] = "";
    int status = check_workload(daemon, name, workload);
    if (status == 0 && pnd_content_hash(workload, hash) < 0) {
        pnd_say_error("%s: no memory left to look at it", name);
        status = -ENOMEM;
    }
    if (status == 0) {
        pnd_say_clean_message(&workload->base);
        (void)printf("%s: ok%s%s\n", name, workload->purpose[0] != '\0' ? ": " : "",
                     workload->purpose);
    }
    if (status == 0 && !options->quiet)
        pnd_explain_workload(workload, hash, stdout);
    pnd_message_free(&workload->base);
    if (status == 0)
        return PND_EXIT_OK;
    return status == -EINVAL ? PND_EXIT_USAGE : PND_EXIT_UNREACHABLE;
}

/* -EINVAL: the workload is wrong; everything else: the daemon could not be asked. */
static int check_workload(struct pnd_daemon *daemon, const char *name, Pendio__Workload *workload)
{
    struct pnd_message_error error;
    if (pnd_validate_workload(workload, &error) < 0) {
        pnd_say_error("%s: %s", name, error.text);
        return -EINVAL;
    }
    return daemon->link != NULL ? ask(daemon, name, workload) : 0;
}

static int ask(struct pnd_daemon *daemon, const char *name, Pendio__Workload *workload)
{
    Pendio__CheckRequest check = PENDIO__CHECK_REQUEST__INIT;
    check.workload = workload;
    Pendio__Request request = PENDIO__REQUEST__INIT;
    request.version = 1;
    request.body_case = PENDIO__REQUEST__BODY_CHECK;
    request.check = &check;

    Pendio__Reply *reply = NULL;
    int status = pnd_daemon_ask(daemon, name, &request, PENDIO__REPLY__BODY__NOT_SET, &reply);
    if (status < 0)
        return status == -EINVAL ? -EPROTO : status;
    if (reply->status != PENDIO__STATUS__OK) {
        pnd_daemon_complain(name, reply);
        status = reply->status == PENDIO__STATUS__BAD_WORKLOAD ||
                         reply->status == PENDIO__STATUS__OVER_LIMIT
                     ? -EINVAL
                     : -EPROTO;
    }
    pnd_link_free_reply(reply);
    return status;
}
