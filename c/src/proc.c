/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "proc.h"

#include "caps_layout.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST_CAPACITY 4096
/* All but -1: mapped to themselves outside of user namespaces. */
#define ID_COUNT 0xFFFFFFFFul

/* A whole file as text; null with errno. Files of /proc have no length that could be asked for. */
static char *read_text(const char *path)
{
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
    {
        return NULL;
    }
    size_t capacity = FIRST_CAPACITY;
    size_t length = 0;
    char *text = malloc(capacity);
    while (text != NULL)
    {
        const ssize_t count = read(file, text + length, capacity - length - 1);
        if (count > 0)
        {
            length += (size_t)count;
            if (capacity - length < 2)
            {
                char *longer = realloc(text, 2 * capacity);
                if (longer == NULL)
                {
                    break;
                }
                text = longer;
                capacity *= 2;
            }
        }
        else if (count == 0)
        {
            text[length] = 0;
            close(file);
            return text;
        }
        else if (errno != EINTR)
        {
            break;
        }
    }
    const int error = text == NULL ? ENOMEM : errno;
    free(text);
    close(file);
    errno = error;
    return NULL;
}

/* The rest of the line that begins with a name, or null. The first line, the program's name, is its own choice; the
   kernel escapes a line feed in it. */
static const char *line_of(const char *text, const char *name)
{
    const size_t length = strlen(name);
    for (const char *line = text; line != NULL; line = strchr(line, '\n'))
    {
        line += *line == '\n';
        if (strncmp(line, name, length) == 0)
        {
            return line + length;
        }
    }
    return NULL;
}

/* Numbers of a line, at most capacity of them; how many the line has. */
static int parse_ids(const char *line, uint32_t *ids, const int capacity)
{
    int count = 0;
    while (line != NULL)
    {
        while (*line == ' ' || *line == '\t')
        {
            line++;
        }
        char *end;
        const unsigned long id = strtoul(line, &end, 10);
        if (*line == '\n' || end == line)
        {
            break;
        }
        if (count < capacity)
        {
            ids[count] = (uint32_t)id;
        }
        count++;
        line = end;
    }
    return count;
}

static bool are_equal(const uint32_t ids[4])
{
    return ids[0] == ids[1] && ids[0] == ids[2] && ids[0] == ids[3];
}

static bool parse_status(const char *status, struct credentials *credentials)
{
    uint32_t ids[4];
    credentials_unknown(credentials);
    if (parse_ids(line_of(status, "Pid:"), ids, 1) >= 1)
    {
        credentials->pid = (pid_t)ids[0];
        credentials->own_pid = credentials->pid;
    }
    /* One for each pid namespace that it is in, its own the last. Not there before Linux 4.1. */
    uint32_t pids[64];
    const int pid_count = parse_ids(line_of(status, "NSpid:"), pids, 64);
    if (pid_count >= 1 && pid_count <= 64)
    {
        credentials->own_pid = (pid_t)pids[pid_count - 1];
    }
    if (parse_ids(line_of(status, "Uid:"), ids, 4) != 4)
    {
        errno = EPROTO;
        return false;
    }
    credentials->ids_agree = are_equal(ids);
    credentials->uid = ids[0];
    credentials->euid = ids[1];
    if (parse_ids(line_of(status, "Gid:"), ids, 4) != 4)
    {
        errno = EPROTO;
        return false;
    }
    credentials->ids_agree = credentials->ids_agree && are_equal(ids);
    credentials->gid = ids[0];
    credentials->egid = ids[1];
    const char *groups = line_of(status, "Groups:");
    credentials->group_count = parse_ids(groups, NULL, 0);
    if (credentials->group_count > 0)
    {
        credentials->groups = malloc((size_t)credentials->group_count * sizeof(gid_t));
        if (credentials->groups == NULL)
        {
            errno = ENOMEM;
            return false;
        }
        parse_ids(groups, credentials->groups, credentials->group_count);
    }
    credentials->is_known = true;
    return true;
}

static bool read_status(const char *path, struct credentials *credentials)
{
    char *status = read_text(path);
    const bool is_read = status != NULL && parse_status(status, credentials);
    free(status);
    return is_read;
}

void credentials_unknown(struct credentials *credentials)
{
    memset(credentials, 0, sizeof(*credentials));
    credentials->uid = (uid_t)-1;
    credentials->euid = (uid_t)-1;
    credentials->gid = (gid_t)-1;
    credentials->egid = (gid_t)-1;
}

