#include "reconcilers/ledger.h"

#include <stdio.h>
#include <string.h>

#include "base/map.h"
#include "base/text.h"

struct ledger {
    struct map *entries;
};

struct ledger *ledger_create(void)
{
    struct ledger *ledger = memory_alloc(sizeof(*ledger));

    ledger->entries = map_create();
    return ledger;
}

static void entry_empty(struct ledger_entry *entry)
{
    free(entry->role_arn);
    free(entry->association_id);
    free(entry->required_trust);
    free(entry->external_id);
    free(entry->foreign_denies);
    free(entry->foreign_boundary);
    free(entry->role_rest);
    free(entry->trust_before);
    for (int part = 0; part < DRIFT_PARTS; part++)
        free(entry->kept[part]);
    free(entry->annotations);
    free(entry->account_uid);
    free(entry->account_version);
    free(entry->accepted_digest);
    for (int part = 0; part < DRIFT_PARTS; part++)
        free(entry->observed[part].changes);
    *entry = (struct ledger_entry){0};
}

static void entry_destroy(void *value)
{
    entry_empty(value);
    free(value);
}

void ledger_destroy(struct ledger *ledger)
{
    if (!ledger)
        return;
    map_clear(ledger->entries, entry_destroy);
    map_destroy(ledger->entries);
    free(ledger);
}

struct ledger_entry *ledger_entry(struct ledger *ledger, const char *key, const char *uid)
{
    struct ledger_entry *entry = map_get(ledger->entries, key);

    if (!entry) {
        entry = memory_alloc(sizeof(*entry));
        map_put(ledger->entries, key, entry);
    }
    if (!text_equal(entry->uid, uid)) {
        entry_empty(entry);
        snprintf(entry->uid, sizeof(entry->uid), "%s", uid);
    }
    return entry;
}

void ledger_doubt(struct ledger_entry *entry)
{
    entry->verified = false;
    entry->doubts++;
}

void ledger_wrote(struct ledger_entry *entry, const char *resource_version)
{
    snprintf(entry->written_version, sizeof(entry->written_version), "%s", resource_version);
}

void ledger_forget(struct ledger *ledger, const char *key)
{
    struct ledger_entry *entry = map_remove(ledger->entries, key);

    if (entry)
        entry_destroy(entry);
}

void ledger_keep(char **place, const char *text)
{
    char *kept = memory_string(text);

    free(*place);
    *place = kept;
}
