#include "aws/iam.h"

#include "aws/iam_wire.h"
#include "aws/query.h"

void iam_list_instance_profiles(struct arena *arena, struct request *request, const char *role,
                                const char *marker)
{
    struct query query;

    iam_begin(&query, request, "ListInstanceProfilesForRole", role);
    query_add(&query, "Marker", marker);
    iam_finish_read(&query, arena, request);
}

bool iam_read_instance_profiles(struct arena *arena, const struct reply *reply,
                                struct iam_page *page, struct error *error)
{
    return iam_read_page(arena, reply, "InstanceProfiles", "InstanceProfileName", page, error);
}

void iam_remove_from_instance_profile(struct arena *arena, struct request *request,
                                      const char *role, const char *profile)
{
    struct query query;

    iam_begin(&query, request, "RemoveRoleFromInstanceProfile", role);
    query_add(&query, "InstanceProfileName", profile);
    query_finish(&query, arena, request);
}
