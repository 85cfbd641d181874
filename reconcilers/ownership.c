#include "reconcilers/ownership.h"

#include "base/text.h"
#include "crds/podidentitybinding.h"
#include "informers/store.h"
#include "reconcilers/indices.h"
#include "reconcilers/scene.h"
#include "reconcilers/want.h"

static bool tag_is(const struct aws_tags *tags, const char *key, const char *value)
{
    const char *found = aws_tags_get(tags, key);

    return found && text_equal(found, value);
}

struct search {
    const char *uid;
    bool found;
};

static void compare_uid(void *context, const void *record)
{
    struct search *search = context;

    if (text_equal(((const struct record *)record)->uid, search->uid))
        search->found = true;
}

/* Does a binding with this UID live? Only bindings of the tagged namespace are looked at. */
static bool lives(const struct scene *scene, const char *namespace_name, const char *uid)
{
    struct search search = {.uid = uid};

    store_each_with(scene->bindings, INDEX_NAMESPACE, namespace_name, compare_uid, &search);
    return search.found;
}

enum owner ownership_of(const struct aws_tags *tags, const struct podidentitybinding *binding,
                        const struct scene *scene)
{
    const char *uid = aws_tags_get(tags, TAG_BINDING_UID);
    bool created = tag_is(tags, TAG_ORIGIN, ORIGIN_CREATED);

    if (!uid || !tag_is(tags, TAG_MANAGED, "true") ||
        !tag_is(tags, TAG_CLUSTER, scene->account.cluster_arn) ||
        !tag_is(tags, TAG_NAMESPACE, binding->record.namespace_name) ||
        !tag_is(tags, TAG_SERVICE_ACCOUNT, binding->spec.service_account))
        return OWNER_FOREIGN;
    if (text_equal(uid, binding->record.uid))
        return created ? OWNER_OURS : OWNER_ADOPTED;
    if (!created)
        return OWNER_FOREIGN;
    return lives(scene, binding->record.namespace_name, uid) ? OWNER_OTHER : OWNER_FORMER;
}

bool ownership_of_another(const struct aws_tags *tags, const struct podidentitybinding *binding,
                          const struct scene *scene)
{
    const char *uid = aws_tags_get(tags, TAG_BINDING_UID);
    const char *namespace_name = aws_tags_get(tags, TAG_NAMESPACE);
    bool same = tag_is(tags, TAG_NAMESPACE, binding->record.namespace_name) &&
                tag_is(tags, TAG_SERVICE_ACCOUNT, binding->spec.service_account);

    return uid && namespace_name && !same && tag_is(tags, TAG_MANAGED, "true") &&
           tag_is(tags, TAG_CLUSTER, scene->account.cluster_arn) &&
           lives(scene, namespace_name, uid);
}

bool ownership_left_over(const struct aws_tags *tags, const char *namespace_name,
                         const char *service_account, const struct scene *scene)
{
    const char *uid = aws_tags_get(tags, TAG_BINDING_UID);

    return uid && tag_is(tags, TAG_MANAGED, "true") &&
           tag_is(tags, TAG_CLUSTER, scene->account.cluster_arn) &&
           tag_is(tags, TAG_ORIGIN, ORIGIN_CREATED) &&
           tag_is(tags, TAG_NAMESPACE, namespace_name) &&
           tag_is(tags, TAG_SERVICE_ACCOUNT, service_account) && !lives(scene, namespace_name, uid);
}
