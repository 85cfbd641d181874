#include "crds/condition.h"

#include "base/arena.h"
#include "base/encode.h"
#include "base/json.h"
#include "base/text.h"
#include "crds/field.h"
#include "kube/record.h"

static const char *const status_words[] = {
    [CONDITION_UNKNOWN] = "Unknown",
    [CONDITION_TRUE] = "True",
    [CONDITION_FALSE] = "False",
};

/* What is neither True nor False is Unknown, an unreadable status too. */
static enum condition_status read_status(const json_t *json)
{
    const char *word = json_path_text(json, "status");

    for (size_t i = 0; i < COUNT(status_words); i++)
        if (text_equal(word, status_words[i]))
            return (enum condition_status)i;
    return CONDITION_UNKNOWN;
}

/* Our own texts are far below the ceiling; what is above it is not ours. */
static const char *text_or_empty(const json_t *json, const char *key)
{
    const json_t *value = json_object_get(json, key);

    return json_string_length(value) <= FIELD_TEXT_MAX && json_is_string(value)
               ? json_string_value(value)
               : "";
}

static struct condition read_one(const json_t *json)
{
    struct condition condition = {
        .type = text_or_empty(json, "type"),
        .reason = text_or_empty(json, "reason"),
        .message = text_or_empty(json, "message"),
        .status = read_status(json),
        .observed_generation = json_path_int(json, "observedGeneration", 0),
    };

    if (!encode_time_parse(text_or_empty(json, "lastTransitionTime"), &condition.transition_ms))
        condition.transition_ms = 0;
    return condition;
}

const struct condition *condition_read_list(struct arena *arena, const json_t *list, size_t *count)
{
    struct condition *conditions = arena_array(arena, CONDITIONS_MAX, sizeof(*conditions));
    size_t read = 0;

    for (size_t i = 0; i < json_array_size(list) && read < CONDITIONS_MAX; i++) {
        conditions[read] = read_one(json_array_get(list, i));
        if (*conditions[read].type)
            read++;
    }
    *count = read;
    return conditions;
}

/* Types and reasons of what is well, and the sentences above: a quarter of a record otherwise. */
static const char *const well_known[] = {
    "Allowed",
    "RoleReady",
    "Associated",
    "Injected",
    "PodsCurrent",
    "Ready",
    "Granted",
    "NotSeen",
    "Seen",
    "Current",
    "PodsNotWatched",
    CONDITION_ROLE_READY,
    CONDITION_EXISTING_ROLE_READY,
    CONDITION_ASSOCIATED,
    CONDITION_NO_POD_YET,
    CONDITION_POD_SEEN,
    CONDITION_PODS_CURRENT,
    CONDITION_READY,
};

static const char *pack_text(struct pack *pack, const char *text)
{
    for (size_t i = 0; i < COUNT(well_known); i++)
        if (text_equal(text, well_known[i]))
            return well_known[i];
    return pack_string(pack, text);
}

const struct condition *condition_pack_list(struct pack *pack, const struct condition *list,
                                            size_t count)
{
    struct condition *copies = pack_array(pack, count, sizeof(*copies));

    for (size_t i = 0; i < count; i++) {
        struct condition copy = list[i];

        copy.type = pack_text(pack, copy.type);
        copy.reason = pack_text(pack, copy.reason);
        copy.message = pack_text(pack, copy.message);
        if (copies)
            copies[i] = copy;
    }
    return copies;
}

static bool equal(const struct condition *a, const struct condition *b)
{
    return text_equal(a->type, b->type) && text_equal(a->reason, b->reason) &&
           text_equal(a->message, b->message) && a->status == b->status &&
           a->observed_generation == b->observed_generation &&
           a->transition_ms / 1000 == b->transition_ms / 1000;
}

bool condition_equal_lists(const struct condition *a, size_t a_count, const struct condition *b,
                           size_t b_count)
{
    if (a_count != b_count)
        return false;
    for (size_t i = 0; i < a_count; i++)
        if (!equal(&a[i], &b[i]))
            return false;
    return true;
}

json_t *condition_write_text(const char *text)
{
    json_t *value = text ? json_string(text) : json_null();

    /* AWS's words pass through decoders that check UTF-8; what slipped by must not stop a status */
    return value ? value : json_string("(text that is not UTF-8)");
}

static json_t *write_one(const struct condition *condition)
{
    char time[ENCODE_TIME_SIZE];
    json_t *json = json_object();

    encode_time(condition->transition_ms, time);
    json_object_set_new(json, "type", condition_write_text(condition->type));
    json_object_set_new(json, "status", json_string(status_words[condition->status]));
    json_object_set_new(json, "observedGeneration", json_integer(condition->observed_generation));
    json_object_set_new(json, "lastTransitionTime", json_string(time));
    json_object_set_new(json, "reason",
                        condition_write_text(condition->reason ? condition->reason : ""));
    json_object_set_new(json, "message",
                        condition_write_text(condition->message ? condition->message : ""));
    return json;
}

json_t *condition_write_list(const struct condition *list, size_t count)
{
    json_t *array = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, write_one(&list[i]));
    return array;
}
