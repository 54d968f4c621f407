# Tests of the daemon; those of the process of one run are beside it.
foreach(stem frame store place verdict)
    pendio_test(harness ${stem} SOURCES suite.c LIBRARIES pendio_daemon)
endforeach()
pendio_test(harness supervisor SOURCES suite.c act.c LIBRARIES pendio_daemon TIMEOUT 300)
