// What the kernel says of a worker's process.

/// What `/proc` says of a process, with the time at which it said so.
public struct KernelSample: Equatable, Sendable {
  /// The state letter of `proc(5)`: `R`, `S`, `D`, `T`, `t`, `Z`, ... as an ASCII byte.
  public var state: UInt8
  /// Resident memory in bytes.
  public var residentBytes: UInt64
  /// User and system time of the whole process so far, in nanoseconds.
  public var cpuTime: UInt64
  /// When the sample was taken (monotonic).
  public var time: UInt64
  /// Since when neither the state nor the cpu time has changed (monotonic); 0 where not known.
  public var since: UInt64
  /// Connections that wait for the process to accept them; nil where not known.
  public var listenQueue: UInt64?

  /// A sample with every number given.
  public init(
    state: UInt8, residentBytes: UInt64, cpuTime: UInt64, time: UInt64, since: UInt64 = 0, listenQueue: UInt64? = nil
  ) {
    self.state = state
    self.residentBytes = residentBytes
    self.cpuTime = cpuTime
    self.time = time
    self.since = since
    self.listenQueue = listenQueue
  }
}