void credentials_free(struct credentials *credentials)
{
    free(credentials->groups);
    credentials_unknown(credentials);
}

bool credentials_is_member(const struct credentials *credentials, const gid_t gid)
{
    if (gid == (gid_t)-1)
    {
        return false;
    }
    bool is_member = credentials->egid == gid;
    for (int i = 0; i < credentials->group_count && !is_member; i++)
    {
        is_member = credentials->groups[i] == gid;
    }
    return is_member;
}

void credentials_fill(const struct credentials *credentials, struct caps_cred *cred)
{
    memset(cred, 0, sizeof(*cred));
    cred->pid = credentials->pid;
    cred->uid = credentials->uid;
    cred->euid = credentials->euid;
    cred->gid = credentials->gid;
    cred->ngroups = credentials->group_count < CAPS_MAXGROUPS ? credentials->group_count : CAPS_MAXGROUPS;
    for (int i = 0; i < cred->ngroups; i++)
    {
        cred->groups[i] = credentials->groups[i];
    }
}

bool proc_self(struct credentials *credentials)
{
    return read_status("/proc/self/status", credentials);
}

/* Whether an error is none of the file's, and may pass. */
static bool is_shortage(const int error)
{
    return error == EMFILE || error == ENFILE || error == ENOMEM;
}

/* Length of the range of a map of ids in which an id is; 0 if it is in none. Where there is no map, there are no user
   namespaces. -1 with errno if the map cannot be read now. */
static int64_t mapped_count(const char *map_path, const uint32_t id)
{
    char *map = read_text(map_path);
    if (map == NULL)
    {
        return is_shortage(errno) ? -1 : (int64_t)ID_COUNT;
    }
    int64_t result = 0;
    for (const char *line = map; line != NULL && result == 0; line = strchr(line, '\n'))
    {
        unsigned long first;
        unsigned long count;
        line += *line == '\n';
        /* First id inside, first id outside, count. */
        if (sscanf(line, "%lu %*u %lu", &first, &count) == 2 && first <= id && id - first < count)
        {
            result = (int64_t)count;
        }
    }
    free(map);
    return result;
}

int proc_has_machine_ids(void)
{
    const int64_t uids = mapped_count("/proc/self/uid_map", 0);
    const int64_t gids = uids < 0 ? -1 : mapped_count("/proc/self/gid_map", 0);
    return gids < 0 ? -1 : uids == ID_COUNT && gids == ID_COUNT;
}

/* Whether an id of another process is not mapped in this user namespace: the kernel shows the overflow id for each such
   id. -1 with errno if that cannot be read now. */
static int is_unmapped(const uint32_t id, const char *map_path, const char *overflow_path)
{
    char *overflow = read_text(overflow_path);
    if (overflow == NULL)
    {
        return is_shortage(errno) ? -1 : 0;
    }
    const bool is_overflow = strtoul(overflow, NULL, 10) == id;
    free(overflow);
    const int64_t count = is_overflow ? mapped_count(map_path, id) : 1;
    return count < 0 ? -1 : count == 0;
}

bool proc_is_unknown_user(const uid_t uid)
{
    return is_unmapped(uid, "/proc/self/uid_map", "/proc/sys/kernel/overflowuid") == 1;
}

bool proc_credentials(const pid_t pid, struct credentials *credentials)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%ld/status", (long)pid);
    if (!read_status(path, credentials))
    {
        return false;
    }
    const int is_foreign_user = is_unmapped(
        credentials->euid, "/proc/self/uid_map", "/proc/sys/kernel/overflowuid");
    const int is_foreign = is_foreign_user != 0 ? is_foreign_user :
        is_unmapped(credentials->egid, "/proc/self/gid_map", "/proc/sys/kernel/overflowgid");
    if (is_foreign < 0)
    {
        return false;
    }
    if (is_foreign)
    {
        credentials_free(credentials);
    }
    else if (!credentials->ids_agree)
    {
        const pid_t own_pid = credentials->own_pid;
        const pid_t shown_pid = credentials->pid;
        credentials_free(credentials);
        credentials->is_known = true;
        credentials->pid = shown_pid;
        credentials->own_pid = own_pid;
    }
    return true;
}

bool proc_shows_own_namespace(void)
{
    char *status = read_text("/proc/self/status");
    const char *line = status == NULL ? NULL : line_of(status, "NSpid:");
    /* From the namespace of /proc down to the process's own; not there before Linux 4.1. */
    const bool is_own = status != NULL && (line == NULL || parse_ids(line, NULL, 0) == 1);
    free(status);
    return is_own;
}

