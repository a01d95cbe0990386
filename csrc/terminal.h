// A pseudo-terminal: pty(7). The host holds the master, the child the other side, which here is called its terminal.
#ifndef TERMINAL_H_
#define TERMINAL_H_

#include "unique_fd.h"

namespace pipe_core {

// All return 0 or a negative errno.
int open_terminal(int rows, int columns, UniqueFd* master, UniqueFd* terminal);
int resize_terminal(int master, int rows, int columns);
// Types the end-of-file character, as often as it takes: in the middle of a line the first one only ends that part of
// the line. Nothing can be done, and nothing is, where the child has switched the terminal to raw mode.
int type_end_of_file(int master, bool at_line_start);

}  // namespace pipe_core

#endif
