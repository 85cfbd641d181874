#pragma once

/*
 * What the program reads of an answer's headers, collected line by line as they come. No I/O.
 * Values longer than their room are cut: nothing is decided on such a value.
 */

#include <stdbool.h>
#include <stddef.h>

#include "net/request.h"

struct reply_head {
    bool whole;        /* the empty line after the headers has come; libcurl takes an answer that
                          was cut before it for one without a body */
    int retry_after_s; /* -1: absent or not a number of seconds */
    char content_type[128];
    char request_id[128];
    char error_type[256];
    char date[64];
    char warning[512]; /* the first one */
};

void reply_head_clear(struct reply_head *head);

/* One line with or without its end. A status line clears what an interim answer (1xx) left. */
void reply_head_line(struct reply_head *head, const char *line, size_t length);

/* Sets the fields of reply that come from headers; they point into head. */
void reply_head_fill(const struct reply_head *head, struct reply *reply);
