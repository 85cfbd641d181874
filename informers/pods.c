#include "informers/pods.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "kube/object.h"

enum { ACCOUNT_SIZE = OBJECT_NAMESPACE_MAX + 1 + OBJECT_NAME_MAX + 1 };

/* One block: the key, then the pods at the next place where they may stand. */
struct group {
    uint32_t count, room;
    uint32_t head; /* bytes before the first pod */
    char account[];
};

struct pods {
    struct group **groups; /* by account, bytes compared; none is empty */
    size_t count, room;
    pods_changed_fn changed;
    void *context;
    const struct informer *informer; /* NULL: nobody asks whether it has trouble */
    bool complete;                   /* a list was */
};

struct pods *pods_create(pods_changed_fn changed, void *context)
{
    struct pods *pods = memory_alloc(sizeof(*pods));

    pods->changed = changed;
    pods->context = context;
    return pods;
}

void pods_destroy(struct pods *pods)
{
    if (!pods)
        return;
    for (size_t i = 0; i < pods->count; i++)
        free(pods->groups[i]);
    free(pods->groups);
    free(pods);
}

/* Groups -------------------------------------------------------------------------------------- */

static struct pod *items_of(const struct group *group)
{
    return (struct pod *)((uintptr_t)group + group->head);
}

static size_t head_of(const char *account)
{
    size_t used = offsetof(struct group, account) + strlen(account) + 1;

    return (used + _Alignof(struct pod) - 1) / _Alignof(struct pod) * _Alignof(struct pod);
}

static struct group *group_resize(struct group *group, uint32_t room)
{
    group = memory_resize(group, 1, group->head + room * sizeof(struct pod));
    group->room = room;
    return group;
}

static struct group *group_create(const char *account)
{
    size_t head = head_of(account);
    struct group *group = memory_alloc(head + sizeof(struct pod));

    group->head = (uint32_t)head;
    group->room = 1;
    memcpy(group->account, account, strlen(account) + 1);
    return group;
}

