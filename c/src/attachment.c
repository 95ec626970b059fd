/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "attachment.h"

#include "clock.h"
#include "entries.h"
#include "fail.h"
#include "futex.h"
#include "port.h"
#include "report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ATTEST_ATTEMPTS 3
#define SPIN_RANGE 32
/* A client that waits for its service searches again after this time, as the service may be unable to wake it. */
#define SEARCH_INTERVAL_NS INT64_C(30000000)

/* ---- attaching */

struct attachment *attachment_open(const char *path, const int flags, const struct caps_geometry *geometry)
{
    struct attachment *attachment = calloc(1, sizeof(struct attachment));
    if (attachment == NULL)
    {
        fail(ENOMEM, "no memory");
        return NULL;
    }
    if (region_open(&attachment->region, path, flags, geometry) != 0)
    {
        const int error = errno;
        free(attachment);
        errno = error;
        return NULL;
    }
    error_log_init(&attachment->errors);
    const bool has_tables = tables_init(&attachment->tables, &attachment->region);
    attachment->mutex = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    attachment->wait_set_mutex = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    attachment->wait_set_index = NO_INDEX;
    int result = has_tables ? tables_enter(&attachment->tables) : -ENOMEM;
    if (result == 0)
    {
        result = watch_open(attachment, (flags & CAPS_OPEN_NOWATCH) == 0);
        if (result == 0)
        {
            return attachment;
        }
        tables_leave(&attachment->tables);
    }
    tables_destroy(&attachment->tables);
    if (result == -EBUSY)
    {
        lock_file_keep(&attachment->region.locks);
    }
    region_close(&attachment->region);
    free(attachment);
    errno = -result;
    return NULL;
}

/* Leaves the region, and keeps its mappings. */
static void leave(struct attachment *attachment)
{
    watch_close(attachment);
    error_log_close(&attachment->errors);
    /* A process that has lost its life lock may have lost the lock file too: its peers free its entries. */
    if (!attachment_has_lost_life(attachment))
    {
        if (attachment->wait_set_index != NO_INDEX)
        {
            port_free(port_at(&attachment->tables, attachment->wait_set_index), attachment->wait_set_incarnation);
        }
        if (tables_try_lock(&attachment->tables))
        {
            tables_trim(&attachment->tables);
            tables_unlock(&attachment->tables);
        }
        tables_leave(&attachment->tables);
    }
    tables_destroy(&attachment->tables);
}

void attachment_close(struct attachment *attachment)
{
    leave(attachment);
    region_close(&attachment->region);
    free(attachment);
}

void attachment_abandon(struct attachment *attachment)
{
    leave(attachment);
    region_forget(&attachment->region);
}

void attachment_forget(struct attachment *attachment)
{
    watch_forget(attachment);
    region_forget(&attachment->region);
}

void attachment_add(struct attachment *attachment, struct port *port)
{
    pthread_mutex_lock(&attachment->mutex);
    port->next = attachment->first_port;
    attachment->first_port = port;
    pthread_mutex_unlock(&attachment->mutex);
}

void attachment_remove(struct attachment *attachment, struct port *port)
{
    pthread_mutex_lock(&attachment->mutex);
    for (struct port **link = &attachment->first_port; *link != NULL; link = &(*link)->next)
    {
        if (*link == port)
        {
            *link = port->next;
            break;
        }
    }
    pthread_mutex_unlock(&attachment->mutex);
}

void attachment_await_watch(struct attachment *attachment)
{
    pthread_mutex_lock(&attachment->mutex);
    pthread_mutex_unlock(&attachment->mutex);
}

/* ---- identity of peers */

static bool may_pass(const int error)
{
    return error == EMFILE || error == ENFILE || error == ENOMEM || error == EINTR;
}

/* Pid by which /proc knows a process: it may be of another pid namespace, so the process is found there by a pidfd. 0
   if /proc does not show it, or this cannot be found out; errno is then of a cause that may pass, or ESRCH. */
