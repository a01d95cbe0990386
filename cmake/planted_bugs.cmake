# Off-by-one errors, each planted in a copy of one source file: proof that a fuzzer finds what it is there for. None is
# given the corpus.

function(plant_bug target name file right wrong)
  set(source "${PROJECT_SOURCE_DIR}/csrc/${file}.cc")
  set(copy "${PROJECT_BINARY_DIR}/planted/${name}/${file}.cc")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${source}")
  file(READ "${source}" text)
  string(REPLACE "${right}" "${wrong}" planted "${text}")
  string(LENGTH "${text}${wrong}" length_with_one)
  string(LENGTH "${planted}${right}" length)
  if(planted STREQUAL text OR NOT length EQUAL length_with_one)
    message(FATAL_ERROR "cmake/planted_bugs.cmake: '${right}' is not once in csrc/${file}.cc any more: plant '${name}' anew.")
  endif()
  file(CONFIGURE OUTPUT "${copy}" CONTENT "${planted}" @ONLY)
  add_fuzzer(planted_${name} ${target} "${copy}")
  add_test(NAME planted.${name}
    COMMAND planted_${name} ${fuzz_options} -seed=1 -max_total_time=120 -exact_artifact_path=/dev/null)
  # A claim of the target's, or of AddressSanitizer. (The exit status is then not looked at.)
  set_tests_properties(planted.${name} PROPERTIES
    PASS_REGULAR_EXPRESSION "is not so\n|ERROR: AddressSanitizer" TIMEOUT 300)
endfunction()

plant_bug(framing bytes_that_have_just_come framing "buffer.size() >= length" "buffer.size() > length")
plant_bug(framing line_end_that_stays framing "newline + 1}" "newline}")
plant_bug(framing empty_line_with_cr framing "newline > 0 && buffer" "newline > 1 && buffer")
plant_bug(framing longest_line framing "size > max_result ? kTooMuch : Frame{" "size >= max_result ? kTooMuch : Frame{")
plant_bug(framing longest_line_so_far framing "(may_end ? 1 : 0) > max_result" "(may_end ? 1 : 0) >= max_result")
plant_bug(framing one_byte_more_than_within framing
  "std::min(request.length, max_result)" "std::min(request.length + 1, max_result)")
plant_bug(framing line_feed_searched_past byte_buffer "searched_ += looked_at - 1" "searched_ += looked_at")
plant_bug(framing spare_block_too_small byte_buffer "spare_->capacity >= size" "spare_->capacity + 1 >= size")
plant_bug(reader byte_taken_without_a_call reader "first - buffer_.data())" "first - buffer_.data() + 1)")
plant_bug(abi loop_freed_too_early loop "--references_ > 0" "--references_ > 1")
