/*
 * banned.h - functions that nobody can call safely; included by every file's
 * first header, so that their use does not compile.
 */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Some of these are macros in libc, which clang does not poison. */
#undef sprintf
#undef vsprintf
#undef strcpy
#undef strcat
#undef strncpy
#undef strncat
#undef strtok
#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf gets strtok  \
    atoi atol atoll gmtime localtime asctime tmpnam mktemp

#endif