static pid_t shown_pid_of(const pid_t pid)
{
    const int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (pidfd < 0)
    {
        /* Without pidfds, by the kernel's age or a filter of calls: the same number, if the namespace is the same. */
        return errno == ESRCH || may_pass(errno) || !proc_shows_own_namespace() ? 0 : pid;
    }
    const pid_t shown_pid = proc_followed_pid(pidfd);
    const int error = errno;
    close(pidfd);
    errno = error;
    return shown_pid;
}

/* Reads the credentials of a process that holds the lock before and after. */
static enum attested read_holder(
    const struct attachment *attachment, const int process_index, struct credentials *credentials)
{
    const struct lock_file *locks = &attachment->region.locks;
    const int64_t position = life_position(attachment->region.region_id, process_index);
    for (int i = 0; i < ATTEST_ATTEMPTS; i++)
    {
        const pid_t pid = byte_holder(locks, position, 1);
        if (pid == 0)
        {
            return ATTESTED_GONE;
        }
        if (pid < 0)
        {
            return ATTESTED_TRUE;
        }
        errno = 0;
        const pid_t shown_pid = shown_pid_of(pid);
        const bool is_read = shown_pid > 0 && proc_credentials(shown_pid, credentials);
        if (!is_read)
        {
            const int error = errno;
            credentials_free(credentials);
            if (may_pass(error))
            {
                return ATTESTED_NOT_YET;
            }
        }
        if (byte_holder(locks, position, 1) == pid)
        {
            /* Unless they were read, /proc does not show the process, and they are unknown. */
            return ATTESTED_TRUE;
        }
        credentials_free(credentials);
    }
    return byte_holder(locks, position, 1) == 0 ? ATTESTED_GONE : ATTESTED_NOT_YET;
}

enum attested attachment_attest(
    const struct attachment *attachment,
    const int process_index,
    const int64_t incarnation,
    struct credentials *credentials)
{
    credentials_unknown(credentials);
    if (process_index < 0 || process_index >= attachment->tables.geometry->process_count)
    {
        return ATTESTED_GONE;
    }
    const uint8_t *entry = process_at(&attachment->tables, process_index);
    if (process_incarnation(entry) != incarnation)
    {
        return ATTESTED_GONE;
    }
    enum attested attested;
    if (process_index == attachment->tables.process_index)
    {
        attested = proc_self(credentials) ? ATTESTED_TRUE : ATTESTED_NOT_YET;
    }
    else
    {
        attested = read_holder(attachment, process_index, credentials);
    }
    /* The ids in the entry are for display only: they differ legitimately if the process has changed its user since, or
       runs in another user namespace. The entry is forged only if another process holds its lock. */
    if (attested == ATTESTED_TRUE && credentials->is_known &&
        get_int(entry, PROCESS_PID_OFFSET) != credentials->own_pid)
    {
        attested = ATTESTED_FORGED;
    }
    /* Whether the credentials are those of the expected process, not of a later one with the same entry. */
    return process_incarnation(entry) == incarnation ? attested : ATTESTED_GONE;
}

bool attachment_is_allowed(
    const struct credentials *client,
    const int client_flags,
    const int32_t uid,
    const int32_t gid,
    const int service_flags)
{
    const int flags = client_flags & service_flags;
    return (flags & CAPF_WORLD) != 0 ||
        ((flags & CAPF_USER) != 0 && uid != -1 && client->euid == (uid_t)uid) ||
        ((flags & CAPF_GROUP) != 0 && gid != -1 && credentials_is_member(client, (gid_t)gid));
}

/* Whether a process may register a service under such ids (R3). */
static bool may_own(const struct credentials *process, const uid_t uid, const gid_t gid)
{
    return process->euid == 0 ||
        ((uid == (uid_t)-1 || process->euid == uid) && (gid == (gid_t)-1 || credentials_is_member(process, gid)));
}

/* Reads the credentials of a service's process; false if they are not known. The credentials are to be freed in any
   case. */
static bool attest_owner(
    const struct attachment *attachment, const uint8_t *service, struct credentials *credentials)
{
    return attachment_attest(attachment, get_int(service, PORT_PROCESS_INDEX_OFFSET),
        get_long(service, PORT_PROCESS_INCARNATION_OFFSET), credentials) == ATTESTED_TRUE && credentials->is_known;
}

