/**
 * The first of the 65,536 user and group ids that masters have on the host: root in a master is this user, who owns nothing
 * here. The last range of those that systemd sets aside for containers (systemd.io/UIDS-GIDS), far from what /etc/subuid
 * or a directory service gives.
 *
 * All masters of a host share it. A range a machine would keep apart two machines of which both were broken out of, and
 * would cost each machine a copy of the image with its own owners: this way the image is shifted once.
 */
export const SHIFTED = 0x6fff_0000;
export const RANGE = 0x1_0000;
