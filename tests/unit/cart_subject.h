#pragma once

/* ServiceAccount cart of namespace shop in cluster main, to whom trust is written and judged. */

#include "reconcilers/trust.h"

#define CLUSTER_ARN "arn:aws:eks:eu-west-1:111122223333:cluster/main"

static const struct trust_subject cart_subject = {
    .partition = "aws",
    .account_id = "111122223333",
    .cluster_arn = CLUSTER_ARN,
    .cluster_name = "main",
    .namespace_name = "shop",
    .service_account = "cart",
    .session_tags = true,
};