/* Whether the ids of a service's port are those by which this process knows users: not if one of the two is in a user
   namespace of its own. Then the service alone can decide whom it admits. 1 or 0, or -1 with errno if that cannot be
   read now. */
static int has_ids_of_here(const struct attachment *attachment, const uint8_t *service)
{
    const int has_machine_ids = proc_has_machine_ids();
    if (has_machine_ids != 1)
    {
        return has_machine_ids;
    }
    struct credentials owner;
    const bool is_here = !attest_owner(attachment, service, &owner) || may_own(&owner,
        (uid_t)get_int(service, PORT_UID_OFFSET), (gid_t)get_int(service, PORT_GID_OFFSET));
    credentials_free(&owner);
    return is_here;
}

/* The owner of the service that a client looks for. */
struct wanted_owner
{
    const struct attachment *attachment;
    uid_t uid;
    gid_t gid;
};

/* Whether a service's process has the wanted ids although its port names ids that the process cannot have here: it
   registered in another user namespace, or as another user than it is now. */
static bool is_owned_by(const uint8_t *service, const void *argument)
{
    const struct wanted_owner *wanted = argument;
    struct credentials owner;
    const bool is_owned = attest_owner(wanted->attachment, service, &owner) &&
        !may_own(&owner, (uid_t)get_int(service, PORT_UID_OFFSET), (gid_t)get_int(service, PORT_GID_OFFSET)) &&
        (wanted->uid == (uid_t)-1 || owner.euid == wanted->uid) &&
        (wanted->gid == (gid_t)-1 || credentials_is_member(&owner, wanted->gid));
    credentials_free(&owner);
    return is_owned;
}

/* ---- opening ports */

static int check_name(const char *name)
{
    const size_t length = name == NULL ? 0 : strnlen(name, PORT_MAX_NAME_LENGTH + 1);
    if (length == 0 || length > PORT_MAX_NAME_LENGTH)
    {
        fail_with(EINVAL, "name must have 1 to %d characters", PORT_MAX_NAME_LENGTH);
        return -EINVAL;
    }
    for (const char *c = name; *c != 0; c++)
    {
        const bool is_allowed = (*c >= '0' && *c <= '9') || (*c >= 'A' && *c <= 'Z') || (*c >= 'a' && *c <= 'z') ||
            *c == '_' || *c == '.';
        if (!is_allowed)
        {
            fail_with(EINVAL, "name must be of 0-9 A-Z a-z _ . only: character %zu is 0x%02x", (size_t)(c - name),
                (unsigned char)*c);
            return -EINVAL;
        }
    }
    return 0;
}

static int check_owner(const uid_t uid, const gid_t gid)
{
    if (uid == (uid_t)-1 && gid == (gid_t)-1)
    {
        fail(EINVAL, "uid and gid must not both be -1");
        return -EINVAL;
    }
    return 0;
}

static int check_attr(const struct attachment *attachment, const struct caps_attr *attr)
{
    const int limit = attachment->tables.geometry->message_limit;
    if (attr->spin_count < 0 || attr->connect_timeout_ns < 0 || attr->prefault_length < 0)
    {
        fail(EINVAL, "attributes must not be negative");
        return -EINVAL;
    }
    if (attr->prefault_length > limit)
    {
        fail_with(EINVAL, "prefault_length must be at most the region's message limit, %d: %d", limit,
            attr->prefault_length);
        return -EINVAL;
    }
    return 0;
}

static int check_usable(const struct attachment *attachment)
{
    if (attachment_is_retired(attachment))
    {
        fail_with(ENOTCONN, "the region was removed or replaced, or this process lost its lock on it: close all ports "
            "and open new ones: %s", attachment->region.path);
        return -ENOTCONN;
    }
    return 0;
}

