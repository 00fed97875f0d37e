/* Addresses: which a request may reach, and how they are shown. */
#include "source/remote/http_address.h"
#include "source/remote/curl.h"
#include "source/remote/http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>

/* IPv4 blocks that are not the public internet: IANA's registry of special-purpose addresses. */
static const struct {
    uint32_t net;
    int bits;
} special[] = {{0x00000000, 8},  {0x0a000000, 8},  {0x64400000, 10}, {0x7f000000, 8},  {0xa9fe0000, 16},
               {0xac100000, 12}, {0xc0000000, 24}, {0xc0000200, 24}, {0xc0a80000, 16}, {0xc6120000, 15},
               {0xc6336400, 24}, {0xcb007100, 24}, {0xe0000000, 4},  {0xf0000000, 4}};

static bool is_public4(uint32_t a) {
    for (size_t i = 0; i < sizeof special / sizeof *special; i++)
        if ((a ^ special[i].net) >> (32 - special[i].bits) == 0) return false;
    return true;
}

static uint32_t load32(const unsigned char *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Global unicast is 2000::/3; what carries an IPv4 address is judged by that. */
static bool is_public6(const unsigned char a[16]) {
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff}, nat64[12] = {0, 0x64, 0xff, 0x9b};
    if (!memcmp(a, mapped, 12) || !memcmp(a, nat64, 12)) return is_public4(load32(a + 12));
    if (a[0] == 0x20 && a[1] == 0x02) return is_public4(load32(a + 2)); /* 6to4 */
    if (a[0] == 0x20 && a[1] == 0x01 && a[2] < 2) return false;         /* 2001::/23, Teredo among it */
    return (a[0] & 0xe0) == 0x20;
}

bool llw_address_is_public(const struct sockaddr *address) {
    if (address->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, address, sizeof in);
        return is_public4(ntohl(in.sin_addr.s_addr));
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 in;
        memcpy(&in, address, sizeof in);
        return is_public6(in.sin6_addr.s6_addr);
    }
    return false;
}

bool llw_address_is_special_host(const char *host) {
    struct in_addr v4;
    struct in6_addr v6;
    size_t len = strlen(host);
    if (!strcasecmp(host, "localhost") || (len > 10 && !strcasecmp(host + len - 10, ".localhost")))
        return true;
    if (inet_pton(AF_INET, host, &v4) == 1) return !is_public4(ntohl(v4.s_addr));
    char bare[64];
    if (*host == '[' && len > 2 && len < sizeof bare) {
        memcpy(bare, host + 1, len - 2);
        bare[len - 2] = 0;
        return inet_pton(AF_INET6, bare, &v6) == 1 && !is_public6(v6.s6_addr);
    }
    return false;
}

static const char *part(llw_arena *arena, CURLU *url, CURLUPart which, unsigned flags) {
    char *text = NULL;
    if (curl_url_get(url, which, &text, flags) != CURLUE_OK || !text) return NULL;
    const char *copy = llw_arena_strdup(arena, text);
    curl_free(text);
    return copy;
}

static CURLU *parse(const char *url) {
    if (!llw_curl_load()) return NULL;
    CURLU *u = curl_url();
    if (u && curl_url_set(u, CURLUPART_URL, url, CURLU_DEFAULT_SCHEME) == CURLUE_OK) return u;
    curl_url_cleanup(u);
    return NULL;
}

const char *llw_http_origin(llw_arena *arena, const char *url) {
    CURLU *u = parse(url);
    if (!u) return NULL;
    const char *scheme = part(arena, u, CURLUPART_SCHEME, 0), *host = part(arena, u, CURLUPART_HOST, 0),
               *port = part(arena, u, CURLUPART_PORT, CURLU_DEFAULT_PORT);
    curl_url_cleanup(u);
    return scheme && host && port ? llw_arena_printf(arena, "%s://%s:%s", scheme, host, port) : NULL;
}

const char *llw_http_public(llw_arena *arena, const char *url) {
    CURLU *u = parse(url);
    if (!u) return "(no address)";
    curl_url_set(u, CURLUPART_USER, NULL, 0);
    curl_url_set(u, CURLUPART_PASSWORD, NULL, 0);
    curl_url_set(u, CURLUPART_QUERY, NULL, 0);
    curl_url_set(u, CURLUPART_FRAGMENT, NULL, 0);
    const char *text = part(arena, u, CURLUPART_URL, 0);
    curl_url_cleanup(u);
    size_t len = text ? strlen(text) : 0;
    if (len && text[len - 1] == '/') text = llw_arena_strndup(arena, text, len - 1);
    return text ? text : "(no address)";
}

bool llw_http_is_here(const char *url) {
    llw_arena *arena = llw_arena_new();
    CURLU *u = parse(url);
    const char *host = u ? part(arena, u, CURLUPART_HOST, 0) : NULL;
    bool here = host && (!strcasecmp(host, "localhost") ||
                         (!strncmp(host, "127.", 4) && strspn(host, "0123456789.") == strlen(host)) ||
                         !strcmp(host, "[::1]") || !strcmp(host, "0.0.0.0"));
    if (u) curl_url_cleanup(u);
    llw_arena_free(arena);
    return here;
}
