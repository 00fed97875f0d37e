/* Which addresses belong to the public internet. */
#ifndef LLW_SOURCE_HTTP_ADDRESS_H
#define LLW_SOURCE_HTTP_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

/* False for loopback, private, link-local, multicast and other special addresses, and for what is no IP. */
bool llw_address_is_public(const struct sockaddr *address);
/* Whether a host as written in a URL is such an address, or localhost. False for other names. */
bool llw_address_is_special_host(const char *host);

#endif