static int check_may_register(const struct credentials *self, const uid_t uid, const gid_t gid)
{
    if (self->euid != 0 && uid != (uid_t)-1 && uid != self->euid)
    {
        fail_with(EPERM, "uid must be that of the caller, %u, or any: uid=%u", self->euid, uid);
        return -EPERM;
    }
    if (self->euid != 0 && gid != (gid_t)-1 && !credentials_is_member(self, gid))
    {
        fail_with(EPERM, "gid must be one of the caller's groups, or any: gid=%u", gid);
        return -EPERM;
    }
    return 0;
}

static const struct caps_attr usual_attr = CAPS_ATTR_INIT;

/* Initialises what client ports and service ports have in common. */
static void init_port(
    struct port *port,
    struct attachment *attachment,
    const char *name,
    const int flags,
    const struct caps_attr *attr,
    const int port_index,
    const int64_t incarnation)
{
    port->attachment = attachment;
    port->geometry = attachment->tables.geometry;
    port->tables = attachment->tables.base;
    port->entry = port_at(&attachment->tables, port_index);
    port->index = port_index;
    port->incarnation = incarnation;
    port->is_no_fork = (flags & CAPF_NOFORK) != 0;
    strcpy(port->name, name);
    port->spin_only = attr->spin_only != 0;
    port->max_spin_count = attr->spin_count;
    port->min_spin_count = attr->spin_count / SPIN_RANGE;
    __atomic_store_n(&port->spin_count, attr->spin_count / 2, __ATOMIC_RELAXED);
    port->prefault_length = attr->prefault_length;
    port->copy_count = 0;
    port->poller_count = 0;
    port->shown_claims = 0;
    port->shown_views = 0;
    port->end_error = 0;
    port->is_disowned = false;
    __atomic_store_n(&port->is_attention_due, false, __ATOMIC_RELAXED);
}

static int library_flags(const int flags, const struct caps_attr *attr)
{
    return (flags & CAPF_UFLAGS) | (attr->spin_only != 0 ? PORT_FLAG_SPINS : 0);
}

/* Under the tables' lock. */
static int publish_service(
    struct attachment *attachment,
    struct port *port,
    const char *name,
    const uid_t uid,
    const gid_t gid,
    const int flags,
    const struct caps_attr *attr)
{
    struct tables *tables = &attachment->tables;
    tables_reap(tables);
    if ((flags & CAPF_EXCL) != 0 && tables_find(tables, name, (int32_t)uid, (int32_t)gid) != NO_INDEX)
    {
        fail_with(EEXIST, "a living service has this name: name=%s, uid=%d, gid=%d", name, (int)uid, (int)gid);
        return -EEXIST;
    }
    const int port_index = tables_free_port(tables);
    if (port_index < 0)
    {
        return port_index;
    }
    const int64_t incarnation = tables_next_incarnation(tables);
    if (incarnation < 0)
    {
        return (int)incarnation;
    }
    init_port(port, attachment, name, flags, attr, port_index, incarnation);
    port->is_client = false;
    service_init(&port->service, (int32_t)uid, (int32_t)gid, flags & CAPF_UFLAGS);
    const struct port_record record = {
        .incarnation = incarnation, .kind = PORT_KIND_SERVICE, .process_index = tables->process_index,
        .process_incarnation = tables->incarnation, .link_index = NO_INDEX, .uid = (int32_t)uid, .gid = (int32_t)gid,
        .flags = library_flags(flags, attr), .name = name, .generation = attr->generation, .opened_at_ms = now_ms()};
    port->service.seen_events = get_int_acquire(port->entry, PORT_EVENTS_OFFSET) - 1;
    port_publish(port->entry, &record);
    /* [registered] release: pairs with the acquire in attachment_client(), which looks for the service once more after
       it. Without it a client could sleep although its service is registered. If this process dies before it, there is
       no service. */
    put_int_release(tables->base, REGION_REGISTRATIONS_OFFSET, get_int(tables->base, REGION_REGISTRATIONS_OFFSET) + 1);
    return 0;
}

/* After proc_self, with its errno, such as EMFILE. */
static int fail_self(void)
{
    const int error = errno;
    fail_with(error, "who this process is cannot be read from /proc/self/status: %s", strerror(error));
    return -error;
}

