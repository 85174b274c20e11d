/*
 * line - a bad line: it relays TCP to a port of this machine, slowly, late,
 * with cuts and errors, as its arguments say.
 *
 *	line PORT TARGET-PORT [NAME=VALUE]…
 *
 *	rate=N    bytes per second, each way (0: no limit)
 *	delay=MS  delay of each piece, each way
 *	cut=N     end a connection once it has carried N bytes
 *	cuts=N    cut so many connections, then none (0: all)
 *	flip=N    turn bit 0 of the N-th byte of a connection
 *	flips=N   in so many connections (0: all)
 *	gone=N    end everything once N bytes were carried in all
 *	count=F   keep the number of bytes carried, both ways, in file F
 *
 * It prints "ready" once it listens.  SIGUSR1 cuts all connections.  SIGHUP
 * lets them end by themselves, after which the program ends; the count is then
 * complete.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNS = 512, PIECE = 16384, QUEUE = 64 };

struct piece {
	double due; /* when it may be written */
	size_t len, at;
	unsigned char bytes[PIECE];
};

/* One direction of a connection. */
struct way {
	int from, to;
	struct piece *queue[QUEUE];
	size_t num;
	int ended;
	double allowed; /* when the rate allows the next read */
};

struct conn {
	int used;
	struct way ways[2];
	unsigned long long carried;
	int will_cut, will_flip, cutting;
};

static struct {
	unsigned long long rate, delay, cut, cuts, flip, flips, gone;
	const char *count;
} set;

static struct conn conns[CONNS];
static unsigned long long total, num_cut, num_flipped;
static volatile sig_atomic_t cut_all, ending;

