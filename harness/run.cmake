# The child of a run: everything that executes one workload and judges it. Only pendio and proto.
add_library(pendio_run STATIC
    names.c kind.c latency.c draw.c load.c payload.c table.c frame.c inflow.c
    plan.c plan_names.c plan_rules.c plan_step.c plan_meaning.c plan_packets.c plan_expect.c
    plan_block.c plan_draw.c plan_label.c plan_fault.c plan_count.c plan_environment.c
    plan_place.c
    trace.c referee.c ledger.c ledger_start.c ledger_judge.c ledger_deliver.c ledger_trace.c
    allocations.c descriptors.c
    complain.c last_words.c
    subject.c foreign.c foreign_line.c foreign_process.c foreign_link.c foreign_needs.c
    foreign_context.c foreign_show.c foreign_start.c foreign_loop.c foreign_handle.c
    sums.c address.c vector.c control.c parts.c content.c expect.c call.c task.c
    instance.c alarm.c round.c fixed.c timeline.c step_start.c step_now.c system.c fault.c
    elsewhere.c
    engine.c engine_setup.c need.c surroundings.c report.c report_details.c repeat.c child.c)
target_include_directories(pendio_run PUBLIC "${CMAKE_CURRENT_LIST_DIR}")
target_link_libraries(pendio_run PUBLIC pendio_proto pendio_static PRIVATE m pendio_flags)

# malloc stands in this source: the optimiser must see neither through it nor past it.
set_source_files_properties(allocations.c PROPERTIES COMPILE_OPTIONS "-fno-builtin;-fno-lto")
