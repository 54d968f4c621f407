/*
 * plan_draw.c - compiles distributions: of bytes, and of time to think.
 *
 * Happy path:  a distribution becomes a rule to draw by; what it can draw at most is known.
 * Failures:    a shape without what it needs, or with what another one has, is refused.
 */
#include "kind.h"
#include "plan_compile.h"

#include <errno.h>
#include <string.h>

static const double mean_limit = 1e17; /* a hundred of them still fit */

static const char *check_among(const Pendio__Distribution *source, struct pnd_draw_rule *rule)
{
    if (source->n_values == 0)
        return "AMONG needs `values`; list some";
    if (source->n_weights != 0 && source->n_weights != source->n_values)
        return "`weights` are one for each of `values`, or none; add or remove some";
    rule->values = source->values;
    rule->weights = source->n_weights > 0 ? source->weights : NULL;
    rule->value_count = (uint32_t)source->n_values;
    for (size_t i = 0; i < source->n_weights; i++)
        rule->weight_sum += source->weights[i];
    if (source->n_weights > 0 && rule->weight_sum == 0)
        return "`weights` are all 0; raise one";
    return NULL;
}

const char *pnd_plan_compile_draw(const Pendio__Distribution *source, struct pnd_draw_rule *rule)
{
    bool among = source->shape == PENDIO__SHAPE__AMONG;
    bool exponential = source->shape == PENDIO__SHAPE__EXPONENTIALLY;
    if ((unsigned int)source->shape > PENDIO__SHAPE__AMONG)
        return "its shape is unknown; use ALWAYS, EVENLY, EXPONENTIALLY or AMONG";
    *rule = (struct pnd_draw_rule){.shape = source->shape,
                                   .minimum = source->minimum,
                                   .maximum = source->maximum,
                                   .mean = source->mean};
    if (!among && (source->n_values > 0 || source->n_weights > 0))
        return "`values` and `weights` are for AMONG; remove them";
    if (among && (source->minimum > 0 || source->maximum > 0))
        return "`minimum` and `maximum` are not for AMONG; remove them";
    if (!exponential && source->mean != 0)
        return "`mean` is for EXPONENTIALLY; remove it";
    if (exponential && !(source->mean > 0 && source->mean <= mean_limit))
        return "EXPONENTIALLY needs a `mean` above 0, and of at most 1e17";
    if (source->shape == PENDIO__SHAPE__ALWAYS && source->maximum > 0)
        return "`maximum` is for EVENLY and EXPONENTIALLY; remove it";
    if (!among && source->shape != PENDIO__SHAPE__ALWAYS && pnd_draw_most(rule) < source->minimum)
        return "`minimum` is above `maximum`; exchange them";
    return among ? check_among(source, rule) : NULL;
}

/* Those of which any amount is an operation of its own. */
static bool has_any_amount(const struct pnd_plan_step *step)
{
    const struct pnd_kind *kind = pnd_kind_of(pnd_plan_start(step->operation));
    return (kind->direction != PND_MOVES_NOTHING && kind->window) ||
           step->operation == PENDIO__OPERATION__SPLICE ||
           step->operation == PENDIO__OPERATION__TRUNCATE;
}

int pnd_plan_compile_bytes(const struct pnd_compiler *compiler, const Pendio__Step *source,
                           struct pnd_plan_step *step)
{
    if (source->bytes_of == NULL)
        return 0;
    if (!has_any_amount(step) || step->content == PENDIO__CONTENT__ECHO)
        return pnd_plan_refuse_step(compiler,
                                    "`bytes_of` is for transfers, SPLICE and TRUNCATE, but no "
                                    "ECHO; remove it");
    if (step->piece_size_count > 0)
        return pnd_plan_refuse_step(compiler,
                                    "`bytes_of` and `pieces` go not together; remove one");
    const char *wrong = pnd_plan_compile_draw(source->bytes_of, &step->bytes_of);
    if (wrong != NULL)
        return pnd_plan_refuse_step(compiler, "bytes_of: %s", wrong);
    if (pnd_draw_most(&step->bytes_of) > step->bytes)
        return pnd_plan_refuse_step(
            compiler, "`bytes_of` may draw %llu, but `bytes`, the most, are %llu; raise those",
            (unsigned long long)pnd_draw_most(&step->bytes_of), (unsigned long long)step->bytes);
    step->drawn = true;
    return 0;
}
