# The target `faults`, which no other target needs: what `make faults` preloads into hosts, so that a call of the library
# fails there.

add_custom_target(faults)
if(PIPE_SANITIZE)
  return() # sanitizers replace the same functions
endif()

file(GLOB faults_sources CONFIGURE_DEPENDS faults/shim/*.cc)
add_library(faults_shim SHARED EXCLUDE_FROM_ALL ${faults_sources})
target_link_libraries(faults_shim PRIVATE Threads::Threads ${CMAKE_DL_LIBS})
set_target_properties(faults_shim PROPERTIES
  OUTPUT_NAME faults
  LIBRARY_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/faults")
add_dependencies(faults faults_shim pipe_core)
