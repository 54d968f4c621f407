# Tests of the daemon; those of the process of one run are beside it.
set(daemon_support "${PROJECT_SOURCE_DIR}/tests/support")

foreach(stem inflow store place verdict dispatch stats_files scratch)
    pendio_test(harness ${stem} SOURCES suite.c LIBRARIES pendio_daemon)
endforeach()
pendio_test(harness supervisor SOURCES suite.c act.c LIBRARIES pendio_daemon TIMEOUT 300)
pendio_test(harness supervisor_places SOURCES suite.c act.c LIBRARIES pendio_daemon)

# These start the program itself, and talk to it.
find_package(nng CONFIG REQUIRED)
foreach(stem daemon daemon_runs daemon_start daemon_peers)
    pendio_test(harness ${stem}
        SOURCES suite.c daemon_fixture.c
            "${daemon_support}/real_daemon.c" "${daemon_support}/client.c"
        LIBRARIES pendio_proto nng::nng TIMEOUT 300)
    target_compile_definitions(harness_${stem}_test PRIVATE
        PENDIOD="$<TARGET_FILE:pendiod>" NNG_LEAKS="${daemon_support}/nng_leaks.supp")
    add_dependencies(harness_${stem}_test pendiod)
endforeach()

find_package(Python3 3.9 REQUIRED COMPONENTS Interpreter)
add_test(NAME harness.deploy
    COMMAND Python3::Interpreter -B "${CMAKE_CURRENT_SOURCE_DIR}/deploy_test.py"
            "${PROJECT_SOURCE_DIR}/harness/deploy" "${CMAKE_RUNTIME_OUTPUT_DIRECTORY}"
            "${PROJECT_BINARY_DIR}" "${CMAKE_COMMAND}")
add_test(NAME harness.deploy.kubernetes
    COMMAND Python3::Interpreter -B "${CMAKE_CURRENT_SOURCE_DIR}/kubernetes_test.py"
            "${PROJECT_SOURCE_DIR}/harness/deploy" "${CMAKE_RUNTIME_OUTPUT_DIRECTORY}"
            "${PROJECT_SOURCE_DIR}/harness/workloads/connect/places.json")
set_tests_properties(harness.deploy harness.deploy.kubernetes PROPERTIES
    SKIP_RETURN_CODE 77 TIMEOUT 120)

# A sanitizer looks for leaks with system calls of its own.
if(NOT PENDIO_SANITIZE)
    add_test(NAME harness.deploy.seccomp
        COMMAND Python3::Interpreter -B "${CMAKE_CURRENT_SOURCE_DIR}/seccomp_test.py"
                "${PROJECT_SOURCE_DIR}/harness/deploy" "${CMAKE_RUNTIME_OUTPUT_DIRECTORY}"
                "${PROJECT_SOURCE_DIR}/harness/workloads")
    set_tests_properties(harness.deploy.seccomp PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 120)
endif()
