// The agent's one thread: signs of life, pages ahead of need, leadership, the socket. It runs with all
// signals blocked, takes no lock of the host and never its interpreter's, and sleeps in one poll.

import CCtxtop

#if !hasFeature(Embedded)
  import CtxtopScoreboard
#endif

package enum AgentThread {
  private static let stackBytes = 256 * 1024
  nonisolated(unsafe) private static var thread: pthread_t?
  nonisolated(unsafe) private static var wakeWriter: Int32 = -1
  nonisolated(unsafe) fileprivate static var service: Service?

  /// Starts the thread for a service just claimed.
  static func start(_ service: Service) throws(SystemFailure) {
    try makeWake(service)
    self.service = service
    let code = create()
    if code == 0 { return }
    OwnedDescriptors.close(service.wake)
    OwnedDescriptors.close(wakeWriter)
    throw SystemFailure("starting the agent's thread", code)
  }

  /// Makes the pipe that ends the thread's sleep.
  @inline(never)
  private static func makeWake(_ service: Service) throws(SystemFailure) {
    var ends: (Int32, Int32) = (-1, -1)
    let made = withUnsafeMutablePointer(to: &ends) { ends in
      ends.withMemoryRebound(to: Int32.self, capacity: 2) { ctxtop_wake_pipe($0) }
    }
    _ = try valueOrFailure(made, "making the agent's wake-up pipe")
    let isFirstOurs = OwnedDescriptors.add(ends.0)
    guard isFirstOurs, OwnedDescriptors.add(ends.1) else {
      if isFirstOurs { OwnedDescriptors.close(ends.0) } else { close(ends.0) }
      close(ends.1)
      throw SystemFailure("making the agent's wake-up pipe", EMFILE)
    }
    wakeWriter = ends.1
    service.wake = ends.0
  }

  /// Makes the pipe again if the application has closed it; false: not now. Agent's thread only.
  static func renewWake(_ service: Service) -> Bool {
    guard let page = Agent.page, page.exchange(Agent.busyWord, expected: 0, with: 1) else { return false }
    defer { page.store(Agent.busyWord, 0) }
    // What there is after the end belongs to the next attachment.
    if service.hasEnded { return false }
    if OwnedDescriptors.isOurs(service.wake), OwnedDescriptors.isOurs(wakeWriter) { return true }
    OwnedDescriptors.close(service.wake)
    OwnedDescriptors.close(wakeWriter)
    return (try? makeWake(service)) != nil
  }

  private static func create() -> Int32 {
    var all = sigset_t()
    var old = sigset_t()
    sigfillset(&all)
    // The thread inherits the mask: no signal of the host is ever delivered to it, not for a moment.
    pthread_sigmask(SIG_BLOCK, &all, &old)
    defer { pthread_sigmask(SIG_SETMASK, &old, nil) }
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setstacksize(&attributes, stackBytes)
    var id = pthread_t()
    let code = pthread_create(&id, &attributes, threadMain, nil)
    if code == 0 { thread = id }
    return code
  }

  /// Ends the thread and waits for it; the slot is free and the descriptors are closed afterwards.
  static func stop() {
    guard let id = thread else { return }
    var byte: UInt8 = 1
    guard OwnedDescriptors.isOurs(wakeWriter), write(wakeWriter, &byte, 1) == 1 else {
      // The application closed our descriptors: the thread notices by itself, and is not waited for.
      pthread_detach(id)
      OwnedDescriptors.close(wakeWriter)
      thread = nil
      return
    }
    pthread_join(id, nil)
    OwnedDescriptors.close(wakeWriter)
    thread = nil
  }

  /// One loop after the other, each with the files that it found.
  fileprivate static func main(_ service: Service) {
    var hasFiles = true
    while hasFiles {
      var loop = AgentLoop(service)
      hasFiles = loop.run()
    }
    OwnedDescriptors.close(service.wake)
  }

  /// In a child, where the thread does not exist.
  static func abandon() {
    thread = nil
    wakeWriter = -1
  }
}

private let threadMain: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { _ in
  if let service = AgentThread.service {
    ctxtop_name_thread("ctxtop")
    AgentThread.main(service)
  }
  return nil
}
