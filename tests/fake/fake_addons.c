/* Add-ons of the fake AWS's cluster. */

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/memory.h"
#include "base/text.h"
#include "tests/fake/fake_aws_parts.h"

enum { PAGE_MAX = 100 };

struct fake_addon *fake_aws_add_addon(struct fake_aws *aws, const char *name)
{
    struct fake_addon *addon = memory_alloc(sizeof(*addon));

    addon->name = memory_string(name);
    addon->status = memory_string("ACTIVE");
    addon->foreign = true;
    aws->addons = memory_resize(aws->addons, aws->addon_count + 1, sizeof(*aws->addons));
    aws->addons[aws->addon_count++] = addon;
    return addon;
}

void fake_addons_finish(struct fake_aws *aws)
{
    for (size_t i = 0; i < aws->addon_count; i++) {
        struct fake_addon *addon = aws->addons[i];

        free(addon->name);
        free(addon->status);
        free(addon->role_arn);
        free(addon->token);
        fake_pairs_finish(&addon->associations);
        fake_pairs_finish(&addon->tags);
        free(addon);
    }
    free(aws->addons);
}

struct fake_addon *fake_aws_addon(const struct fake_aws *aws, const char *name)
{
    for (size_t i = 0; i < aws->addon_count; i++)
        if (strcmp(aws->addons[i]->name, name) == 0)
            return aws->addons[i];
    return NULL;
}

static void answer_addon(struct fake_call *call, const struct fake_addon *addon)
{
    json_t *associations = json_array();
    json_t *json =
        json_pack("{s:s, s:s, s:s, s:s, s:{s:[]}, s:o, s:o}", "addonName", addon->name,
                  "clusterName", FAKE_CLUSTER, "addonArn",
                  arena_printf(call->arena,
                               "arn:aws:eks:eu-west-1:" FAKE_ACCOUNT ":addon/" FAKE_CLUSTER "/%s/1",
                               addon->name),
                  "status", addon->status, "health", "issues", "tags",
                  fake_tags_object(&addon->tags), "podIdentityAssociations", associations);

    for (size_t i = 0; i < addon->associations.count; i++)
        json_array_append_new(associations, json_string(addon->associations.items[i].key));
    if (addon->role_arn)
        json_object_set_new(json, "serviceAccountRoleArn", json_string(addon->role_arn));
    fake_answer_json(call, json_pack("{s:o}", "addon", json));
}

static void create(struct fake_call *call, const json_t *body)
{
    const char *name = json_path_text(body, "addonName");
    const char *token = json_path_text(body, "clientRequestToken");
    struct fake_addon *addon = fake_aws_addon(call->aws, name);

    if (addon && text_equal(addon->token, token)) {
        fake_aws_wrote(call, false, addon->foreign);
        answer_addon(call, addon);
        return;
    }
    if (addon) {
        fake_answer_error(call->answer, SERVICE_EKS, 409, "ResourceInUseException",
                          "Addon already exists.");
        return;
    }
    addon = fake_aws_add_addon(call->aws, name);
    addon->foreign = false;
    fake_text_set(&addon->token, token);
    fake_put_tags_object(&addon->tags, json_object_get(body, "tags"));
    fake_aws_wrote(call, true, false);
    answer_addon(call, addon);
}

static void list(struct fake_call *call, const char *token)
{
    size_t page_max = call->aws->page_max > 0 ? call->aws->page_max : PAGE_MAX;
    size_t i = token ? strtoul(token, NULL, 10) : 0;
    json_t *names = json_array(), *page = json_pack("{s:o}", "addons", names);

    for (; i < call->aws->addon_count && json_array_size(names) < page_max; i++)
        json_array_append_new(names, json_string(call->aws->addons[i]->name));
    if (i < call->aws->addon_count)
        json_object_set_new(page, "nextToken", json_string(arena_printf(call->arena, "%zu", i)));
    fake_answer_json(call, page);
}

static void describe(struct fake_call *call, const char *name)
{
    const struct fake_addon *addon = fake_aws_addon(call->aws, name);

    if (addon)
        answer_addon(call, addon);
    else
        fake_answer_error(call->answer, SERVICE_EKS, 404, "ResourceNotFoundException",
                          "No addon: %s found in cluster: " FAKE_CLUSTER, name);
}

void fake_addons_answer(struct fake_call *call, const char *name, const char *token,
                        const json_t *body)
{
    if (name)
        describe(call, name);
    else if (strcmp(call->request->method, "POST") == 0)
        create(call, body);
    else
        list(call, token);
}
