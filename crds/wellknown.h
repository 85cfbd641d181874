#pragma once

/*
 * wellKnownPolicies and wellKnownPolicyScopes of a binding: read by whatever names they carry, so
 * that a policy which only a newer schema knows is refused by name and not overlooked. Internal to
 * podidentitybinding.c.
 */

struct fields;
struct pack;
struct podidentitybinding_spec;

/* Fills in wellknown and wellknown_count. */
void podidentitybinding_wellknown_read(struct podidentitybinding_spec *spec, struct fields *fields);

/* From then on they are in the block. */
void podidentitybinding_wellknown_pack(struct podidentitybinding_spec *spec, struct pack *pack);
