/* join: what its two files about mounts share. */
#ifndef AGENTBOX_MOUNTS_H
#define AGENTBOX_MOUNTS_H

#include "join.h"
#include <sys/stat.h>

struct place {
  struct identity is;
  mode_t mode;
  uint64_t mount;
  bool root; /* of that mount */
};

/* mounts.c; these return -1 or false with errno */
int open_strictly(const char *path);
int clone_tree(int at, const char *path, unsigned flags);
bool look(int at, const char *name, struct place *place);
bool set_attributes(int tree, unsigned flags, uint64_t set, uint64_t clear);
bool same(struct identity one, struct identity other);
/* These return an errno, or 0. */
int look_at(const char *path, struct place *place);
int mount_over(const struct request *request, int target, struct answer *answer);

/* again.c */
int expect_again(const struct request *request);
bool was_covered_again(const char *path, uint64_t mount, struct identity what);

/* store.c: mounts that are nowhere yet; or an errno */
int file_mask(const struct request *request);
int directory_mask(void);
int rewrite_text(const struct request *request);
int forget_text(uint64_t id);

#endif
