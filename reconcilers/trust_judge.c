/*
 * The judgement of a trust document: every statement is read once for whom and under which
 * conditions, then asked for each action. IAM's logic: a Deny that applies refuses, else an Allow
 * that applies admits, else it is refused; with maybes, what could go either way is Unknown.
 */

#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "reconcilers/policy_value.h"
#include "reconcilers/trust_parts.h"

/* IAM's own limit is 2,048 characters, 8,192 at most by quota; white space comes on top. */
enum { TRUST_READ_MAX = 32768, LABEL_MAX = 128 };

struct statement {
    const json_t *json;
    const char *label;               /* for a person: its Sid, else its place */
    enum truth allows, denies;       /* by its Effect */
    enum truth principal, condition; /* does it speak of EKS, does it hold */
    const char *why;                 /* when condition is not yes */
};

static bool is_text(const json_t *value, const char *text)
{
    return json_is_string(value) && strcmp(json_string_value(value), text) == 0;
}

/* Is the pod service among the services? A regional or future spelling may or may not be it. */
static enum truth names_service(const json_t *services)
{
    enum truth truth = TRUTH_NO;

    for (size_t i = 0; i < policy_value_count(services); i++) {
        const char *service = json_string_value(policy_value_at(services, i));

        if (service && strcmp(service, TRUST_PRINCIPAL) == 0)
            return TRUTH_YES;
        if (!service || strchr(service, '*') || text_starts(service, "pods.eks"))
            truth = TRUTH_MAYBE;
    }
    return truth;
}

/* "*" is everybody, services included; no ARN or account is a service. */
static enum truth names_everybody(const json_t *principals)
{
    enum truth truth = TRUTH_NO;

    for (size_t i = 0; i < policy_value_count(principals); i++) {
        const json_t *principal = policy_value_at(principals, i);

        if (is_text(principal, "*"))
            return TRUTH_YES;
        if (!json_is_string(principal))
            truth = TRUTH_MAYBE;
    }
    return truth;
}

/* The provider of the cluster among the federated ones. IAM takes a name, no pattern; what else
 * stands there may be one in a spelling that we do not know. */
static enum truth names_provider(const json_t *providers, const char *provider_arn)
{
    enum truth truth = TRUTH_NO;

    for (size_t i = 0; i < policy_value_count(providers); i++) {
        const char *provider = json_string_value(policy_value_at(providers, i));

        if (provider && strcmp(provider, provider_arn) == 0)
            return TRUTH_YES;
        if (!provider || strchr(provider, '*'))
            truth = TRUTH_MAYBE;
    }
    return truth;
}

/* Whether "*" is also everybody who comes with a token of the cluster, IAM does not say. */
static enum truth names_web_identity(const json_t *principal, const char *provider_arn)
{
    enum truth truth = TRUTH_NO;
    const char *type;
    json_t *value;

    if (!json_is_object(principal))
        return TRUTH_MAYBE;
    json_object_foreach((json_t *)principal, type, value)
    {
        if (strcmp(type, "Federated") == 0)
            truth = truth_or(truth, names_provider(value, provider_arn));
        else if (strcmp(type, "AWS") == 0)
            truth = truth_or(truth, truth_and(names_everybody(value), TRUTH_MAYBE));
        else if (strcmp(type, "Service") != 0 && strcmp(type, "CanonicalUser") != 0)
            truth = truth_or(truth, TRUTH_MAYBE);
    }
    return truth;
}

static enum truth names_us(const json_t *principal)
{
    enum truth truth = TRUTH_NO;
    const char *type;
    json_t *value;

    if (is_text(principal, "*"))
        return TRUTH_YES;
    if (!json_is_object(principal))
        return TRUTH_MAYBE;
    json_object_foreach((json_t *)principal, type, value)
    {
        if (strcmp(type, "Service") == 0)
            truth = truth_or(truth, names_service(value));
        else if (strcmp(type, "AWS") == 0)
            truth = truth_or(truth, names_everybody(value));
        else if (strcmp(type, "Federated") != 0 && strcmp(type, "CanonicalUser") != 0)
            truth = truth_or(truth, TRUTH_MAYBE);
    }
    return truth;
}

/* X or NotX, whichever the statement has; IAM takes exactly one of the two. */
static enum truth either(const json_t *statement, const char *name, const char *not_name,
                         enum truth (*covers)(const json_t *value, const void *what),
                         const void *what)
{
    const json_t *value = json_object_get(statement, name);
    const json_t *not_value = json_object_get(statement, not_name);

    if (!value == !not_value)
        return TRUTH_MAYBE;
    return value ? covers(value, what) : truth_not(covers(not_value, what));
}

static enum truth covers_principal(const json_t *principal, const void *what)
{
    const struct trust_subject *subject = what;

