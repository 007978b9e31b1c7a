// A vendor that costs next to nothing: answers every POST in the shape of OpenAI's image generations.
//
//   mock_vendor SMALL.png LARGE.png HOLD_MS
//
// prints its port and serves until it is killed, on one thread. The path decides: one that contains "/large/" is answered
// with the large picture, "/held/" with the small one after HOLD_MS, any other with the small one at once.
//
// Every reply carries a different picture: a gateway that stores by content would else write only one. For that each file
// must have, right behind its 33 bytes of signature and IHDR, a tEXt chunk of 36 bytes ("Comment", NUL, 16 digits). Both
// numbers are multiples of three, so that only 48 characters of base64 change.

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
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    CHUNK_AT = 33,
    CHUNK_SIZE = 36,
    CHUNK_DIGITS_AT = 16,
    CHUNK_CRC_AT = 32,
    BUFFER = 65536,
    DESCRIPTORS = 65536,
    HEAD_LIMIT = 512,
};

// One reply, whole but for the head and the changing chunk.
typedef struct {
    char *body;
    size_t size;
    size_t chunk_at;
    char head[HEAD_LIMIT];
    size_t head_size;
    unsigned char chunk[CHUNK_SIZE];
} Reply;

typedef struct Connection {
    int fd;
    char in[BUFFER];
    size_t filled;
    // Bytes of a body that are still to come and are not looked at.
    size_t skipping;
    const Reply *reply;
    char chunk[CHUNK_SIZE / 3 * 4];
    size_t sent;
    int64_t due;
    struct Connection *next;
} Connection;

static Reply small, large;
static Connection *connections[DESCRIPTORS];
// Held requests, the first due first: all wait equally long.
static Connection *first_held, *last_held;
static int64_t hold_ms;
static uint64_t serial;
static uint32_t crc_table[256];
static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void die(const char *what) {
    perror(what);
    exit(1);
}

static int64_t now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static uint32_t crc32_of(const unsigned char *bytes, size_t count) {
    uint32_t crc = ~0u;
    for (size_t i = 0; i < count; i++) crc = crc_table[(crc ^ bytes[i]) & 255] ^ (crc >> 8);
    return ~crc;
}

static char *encode(char *to, const unsigned char *from, size_t count) {
    for (; count >= 3; from += 3, count -= 3) {
        uint32_t bits = (uint32_t)from[0] << 16 | (uint32_t)from[1] << 8 | from[2];
        *to++ = alphabet[bits >> 18];
        *to++ = alphabet[bits >> 12 & 63];
        *to++ = alphabet[bits >> 6 & 63];
        *to++ = alphabet[bits & 63];
    }
    if (count > 0) {
        uint32_t bits = (uint32_t)from[0] << 16 | (count > 1 ? (uint32_t)from[1] << 8 : 0);
        *to++ = alphabet[bits >> 18];
        *to++ = alphabet[bits >> 12 & 63];
        *to++ = count > 1 ? alphabet[bits >> 6 & 63] : '=';
        *to++ = '=';
    }
    return to;
}

static void load(Reply *reply, const char *path) {
    static const char before[] = "{\"created\":1795000000,\"background\":\"opaque\",\"data\":[{\"b64_json\":\"";
    static const char after[] =
        "\"}],\"output_format\":\"png\",\"quality\":\"low\",\"size\":\"1024x1024\",\"usage\":{\"input_tokens\":12,"
        "\"input_tokens_details\":{\"image_tokens\":0,\"text_tokens\":12},\"output_tokens\":272,\"total_tokens\":284}}";
    FILE *file = fopen(path, "rb");
    if (!file) die(path);
    fseek(file, 0, SEEK_END);
    size_t count = (size_t)ftell(file);
    rewind(file);
    unsigned char *bytes = malloc(count);
    if (!bytes || fread(bytes, 1, count, file) != count) die(path);
    fclose(file);
    if (count < CHUNK_AT + CHUNK_SIZE || memcmp(bytes + CHUNK_AT + 4, "tEXtComment", 12) != 0) {
        fprintf(stderr, "%s has no tEXt chunk where it should be\n", path);
        exit(1);
    }
    memcpy(reply->chunk, bytes + CHUNK_AT, CHUNK_SIZE);
    reply->body = malloc(sizeof before + sizeof after + (count + 2) / 3 * 4);
    if (!reply->body) die("malloc");
    memcpy(reply->body, before, sizeof before - 1);
    reply->chunk_at = sizeof before - 1 + CHUNK_AT / 3 * 4;
    char *end = encode(reply->body + sizeof before - 1, bytes, count);
    memcpy(end, after, sizeof after - 1);
    reply->size = (size_t)(end - reply->body) + sizeof after - 1;
    reply->head_size = (size_t)snprintf(
        reply->head, HEAD_LIMIT, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
        reply->size);
    free(bytes);
}

static void close_connection(Connection *c) {
    // A held one is closed when it is due.
    if (c->due) return;
    connections[c->fd] = NULL;
    close(c->fd);
    free(c);
}

