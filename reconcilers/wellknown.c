#include "reconcilers/wellknown.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "crds/podidentitybinding.h"
#include "reconcilers/policy.h"
#include "reconcilers/policy_value.h"
#include "reconcilers/wellknown_parts.h"

/* Of messages; a value in one is cut, because it may be as long as a field may be. */
enum { MESSAGE_MAX = 1024, SHOWN_MAX = 200 };

static struct wellknown_use use_of(struct arena *arena,
                                   const struct podidentitybinding_wellknown *asked,
                                   const struct wellknown_place *place)
{
    return (struct wellknown_use){
        .arena = arena, .asked = asked, .file = wellknown_file(asked->name), .place = place};
}

static const char *unknown_parameter(const struct wellknown_use *use)
{
    const json_t *known = json_object_get(use->file, "parameters");

    for (size_t i = 0; i < use->asked->parameter_count; i++)
        if (!json_object_get(known, use->asked->parameters[i].name))
            return use->asked->parameters[i].name;
    return NULL;
}

const char *wellknown_unknown(struct arena *arena, const struct podidentitybinding_spec *spec)
{
    for (size_t i = 0; i < spec->wellknown_count; i++) {
        struct wellknown_use use = use_of(arena, &spec->wellknown[i], NULL);
        const char *parameter = use.file ? unknown_parameter(&use) : NULL;

        if (!use.file)
            return arena_printf(arena, "spec.%s.%s",
                                use.asked->wanted ? "wellKnownPolicies" : "wellKnownPolicyScopes",
                                use.asked->name);
        if (parameter)
            return arena_printf(arena, "spec.wellKnownPolicyScopes.%s.%s", use.asked->name,
                                parameter);
    }
    return NULL;
}

static bool malformed(struct error *error, const struct wellknown_use *use, const char *what)
{
    return error_set_code(error, ERROR_REFUSED, "MalformedPolicy",
                          "spec.wellKnownPolicyScopes.%s%s", use->asked->name, what);
}

static bool check_value(const struct wellknown_use *use, const char *name, const char *pattern,
                        const char *value, struct error *error)
{
    return policy_pattern_matches(pattern, value, false) ||
           malformed(error, use,
                     arena_printf(use->arena,
                                  ".%s: \"%.*s\" is of another partition, service or kind of "
                                  "resource than %s. Write one that this matches",
                                  name, SHOWN_MAX, value, pattern));
}

static bool check_parameter(const struct wellknown_use *use,
                            const struct podidentitybinding_parameter *given, struct error *error)
{
    const json_t *rules = json_object_get(json_object_get(use->file, "parameters"), given->name);
    const char *within = json_path_text(rules, "within"), *needs = json_path_text(rules, "needs");
    const char *pattern = within ? wellknown_expand(use, within)[0] : "*";

    if (needs && !wellknown_given(use, needs))
        return malformed(
            error, use,
            arena_printf(use->arena, ".%s works on what %s names. Write %s beside it, or remove it",
                         given->name, needs, needs));
    for (const char *const *value = given->values; *value; value++)
        if (!check_value(use, given->name, pattern, *value, error))
            return false;
    return true;
}

static bool check_use(const struct wellknown_use *use, struct error *error)
{
    if (!use->asked->wanted)
        return malformed(error, use,
                         arena_printf(use->arena,
                                      " stands beside the true of its policy only. Write true for "
                                      "spec.wellKnownPolicies.%s, or remove it",
                                      use->asked->name));
    for (size_t i = 0; i < use->asked->parameter_count; i++)
        if (!check_parameter(use, &use->asked->parameters[i], error))
            return false;
    return true;
}

/* The values alone are counted before anything is built of them: an object of 1.5 MB must not
 * become a tree of several times that. */
static bool check_values(const struct podidentitybinding_spec *spec, struct error *error)
{
    size_t size = 0;

    for (size_t i = 0; i < spec->wellknown_count; i++)
        for (size_t j = 0; j < spec->wellknown[i].parameter_count; j++)
            for (const char *const *value = spec->wellknown[i].parameters[j].values; *value;
                 value++)
                size += strlen(*value);
    if (size > POLICY_INLINE_MAX)
        return error_set_code(error, ERROR_REFUSED, "PolicyTooLarge",
                              "The values of spec.wellKnownPolicyScopes alone have %zu "
                              "characters; IAM takes %d for all inline policies of a role. Name "
                              "fewer, or use wildcards",
                              size, POLICY_INLINE_MAX);
    return true;
}

static bool check_all(struct arena *arena, const struct podidentitybinding_spec *spec,
                      const struct wellknown_place *place, struct error *error)
{
    const char *unknown = wellknown_unknown(arena, spec);

    if (unknown)
        return error_set_code(error, ERROR_REFUSED, "MalformedPolicy",
                              "%s is not known to this version. Remove it", unknown);
    if (!check_values(spec, error))
        return false;
    for (size_t i = 0; i < spec->wellknown_count; i++) {
        struct wellknown_use use = use_of(arena, &spec->wellknown[i], place);

        if (!check_use(&use, error))
            return false;
    }
    return true;
}

static bool lists(const char *const *list, const char *text)
{
    for (; list && *list; list++)
        if (text_equal(*list, text))
            return true;
    return false;
}

