// Who answers ssh: the user at the terminal, where there is one. Nothing waits for somebody who is not there.

import CtxtopStore
import Glibc

extension RemoteHost.Operator {
  /// The user, if this process may ask: it is in the foreground, can be seen, and keys come from somebody.
  static func atTerminal(isGone: @escaping () -> Bool = { false }) -> RemoteHost.Operator? {
    guard isatty(STDIN_FILENO) == 1, isatty(STDERR_FILENO) == 1, tcgetpgrp(STDIN_FILENO) == getpgrp() else {
      return nil
    }
    return RemoteHost.Operator(isGone: isGone) { Failure.note($0) }
  }
}
