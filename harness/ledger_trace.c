/*
 * ledger_trace.c - enters what happens into the trace, and tells the referee whom it is about.
 *
 * Happy path:  an event is entered before it is judged, so that an offence shows it.
 * Failures:    none.
 */
#include "ledger.h"

void pnd_ledger_turned(struct pnd_ledger *ledger)
{
    ledger->turning = false;
    pnd_ledger_about(ledger, NULL);
}

void pnd_ledger_calling(struct pnd_ledger *ledger)
{
    ledger->calling = true;
}

uint32_t pnd_ledger_handle_number(const struct pnd_ledger *ledger, pendio_handle handle)
{
    const struct pnd_handle_page *page = handle != 0 ? pnd_ledger_handle(ledger, handle) : NULL;
    return page != NULL ? page->number : 0;
}

void pnd_ledger_about(struct pnd_ledger *ledger, const struct pnd_context_page *page)
{
    pnd_referee_about(ledger->referee,
                      page != NULL ? &ledger->trace.rings[page - ledger->contexts] : NULL);
}

void pnd_ledger_trace(struct pnd_ledger *ledger, const struct pnd_context_page *page,
                      const struct pnd_trace_event *event)
{
    pnd_trace_enter(&ledger->trace, (uint32_t)(page - ledger->contexts), event);
    pnd_ledger_about(ledger, page);
}

void pnd_ledger_trace_plain(struct pnd_ledger *ledger, const struct pnd_context_page *page,
                            enum pnd_trace_kind kind, int error)
{
    const struct pnd_trace_event event = {.kind = kind,
                                          .error = error,
                                          .generation = page->start_count,
                                          .operation =
                                              kind == PND_TRACE_TAKEN ? 0 : page->start.operation,
                                          .place = {.known = false}};
    pnd_ledger_trace(ledger, page, &event);
}
