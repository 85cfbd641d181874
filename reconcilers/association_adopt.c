/*
 * An association that others made for the ServiceAccount: told and left alone; or, with
 * spec.adoptionPolicy Adopt and a grant, taken over as it stands, so that pods never lose their
 * credentials. Our tags come first, so that whoever is interrupted there goes on; what differs is
 * updated after that. When the binding goes only our tags are taken off: it goes on working.
 */

#include <string.h>

#include "base/arena.h"
#include "reconcilers/adoption.h"
#include "reconcilers/changes.h"
#include "reconcilers/grants.h"
#include "reconcilers/ownership.h"
#include "reconcilers/rows.h"
#include "reconcilers/scene.h"
#include "reconcilers/work.h"

static const char *cluster(const struct work *work)
{
    return work->scene->settings.cluster_name;
}

/* Refusing ------------------------------------------------------------------------------------- */

/* Of "arn:aws:eks:REGION:ACCOUNT:addon/CLUSTER/NAME/UUID". */
static const char *addon_name(struct work *work, const char *owner_arn)
{
    const char *name = strstr(owner_arn, ":addon/");

    if (name)
        name = strchr(name + strlen(":addon/"), '/');
    return name ? arena_printf(work->arena, "%.*s", (int)strcspn(name + 1, "/"), name + 1) : "NAME";
}

static enum verdict refuse_addon(struct work *work)
{
    const struct eks_association *found = &work->have.found;

    return work_refuse(work, FACET_ASSOCIATION, "AddonManaged",
                       "Association %s belongs to the EKS add-on %s and is changed through it "
                       "alone: aws eks update-addon --cluster-name %s --addon-name %s "
                       "--pod-identity-associations serviceAccount=%s,roleArn=%s",
                       found->id, found->owner_arn, cluster(work),
                       addon_name(work, found->owner_arn), found->service_account,
                       work->want.role_arn);
}

/* One that stays others': what it is, and what a person can do. */
static enum verdict refuse_foreign(struct work *work, const char *mend)
{
    const struct eks_association *found = &work->have.found;

    return work_refuse(
        work, FACET_ASSOCIATION, "AssociationForeign",
        "Association %s for %s/%s (role %s) was not made for this binding and is left "
        "alone. %s: aws eks delete-pod-identity-association --cluster-name %s "
        "--association-id %s",
        found->id, found->namespace_name, found->service_account, found->role_arn, mend,
        cluster(work), found->id);
}

static bool may_adopt(const struct work *work)
{
    return grants_allow_adoption_of_association(work->binding, work->scene);
}

enum verdict association_judge(struct work *work, struct request *request)
{
    enum owner owner = work->have.association_owner;

    (void)request;
    if (work->have.verified || work->have.association != PRESENCE_PRESENT)
        return VERDICT_NEXT;
    if (work->have.found.owner_arn)
        return refuse_addon(work);
    if (owner != OWNER_FOREIGN && owner != OWNER_ADOPTED)
        return VERDICT_NEXT;
    if (!work->want.pod_identity)
        return refuse_foreign(work, "With spec.mechanism IRSA it must go, and what others made is "
                                    "never deleted. Delete it");
    if (owner == OWNER_ADOPTED || (work->binding->spec.adopt && may_adopt(work)))
        return VERDICT_NEXT;
    if (work->binding->spec.adopt)
        return refuse_foreign(work, "No grant allows to adopt it: one for this ServiceAccount has "
                                    "to say adoption.associations: true. Or delete it if it is not "
                                    "needed");
    return refuse_foreign(work, "Take it over with spec.adoptionPolicy: Adopt and a grant with "
                                "adoption.associations, or delete it if it is not needed");
}

/* Adopting ------------------------------------------------------------------------------------- */

/* Only after association_judge, which lets no other one pass. */
enum verdict association_adopt_ask(struct work *work, struct request *request)
{
    if (work->have.verified || !work->want.pod_identity ||
        work->have.association != PRESENCE_PRESENT || work->have.association_owner != OWNER_FOREIGN)
        return VERDICT_NEXT;
    association_compare_tags(work, &work->association_todo);
    work->progress.association_tags_compared = true;
    eks_tag_resource(work->arena, request, work->have.found.arn, &work->association_todo.tags_put);
    return VERDICT_SEND;
}

