#include "aws/iam.h"

#include <string.h>

#include "base/arena.h"
#include "base/text.h"

enum { ACCOUNT_LENGTH = 12, PATH_MAX_LENGTH = 512, NAME_MAX_LENGTH = 64 };

#define DIGITS "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyz"
#define CAPITALS "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* The API model's [\w+=,.@-]{1,64}. */
static bool is_role_name(const char *name)
{
    size_t length = strspn(name, LETTERS CAPITALS DIGITS "_+=,.@-");

    return length >= 1 && length <= NAME_MAX_LENGTH && name[length] == '\0';
}

/* "/" or /…/ of printable ASCII without spaces; the path ends where the name begins. */
static bool is_path(const char *path, size_t length)
{
    if (length < 1 || length > PATH_MAX_LENGTH || path[0] != '/' || path[length - 1] != '/')
        return false;
    for (size_t i = 0; i < length; i++) {
        if (path[i] < 0x21 || path[i] > 0x7e)
            return false;
    }
    return true;
}

bool iam_role_arn_parse(struct arena *arena, const char *arn, struct iam_role_arn *parts)
{
    static const char service[] = ":iam::", resource[] = ":role";
    size_t partition, account, path;
    const char *at = arn + 4, *name = strrchr(arn, '/');

    if (!text_starts(arn, "arn:aws") || !name || !is_role_name(name + 1))
        return false;
    partition = strspn(at, LETTERS DIGITS "-");
    *parts = (struct iam_role_arn){.partition = arena_text(arena, at, partition)};
    at += partition;
    if (!text_starts(at, service))
        return false;
    at += strlen(service);
    account = strspn(at, DIGITS);
    if (account != ACCOUNT_LENGTH || !text_starts(at + account, resource))
        return false;
    parts->account = arena_text(arena, at, account);
    at += account + strlen(resource);
    path = (size_t)(name - at) + 1;
    if (name < at || !is_path(at, path))
        return false;
    parts->path = arena_text(arena, at, path);
    parts->name = arena_string(arena, name + 1);
    return true;
}
