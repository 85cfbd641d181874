#include "kube/kubeconfig.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/encode.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/map.h"
#include "base/text.h"
#include "base/yaml.h"
#include "kube/access.h"

struct document {
    char *path, *directory;
    struct yaml *yaml;
};

struct kubeconfig {
    struct document documents[KUBE_ACCESS_FILES_MAX];
    size_t count;
};

static bool is_missing(const char *path)
{
    struct stat found;

    return stat(path, &found) != 0 && errno == ENOENT;
}

static bool has_document(const struct kubeconfig *kubeconfig, const char *path)
{
    for (size_t i = 0; i < kubeconfig->count; i++)
        if (text_equal(kubeconfig->documents[i].path, path))
            return true;
    return false;
}

static char *directory_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (!slash)
        return memory_string(".");
    return slash == path ? memory_string("/") : memory_text(path, (size_t)(slash - path));
}

/* The top of a file: an object, of kind Config when it says one. */
static bool check_top(const struct yaml *yaml, const char *path, struct error *error)
{
    const json_t *root = yaml_root(yaml);
    const char *kind = json_path_text(root, "kind");

    if (!json_is_object(root) && !json_is_null(root))
        return error_set(error, ERROR_REFUSED, "%s:1: not a kubeconfig", path);
    if (kind && *kind && !text_equal(kind, "Config"))
        return error_set(error, ERROR_REFUSED, "%s:%u: kind is \"%s\", not Config", path,
                         yaml_line(yaml, root, "kind"), kind);
    return true;
}

static bool read_document(struct document *document, const char *path, struct error *error)
{
    size_t length = 0;
    AUTO_FREE char *bytes = file_read(path, YAML_SIZE_MAX, &length, error);

    if (!bytes)
        return false;
    document->yaml = yaml_parse(bytes, length, error);
    memory_wipe(bytes, length);
    if (!document->yaml)
        return error_wrap(error, "%s", path);
    document->path = memory_string(path);
    document->directory = directory_of(path);
    return check_top(document->yaml, path, error);
}

static bool add_path(struct kubeconfig *kubeconfig, const char *path, bool explicit_path,
                     struct error *error)
{
    if (!*path || has_document(kubeconfig, path) || (!explicit_path && is_missing(path)))
        return true;
    if (kubeconfig->count == KUBE_ACCESS_FILES_MAX)
        return error_set(error, ERROR_REFUSED, "more than %d kubeconfig files",
                         (int)KUBE_ACCESS_FILES_MAX);
    return read_document(&kubeconfig->documents[kubeconfig->count++], path, error);
}

/* A name that comes twice in one list makes every use of it ambiguous; kubectl refuses it too. */
static bool check_section(const struct document *document, const char *section, struct error *error)
{
    const json_t *list = json_object_get(yaml_root(document->yaml), section);
    AUTO(map_destroy) struct map *names = map_create();
    const json_t *entry;
    size_t i;

    if (!list || json_is_null(list))
        return true;
    if (!json_is_array(list))
        return error_set(error, ERROR_REFUSED, "%s:%u: %s: not a list", document->path,
                         yaml_line(document->yaml, yaml_root(document->yaml), section), section);
    json_array_foreach(list, i, entry)
    {
        const char *name = yaml_written(document->yaml, entry, "name");

        if (name && map_put(names, name, names))
            return error_set(error, ERROR_REFUSED, "%s:%u: %s: \"%s\" is here twice",
                             document->path, yaml_line(document->yaml, entry, "name"), section,
                             name);
    }
    return true;
}

static bool check_documents(const struct kubeconfig *kubeconfig, struct error *error)
{
    static const char *const sections[] = {"clusters", "users", "contexts"};

    for (size_t i = 0; i < kubeconfig->count; i++)
        for (size_t j = 0; j < COUNT(sections); j++)
            if (!check_section(&kubeconfig->documents[i], sections[j], error))
                return false;
    return true;
}

struct kubeconfig *kubeconfig_load(const char *paths, bool explicit_path, struct error *error)
{
    AUTO(kubeconfig_destroy) struct kubeconfig *kubeconfig = memory_alloc(sizeof(*kubeconfig));

    for (const char *start = paths;;) {
        size_t length = strcspn(start, ":");
        AUTO_FREE char *path = memory_text(start, length);

        if (!add_path(kubeconfig, path, explicit_path, error))
            return NULL;
        if (!start[length])
            break;
        start += length + 1;
    }
    return check_documents(kubeconfig, error) ? TAKE(kubeconfig) : NULL;
}

void kubeconfig_destroy(struct kubeconfig *kubeconfig)
{
    if (!kubeconfig)
        return;
    for (size_t i = 0; i < kubeconfig->count; i++) {
        yaml_destroy(kubeconfig->documents[i].yaml);
        free(kubeconfig->documents[i].path);
        free(kubeconfig->documents[i].directory);
    }
    free(kubeconfig);
}

const char *kubeconfig_current_context(const struct kubeconfig *kubeconfig)
{
    for (size_t i = 0; i < kubeconfig->count; i++) {
        const struct yaml *yaml = kubeconfig->documents[i].yaml;
        const char *name = yaml_written(yaml, yaml_root(yaml), "current-context");

        if (name && *name)
            return name;
    }
    return NULL;
}

/* "users[jane]" from its four parts. A name may be of any length, so the label is cut. */
static void set_label(struct kubeconfig_node *node, const char *const parts[4])
{
    AUTO_TEXT struct text label = TEXT_INIT(YAML_SIZE_MAX + sizeof(node->label));

    for (size_t i = 0; i < 4; i++)
        text_add_string(&label, parts[i]);
    text_cut(label.bytes, sizeof(node->label) - 1);
    memcpy(node->label, label.bytes, strlen(label.bytes) + 1);
}

