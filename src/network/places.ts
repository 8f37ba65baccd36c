/** Ports of the box's own loopback. The first is also in native/connect.c. */
export const PROXY_PORT = 61128
/** The first of those that lead to a host with a credential added. */
export const CREDENTIAL_PORT = 61129
/** At the same time by each of them: more than any agent needs; each costs two descriptors. */
export const MOST_CONNECTIONS = 1000
