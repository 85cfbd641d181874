#include "controller/queue.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/heap.h"
#include "base/list.h"
#include "base/map.h"

struct place {
    struct list link;          /* in a ready list, when ready */
    struct heap_entry delayed; /* in the heap, when delayed */
    enum queue_priority priority;
    unsigned failures;
    bool ready, working, again; /* again: added while being worked on */
    bool later;                 /* after its delay it is QUEUE_LATER, not QUEUE_AGAIN */
    uint64_t ready_since_ms;
    char key[];
};

struct queue {
    struct map *places;
    struct list ready[QUEUE_PRIORITIES];
    struct heap delayed;
    struct queue_figures figures;
};

struct queue *queue_create(void)
{
    struct queue *queue = memory_alloc(sizeof(*queue));

    queue->places = map_create();
    for (int i = 0; i < QUEUE_PRIORITIES; i++)
        list_init(&queue->ready[i]);
    heap_init(&queue->delayed);
    return queue;
}

void queue_destroy(struct queue *queue)
{
    if (!queue)
        return;
    heap_finish(&queue->delayed); /* touches its entries, which live in the places */
    map_clear(queue->places, free);
    map_destroy(queue->places);
    free(queue);
}

static struct place *place_of(struct queue *queue, const char *key)
{
    struct place *place = map_get(queue->places, key);
    size_t size = strlen(key) + 1;

    if (place)
        return place;
    place = memory_alloc(sizeof(*place) + size);
    memcpy(place->key, key, size);
    list_init(&place->link);
    place->priority = QUEUE_LATER;
    map_put(queue->places, key, place);
    return place;
}

/* A key nobody waits for, works on or counts failures of needs no place. */
static void place_drop_idle(struct queue *queue, struct place *place)
{
    if (place->ready || place->working || place->again || place->failures > 0 ||
        place->delayed.place != 0)
        return;
    map_remove(queue->places, place->key);
    free(place);
}

static void place_raise(struct queue *queue, struct place *place, enum queue_priority priority)
{
    if (place->ready) {
        queue->figures.depth[place->priority]--;
        queue->figures.depth[priority]++;
    }
    place->priority = priority;
}

static void place_make_ready(struct queue *queue, struct place *place, uint64_t now_ms)
{
    heap_remove(&queue->delayed, &place->delayed);
    place->later = false;
    if (place->working) {
        place->again = true;
        return;
    }
    if (!place->ready) {
        place->ready_since_ms = now_ms;
        queue->figures.depth[place->priority]++;
    }
    place->ready = true;
    list_remove(&place->link);
    list_append(&queue->ready[place->priority], &place->link);
}

void queue_add(struct queue *queue, const char *key, enum queue_priority priority, uint64_t now_ms)
{
    struct place *place = place_of(queue, key);

    queue->figures.adds++;
    if (priority == QUEUE_FIRST || priority == QUEUE_NEW)
        place->failures = 0;
    /* Behind thousands of new ones it would be ended only after the last of them is. */
    if (priority > QUEUE_AGAIN && (place->working || (place->delayed.place != 0 && !place->later)))
        priority = QUEUE_AGAIN;
    if (priority < place->priority)
        place_raise(queue, place, priority);
    else if (place->ready)
        return; /* keeps its turn */
    place_make_ready(queue, place, now_ms);
}

static void place_wake(struct queue *queue, struct place *place, uint64_t now_ms)
{
    if (QUEUE_AGAIN < place->priority && !place->later)
        place_raise(queue, place, QUEUE_AGAIN);
    place_make_ready(queue, place, now_ms);
}

void queue_add_after(struct queue *queue, const char *key, uint64_t delay_ms, uint64_t now_ms)
{
    struct place *place = place_of(queue, key);

    queue->figures.adds++;
    if (place->ready || place->again)
        return;
    if (delay_ms == 0)
        place_wake(queue, place, now_ms);
    else if (place->delayed.place == 0 || place->delayed.when > now_ms + delay_ms)
        heap_put(&queue->delayed, &place->delayed, now_ms + delay_ms);
    place->later = false;
}

