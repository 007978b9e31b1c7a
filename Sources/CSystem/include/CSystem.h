#pragma once

// What Swift's Glibc overlay lacks or imports in a shape that is awkward to use. Every function keeps its system call's
// convention: -1 and errno on failure.

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/types.h>

// The events of epoll_ctl(2); glibc declares them as an enum that Swift imports as a wrapper type.
extern const uint32_t system_epoll_in;
extern const uint32_t system_epoll_out;
extern const uint32_t system_epoll_rdhup;
extern const uint32_t system_epoll_hup;
extern const uint32_t system_epoll_err;
extern const uint32_t system_epoll_et;

// One event; epoll's own struct is packed and holds a union.
struct system_event {
    uint64_t token;
    uint32_t events;
};

int system_epoll_create(void);
int system_epoll_add(int epoll, int descriptor, uint32_t events, uint64_t token);
int system_epoll_modify(int epoll, int descriptor, uint32_t events, uint64_t token);
int system_epoll_remove(int epoll, int descriptor);
/// Waits for at most `capacity` (at most 256) events; an interrupted wait is 0 events.
int system_epoll_wait(int epoll, struct system_event *events, int capacity, int timeout_ms);

int system_eventfd_create(void);
void system_eventfd_signal(int descriptor);
void system_eventfd_clear(int descriptor);

/// Starts to move a file's dirty pages to the disk without waiting: sync_file_range(2), which Glibc's overlay hides.
int system_start_writing(int file);

/// Starts a joinable thread under `name` (at most 15 bytes are kept), with every signal blocked.
int system_thread_start(pthread_t *thread, const char *name, void *(*body)(void *), void *argument);

/// A pointer that belongs to the calling thread: Swift has no thread-local variables.
void *system_thread_value(void);
void system_thread_set_value(void *value);
/// A second one.
void *system_thread_wakes(void);
void system_thread_set_wakes(void *wakes);

/// CLOCK_MONOTONIC in nanoseconds.
uint64_t system_monotonic_ns(void);

// One end of a TCP connection. An IPv4 address, also one mapped into IPv6, is in the low 32 bits of `low`.
struct system_address {
    uint64_t high;
    uint64_t low;
    uint16_t port;
    uint8_t is_ipv4;
};

/// Binds a non-blocking listening socket with SO_REUSEPORT to a numeric IPv4 or IPv6 address; EINVAL for another host.
int system_listen(const char *host, uint16_t port, int backlog);
int system_local_address(int descriptor, struct system_address *address);
/// Accepts one connection, non-blocking and with TCP_NODELAY.
int system_accept(int listener, struct system_address *peer);
/// Writes the address as text, without the port.
void system_address_text(const struct system_address *address, char *text, size_t capacity);

/// send(2) without SIGPIPE; `more` announces that other bytes follow at once.
ssize_t system_send(int socket, const void *bytes, size_t length, int more);
/// Both buffers in one sendmsg(2), without SIGPIPE.
ssize_t system_send_two(int socket, const void *first, size_t first_length, const void *second, size_t second_length);
ssize_t system_sendfile(int socket, int file, int64_t offset, size_t length);

/// The current second as an IMF-fixdate (RFC 9110 section 5.6.7), 29 bytes; returns nanoseconds until the next second.
uint64_t system_http_date(char text[30]);

/// Raises RLIMIT_NOFILE's soft limit to the hard one and returns it, or -1.
int64_t system_raise_descriptor_limit(void);
/// Has writes to closed connections fail with EPIPE, and those beyond RLIMIT_FSIZE with EFBIG.
void system_ignore_write_signals(void);

/// memmem(3): the offset of `needle` in `bytes`, or -1.
int64_t system_find(const void *bytes, size_t length, const void *needle, size_t needle_length);
/// mkostemp(3) with O_CLOEXEC: opens a new file, mode 0600, and puts its name in the place of the `XXXXXX` in `path`.
int system_temporary_file(char *path);

/// Removes a directory with all that is in it; links are not followed.
int system_remove_tree(const char *path);

/* Processors that this process may run on, at least 1: what taskset and containers leave of the machine. */
int system_processor_count(void);

/* The environment; Swift cannot read the mutable global itself. */
char **system_environment(void);

/* Catches SIGHUP, SIGTERM and SIGINT from now on; 0, or -1 with errno. A handler may only do what is safe in one, so
   it notes the number in a pipe. */
int system_catch_signals(void);

/* Waits for the next caught signal and returns its number; -1 when that is not possible. */
int system_next_signal(void);

// A terminal's cells, and its pixels where it tells them, else 0.
struct system_terminal {
    uint16_t columns;
    uint16_t rows;
    uint16_t width;
    uint16_t height;
};

int system_terminal_size(int descriptor, struct system_terminal *size);
/// Whether what is typed shows.
int system_terminal_set_echo(int descriptor, int is_on);
/// Writes `question` and reads the terminal's own answer up to `end`, waiting at most so long for each byte; the length
/// of what came, or -1. The terminal is left in the mode it was in.
ssize_t system_terminal_ask(int descriptor, const char *question, char end, char *answer, size_t capacity, int timeout_ms);