int attachment_service(
    struct attachment *attachment,
    struct port *port,
    const char *name,
    const uid_t uid,
    const gid_t gid,
    const int flags,
    const struct caps_attr *given_attr)
{
    const struct caps_attr *attr = given_attr == NULL ? &usual_attr : given_attr;
    struct credentials self;
    int result = check_name(name);
    result = result == 0 ? check_attr(attachment, attr) : result;
    result = result == 0 ? check_usable(attachment) : result;
    result = result == 0 ? check_owner(uid, gid) : result;
    if (result != 0)
    {
        return result;
    }
    if (!proc_self(&self))
    {
        return fail_self();
    }
    result = check_may_register(&self, uid, gid);
    credentials_free(&self);
    result = result == 0 ? tables_lock(&attachment->tables) : result;
    if (result != 0)
    {
        return result;
    }
    result = publish_service(attachment, port, name, uid, gid, flags, attr);
    tables_unlock(&attachment->tables);
    if (result == 0)
    {
        futex_wake(attachment->tables.base + REGION_REGISTRATIONS_OFFSET, INT32_MAX);
    }
    return result;
}

/* What one attempt to connect has taken. */
struct connection
{
    int service_index;
    int port_index;
    int link_index;
    int64_t incarnation; /* of port and link */
    struct link_ends ends;
};

static int fail_refused(const char *name, const uint8_t *service)
{
    fail_with(EACCES, "the service does not admit this client: name=%s, service's uid=%d, gid=%d, flags=0x%x", name,
        get_int(service, PORT_UID_OFFSET), get_int(service, PORT_GID_OFFSET),
        get_int(service, PORT_FLAGS_OFFSET) & CAPF_UFLAGS);
    return -EACCES;
}

/* Under the tables' lock: finds the service and takes port and link. -ENOENT if there is no such service. */
static int take_link(
    struct attachment *attachment,
    struct connection *connection,
    const char *name,
    const uid_t uid,
    const gid_t gid,
    const int flags,
    const struct caps_attr *attr,
    const struct credentials *self)
{
    struct tables *tables = &attachment->tables;
    tables_reap(tables);
    connection->service_index = tables_find(tables, name, (int32_t)uid, (int32_t)gid);
    if (connection->service_index == NO_INDEX)
    {
        const struct wanted_owner wanted = {attachment, uid, gid};
        connection->service_index = tables_find_wanted(tables, name, is_owned_by, &wanted);
    }
    if (connection->service_index == NO_INDEX)
    {
        return -ENOENT;
    }
    const uint8_t *service = port_at(tables, connection->service_index);
    if (!attachment_is_allowed(self, flags, get_int(service, PORT_UID_OFFSET), get_int(service, PORT_GID_OFFSET),
        get_int(service, PORT_FLAGS_OFFSET)))
    {
        const int is_refused = has_ids_of_here(attachment, service);
        if (is_refused < 0)
        {
            const int error = errno;
            fail_with(error, "the maps of ids in /proc/self cannot be read: %s", strerror(error));
            return -error;
        }
        if (is_refused)
        {
            return fail_refused(name, service);
        }
    }
    connection->port_index = tables_free_port(tables);
    if (connection->port_index < 0)
    {
        return connection->port_index;
    }
    connection->link_index = tables_free_link(tables);
    if (connection->link_index < 0)
    {
        return connection->link_index;
    }
    connection->incarnation = tables_next_incarnation(tables);
    if (connection->incarnation < 0)
    {
        return (int)connection->incarnation;
    }
    connection->ends = (struct link_ends){
        .client_process_index = tables->process_index, .client_process_incarnation = tables->incarnation,
        .client_port_index = connection->port_index, .client_port_incarnation = connection->incarnation,
        .service_process_index = get_int(service, PORT_PROCESS_INDEX_OFFSET),
        .service_process_incarnation = get_long(service, PORT_PROCESS_INCARNATION_OFFSET),
        .service_port_index = connection->service_index, .service_port_incarnation = port_incarnation(service)};
    uint8_t *entry = link_at(tables, connection->link_index);
    link_take(entry, connection->incarnation, &connection->ends);
    if (!region_back(&attachment->region, connection->link_index, 0, tables->geometry->link_head_length))
    {
        link_change(entry, connection->incarnation, 0, LINK_ENTRY_CLIENT_HOLDS);
        fail_with(ENOSPC, "no memory left for %zu bytes of a new link: region=%s", tables->geometry->link_head_length,
            attachment->region.path);
        return -ENOSPC;
    }
    const struct port_record record = {
        .incarnation = connection->incarnation, .kind = PORT_KIND_CLIENT, .process_index = tables->process_index,
        .process_incarnation = tables->incarnation, .link_index = connection->link_index, .uid = (int32_t)uid,
        .gid = (int32_t)gid, .flags = library_flags(flags, attr), .name = name, .generation = attr->generation,
        .opened_at_ms = now_ms()};
    port_publish(port_at(tables, connection->port_index), &record);
    /* [link] the link is complete before the service can accept it. */
    if (link_change(entry, connection->incarnation, LINK_ENTRY_OPEN, 0) < 0)
    {
        port_free(port_at(tables, connection->port_index), connection->incarnation);
        fail_with(EPROTO, "corrupt region: link %d changed under its client: %s", connection->link_index,
            attachment->region.path);
        return -EPROTO;
    }
    return 0;
}