/* "clusters" holds a list of {name, cluster: {…}}: the body's key is the section without its s. */
static bool find_in(const struct document *document, const char *section, const char *name,
                    struct kubeconfig_node *node)
{
    const json_t *list = json_object_get(yaml_root(document->yaml), section);
    const json_t *entry;
    size_t i;

    json_array_foreach(list, i, entry)
    {
        const char *found = yaml_written(document->yaml, entry, "name");
        AUTO_FREE char *key = memory_text(section, strlen(section) - 1);

        if (!found || !text_equal(found, name))
            continue;
        *node = (struct kubeconfig_node){
            .yaml = document->yaml,
            .object = json_object_get(entry, key),
            .path = document->path,
            .directory = document->directory,
            .line = yaml_line(document->yaml, entry, key),
        };
        set_label(node, (const char *const[4]){section, "[", name, "]"});
        return true;
    }
    return false;
}

bool kubeconfig_find(const struct kubeconfig *kubeconfig, const char *section, const char *name,
                     struct kubeconfig_node *node)
{
    for (size_t i = 0; i < kubeconfig->count; i++)
        if (find_in(&kubeconfig->documents[i], section, name, node))
            return true;
    return false;
}

bool kubeconfig_refuse(const struct kubeconfig_node *node, const char *key, struct error *error,
                       const char *format, ...)
{
    unsigned line = yaml_line(node->yaml, node->object, key);
    char words[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(words, sizeof(words), format, arguments);
    va_end(arguments);
    return error_set(error, ERROR_REFUSED, "%s:%u: %s.%s: %s", node->path, line ? line : node->line,
                     node->label, key, words);
}

bool kubeconfig_text(const struct kubeconfig_node *node, struct arena *arena, const char *key,
                     char **text, struct error *error)
{
    const json_t *value = json_object_get(node->object, key);
    const char *written = yaml_written(node->yaml, node->object, key);

    *text = NULL;
    if (json_is_object(value) || json_is_array(value))
        return kubeconfig_refuse(node, key, error, "must be a text");
    if (written && *written)
        *text = arena_string(arena, written);
    return true;
}

bool kubeconfig_flag(const struct kubeconfig_node *node, const char *key, bool *flag,
                     struct error *error)
{
    const json_t *value = json_object_get(node->object, key);

    *flag = json_is_true(value);
    if (value && !json_is_boolean(value) && !json_is_null(value))
        return kubeconfig_refuse(node, key, error, "must be true or false");
    return true;
}

char *kubeconfig_resolve(const struct kubeconfig_node *node, struct arena *arena, const char *path)
{
    if (*path == '/')
        return arena_string(arena, path);
    return arena_printf(arena, "%s/%s", node->directory, path);
}

bool kubeconfig_path(const struct kubeconfig_node *node, struct arena *arena, const char *key,
                     char **path, struct error *error)
{
    if (!kubeconfig_text(node, arena, key, path, error))
        return false;
    if (*path)
        *path = kubeconfig_resolve(node, arena, *path);
    return true;
}

/* White space inside base64 is what a folded YAML text leaves; Go's decoder ignores line ends. */
static void drop_line_ends(char *text)
{
    char *to = text;

    for (const char *from = text; *from; from++)
        if (*from != '\n' && *from != '\r')
            *to++ = *from;
    *to = '\0';
}

bool kubeconfig_data(const struct kubeconfig_node *node, struct arena *arena, const char *key,
                     char **text, struct error *error)
{
    unsigned char *bytes;
    size_t length = 0;

    if (!kubeconfig_text(node, arena, key, text, error))
        return false;
    if (!*text)
        return true;
    drop_line_ends(*text);
    bytes = encode_base64_decode(arena, *text, &length);
    if (!bytes || memchr(bytes, '\0', length))
        return kubeconfig_refuse(node, key, error, "must be base64 of a PEM text");
    *text = arena_text(arena, (const char *)bytes, length);
    return true;
}

bool kubeconfig_child(const struct kubeconfig_node *node, const char *key,
                      struct kubeconfig_node *child, struct error *error)
{
    const json_t *value = json_object_get(node->object, key);

    *child = *node;
    child->object = json_is_object(value) ? value : NULL;
    child->line = yaml_line(node->yaml, node->object, key);
    set_label(child, (const char *const[4]){node->label, ".", key, ""});
    if (value && !json_is_object(value) && !json_is_null(value))
        return kubeconfig_refuse(node, key, error, "must be a map");
    return true;
}

bool kubeconfig_texts(const struct kubeconfig_node *node, struct arena *arena, const char *key,
                      char ***texts, struct error *error)
{
    const json_t *list = json_object_get(node->object, key);
    char index[24];

    *texts = NULL;
    if (!list || json_is_null(list))
        return true;
    if (!json_is_array(list))
        return kubeconfig_refuse(node, key, error, "must be a list of texts");
    *texts = arena_array(arena, json_array_size(list) + 1, sizeof(**texts));
    for (size_t i = 0; i < json_array_size(list); i++) {
        snprintf(index, sizeof(index), "%zu", i);
        (*texts)[i] = arena_string(arena, yaml_written(node->yaml, list, index));
        if (!(*texts)[i])
            return kubeconfig_refuse(node, key, error, "must be a list of texts");
    }
    return true;
}