    return subject->provider_arn ? names_web_identity(principal, subject->provider_arn)
                                 : names_us(principal);
}

static enum truth covers_action(const json_t *actions, const void *what)
{
    const char *action = what;
    enum truth truth = TRUTH_NO;

    for (size_t i = 0; i < policy_value_count(actions); i++) {
        const char *pattern = json_string_value(policy_value_at(actions, i));

        if (!pattern)
            truth = truth_or(truth, TRUTH_MAYBE);
        else if (policy_pattern_matches(pattern, action, true))
            return TRUTH_YES;
    }
    return truth;
}

/* An element that a trust policy does not have narrows the statement in a way we do not know. */
static const char *unknown_element(struct arena *arena, const json_t *statement)
{
    static const char *const elements[] = {"Sid",    "Effect",    "Principal", "NotPrincipal",
                                           "Action", "NotAction", "Condition"};
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)statement, name, value)
    {
        bool known = false;
        char *shown;

        for (size_t i = 0; i < COUNT(elements); i++)
            known = known || strcmp(name, elements[i]) == 0;
        if (known)
            continue;
        shown = arena_string(arena, name);
        text_cut(shown, LABEL_MAX);
        return arena_printf(arena, "its element \"%s\" is not understood", shown);
    }
    return NULL;
}

static const char *label_of(struct arena *arena, const json_t *statement, size_t index)
{
    char *sid = json_take_text(arena, statement, "Sid");

    if (!sid || !sid[0])
        return arena_printf(arena, "statement %zu", index + 1);
    text_cut(sid, LABEL_MAX);
    return arena_printf(arena, "statement \"%s\"", sid);
}

static void read_effect(struct statement *statement)
{
    const json_t *effect = json_object_get(statement->json, "Effect");
    bool allow = is_text(effect, "Allow"), deny = is_text(effect, "Deny");

    if (!allow && !deny)
        statement->why = "its Effect is neither Allow nor Deny";
    statement->allows = allow ? TRUTH_YES : deny ? TRUTH_NO : TRUTH_MAYBE;
    statement->denies = deny ? TRUTH_YES : allow ? TRUTH_NO : TRUTH_MAYBE;
}

/* "Using NotPrincipal with Allow is not supported" (IAM "NotPrincipal"): whom it lets in is
 * nobody's promise. */
static enum truth speaks_of_us(const struct statement *statement,
                               const struct trust_subject *subject)
{
    enum truth truth =
        either(statement->json, "Principal", "NotPrincipal", covers_principal, subject);

    if (statement->allows != TRUTH_NO && json_object_get(statement->json, "NotPrincipal"))
        return truth_and(truth, TRUTH_MAYBE);
    return truth;
}

static struct statement statement_read(struct arena *arena, const json_t *json, size_t index,
                                       const struct trust_subject *subject)
{
    struct statement statement = {.json = json, .label = label_of(arena, json, index)};
    const char *unknown = unknown_element(arena, json), *why = NULL;

    read_effect(&statement);
    statement.principal = speaks_of_us(&statement, subject);
    statement.condition = TRUTH_NO;
    if (statement.principal == TRUTH_NO)
        return statement;
    statement.condition = trust_condition(arena, json_object_get(json, "Condition"), subject, &why);
    if (why)
        statement.why = why;
    if (unknown && statement.condition == TRUTH_YES) {
        statement.condition = TRUTH_MAYBE;
        statement.why = unknown;
    }
    if (!statement.why && statement.principal == TRUTH_MAYBE)
        statement.why = json_object_get(json, "NotPrincipal")
                            ? "IAM supports NotPrincipal with Deny alone"
                            : "its Principal is not understood";
    return statement;
}

/* How near an Allow came: the sentence is about the one that came nearest. */
enum nearness { NEAR_NONE, NEAR_PRINCIPAL, NEAR_ACTION, NEAR_MAYBE, NEAR_YES };

struct search {
    const char *action, *who;
    enum truth allowed, denied;
    enum nearness nearness;
    const struct statement *nearest, *denier;
};

static void search_statement(struct search *search, const struct statement *statement)
{
    enum truth action =
        either(statement->json, "Action", "NotAction", covers_action, search->action);
    enum truth applies = truth_and(statement->principal, truth_and(action, statement->condition));
    enum truth denied = truth_and(applies, statement->denies);
    enum nearness nearness = NEAR_NONE;

    if (denied > search->denied) {
        search->denied = denied;
        search->denier = statement;
    }
    applies = truth_and(applies, statement->allows);
    search->allowed = truth_or(search->allowed, applies);
    if (statement->allows == TRUTH_NO || statement->principal == TRUTH_NO)
        return;
    if (applies == TRUTH_NO)
        nearness = action == TRUTH_NO ? NEAR_PRINCIPAL : NEAR_ACTION;
    else
        nearness = applies == TRUTH_YES ? NEAR_YES : NEAR_MAYBE;
    if (nearness > search->nearness) {
        search->nearness = nearness;
        search->nearest = statement;
    }
}

