/* fake_subject.h - a foreign subject whose answers are known before it is asked. */
#ifndef FAKE_SUBJECT_H
#define FAKE_SUBJECT_H

#include <stddef.h>
#include <stdint.h>

/* What the next subject begun says: lines, of which none comes before the one before was read. */
void fake_subject_says(const uint8_t *bytes, size_t byte_count);

#endif
