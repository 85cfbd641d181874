#include "aws/url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"

static bool refuse(const char *variable, const char *trouble, struct error *error)
{
    return error_set(error, ERROR_REFUSED,
                     "%s: %s; write http(s)://host[:port], for example "
                     "https://vpce-1a2b.eks.eu-west-1.vpce.amazonaws.com",
                     variable, trouble);
}

static bool is_plain(const char *url)
{
    for (; *url; url++) {
        if (*url <= 0x20 || *url >= 0x7f || strchr("\\\"<>^`{|}@#", *url))
            return false;
    }
    return true;
}

/* Takes "name" or "[address]" from the front of at; NULL when there is neither. */
static const char *take_host(struct aws_url *parts, const char *at)
{
    static const char characters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                     "0123456789.-_";
    size_t length;

    parts->numeric_v6 = *at == '[';
    at += parts->numeric_v6;
    length = strspn(at, parts->numeric_v6 ? "0123456789abcdefABCDEF:." : characters);
    if (length == 0 || length >= sizeof(parts->host))
        return NULL;
    for (size_t i = 0; i < length; i++)
        parts->host[i] = (char)(at[i] >= 'A' && at[i] <= 'Z' ? at[i] - 'A' + 'a' : at[i]);
    parts->host[length] = '\0';
    at += length;
    if (!parts->numeric_v6)
        return at;
    return *at == ']' ? at + 1 : NULL;
}

/* Takes ":port"; *port is 0 when there is none, -1 when it is no port. */
static const char *take_port(const char *at, long *port)
{
    size_t digits;

    *port = 0;
    if (*at != ':')
        return at;
    at++;
    digits = strspn(at, "0123456789");
    *port = digits >= 1 && digits <= 5 ? strtol(at, NULL, 10) : -1;
    if (*port < 1 || *port > 65535)
        *port = -1;
    return at + digits;
}

bool aws_url_parse(struct aws_url *parts, const char *variable, const char *url,
                   struct error *error)
{
    bool http = strncasecmp(url, "http://", 7) == 0;
    const char *open, *close;
    char port_text[24] = "";
    long port;

    *parts = (struct aws_url){.secure = strncasecmp(url, "https://", 8) == 0};
    if (!http && !parts->secure)
        return refuse(variable, "begins neither with https:// nor with http://", error);
    if (!is_plain(url))
        return refuse(variable, "has a character that no such URL has", error);
    parts->path = take_host(parts, strchr(url, '/') + 2);
    if (!parts->path)
        return refuse(variable, "has no host", error);
    parts->path = take_port(parts->path, &port);
    if (port < 0 || (*parts->path && *parts->path != '/' && *parts->path != '?'))
        return refuse(variable, "has no valid port after its host", error);
    if (port > 0 && port != (parts->secure ? 443 : 80))
        snprintf(port_text, sizeof(port_text), ":%ld", port);
    open = parts->numeric_v6 ? "[" : "";
    close = parts->numeric_v6 ? "]" : "";
    snprintf(parts->origin, sizeof(parts->origin), "%s://%s%s%s%s",
             parts->secure ? "https" : "http", open, parts->host, close, port_text);
    parts->host_header = strchr(parts->origin, '/') + 2;
    return true;
}
