/*
 * foreign.h - a subject in another process, spoken to as SUBJECT.md says.
 *
 * Start it, see whether it can do what a plan needs, run an engine with it, end it. When it has
 * failed, whatever is asked of it is answered -EIO.
 */
#ifndef PND_FOREIGN_H
#define PND_FOREIGN_H

#include "foreign_link.h"
#include "plan.h"
#include "subject.h"

struct pnd_foreign;

/*
 * Starts `command` for a plan, which must outlive it, and says hello. Returns 0, or -errno with the
 * reason in `error`.
 */
int pnd_foreign_create(const char *command, const struct pnd_plan *plan,
                       struct pnd_foreign **ret_foreign, struct pnd_message_error *error);

const struct pnd_subject *pnd_foreign_subject(const struct pnd_foreign *foreign);

/* True when it has not announced something the plan needs; `reason` says what. */
bool pnd_foreign_lacks(const struct pnd_foreign *foreign, const struct pnd_plan *plan, char *reason,
                       size_t reason_bytes);

/* Calls `failed` once when it fails. */
void pnd_foreign_attend(struct pnd_foreign *foreign, pnd_foreign_failed_fn *failed, void *state);

/* Why it has no loop, in its own words; "": it gave none. */
const char *pnd_foreign_unable(const struct pnd_foreign *foreign);

/* Its last answer was given: it has to end now. */
void pnd_foreign_end(struct pnd_foreign *foreign);

/* What it has failed by, or NULL. */
const char *pnd_foreign_failure(const struct pnd_foreign *foreign, Pendio__Verdict *ret_verdict);

/* How many more descriptors it has open than before its loop; 0 unless it announced that. */
int pnd_foreign_descriptors(struct pnd_foreign *foreign);

/* NULL is allowed. */
void pnd_foreign_destroy(struct pnd_foreign *foreign);

#endif
