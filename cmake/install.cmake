include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

install(TARGETS ember EXPORT emberTargets)
foreach(floor core distributions handlers inference)
  install(DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}/${floor}" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/ember"
          FILES_MATCHING PATTERN "*.hpp" PATTERN "*.def" PATTERN report EXCLUDE)
endforeach()
install(DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}/include/ember" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(EXPORT emberTargets NAMESPACE ember:: DESTINATION "${CMAKE_INSTALL_LIBDIR}/cmake/ember")
configure_package_config_file(cmake/emberConfig.cmake.in "${CMAKE_CURRENT_BINARY_DIR}/emberConfig.cmake"
                              INSTALL_DESTINATION "${CMAKE_INSTALL_LIBDIR}/cmake/ember")
write_basic_package_version_file("${CMAKE_CURRENT_BINARY_DIR}/emberConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/emberConfig.cmake" "${CMAKE_CURRENT_BINARY_DIR}/emberConfigVersion.cmake"
        DESTINATION "${CMAKE_INSTALL_LIBDIR}/cmake/ember")
