/* Which namespaces and ServiceAccounts a grant is for. */

#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "crds/metadata.h"
#include "crds/podidentitygrant.h"
#include "informers/store.h"
#include "reconcilers/grants.h"
#include "reconcilers/grants_items.h"
#include "reconcilers/scene.h"

/* Set by the API server on every namespace, and the same as its name: nobody can forge it. */
#define NAME_LABEL "kubernetes.io/metadata.name"

bool grant_has_glob(const char *const *globs, const char *text)
{
    for (; *globs; globs++)
        if (text_glob(*globs, text))
            return true;
    return false;
}

static bool names(const struct podidentitygrant *grant, const char *namespace_name)
{
    for (const char *const *name = grant->namespace_names; *name; name++)
        if (text_equal(*name, namespace_name))
            return true;
    return false;
}

/* Who can run pods there can be anybody: a label, even one well kept, is not consent enough. */
static bool must_be_named(const char *namespace_name, const struct settings *settings)
{
    return text_starts(namespace_name, "kube-") ||
           text_equal(namespace_name, settings->controller_namespace);
}

/* keys: "a,b,c" as --grant-label-keys has them. */
static bool has_key(const char *keys, const char *key)
{
    size_t length = strlen(key);

    while (keys && *keys) {
        size_t next = strcspn(keys, ",");

        if (next == length && memcmp(keys, key, length) == 0)
            return true;
        keys += next + (keys[next] == ',');
    }
    return false;
}

static bool may_use(const char *key, const struct settings *settings)
{
    return text_equal(key, NAME_LABEL) || has_key(settings->grant_label_keys, key);
}

const char *grant_forbidden_label(const struct podidentitygrant *grant,
                                  const struct settings *settings)
{
    for (size_t i = 0; i < grant->match_labels.count; i++)
        if (!may_use(grant->match_labels.items[i].key, settings))
            return grant->match_labels.items[i].key;
    return NULL;
}

/* The first label of the grant that the namespace lacks; NULL: it has them all. */
static const struct label *lacking(const struct podidentitygrant *grant, const char *namespace_name,
                                   const struct labels *labels)
{
    for (size_t i = 0; i < grant->match_labels.count; i++) {
        const struct label *label = &grant->match_labels.items[i];
        const char *value =
            text_equal(label->key, NAME_LABEL) ? namespace_name : labels_get(labels, label->key);

        if (!value || !text_equal(value, label->value))
            return label;
    }
    return NULL;
}

bool grant_selects(const struct podidentitygrant *grant, const char *namespace_name,
                   const struct labels *labels, const struct settings *settings)
{
    if (names(grant, namespace_name))
        return true;
    return grant->match_labels.count > 0 && !must_be_named(namespace_name, settings) &&
           !grant_forbidden_label(grant, settings) && !lacking(grant, namespace_name, labels);
}

static const struct labels *labels_in(const struct scene *scene, const char *namespace_name)
{
    const struct namespace_metadata *namespace = store_get(scene->namespaces, namespace_name);

    return namespace ? &namespace->labels : NULL;
}

bool grant_matches(const struct podidentitygrant *grant, const char *namespace_name,
                   const char *service_account, const struct scene *scene)
{
    return !grant->unreadable && !grant->bad_glob &&
           grant_selects(grant, namespace_name, labels_in(scene, namespace_name),
                         &scene->settings) &&
           grant_has_glob(grant->service_accounts, service_account);
}

/* Why its selector leaves this namespace out. */
static const char *outside(struct arena *arena, const struct podidentitygrant *grant,
                           const char *namespace_name, const struct scene *scene)
{
    const char *forbidden = grant_forbidden_label(grant, &scene->settings);
    const struct label *label;

    if (grant->match_labels.count == 0)
        return grant->namespace_names[0] ? "does not name this namespace"
                                         : "selects no namespace at all";
    if (must_be_named(namespace_name, &scene->settings))
        return "does not name this namespace, and labels do not reach kube-* and the controller's "
               "own namespace";
    if (forbidden)
        return arena_printf(arena, "its label key %s is not in --grant-label-keys", forbidden);
    label = lacking(grant, namespace_name, labels_in(scene, namespace_name));
    return arena_printf(arena, "this namespace lacks the label %s=%s", label->key, label->value);
}

const char *grant_mismatch(struct arena *arena, const struct podidentitygrant *grant,
                           const char *namespace_name, const char *service_account,
                           const struct scene *scene)
{
    if (grant->unreadable)
        return arena_printf(arena, "cannot be read (%s)", grant->unreadable);
    if (!grant_selects(grant, namespace_name, labels_in(scene, namespace_name), &scene->settings))
        return outside(arena, grant, namespace_name, scene);
    if (grant->bad_glob)
        return arena_printf(arena, "has \"%s\", which is no glob", grant->bad_glob);
    if (!grant_has_glob(grant->service_accounts, service_account))
        return grant->service_accounts[0] ? "its serviceAccounts do not match"
                                          : "its serviceAccounts are empty";
    return NULL;
}
