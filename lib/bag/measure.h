/*
 * measure.h - the CRC and the SHA-256 of bytes as they pass; of many, the
 * SHA-256 on a second thread (base/relay.h), since it takes longer than all
 * else that is done with them.
 */
#ifndef BAG_MEASURE_H
#define BAG_MEASURE_H

#include "base/digest.h"

struct measure;
/* size is about how many bytes there will be. */
struct measure *measure_new(uint64_t size, struct error *err);
/* A byte_sink. */
bool measure_sink(void *measure, struct span bytes, struct error *err);
bool measure_end(struct measure *measure, uint32_t *crc, struct digest *sha256,
    struct error *err) MUST_USE;
void measure_free(struct measure *measure);

#endif
