#pragma once

/* Who the credentials belong to (STS API 2011-06-15). */

#include <stdbool.h>

#include "net/request.h"

struct arena;
struct error;

struct sts_identity {
    const char *account, *arn, *user_id;
};

void sts_get_caller_identity(struct arena *arena, struct request *request);
bool sts_read_caller_identity(struct arena *arena, const struct reply *reply,
                              struct sts_identity *identity, struct error *error);
