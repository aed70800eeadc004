/* SPDX-License-Identifier: Apache-2.0
 * Parsing of addresses; socket, bind, listen.
 * net: may include base, core and wire.
 */
#include "net/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#define ERROR_ROOM 256

static bool parse_unix(struct str path, struct listener *ret)
{
	if (path.n == 0 || path.n >= sizeof(ret->address.un.sun_path))
		return false;
	ret->address.un.sun_family = AF_UNIX;
	memcpy(ret->address.un.sun_path, path.p, path.n);
	ret->address_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path.n + 1);
	return true;
}

static bool parse_ip(struct str host, uint16_t port, struct listener *ret)
{
	char text[INET6_ADDRSTRLEN];
	bool six = host.n > 1 && host.p[0] == '[' && host.p[host.n - 1] == ']';

	if (six)
		host = (struct str){ host.p + 1, host.n - 2 };
	if (host.n >= sizeof(text))
		return false;
	memcpy(text, host.p, host.n);
	text[host.n] = '\0';
	if (six) {
		ret->address.in6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = htons(port) };
		ret->address_size = sizeof(ret->address.in6);
		return inet_pton(AF_INET6, text, &ret->address.in6.sin6_addr) == 1;
	}
	ret->address.in = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(port) };
	ret->address_size = sizeof(ret->address.in);
	return inet_pton(AF_INET, text, &ret->address.in.sin_addr) == 1;
}

static bool parse_tcp(const char *text, struct listener *ret)
{
	const char *colon = strrchr(text, ':');
	uint64_t port;

	return colon && str_to_u64(str_of(colon + 1), 65535, &port) &&
	       parse_ip((struct str){ text, (size_t)(colon - text) }, (uint16_t)port, ret);
}

bool listener_parse(const char *text, struct listener *ret, char reterr_text[static 256])
{
	struct str all = str_of(text);
	struct listener one = { 0 };
	bool good = str_starts(all, STR("unix:")) ? parse_unix((struct str){ all.p + 5, all.n - 5 }, &one) :
						    parse_tcp(text, &one);
	if (!good) {
		snprintf(reterr_text, ERROR_ROOM,
			 "%.100s is not an address to listen on: "
			 "write 127.0.0.1:8787, [::1]:8787 or unix:/path", text);
		return false;
	}
	*ret = one;
	return true;
}

static void address_to_text(const struct listener *one, char ret_text[static 160])
{
	char host[INET6_ADDRSTRLEN] = "";

	if (one->address.any.sa_family == AF_UNIX) {
		snprintf(ret_text, 160, "unix:%s", one->address.un.sun_path);
	} else if (one->address.any.sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &one->address.in6.sin6_addr, host, sizeof(host));
		snprintf(ret_text, 160, "[%s]:%u", host, ntohs(one->address.in6.sin6_port));
	} else {
		inet_ntop(AF_INET, &one->address.in.sin_addr, host, sizeof(host));
		snprintf(ret_text, 160, "%s:%u", host, ntohs(one->address.in.sin_port));
	}
}

static bool set_option(int fd, int level, int option)
{
	int on = 1;
	return setsockopt(fd, level, option, &on, sizeof(on)) == 0;
}

/* TCP_NODELAY is inherited by the connections, which saves each a system call. */
static bool set_tcp_options(int fd, const struct listener *one, bool share)
{
	return set_option(fd, SOL_SOCKET, SO_REUSEADDR) && set_option(fd, IPPROTO_TCP, TCP_NODELAY) &&
	       (one->address.any.sa_family != AF_INET6 || set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY)) &&
	       (!share || set_option(fd, SOL_SOCKET, SO_REUSEPORT));
}

/* The first one is bound without SO_REUSEPORT, so that a second server on the same port is an error
 * and does not quietly take half of the connections; the port is shared only afterwards. */
static int open_tcp(struct listener *one, bool first)
{
	int fd = socket(one->address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	if (!set_tcp_options(fd, one, !first) || bind(fd, &one->address.any, one->address_size) != 0 ||
	    (first && !set_option(fd, SOL_SOCKET, SO_REUSEPORT)) || listen(fd, LISTENER_BACKLOG) != 0)
		goto fail;
	socklen_t size = sizeof(one->address);
	if (first && getsockname(fd, &one->address.any, &size) != 0)
		goto fail;
	one->port = ntohs(one->address.any.sa_family == AF_INET6 ? one->address.in6.sin6_port :
								   one->address.in.sin_port);
	return fd;
fail:;
	int saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

/* Whether a socket's file was left behind by a process that is gone. */
static bool is_stale(const struct listener *one)
{
	struct stat file;
	if (lstat(one->address.un.sun_path, &file) != 0 || !S_ISSOCK(file.st_mode))
		return false;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return false;
	bool stale = connect(fd, &one->address.any, one->address_size) != 0 && errno == ECONNREFUSED;
	close(fd);
	return stale;
}

static int open_unix(struct listener *one)
{
	struct stat file;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	int result = bind(fd, &one->address.any, one->address_size);
	if (result != 0 && errno == EADDRINUSE) {
		if (is_stale(one) && unlink(one->address.un.sun_path) == 0)
			result = bind(fd, &one->address.any, one->address_size);
		else
			errno = EADDRINUSE;
	}
	if (result == 0 && stat(one->address.un.sun_path, &file) == 0) {
		one->device = file.st_dev;
		one->inode = file.st_ino;
	}
	if (result == 0 && listen(fd, LISTENER_BACKLOG) == 0)
		return fd;
	int saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

static int open_one(struct listener *one, size_t i, const int fds[])
{
	if (one->address.any.sa_family != AF_UNIX)
		return open_tcp(one, i == 0);
	return i == 0 ? open_unix(one) : fcntl(fds[0], F_DUPFD_CLOEXEC, 0);
}

bool listener_open(struct listener *one, size_t count, int ret_fds[], char reterr_text[static 256])
{
	char text[160];

	for (size_t i = 0; i < count; i++) {
		ret_fds[i] = open_one(one, i, ret_fds);
		if (ret_fds[i] >= 0)
			continue;
		address_to_text(one, text);
		snprintf(reterr_text, ERROR_ROOM, "cannot listen on %s: %s", text, strerror(errno));
		while (i-- > 0)
			close(ret_fds[i]);
		listener_remove(one);
		return false;
	}
	return true;
}

void listener_remove(const struct listener *one)
{
	struct stat file;

	if (one->address.any.sa_family != AF_UNIX || one->inode == 0)
		return;
	if (lstat(one->address.un.sun_path, &file) == 0 && file.st_ino == one->inode &&
	    file.st_dev == one->device)
		unlink(one->address.un.sun_path);
}
