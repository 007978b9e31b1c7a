#define _GNU_SOURCE
#include <pthread.h>
#include "CSystem.h"
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

const uint32_t system_epoll_in = EPOLLIN;
const uint32_t system_epoll_out = EPOLLOUT;
const uint32_t system_epoll_rdhup = EPOLLRDHUP;
const uint32_t system_epoll_hup = EPOLLHUP;
const uint32_t system_epoll_err = EPOLLERR;
const uint32_t system_epoll_et = EPOLLET;

int system_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

static int control(int epoll, int operation, int descriptor, uint32_t events, uint64_t token) {
    struct epoll_event event = {.events = events, .data.u64 = token};
    return epoll_ctl(epoll, operation, descriptor, &event);
}

int system_epoll_add(int epoll, int descriptor, uint32_t events, uint64_t token) {
    return control(epoll, EPOLL_CTL_ADD, descriptor, events, token);
}

int system_epoll_modify(int epoll, int descriptor, uint32_t events, uint64_t token) {
    return control(epoll, EPOLL_CTL_MOD, descriptor, events, token);
}

int system_epoll_remove(int epoll, int descriptor) { return control(epoll, EPOLL_CTL_DEL, descriptor, 0, 0); }

int system_epoll_wait(int epoll, struct system_event *events, int capacity, int timeout_ms) {
    struct epoll_event batch[256];
    if (capacity > 256) capacity = 256;
    int count = epoll_wait(epoll, batch, capacity, timeout_ms);
    if (count < 0) return errno == EINTR ? 0 : -1;
    for (int i = 0; i < count; i++) {
        events[i].token = batch[i].data.u64;
        events[i].events = batch[i].events;
    }
    return count;
}

int system_eventfd_create(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

void system_eventfd_signal(int descriptor) {
    uint64_t one = 1;
    // EAGAIN means that the counter is full, so the reader will wake up anyway.
    while (write(descriptor, &one, sizeof one) < 0 && errno == EINTR) {}
}

void system_eventfd_clear(int descriptor) {
    uint64_t count;
    while (read(descriptor, &count, sizeof count) < 0 && errno == EINTR) {}
}

int system_start_writing(int file) { return sync_file_range(file, 0, 0, SYNC_FILE_RANGE_WRITE); }

int system_thread_start(pthread_t *thread, const char *name, void *(*body)(void *), void *argument) {
    sigset_t all, previous;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &previous);
    int code = pthread_create(thread, NULL, body, argument);
    pthread_sigmask(SIG_SETMASK, &previous, NULL);
    if (code != 0) {
        errno = code;
        return -1;
    }
    char kept[16] = {0};
    strncpy(kept, name, sizeof kept - 1);
    pthread_setname_np(*thread, kept);
    return 0;
}

static _Thread_local void *thread_value;
void *system_thread_value(void) { return thread_value; }
void system_thread_set_value(void *value) { thread_value = value; }

static _Thread_local void *thread_wakes;
void *system_thread_wakes(void) { return thread_wakes; }
void system_thread_set_wakes(void *wakes) { thread_wakes = wakes; }

uint64_t system_monotonic_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}
