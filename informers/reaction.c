#include "informers/reaction.h"

#include <stddef.h>

#include "base/memory.h"
#include "base/text.h"

struct rule {
    int least, most; /* codes */
    enum reaction listing, filling, watching;
};

/* The first that fits counts. PLAIN in filling is the fallback from WatchList: 422 where the gate
 * is off or the server too old, 500 in the stream where etcd is too old. */
static const struct rule rules[] = {
    /* refused, reset, timed out: nothing is known */
    {0, 0, REACTION_AGAIN, REACTION_AGAIN, REACTION_AGAIN},
    /* the next request reads the token again */
    {401, 401, REACTION_AGAIN, REACTION_AGAIN, REACTION_AGAIN},
    /* a person must act, and may */
    {403, 403, REACTION_AGAIN, REACTION_AGAIN, REACTION_AGAIN},
    /* the CRD is not there, or was taken away */
    {404, 404, REACTION_AGAIN, REACTION_AGAIN, REACTION_RELIST},
    /* the server gave up waiting */
    {408, 408, REACTION_AGAIN, REACTION_AGAIN, REACTION_AGAIN},
    {410, 410, REACTION_CONSISTENT, REACTION_CONSISTENT, REACTION_RELIST},
    /* after Retry-After */
    {429, 429, REACTION_AGAIN, REACTION_AGAIN, REACTION_AGAIN},
    {400, 499, REACTION_AGAIN, REACTION_PLAIN_FOREVER, REACTION_RELIST},
    {503, 504, REACTION_AGAIN, REACTION_AGAIN, REACTION_RELIST},
    {500, 599, REACTION_AGAIN, REACTION_PLAIN, REACTION_RELIST},
    /* answers that cannot be read */
    {0, 9999, REACTION_AGAIN, REACTION_AGAIN, REACTION_RELIST},
};

static enum reaction by_code(int code, enum reflector_phase phase)
{
    const struct rule *rule = rules;

    while (rule < rules + COUNT(rules) - 1 && (code < rule->least || code > rule->most))
        rule++;
    return phase == REFLECTOR_LISTING   ? rule->listing
           : phase == REFLECTOR_FILLING ? rule->filling
           : phase == REFLECTOR_PROBING ? REACTION_AGAIN
                                        : rule->watching;
}

enum reaction reaction_to(const struct reflector_failure *failure, enum reflector_phase phase,
                          bool consistent)
{
    bool expired = text_equal(failure->reason, "Expired") || text_equal(failure->reason, "Gone");
    enum reaction reaction = by_code(expired ? 410 : failure->code, phase);

    if (failure->too_large_version && phase != REFLECTOR_PROBING)
        reaction = REACTION_CONSISTENT;
    /* a consistent list cannot become more so: without a pause that would be a loop */
    if (reaction == REACTION_CONSISTENT && phase != REFLECTOR_WATCHING && consistent)
        reaction = REACTION_AGAIN;
    return reaction;
}
