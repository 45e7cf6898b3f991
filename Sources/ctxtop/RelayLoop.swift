// The loop of `ctxtop relay`: one `poll` over what is asked for, the app, and whoever reads.

import CtxtopStore
import Glibc

/// Serves one reader.
final class RelayLoop {
  /// A request is a line, and never longer.
  private static let requestLimit = 128
  /// Whoever called asks for something soon.
  private static let patience: UInt64 = 30_000_000_000
  /// So often at least something is said, so that silence means something.
  private static let beat: UInt64 = 1_000_000_000

  private let endpoint: Endpoint
  private let output: RelayOutput
  private var input: [UInt8] = []
  private var source: (any SnapshotSource)?
  private var request: TextRequest?
  private var state = RelayWord.connecting
  private var spoken: UInt64
  private let begun: UInt64
  private var isDone = false

  init(_ endpoint: Endpoint, _ output: RelayOutput) {
    self.endpoint = endpoint
    self.output = output
    begun = System.monotonicTime()
    spoken = begun
  }

  /// Serves until nobody asks any more.
  func run() throws {
    while !isDone {
      let now = System.monotonicTime()
      if source == nil, request == nil, now >= begun &+ Self.patience {
        throw Failure(
          "relaying \(endpoint.name)", "nothing was asked for", "call `ctxtop ssh://...` instead", .tryLater)
      }
      advanceSource(now: now)
      advanceRequest(now: now)
      if source != nil, now >= spoken &+ Self.beat { say(state, now: now) }
      try output.flush()
      try wait(now: now)
    }
    try output.finish()
  }

  private func wait(now: UInt64) throws {
    let inputs = [PollRequest(descriptor: STDIN_FILENO)] + output.pollRequests + (request?.pollRequests ?? [])
    let times = [source == nil ? begun &+ Self.patience : spoken &+ Self.beat, request?.deadline].compactMap { $0 }
    let ready: [Int]
    do {
      ready = try SnapshotClient.wait(for: source.map { [$0] } ?? [], and: inputs, until: times.min())
    } catch {
      throw Failure("relaying \(endpoint.name)", error.description, "try again", .system)
    }
    if ready.contains(0) { try read() }
  }

  private func read() throws {
    do {
      guard let count = try System.read(STDIN_FILENO, into: &input, limit: 512) else { return }
      if count == 0 { isDone = true }
    } catch {
      isDone = true
    }
    while let end = input.firstIndex(of: 10) {
      let line = String(decoding: input[..<end], as: UTF8.self)
      input.removeSubrange(...end)
      try take(line)
    }
    if input.count > Self.requestLimit { throw refusal("a request is not longer than \(Self.requestLimit) bytes") }
  }

  /// `watch 1000`, `recycle 4312`
  private func take(_ line: String) throws {
    let words = line.split(separator: " ")
    switch (words.first, words.count, words.last.flatMap { UInt64($0) }) {
    case ("watch", 2, let milliseconds?) where (1...86_400_000).contains(milliseconds):
      watch(every: milliseconds * 1_000_000)
    case ("recycle", 2, let pid?) where request == nil && pid <= UInt64(Int32.max):
      request = TextRequest(endpoint, "recycle \(pid)", now: System.monotonicTime(), patience: 5_000_000_000)
    default:
      throw refusal("'\(line)' is no request")
    }
  }

  private func refusal(_ reason: String) -> Failure {
    Failure("relaying \(endpoint.name)", Failure.printable(reason), "use the same ctxtop on both hosts", .protocol)
  }

  private func watch(every interval: UInt64) {
    if let source {
      source.interval = interval
      return
    }
    source = LiveSource.open(endpoint, interval: interval)
    source?.givesRecords = true
  }

  private func advanceSource(now: UInt64) {
    for event in source?.advance(now: now) ?? [] {
      switch event {
      case .record(let bytes): send(bytes, now: now)
      case .snapshot: break
      case .state(let state): say(RelayWord(state), now: now)
      }
    }
  }

  private func advanceRequest(now: UInt64) {
    guard let answer = request?.advance(now: now) else { return }
    switch answer {
    case .success(let text): output.tell(.answer(text))
    case .failure(let error): output.tell(.failed(FarFailure(Failure(error))))
    }
    isDone = true
  }

  private func send(_ record: [UInt8], now: UInt64) {
    output.send(record)
    spoken = now
  }

  private func say(_ word: RelayWord, now: UInt64) {
    state = word
    output.tell(word)
    spoken = now
  }
}

extension RelayWord {
  /// A state as it is told to another host.
  init(_ state: SourceState) {
    switch state {
    case .connecting: self = .connecting
    case .live: self = .live
    case .ended: self = .ended
    case .segment(let reason): self = .segment(reason.map { FarFailure(Failure($0)) })
    case .reconnecting(_, let reason): self = .reconnecting(FarFailure(Failure(reason)))
    case .needsAttention(_, let question):
      self = .reconnecting(FarFailure(tried: "connecting", happened: question, remedy: "log in there", status: 77))
    }
  }
}
