# Tests of the process of one run, part by part and as a whole.
set(run_support "${PROJECT_SOURCE_DIR}/tests/support")

foreach(stem names payload draw load alarm latency table allocations descriptors frame)
    pendio_test(harness ${stem} SOURCES suite.c LIBRARIES pendio_run)
endforeach()

foreach(stem plan plan_meaning plan_environment plan_block)
    pendio_test(harness ${stem} SOURCES suite.c plans.c LIBRARIES pendio_run)
endforeach()

foreach(stem ledger judge judge_kinds)
    pendio_test(harness ${stem} SOURCES suite.c books.c LIBRARIES pendio_run)
endforeach()

foreach(stem child child_surroundings child_rounds child_faults)
    pendio_test(harness ${stem}
        SOURCES suite.c "${run_support}/child_run.c" LIBRARIES pendio_run TIMEOUT 300)
endforeach()

# Every shipped workload, as the daemon's child would run it.
pendio_test(harness workloads
    SOURCES "${run_support}/child_run.c" LIBRARIES pendio_run TIMEOUT 600)
target_compile_definitions(harness_workloads_test PRIVATE
    WORKLOADS="${PROJECT_SOURCE_DIR}/harness/workloads")

# Subjects in another process: a right one, and one for each fault.
pendio_test(harness foreign
    SOURCES suite.c "${run_support}/child_run.c" LIBRARIES pendio_run TIMEOUT 600)
target_compile_definitions(harness_foreign_test PRIVATE
    WORKLOADS="${PROJECT_SOURCE_DIR}/harness/workloads"
    CLOCK="${PROJECT_SOURCE_DIR}/harness/subjects/clock.py"
    HOSTILE="${PROJECT_SOURCE_DIR}/tests/harness/hostile.py"
    OWN="$<TARGET_FILE:subject_own>"
    BLOCKING="$<TARGET_FILE:subject_blocking>" BROKEN="$<TARGET_FILE:subject_broken>")
add_dependencies(harness_foreign_test subject_own subject_blocking subject_broken)
