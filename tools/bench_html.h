/* bench_html.h - a report of the bench as a page, and its plots as a picture. */
#ifndef PND_BENCH_HTML_H
#define PND_BENCH_HTML_H

#include <jansson.h>
#include <stdio.h>

/* `report` is what --json writes. Each returns 0 or -errno. */
int pnd_bench_html_write(const json_t *report, FILE *stream);

/* The echo cells of what pendio chooses itself, of epoll and the peers, as one SVG. */
int pnd_bench_html_picture(const json_t *report, FILE *stream);

#endif