static struct trust_judgement judgement(enum trust_verdict verdict, const char *why)
{
    return (struct trust_judgement){.verdict = verdict, .why = why};
}

static const char *reason(const struct statement *statement)
{
    return statement->why ? statement->why : "its Action is not understood";
}

static const char *why_not_allowed(struct arena *arena, const struct search *search)
{
    if (search->nearness == NEAR_NONE)
        return arena_printf(arena, "no statement allows %s to %s", search->action, search->who);
    if (search->nearness == NEAR_PRINCIPAL)
        return arena_printf(arena, "%s is missing: %s does not allow it to %s", search->action,
                            search->nearest->label, search->who);
    return arena_printf(arena, "%s does not allow %s: %s", search->nearest->label, search->action,
                        reason(search->nearest));
}

static struct trust_judgement search_judge(struct arena *arena, const struct search *search)
{
    if (search->denied == TRUTH_YES)
        return judgement(TRUST_REFUSES,
                         arena_printf(arena, "%s denies %s to %s", search->denier->label,
                                      search->action, search->who));
    if (search->allowed == TRUTH_NO)
        return judgement(TRUST_REFUSES, why_not_allowed(arena, search));
    if (search->denied == TRUTH_MAYBE)
        return judgement(TRUST_UNKNOWN,
                         arena_printf(arena, "%s may deny %s: %s", search->denier->label,
                                      search->action, reason(search->denier)));
    if (search->allowed == TRUTH_MAYBE)
        return judgement(TRUST_UNKNOWN,
                         arena_printf(arena, "%s may not allow %s: %s", search->nearest->label,
                                      search->action, reason(search->nearest)));
    return judgement(TRUST_ADMITS,
                     arena_printf(arena, "%s allows %s", search->nearest->label, search->action));
}

static struct trust_judgement judge_action(struct arena *arena, const struct statement *statements,
                                           size_t count, const struct trust_subject *subject,
                                           const char *action)
{
    struct search search = {
        .action = action,
        .who = subject->provider_arn ? subject->provider_arn : TRUST_PRINCIPAL,
    };

    for (size_t i = 0; i < count; i++)
        search_statement(&search, &statements[i]);
    return search_judge(arena, &search);
}

/* The worse of the two actions counts: one refusal refuses. */
static struct trust_judgement judge_statements(struct arena *arena, const json_t *list,
                                               const struct trust_subject *subject)
{
    size_t count = policy_value_count(list);
    struct statement *statements = arena_array(arena, count, sizeof(*statements));
    struct trust_judgement assume, tag;

    for (size_t i = 0; i < count; i++)
        statements[i] = statement_read(arena, policy_value_at(list, i), i, subject);
    if (subject->provider_arn)
        return judge_action(arena, statements, count, subject, TRUST_WEB_ACTION);
    assume = judge_action(arena, statements, count, subject, "sts:AssumeRole");
    if (assume.verdict == TRUST_REFUSES || !subject->session_tags)
        return assume;
    tag = judge_action(arena, statements, count, subject, "sts:TagSession");
    return tag.verdict == TRUST_REFUSES || assume.verdict == TRUST_ADMITS ? tag : assume;
}

struct trust_judgement trust_judge_ours(struct arena *arena, const char *document,
                                        const struct trust_subject *subject)
{
    AUTO_JSON json_t *tree = NULL;
    const json_t *list;

    if (strnlen(document, TRUST_READ_MAX + 1) > TRUST_READ_MAX)
        return judgement(TRUST_UNKNOWN, "the document is longer than any that IAM takes");
    tree = policy_parse(document);
    if (!tree)
        return judgement(TRUST_UNKNOWN, "the document is not a JSON object with each key once");
    list = json_object_get(tree, "Statement");
    if (!json_is_object(list) && !json_is_array(list))
        return judgement(TRUST_UNKNOWN, "the document has no Statement");
    for (size_t i = 0; i < policy_value_count(list); i++)
        if (!json_is_object(policy_value_at(list, i)))
            return judgement(TRUST_UNKNOWN,
                             arena_printf(arena, "statement %zu is not an object", i + 1));
    return judge_statements(arena, list, subject);
}

struct trust_judgement trust_judge(struct arena *arena, const char *document,
                                   const struct trust_subject *subject)
{
    struct trust_subject unconditioned = *subject;

    unconditioned.conditions = NULL;
    return trust_judge_ours(arena, document, &unconditioned);
}
