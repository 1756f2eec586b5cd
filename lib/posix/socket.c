// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Sockets: nobody serves a network yet. So one that would reach it is refused for want of the grant, and says which that is; other
 * families are not known; and what is no socket is none.
 */
#include "descriptor.h"

#include <sys/socket.h>

POSIX_CALL(socket)
{
	if (a != AF_INET && a != AF_INET6)
		return -EAFNOSUPPORT;
	posix_missing("network", "NetworkManager", "socket");
	return -EACCES;
}

POSIX_PLAIN_CALL(socketpair)
{
	return a == AF_UNIX ? -EOPNOTSUPP : -EAFNOSUPPORT;
}

static long no_socket(long fd)
{
	return posix_close_on_exec(fd, -1) < 0 ? -EBADF : -ENOTSOCK;
}

#define NO_SOCKET(name)              \
	POSIX_CALL(name)             \
	{                            \
		return no_socket(a); \
	}

NO_SOCKET(connect)
NO_SOCKET(bind)
NO_SOCKET(listen)
NO_SOCKET(accept)
NO_SOCKET(accept4)
NO_SOCKET(shutdown)
NO_SOCKET(getsockname)
NO_SOCKET(getpeername)
NO_SOCKET(setsockopt)
NO_SOCKET(getsockopt)
NO_SOCKET(sendto)
NO_SOCKET(recvfrom)
NO_SOCKET(sendmsg)
NO_SOCKET(recvmsg)
