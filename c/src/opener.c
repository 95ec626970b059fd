/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Finds a region or makes it, in the order of io.jcaps.shm.file.RegionOpener, which keeps newcomers of both libraries
 * together:
 *
 * 1. The lock file is made first, under a private name, and gets its own by link(), which fails if there is one. It is
 *    never replaced as long as there is a region.
 * 2. A process that holds the tables' lock on it, and finds no region, makes one under a private name, complete, and
 *    gives it its name by link() again. No process sees half a region.
 * 3. A process that finds a region attaches, without any lock, and without ever making a lock file: a region without
 *    one lost it, and another in its place would show all processes in the region as dead.
 *
 * A creator that dies leaves at most its private file, or, of the Java library, a private directory with that file: the
 * next holder of the tables' lock removes them. A region of an earlier boot is removed and made again, under the
 * tables' lock, if the kernel reports that no process holds a life lock.
 */
#include "clock.h"
#include "descriptors.h"
#include "directory.h"
#include "fail.h"
#include "header.h"
#include "proc.h"
#include "region.h"
#include "words.h"
#include "zeros.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#define LOCK_SUFFIX ".lock"
#define PRIVATE_SUFFIX ".tmp"
#define PRIVATE_DIGITS 16
#define ATTACH_TIMEOUT_NS INT64_C(5000000000)
#define PAUSE_NS INT64_C(1000000)
#define NAME_BUFFER_LENGTH 4096
/* Linux goes on with the listing of a tmpfs as long as files are made or renamed there, so a member of the group could
   keep it from ending. */
#define MAX_ENTRIES 20000

enum attempt
{
    ATTEMPT_OPENED,
    ATTEMPT_AGAIN, /* something changed in the meantime: try again */
    ATTEMPT_FAILED /* errno and the reason are set */
};

struct opener
{
    struct region *region;
    struct directory directory;
    char *directory_path;
    const char *name; /* of the file in its directory */
    const char *lock_name;
    struct geometry geometry;
    bool create_if_missing;
    bool has_boot_id;
    int64_t boot_id[2];
    bool has_made_lock_file;
    bool has_tidied;
};

