#pragma once

/* A client for tests against servers of their own: on localhost, only a fault waits that long. */

#include "net/http.h"
#include "net/loop.h"

static inline struct http *http_patient(struct loop *loop, unsigned handles_max)
{
    const struct http_options options = {.user_agent = "podidentity/test",
                                         .handles_max = handles_max,
                                         .connect_timeout_ms = 5000,
                                         .first_byte_timeout_ms = 15000,
                                         .idle_timeout_ms = 15000};

    return http_create(loop, &options);
}
