/* Sends prepared HTTP requests to a server on loopback over many kept connections, and says how long the answers took.
 *
 *   load PORT FILE CLIENTS SECONDS RATE
 *
 * FILE holds requests one after the other: a length in decimal digits, a line feed, that many bytes. RATE 0: every client sends its next
 * request when it has read an answer. RATE above 0: so many requests a second by all clients together, at even distances; an answer's
 * time then counts from when its request was due, so that a server that stalls is charged for all it kept waiting.
 *
 * Prints: RESULT requests microseconds refused failed p50 p95 p99 max (of the times, in microseconds) bytes
 *
 * Why not wrk: it leaves the acknowledging to the kernel, and a server that writes its answer in two parts then waits up to 45 ms for
 * nothing. Here every answer is acknowledged at once. One thread, Linux only, loopback only, no TLS: not a client for anything else. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { MAX_CLIENTS = 1024, MAX_HEAD = 16384, BUFFER = 1 << 18, MAX_TIMES = 1 << 25 };

/* Where in an answer a connection is. */
enum state { IDLE, HEAD, BODY, CHUNK_SIZE, CHUNK, CHUNK_END, TRAILER, TO_THE_END };

struct request {
    const char *bytes;
    size_t length;
};

struct client {
    int socket;
    enum state state;
    const struct request *sending;
    size_t sent;
    uint64_t since; /* when the request was sent, or was due */
    uint64_t due;   /* when the next is due; only with a rate */
    char line[MAX_HEAD];
    size_t line_length;
    uint64_t left; /* bytes of the body or the chunk that are still to come */
    int closes;    /* the server said that it closes the connection */
    int refused;   /* the status was not a success */
};

static struct request *requests;
static size_t request_count, next_request;
static struct client clients[MAX_CLIENTS];
static int client_count, poll_fd;
static uint16_t port;
static uint64_t finish, interval, done, refused, failed, bytes;
static uint32_t *times;
static size_t time_count;

static void stop(const char *what) {
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(2);
}

static uint64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void read_requests(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) stop(path);
    size_t room = 1024;
    requests = malloc(room * sizeof *requests);
    if (!requests) stop("memory");
    unsigned long length;
    while (fscanf(file, "%lu", &length) == 1) {
        if (fgetc(file) != '\n' || length == 0 || length > (1u << 24)) {
            errno = EINVAL;
            stop(path);
        }
        char *text = malloc(length);
        if (!text) stop("memory");
        if (fread(text, 1, length, file) != length) {
            errno = EINVAL;
            stop(path);
        }
        if (request_count == room) {
            room *= 2;
            requests = realloc(requests, room * sizeof *requests);
            if (!requests) stop("memory");
        }
        requests[request_count].bytes = text;
        requests[request_count++].length = length;
    }
    fclose(file);
    if (request_count == 0) {
        errno = EINVAL;
        stop(path);
    }
}

static void connect_client(struct client *c) {
    c->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->socket < 0) stop("socket");
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    if (connect(c->socket, (struct sockaddr *)&to, sizeof to) != 0) stop("connect");
    int one = 1;
    setsockopt(c->socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(c->socket, F_SETFL, O_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = c}};
    if (epoll_ctl(poll_fd, EPOLL_CTL_ADD, c->socket, &event) != 0) stop("epoll");
    c->state = IDLE;
}

static void reconnect(struct client *c) {
    close(c->socket);
    connect_client(c);
}

/* Writes what the socket takes; asks to be called again for the rest. */
static void push(struct client *c) {
    while (c->sent < c->sending->length) {
        ssize_t n = send(c->socket, c->sending->bytes + c->sent, c->sending->length - c->sent, MSG_NOSIGNAL);
        if (n < 0) {
            if (errno == EINTR) continue;
            if (errno != EAGAIN) return; /* the reading side will hear of it */
            struct epoll_event event = {.events = EPOLLIN | EPOLLOUT, .data = {.ptr = c}};
            epoll_ctl(poll_fd, EPOLL_CTL_MOD, c->socket, &event);
            return;
        }
        c->sent += (size_t)n;
    }
    struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = c}};
    epoll_ctl(poll_fd, EPOLL_CTL_MOD, c->socket, &event);
}

