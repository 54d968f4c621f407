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

# Every shipped workload, as the daemon's child would run it: half a minute, or a whole one for all
# of them twice; some minutes under sanitizers.
pendio_test(harness workloads
    SOURCES "${run_support}/child_run.c" LIBRARIES pendio_run TIMEOUT 300)
target_compile_definitions(harness_workloads_test PRIVATE
    WORKLOADS="${PROJECT_SOURCE_DIR}/harness/workloads"
    RUNS_TWICE=$<CONFIG:Release>)

# Subjects in another process: right ones, those that break the protocol, and one for each fault,
# which is only run without sanitizers: those that break the protocol give them more to find.
set(foreign_stems foreign)
if(NOT PENDIO_SANITIZE)
    list(APPEND foreign_stems foreign_faults)
endif()
foreach(stem IN LISTS foreign_stems)
    pendio_test(harness ${stem}
        SOURCES suite.c foreign_run.c "${run_support}/child_run.c" LIBRARIES pendio_run TIMEOUT 600)
    target_compile_definitions(harness_${stem}_test PRIVATE
        WORKLOADS="${PROJECT_SOURCE_DIR}/harness/workloads"
        CLOCK="${PROJECT_SOURCE_DIR}/harness/subjects/clock.py"
        BLOCKING="${PROJECT_SOURCE_DIR}/harness/subjects/blocking.pl"
        HOSTILE="${PROJECT_SOURCE_DIR}/tests/harness/hostile.py"
        OWN="$<TARGET_FILE:subject_own>"
        PLAIN="$<TARGET_FILE:subject_plain>" BROKEN="$<TARGET_FILE:subject_broken>")
    add_dependencies(harness_${stem}_test subject_own subject_plain subject_broken)
endforeach()

# The table of rules, beside the rules.
find_package(Python3 3.9 REQUIRED COMPONENTS Interpreter)
add_test(NAME harness.rules
    COMMAND Python3::Interpreter -B "${CMAKE_CURRENT_SOURCE_DIR}/rules_test.py"
            "${PROJECT_SOURCE_DIR}")
