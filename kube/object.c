#include "kube/object.h"

#include <string.h>

#include "base/arena.h"
#include "base/encode.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

static bool is_lower_or_digit(char character)
{
    return (character >= 'a' && character <= 'z') || (character >= '0' && character <= '9');
}

/* One label of RFC 1123, in lower case as Kubernetes has it, up to `end`. */
static bool label_good(const char *start, const char *end)
{
    if (end == start)
        return false;
    if (!is_lower_or_digit(*start) || !is_lower_or_digit(end[-1]))
        return false;
    for (const char *at = start; at < end; at++)
        if (!is_lower_or_digit(*at) && *at != '-')
            return false;
    return true;
}

/* Labels with dots between them. Kubernetes limits the whole, not each label. */
static bool subdomain_good(const char *name)
{
    if (strlen(name) > OBJECT_NAME_MAX)
        return false;
    for (const char *start = name;;) {
        const char *end = start + strcspn(start, ".");

        if (!label_good(start, end))
            return false;
        if (!*end)
            return true;
        start = end + 1;
    }
}

static bool namespace_good(const char *name)
{
    size_t length = strlen(name);

    return length <= OBJECT_NAMESPACE_MAX && label_good(name, name + length);
}

/* Letters, digits and '-': what UUIDs are made of. It goes into AWS tags and paths. */
static bool uid_good(const char *uid)
{
    size_t length = strlen(uid);

    if (length == 0 || length > OBJECT_UID_MAX)
        return false;
    for (; *uid; uid++)
        if (!is_lower_or_digit(*uid) && !(*uid >= 'A' && *uid <= 'Z') && *uid != '-')
            return false;
    return true;
}

/* Opaque but printable: whether it can be compared is kube_version_compare's question. */
static bool version_good(const char *version)
{
    size_t length = strlen(version);

    if (length == 0 || length > OBJECT_VERSION_MAX)
        return false;
    for (; *version; version++)
        if (*version <= ' ' || *version > '~')
            return false;
    return true;
}

struct form {
    const char *key;
    bool (*good)(const char *text);
    bool required;
};

/* The text in the arena, "" when absent; NULL: refused. */
static const char *take(struct arena *arena, const json_t *metadata, const struct form *form,
                        struct error *error)
{
    const json_t *value = json_object_get(metadata, form->key);
    const char *text = json_string_value(value);

    if (!form->required && (!value || json_is_null(value) || (text && !*text)))
        return "";
    if (text && form->good(text))
        return arena_string(arena, text);
    error_set(error, ERROR_REFUSED, "metadata.%s is %s", form->key,
              value ? "not of its form" : "missing");
    return NULL;
}

static bool read_identity(struct kube_meta *meta, struct arena *arena, const json_t *metadata,
                          struct error *error)
{
    static const struct form namespace_form = {"namespace", namespace_good, false},
                             name_form = {"name", subdomain_good, true},
                             uid_form = {"uid", uid_good, true},
                             version_form = {"resourceVersion", version_good, true};

    meta->namespace_name = take(arena, metadata, &namespace_form, error);
    meta->name = meta->namespace_name ? take(arena, metadata, &name_form, error) : NULL;
    meta->uid = meta->name ? take(arena, metadata, &uid_form, error) : NULL;
    meta->resource_version = meta->uid ? take(arena, metadata, &version_form, error) : NULL;
    return meta->resource_version != NULL;
}

/* Absent and null: 0. */
static bool read_time(const json_t *metadata, const char *key, int64_t *wall_ms,
                      struct error *error)
{
    const json_t *value = json_object_get(metadata, key);

    *wall_ms = 0;
    if (!value || json_is_null(value))
        return true;
    if (json_is_string(value) && encode_time_parse(json_string_value(value), wall_ms))
        return true;
    return error_set(error, ERROR_REFUSED, "metadata.%s is not a time", key);
}

