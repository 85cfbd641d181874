#include "net/request.h"

#include <assert.h>

void request_add_header(struct request *request, const char *name, const char *value)
{
    assert(request->header_count < REQUEST_HEADERS_MAX);
    request->headers[request->header_count++] = (struct header){.name = name, .value = value};
}

bool reply_good(const struct reply *reply)
{
    return reply->status >= 200 && reply->status < 300;
}
