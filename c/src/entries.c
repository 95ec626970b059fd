/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "entries.h"

void port_publish(uint8_t *entry, const struct port_record *record)
{
    const size_t length = strlen(record->name);
    put_int(entry, PORT_KIND_OFFSET, record->kind);
    put_int(entry, PORT_STATE_OFFSET, PORT_STATE_OPEN);
    put_int(entry, PORT_PROCESS_INDEX_OFFSET, record->process_index);
    put_long(entry, PORT_PROCESS_INCARNATION_OFFSET, record->process_incarnation);
    put_int(entry, PORT_LINK_INDEX_OFFSET, record->link_index);
    put_int(entry, PORT_UID_OFFSET, record->uid);
    put_int(entry, PORT_GID_OFFSET, record->gid);
    put_int(entry, PORT_FLAGS_OFFSET, record->flags);
    put_int(entry, PORT_NAME_LENGTH_OFFSET, (int32_t)length);
    memcpy(entry + PORT_NAME_OFFSET, record->name, length);
    put_long(entry, PORT_OPENED_AT_MS_OFFSET, record->opened_at_ms);
    put_long(entry, PORT_GENERATION_OFFSET, record->generation);
    put_long(entry, PORT_CLAIMED_OFFSET, 0);
    for (size_t offset = PORT_GONE_OFFSET; offset < PORT_EVENTS_OFFSET; offset += 8)
    {
        put_long(entry, offset, 0);
    }
    put_int(entry, PORT_SLEEPERS_OFFSET, 0);
    put_int(entry, PORT_WAIT_SET_OFFSET, 0);
    for (size_t offset = PORT_GONE_CLIENT_RARE_OFFSET; offset < PORT_ENTRY_LENGTH; offset += 8)
    {
        put_long(entry, offset, 0);
    }
    /* [port] release: pairs with [port] in port_incarnation(); without it a name could be found with another's owner.
       If the writer dies before it, the entry is free; after it, the next reap removes it. */
    put_long_release(entry, PORT_INCARNATION_OFFSET, record->incarnation);
}

int64_t link_change(uint8_t *entry, const int64_t incarnation, const int64_t set, const int64_t clear)
{
    while (true)
    {
        const int64_t state = link_state(entry);
        if (link_incarnation(state) != incarnation)
        {
            return -1;
        }
        const int64_t changed = (state | set) & ~clear;
        /* [link] compare and set, a release and a full fence: pairs with [link] in link_state(). Without it flags of
           the other side could be lost, or its end be seen before its last reply. A writer that dies before it changed
           nothing; after it, the change counts. */
        if (state == changed || swap_long(entry, LINK_ENTRY_STATE_OFFSET, state, changed))
        {
            return changed;
        }
    }
}

void link_take(uint8_t *entry, const int64_t incarnation, const struct link_ends *ends)
{
    /* The fields first: a survivor that finds the link held finds by whom. Those of a free link mean nothing. */
    put_int(entry, LINK_ENTRY_CLIENT_PROCESS_INDEX_OFFSET, ends->client_process_index);
    put_long(entry, LINK_ENTRY_CLIENT_PROCESS_INCARNATION_OFFSET, ends->client_process_incarnation);
    put_int(entry, LINK_ENTRY_CLIENT_PORT_INDEX_OFFSET, ends->client_port_index);
    put_long(entry, LINK_ENTRY_CLIENT_PORT_INCARNATION_OFFSET, ends->client_port_incarnation);
    put_int(entry, LINK_ENTRY_SERVICE_PORT_INDEX_OFFSET, ends->service_port_index);
    put_long(entry, LINK_ENTRY_SERVICE_PORT_INCARNATION_OFFSET, ends->service_port_incarnation);
    put_int(entry, LINK_ENTRY_SERVICE_PROCESS_INDEX_OFFSET, ends->service_process_index);
    put_long(entry, LINK_ENTRY_SERVICE_PROCESS_INCARNATION_OFFSET, ends->service_process_incarnation);
    /* A process that dies after this still holds the link: the process that proves its death releases the link. */
    put_long_volatile(entry, LINK_ENTRY_STATE_OFFSET,
        (int64_t)((uint64_t)incarnation << LINK_ENTRY_INCARNATION_SHIFT) | LINK_ENTRY_CLIENT_HOLDS);
}

void link_read_ends(const uint8_t *entry, struct link_ends *ends)
{
    ends->client_process_index = get_int(entry, LINK_ENTRY_CLIENT_PROCESS_INDEX_OFFSET);
    ends->client_process_incarnation = get_long(entry, LINK_ENTRY_CLIENT_PROCESS_INCARNATION_OFFSET);
    ends->client_port_index = get_int(entry, LINK_ENTRY_CLIENT_PORT_INDEX_OFFSET);
    ends->client_port_incarnation = get_long(entry, LINK_ENTRY_CLIENT_PORT_INCARNATION_OFFSET);
    ends->service_process_index = get_int(entry, LINK_ENTRY_SERVICE_PROCESS_INDEX_OFFSET);
    ends->service_process_incarnation = get_long(entry, LINK_ENTRY_SERVICE_PROCESS_INCARNATION_OFFSET);
    ends->service_port_index = get_int(entry, LINK_ENTRY_SERVICE_PORT_INDEX_OFFSET);
    ends->service_port_incarnation = get_long(entry, LINK_ENTRY_SERVICE_PORT_INCARNATION_OFFSET);
}