static void
on_signal(int signal)
{
	if (signal == SIGHUP)
		ending = 1;
	else
		cut_all = 1;
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Write the whole file at once: a test may read it at any time. */
static void
write_count(void)
{
	char path[256];
	FILE *f;

	if (set.count == NULL)
		return;
	snprintf(path, sizeof(path), "%s.new", set.count);
	if ((f = fopen(path, "we")) == NULL)
		return;
	fprintf(f, "%llu\n", total);
	fclose(f);
	rename(path, set.count);
}

static void
end(struct conn *c)
{
	for (int i = 0; i < 2; i++) {
		close(c->ways[i].from);
		for (size_t j = 0; j < c->ways[i].num; j++)
			free(c->ways[i].queue[j]);
	}
	c->used = 0;
	write_count();
}

static int
dial(int port)
{
	const struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((unsigned short)port),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 &&
	    connect(fd, (const struct sockaddr *)&to, sizeof(to)) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static void
take_conn(int listener, int target)
{
	const int a = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	const int b = a >= 0 ? dial(target) : -1;
	const int yes = 1;
	struct conn *c = NULL;

	for (int i = 0; i < CONNS && c == NULL; i++)
		if (!conns[i].used)
			c = &conns[i];
	if (a < 0 || b < 0 || c == NULL) {
		if (a >= 0)
			close(a);
		if (b >= 0)
			close(b);
		return;
	}
	setsockopt(a, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	setsockopt(b, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	fcntl(a, F_SETFL, O_NONBLOCK);
	fcntl(b, F_SETFL, O_NONBLOCK);
	*c = (struct conn){ .used = 1 };
	c->ways[0].from = c->ways[1].to = a;
	c->ways[1].from = c->ways[0].to = b;
	c->will_cut = set.cut > 0 && (set.cuts == 0 || num_cut < set.cuts);
	c->will_flip =
	    set.flip > 0 && (set.flips == 0 || num_flipped < set.flips);
}

/* Read a piece.  Returns 0 once the connection is cut. */
static int
take_piece(struct conn *c, struct way *way)
{
	struct piece *piece = malloc(sizeof(*piece));
	size_t want = PIECE;
	ssize_t n;

	if (piece == NULL)
		return 0;
	if (set.rate > 0 && want > set.rate / 20 + 1)
		want = (size_t)(set.rate / 20 + 1);
	n = read(way->from, piece->bytes, want);
	if (n <= 0) {
		free(piece);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return 1;
		way->ended = 1;
		return n == 0;
	}
	if (c->will_flip && c->carried < set.flip &&
	    c->carried + (size_t)n >= set.flip) {
		piece->bytes[set.flip - c->carried - 1] ^= 1;
		c->will_flip = 0;
		num_flipped++;
	}
	c->carried += (size_t)n;
	total += (size_t)n;
	if (set.gone > 0 && total >= set.gone)
		exit(0);
	piece->len = (size_t)n;
	piece->at = 0;
	piece->due = now() + (double)set.delay / 1000;
	if (set.rate > 0) {
		const double from = way->allowed > now() ? way->allowed : now();

		way->allowed = from + (double)n / (double)set.rate;
		piece->due += way->allowed - now();
	}
	way->queue[way->num++] = piece;
	if (c->will_cut && !c->cutting && c->carried >= set.cut) {
		num_cut++;
		c->cutting = 1;
	}
	return 1;
}

/* Write what is due.  Returns 0 at the connection's end. */
static int
give_pieces(struct way *way)
{
	while (way->num > 0 && way->queue[0]->due <= now()) {
		struct piece *piece = way->queue[0];
		const ssize_t n = write(way->to, piece->bytes + piece->at,
		    piece->len - piece->at);

		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		piece->at += (size_t)n;
		if (piece->at < piece->len)
			return 1;
		free(piece);
		memmove(way->queue, way->queue + 1,
		    --way->num * sizeof(way->queue[0]));
	}
	if (way->ended && way->num == 0) {
		shutdown(way->to, SHUT_WR);
		way->ended = 2;
	}
	return 1;
}

/*
 * Relay; what was under way when the line was cut still arrives, nothing
 * follows.
 */
static int
run_conn(struct conn *c)
{
	for (int i = 0; i < 2; i++) {
		struct way *way = &c->ways[i];

		if (!c->cutting && !way->ended && way->num < QUEUE &&
		    way->allowed <= now() && !take_piece(c, way))
			return 0;
		if (!give_pieces(way))
			return 0;
	}
	if (c->cutting)
		return c->ways[0].num + c->ways[1].num > 0;
	return c->ways[0].ended != 2 || c->ways[1].ended != 2;
}

static int
num_conns(void)
{
	int num = 0;

	for (int i = 0; i < CONNS; i++)
		num += conns[i].used;
	return num;
}

static void
run(int listener, int target)
{
	for (;;) {
		struct pollfd fds[1 + 2 * CONNS];
		int num = 1, wait = 1000;

		fds[0] = (struct pollfd){ listener, POLLIN, 0 };
		for (int i = 0; i < CONNS; i++) {
			if (!conns[i].used)
				continue;
			for (int j = 0; j < 2; j++) {
				const struct way *way = &conns[i].ways[j];
				const double due = way->num > 0
				    ? way->queue[0]->due
				    : way->allowed;
				const int ms = (int)((due - now()) * 1000) + 1;

				if (ms > 0 && ms < wait)
					wait = ms;
				if (conns[i].cutting)
					wait = 2;
				else if (!way->ended && way->num < QUEUE &&
				    way->allowed <= now())
					fds[num++] = (struct pollfd){ way->from,
						POLLIN, 0 };
				/* A piece is due that could not be written. */
				if (way->num > 0 && way->queue[0]->due <= now())
					wait = 2;
			}
		}
		poll(fds, (nfds_t)num, wait);
		if ((fds[0].revents & POLLIN) != 0)
			take_conn(listener, target);
		else if (ending && num_conns() == 0)
			return;
		for (int i = 0; i < CONNS; i++)
			if (conns[i].used && (cut_all || !run_conn(&conns[i])))
				end(&conns[i]);
		cut_all = 0;
	}
}

static void
read_setting(const char *text)
{
	const struct {
		const char *name;
		unsigned long long *to;
	} all[] = { { "rate=", &set.rate }, { "delay=", &set.delay },
		{ "cut=", &set.cut }, { "cuts=", &set.cuts },
		{ "flip=", &set.flip }, { "flips=", &set.flips },
		{ "gone=", &set.gone } };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (strncmp(text, all[i].name, strlen(all[i].name)) == 0) {
			*all[i].to =
			    strtoull(text + strlen(all[i].name), NULL, 10);
			return;
		}
	if (strncmp(text, "count=", 6) == 0) {
		set.count = text + 6;
		return;
	}
	fprintf(stderr, "line: what is %s?\n", text);
	exit(2);
}

int
main(int argc, char *argv[])
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	const int yes = 1;
	int listener;

	if (argc < 3) {
		fputs("usage: line PORT TARGET-PORT [NAME=VALUE]…\n", stderr);
		return 2;
	}
	for (int i = 3; i < argc; i++)
		read_setting(argv[i]);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGUSR1, on_signal);
	signal(SIGHUP, on_signal);
	at.sin_port = htons((unsigned short)atoi(argv[1]));
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(listener, (struct sockaddr *)&at, sizeof(at)) != 0 ||
	    listen(listener, 128) != 0) {
		perror("line");
		return 7;
	}
	puts("ready");
	fflush(stdout);
	run(listener, atoi(argv[2]));
	write_count();
	return 0;
}
