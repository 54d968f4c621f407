# Tests of the daemon; those of the process of one run are beside it.
pendio_test(harness supervisor SOURCES suite.c act.c LIBRARIES pendio_daemon TIMEOUT 300)