enum verdict association_adopt_answer(struct work *work, const struct reply *reply)
{
    const struct eks_association *found = &work->have.found;

    if (!row_good(work, reply))
        return VERDICT_FAIL;
    work->progress.association_tags_put = work->progress.association_adopted = true;
    work->have.association_owner = OWNER_ADOPTED;
    work_tell(work, false, "AssociationAdopted", "TagResource",
              "Adopted association %s, which others made with role %s%s. It is never deleted",
              found->id, found->role_arn,
              found->target_role_arn
                  ? arena_printf(work->arena, " and target role %s", found->target_role_arn)
                  : "");
    return VERDICT_NEXT;
}

/* Keeping -------------------------------------------------------------------------------------- */

static const char *wanted_words(struct work *work)
{
    const char *changes = changes_of_association(work, &work->have.found);

    return changes[0] ? arena_printf(work->arena, " (the spec wants %s)", changes + strlen("; "))
                      : "";
}

const char *association_why_kept(struct work *work)
{
    if (work->have.association_owner != OWNER_ADOPTED || may_adopt(work) ||
        !association_differs(work))
        return NULL;
    return arena_printf(work->arena,
                        "Association %s, which was adopted, is not as the spec wants it%s. It is "
                        "not written to while no grant says adoption.associations: true",
                        work->have.found.id, wanted_words(work));
}

/* After the spec was made true once, what differs is the work of others; and where no grant allows
 * the adoption any more nothing is written at all. */
enum verdict association_keep(struct work *work, struct request *request)
{
    const char *id = work->have.found.id;

    (void)request;
    if (work->have.verified)
        return VERDICT_NEXT;
    if (work->have.association != PRESENCE_PRESENT || work->progress.association_adopted ||
        work->have.association_owner != OWNER_ADOPTED || !association_differs(work))
        return VERDICT_NEXT;
    if (!may_adopt(work))
        adoption_keep(work, DRIFT_ASSOCIATION, association_why_kept(work));
    else if (adoption_is_settled(work, DRIFT_ASSOCIATION))
        adoption_keep(work, DRIFT_ASSOCIATION,
                      arena_printf(work->arena,
                                   "Association %s, which was adopted, was changed by somebody "
                                   "else%s, and what is adopted is not repaired. Change it back, "
                                   "or change the spec: then it is written anew",
                                   id, wanted_words(work)));
    work->progress.association_kept = work->outcome.kept[DRIFT_ASSOCIATION] != NULL;
    return VERDICT_NEXT;
}

/* Letting go ----------------------------------------------------------------------------------- */

/* A person who purges under a living binding means what former ones left. */
enum verdict association_let_go_ask(struct work *work, struct request *request)
{
    const char *const *keys;
    size_t count;

    if (work->have.association != PRESENCE_PRESENT || work->progress.association_left ||
        work->have.association_owner != OWNER_ADOPTED ||
        (work->purge && work->binding->meta.deleted_ms == 0))
        return VERDICT_NEXT;
    keys = adoption_own_keys(work->arena, &work->have.found.tags, &count);
    eks_untag_resource(work->arena, request, work->have.found.arn, keys, count);
    return VERDICT_SEND;
}

/* Gone is as good as let go. */
enum verdict association_let_go_answer(struct work *work, const struct reply *reply)
{
    if (!row_good(work, reply)) {
        if (!row_gone(work))
            return VERDICT_FAIL;
        work->have.association = PRESENCE_ABSENT;
        return VERDICT_NEXT;
    }
    work->progress.association_left = true;
    work_tell(work, false, "AssociationLeft", "UntagResource",
              "Association %s was adopted and is not deleted: it stays with role %s, without our "
              "tags",
              work->have.found.id, work->have.found.role_arn);
    return VERDICT_NEXT;
}