/* Sends the next request, unless the time is over or it is not yet due. */
static void begin(struct client *c) {
    uint64_t at = now();
    if (at >= finish || (interval && at < c->due)) return;
    c->sending = &requests[next_request];
    next_request = (next_request + 1) % request_count;
    c->sent = 0;
    c->state = HEAD;
    c->line_length = 0;
    c->closes = 0;
    c->refused = 0;
    c->since = interval ? c->due : at;
    if (interval) c->due += interval * (uint64_t)client_count;
    push(c);
}

static void end(struct client *c) {
    uint64_t spent = (now() - c->since) / 1000;
    if (c->refused) refused++;
    done++;
    if (time_count < MAX_TIMES) times[time_count++] = spent > UINT32_MAX ? UINT32_MAX : (uint32_t)spent;
    c->state = IDLE;
    if (c->closes) reconnect(c);
    begin(c);
}

static void broken(struct client *c) {
    if (c->state != IDLE) failed++;
    if (failed > 1000) {
        errno = ECONNRESET;
        stop("too many failed connections");
    }
    reconnect(c);
    begin(c);
}

/* What the head says of the rest; `c->line` holds the head and ends with 0. */
static void read_head(struct client *c) {
    int status = 0, chunked = 0, known = 0;
    uint64_t length = 0;
    char *rest = NULL;
    char *line = strtok_r(c->line, "\r\n", &rest);
    if (line && strncmp(line, "HTTP/1.", 7) == 0 && strlen(line) > 12) status = atoi(line + 9);
    while ((line = strtok_r(NULL, "\r\n", &rest))) {
        if (strncasecmp(line, "content-length:", 15) == 0) {
            length = strtoull(line + 15, NULL, 10);
            known = 1;
        } else if (strncasecmp(line, "transfer-encoding:", 18) == 0) {
            chunked = strcasestr(line + 18, "chunked") != NULL;
        } else if (strncasecmp(line, "connection:", 11) == 0) {
            c->closes = strcasestr(line + 11, "close") != NULL;
        }
    }
    c->refused = status < 200 || status >= 300;
    c->line_length = 0;
    c->left = length;
    c->state = chunked ? CHUNK_SIZE : known || status == 204 || status == 304 ? BODY : TO_THE_END;
}

/* Takes bytes of an answer; returns whether it ended with them. */
static int take(struct client *c, const char *data, size_t size) {
    size_t at = 0;
    while (at < size || (c->state == BODY && c->left == 0)) {
        switch (c->state) {
        case HEAD:
            if (c->line_length + 1 >= MAX_HEAD) {
                c->closes = c->refused = 1;
                return 1;
            }
            c->line[c->line_length++] = data[at++];
            if (c->line_length >= 4 && memcmp(c->line + c->line_length - 4, "\r\n\r\n", 4) == 0) {
                c->line[c->line_length] = 0;
                read_head(c);
            }
            break;
        case BODY: {
            uint64_t n = size - at < c->left ? size - at : c->left;
            at += n;
            c->left -= n;
            if (c->left == 0) return 1;
            break;
        }
        case CHUNK_SIZE:
        case TRAILER:
            if (c->line_length + 1 >= MAX_HEAD) {
                c->closes = c->refused = 1;
                return 1;
            }
            c->line[c->line_length++] = data[at++];
            if (c->line[c->line_length - 1] == '\n') {
                c->line[c->line_length] = 0;
                int is_empty = c->line_length <= 2;
                c->line_length = 0;
                if (c->state == TRAILER) {
                    if (is_empty) return 1;
                } else {
                    c->left = strtoull(c->line, NULL, 16);
                    c->state = c->left ? CHUNK : TRAILER;
                }
            }
            break;
        case CHUNK: {
            uint64_t n = size - at < c->left ? size - at : c->left;
            at += n;
            c->left -= n;
            if (c->left == 0) {
                c->state = CHUNK_END;
                c->left = 2;
            }
            break;
        }
        case CHUNK_END:
            at++;
            if (--c->left == 0) c->state = CHUNK_SIZE;
            break;
        case TO_THE_END:
            return 0;
        case IDLE:
            /* Bytes that nobody asked for. */
            c->closes = 1;
            return 0;
        }
    }
    return 0;
}