/* The first place whose account is not below this one; servers list in this order. */
static size_t place_of(const struct pods *pods, const char *account)
{
    size_t low = 0;
    size_t high = pods->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strcmp(pods->groups[middle]->account, account) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_at(const struct pods *pods, size_t place, const char *account)
{
    return place < pods->count && strcmp(pods->groups[place]->account, account) == 0;
}

static void make_place(struct pods *pods, size_t place, const char *account)
{
    if (pods->count == pods->room) {
        pods->room = pods->room + pods->room / 4 + 4;
        pods->groups = memory_resize(pods->groups, pods->room, sizeof(*pods->groups));
    }
    memmove(pods->groups + place + 1, pods->groups + place,
            (pods->count - place) * sizeof(*pods->groups));
    pods->groups[place] = group_create(account);
    pods->count++;
}

static void close_place(struct pods *pods, size_t place)
{
    free(pods->groups[place]);
    pods->count--;
    memmove(pods->groups + place, pods->groups + place + 1,
            (pods->count - place) * sizeof(*pods->groups));
}

/* Pods ---------------------------------------------------------------------------------------- */

static struct pod *find(const struct group *group, uint64_t identity)
{
    struct pod *items = items_of(group);

    for (uint32_t i = 0; i < group->count; i++)
        if (items[i].identity == identity)
            return &items[i];
    return NULL;
}

static void add(struct pods *pods, size_t place, const struct pod *pod)
{
    struct group *group = pods->groups[place];

    if (group->count == group->room)
        group = pods->groups[place] = group_resize(group, group->room + group->room / 2 + 1);
    items_of(group)[group->count++] = *pod;
}

/* The last one takes the place of the one that goes; a group of none goes too. */
static void take_out(struct pods *pods, size_t place, struct pod *pod)
{
    struct group *group = pods->groups[place];

    *pod = items_of(group)[--group->count];
    if (group->count == 0)
        close_place(pods, place);
    else if (group->room > 8 && group->count < group->room / 2)
        pods->groups[place] = group_resize(group, group->count + group->count / 4);
}

static void tell(const struct pods *pods, const char *account)
{
    if (pods->complete)
        pods->changed(pods->context, account);
}

static void account_name(char account[ACCOUNT_SIZE], const struct pod_reading *reading)
{
    snprintf(account, ACCOUNT_SIZE, "%s/%s", reading->namespace_name, reading->service_account);
}

static void drop(struct pods *pods, const struct pod_reading *reading)
{
    char account[ACCOUNT_SIZE];
    struct pod *known;
    size_t place;

    account_name(account, reading);
    place = place_of(pods, account);
    if (!is_at(pods, place, account))
        return;
    known = find(pods->groups[place], reading->pod.identity);
    if (!known)
        return;
    take_out(pods, place, known);
    tell(pods, account);
}

static void keep(struct pods *pods, const struct pod_reading *reading)
{
    struct pod pod = reading->pod;
    char account[ACCOUNT_SIZE];
    struct pod *known = NULL;
    size_t place;
    bool news;

    account_name(account, reading);
    place = place_of(pods, account);
    if (is_at(pods, place, account))
        known = find(pods->groups[place], pod.identity);
    else
        make_place(pods, place, account);
    news = !known || known->credentials != pod.credentials ||
           (known->flags | POD_LISTED) != (pod.flags | POD_LISTED);
    pod.flags |= POD_LISTED;
    if (known)
        *known = pod;
    else
        add(pods, place, &pod);
    if (news)
        tell(pods, account);
}

/* The sink ------------------------------------------------------------------------------------ */

static void sink_begin(void *context)
{
    struct pods *pods = context;

    for (size_t i = 0; i < pods->count; i++) {
        struct pod *items = items_of(pods->groups[i]);

        for (uint32_t j = 0; j < pods->groups[i]->count; j++)
            items[j].flags &= (uint8_t)~POD_LISTED;
    }
}

static bool sink_put(void *context, const json_t *object, struct error *error)
{
    struct pod_reading reading;

    if (!pod_read(&reading, object, error))
        return false;
    if (!reading.service_account)
        return true;
    if (reading.finished) /* a server that does not know the field selector */
        drop(context, &reading);
    else
        keep(context, &reading);
    return true;
}

static bool sink_remove(void *context, const json_t *object, struct error *error)
{
    struct pod_reading reading;

    if (!pod_read(&reading, object, error))
        return false;
    if (reading.service_account)
        drop(context, &reading);
    return true;
}

/* What the list did not name is gone. True when anything was. */
static bool sweep_group(struct pods *pods, size_t place)
{
    struct group *group = pods->groups[place];
    struct pod *items = items_of(group);
    uint32_t kept = 0;
    bool gone;

    for (uint32_t i = 0; i < group->count; i++)
        if (items[i].flags & POD_LISTED)
            items[kept++] = items[i];
    gone = kept < group->count;
    group->count = kept;
    return gone;
}

static void sink_complete(void *context)
{
    struct pods *pods = context;

    for (size_t place = pods->count; place-- > 0;) {
        if (!sweep_group(pods, place))
            continue;
        tell(pods, pods->groups[place]->account);
        if (pods->groups[place]->count == 0)
            close_place(pods, place);
    }
    pods->complete = true;
}

const struct informer_sink pods_sink = {
    .begin = sink_begin,
    .put = sink_put,
    .remove = sink_remove,
    .complete = sink_complete,
};

/* Asking -------------------------------------------------------------------------------------- */

void pods_follow(struct pods *pods, const struct informer *informer)
{
    pods->informer = informer;
}

bool pods_known(const struct pods *pods)
{
    struct informer_figures figures = {.trouble = ""};

    if (pods && pods->informer)
        informer_figures(pods->informer, &figures);
    return pods && pods->complete && figures.trouble[0] == '\0';
}

const struct pod *pods_of(const struct pods *pods, const char *account, size_t *count)
{
    size_t place = pods ? place_of(pods, account) : 0;

    *count = 0;
    if (!pods || !is_at(pods, place, account))
        return NULL;
    *count = pods->groups[place]->count;
    return items_of(pods->groups[place]);
}

size_t pods_count(const struct pods *pods, size_t by_credentials[POD_WEB_IDENTITY + 1])
{
    size_t count = 0;

    memset(by_credentials, 0, (POD_WEB_IDENTITY + 1) * sizeof(*by_credentials));
    for (size_t i = 0; pods && i < pods->count; i++) {
        const struct pod *items = items_of(pods->groups[i]);

        count += pods->groups[i]->count;
        for (uint32_t j = 0; j < pods->groups[i]->count; j++)
            by_credentials[items[j].credentials]++;
    }
    return count;
}