// Sends what there is; -1: the connection is gone.
static int push(Connection *c) {
    const Reply *r = c->reply;
    const char *parts[] = {r->head, r->body, c->chunk, r->body + r->chunk_at + sizeof c->chunk};
    size_t sizes[] = {r->head_size, r->chunk_at, sizeof c->chunk, r->size - r->chunk_at - sizeof c->chunk};
    size_t total = r->head_size + r->size;
    while (c->sent < total) {
        struct iovec vector[4];
        size_t skip = c->sent;
        int used = 0;
        for (int i = 0; i < 4; i++) {
            if (skip >= sizes[i]) {
                skip -= sizes[i];
                continue;
            }
            vector[used].iov_base = (char *)parts[i] + skip;
            vector[used++].iov_len = sizes[i] - skip;
            skip = 0;
        }
        struct msghdr message = {.msg_iov = vector, .msg_iovlen = (size_t)used};
        ssize_t n = sendmsg(c->fd, &message, MSG_NOSIGNAL);
        if (n < 0) return errno == EAGAIN ? 0 : -1;
        c->sent += (size_t)n;
    }
    c->reply = NULL;
    return 0;
}

static int begin(Connection *c) {
    unsigned char chunk[CHUNK_SIZE];
    memcpy(chunk, c->reply->chunk, CHUNK_SIZE);
    uint64_t number = ++serial;
    for (int i = 0; i < 16; i++) {
        chunk[CHUNK_DIGITS_AT + i] = (unsigned char)"0123456789abcdef"[number >> (60 - 4 * i) & 15];
    }
    uint32_t crc = htonl(crc32_of(chunk + 4, CHUNK_CRC_AT - 4));
    memcpy(chunk + CHUNK_CRC_AT, &crc, 4);
    encode(c->chunk, chunk, CHUNK_SIZE);
    c->sent = 0;
    return push(c);
}

// Takes in one request after the other; -1: the connection is gone.
static int take(Connection *c) {
    while (1) {
        ssize_t n = recv(c->fd, c->in + c->filled, BUFFER - c->filled, 0);
        if (n < 0) return errno == EAGAIN ? 0 : -1;
        if (n == 0) return -1;
        if (c->skipping > 0) {
            if ((size_t)n > c->skipping) return -1;  // nobody pipelines
            c->skipping -= (size_t)n;
        } else {
            c->filled += (size_t)n;
            char *end = memmem(c->in, c->filled, "\r\n\r\n", 4);
            if (!end) {
                if (c->filled == BUFFER) return -1;
                continue;
            }
            *end = 0;
            size_t length = 0;
            char *field = strcasestr(c->in, "\r\ncontent-length:");
            if (field) length = strtoul(field + 17, NULL, 10);
            char *line = memchr(c->in, '\r', c->filled);
            if (line) *line = 0;
            c->reply = strstr(c->in, "/large/") ? &large : &small;
            c->due = strstr(c->in, "/held/") ? 1 : 0;
            size_t have = c->filled - (size_t)(end + 4 - c->in);
            if (have > length) return -1;
            c->skipping = length - have;
            c->filled = 0;
        }
        if (c->skipping > 0) continue;
        if (!c->due) {
            if (begin(c) < 0) return -1;
            continue;
        }
        c->due = now_ms() + hold_ms;
        c->next = NULL;
        if (last_held) last_held->next = c; else first_held = c;
        last_held = c;
        return 0;
    }
}

static void release_due(void) {
    int64_t now = now_ms();
    while (first_held && first_held->due <= now) {
        Connection *c = first_held;
        first_held = c->next;
        if (!first_held) last_held = NULL;
        c->due = 0;
        if (begin(c) < 0 || take(c) < 0) close_connection(c);
    }
}

static void accept_all(int listener, int epoll) {
    int fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        Connection *c = fd < DESCRIPTORS ? calloc(1, sizeof *c) : NULL;
        if (!c) {
            close(fd);
            continue;
        }
        int one = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        c->fd = fd;
        connections[fd] = c;
        struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.fd = fd};
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0) die("epoll_ctl");
    }
}

int main(int count, char **words) {
    if (count != 4) {
        fprintf(stderr, "usage: mock_vendor SMALL.png LARGE.png HOLD_MS\n");
        return 2;
    }
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t crc = i;
        for (int bit = 0; bit < 8; bit++) crc = crc & 1 ? 0xedb88320u ^ (crc >> 1) : crc >> 1;
        crc_table[i] = crc;
    }
    load(&small, words[1]);
    load(&large, words[2]);
    hold_ms = atol(words[3]);
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, size) < 0 || listen(listener, 8192) < 0 ||
        getsockname(listener, (struct sockaddr *)&address, &size) < 0)
        die("listen");
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
    if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event) < 0) die("epoll");
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    struct epoll_event events[512];
    while (1) {
        int n = epoll_wait(epoll, events, 512, first_held ? 1 : -1);
        for (int i = 0; i < n; i++) {
            if (events[i].data.fd == listener) {
                accept_all(listener, epoll);
                continue;
            }
            Connection *c = connections[events[i].data.fd];
            if (!c || c->due) continue;
            int gone = c->reply && c->skipping == 0 && c->filled == 0 && c->sent > 0 ? push(c) : 0;
            if (gone == 0) gone = take(c);
            if (gone < 0) close_connection(c);
        }
        release_due();
    }
}
