/*
 * The wish against the association that was found, adopted or not: what rows write, what people are
 * shown of it, and whether there is anything at all. Asks nobody.
 */

#include "reconcilers/adoption.h"
#include "reconcilers/ownership.h"
#include "reconcilers/rows.h"
#include "reconcilers/work.h"

void association_compare_tags(struct work *work, struct difference *difference)
{
    const struct aws_tags *have = &work->have.found.tags;
    enum owner owner = ownership_of(have, work->binding, work->scene);

    if (owner == OWNER_ADOPTED || owner == OWNER_FOREIGN)
        adoption_tags(difference, work->arena, &work->want.tags, have, TAG_KEYS_OF_EKS);
    else
        difference_tags(difference, work->arena, &work->want.tags, have, TAG_KEYS_OF_EKS);
}

bool association_differs(struct work *work)
{
    struct eks_association_change change;
    struct difference tags = {0};

    association_compare_tags(work, &tags);
    return difference_association(&change, work->arena, &work->want, &work->have.found) ||
           tags.tags_put.count > 0 || tags.tags_removed_count > 0;
}
