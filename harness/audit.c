/*
 * audit.c - one line for each run, in the order in which they ended.
 *
 * Happy path:  time, run, peer, workload, hash, verdict, seconds; in one write, so that lines of
 *              several daemons in one file do not mix.
 * Failures:    a line that cannot be written is lost, and one that a full pipe would hold us up
 *              for: nobody reads it. Names hold whatever somebody sent: what is not plain text in
 *              them, quotes included, becomes \xNN, so that a line is one line with its fields in
 *              place.
 */
#include "audit.h"

#include "complain.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* A line is no longer than a pipe takes at once. */
enum { LINE_BYTES = 2048, TIME_BYTES = 32, NAME_BYTES = 1100, PLACE_BYTES = 5 };

static void quote(const char *text, char *ret_quoted);
static const char *verdict_name(Pendio__Verdict verdict);
static bool takes_a_line(int descriptor);

int pnd_audit_init(struct pnd_audit *audit, const char *path, struct pnd_message_error *error)
{
    audit->descriptor = isatty(STDERR_FILENO) ? -1 : STDERR_FILENO;
    if (path == NULL)
        return 0;
    int descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC,
                          S_IRUSR | S_IWUSR);
    if (descriptor < 0)
        return pnd_complain(error, -errno, "cannot write to %s: %s; choose another --audit", path,
                            strerror(errno));
    audit->descriptor = descriptor;
    return 0;
}

void pnd_audit_write(const struct pnd_audit *audit, const Pendio__Event *event, const char *peer)
{
    char line[LINE_BYTES];
    char moment[TIME_BYTES] = "";
    char names[2][NAME_BYTES];
    const Pendio__Report *report = event->report;
    time_t now = time(NULL);
    struct tm parts;
    if (gmtime_r(&now, &parts) != NULL)
        (void)strftime(moment, sizeof moment, "%Y-%m-%dT%H:%M:%SZ", &parts);
    quote(peer, names[0]);
    quote(report->workload, names[1]);
    int length =
        snprintf(line, sizeof line,
                 "%s run=%" PRIu64 " peer=\"%.300s\" workload=\"%s\" hash=%.64s verdict=%s "
                 "seconds=%.3f\n",
                 moment, event->run, names[0], names[1],
                 report->content_hash[0] != '\0' ? report->content_hash : "-",
                 verdict_name(report->verdict), (double)report->elapsed_ns / 1e9);
    if (audit->descriptor >= 0 && length > 0 && length < LINE_BYTES &&
        takes_a_line(audit->descriptor))
        (void)!write(audit->descriptor, line, (size_t)length);
}

/* What does not fit is left out. */
static void quote(const char *text, char *ret_quoted)
{
    size_t used = 0;
    for (; *text != '\0' && used + PLACE_BYTES < NAME_BYTES; text++) {
        bool plain = *text >= ' ' && *text <= '~' && *text != '"' && *text != '\\';
        used += (size_t)snprintf(ret_quoted + used, PLACE_BYTES, plain ? "%c" : "\\x%02x",
                                 (unsigned char)*text);
    }
    ret_quoted[used] = '\0';
}

static const char *verdict_name(Pendio__Verdict verdict)
{
    const ProtobufCEnumValue *value =
        protobuf_c_enum_descriptor_get_value(&pendio__verdict__descriptor, (int)verdict);
    return value != NULL ? value->name : "unknown";
}

static bool takes_a_line(int descriptor)
{
    struct pollfd watched = {.fd = descriptor, .events = POLLOUT};
    return poll(&watched, 1, 0) > 0 && (watched.revents & POLLOUT) != 0;
}

void pnd_audit_fini(struct pnd_audit *audit)
{
    if (audit->descriptor > STDERR_FILENO)
        (void)close(audit->descriptor);
    audit->descriptor = -1;
}
