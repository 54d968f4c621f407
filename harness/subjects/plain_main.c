/* plain_main.c - the small subject without any fault. */
#include "plain.h"

bool pnd_plain_wrong(const char *fault)
{
    (void)fault;
    return false;
}

int main(void)
{
    return pnd_plain_serve("plain");
}
