#include "aws/eks.h"

#include <assert.h>
#include <string.h>

#include "base/arena.h"
#include "base/encode.h"
#include "base/json.h"
#include "base/text.h"

/* Enough for 50 tags of the API's longest keys and values, escaped, as ?tagKeys=. */
enum { QUERY_MAX = 64 << 10 };

static void begin(struct request *request, const char *operation, const char *method,
                  const char *path)
{
    *request = (struct request){
        .service = SERVICE_EKS,
        .operation = operation,
        .method = method,
        .path = path,
        .write = strcmp(method, "GET") != 0,
        .sharable = strcmp(method, "GET") == 0,
    };
}

/*
 * One part of a path. "." and ".." have no escape in URLs: DELETE …/pod-identity-associations/..
 * would be another resource, namely the cluster. They are escaped twice and name nothing then.
 */
static const char *label(struct arena *arena, const char *text)
{
    if (strcmp(text, ".") == 0)
        return "%252E";
    if (strcmp(text, "..") == 0)
        return "%252E%252E";
    return encode_uri(arena, text);
}

static const char *associations_path(struct arena *arena, const char *cluster)
{
    return arena_printf(arena, "/clusters/%s/pod-identity-associations", label(arena, cluster));
}

static const char *association_path(struct arena *arena, const char *cluster, const char *id)
{
    return arena_printf(arena, "%s/%s", associations_path(arena, cluster), label(arena, id));
}

static const char *tags_path(struct arena *arena, const char *arn)
{
    return arena_printf(arena, "/tags/%s", label(arena, arn));
}

static void set_body(struct arena *arena, struct request *request, const json_t *body)
{
    request->body = json_write(arena, body, false);
    request->body_length = strlen(request->body);
    request_add_header(request, "content-type", "application/json");
}

static json_t *tags_object(const struct aws_tags *tags)
{
    json_t *object = json_object();

    for (size_t i = 0; i < tags->count; i++)
        json_object_set_new(object, tags->items[i].key, json_string(tags->items[i].value));
    return object;
}

void eks_create_association(struct arena *arena, struct request *request, const char *cluster,
                            const struct eks_association_wish *wish)
{
    AUTO_JSON json_t *body = json_object();

    begin(request, "CreatePodIdentityAssociation", "POST", associations_path(arena, cluster));
    json_object_set_new(body, "namespace", json_string(wish->namespace_name));
    json_object_set_new(body, "serviceAccount", json_string(wish->service_account));
    json_object_set_new(body, "roleArn", json_string(wish->role_arn));
    json_object_set_new(body, "clientRequestToken", json_string(wish->client_request_token));
    if (wish->tags.count > 0)
        json_object_set_new(body, "tags", tags_object(&wish->tags));
    set_body(arena, request, body);
}

void eks_update_association_role(struct arena *arena, struct request *request, const char *cluster,
                                 const char *id, const char *role_arn, const char *token)
{
    AUTO_JSON json_t *body = json_object();

    begin(request, "UpdatePodIdentityAssociation", "POST", association_path(arena, cluster, id));
    json_object_set_new(body, "roleArn", json_string(role_arn));
    json_object_set_new(body, "clientRequestToken", json_string(token));
    set_body(arena, request, body);
}

void eks_describe_association(struct arena *arena, struct request *request, const char *cluster,
                              const char *id)
{
    begin(request, "DescribePodIdentityAssociation", "GET", association_path(arena, cluster, id));
}

void eks_delete_association(struct arena *arena, struct request *request, const char *cluster,
                            const char *id)
{
    begin(request, "DeletePodIdentityAssociation", "DELETE", association_path(arena, cluster, id));
}

static void add_parameter(struct text *query, const char *name, const char *value)
{
    if (!value)
        return;
    if (query->length > 0)
        text_add_char(query, '&');
    text_add_string(query, name);
    text_add_char(query, '=');
    encode_uri_add(query, value, strlen(value));
}

static const char *take_query(struct arena *arena, const struct text *query)
{
    assert(!query->overflow);
    return arena_text(arena, query->bytes, query->length);
}

void eks_list_associations(struct arena *arena, struct request *request, const char *cluster,
                           const char *namespace_name, const char *service_account,
                           const char *token)
{
    AUTO_TEXT struct text query = TEXT_INIT(QUERY_MAX);

    begin(request, "ListPodIdentityAssociations", "GET", associations_path(arena, cluster));
    add_parameter(&query, "maxResults", "100");
    add_parameter(&query, "namespace", namespace_name);
    add_parameter(&query, "nextToken", token);
    add_parameter(&query, "serviceAccount", service_account);
    request->query = take_query(arena, &query);
}

void eks_tag_resource(struct arena *arena, struct request *request, const char *arn,
                      const struct aws_tags *tags)
{
    AUTO_JSON json_t *body = json_object();

    begin(request, "TagResource", "POST", tags_path(arena, arn));
    json_object_set_new(body, "tags", tags_object(tags));
    set_body(arena, request, body);
}

void eks_untag_resource(struct arena *arena, struct request *request, const char *arn,
                        const char *const *keys, size_t count)
{
    AUTO_TEXT struct text query = TEXT_INIT(QUERY_MAX);

    begin(request, "UntagResource", "DELETE", tags_path(arena, arn));
    for (size_t i = 0; i < count; i++)
        add_parameter(&query, "tagKeys", keys[i]);
    request->query = take_query(arena, &query);
}

void eks_describe_cluster(struct arena *arena, struct request *request, const char *name)
{
    begin(request, "DescribeCluster", "GET",
          arena_printf(arena, "/clusters/%s", label(arena, name)));
}
