#include "net/reply_head.h"

#include <string.h>
#include <strings.h>

#include "base/memory.h"

enum { RETRY_AFTER_MAX_S = 86400 }; /* more than a day is no advice */

struct field {
    const char *name;
    size_t offset, room;
};

#define FIELD(header, member)                                                                      \
    {                                                                                              \
        header, offsetof(struct reply_head, member), sizeof(((struct reply_head *)0)->member)      \
    }

static const struct field fields[] = {
    FIELD("content-type", content_type),
    FIELD("x-amzn-requestid", request_id),
    FIELD("x-amzn-errortype", error_type),
    FIELD("date", date),
    FIELD("warning", warning),
};

void reply_head_clear(struct reply_head *head)
{
    *head = (struct reply_head){.retry_after_s = -1};
}

static int seconds_read(const char *digits, size_t length)
{
    int seconds = 0;

    if (length == 0)
        return -1;
    for (size_t i = 0; i < length; i++) {
        if (digits[i] < '0' || digits[i] > '9')
            return -1;
        seconds = seconds * 10 + (digits[i] - '0');
        if (seconds > RETRY_AFTER_MAX_S)
            return RETRY_AFTER_MAX_S;
    }
    return seconds;
}

static bool name_is(const char *line, size_t length, const char *name)
{
    return length == strlen(name) && strncasecmp(line, name, length) == 0;
}

static void field_store(struct reply_head *head, const struct field *field, const char *value,
                        size_t length)
{
    char *place = (char *)head + field->offset;

    if (*place)
        return;
    if (length >= field->room)
        length = field->room - 1;
    memcpy(place, value, length);
    place[length] = 0;
}

static bool blank(char character)
{
    return character == ' ' || character == '\t' || character == '\r' || character == '\n';
}

static bool line_empty(const char *line, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (!blank(line[i]))
            return false;
    }
    return true;
}

void reply_head_line(struct reply_head *head, const char *line, size_t length)
{
    const char *colon = memchr(line, ':', length);

    if (length >= 5 && memcmp(line, "HTTP/", 5) == 0) {
        reply_head_clear(head);
        return;
    }
    if (line_empty(line, length))
        head->whole = true;
    if (!colon)
        return;

    const char *value = colon + 1, *end = line + length;

    while (value < end && blank(*value))
        value++;
    while (end > value && blank(end[-1]))
        end--;
    if (name_is(line, (size_t)(colon - line), "retry-after"))
        head->retry_after_s = seconds_read(value, (size_t)(end - value));
    for (size_t i = 0; i < COUNT(fields); i++) {
        if (name_is(line, (size_t)(colon - line), fields[i].name))
            field_store(head, &fields[i], value, (size_t)(end - value));
    }
}

void reply_head_fill(const struct reply_head *head, struct reply *reply)
{
    reply->content_type = head->content_type;
    reply->request_id = head->request_id;
    reply->error_type = head->error_type;
    reply->date = head->date;
    reply->warning = head->warning;
    reply->retry_after_s = head->retry_after_s;
}
