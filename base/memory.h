#pragma once

/*
 * Allocation that cannot fail, and the two words in which this program speaks of ownership.
 *
 * Out of memory ends the process with a line on stderr: the controller is level-triggered and
 * restarts into the same plan. The converse duty is everybody's: nothing from outside may size
 * an allocation without a ceiling.
 */

#include <stddef.h>
#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The struct that embeds this member. */
#define container_of(pointer, type, member) ((type *)((char *)(pointer)-offsetof(type, member)))

/* Zeroed; never NULL. */
void *memory_alloc(size_t size);

/* Zeroed room for count elements of size bytes; dies when the product overflows. */
void *memory_array(size_t count, size_t size);

/* realloc that never fails; the new part is not zeroed. */
void *memory_resize(void *pointer, size_t count, size_t size);

/* A copy that free() takes. memory_text copies at most length bytes and ends them with NUL. */
void *memory_copy(const void *bytes, size_t size);
char *memory_text(const char *bytes, size_t length);

/* NULL gives NULL. */
char *memory_string(const char *text);

/* Whole pages that lie free go back to the system: for the end of work that took much. It looks at
 * every free piece: well below a millisecond where thousands of bindings are kept. */
void memory_give_back(void);

/* Overwrites size bytes before they go; for secrets. NULL is fine. */
void memory_wipe(void *bytes, size_t size);

/* Calls destroy on a local when it leaves its scope; DEFINE_AUTO(struct store *, store_destroy); */
#define AUTO(destroy) __attribute__((cleanup(destroy##_auto)))
#define DEFINE_AUTO(type, destroy)                                                                 \
    static inline void destroy##_auto(type *local)                                                 \
    {                                                                                              \
        if (*local)                                                                                \
            destroy(*local);                                                                       \
    }                                                                                              \
    struct destroy##_auto_semicolon

static inline void memory_free_auto(void *local)
{
    free(*(void **)local);
}
#define AUTO_FREE __attribute__((cleanup(memory_free_auto)))

/* Hands a pointer on: its value, and NULL stays behind. */
#define TAKE(pointer)                                                                              \
    __extension__({                                                                                \
        __typeof__(pointer) taken_ = (pointer);                                                    \
        (pointer) = NULL;                                                                          \
        taken_;                                                                                    \
    })
