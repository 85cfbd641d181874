#include "aws/eks.h"

#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"

enum {
    BODY_MAX = 1 << 20, /* a page of 100 associations is a tenth of it */
    ITEMS_MAX = 1000,   /* in a page; the API promises 100 */
    TEXT_MAX = 8192,    /* the longest, a paging token, has no limit in the model */
};

/* What an answer is about, for errors: every function below fails with ERROR_RETRY. */
struct answer {
    struct arena *arena;
    const char *what;
    struct error *error;
};

static bool fail(const struct answer *answer, const char *member, const char *trouble)
{
    return error_set(answer->error, ERROR_RETRY, "EKS's answer: %s.%s %s", answer->what, member,
                     trouble);
}

static json_t *parse(const struct reply *reply, struct error *error)
{
    json_t *json;

    if (reply->body_length > BODY_MAX) {
        error_set(error, ERROR_RETRY, "EKS's answer is larger than %d bytes", BODY_MAX);
        return NULL;
    }
    json = json_parse(reply->body, reply->body_length, error);
    if (!json) {
        error->kind = ERROR_RETRY; /* a good answer cut short or garbled on its way */
        error_wrap(error, "EKS's answer");
    }
    return json;
}

/* The arena would end the process where we can refuse an answer. */
static bool has_room(const struct answer *answer, const char *name, size_t size)
{
    return arena_room(answer->arena) / 2 > size || fail(answer, name, "has no room");
}

static void *take_array(const struct answer *answer, const char *name, size_t count, size_t size)
{
    if (count > ITEMS_MAX) {
        fail(answer, name, "has more than 1000 items");
        return NULL;
    }
    if (!has_room(answer, name, (count + 1) * size))
        return NULL;
    return arena_array(answer->arena, count + 1, size);
}

static bool take_text(const struct answer *answer, const char *name, const char *bytes,
                      size_t length, const char **text)
{
    if (length > TEXT_MAX)
        return fail(answer, name, "is too long");
    if (!has_room(answer, name, length))
        return false;
    *text = arena_text(answer->arena, bytes, length);
    return true;
}

/* null is absent: both appear in answers. */
static const json_t *member(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);

    return json_is_null(value) ? NULL : value;
}

static bool read_optional(const struct answer *answer, const json_t *object, const char *name,
                          const char **text)
{
    const json_t *value = member(object, name);

    *text = NULL;
    if (!value)
        return true;
    if (!json_is_string(value))
        return fail(answer, name, "is no text");
    /* "" is how a value is unset: the same as absent. */
    return json_string_length(value) == 0 ||
           take_text(answer, name, json_string_value(value), json_string_length(value), text);
}

static bool read_text(const struct answer *answer, const json_t *object, const char *name,
                      const char **text)
{
    return read_optional(answer, object, name, text) && (*text || fail(answer, name, "is missing"));
}

static bool read_bool(const struct answer *answer, const json_t *object, const char *name,
                      bool *value)
{
    const json_t *json = member(object, name);

    *value = json_is_true(json);
    return !json || json_is_boolean(json) || fail(answer, name, "is neither true nor false");
}

/* Seconds since 1970 with a fraction: 1700862734.922. */
static bool read_time(const struct answer *answer, const json_t *object, const char *name,
                      int64_t *wall_ms)
{
    static const double seconds_max = 253402300800; /* the year 10000 */
    const json_t *value = member(object, name);
    double seconds = json_number_value(value);

    *wall_ms = 0;
    if (!value)
        return true;
    if (!json_is_number(value) || !(seconds >= 0 && seconds < seconds_max))
        return fail(answer, name, "is no time");
    *wall_ms = (int64_t)(seconds * 1000 + 0.5);
    return true;
}

