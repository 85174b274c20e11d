/*
 * The bounds of exhibits (backend.h).
 */
#include "backend/backend.h"
#include "base/limits.h"

size_t
exhibit_limit(enum exhibit_kind kind)
{
	switch (kind) {
	case EXHIBIT_COSIGNATURE:
		return LIMIT_COSIGNATURE_BYTES;
	case EXHIBIT_WAYBILL:
		return LIMIT_WAYBILL_BYTES + LIMIT_META_BYTES;
	case EXHIBIT_EVIDENCE:
		return LIMIT_EVIDENCE_BYTES;
	}
	return 0;
}
