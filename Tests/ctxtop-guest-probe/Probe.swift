// A worker without a server, for the guest's tests: it reads one command a line from its standard input and
// answers each with one line. CtxtopGuestTestKit's Probe is the other half.
//
//   segment             opens or makes the segment        -> inode, or the failure
//   claim               claims a slot as a worker          -> slot and generation, or the failure
//   hold                leaves a context on its stack      -> ok
//   odd                 leaves a record in mid-write       -> ok
//   leave               says goodbye to the slot           -> ok
//   attach, detach      the same by the agent, thread and all  -> 0 or -errno
//   rounds <n>          so many times attach and detach    -> descriptors and threads before and after
//   requests <n>        so many requests on this thread    -> ok
//   events <threads> <rounds>  Events.swift, so many rounds on each thread  -> ok
//   closefds            closes all descriptors above 2     -> ok
//   limit <what> <n>    sets a resource limit (size, files)  -> ok
//   cpu                 clock ticks that the agent's thread used  -> number

import CCtxtop
import CtxtopAgent
import CtxtopScoreboard

@main
struct Probe {
  private let directory: String
  private let stem: String
  private var slot: Slot?
  private var lock: LockFile?

  static func main() {
    guard CommandLine.arguments.count == 3 else { exit(64) }
    var configuration = Agent.Configuration()
    configuration.directory = CommandLine.arguments[1]
    configuration.stem = CommandLine.arguments[2]
    Agent.configuration = configuration
    var probe = Probe(directory: configuration.directory, stem: configuration.stem)
    while let line = readLine() {
      let answer = probe.perform(line.split(separator: " ").map(String.init)) + "\n"
      _ = answer.utf8CString.withUnsafeBytes { write(1, $0.baseAddress, $0.count - 1) }
    }
  }

  private init(directory: String, stem: String) {
    self.directory = directory
    self.stem = stem
  }

  private mutating func perform(_ words: [String]) -> String {
    let number = words.last.flatMap { Int($0) } ?? 0
    switch words.first {
    case "segment": return segment()
    case "claim": return claim()
    case "hold": return hold()
    case "odd": return leaveOdd()
    case "leave": slot?.moveOut()
    case "attach": return attach()
    case "detach": Agent.detach()
    case "rounds": return rounds(number)
    case "requests": for _ in 0..<number { request() }
    case "events": Events.run(threads: Int(words[1]) ?? 1, rounds: number)
    case "closefds": for descriptor in 3..<Int32(1024) { close(descriptor) }
    case "limit": limit(words[1], number)
    case "cpu": return "\(agentTicks())"
    default: return "unknown command"
    }
    return "ok"
  }

  private func opened() -> Int32 { ctxtop_open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0) }

  private func segment() -> String {
    do throws(SystemFailure) {
      return "\(try SegmentFile.open(in: opened(), stem: stem, mode: FileMode(group: nil)).identity.inode)"
    } catch {
      return error.line
    }
  }

  private mutating func claim() -> String {
    do throws(SystemFailure) {
      let place = opened()
      let file = try SegmentFile.open(in: place, stem: stem, mode: FileMode(group: nil))
      let lock = try LockFile(in: place, stem: stem, mode: FileMode(group: nil))
      let slot = try SlotClaim.claim(in: file, lock: lock)
      slot.moveIn(WorkerIdentity(), names: NameTable(slot: slot), agentVersion: "probe", at: Clock.monotonic())
      self.slot = slot
      self.lock = lock
      return "\(slot.index) \(slot.control.load(CTXTOP_SLOT_TENANT).high)"
    } catch {
      return error.line
    }
  }

  private func hold() -> String {
    guard let slot, let unit = slot.takeUnit(kind: 0, nativeID: 1, name: 0, at: 1) else { return "no slot" }
    return UnitRecord(unit).push(kind: 0, identity: 7, frame: 0, request: 0, at: 2) ? "ok" : "full"
  }

  private func leaveOdd() -> String {
    guard let slot, let unit = slot.takeUnit(kind: 0, nativeID: 1, name: 0, at: 1) else { return "no slot" }
    ChangeCount.beginOwned(unit)
    return "ok"
  }

  private func attach() -> String {
    let code = Agent.attach(WorkerIdentity())
    return code == 0 ? "0" : "\(code) \(Agent.problem)"
  }

  private func request() {
    var token = Agent.beginRequest(method: 1)
    Agent.contextPushed(kind: 0, identity: 1, frame: 0)
    Agent.contextPopped(kind: 0, identity: 1)
    Agent.endRequest(&token, raised: false)
  }

  private func rounds(_ count: Int) -> String {
    // The first round makes what lives as long as the process.
    _ = attach()
    Agent.detach()
    let before = "\(entries("/proc/self/fd")) \(entries("/proc/self/task"))"
    for _ in 0..<count {
      let code = attach()
      if code != "0" { return code }
      request()
      Agent.detach()
    }
    return "\(before) \(entries("/proc/self/fd")) \(entries("/proc/self/task"))"
  }

  private func entries(_ path: String) -> Int {
    guard let stream = opendir(path) else { return -1 }
    defer { closedir(stream) }
    var count = 0
    while readdir(stream) != nil { count += 1 }
    return count
  }

  private func limit(_ what: String, _ value: Int) {
    var limit = rlimit()
    let resource = what == "size" ? ctxtop_file_size_limit() : __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    getrlimit(resource, &limit)
    limit.rlim_cur = rlim_t(value)
    setrlimit(resource, &limit)
  }

  /// User and system time of the thread named `ctxtop`; -1: there is none.
  private func agentTicks() -> Int {
    guard let stream = opendir("/proc/self/task") else { return -1 }
    defer { closedir(stream) }
    while let entry = readdir(stream) {
      let id = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      guard let line = firstLine("/proc/self/task/\(id)/stat"), line.contains("(ctxtop) ") else { continue }
      let fields = line.split(separator: " ")
      return (Int(fields[13]) ?? 0) + (Int(fields[14]) ?? 0)
    }
    return -1
  }

  private func firstLine(_ path: String) -> String? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var buffer = [CChar](repeating: 0, count: 512)
    return fgets(&buffer, 512, file).map { String(cString: $0) }
  }
}