void proc_locked_advice(const int error, const size_t length, char *text, const size_t size)
{
    struct rlimit limit;
    text[0] = 0;
    if (error != EAGAIN || getrlimit(RLIMIT_MEMLOCK, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
    {
        return;
    }
    char *status = read_text("/proc/self/status");
    const char *line = status == NULL ? NULL : line_of(status, "VmLck:");
    const uint64_t locked = line == NULL ? 0 : 1024 * strtoull(line, NULL, 10);
    free(status);
    if (locked != 0 && locked + length > limit.rlim_cur)
    {
        snprintf(text, size, ": this process locks its memory, has %" PRIu64 " bytes locked, and may lock %" PRIu64 ": "
            "raise RLIMIT_MEMLOCK (ulimit -l, systemd: LimitMEMLOCK=), call mlockall with MCL_ONFAULT, or use a "
            "smaller geometry", locked, (uint64_t)limit.rlim_cur);
    }
}

bool proc_start_ticks(int64_t *ticks)
{
    char *stat = read_text("/proc/self/stat");
    const char *field = stat == NULL ? NULL : strrchr(stat, ')');
    /* Field 22; the name in parentheses is field 2. */
    for (int i = 2; i < 22 && field != NULL; i++)
    {
        field = strchr(field + 1, ' ');
    }
    const bool is_found = field != NULL;
    if (is_found)
    {
        *ticks = strtoll(field, NULL, 10);
    }
    free(stat);
    return is_found;
}

bool proc_boot_id(int64_t bits[2])
{
    char *text = read_text("/proc/sys/kernel/random/boot_id");
    uint64_t words[2] = {0, 0};
    int digits = 0;
    for (const char *c = text; c != NULL && *c != 0 && digits < 32; c++)
    {
        const int value = *c >= '0' && *c <= '9' ? *c - '0' : *c >= 'a' && *c <= 'f' ? *c - 'a' + 10 : -1;
        if (value >= 0)
        {
            words[digits / 16] = words[digits / 16] << 4 | (uint64_t)value;
            digits++;
        }
    }
    free(text);
    bits[0] = (int64_t)words[0];
    bits[1] = (int64_t)words[1];
    return digits == 32;
}

/* Of this thread, not of the process: /proc/self shows no descriptors any more once the main thread has ended. */
static char *read_fdinfo(const int descriptor)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/thread-self/fdinfo/%d", descriptor);
    return read_text(path);
}

pid_t proc_followed_pid(const int pidfd)
{
    char *info = read_fdinfo(pidfd);
    const char *line = info == NULL ? NULL : line_of(info, "Pid:");
    const long pid = line == NULL ? 0 : strtol(line, NULL, 10);
    free(info);
    return pid > 0 ? (pid_t)pid : 0;
}

static bool lists_other_lock(const char *info, const int64_t own_position)
{
    for (const char *line = info; line != NULL; line = strchr(line, '\n'))
    {
        int64_t start;
        int64_t end;
        line += *line == '\n';
        /* "EOF" in place of the end leaves one number. */
        const int count = sscanf(line, "lock: %*[^:]: POSIX %*s %*s %*s %*[^:]:%*[^:]:%*s %" SCNd64 " %" SCNd64, &start,
            &end);
        if (count == 1 ||
            (count == 2 && !(start == end && (start == PROCESS_TABLES_POSITION || start == own_position))))
        {
            return true;
        }
    }
    return false;
}

int proc_has_other_locks(const dev_t dev, const ino_t ino, const int64_t own_position)
{
    DIR *descriptors = opendir("/proc/thread-self/fd");
    if (descriptors == NULL)
    {
        return -1;
    }
    int result = 0;
    struct dirent *entry;
    while (result == 0 && (entry = readdir(descriptors)) != NULL)
    {
        struct stat status;
        const int descriptor = entry->d_name[0] == '.' ? -1 : (int)strtol(entry->d_name, NULL, 10);
        if (descriptor >= 0 && fstat(descriptor, &status) == 0 && status.st_dev == dev && status.st_ino == ino)
        {
            char *info = read_fdinfo(descriptor);
            /* ENOENT: another thread has closed the descriptor just now. */
            result = info != NULL ? lists_other_lock(info, own_position) : errno == ENOENT ? 0 : -1;
            free(info);
        }
    }
    const int error = errno;
    closedir(descriptors);
    errno = error;
    return result;
}
