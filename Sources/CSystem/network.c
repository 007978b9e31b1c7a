#define _GNU_SOURCE
#include "CSystem.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static int fail(int descriptor, int code) {
    close(descriptor);
    errno = code;
    return -1;
}

int system_listen(const char *host, uint16_t port, int backlog) {
    struct sockaddr_storage storage = {0};
    struct sockaddr_in *four = (struct sockaddr_in *)&storage;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)&storage;
    socklen_t length;
    if (inet_pton(AF_INET, host, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons(port);
        length = sizeof *four;
    } else if (inet_pton(AF_INET6, host, &six->sin6_addr) == 1) {
        six->sin6_family = AF_INET6;
        six->sin6_port = htons(port);
        length = sizeof *six;
    } else {
        errno = EINVAL;
        return -1;
    }
    int descriptor = socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return -1;
    int on = 1;
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) < 0) return fail(descriptor, errno);
    // Accepted sockets inherit both.
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    if (bind(descriptor, (struct sockaddr *)&storage, length) < 0) return fail(descriptor, errno);
    if (listen(descriptor, backlog) < 0) return fail(descriptor, errno);
    return descriptor;
}

static uint64_t big_endian(const uint8_t *bytes) {
    uint64_t value = 0;
    for (int i = 0; i < 8; i++) value = value << 8 | bytes[i];
    return value;
}

static void read_address(const struct sockaddr_storage *storage, struct system_address *address) {
    memset(address, 0, sizeof *address);
    if (storage->ss_family == AF_INET) {
        const struct sockaddr_in *four = (const struct sockaddr_in *)storage;
        address->low = ntohl(four->sin_addr.s_addr);
        address->port = ntohs(four->sin_port);
        address->is_ipv4 = 1;
    } else if (storage->ss_family == AF_INET6) {
        const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)storage;
        address->high = big_endian(six->sin6_addr.s6_addr);
        address->low = big_endian(six->sin6_addr.s6_addr + 8);
        address->port = ntohs(six->sin6_port);
        if (IN6_IS_ADDR_V4MAPPED(&six->sin6_addr)) {
            address->low &= 0xffffffff;
            address->is_ipv4 = 1;
        }
    }
}

int system_local_address(int descriptor, struct system_address *address) {
    struct sockaddr_storage storage;
    socklen_t length = sizeof storage;
    if (getsockname(descriptor, (struct sockaddr *)&storage, &length) < 0) return -1;
    read_address(&storage, address);
    return 0;
}

int system_accept(int listener, struct system_address *peer) {
    struct sockaddr_storage storage;
    socklen_t length = sizeof storage;
    int descriptor = accept4(listener, (struct sockaddr *)&storage, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor >= 0) read_address(&storage, peer);
    return descriptor;
}

void system_address_text(const struct system_address *address, char *text, size_t capacity) {
    if (address->is_ipv4) {
        struct in_addr four = {htonl((uint32_t)address->low)};
        inet_ntop(AF_INET, &four, text, (socklen_t)capacity);
        return;
    }
    struct in6_addr six;
    for (int i = 0; i < 8; i++) {
        six.s6_addr[i] = (uint8_t)(address->high >> (56 - 8 * i));
        six.s6_addr[8 + i] = (uint8_t)(address->low >> (56 - 8 * i));
    }
    inet_ntop(AF_INET6, &six, text, (socklen_t)capacity);
}

ssize_t system_send(int socket, const void *bytes, size_t length, int more) {
    ssize_t sent;
    do {
        sent = send(socket, bytes, length, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
    } while (sent < 0 && errno == EINTR);
    return sent;
}

ssize_t system_send_two(int socket, const void *first, size_t first_length, const void *second, size_t second_length) {
    struct iovec parts[2] = {{(void *)first, first_length}, {(void *)second, second_length}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    ssize_t sent;
    do {
        sent = sendmsg(socket, &message, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return sent;
}

ssize_t system_sendfile(int socket, int file, int64_t offset, size_t length) {
    ssize_t sent;
    do {
        off_t position = offset;
        sent = sendfile(socket, file, &position, length);
    } while (sent < 0 && errno == EINTR);
    return sent;
}

uint64_t system_http_date(char text[30]) {
    // Not strftime: its names follow the process's locale.
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct timespec now;
    struct tm date;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &date);
    snprintf(text, 30, "%.3s, %02u %.3s %04u %02u:%02u:%02u GMT", days + 3 * date.tm_wday, (unsigned)date.tm_mday % 100,
             months + 3 * date.tm_mon, (unsigned)(date.tm_year + 1900) % 10000, (unsigned)date.tm_hour % 100,
             (unsigned)date.tm_min % 100, (unsigned)date.tm_sec % 100);
    return 1000000000u - (uint64_t)now.tv_nsec;
}

int64_t system_raise_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return -1;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0) return -1;
    return limit.rlim_cur == RLIM_INFINITY ? INT64_MAX : (int64_t)limit.rlim_cur;
}

void system_ignore_write_signals(void) {
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
}