static void undo(struct attachment *attachment, const struct connection *connection)
{
    link_change(link_at(&attachment->tables, connection->link_index), connection->incarnation, LINK_ENTRY_CLIENT_CLOSED,
        LINK_ENTRY_CLIENT_HOLDS);
    port_free(port_at(&attachment->tables, connection->port_index), connection->incarnation);
    /* The service may have accepted this client already, at another's event. */
    add_int(port_at(&attachment->tables, connection->service_index), PORT_EVENTS_OFFSET, 1);
}

/* Makes this side of a link that is open. Whoever can open the region can write any ids into a port's entry, so those
   that the caller looked for are compared with what the kernel reports. */
static int begin_client(
    struct attachment *attachment,
    struct port *port,
    const struct connection *connection,
    const uid_t uid,
    const gid_t gid)
{
    struct credentials service_credentials;
    const enum attested attested = attachment_attest(attachment, connection->ends.service_process_index,
        connection->ends.service_process_incarnation, &service_credentials);
    if (attested == ATTESTED_FORGED)
    {
        credentials_free(&service_credentials);
        fail(EACCES, "the kernel reports another process than the service's entry names");
        report_failure(attachment);
        return -EACCES;
    }
    if (attested == ATTESTED_NOT_YET)
    {
        credentials_free(&service_credentials);
        fail(EIO, "the kernel did not report the user of the service's process: try again");
        report_failure(attachment);
        return -EIO;
    }
    if (attested == ATTESTED_TRUE && service_credentials.is_known && !may_own(&service_credentials, uid, gid))
    {
        fail_with(EACCES, "the service's process, as the kernel reports it, cannot have registered under these ids: "
            "uid=%d, gid=%d, its euid=%d, egid=%d", (int)uid, (int)gid, (int)service_credentials.euid,
            (int)service_credentials.egid);
        report_failure(attachment);
        credentials_free(&service_credentials);
        return -EACCES;
    }
    uint8_t *base = region_link(&attachment->region, connection->link_index);
    if (base == NULL)
    {
        const int error = errno;
        credentials_free(&service_credentials);
        char advice[ADVICE_SIZE];
        proc_locked_advice(error, attachment->tables.geometry->link_length, advice, sizeof(advice));
        fail_with(error, "link %d cannot be mapped: %zu bytes: %s%s", connection->link_index,
            attachment->tables.geometry->link_length, strerror(error), advice);
        return -error;
    }
    tables_use_link(&attachment->tables, connection->link_index);
    const int result = client_link_init(&port->client, port, connection->link_index, base);
    if (result != 0)
    {
        fail(-result, "the region has no message ids left: make a new one");
    }
    const uint8_t *service = port_at(&attachment->tables, connection->service_index);
    credentials_fill(&service_credentials, &port->client.service_cred);
    credentials_free(&service_credentials);
    port->service_entry = port_at(&attachment->tables, connection->service_index);
    port->service_spins = (get_int(service, PORT_FLAGS_OFFSET) & PORT_FLAG_SPINS) != 0;
    port->must_look = (get_int(service, PORT_FLAGS_OFFSET) & PORT_FLAG_CANNOT_WAKE) != 0;
    if (result == 0 && port->prefault_length > 0 && !client_link_prefault(&port->client, port->prefault_length))
    {
        fail_with(ENOSPC, "no memory left for payloads of %d bytes in each of %d slots: open the port with a smaller "
            "prefault_length: region=%s", port->prefault_length, port->geometry->slot_count, attachment->region.path);
        return -ENOSPC;
    }
    return result;
}

