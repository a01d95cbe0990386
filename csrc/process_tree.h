// The children of one loop that have not been reaped, by pid: a red-black tree, libuv's own.
#ifndef PROCESS_TREE_H_
#define PROCESS_TREE_H_

#include <cstddef>
#include <uv/tree.h>

#include "child.h"

namespace pipe_core {

inline int compare_pids(const Child* a, const Child* b) {
  return a->pid() < b->pid() ? -1 : static_cast<int>(a->pid() > b->pid());
}

RB_HEAD(ChildTree, Child);
RB_GENERATE_STATIC(ChildTree, Child, tree_link, compare_pids)

// Owns nothing: the loop makes and deletes children.
class ProcessTree {
 public:
  ProcessTree() { RB_INIT(&tree_); }
  ProcessTree(const ProcessTree&) = delete;
  ProcessTree& operator=(const ProcessTree&) = delete;

  // Returns whose place it has taken: the child that had this pid before, or nullptr.
  Child* insert(Child& child) {
    Child* former = RB_INSERT(ChildTree, &tree_, &child);
    if (former != nullptr) {  // then nothing has been inserted
      remove(*former);
      RB_INSERT(ChildTree, &tree_, &child);
    }
    ++size_;
    return former;
  }
  void remove(Child& child) {
    RB_REMOVE(ChildTree, &tree_, &child);
    --size_;
  }
  Child* find(pid_t pid) {
    Child key(pid, UniqueFd());
    return RB_FIND(ChildTree, &tree_, &key);
  }
  size_t size() const { return size_; }

  // Calls `visit(child)` for each, in the order of the pids; the child may be removed meanwhile.
  template <class Visit>
  void for_each(Visit visit) {
    for (Child *child = RB_MIN(ChildTree, &tree_), *next; child != nullptr; child = next) {
      next = RB_NEXT(ChildTree, &tree_, child);
      visit(*child);
    }
  }

 private:
  ChildTree tree_;
  size_t size_ = 0;
};

}  // namespace pipe_core

#endif
