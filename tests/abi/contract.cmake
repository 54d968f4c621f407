# The contract, as a caller sees it: every suite runs with each optional feature of the kernel
# masked, and with all of them masked. Under sanitizers, which are slow, only the latter.
add_library(pendio_fixture STATIC
    "${PROJECT_SOURCE_DIR}/tests/support/connection.c"
    "${PROJECT_SOURCE_DIR}/tests/support/fixture.c"
    "${PROJECT_SOURCE_DIR}/tests/support/fixture_host.c"
    "${PROJECT_SOURCE_DIR}/tests/support/fixture_socket.c"
    "${PROJECT_SOURCE_DIR}/tests/support/holding.c"
    "${PROJECT_SOURCE_DIR}/tests/support/lending.c"
    "${PROJECT_SOURCE_DIR}/tests/support/listening.c"
    "${PROJECT_SOURCE_DIR}/tests/support/message.c"
    "${PROJECT_SOURCE_DIR}/tests/support/name_server.c"
    "${PROJECT_SOURCE_DIR}/tests/support/parting.c"
    "${PROJECT_SOURCE_DIR}/tests/support/stage.c")
target_include_directories(pendio_fixture PUBLIC "${PROJECT_SOURCE_DIR}/tests/support")
target_link_libraries(pendio_fixture PUBLIC pendio::pendio PkgConfig::CHECK PRIVATE pendio_flags)

list(TRANSFORM pendio_features PREPEND - OUTPUT_VARIABLE contract_masks)
list(JOIN contract_masks "," contract_all_masks)
set_property(GLOBAL PROPERTY pendio_all_masks "${contract_all_masks}")
if(PENDIO_SANITIZE)
    set(contract_masks)
endif()

# contract_test(<stem>): tests/abi/contract_<stem>_test.c.
function(contract_test stem)
    pendio_test(abi contract_${stem} LIBRARIES pendio_fixture)
    foreach(mask IN LISTS contract_masks ITEMS ${contract_all_masks})
        string(REPLACE "," "" name "abi.contract_${stem}.without${mask}")
        if(mask STREQUAL contract_all_masks)
            set(name "abi.contract_${stem}.without-all")
        endif()
        add_test(NAME ${name} COMMAND abi_contract_${stem}_test)
        set_tests_properties(${name} PROPERTIES
            SKIP_RETURN_CODE 77 TIMEOUT 120 ENVIRONMENT "PENDIO_FEATURES=${mask}")
    endforeach()
endfunction()

foreach(stem IN ITEMS
        accept
        accept_into
        accept_into_close
        adaptive
        ahead
        ahead_end
        ahead_move
        allowed
        answers
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
        zero_copy
        zero_copy_end)
    contract_test(${stem})
endforeach()

# Those that other threads, time or a host are about also run with looks before sleeping.
foreach(stem IN ITEMS accept cancel deadline host hosting lend loop move_threads)
    add_test(NAME abi.contract_${stem}.spinning COMMAND abi_contract_${stem}_test)
    set_tests_properties(abi.contract_${stem}.spinning PROPERTIES
        SKIP_RETURN_CODE 77 TIMEOUT 120 ENVIRONMENT "FIXTURE_SPIN_NS=50000")
endforeach()
