#include "reconcilers/trust_merge.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "reconcilers/policy.h"
#include "reconcilers/policy_value.h"
#include "reconcilers/trust.h"

/* "WebIdentity" and a hash. */
enum { SID_SIZE = 32 };

/* A statement as it stands in the text. */
struct piece {
    const char *text;
    size_t length;
    bool own;
};

/* A document, cut: everything before its statements, they, and everything behind. */
struct cut {
    const char *text;
    size_t head_length;
    struct piece *pieces;
    size_t count;
    const char *tail;
};

/* Walking over text that is known to be JSON --------------------------------------------------- */

static const char *skip_space(const char *at)
{
    return at + strspn(at, " \t\r\n");
}

static const char *skip_text(const char *at)
{
    for (at++; *at != '"'; at++)
        at += *at == '\\';
    return at + 1;
}

/* Behind the value that starts here. */
static const char *skip_value(const char *at)
{
    size_t depth = 0;

    do {
        if (*at == '"') {
            at = skip_text(at);
        } else if (*at == '{' || *at == '[') {
            depth++;
            at++;
        } else if (*at == '}' || *at == ']') {
            depth--;
            at++;
        } else {
            size_t scalar = strcspn(at, "\"{}[],: \t\r\n");

            at += scalar > 0 ? scalar : 1;
        }
    } while (depth > 0);
    return at;
}

/* To the value of the n-th member of the object that starts here. */
static const char *member_value(const char *at, size_t nth)
{
    for (at = skip_space(at + 1);; at = skip_space(at + 1)) {
        at = skip_space(skip_space(skip_text(at)) + 1);
        if (nth-- == 0)
            return at;
        at = skip_space(skip_value(at));
    }
}

/* Cutting -------------------------------------------------------------------------------------- */

static void sid_of(char sid[SID_SIZE], const char *stem, const struct trust_subject *subject)
{
    char hash[TRUST_HASH_SIZE];

    trust_hash(hash, subject->cluster_arn, subject->namespace_name, subject->service_account);
    snprintf(sid, SID_SIZE, "%s%s", stem, hash);
}

static bool has_sid(const json_t *statement, const char *stem, const struct trust_subject *subject)
{
    const char *found = json_string_value(json_object_get(statement, "Sid"));
    char sid[SID_SIZE];

    sid_of(sid, stem, subject);
    return found && strcmp(found, sid) == 0;
}

static bool is_own(const json_t *statement, const struct trust_subject *subject)
{
    return has_sid(statement, "PodIdentity", subject) || has_sid(statement, "WebIdentity", subject);
}

/* Members come from the tree in the order of the text, and no key is there twice. */
static bool find_statements(json_t *tree, size_t *nth)
{
    void *member = json_object_iter(tree);

    for (*nth = 0; member; member = json_object_iter_next(tree, member), ++*nth)
        if (strcmp(json_object_iter_key(member), "Statement") == 0)
            return true;
    return false;
}

static bool are_objects(const json_t *statements)
{
    for (size_t i = 0; i < policy_value_count(statements); i++)
        if (!json_is_object(policy_value_at(statements, i)))
            return false;
    return true;
}

static void cut_pieces(struct cut *cut, const json_t *statements, const char *at,
                       const struct trust_subject *subject)
{
    bool list = *at == '[';

    cut->tail = skip_value(at);
    if (list)
        at++;
    for (size_t i = 0; i < cut->count; i++) {
        struct piece *piece = &cut->pieces[i];

        piece->text = skip_space(at);
        at = skip_value(piece->text);
        piece->length = (size_t)(at - piece->text);
        piece->own = is_own(policy_value_at(statements, i), subject);
        if (list)
            at = skip_space(at) + 1; /* behind the comma, or the end of the list */
    }
}

static bool cut_document(struct cut *cut, struct arena *arena, const char *document,
                         const struct trust_subject *subject)
{
    AUTO_JSON json_t *tree = policy_parse(document);
    const json_t *statements = json_object_get(tree, "Statement");
    const char *at;
    size_t nth;

    if (!tree || !find_statements(tree, &nth) || !are_objects(statements))
        return false;
    at = member_value(skip_space(document), nth);
    cut->text = document;
    cut->head_length = (size_t)(at - document);
    cut->count = policy_value_count(statements);
    cut->pieces = arena_array(arena, cut->count + 1, sizeof(*cut->pieces));
    cut_pieces(cut, statements, at, subject);
    return true;
}

