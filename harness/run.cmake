# The child of a run: everything that executes one workload and judges it. Only pendio and proto.
add_library(pendio_run STATIC
    names.c latency.c payload.c
    plan.c plan_names.c plan_step.c plan_expect.c plan_count.c)
target_include_directories(pendio_run PUBLIC "${CMAKE_CURRENT_LIST_DIR}")
target_link_libraries(pendio_run PUBLIC pendio_proto PRIVATE pendio_flags)
target_include_directories(pendio_run PRIVATE "${PROJECT_SOURCE_DIR}/abi/include")
