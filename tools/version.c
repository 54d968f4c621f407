/*
 * version.c - `pendio version`: of this program, and of the daemon if one listens.
 *
 * Happy path:  one line for each.
 * Failures:    without --url no daemon is no failure; with it, it is.
 */
#include "command.h"
#include "daemon.h"
#include "output.h"
#include "results.h"
#include "say.h"

#include <string.h>

static int print(const struct pnd_daemon *daemon, const struct pnd_options *options);
static int print_json(const struct pnd_daemon *daemon, FILE *stream);

enum pnd_exit pnd_command_version(const struct pnd_options *options)
{
    struct pnd_daemon daemon = {0};
    int status = pnd_daemon_open_if_there(options, &daemon);
    if (status < 0)
        return pnd_daemon_exit(status);
    status = print(&daemon, options);
    return status < 0 ? PND_EXIT_UNREACHABLE : PND_EXIT_OK;
}

static int print(const struct pnd_daemon *daemon, const struct pnd_options *options)
{
    struct pnd_output output;
    int status = pnd_output_begin(options->json != NULL ? options->json : "-", &output);
    if (status < 0)
        return status;

    if (options->json != NULL) {
        status = print_json(daemon, output.stream);
    } else {
        (void)fprintf(output.stream, "pendio %s\n", PENDIO_VERSION_TEXT);
        if (daemon->link != NULL)
            (void)fprintf(output.stream, "pendiod %s, process %u, on %s\n", daemon->version,
                          daemon->process, daemon->url);
    }
    if (status == 0)
        return pnd_output_end(&output);
    return pnd_output_fail(&output, status);
}

static int print_json(const struct pnd_daemon *daemon, FILE *stream)
{
    json_t *value = json_pack("{s:s}", "version", PENDIO_VERSION_TEXT);
    if (value != NULL && daemon->link != NULL) {
        json_t *other = json_pack("{s:s, s:I, s:s}", "version", daemon->version, "process",
                                  (json_int_t)daemon->process, "url", daemon->url);
        (void)json_object_set_new(value, "daemon", other);
    }
    return pnd_results_dump(value, stream);
}
