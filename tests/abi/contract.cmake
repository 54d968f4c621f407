# The contract, as a caller sees it: every suite runs with all optional features of the kernel
# masked, and with each masked that it can touch. Under sanitizers, which are slow, only the former.
add_library(pendio_fixture STATIC
    "${PROJECT_SOURCE_DIR}/tests/support/connection.c"
    "${PROJECT_SOURCE_DIR}/tests/support/fixture.c"
    "${PROJECT_SOURCE_DIR}/tests/support/fixture_host.c"
    "${PROJECT_SOURCE_DIR}/tests/support/fixture_socket.c"
    "${PROJECT_SOURCE_DIR}/tests/support/gathering.c"
    "${PROJECT_SOURCE_DIR}/tests/support/holding.c"
    "${PROJECT_SOURCE_DIR}/tests/support/lending.c"
    "${PROJECT_SOURCE_DIR}/tests/support/listening.c"
    "${PROJECT_SOURCE_DIR}/tests/support/message.c"
    "${PROJECT_SOURCE_DIR}/tests/support/name_server.c"
    "${PROJECT_SOURCE_DIR}/tests/support/parting.c"
    "${PROJECT_SOURCE_DIR}/tests/support/ringing.c"
    "${PROJECT_SOURCE_DIR}/tests/support/stage.c")
target_include_directories(pendio_fixture PUBLIC "${PROJECT_SOURCE_DIR}/tests/support")
target_link_libraries(pendio_fixture PUBLIC pendio::pendio PkgConfig::CHECK PRIVATE pendio_flags)

list(TRANSFORM pendio_features PREPEND - OUTPUT_VARIABLE contract_masks)
list(JOIN contract_masks "," contract_all_masks)
set_property(GLOBAL PROPERTY pendio_all_masks "${contract_all_masks}")

# What a suite that can touch a feature says somewhere: a call or flag that leads to where runtime/
# reads the feature. Known by reading, and checked by counting those reads in every suite; ctest
# abi.contract_masks is red when another file of runtime/ begins to read one. Deferring decides when
# anything completes, so all suites do without it once. The other ways to set up a ring are read
# by the kernel alone, and differ to those only who have several threads, children or a host.
set(several "pthread_create|fork\\(|pendio_group_create|pendio_loop_descriptor|fixture_host")
set(touches_single_issuer "${several}")
set(touches_defer_taskrun ".")
set(touches_coop_taskrun "${several}")
set(touches_registered_ring "${several}")
set(touches_taskrun_flag "spin_ns|RINGING_LONE")
set(touches_minimum_wait "batch_ns")
set(touches_fixed_buffers "pendio_read|pendio_write|PENDIO_ZERO_COPY|arena_")
set(touches_multishot_accept "pendio_accept|pendio_group_listen|listening")
set(touches_multishot_receive "lending|PENDIO_RECEIVE_")
set(touches_buffer_ring "pendio_receive\\(|lending") # all receive ahead needs it
set(touches_incremental_buffers "lending|PENDIO_RECEIVE_")
set(touches_no_signal "pendio_write|pendio_splice")
set(touches_ftruncate "pendio_truncate")
set(touches_zero_copy "PENDIO_ZERO_COPY")

# What a suite says: its own source and the helpers it includes, but not the fixture of all.
function(contract_read stem ret_text)
    file(READ "${CMAKE_CURRENT_SOURCE_DIR}/contract_${stem}_test.c" text)
    string(REGEX MATCHALL "#include \"[a-z_]+" includes "${text}")
    list(TRANSFORM includes REPLACE "#include \"" "")
    list(REMOVE_ITEM includes fixture)
    foreach(include IN LISTS includes)
        foreach(suffix IN ITEMS h c)
            file(READ "${PROJECT_SOURCE_DIR}/tests/support/${include}.${suffix}" helper)
            string(APPEND text "${helper}")
        endforeach()
    endforeach()
    set(${ret_text} "${text}" PARENT_SCOPE)
endfunction()

# Suites whose every case needs a process of its own: it has children or takes limits away.
# The others run in one process when they run once more, and under sanitizers at all: a process
# a case costs two to three times the test there.
set(contract_apart child group signal zero_copy_end)

# contract_run(<stem> <name> <variable>=<value>): the suite once more, in another environment.
function(contract_run stem name environment)
    add_test(NAME abi.contract_${stem}.${name} COMMAND abi_contract_${stem}_test)
    if(NOT stem IN_LIST contract_apart)
        list(APPEND environment CK_FORK=no)
    endif()
    set_tests_properties(abi.contract_${stem}.${name} PROPERTIES
        SKIP_RETURN_CODE 77 TIMEOUT 120 ENVIRONMENT "${environment}")
endfunction()

# contract_test(<stem>): tests/abi/contract_<stem>_test.c.
function(contract_test stem)
    pendio_test(abi contract_${stem} LIBRARIES pendio_fixture)
    contract_run(${stem} without-all "PENDIO_FEATURES=${contract_all_masks}")
    if(PENDIO_SANITIZE)
        if(NOT stem IN_LIST contract_apart)
            set_tests_properties(abi.contract_${stem} PROPERTIES ENVIRONMENT CK_FORK=no)
        endif()
        return()
    endif()
    contract_read(${stem} text)
    foreach(feature IN LISTS pendio_features)
        if(text MATCHES "${touches_${feature}}")
            contract_run(${stem} without-${feature} "PENDIO_FEATURES=-${feature}")
        endif()
    endforeach()
endfunction()

foreach(stem IN ITEMS
        accept
        accept_into
        accept_into_close
        adaptive
        ahead
        ahead_crowd
        ahead_end
        ahead_move
        ahead_try
        allowed
        answers
        batch
        bell
        bell_end
        cached
        cancel
        child
        close
        connect
        connect_name
        datagram
        deadline
        device
        direct
        disconnect
        disconnect_order
        end
        file
        first_data
        flags
        gather
        gather_random
        gather_stop
        group
        handle
        host
        hosting
        lend
        lend_bounds
        lend_crowd
        lend_random
        lend_waits
        listener
        lone
        lone_others
        loop
        message
        message_end
        message_rights
        message_room
        move
        move_threads
        order
        packets
        packets_then
        packets_then_stop
        path
        path_end
        pieces
        poll
        pool
        reason
        records
        restricted
        signal
        spin
        splice
        stream
        sync
        transfer
        try
        unix
        warm
        zero_copy
        zero_copy_end)
    contract_test(${stem})
endforeach()

# Those that other threads, time or a host are about also run with looks before sleeping.
foreach(stem IN ITEMS accept cancel deadline gather host hosting lend lone lone_others loop
        move_threads)
    contract_run(${stem} spinning "FIXTURE_SPIN_NS=50000")
endforeach()

abi_script(contract_masks "${PROJECT_SOURCE_DIR}/runtime")
