// Starts children: clone, exec, and what came of it. The time does not grow with the host's memory, as a fork's would,
// nor with its descriptors.
#ifndef SPAWNER_H_
#define SPAWNER_H_

#include <memory>

#include "child.h"
#include "child_descriptors.h"
#include "pipe.h"
#include "spawn_child.h"

namespace pipe_core {

class Spawner {
 public:
  Spawner() = default;
  Spawner(const Spawner&) = delete;
  Spawner& operator=(const Spawner&) = delete;
  ~Spawner();

  // `placeholder` is any descriptor of ours; copies of it reserve low numbers for the children's ends.
  int open(int placeholder);
  // Returns 0 or a negative errno, with `failure` telling what it was about; then no child, and no descriptor but the
  // host's ends, is left. Closes the child's ends in either case. `with_pidfd`: the child gets one.
  int spawn(const pipe_spawn_options& options, ChildDescriptors& descriptors, bool with_pidfd, pipe_failure* failure,
            std::unique_ptr<Child>* child);
  void close();

 private:
  struct Started {
    pid_t pid = -1;
    int pidfd = -1;
  };

  int start(ChildStart& start, bool with_pidfd, Started* started);
  int start_sharing_memory(ChildStart& start, bool with_pidfd, Started* started);
  static int start_with_own_memory(ChildStart& start, bool with_pidfd, Started* started);
  int lower_child_ends(ChildDescriptors& descriptors);
  void free_low_slots();

  static constexpr size_t kSlots = 3;
  int placeholder_ = -1;
  UniqueFd low_slots_[kSlots];
  bool slot_taken_[kSlots] = {};
  unsigned cut_ = 0;
  void* stack_ = nullptr;
  bool shares_memory_ = true;
  bool shares_descriptors_ = true;
};

}  // namespace pipe_core

#endif