/* From least to least + 400 thousandths of delay, so that many keys that failed together do not
 * come back together. */
static uint64_t jittered(uint64_t delay_ms, unsigned least)
{
    char hex[5];

    encode_random_hex(hex, 4);
    return delay_ms * (least + strtoul(hex, NULL, 16) % 400) / 1000;
}

static uint64_t next_delay_ms(struct queue *queue, struct place *place, uint64_t base_ms,
                              uint64_t most_ms)
{
    uint64_t delay_ms = base_ms;

    for (unsigned i = 0; i < place->failures && delay_ms < most_ms; i++)
        delay_ms *= 2;
    place->failures++;
    queue->figures.retries++;
    return delay_ms < most_ms ? delay_ms : most_ms;
}

void queue_retry(struct queue *queue, const char *key, uint64_t base_ms, uint64_t most_ms,
                 uint64_t now_ms)
{
    uint64_t delay_ms = next_delay_ms(queue, place_of(queue, key), base_ms, most_ms);

    queue_add_after(queue, key, jittered(delay_ms, 800), now_ms);
}

void queue_retry_later(struct queue *queue, const char *key, uint64_t base_ms, uint64_t most_ms,
                       uint64_t now_ms)
{
    struct place *place = place_of(queue, key);

    queue_retry(queue, key, base_ms, most_ms, now_ms);
    place->later = place->delayed.place != 0;
}

void queue_retry_not_before(struct queue *queue, const char *key, uint64_t base_ms,
                            uint64_t most_ms, uint64_t now_ms)
{
    uint64_t delay_ms = next_delay_ms(queue, place_of(queue, key), base_ms, most_ms);

    queue_add_after(queue, key, jittered(delay_ms, 1000), now_ms);
}

void queue_forget(struct queue *queue, const char *key)
{
    struct place *place = map_get(queue->places, key);

    if (!place)
        return;
    place->failures = 0;
    place_drop_idle(queue, place);
}

static void wake_delayed(struct queue *queue, uint64_t now_ms)
{
    struct heap_entry *first;

    while ((first = heap_first(&queue->delayed)) && first->when <= now_ms)
        place_wake(queue, container_of(first, struct place, delayed), now_ms);
}

const char *queue_take(struct queue *queue, enum queue_priority least, uint64_t now_ms)
{
    wake_delayed(queue, now_ms);
    for (enum queue_priority priority = QUEUE_FIRST; priority <= least; priority++) {
        struct list *link = list_take_first(&queue->ready[priority]);
        struct place *place;

        if (!link)
            continue;
        place = container_of(link, struct place, link);
        place->ready = false;
        place->working = true;
        place->priority = QUEUE_LATER;
        queue->figures.depth[priority]--;
        queue->figures.working++;
        queue->figures.taken_waited_ms = now_ms - place->ready_since_ms;
        queue->figures.taken_priority = priority;
        return place->key;
    }
    return NULL;
}

void queue_done(struct queue *queue, const char *key, uint64_t now_ms)
{
    struct place *place = map_get(queue->places, key);

    assert(place && place->working);
    place->working = false;
    queue->figures.working--;
    if (place->again) {
        place->again = false;
        place_make_ready(queue, place, now_ms);
    }
    place_drop_idle(queue, place);
}

uint64_t queue_wait_ms(const struct queue *queue, uint64_t now_ms)
{
    const struct heap_entry *first = heap_first(&queue->delayed);

    if (!first)
        return UINT64_MAX;
    return first->when > now_ms ? first->when - now_ms : 0;
}

void queue_figures(const struct queue *queue, struct queue_figures *figures)
{
    *figures = queue->figures;
    figures->delayed = queue->delayed.count;
}
