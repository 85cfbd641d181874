#include "reconcilers/namespaces.h"

#include "crds/metadata.h"
#include "informers/store.h"
#include "reconcilers/scene.h"

bool namespace_ends(const struct scene *scene, const char *name)
{
    const struct namespace_metadata *namespace = store_get(scene->namespaces, name);

    return namespace && namespace->metadata.terminating;
}

const char *namespace_suspended(const struct scene *scene, const char *name)
{
    const struct namespace_metadata *namespace = store_get(scene->namespaces, name);

    return namespace ? namespace->suspended : NULL;
}
