#include "aws/eks.h"

#include <assert.h>

#include "aws/eks_wire.h"
#include "base/arena.h"
#include "base/text.h"

static const char *associations_path(struct arena *arena, const char *cluster)
{
    return arena_printf(arena, "/clusters/%s/pod-identity-associations", eks_label(arena, cluster));
}

static const char *association_path(struct arena *arena, const char *cluster, const char *id)
{
    return arena_printf(arena, "%s/%s", associations_path(arena, cluster), eks_label(arena, id));
}

static const char *tags_path(struct arena *arena, const char *arn)
{
    return arena_printf(arena, "/tags/%s", eks_label(arena, arn));
}

/* Absent and null leave a member as it is. */
static void set_text(json_t *body, const char *name, const char *value)
{
    if (value)
        json_object_set_new(body, name, json_string(value));
}

void eks_create_association(struct arena *arena, struct request *request, const char *cluster,
                            const struct eks_association_wish *wish)
{
    AUTO_JSON json_t *body = json_object();

    eks_begin(request, "CreatePodIdentityAssociation", "POST", associations_path(arena, cluster));
    json_object_set_new(body, "namespace", json_string(wish->namespace_name));
    json_object_set_new(body, "serviceAccount", json_string(wish->service_account));
    json_object_set_new(body, "roleArn", json_string(wish->role_arn));
    json_object_set_new(body, "clientRequestToken", json_string(wish->client_request_token));
    if (wish->tags.count > 0)
        json_object_set_new(body, "tags", eks_tags_object(&wish->tags));
    if (wish->disable_session_tags)
        json_object_set_new(body, "disableSessionTags", json_true());
    set_text(body, "targetRoleArn", wish->target_role_arn);
    set_text(body, "policy", wish->policy);
    eks_set_body(arena, request, body);
}

void eks_update_association(struct arena *arena, struct request *request, const char *cluster,
                            const char *id, const struct eks_association_change *change)
{
    AUTO_JSON json_t *body = json_object();

    assert(change->role_arn || change->target_role_arn || change->policy ||
           change->session_tags != EKS_SESSION_TAGS_STAY);
    eks_begin(request, "UpdatePodIdentityAssociation", "POST",
              association_path(arena, cluster, id));
    set_text(body, "roleArn", change->role_arn);
    json_object_set_new(body, "clientRequestToken", json_string(change->client_request_token));
    if (change->session_tags != EKS_SESSION_TAGS_STAY)
        json_object_set_new(body, "disableSessionTags",
                            json_boolean(change->session_tags == EKS_SESSION_TAGS_OFF));
    set_text(body, "targetRoleArn", change->target_role_arn);
    set_text(body, "policy", change->policy);
    eks_set_body(arena, request, body);
}

void eks_update_association_role(struct arena *arena, struct request *request, const char *cluster,
                                 const char *id, const char *role_arn, const char *token)
{
    const struct eks_association_change change = {.role_arn = role_arn,
                                                  .client_request_token = token};

    eks_update_association(arena, request, cluster, id, &change);
}

void eks_describe_association(struct arena *arena, struct request *request, const char *cluster,
                              const char *id)
{
    eks_begin(request, "DescribePodIdentityAssociation", "GET",
              association_path(arena, cluster, id));
}

void eks_delete_association(struct arena *arena, struct request *request, const char *cluster,
                            const char *id)
{
    eks_begin(request, "DeletePodIdentityAssociation", "DELETE",
              association_path(arena, cluster, id));
}

void eks_list_associations(struct arena *arena, struct request *request, const char *cluster,
                           const char *namespace_name, const char *service_account,
                           const char *token)
{
    AUTO_TEXT struct text query = TEXT_INIT(EKS_QUERY_MAX);

    eks_begin(request, "ListPodIdentityAssociations", "GET", associations_path(arena, cluster));
    eks_add_parameter(&query, "maxResults", "100");
    eks_add_parameter(&query, "namespace", namespace_name);
    eks_add_parameter(&query, "nextToken", token);
    eks_add_parameter(&query, "serviceAccount", service_account);
    request->query = eks_take_query(arena, &query);
}

void eks_tag_resource(struct arena *arena, struct request *request, const char *arn,
                      const struct aws_tags *tags)
{
    AUTO_JSON json_t *body = json_object();

    eks_begin(request, "TagResource", "POST", tags_path(arena, arn));
    json_object_set_new(body, "tags", eks_tags_object(tags));
    eks_set_body(arena, request, body);
}

void eks_untag_resource(struct arena *arena, struct request *request, const char *arn,
                        const char *const *keys, size_t count)
{
    AUTO_TEXT struct text query = TEXT_INIT(EKS_QUERY_MAX);

    eks_begin(request, "UntagResource", "DELETE", tags_path(arena, arn));
    for (size_t i = 0; i < count; i++)
        eks_add_parameter(&query, "tagKeys", keys[i]);
    request->query = eks_take_query(arena, &query);
}

void eks_describe_cluster(struct arena *arena, struct request *request, const char *name)
{
    eks_begin(request, "DescribeCluster", "GET",
              arena_printf(arena, "/clusters/%s", eks_label(arena, name)));
}
