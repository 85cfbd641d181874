#pragma once

/*
 * Our statements in a trust document that others wrote, too. Theirs stay byte for byte, whatever
 * their form: the document's own text is cut between statements and put together again, so that no
 * number, escape or unknown element comes back in other words. The Version stays as it is, because
 * their meaning may depend on it.
 *
 * Ours are those with a Sid of ours: "PodIdentity" or "WebIdentity" and the hash of cluster,
 * namespace and ServiceAccount (design rule 6.1), which no other binding has.
 */

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct error;
struct trust_subject;

/*
 * The document with the statements of ours (a whole document, as trust_document_of writes it) in
 * the place of those that it has of the subject, or behind all others. In the arena. NULL with
 * ERROR_REFUSED: TrustUnknown when the document cannot be read (no JSON, a key twice, a Statement
 * that is neither an object nor a list of objects), TrustTooLarge over IAM's 2,048 characters, with
 * both sizes in the text.
 */
const char *trust_merge(struct arena *arena, const char *document, const char *ours,
                        const struct trust_subject *subject, struct error *error);

/*
 * The document, and behind its statements those of others that before had and it has not, by
 * meaning. The document itself, the same pointer, when none is missing or one of the two cannot be
 * read.
 */
const char *trust_restore(struct arena *arena, const char *document, const char *before,
                          const struct trust_subject *subject);

/* Has the document the statement by which we admit this subject, whatever it says? */
bool trust_has_own(const char *document, const struct trust_subject *subject);
