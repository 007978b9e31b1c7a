#pragma once
#include <curl/curl.h>
#include <netinet/in.h>
#include <sys/socket.h>

// Variadic functions do not import into Swift: one typed wrapper for each type of argument.

static inline CURLcode ccurl_set_long(CURL *easy, CURLoption option, long value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode ccurl_set_offset(CURL *easy, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode ccurl_set_string(CURL *easy, CURLoption option, const char *value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode ccurl_set_pointer(CURL *easy, CURLoption option, const void *value) {
    return curl_easy_setopt(easy, option, value);
}

// The body in both directions and the head of the reply; all three are called with `context`.
typedef size_t (*ccurl_bytes_callback)(char *bytes, size_t size, size_t count, void *context);

static inline CURLcode ccurl_set_body_callbacks(
    CURL *easy, ccurl_bytes_callback write, ccurl_bytes_callback header, ccurl_bytes_callback read, void *context) {
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, write);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, context);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, context);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, read);
    return curl_easy_setopt(easy, CURLOPT_READDATA, context);
}

// The life of a connection. `context` belongs to the transfer, `owner` must outlive the connection.
static inline CURLcode ccurl_set_connection_callbacks(
    CURL *easy, curl_opensocket_callback open, curl_closesocket_callback close, curl_prereq_callback before_request,
    void *context, void *owner) {
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, context);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, close);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, owner);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_request);
    return curl_easy_setopt(easy, CURLOPT_PREREQDATA, context);
}

static inline CURLMcode ccurl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}

static inline CURLMcode ccurl_multi_set_callbacks(
    CURLM *multi, curl_socket_callback socket, curl_multi_timer_callback timer, void *context) {
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, socket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, context);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, timer);
    return curl_multi_setopt(multi, CURLMOPT_TIMERDATA, context);
}

static inline void *ccurl_private(CURL *easy) {
    char *pointer = NULL;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &pointer);
    return pointer;
}

static inline long ccurl_info_long(CURL *easy, CURLINFO info) {
    long value = 0;
    curl_easy_getinfo(easy, info, &value);
    return value;
}

// NULL where there is none; curl's until the handle is used again.
static inline const char *ccurl_info_string(CURL *easy, CURLINFO info) {
    char *value = NULL;
    curl_easy_getinfo(easy, info, &value);
    return value;
}

// The result lies in a union.
static inline CURLcode ccurl_message_result(const CURLMsg *message) {
    return message->data.result;
}

// The address lies behind a struct sockaddr that is too short for IPv6: 4 or 16 bytes in network order, or NULL.
static inline const uint8_t *ccurl_address_bytes(const struct curl_sockaddr *address, int *count) {
    switch (address->family) {
    case AF_INET:
        *count = 4;
        return (const uint8_t *)&((const struct sockaddr_in *)(const void *)&address->addr)->sin_addr;
    case AF_INET6:
        *count = 16;
        return (const uint8_t *)&((const struct sockaddr_in6 *)(const void *)&address->addr)->sin6_addr;
    default:
        *count = 0;
        return NULL;
    }
}

// socket(2) for the family and type that curl asks for, not inherited by child processes.
static inline curl_socket_t ccurl_open_socket(const struct curl_sockaddr *address) {
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

// Called now and then during a transfer; other than 0 ends it.
static inline CURLcode ccurl_set_progress_callback(CURL *easy, curl_xferinfo_callback callback, void *context) {
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, callback);
    return curl_easy_setopt(easy, CURLOPT_XFERINFODATA, context);
}
