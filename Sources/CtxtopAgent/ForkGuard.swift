// What becomes of the agent in a child. uWSGI runs none of Python's at-fork hooks, so this hangs on
// pthread_atfork; and a bare clone runs neither, which is why the word that every event reads lies in a page
// that the kernel wipes.
//
// In the child only async-signal-safe things happen: the descriptors are closed (the child's copies), the
// attachment is forgotten. Nothing is freed or unmapped: a lock may be held by a thread that is not here.

import CCtxtop

#if !hasFeature(Embedded)
  import CtxtopScoreboard
#endif

extension Agent {
  /// Makes what must exist before the first attach: the wiped page, the fork handler, the key of threads.
  /// Idempotent; not for several threads at once.
  package static func prepare() -> Bool {
    if page != nil { return true }
    guard let memory = ctxtop_wiped_page() else { return false }
    OwnedDescriptors.prepare()
    guard pthread_key_create(&threadKey, threadDestructor) == 0 else { return false }
    guard pthread_atfork(nil, nil, forkedChild) == 0 else { return false }
    page = Words(memory)
    return true
  }
}

private let threadDestructor: @convention(c) (UnsafeMutableRawPointer?) -> Void = { thread in
  if let thread { Agent.threadEnds(thread.assumingMemoryBound(to: ctxtop_thread.self)) }
}

private let forkedChild: @convention(c) () -> Void = {
  OwnedDescriptors.closeAll()
  Agent.forgetThread()
}
