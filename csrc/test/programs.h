// A folder with files to execute, or to fail to.
#ifndef PROGRAMS_H_
#define PROGRAMS_H_

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace pipe_core {

class ProgramFolder {
 public:
  ProgramFolder() {
    std::string name = testing::TempDir() + "programs-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  ProgramFolder(const ProgramFolder&) = delete;
  ProgramFolder& operator=(const ProgramFolder&) = delete;
  ~ProgramFolder() { std::filesystem::remove_all(path_); }

  // Returns the path.
  std::string add(const std::string& name, const std::string& content, mode_t mode) const {
    const std::string file = path_ + "/" + name;
    std::ofstream(file) << content;
    EXPECT_EQ(::chmod(file.c_str(), mode), 0);
    return file;
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace pipe_core

#endif
