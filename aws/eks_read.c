#include "aws/eks.h"

#include "aws/eks_wire.h"

/* Seconds since 1970 with a fraction: 1700862734.922. */
static bool read_time(const struct eks_answer *answer, const json_t *object, const char *name,
                      int64_t *wall_ms)
{
    static const double seconds_max = 253402300800; /* the year 10000 */
    const json_t *value = eks_member(object, name);
    double seconds = json_number_value(value);

    *wall_ms = 0;
    if (!value)
        return true;
    if (!json_is_number(value) || !(seconds >= 0 && seconds < seconds_max))
        return eks_fail(answer, name, "is no time");
    *wall_ms = (int64_t)(seconds * 1000 + 0.5);
    return true;
}

static bool read_summary(const struct eks_answer *answer, const json_t *json,
                         struct eks_association *association)
{
    *association = (struct eks_association){0};
    return eks_read_text(answer, json, "clusterName", &association->cluster) &&
           eks_read_text(answer, json, "namespace", &association->namespace_name) &&
           eks_read_text(answer, json, "serviceAccount", &association->service_account) &&
           eks_read_text(answer, json, "associationId", &association->id) &&
           eks_read_text(answer, json, "associationArn", &association->arn) &&
           eks_read_optional(answer, json, "ownerArn", &association->owner_arn);
}

static bool read_rest(const struct eks_answer *answer, const json_t *json,
                      struct eks_association *association)
{
    return eks_read_text(answer, json, "roleArn", &association->role_arn) &&
           eks_read_optional(answer, json, "targetRoleArn", &association->target_role_arn) &&
           eks_read_optional(answer, json, "externalId", &association->external_id) &&
           eks_read_optional(answer, json, "policy", &association->policy) &&
           eks_read_bool(answer, json, "disableSessionTags", &association->disable_session_tags) &&
           read_time(answer, json, "createdAt", &association->created_ms) &&
           read_time(answer, json, "modifiedAt", &association->modified_ms) &&
           eks_read_tags(answer, json, &association->tags);
}

bool eks_read_association(struct arena *arena, const struct reply *reply,
                          struct eks_association *association, struct error *error)
{
    const struct eks_answer answer = {.arena = arena, .what = "association", .error = error};
    AUTO_JSON json_t *json = eks_parse(reply, error);
    const json_t *inner;

    if (!json)
        return false;
    inner = eks_member(json, "association");
    if (!json_is_object(inner))
        return eks_fail(&answer, "associationId", "is missing");
    return read_summary(&answer, inner, association) && read_rest(&answer, inner, association);
}

static bool read_items(const struct eks_answer *answer, const json_t *list,
                       struct eks_association_page *page)
{
    struct eks_association *items =
        eks_take_array(answer, "associations", json_array_size(list), sizeof(*items));

    if (!items)
        return false;
    page->items = items;
    page->count = json_array_size(list);
    for (size_t i = 0; i < page->count; i++) {
        if (!read_summary(answer, json_array_get(list, i), &items[i]))
            return false;
    }
    return true;
}

bool eks_read_associations(struct arena *arena, const struct reply *reply,
                           struct eks_association_page *page, struct error *error)
{
    const struct eks_answer answer = {.arena = arena, .what = "list", .error = error};
    AUTO_JSON json_t *json = eks_parse(reply, error);
    const json_t *list;

    if (!json)
        return false;
    list = eks_member(json, "associations");
    if (!json_is_array(list))
        return eks_fail(&answer, "associations", "is missing");
    return read_items(&answer, list, page) &&
           eks_read_optional(&answer, json, "nextToken", &page->next_token);
}

bool eks_read_cluster(struct arena *arena, const struct reply *reply, struct eks_cluster *cluster,
                      struct error *error)
{
    const struct eks_answer answer = {.arena = arena, .what = "cluster", .error = error};
    AUTO_JSON json_t *json = eks_parse(reply, error);
    const json_t *inner;

    if (!json)
        return false;
    inner = eks_member(json, "cluster");
    *cluster = (struct eks_cluster){0};
    return eks_read_text(&answer, inner, "name", &cluster->name) &&
           eks_read_text(&answer, inner, "arn", &cluster->arn) &&
           eks_read_text(&answer, inner, "status", &cluster->status) &&
           eks_read_optional(&answer, inner, "version", &cluster->version) &&
           eks_read_optional(&answer, json_path(inner, "identity.oidc"), "issuer",
                             &cluster->issuer) &&
           eks_read_bool(&answer, json_path(inner, "computeConfig"), "enabled",
                         &cluster->auto_mode);
}
