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

/// CLOCK_MONOTONIC in nanoseconds.
uint64_t system_monotonic_ns(void);