static void attach(struct wellknown *wellknown, const char **attached,
                   const struct podidentitybinding_spec *spec, const struct wellknown_use *use)
{
    size_t i;
    json_t *arn;

    json_array_foreach(json_object_get(use->file, "managed"), i, arn)
    {
        const char *text = wellknown_expand(use, json_string_value(arn))[0];

        if (!lists(spec->permission_policy_arns, text) && !lists(attached, text))
            attached[wellknown->attached_count++] = text;
    }
}

/* Left out without another parameter to stand in, or given as wide as it can be. */
static bool is_wide(const struct wellknown_use *use, const char *name, const json_t *rules)
{
    const char *const *given = wellknown_given(use, name);
    const char *within = json_path_text(rules, "within");

    if (!json_object_get(rules, "wide"))
        return false;
    if (given)
        return within && lists(given, wellknown_expand(use, within)[0]);
    return !wellknown_derived(use, name);
}

static const char *warning_of(const struct wellknown_use *use)
{
    AUTO_TEXT struct text text = TEXT_INIT(MESSAGE_MAX);
    const char *name;
    json_t *rules;

    json_object_foreach(json_object_get(use->file, "parameters"), name, rules)
    {
        if (is_wide(use, name, rules))
            text_printf(&text, "%s%s (%s)", text.length > 0 ? ", " : "",
                        json_path_text(rules, "wide"), name);
    }
    if (text.length == 0)
        return NULL;
    return arena_printf(use->arena,
                        "spec.wellKnownPolicies.%s is not narrowed: the role may %s. Narrow it in "
                        "spec.wellKnownPolicyScopes.%s",
                        use->asked->name, text.bytes, use->asked->name);
}

static bool fits(const struct wellknown *wellknown, const struct podidentitybinding_spec *spec,
                 struct error *error)
{
    AUTO_TEXT struct text sizes = TEXT_INIT(MESSAGE_MAX);
    size_t total = spec->permission_policy ? policy_size(spec->permission_policy) : 0;

    if (total > 0)
        text_printf(&sizes, "spec.permissionPolicy %zu, ", total);
    for (size_t i = 0; i < wellknown->inline_count; i++) {
        const struct iam_policy *policy = &wellknown->inline_policies[i];
        size_t size = policy_size(policy->document);

        total += size;
        text_printf(&sizes, "%s%s %zu", i > 0 ? ", " : "", policy->name + strlen(WELLKNOWN_PREFIX),
                    size);
    }
    if (total <= POLICY_INLINE_MAX)
        return true;
    return error_set_code(error, ERROR_REFUSED, "PolicyTooLarge",
                          "The inline policies have %zu characters together, white space not "
                          "counted; IAM takes %d for one role: %s. Set fewer of "
                          "spec.wellKnownPolicies to true, shorten spec.wellKnownPolicyScopes, or "
                          "put rights into a managed policy of your own and name it in "
                          "spec.permissionPolicyARNs",
                          total, POLICY_INLINE_MAX, sizes.bytes);
}

/* IAM's names differ by more than case, so the user's inline policy must not have ours in another
 * case either. */
static bool add_inline(struct wellknown *wellknown, struct iam_policy *policies,
                       const struct podidentitybinding_spec *spec, const struct wellknown_use *use,
                       struct error *error)
{
    const char *document = wellknown_render(use);
    const char *name = arena_printf(use->arena, WELLKNOWN_PREFIX "%s", use->asked->name);

    if (!document)
        return true;
    if (spec->permission_policy && spec->permission_policy_name &&
        strcasecmp(name, spec->permission_policy_name) == 0)
        return error_set_code(error, ERROR_REFUSED, "MalformedPolicy",
                              "spec.permissionPolicyName %s is the name of the inline policy of "
                              "spec.wellKnownPolicies.%s. Write another one",
                              spec->permission_policy_name, use->asked->name);
    policies[wellknown->inline_count++] = (struct iam_policy){.name = name, .document = document};
    return policy_check(document, SIZE_MAX, error) ||
           error_wrap(error, "spec.wellKnownPolicyScopes.%s", use->asked->name);
}

bool wellknown_compute(struct wellknown *wellknown, struct arena *arena,
                       const struct podidentitybinding_spec *spec,
                       const struct wellknown_place *place, struct error *error)
{
    enum { MANAGED_MAX = 2 }; /* ARNs that one policy attaches */
    struct iam_policy *policies = arena_array(arena, spec->wellknown_count, sizeof(*policies));
    const char **attached =
        arena_array(arena, MANAGED_MAX * spec->wellknown_count + 1, sizeof(*attached));
    const char **warnings = arena_array(arena, spec->wellknown_count + 1, sizeof(*warnings));
    size_t warning_count = 0;

    *wellknown = (struct wellknown){
        .inline_policies = policies, .attached_arns = attached, .warnings = warnings};
    if (!check_all(arena, spec, place, error))
        return false;
    for (size_t i = 0; i < spec->wellknown_count; i++) {
        struct wellknown_use use = use_of(arena, &spec->wellknown[i], place);
        const char *warning = warning_of(&use);

        attach(wellknown, attached, spec, &use);
        if (!add_inline(wellknown, policies, spec, &use, error))
            return false;
        if (warning)
            warnings[warning_count++] = warning;
    }
    return wellknown->inline_count == 0 || fits(wellknown, spec, error);
}
