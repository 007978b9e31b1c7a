// Sends HTTP requests over and over and says how that went, as one line of JSON.
//
//   load PORT CONNECTIONS closed SECONDS REQUEST       each connection sends the next when it has its answer
//   load PORT CONNECTIONS open SECONDS RATE REQUEST    RATE requests a second, whether or not answers come
//   load PORT CONNECTIONS once 0 REQUEST               each connection sends one
//
// REQUEST is a file with the bytes of whole requests, each behind its size in decimal and a line feed; they are sent in
// turn. In open mode a request's time runs from the moment at which it was due and not from when a connection was free for
// it, so that a server that stalls does not hide what waited meanwhile. Only replies with status 200 and a Content-Length
// count; 503 is counted as shed, anything else is an error.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { HEAD = 4096, CHUNK = 1 << 18, PATIENCE_S = 30 };

typedef struct {
    int fd;
    int busy;
    int64_t began;
    const char *unsent;
    size_t unsent_size;
    char head[HEAD];
    size_t head_filled;
    int in_body;
    int waits_to_send;
    enum { FAILED, SERVED, SHED } outcome;
    size_t left;
} Connection;

typedef struct {
    char *bytes;
    size_t size;
} Request;

static Request *requests;
static size_t request_count, next_request;
static Connection *all;
static int *idle, idle_count;
static uint32_t *latencies;
static size_t answered, capacity, errors, shed;
static uint64_t received;
static int epoll_fd;
static struct sockaddr_in address = {.sin_family = AF_INET};

static void die(const char *what) {
    perror(what);
    exit(1);
}

static int64_t now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

static void open_connection(int index) {
    Connection *c = &all[index];
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0) die("socket");
    c->waits_to_send = 0;
    if (connect(c->fd, (struct sockaddr *)&address, sizeof address) < 0) die("connect");
    int one = 1;
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)index};
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &event) < 0) die("epoll_ctl");
}

// Sends what the socket takes; the rest when it is ready again. -1: the connection is gone.
static int push(int index) {
    Connection *c = &all[index];
    while (c->unsent_size > 0) {
        ssize_t n = send(c->fd, c->unsent, c->unsent_size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno != EAGAIN) return -1;
        if (n < 0) break;
        c->unsent += n;
        c->unsent_size -= (size_t)n;
    }
    int waits = c->unsent_size > 0;
    if (waits != c->waits_to_send) {
        struct epoll_event event = {.events = EPOLLIN | (waits ? EPOLLOUT : 0), .data.u32 = (uint32_t)index};
        if (epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &event) < 0) die("epoll_ctl");
    }
    c->waits_to_send = waits;
    return 0;
}

static void start(int index, int64_t due) {
    Connection *c = &all[index];
    c->busy = 1;
    c->began = due;
    c->head_filled = 0;
    c->in_body = 0;
    Request *request = &requests[next_request++ % request_count];
    c->unsent = request->bytes;
    c->unsent_size = request->size;
    c->outcome = FAILED;
    // A connection that is gone shows when it is read.
    push(index);
}

static void read_requests(const char *path) {
    enum { MOST = 32 << 20 };
    FILE *file = fopen(path, "rb");
    if (!file) die(path);
    char *bytes = malloc(MOST);
    size_t size = fread(bytes, 1, MOST, file);
    fclose(file);
    for (char *start = bytes, *end = bytes + size; start < end;) {
        char *rest;
        size_t length = strtoul(start, &rest, 10);
        if (*rest != '\n' || length > (size_t)(end - rest - 1)) {
            fprintf(stderr, "%s: no size where one should be\n", path);
            exit(2);
        }
        requests = realloc(requests, (request_count + 1) * sizeof *requests);
        if (!requests) die("realloc");
        requests[request_count++] = (Request){rest + 1, length};
        start = rest + 1 + length;
    }
    if (request_count == 0) {
        fprintf(stderr, "no requests in %s\n", path);
        exit(2);
    }
}

static void finish(Connection *c) {
    c->busy = 0;
    if (c->outcome == SHED) {
        shed++;
        return;
    }
    if (c->outcome == FAILED) {
        if (errors++ == 0) fprintf(stderr, "first error: %.200s\n", c->head);
        return;
    }
    if (answered == capacity) {
        capacity = capacity ? capacity * 2 : 1 << 16;
        latencies = realloc(latencies, capacity * sizeof *latencies);
        if (!latencies) die("realloc");
    }
    latencies[answered++] = (uint32_t)(now_us() - c->began);
}

