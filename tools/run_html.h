/* run_html.h - results of runs as a page that needs nothing else. */
#ifndef PND_RUN_HTML_H
#define PND_RUN_HTML_H

#include "results.h"

/* Returns 0, -ENOMEM or -EIO. */
int pnd_run_html_write(const struct pnd_results *results, size_t result_count, FILE *stream);

#endif
