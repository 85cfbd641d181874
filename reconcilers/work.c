#include "reconcilers/work.h"

#include <stdarg.h>

#include "aws/faults.h"
#include "base/arena.h"
#include "base/text.h"
#include "reconcilers/rows.h"

bool row_good(struct work *work, const struct reply *reply)
{
    return aws_reply_good(work->arena, &work->request, reply, &work->error);
}

bool row_gone(struct work *work)
{
    bool gone = work->request.service == SERVICE_KUBERNETES
                    ? text_equal(work->error.code, "NotFound")
                    : aws_not_found(&work->error);

    if (!gone)
        return false;
    error_clear(&work->error);
    return true;
}

bool role_is_adopted(const struct work *work)
{
    enum owner owner = work->have.role_owner;

    return work->have.role == PRESENCE_PRESENT && owner != OWNER_OURS && owner != OWNER_OTHER;
}

static void find_with(struct work *work, enum facet facet, enum condition_status status,
                      const char *reason, const char *message)
{
    work->outcome.findings[facet] =
        (struct finding){.reason = reason, .message = message, .status = status};
}

void work_find(struct work *work, enum facet facet, enum condition_status status,
               const char *reason, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    find_with(work, facet, status, reason, arena_vprintf(work->arena, format, arguments));
    va_end(arguments);
}

enum verdict work_refuse(struct work *work, enum facet facet, const char *reason,
                         const char *format, ...)
{
    const char *message;
    va_list arguments;

    va_start(arguments, format);
    message = arena_vprintf(work->arena, format, arguments);
    va_end(arguments);
    find_with(work, facet, CONDITION_FALSE, reason, message);
    error_set_code(&work->error, ERROR_REFUSED, reason, "%s", message);
    return VERDICT_FAIL;
}

enum verdict work_wait(struct work *work, enum facet facet, const char *reason, uint64_t delay_ms,
                       const char *format, ...)
{
    const char *message;
    va_list arguments;

    va_start(arguments, format);
    message = arena_vprintf(work->arena, format, arguments);
    va_end(arguments);
    find_with(work, facet, CONDITION_UNKNOWN, reason, message);
    work->outcome.retry_ms = delay_ms;
    work->outcome.reconciling = reason;
    error_set_code(&work->error, ERROR_RETRY, reason, "%s", message);
    return VERDICT_FAIL;
}

void work_tell(struct work *work, bool warning, const char *reason, const char *action,
               const char *format, ...)
{
    struct outcome *outcome = &work->outcome;
    va_list arguments;

    if (outcome->told_count == WORK_TOLD_MAX)
        return; /* the rest is in the log; a plan that does more is told by its first steps */
    va_start(arguments, format);
    outcome->told[outcome->told_count++] =
        (struct told){.warning = warning,
                      .reason = reason,
                      .action = action,
                      .note = arena_vprintf(work->arena, format, arguments)};
    va_end(arguments);
}

enum { WARNING_SIZE = 1024 }; /* the schema's: over it the whole status would be refused */

void work_warn(struct work *work, const char *format, ...)
{
    struct outcome *outcome = &work->outcome;
    char *sentence;
    va_list arguments;

    va_start(arguments, format);
    sentence = arena_vprintf(work->arena, format, arguments);
    va_end(arguments);
    text_cut(sentence, WARNING_SIZE);
    if (text_among_first(sentence, outcome->warnings, outcome->warning_count))
        return;
    if (outcome->warning_count < WORK_WARNINGS_MAX)
        outcome->warnings[outcome->warning_count++] = sentence;
}

enum { PENDING_MAX = 20, PENDING_SIZE = 512 }; /* the schema's */

void work_pend(struct work *work, const char *format, ...)
{
    struct outcome *outcome = &work->outcome;
    const char **pending = arena_array(work->arena, PENDING_MAX + 1, sizeof(*pending));
    char *sentence;
    va_list arguments;
    size_t count = 0;

    va_start(arguments, format);
    sentence = arena_vprintf(work->arena, format, arguments);
    va_end(arguments);
    text_cut(sentence, PENDING_SIZE);
    for (; outcome->pending && outcome->pending[count] && count < PENDING_MAX; count++) {
        if (text_equal(outcome->pending[count], sentence))
            return;
        pending[count] = outcome->pending[count];
    }
    if (count < PENDING_MAX)
        pending[count] = sentence;
    outcome->pending = pending;
}

size_t work_pending_count(const struct work *work)
{
    size_t count = 0;

    while (work->outcome.pending && work->outcome.pending[count])
        count++;
    return count;
}

void work_return(struct work *work, int64_t delay_ms)
{
    uint64_t delay = delay_ms > 0 ? (uint64_t)delay_ms : 1;

    if (work->outcome.again_ms == 0 || delay < work->outcome.again_ms)
        work->outcome.again_ms = delay;
}