static bool is_plain_name(const char *name)
{
    for (const char *c = name; *c != 0; c++)
    {
        const bool is_letter = (*c >= 'A' && *c <= 'Z') || (*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') ||
            *c == '_';
        if (!is_letter && (c == name || (*c != '.' && *c != '-')))
        {
            return false;
        }
    }
    return *name != 0;
}

char *region_path(const char *path)
{
    char *text = NULL;
    /* A set-user-id program must not follow its caller's environment. */
    const char *given = path != NULL ? path : secure_getenv("CAPS_REGION");
    if (given != NULL && *given != 0)
    {
        if (*given == '/')
        {
            return strdup(given);
        }
        char *working = getcwd(NULL, 0);
        if (working != NULL && asprintf(&text, "%s/%s", working, given) < 0)
        {
            text = NULL;
        }
        free(working);
        return text;
    }
    struct stat status;
    const bool has_memory = stat("/dev/shm", &status) == 0 && S_ISDIR(status.st_mode);
    const char *parent = has_memory ? "/dev/shm" : "/tmp";
    /* The name only keeps users apart, by the rules of Java's user.name; the kernel reports who owns the directory.
       Other threads of the program may look up users as well. */
    char buffer[NAME_BUFFER_LENGTH];
    struct passwd entry;
    struct passwd *user = NULL;
    const int error = getpwuid_r(getuid(), &entry, buffer, sizeof(buffer), &user);
    if (error == EMFILE || error == ENFILE || error == ENOMEM || error == EIO)
    {
        /* There may be a name: without it this process would look for another region than the user's others. */
        errno = error;
        return NULL;
    }
    const int length = user != NULL && user->pw_name != NULL && is_plain_name(user->pw_name) ?
        asprintf(&text, "%s/jcaps-%s/default", parent, user->pw_name) :
        asprintf(&text, "%s/jcaps-%u/default", parent, geteuid());
    return length < 0 ? NULL : text;
}

static enum attempt failed(const int error, const char *what, const char *path)
{
    fail_with(error, "%s %s: %s", what, path, error == EACCES ? "permission denied" : strerror(error));
    return ATTEMPT_FAILED;
}

static bool look(const struct opener *opener, const char *name, struct stat *status)
{
    return fstatat(opener->directory.descriptor, name, status, AT_SYMLINK_NOFOLLOW) == 0;
}

/* An open without waiting failed with an errno, which is EWOULDBLOCK for a file on which a program has a lease. */
static enum attempt open_failed(const struct opener *opener, const int error, const char *what, const char *name)
{
    const char *path = name == opener->name ? opener->region->path : opener->region->lock_path;
    struct stat status;
    if (error != EWOULDBLOCK || !look(opener, name, &status))
    {
        return failed(error, what, path);
    }
    fail_with(EACCES, "%s %s: a program of uid %u or of root has a lease on it, which no CAPS program takes: end the "
        "program that /proc/locks shows with a LEASE on inode %ju, or use a region of users that you trust", what, path,
        status.st_uid, (uintmax_t)status.st_ino);
    return ATTEMPT_FAILED;
}

static bool is_same_file(const struct stat *one, const struct stat *other)
{
    return one->st_dev == other->st_dev && one->st_ino == other->st_ino;
}

static bool is_private_name(const struct opener *opener, const char *name)
{
    const size_t length = strlen(opener->name);
    if (strncmp(name, opener->name, length) != 0 || name[length] != '~')
    {
        return false;
    }
    const char *digits = name + length + 1;
    return strspn(digits, "0123456789abcdef") == PRIVATE_DIGITS && strcmp(digits + PRIVATE_DIGITS, PRIVATE_SUFFIX) == 0;
}

static char *new_private_name(const struct opener *opener)
{
    uint64_t number = 0;
    if (getrandom(&number, sizeof(number), 0) != sizeof(number))
    {
        number = (uint64_t)now_ns() ^ (uint64_t)getpid() << 40;
    }
    char *name = NULL;
    return asprintf(&name, "%s~%016" PRIx64 PRIVATE_SUFFIX, opener->name, number) < 0 ? NULL : name;
}

/* The next entry of a directory; null at its end, and after MAX_ENTRIES. */
static struct dirent *next_entry(DIR *directory, int *count)
{
    return directory == NULL || ++*count > MAX_ENTRIES ? NULL : readdir(directory);
}

/* The directory, to be listed; null if it cannot be. */
static DIR *open_listing(const int parent, const char *name)
{
    const int descriptor = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *directory = descriptor < 0 ? NULL : fdopendir(descriptor);
    if (directory == NULL && descriptor >= 0)
    {
        close(descriptor);
    }
    return directory;
}

/* Whether a name is that of a file in a private directory of the Java library. */
static bool is_private_file_name(const char *name)
{
    return strspn(name, "0123456789abcdef") == PRIVATE_DIGITS && name[PRIVATE_DIGITS] == 0;
}

/* The Java library makes its file in a private directory, which stays if its creator dies: removes the files that it
   made there, and the directory if nothing else is in it. */
static void remove_private_directory(const int parent, const char *name)
{
    DIR *directory = open_listing(parent, name);
    if (directory == NULL)
    {
        return;
    }
    int count = 0;
    for (struct dirent *entry; (entry = next_entry(directory, &count)) != NULL;)
    {
        if (is_private_file_name(entry->d_name))
        {
            unlinkat(dirfd(directory), entry->d_name, 0);
        }
    }
    closedir(directory);
    unlinkat(parent, name, AT_REMOVEDIR);
}

/* Under the tables' lock, which every living creator holds, so their creators are dead. Another user's files stay: only
   that user can remove them. */
static void remove_private_files(const struct opener *opener)
{
    DIR *directory = open_listing(opener->directory.descriptor, ".");
    int count = 0;
    for (struct dirent *entry; (entry = next_entry(directory, &count)) != NULL;)
    {
        struct stat status;
        if (!is_private_name(opener, entry->d_name) ||
            fstatat(dirfd(directory), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        {
            continue;
        }
        if (S_ISREG(status.st_mode))
        {
            unlinkat(dirfd(directory), entry->d_name, 0);
        }
        else if (S_ISDIR(status.st_mode))
        {
            remove_private_directory(dirfd(directory), entry->d_name);
        }
    }
    if (directory != NULL)
    {
        closedir(directory);
    }
}

/* A directory that cannot be listed shows none. */
static bool is_any_private_left(const struct opener *opener)
{
    bool is_any = false;
    DIR *directory = open_listing(opener->directory.descriptor, ".");
    int count = 0;
    for (struct dirent *entry; !is_any && (entry = next_entry(directory, &count)) != NULL;)
    {
        is_any = is_private_name(opener, entry->d_name);
    }
    if (directory != NULL)
    {
        closedir(directory);
    }
    return is_any;
}

static bool lock_tables(const struct region *region, const int64_t timeout_ns)
{
    const int64_t deadline = deadline_after(timeout_ns);
    while (!byte_lock(&region->locks, PROCESS_TABLES_POSITION))
    {
        if (now_ns() >= deadline)
        {
            return false;
        }
        pause_ns(PAUSE_NS / 10);
    }
    return true;
}

static bool is_anyone_alive(const struct region *region)
{
    return byte_holder(&region->locks, PROCESS_MIN_LIFE_POSITION, 0) != 0;
}

static bool may_create(const struct opener *opener)
{
    if (!opener->create_if_missing)
    {
        fail_with(ENOENT, "no region: %s does not exist: start the program that creates it", opener->region->path);
    }
    return opener->create_if_missing;
}

/*
 * Gives a private file its name, which fails if there is one. Another user who can write to the directory can have put
 * another file in the place of the private name: that file then has the name, which this user could have had without
 * us, too. It is neither used as ours nor removed, since by now the name may be another file's: the next attempt treats
 * it as made by another process. If another process was faster, the result is to try again, too.
 */
static enum attempt publish(
    const struct opener *opener, const char *private_name, const struct stat *made, const char *name)
{
    const int directory = opener->directory.descriptor;
    struct stat found;
    if (linkat(directory, private_name, directory, name, 0) != 0)
    {
        return errno == EEXIST || errno == ENOENT ? ATTEMPT_AGAIN : failed(errno, "cannot make",
            name == opener->name ? opener->region->path : opener->region->lock_path);
    }
    return look(opener, name, &found) && is_same_file(&found, made) ? ATTEMPT_OPENED : ATTEMPT_AGAIN;
}

/* A new file that only its owner can open. Its descriptor, or -1 with errno. */
static int create_private(const struct opener *opener, const char *name)
{
    return name == NULL ? -1 : openat(
        opener->directory.descriptor, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

static enum attempt make_lock_file(struct opener *opener)
{
    const char *lock_path = opener->region->lock_path;
    char *name = new_private_name(opener);
    const int descriptor = create_private(opener, name);
    if (descriptor < 0)
    {
        const int error = name == NULL ? ENOMEM : errno;
        free(name);
        return failed(error, "cannot make", lock_path);
    }
    enum attempt result = ATTEMPT_FAILED;
    struct stat made;
    const bool has_mode = directory_set_mode(&opener->directory, descriptor) == 0 && fstat(descriptor, &made) == 0;
    /* Closed before it has its name: closing it later would drop this process's locks. */
    close(descriptor);
    if (has_mode)
    {
        result = publish(opener, name, &made, opener->lock_name);
        if (result == ATTEMPT_OPENED)
        {
            opener->has_made_lock_file = true;
            result = ATTEMPT_AGAIN;
        }
    }
    const int error = errno;
    unlinkat(opener->directory.descriptor, name, 0);
    free(name);
    errno = error;
    return result;
}

/* Opens the region's file if it is the one that was found. */
static enum attempt open_file(struct opener *opener, const struct stat *found, int *descriptor)
{
    *descriptor = openat(opener->directory.descriptor, opener->name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (*descriptor < 0)
    {
        return errno == ENOENT ? ATTEMPT_AGAIN :
            open_failed(opener, errno, "region cannot be opened:", opener->name);
    }
    struct stat status;
    if (fstat(*descriptor, &status) != 0 || !is_same_file(&status, found))
    {
        close(*descriptor);
        return ATTEMPT_AGAIN;
    }
    return ATTEMPT_OPENED;
}

/* Reads and checks the header of an open file, from a copy: nothing is mapped before its length is known. */
static int read_header(
    const struct opener *opener, const int descriptor, struct geometry *geometry, uint8_t *header)
{
    struct stat status;
    size_t length = 0;
    if (fstat(descriptor, &status) != 0)
    {
        return fail_with(errno, "region %s cannot be looked at: %s", opener->region->path, strerror(errno));
    }
    memset(header, 0, REGION_HEADER_LENGTH);
    while (length < REGION_HEADER_LENGTH)
    {
        const ssize_t count = pread(descriptor, header + length, REGION_HEADER_LENGTH - length, (off_t)length);
        if (count == 0)
        {
            break;
        }
        if (count < 0 && errno != EINTR)
        {
            return fail_with(errno, "region %s cannot be read: %s", opener->region->path, strerror(errno));
        }
        length += count > 0 ? (size_t)count : 0;
    }
    return header_check(header, status.st_size, opener->region->path, geometry);
}

static bool is_stale(const struct opener *opener, const uint8_t *header)
{
    const int64_t high = get_long(header, REGION_BOOT_ID_OFFSET);
    const int64_t low = get_long(header, REGION_BOOT_ID_OFFSET + 8);
    return opener->has_boot_id && (high != 0 || low != 0) && (high != opener->boot_id[0] || low != opener->boot_id[1]);
}

/* Uses an open file as the region. */
static enum attempt adopt(struct opener *opener, const int descriptor, const struct geometry *geometry, uint8_t *tables)
{
    struct region *region = opener->region;
    struct stat status;
    region->links = calloc((size_t)geometry->link_count, sizeof(uint8_t *));
    if (region->links == NULL || fstat(descriptor, &status) != 0)
    {
        return failed(region->links == NULL ? ENOMEM : errno, "cannot use", region->path);
    }
    region->geometry = *geometry;
    region->descriptor = descriptor_keep_high(descriptor);
    region->dev = status.st_dev;
    region->ino = status.st_ino;
    region->tables = tables;
    region_advise(region, tables, geometry->tables_length);
    region->region_id = get_long(tables, REGION_REGION_ID_OFFSET);
    return ATTEMPT_OPENED;
}

/* Attaches to the file that was found; ATTEMPT_AGAIN if it is gone. */
static enum attempt attach(struct opener *opener, const struct stat *found, bool *is_of_earlier_boot)
{
    struct region *region = opener->region;
    int descriptor;
    enum attempt result = open_file(opener, found, &descriptor);
    if (result != ATTEMPT_OPENED)
    {
        return result;
    }
    struct geometry geometry;
    _Alignas(8) uint8_t header[REGION_HEADER_LENGTH];
    struct stat now;
    result = ATTEMPT_AGAIN;
    if (read_header(opener, descriptor, &geometry, header) != 0)
    {
        result = ATTEMPT_FAILED;
    }
    else if (is_stale(opener, header))
    {
        *is_of_earlier_boot = true;
    }
    else if (look(opener, opener->name, &now) && is_same_file(&now, found) &&
        lock_file_is_at(&region->locks, opener->directory.descriptor, opener->lock_name))
    {
        uint8_t *tables = region_map(descriptor, 0, geometry.tables_length);
        if (tables == NULL)
        {
            const int error = errno;
            char advice[ADVICE_SIZE];
            proc_locked_advice(error, geometry.tables_length, advice, sizeof(advice));
            fail_with(error, "cannot map %s: %s%s", region->path, strerror(error), advice);
            result = ATTEMPT_FAILED;
        }
        else
        {
            /* The lock file that is held must be the one that those in this region hold. */
            const int64_t inode = get_long(tables, REGION_LOCK_INODE_OFFSET);
            result = inode == (int64_t)region->locks.ino ? adopt(opener, descriptor, &geometry, tables) :
                ATTEMPT_FAILED;
            if (inode != (int64_t)region->locks.ino)
            {
                fail_with(EPROTO, "the lock file is not this region's: %s is inode %ju, the region's was %" PRId64
                    ". It was replaced, so it is not known which processes use %s: end them all, then "
                    "remove both files", region->lock_path, (uintmax_t)region->locks.ino, inode, region->path);
            }
            if (result == ATTEMPT_FAILED)
            {
                munmap(tables, geometry.tables_length);
            }
        }
    }
    if (result != ATTEMPT_OPENED)
    {
        const int error = errno;
        close(descriptor);
        errno = error;
    }
    return result;
}

/* Fails with what is wrong with a file that has no lock file beside it; ATTEMPT_AGAIN if it changed in the meantime. */
static enum attempt refuse_without_lock_file(struct opener *opener, const struct stat *found)
{
    const struct region *region = opener->region;
    int descriptor;
    struct geometry geometry;
    _Alignas(8) uint8_t header[REGION_HEADER_LENGTH];
    if (directory_check_file(&opener->directory, found, region->path) != 0)
    {
        return ATTEMPT_FAILED;
    }
    const enum attempt result = open_file(opener, found, &descriptor);
    if (result != ATTEMPT_OPENED)
    {
        return result;
    }
    /* A file that is no region is reported as such: this library must not advise to remove it. */
    const int check = read_header(opener, descriptor, &geometry, header);
    const int error = errno;
    close(descriptor);
    errno = error;
    if (check != 0)
    {
        return ATTEMPT_FAILED;
    }
    struct stat now;
    struct stat lock;
    if (look(opener, opener->name, &now) && is_same_file(&now, found) && !look(opener, opener->lock_name, &lock))
    {
        fail_with(EPROTO, "region without its lock file: %s was removed, so it is not known which processes use "
            "%s: end all programs that use it, then remove it", region->lock_path, region->path);
        return ATTEMPT_FAILED;
    }
    return ATTEMPT_AGAIN;
}

/* Fills a new file: length, memory for header and tables, header. */
static uint8_t *fill(const struct opener *opener, const int descriptor)
{
    const struct geometry *geometry = &opener->geometry;
    int64_t region_id = 0;
    const int64_t no_boot[2] = {0, 0};
    /* A zero at the end gives the file its length, with nothing but holes before it. The zeros written to the tables
       are what keeps a store to them from finding no page. */
    if (getrandom(&region_id, sizeof(region_id), 0) != sizeof(region_id) ||
        !zeros_write(descriptor, geometry->file_length - 1, 1) ||
        !zeros_write(descriptor, 0, geometry->tables_length))
    {
        return NULL;
    }
    uint8_t *tables = region_map(descriptor, 0, geometry->tables_length);
    if (tables != NULL)
    {
        header_write(tables, geometry, region_id, opener->has_boot_id ? opener->boot_id : no_boot, now_ms(),
            (int64_t)opener->region->locks.ino);
    }
    return tables;
}

/* Under the tables' lock: makes a region; ATTEMPT_AGAIN if another is there. */
static enum attempt create(struct opener *opener)
{
    struct region *region = opener->region;
    char *name = new_private_name(opener);
    const int descriptor = create_private(opener, name);
    if (descriptor < 0)
    {
        const int error = name == NULL ? ENOMEM : errno;
        free(name);
        return failed(error, "cannot make", region->path);
    }
    enum attempt result = ATTEMPT_FAILED;
    uint8_t *tables = NULL;
    struct stat made;
    if (directory_set_mode(&opener->directory, descriptor) == 0 && fstat(descriptor, &made) == 0)
    {
        tables = fill(opener, descriptor);
        if (tables == NULL)
        {
            const int error = errno;
            char advice[ADVICE_SIZE];
            proc_locked_advice(error, opener->geometry.tables_length, advice, sizeof(advice));
            fail_with(error, "region %s cannot be made: %zu bytes of memory for its tables, in a file of %" PRId64
                " bytes: %s%s", region->path, opener->geometry.tables_length, opener->geometry.file_length,
                    strerror(error), advice);
        }
        else
        {
            result = publish(opener, name, &made, opener->name);
            if (result == ATTEMPT_OPENED)
            {
                result = adopt(opener, descriptor, &opener->geometry, tables);
            }
        }
    }
    const int error = errno;
    unlinkat(opener->directory.descriptor, name, 0);
    free(name);
    if (result != ATTEMPT_OPENED)
    {
        if (tables != NULL)
        {
            munmap(tables, opener->geometry.tables_length);
        }
        close(descriptor);
    }
    errno = error;
    return result;
}

/* Under the tables' lock: removes a region of an earlier boot, which no process uses. */
static enum attempt remove_stale(struct opener *opener, const struct stat *found)
{
    const struct region *region = opener->region;
    int descriptor;
    struct geometry geometry;
    _Alignas(8) uint8_t header[REGION_HEADER_LENGTH];
    if (directory_check_file(&opener->directory, found, region->path) != 0)
    {
        return ATTEMPT_FAILED;
    }
    const enum attempt result = open_file(opener, found, &descriptor);
    if (result != ATTEMPT_OPENED)
    {
        return result;
    }
    const int check = read_header(opener, descriptor, &geometry, header);
    const int error = errno;
    close(descriptor);
    errno = error;
    if (check != 0)
    {
        return ATTEMPT_FAILED;
    }
    if (!is_stale(opener, header))
    {
        return ATTEMPT_AGAIN;
    }
    if (!may_create(opener))
    {
        return ATTEMPT_FAILED;
    }
    if (is_anyone_alive(region))
    {
        fail_with(EBUSY, "region %s is of an earlier boot, and yet a process uses it: is it shared with another "
            "machine? "
            "Use another path", region->path);
        return ATTEMPT_FAILED;
    }
    /* A user can have removed both files since, and another process have made them anew, under another lock file: that
       region is in use. */
    struct stat now;
    if (!look(opener, opener->name, &now) || !is_same_file(&now, found))
    {
        return ATTEMPT_AGAIN;
    }
    if (unlinkat(opener->directory.descriptor, opener->name, 0) != 0 && errno != ENOENT)
    {
        return failed(errno, "cannot remove", region->path);
    }
    return ATTEMPT_OPENED;
}

/* Under the tables' lock. */
static enum attempt replace_or_create(struct opener *opener)
{
    const struct region *region = opener->region;
    struct stat found;
    enum attempt result = ATTEMPT_OPENED;
    remove_private_files(opener);
    if (look(opener, opener->name, &found))
    {
        result = remove_stale(opener, &found);
    }
    if (result == ATTEMPT_OPENED)
    {
        result = create(opener);
    }
    /* The attempt failed: the lock file that it made is removed, too. Processes that wait for its lock find that
       another file, or none, is at the path. */
    if (result != ATTEMPT_OPENED && opener->has_made_lock_file && !look(opener, opener->name, &found) &&
        !is_anyone_alive(region))
    {
        const int error = errno;
        unlinkat(opener->directory.descriptor, opener->lock_name, 0);
        errno = error;
    }
    return result;
}

static enum attempt open_locks(struct opener *opener)
{
    struct region *region = opener->region;
    switch (lock_file_open(&region->locks, opener->directory.descriptor, opener->lock_name))
    {
        case LOCK_FILE_OPEN:
            return ATTEMPT_OPENED;
        case LOCK_FILE_GONE:
            return ATTEMPT_AGAIN;
        case LOCK_FILE_FOREIGN:
            fail_with(EBUSY, "another CAPS library of this process, such as the Java one, uses %s: one library per "
                "process "
                "and region", region->path);
            return ATTEMPT_FAILED;
        default:
            return open_failed(opener, errno, "lock file cannot be opened:", opener->lock_name);
    }
}

static enum attempt attempt(struct opener *opener)
{
    struct region *region = opener->region;
    struct stat found;
    struct stat found_lock;
    const bool is_found = look(opener, opener->name, &found);
    if (!look(opener, opener->lock_name, &found_lock))
    {
        return is_found ? refuse_without_lock_file(opener, &found) :
            may_create(opener) ? make_lock_file(opener) : ATTEMPT_FAILED;
    }
    if ((is_found && directory_check_file(&opener->directory, &found, region->path) != 0) ||
        directory_check_file(&opener->directory, &found_lock, region->lock_path) != 0)
    {
        return ATTEMPT_FAILED;
    }
    const enum attempt has_locks = open_locks(opener);
    if (has_locks != ATTEMPT_OPENED)
    {
        return has_locks;
    }
    if (is_found && !opener->has_tidied && (found.st_nlink > 1 || is_any_private_left(opener)) &&
        lock_tables(region, 0))
    {
        /* Its creator may have died before it removed the private name, which would keep the memory for ever, or the
           directory of that. */
        remove_private_files(opener);
        opener->has_tidied = true;
        byte_unlock(&region->locks, PROCESS_TABLES_POSITION);
    }
    bool is_of_earlier_boot = false;
    if (is_found)
    {
        const enum attempt result = attach(opener, &found, &is_of_earlier_boot);
        if (result != ATTEMPT_AGAIN)
        {
            return result;
        }
    }
    if (!look(opener, opener->name, &found) && !may_create(opener))
    {
        return ATTEMPT_FAILED;
    }
    if (!lock_tables(region, ATTACH_TIMEOUT_NS))
    {
        const pid_t holder = byte_holder(&region->locks, PROCESS_TABLES_POSITION, 1);
        fail_with(ETIMEDOUT, "region %s cannot be made: the tables' lock on %s was not free for 5 s; process %ld has "
            "it: "
            "is it stopped? Are there file locks on this file system?", region->path, region->lock_path, (long)holder);
        return ATTEMPT_FAILED;
    }
    /* What is made from here on counts only if newcomers find this very lock file. */
    const enum attempt result = lock_file_is_at(&region->locks, opener->directory.descriptor, opener->lock_name) ?
        replace_or_create(opener) : ATTEMPT_AGAIN;
    byte_unlock(&region->locks, PROCESS_TABLES_POSITION);
    return result;
}

static int check_path(const char *path)
{
    const char *name = strrchr(path, '/') + 1;
    const size_t length = strlen(name);
    if (length == 0 || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
    {
        return fail_with(EINVAL, "path must name a file in a directory: path=%s", path);
    }
    if (length >= strlen(LOCK_SUFFIX) && strcmp(name + length - strlen(LOCK_SUFFIX), LOCK_SUFFIX) == 0)
    {
        return fail_with(EINVAL, "path must not end in " LOCK_SUFFIX ", the lock files' own ending: path=%s", path);
    }
    return 0;
}

static int prepare(struct opener *opener, const int flags, const struct caps_geometry *given)
{
    static const struct caps_geometry usual = CAPS_GEOMETRY_INIT;
    const struct caps_geometry *geometry = given == NULL ? &usual : given;
    const char *wrong = geometry_init(&opener->geometry, geometry->process_count, geometry->port_count,
        geometry->link_count, geometry->slot_count, geometry->message_limit);
    if (wrong != NULL)
    {
        return fail_with(EINVAL, "geometry: %s is out of range", wrong);
    }
    const char *slash = strrchr(opener->region->path, '/');
    opener->name = slash + 1;
    /* Without the slashes at its end: they would have a link in the directory's place followed before it is checked. */
    size_t directory_length = (size_t)(slash - opener->region->path);
    while (directory_length > 1 && opener->region->path[directory_length - 1] == '/')
    {
        directory_length--;
    }
    opener->directory_path = strndup(opener->region->path, directory_length == 0 ? 1 : directory_length);
    if (opener->directory_path == NULL || asprintf(&opener->region->lock_path, "%s" LOCK_SUFFIX,
        opener->region->path) < 0)
    {
        return fail(ENOMEM, "no memory");
    }
    opener->lock_name = strrchr(opener->region->lock_path, '/') + 1;
    opener->region->has_huge_pages = (flags & CAPS_OPEN_HUGE_PAGES) != 0;
    opener->create_if_missing = (flags & CAPS_OPEN_NOCREATE) == 0;
    opener->has_boot_id = proc_boot_id(opener->boot_id);
    const enum access access = (flags & CAPS_OPEN_WORLD) != 0 ? ACCESS_WORLD :
        (flags & CAPS_OPEN_GROUP) != 0 ? ACCESS_GROUP : ACCESS_PRIVATE;
    return directory_open(&opener->directory, opener->directory_path, access, opener->create_if_missing);
}

int region_open(struct region *region, const char *path, const int flags, const struct caps_geometry *geometry)
{
    struct opener opener = {.region = region, .directory = {.descriptor = -1}};
    memset(region, 0, sizeof(*region));
    region->descriptor = -1;
    region->locks.descriptor = -1;
    region->path = region_path(path);
    if (region->path == NULL)
    {
        return fail_with(errno, "the region's path cannot be found out: %s", strerror(errno));
    }
    enum attempt result = check_path(region->path) == 0 && prepare(&opener, flags, geometry) == 0 ?
        ATTEMPT_AGAIN : ATTEMPT_FAILED;
    const int64_t deadline = deadline_after(ATTACH_TIMEOUT_NS);
    while (result == ATTEMPT_AGAIN)
    {
        result = attempt(&opener);
        if (result == ATTEMPT_AGAIN)
        {
            lock_file_close(&region->locks);
            if (now_ns() > deadline)
            {
                fail_with(ETIMEDOUT, "no region: %s or its lock file was removed or replaced again and again for 5 s",
                    region->path);
                result = ATTEMPT_FAILED;
            }
            else
            {
                pause_ns(PAUSE_NS);
            }
        }
    }
    directory_close(&opener.directory);
    free(opener.directory_path);
    if (result == ATTEMPT_FAILED)
    {
        const int error = errno;
        region_close(region);
        errno = error;
        return -1;
    }
    return 0;
}
