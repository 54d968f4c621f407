# The contract, as a caller sees it: every suite runs with each optional feature of the kernel
# masked, and with all of them masked. Under sanitizers, which are slow, only the latter.
add_library(pendio_fixture STATIC
    "${PROJECT_SOURCE_DIR}/tests/support/connection.c"
    "${PROJECT_SOURCE_DIR}/tests/support/fixture.c"
    "${PROJECT_SOURCE_DIR}/tests/support/fixture_host.c"
    "${PROJECT_SOURCE_DIR}/tests/support/fixture_socket.c"
    "${PROJECT_SOURCE_DIR}/tests/support/lending.c"
    "${PROJECT_SOURCE_DIR}/tests/support/listening.c"
    "${PROJECT_SOURCE_DIR}/tests/support/message.c"
    "${PROJECT_SOURCE_DIR}/tests/support/name_server.c"
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
        answers try order stream transfer datagram connect cancel deadline close handle pool file
        sync path path_end loop end poll host hosting accept_into child disconnect
        message message_end message_rights
        disconnect_order first_data connect_name flags group move move_threads pieces signal
        splice packets cached device direct accept listener lend ahead
        lend_bounds ahead_move lend_waits lend_random)
    contract_test(${stem})
endforeach()
