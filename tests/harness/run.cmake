# Tests of the process of one run, part by part and as a whole.
set(run_support "${PROJECT_SOURCE_DIR}/tests/support")

foreach(stem names payload draw load alarm latency timeline table allocations descriptors frame)
    pendio_test(harness ${stem} SOURCES suite.c LIBRARIES pendio_run)
endforeach()

foreach(stem plan plan_meaning plan_environment plan_block plan_place confined)
    pendio_test(harness ${stem} SOURCES suite.c plans.c LIBRARIES pendio_run)
endforeach()

foreach(stem ledger judge judge_kinds judge_rules trace)
    pendio_test(harness ${stem} SOURCES suite.c books.c LIBRARIES pendio_run)
endforeach()

foreach(stem child child_surroundings child_rounds child_faults child_details)
    pendio_test(harness ${stem}
        SOURCES suite.c "${run_support}/child_run.c" LIBRARIES pendio_run TIMEOUT 300)
endforeach()

# Every shipped workload, as the daemon's child would run it.
pendio_test(harness workloads
    SOURCES "${run_support}/child_run.c" LIBRARIES pendio_run TIMEOUT 900)
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

# The table of rules, beside the rules.
find_package(Python3 3.9 REQUIRED COMPONENTS Interpreter)
add_test(NAME harness.rules
    COMMAND Python3::Interpreter -B "${CMAKE_CURRENT_SOURCE_DIR}/rules_test.py"
            "${PROJECT_SOURCE_DIR}")
