#include "aws/addons.h"

#include "aws/eks_wire.h"
#include "base/arena.h"
#include "base/text.h"

static const char *addons_path(struct arena *arena, const char *cluster)
{
    return arena_printf(arena, "/clusters/%s/addons", eks_label(arena, cluster));
}

void addon_list(struct arena *arena, struct request *request, const char *cluster,
                const char *token)
{
    AUTO_TEXT struct text query = TEXT_INIT(EKS_QUERY_MAX);

    eks_begin(request, "ListAddons", "GET", addons_path(arena, cluster));
    eks_add_parameter(&query, "maxResults", "100");
    eks_add_parameter(&query, "nextToken", token);
    request->query = eks_take_query(arena, &query);
}

void addon_describe(struct arena *arena, struct request *request, const char *cluster,
                    const char *name)
{
    eks_begin(request, "DescribeAddon", "GET",
              arena_printf(arena, "%s/%s", addons_path(arena, cluster), eks_label(arena, name)));
}

void addon_create(struct arena *arena, struct request *request, const char *cluster,
                  const struct addon_wish *wish)
{
    AUTO_JSON json_t *body = json_object();

    eks_begin(request, "CreateAddon", "POST", addons_path(arena, cluster));
    json_object_set_new(body, "addonName", json_string(wish->name));
    if (wish->version)
        json_object_set_new(body, "addonVersion", json_string(wish->version));
    json_object_set_new(body, "clientRequestToken", json_string(wish->client_request_token));
    if (wish->tags.count > 0)
        json_object_set_new(body, "tags", eks_tags_object(&wish->tags));
    eks_set_body(arena, request, body);
}

bool addon_read_page(struct arena *arena, const struct reply *reply, struct addon_page *page,
                     struct error *error)
{
    const struct eks_answer answer = {.arena = arena, .what = "list", .error = error};
    AUTO_JSON json_t *json = eks_parse(reply, error);

    *page = (struct addon_page){0};
    if (!json)
        return false;
    if (!eks_member(json, "addons"))
        return eks_fail(&answer, "addons", "is missing");
    return eks_read_texts(&answer, json, "addons", &page->names, &page->count) &&
           eks_read_optional(&answer, json, "nextToken", &page->next_token);
}

static bool read_issues(const struct eks_answer *answer, const json_t *health, struct addon *addon)
{
    const json_t *list = eks_member(health, "issues");
    size_t count = json_array_size(list);
    struct addon_issue *issues;

    if (list && !json_is_array(list))
        return eks_fail(answer, "issues", "is no list");
    issues = eks_take_array(answer, "issues", count, sizeof(*issues));
    if (!issues)
        return false;
    for (size_t i = 0; i < count; i++) {
        const json_t *issue = json_array_get(list, i);

        if (!eks_read_text(answer, issue, "code", &issues[i].code) ||
            !eks_read_optional(answer, issue, "message", &issues[i].message))
            return false;
    }
    addon->issues = issues;
    addon->issue_count = count;
    return true;
}

bool addon_read(struct arena *arena, const struct reply *reply, struct addon *addon,
                struct error *error)
{
    const struct eks_answer answer = {.arena = arena, .what = "addon", .error = error};
    AUTO_JSON json_t *json = eks_parse(reply, error);
    const json_t *inner;

    *addon = (struct addon){0};
    if (!json)
        return false;
    inner = eks_member(json, "addon");
    return eks_read_text(&answer, inner, "addonName", &addon->name) &&
           eks_read_text(&answer, inner, "addonArn", &addon->arn) &&
           eks_read_text(&answer, inner, "status", &addon->status) &&
           eks_read_optional(&answer, inner, "addonVersion", &addon->version) &&
           eks_read_optional(&answer, inner, "serviceAccountRoleArn",
                             &addon->service_account_role_arn) &&
           eks_read_texts(&answer, inner, "podIdentityAssociations", &addon->association_arns,
                          &addon->association_count) &&
           read_issues(&answer, eks_member(inner, "health"), addon) &&
           eks_read_tags(&answer, inner, &addon->tags);
}