/* Putting together ----------------------------------------------------------------------------- */

static void add_piece(struct text *text, bool *first, const struct piece *piece)
{
    if (!*first)
        text_add_string(text, ",");
    *first = false;
    text_add(text, piece->text, piece->length);
}

static void add_pieces(struct text *text, bool *first, const struct cut *cut)
{
    for (size_t i = 0; i < cut->count; i++)
        add_piece(text, first, &cut->pieces[i]);
}

static const char *join(struct arena *arena, const struct cut *document, const struct cut *ours)
{
    AUTO_TEXT struct text text = TEXT_INIT(2 * POLICY_READ_MAX + 2);
    bool first = true, placed = false;

    text_add(&text, document->text, document->head_length);
    text_add_string(&text, "[");
    for (size_t i = 0; i < document->count; i++)
        if (!document->pieces[i].own)
            add_piece(&text, &first, &document->pieces[i]);
        else if (!placed) {
            add_pieces(&text, &first, ours);
            placed = true;
        }
    if (!placed)
        add_pieces(&text, &first, ours);
    text_add_string(&text, "]");
    text_add_string(&text, document->tail);
    return arena_text(arena, text.bytes, text.length);
}

static const char *unreadable(struct error *error)
{
    error_set_code(error, ERROR_REFUSED, "TrustUnknown",
                   "the trust policy cannot be read, and statements of others that are not "
                   "understood are not written over");
    return NULL;
}

/* A list around one statement is a level more, so what came of it is read again. */
const char *trust_merge(struct arena *arena, const char *document, const char *ours,
                        const struct trust_subject *subject, struct error *error)
{
    struct cut theirs, own, both;
    const char *merged;

    if (!cut_document(&own, arena, ours, subject) ||
        !cut_document(&theirs, arena, document, subject))
        return unreadable(error);
    merged = join(arena, &theirs, &own);
    if (!cut_document(&both, arena, merged, subject))
        return unreadable(error);
    if (policy_size(merged) > POLICY_TRUST_MAX) {
        error_set_code(error, ERROR_REFUSED, "TrustTooLarge",
                       "with our statement the trust policy would have %zu characters; IAM takes "
                       "%d",
                       policy_size(merged), POLICY_TRUST_MAX);
        return NULL;
    }
    return merged;
}

/* What a statement means, whichever document it is in. */
static const char *meaning_of(struct arena *arena, const struct piece *piece)
{
    return policy_canonical(arena,
                            arena_printf(arena, "{\"Version\":\"2012-10-17\",\"Statement\":[%.*s]}",
                                         (int)piece->length, piece->text));
}

static const char **meanings_of(struct arena *arena, const struct cut *cut)
{
    const char **meanings = arena_array(arena, cut->count + 1, sizeof(*meanings));

    for (size_t i = 0; i < cut->count; i++)
        meanings[i] = meaning_of(arena, &cut->pieces[i]);
    return meanings;
}

const char *trust_restore(struct arena *arena, const char *document, const char *before,
                          const struct trust_subject *subject)
{
    struct cut now, then, lost = {0};
    const char **meanings;

    if (!cut_document(&now, arena, document, subject) ||
        !cut_document(&then, arena, before, subject))
        return document;
    meanings = meanings_of(arena, &now);
    lost.pieces = then.pieces;
    for (size_t i = 0; i < then.count; i++)
        if (!then.pieces[i].own && !text_among(meaning_of(arena, &then.pieces[i]), meanings))
            lost.pieces[lost.count++] = then.pieces[i];
    if (lost.count == 0)
        return document;
    for (size_t i = 0; i < now.count; i++)
        now.pieces[i].own = false; /* ours stay, too */
    return join(arena, &now, &lost);
}

bool trust_has_own(const char *document, const struct trust_subject *subject)
{
    AUTO_JSON json_t *tree = policy_parse(document);
    const json_t *statements = json_object_get(tree, "Statement");

    for (size_t i = 0; i < policy_value_count(statements); i++)
        if (has_sid(policy_value_at(statements, i),
                    subject->provider_arn ? "WebIdentity" : "PodIdentity", subject))
            return true;
    return false;
}