/* One attempt to connect: 0, -ENOENT without a reason if there is no such service, or another negative errno value. */
static int connect_once(
    struct attachment *attachment,
    struct port *port,
    const char *name,
    const uid_t uid,
    const gid_t gid,
    const int flags,
    const struct caps_attr *attr)
{
    struct connection connection;
    while (true)
    {
        struct credentials self;
        if (!proc_self(&self))
        {
            return fail_self();
        }
        int result = tables_lock(&attachment->tables);
        if (result == 0)
        {
            result = take_link(attachment, &connection, name, uid, gid, flags, attr, &self);
            tables_unlock(&attachment->tables);
        }
        credentials_free(&self);
        if (result != 0)
        {
            return result;
        }
        /* [port-state] acquire, after the compare and set that opened the link: pairs with port_close(). If this
           misses the close, the close sees the link. */
        if (!port_is_open(port_at(&attachment->tables, connection.service_index)))
        {
            /* Closed just now, perhaps before it could see this link: the search starts again. */
            undo(attachment, &connection);
            continue;
        }
        init_port(port, attachment, name, flags, attr, connection.port_index, connection.incarnation);
        port->is_client = true;
        result = begin_client(attachment, port, &connection, uid, gid);
        if (result != 0)
        {
            const int error = errno;
            undo(attachment, &connection);
            errno = error;
            return result;
        }
        watch_add_peer(attachment, port->client.service_process_index, port->client.service_process_incarnation);
        /* It may have died before it was watched: looked at once.
           [events] atomic add, after the change of the link that it announces: pairs with [events] in
           service_accept_and_drop(). If this process dies before it, the service never looks. */
        port_draw_attention(port);
        add_int(port->service_entry, PORT_EVENTS_OFFSET, 1);
        return 0;
    }
}

int attachment_client(
    struct attachment *attachment,
    struct port *port,
    const char *name,
    const uid_t uid,
    const gid_t gid,
    const int flags,
    const struct caps_attr *given_attr)
{
    const struct caps_attr *attr = given_attr == NULL ? &usual_attr : given_attr;
    const int64_t deadline = deadline_after(attr->connect_timeout_ns);
    uint8_t *registrations_word = attachment->tables.base + REGION_REGISTRATIONS_OFFSET;
    int result = check_name(name);
    result = result == 0 ? check_attr(attachment, attr) : result;
    result = result == 0 ? check_owner(uid, gid) : result;
    while (result == 0)
    {
        result = check_usable(attachment);
        if (result != 0)
        {
            break;
        }
        /* [registered] acquire before the look: pairs with the release in publish_service(). If the look misses a
           service, the word changes when that service is registered, and the sleep ends at once. */
        const int32_t registrations = get_int_acquire(registrations_word, 0);
        result = connect_once(attachment, port, name, uid, gid, flags, attr);
        if (result != -ENOENT)
        {
            break;
        }
        fail_with(ENOENT, "no such service is registered: name=%s, uid=%d, gid=%d, region=%s", name, (int)uid, (int)gid,
            attachment->region.path);
        if ((flags & CAPF_WAITSVC) == 0)
        {
            break;
        }
        result = futex_sleep(registrations_word, registrations, deadline, SEARCH_INTERVAL_NS);
        if (result != 0)
        {
            fail_with(-result, "while waiting for a service: name=%s", name);
        }
    }
    return result;
}
