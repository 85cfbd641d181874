#include "net/transfer.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/text.h"
#include "net/peer.h"

/* libcurl's least. By itself it takes 64 KiB for each handle that ever sent a request, and keeps it
 * as long as the handle lives. */
#define UPLOAD_BUFFER_SIZE 16384L

enum { URL_MAX = 64 << 10, HEADER_MAX = 64 << 10 }; /* servers take 8 KiB to 1 MiB */

static void header_add(struct transfer *transfer, const char *line)
{
    struct curl_slist *longer = curl_slist_append(transfer->headers, line);

    assert(longer);
    transfer->headers = longer;
}

/* "Name: value"; a header without value is written "Name;" or libcurl would leave it out. */
static void header_put(struct transfer *transfer, const struct header *header)
{
    struct text line;

    text_init(&line, HEADER_MAX);
    text_add_string(&line, header->name);
    text_add_string(&line, *header->value ? ": " : ";");
    text_add_string(&line, header->value);
    if (line.overflow)
        transfer->refusal = "a header is longer than 64 KiB";
    else if (strpbrk(line.bytes, "\r\n"))
        transfer->refusal = "a header's value has a line break in it";
    else
        header_add(transfer, line.bytes);
    memory_wipe(line.bytes, line.length);
    text_finish(&line);
}

static bool request_names(const struct request *request, const char *name)
{
    for (size_t i = 0; i < request->header_count; i++) {
        if (strcasecmp(request->headers[i].name, name) == 0)
            return true;
    }
    return false;
}

static void url_build(struct transfer *transfer, const struct http_peer *peer,
                      const struct request *request)
{
    struct text url;

    text_init(&url, URL_MAX);
    text_add_string(&url, peer->base_url);
    text_add_string(&url, request->path);
    if (request->query)
        text_printf(&url, "?%s", request->query);
    if (url.overflow)
        transfer->refusal = "the URL is longer than 64 KiB";
    transfer->url = text_take(&url);
}

void transfer_init(struct transfer *transfer, const struct http_peer *peer,
                   const struct request *request, const struct header *extra, size_t extra_count)
{
    *transfer = (struct transfer){
        .method = request->method,
        .body_length = request->body ? request->body_length : 0,
    };
    url_build(transfer, peer, request);
    if (request->body)
        transfer->body = memory_text(request->body, request->body_length);
    for (size_t i = 0; i < request->header_count; i++)
        header_put(transfer, &request->headers[i]);
    for (size_t i = 0; i < extra_count; i++)
        header_put(transfer, &extra[i]);
    /* libcurl would add its form type, and would ask before it sends a large body. */
    if (!request_names(request, "content-type"))
        header_add(transfer, "Content-Type:");
    header_add(transfer, "Expect:");
    if (peer->host_header)
        header_add(transfer, peer->host_header);
}

void transfer_finish(struct transfer *transfer)
{
    for (struct curl_slist *line = transfer->headers; line; line = line->next)
        memory_wipe(line->data, strlen(line->data));
    curl_slist_free_all(transfer->headers);
    if (transfer->body)
        memory_wipe(transfer->body, transfer->body_length);
    free(transfer->body);
    free(transfer->url);
    *transfer = (struct transfer){0};
}

void transfer_prepare(const struct transfer *transfer, CURL *easy)
{
    bool reads = strcmp(transfer->method, "GET") == 0;

    EASY_SET(easy, CURLOPT_UPLOAD_BUFFERSIZE, UPLOAD_BUFFER_SIZE);
    EASY_SET(easy, CURLOPT_URL, transfer->url);
    EASY_SET(easy, CURLOPT_HTTPHEADER, transfer->headers);
    if (transfer->body || strcmp(transfer->method, "POST") == 0 ||
        strcmp(transfer->method, "PUT") == 0 || strcmp(transfer->method, "PATCH") == 0) {
        EASY_SET(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)transfer->body_length);
        EASY_SET(easy, CURLOPT_POSTFIELDS, transfer->body ? transfer->body : "");
    } else if (strcmp(transfer->method, "HEAD") == 0) {
        EASY_SET(easy, CURLOPT_NOBODY, 1L);
        return;
    }
    if (!reads || transfer->body)
        EASY_SET(easy, CURLOPT_CUSTOMREQUEST, transfer->method);
}