// Whether the connection is idle now; -1: it was closed.
static int take(Connection *c) {
    static char buffer[CHUNK];
    ssize_t n = recv(c->fd, buffer, CHUNK, MSG_DONTWAIT);
    if (n < 0) return errno == EAGAIN ? 0 : -1;
    if (n == 0) return -1;
    received += (uint64_t)n;
    if (!c->in_body) {
        size_t room = HEAD - 1 - c->head_filled;
        size_t taken = (size_t)n < room ? (size_t)n : room;
        memcpy(c->head + c->head_filled, buffer, taken);
        char *end = memmem(c->head, c->head_filled + taken, "\r\n\r\n", 4);
        if (!end) {
            c->head_filled += taken;
            return c->head_filled >= HEAD - 1 ? -1 : 0;
        }
        size_t head = (size_t)(end + 4 - c->head) - c->head_filled;
        end[2] = 0;
        if (strncmp(c->head, "HTTP/1.1 200", 12) == 0) c->outcome = SERVED;
        if (strncmp(c->head, "HTTP/1.1 503", 12) == 0) c->outcome = SHED;
        char *field = strcasestr(c->head, "\r\ncontent-length:");
        if (!field) return -1;
        c->left = strtoul(field + 17, NULL, 10);
        c->in_body = 1;
        n -= (ssize_t)head;
    }
    if ((size_t)n > c->left) return -1;
    c->left -= (size_t)n;
    if (c->left > 0) return 0;
    finish(c);
    return 1;
}

static int ascending(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static void report(double seconds) {
    qsort(latencies, answered, sizeof *latencies, ascending);
    double share[] = {0.5, 0.9, 0.99, 0.999};
    const char *names[] = {"p50_us", "p90_us", "p99_us", "p999_us"};
    printf("{\"answered\":%zu,\"shed\":%zu,\"errors\":%zu,\"seconds\":%.6f,\"bytes\":%llu", answered, shed, errors, seconds,
           (unsigned long long)received);
    for (int i = 0; i < 4; i++) {
        printf(",\"%s\":%u", names[i], answered ? latencies[(size_t)((double)(answered - 1) * share[i])] : 0);
    }
    printf(",\"max_us\":%u}\n", answered ? latencies[answered - 1] : 0);
}

int main(int count, char **words) {
    int is_open = count > 3 && strcmp(words[3], "open") == 0, is_once = count > 3 && strcmp(words[3], "once") == 0;
    if (count != (is_open ? 7 : 6)) {
        fprintf(stderr, "usage: load PORT CONNECTIONS closed|open|once SECONDS [RATE] REQUEST\n");
        return 2;
    }
    address.sin_port = htons((uint16_t)atoi(words[1]));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int connections = atoi(words[2]);
    double seconds = atof(words[4]), rate = is_open ? atof(words[5]) : 0;
    read_requests(words[count - 1]);
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    prctl(PR_SET_TIMERSLACK, 1);
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    all = calloc((size_t)connections, sizeof *all);
    idle = calloc((size_t)connections, sizeof *idle);
    for (int i = 0; i < connections; i++) open_connection(i);

    int64_t began = now_us(), end = began + (int64_t)(seconds * 1e6), last = began;
    uint64_t due_count = 0;
    int in_flight = 0;
    for (int i = 0; i < connections; i++) {
        if (is_open) {
            idle[idle_count++] = i;
        } else {
            start(i, now_us());
            in_flight++;
        }
    }
    struct epoll_event events[256];
    while (1) {
        int64_t now = now_us();
        int64_t wait = 1000000;
        if (is_open) {
            while (idle_count > 0) {
                int64_t due = began + (int64_t)((double)due_count * 1e6 / rate);
                if (due > now || due >= end) break;
                start(idle[--idle_count], due);
                due_count++;
                in_flight++;
            }
            int64_t due = began + (int64_t)((double)due_count * 1e6 / rate);
            if (idle_count > 0 && due < end) wait = due > now ? due - now : 0;
        }
        if (in_flight == 0 && (is_once || now >= end)) break;
        if (now - last > PATIENCE_S * 1000000LL) {
            errors += (size_t)in_flight;
            break;
        }
        // To the microsecond: a rounded millisecond would be noise in what is measured, and spinning takes the vendor's core.
        struct timespec pause = {wait / 1000000, wait % 1000000 * 1000};
        int n = epoll_pwait2(epoll_fd, events, 256, &pause, NULL);
        for (int i = 0; i < n; i++) {
            int index = (int)events[i].data.u32;
            Connection *c = &all[index];
            int state = events[i].events & EPOLLOUT ? push(index) : 0;
            if (state == 0 && events[i].events & ~EPOLLOUT) state = take(c);
            if (state == 0) continue;
            if (state < 0) {
                close(c->fd);
                if (c->busy) {
                    errors++;
                    in_flight--;
                }
                c->busy = 0;
                if (errors > 1000) {
                    fprintf(stderr, "too many errors\n");
                    report((double)(now_us() - began) / 1e6);
                    return 1;
                }
                open_connection(index);
                if (is_once) continue;
            } else {
                in_flight--;
                last = now_us();
            }
            if (is_open) {
                idle[idle_count++] = index;
            } else if (!is_once && now_us() < end) {
                start(index, now_us());
                in_flight++;
            }
        }
    }
    report((double)((is_once ? last : now_us()) - began) / 1e6);
    return 0;
}
