/**
 * How nodes say which addresses of Services they answer for: an empty datagram to each of them, on the port of what is to be thrown away
 * (RFC 863), again and again. Whatever leads the range to nodes (`ServiceAddresses`) takes it out of the stream, and sends new connections
 * only to who said so lately.
 */
export const ANNOUNCE_PORT = 9;
export const ANNOUNCE_EVERY_SECONDS = 1;
/** Three may be lost. */
export const ANNOUNCED_FOR_SECONDS = 4;
