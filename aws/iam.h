#pragma once

/*
 * Roles and their policies: one builder and one reader per call of the IAM API (Query protocol
 * 2010-05-08; model: botocore data/iam/2010-05-08). Builders fill a request in the arena; readers
 * take a 2xx answer, and fail with ERROR_RETRY when it is not what the API promises.
 * Policy documents are handed over as plain JSON text; answers' percent-encoding is removed.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aws/tags.h"
#include "net/request.h"

struct arena;
struct error;

struct iam_role {
    const char *name, *arn, *path, *id; /* id: AROA… */
    const char *trust;                  /* JSON text */
    const char *description;            /* "" when there is none */
    const char *boundary_arn;           /* NULL: none */
    int64_t max_session_s;
    int64_t created_ms; /* wall */
    struct aws_tags tags;
};

struct iam_role_wish {
    const char *name, *path, *trust, *description, *boundary_arn; /* NULL: leave out */
    int64_t max_session_s;                                        /* 0: leave out */
    struct aws_tags tags;
};

void iam_create_role(struct arena *arena, struct request *request,
                     const struct iam_role_wish *wish);
void iam_get_role(struct arena *arena, struct request *request, const char *name);
/* Reads the Role of CreateRole and GetRole. CreateRole's answer carries no tags on the wire before
 * they settle: take the wish's. */
bool iam_read_role(struct arena *arena, const struct reply *reply, struct iam_role *role,
                   struct error *error);
void iam_update_role(struct arena *arena, struct request *request, const char *name,
                     const char *description, int64_t max_session_s);
void iam_update_trust(struct arena *arena, struct request *request, const char *name,
                      const char *trust);
void iam_delete_role(struct arena *arena, struct request *request, const char *name);
void iam_put_boundary(struct arena *arena, struct request *request, const char *name,
                      const char *boundary_arn);
void iam_tag_role(struct arena *arena, struct request *request, const char *name,
                  const struct aws_tags *tags);
void iam_untag_role(struct arena *arena, struct request *request, const char *name,
                    const char *const *keys, size_t count);

void iam_put_role_policy(struct arena *arena, struct request *request, const char *role,
                         const char *policy, const char *document);
void iam_get_role_policy(struct arena *arena, struct request *request, const char *role,
                         const char *policy);
bool iam_read_role_policy(struct arena *arena, const struct reply *reply, const char **document,
                          struct error *error);
void iam_delete_role_policy(struct arena *arena, struct request *request, const char *role,
                            const char *policy);
void iam_attach_role_policy(struct arena *arena, struct request *request, const char *role,
                            const char *policy_arn);
void iam_detach_role_policy(struct arena *arena, struct request *request, const char *role,
                            const char *policy_arn);

/* marker NULL: first page. */
void iam_list_role_policies(struct arena *arena, struct request *request, const char *role,
                            const char *marker);
void iam_list_attached_role_policies(struct arena *arena, struct request *request, const char *role,
                                     const char *marker);

/* A page of names or ARNs; marker NULL when it was the last. */
struct iam_page {
    const char *const *items;
    size_t count;
    const char *marker;
};
bool iam_read_policy_names(struct arena *arena, const struct reply *reply, struct iam_page *page,
                           struct error *error);
bool iam_read_policy_arns(struct arena *arena, const struct reply *reply, struct iam_page *page,
                          struct error *error);

/* Instance profiles that hold the role: while there is one, DeleteRole is a DeleteConflict. */
void iam_list_instance_profiles(struct arena *arena, struct request *request, const char *role,
                                const char *marker);
bool iam_read_instance_profiles(struct arena *arena, const struct reply *reply,
                                struct iam_page *page, struct error *error); /* names */
/* The profile stays, empty; instances that run with it lose their credentials. */
void iam_remove_from_instance_profile(struct arena *arena, struct request *request,
                                      const char *role, const char *profile);

/* All roles of the account with what hangs on them (Filter=Role); one page. No description and no
 * maxSessionDuration in this API: empty and 0. */
struct iam_policy {
    const char *name, *document;
};
struct iam_role_detail {
    struct iam_role role;
    const struct iam_policy *inline_policies;
    size_t inline_count;
    const char *const *attached_arns;
    size_t attached_count;
};
/* The first of this name; NULL: there is none. */
const struct iam_policy *iam_policy_named(const struct iam_policy *policies, size_t count,
                                          const char *name);
struct iam_detail_page {
    const struct iam_role_detail *roles;
    size_t count;
    const char *marker;
};
void iam_get_account_details(struct arena *arena, struct request *request, unsigned items_max,
                             const char *marker);
bool iam_read_account_details(struct arena *arena, const struct reply *reply,
                              struct iam_detail_page *page, struct error *error);

/* Name rules of the IAM API: the form of a role's ARN in any partition. Parts live in the arena. */
struct iam_role_arn {
    const char *partition, *account, *path, *name; /* path with both slashes, "/" at least */
};
bool iam_role_arn_parse(struct arena *arena, const char *arn, struct iam_role_arn *parts);
