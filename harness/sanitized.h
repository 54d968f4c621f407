/* sanitized.h - whether this is built with a sanitizer that has memory and time of its own. */
#ifndef PND_SANITIZED_H
#define PND_SANITIZED_H

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PND_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define PND_SANITIZED 1
#endif
#endif

#ifndef PND_SANITIZED
#define PND_SANITIZED 0
#endif

#endif
