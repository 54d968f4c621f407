/* blocking.c - the small subject of SUBJECT.md, without any fault. */
#include "plain.h"

bool pnd_plain_wrong(const char *fault)
{
    (void)fault;
    return false;
}

int main(void)
{
    return pnd_plain_serve("blocking");
}