static bool read_tags(const struct answer *answer, const json_t *object, struct aws_tags *tags)
{
    json_t *json = json_object_get(object, "tags"), *value;
    struct aws_tag *items;
    const char *key;

    if (!json || json_is_null(json))
        return true;
    if (!json_is_object(json))
        return fail(answer, "tags", "is no object");
    items = take_array(answer, "tags", json_object_size(json), sizeof(*items));
    if (!items)
        return false;
    json_object_foreach(json, key, value)
    {
        struct aws_tag *tag = &items[tags->count++];

        if (!json_is_string(value))
            return fail(answer, "tags", "has a value that is no text");
        if (!take_text(answer, "tags", key, strlen(key), &tag->key) ||
            !take_text(answer, "tags", json_string_value(value), json_string_length(value),
                       &tag->value))
            return false;
    }
    tags->items = items;
    return true;
}

static bool read_summary(const struct answer *answer, const json_t *json,
                         struct eks_association *association)
{
    *association = (struct eks_association){0};
    return read_text(answer, json, "clusterName", &association->cluster) &&
           read_text(answer, json, "namespace", &association->namespace_name) &&
           read_text(answer, json, "serviceAccount", &association->service_account) &&
           read_text(answer, json, "associationId", &association->id) &&
           read_text(answer, json, "associationArn", &association->arn) &&
           read_optional(answer, json, "ownerArn", &association->owner_arn);
}

static bool read_rest(const struct answer *answer, const json_t *json,
                      struct eks_association *association)
{
    return read_text(answer, json, "roleArn", &association->role_arn) &&
           read_optional(answer, json, "targetRoleArn", &association->target_role_arn) &&
           read_optional(answer, json, "externalId", &association->external_id) &&
           read_optional(answer, json, "policy", &association->policy) &&
           read_bool(answer, json, "disableSessionTags", &association->disable_session_tags) &&
           read_time(answer, json, "createdAt", &association->created_ms) &&
           read_time(answer, json, "modifiedAt", &association->modified_ms) &&
           read_tags(answer, json, &association->tags);
}

bool eks_read_association(struct arena *arena, const struct reply *reply,
                          struct eks_association *association, struct error *error)
{
    const struct answer answer = {.arena = arena, .what = "association", .error = error};
    AUTO_JSON json_t *json = parse(reply, error);
    const json_t *inner;

    if (!json)
        return false;
    inner = member(json, "association");
    if (!json_is_object(inner))
        return fail(&answer, "associationId", "is missing");
    return read_summary(&answer, inner, association) && read_rest(&answer, inner, association);
}

static bool read_items(const struct answer *answer, const json_t *list,
                       struct eks_association_page *page)
{
    struct eks_association *items =
        take_array(answer, "associations", json_array_size(list), sizeof(*items));

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
    const struct answer answer = {.arena = arena, .what = "list", .error = error};
    AUTO_JSON json_t *json = parse(reply, error);
    const json_t *list;

    if (!json)
        return false;
    list = member(json, "associations");
    if (!json_is_array(list))
        return fail(&answer, "associations", "is missing");
    return read_items(&answer, list, page) &&
           read_optional(&answer, json, "nextToken", &page->next_token);
}

bool eks_read_cluster(struct arena *arena, const struct reply *reply, struct eks_cluster *cluster,
                      struct error *error)
{
    const struct answer answer = {.arena = arena, .what = "cluster", .error = error};
    AUTO_JSON json_t *json = parse(reply, error);
    const json_t *inner;

    if (!json)
        return false;
    inner = member(json, "cluster");
    *cluster = (struct eks_cluster){0};
    return read_text(&answer, inner, "name", &cluster->name) &&
           read_text(&answer, inner, "arn", &cluster->arn) &&
           read_text(&answer, inner, "status", &cluster->status) &&
           read_optional(&answer, inner, "version", &cluster->version) &&
           read_optional(&answer, json_path(inner, "identity.oidc"), "issuer", &cluster->issuer) &&
           read_bool(&answer, json_path(inner, "computeConfig"), "enabled", &cluster->auto_mode);
}