static void pull(struct client *c) {
    static char buffer[BUFFER];
    for (;;) {
        int one = 1;
        setsockopt(c->socket, IPPROTO_TCP, TCP_QUICKACK, &one, sizeof one);
        ssize_t n = recv(c->socket, buffer, sizeof buffer, 0);
        if (n < 0) {
            if (errno == EINTR) continue;
            if (errno == EAGAIN) return;
            broken(c);
            return;
        }
        if (n == 0) {
            if (c->state == TO_THE_END) {
                c->closes = 1;
                end(c);
            } else {
                broken(c);
            }
            return;
        }
        bytes += (uint64_t)n;
        if (take(c, buffer, (size_t)n)) {
            end(c);
            return;
        }
    }
}

static int by_size(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* By nearest rank, as in client.py. */
static uint32_t percentile(double share) {
    if (time_count == 0) return 0;
    size_t rank = (size_t)(share * (double)time_count);
    if ((double)rank < share * (double)time_count) rank++;
    if (rank < 1) rank = 1;
    return times[rank - 1];
}

int main(int count, char **given) {
    if (count != 6) {
        fprintf(stderr, "usage: load PORT FILE CLIENTS SECONDS RATE\n");
        return 2;
    }
    port = (uint16_t)atoi(given[1]);
    read_requests(given[2]);
    client_count = atoi(given[3]);
    double seconds = atof(given[4]), rate = atof(given[5]);
    if (client_count < 1 || client_count > MAX_CLIENTS || seconds <= 0 || rate < 0) {
        fprintf(stderr, "load: 1 to %d clients, seconds above 0, a rate of 0 or more\n", MAX_CLIENTS);
        return 2;
    }
    times = malloc(MAX_TIMES * sizeof *times);
    poll_fd = epoll_create1(EPOLL_CLOEXEC);
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (!times || poll_fd < 0 || timer < 0) stop("start");
    struct epoll_event on_time = {.events = EPOLLIN, .data = {.ptr = NULL}};
    epoll_ctl(poll_fd, EPOLL_CTL_ADD, timer, &on_time);
    for (int i = 0; i < client_count; i++) connect_client(&clients[i]);

    uint64_t start = now();
    finish = start + (uint64_t)(seconds * 1e9);
    interval = rate > 0 ? (uint64_t)(1e9 / rate) : 0;
    if (interval) {
        struct itimerspec every = {.it_interval = {interval / 1000000000u, (long)(interval % 1000000000u)}};
        every.it_value = every.it_interval;
        timerfd_settime(timer, 0, &every, NULL);
    }
    for (int i = 0; i < client_count; i++) {
        clients[i].due = start + interval * (uint64_t)i;
        begin(&clients[i]);
    }
    /* Answers that are on their way at the end are waited for, but not for ever. */
    uint64_t patience = finish + 30000000000u;
    for (;;) {
        int busy = 0;
        for (int i = 0; i < client_count; i++) busy += clients[i].state != IDLE;
        uint64_t at = now();
        if (at >= finish && (busy == 0 || at >= patience)) break;
        struct epoll_event events[256];
        int n = epoll_wait(poll_fd, events, 256, 20);
        if (n < 0 && errno != EINTR) stop("epoll");
        for (int i = 0; i < n; i++) {
            struct client *c = events[i].data.ptr;
            if (c == NULL) {
                uint64_t ticks;
                if (read(timer, &ticks, sizeof ticks) < 0 && errno != EAGAIN) stop("timer");
                for (int k = 0; k < client_count; k++)
                    if (clients[k].state == IDLE) begin(&clients[k]);
                continue;
            }
            if (events[i].events & EPOLLOUT) push(c);
            if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) pull(c);
        }
    }
    uint64_t spent = (now() - start) / 1000;
    for (int i = 0; i < client_count; i++) failed += clients[i].state != IDLE;
    qsort(times, time_count, sizeof *times, by_size);
    printf("RESULT %lu %lu %lu %lu %u %u %u %u %lu\n", (unsigned long)done, (unsigned long)spent, (unsigned long)refused,
           (unsigned long)failed, percentile(0.50), percentile(0.95), percentile(0.99), time_count ? times[time_count - 1] : 0,
           (unsigned long)bytes);
    return 0;
}