/* A deletion that cannot be dated is a deletion all the same, so it must not read as none. */
static bool read_times(struct kube_meta *meta, struct arena *arena, const json_t *metadata,
                       struct error *error)
{
    const char *deleted = json_path_text(metadata, "deletionTimestamp");

    if (!read_time(metadata, "creationTimestamp", &meta->created_ms, error) ||
        !read_time(metadata, "deletionTimestamp", &meta->deleted_ms, error))
        return false;
    meta->deletion_timestamp = deleted ? arena_string(arena, deleted) : "";
    return true;
}

static bool read_generation(struct kube_meta *meta, const json_t *metadata, struct error *error)
{
    const json_t *value = json_object_get(metadata, "generation");

    meta->generation = json_integer_value(value);
    if (value && (!json_is_integer(value) || meta->generation < 0))
        return error_set(error, ERROR_REFUSED, "metadata.generation is not a number");
    return true;
}

static bool read_finalizers(struct kube_meta *meta, struct arena *arena, const json_t *metadata,
                            struct error *error)
{
    const json_t *list = json_object_get(metadata, "finalizers");
    size_t count = json_array_size(list);
    const char **finalizers;

    if (list && !json_is_array(list) && !json_is_null(list))
        return error_set(error, ERROR_REFUSED, "metadata.finalizers is not a list");
    if (count > OBJECT_FINALIZERS_MAX)
        return error_set(error, ERROR_REFUSED, "metadata.finalizers has more than %d entries",
                         (int)OBJECT_FINALIZERS_MAX);
    finalizers = arena_array(arena, count + 1, sizeof(*finalizers));
    meta->finalizers = finalizers;
    for (size_t i = 0; i < count; i++) {
        const char *text = json_string_value(json_array_get(list, i));

        if (!text || strlen(text) > OBJECT_FINALIZER_SIZE_MAX)
            return error_set(error, ERROR_REFUSED, "metadata.finalizers has one that is no name");
        finalizers[i] = arena_string(arena, text);
    }
    return true;
}

/* People write these, so a value too long is cut rather than the object refused. */
static const char *take_annotation(struct arena *arena, const json_t *annotations, const char *name)
{
    const char *text = json_string_value(json_object_get(annotations, name));
    AUTO_FREE char *cut = memory_string(text);

    if (!cut)
        return NULL;
    text_cut(cut, OBJECT_ANNOTATION_MAX);
    return arena_string(arena, cut);
}

bool kube_meta_read(struct kube_meta *meta, struct arena *arena, const json_t *object,
                    struct error *error)
{
    const json_t *metadata = json_object_get(object, "metadata");
    const json_t *annotations = json_object_get(metadata, "annotations");

    memset(meta, 0, sizeof(*meta));
    if (!json_is_object(metadata))
        return error_set(error, ERROR_REFUSED, "metadata is missing");
    if (!read_identity(meta, arena, metadata, error) || !read_times(meta, arena, metadata, error) ||
        !read_generation(meta, metadata, error) || !read_finalizers(meta, arena, metadata, error))
        return false;
    meta->suspended = take_annotation(arena, annotations, "podidentity.io/suspended");
    meta->deletion_approved =
        take_annotation(arena, annotations, "podidentity.io/deletion-approved");
    return true;
}

bool kube_meta_has_finalizer(const struct kube_meta *meta, const char *finalizer)
{
    for (const char *const *at = meta->finalizers; *at; at++)
        if (text_equal(*at, finalizer))
            return true;
    return false;
}

static bool is_number(const char *version)
{
    return *version != '\0' && *version != '0' && version[strspn(version, "0123456789")] == '\0';
}

/* KEP-5504: digits, no leading zero ("0" is none either), the longer is the later. */
int kube_version_compare(const char *a, const char *b, bool *comparable)
{
    size_t a_length = strlen(a), b_length = strlen(b);

    *comparable = is_number(a) && is_number(b);
    if (!*comparable)
        return 0;
    if (a_length != b_length)
        return a_length < b_length ? -1 : 1;
    return strcmp(a, b);
}
