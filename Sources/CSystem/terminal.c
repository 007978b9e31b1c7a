#define _GNU_SOURCE
#include "CSystem.h"
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

int system_terminal_size(int descriptor, struct system_terminal *size) {
    struct winsize window;
    if (ioctl(descriptor, TIOCGWINSZ, &window) != 0) return -1;
    size->columns = window.ws_col;
    size->rows = window.ws_row;
    size->width = window.ws_xpixel;
    size->height = window.ws_ypixel;
    return 0;
}

int system_terminal_set_echo(int descriptor, int is_on) {
    struct termios mode;
    if (tcgetattr(descriptor, &mode) != 0) return -1;
    if (is_on) mode.c_lflag |= ECHO;
    else mode.c_lflag &= ~(tcflag_t)ECHO;
    return tcsetattr(descriptor, TCSAFLUSH, &mode);
}

ssize_t system_terminal_ask(int descriptor, const char *question, char end, char *answer, size_t capacity, int timeout_ms) {
    struct termios old, raw;
    if (tcgetattr(descriptor, &old) != 0) return -1;
    raw = old;
    raw.c_lflag &= ~(tcflag_t)(ECHO | ICANON);
    raw.c_cc[VMIN] = 0;
    raw.c_cc[VTIME] = 0;
    if (tcsetattr(descriptor, TCSAFLUSH, &raw) != 0) return -1;
    size_t length = 0;
    const char *rest = question;
    while (*rest != 0 && write(descriptor, rest, 1) == 1) rest++;
    struct pollfd wait = {.fd = descriptor, .events = POLLIN};
    while (length < capacity && poll(&wait, 1, timeout_ms) == 1) {
        if (read(descriptor, answer + length, 1) != 1) break;
        if (answer[length++] == end) break;
    }
    tcsetattr(descriptor, TCSANOW, &old);
    return (ssize_t)length;
}
