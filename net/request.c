#include "net/request.h"

#include <assert.h>

void request_add_header(struct request *request, const char *name, const char *value)
{
    assert(request->header_count < REQUEST_HEADERS_MAX);
    request->headers[request->header_count++] = (struct header){.name = name, .value = value};
}

struct reply reply_none(const char *failure)
{
    return (struct reply){
        .failure = failure,
        .body = "",
        .content_type = "",
        .request_id = "",
        .error_type = "",
        .date = "",
        .warning = "",
        .retry_after_s = -1,
    };
}

bool reply_good(const struct reply *reply)
{
    return reply->status >= 200 && reply->status < 300;
}
